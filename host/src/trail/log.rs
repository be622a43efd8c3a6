use super::disk::{Disk, Limits};
use super::entry::{
    Before, BoundaryChange, Deletion, Entry, Erasure, GrantChange, Intake, KnowledgeChange,
    Refused, Restore, SuspensionChange,
};
use super::frame::{self, Origin};
use super::journal::{Frames, JOURNAL};
use super::ledger::{Disagreement, Ledger};
use super::note::{SignError, SignedCheckpoint};
use crate::model::Instant;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::{fmt, io};

/// A tenant's trail, open for appending: its one writer.
///
/// Appending puts an entry in memory; [`Log::sync`], and the end of every run, writes what waits and
/// makes it durable. Threads may share it: while one syncs, the others append, and the next sync
/// covers them all. A checkpoint is signed by [`Log::checkpoint`]; of a log that no store goes with, also
/// when some thousand entries have none, and when the last handle is dropped.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrailError {
    /// An earlier write or sync failed; nothing more is recorded until the trail is opened again.
    #[error("the trail is closed since an earlier write to it failed")]
    Poisoned,
    /// The write failed.
    #[error("the trail cannot be written: {0}")]
    Write(io::Error),
    /// The sync failed, so it is not known what is on stable storage.
    #[error("the trail cannot be made durable: {0}")]
    Sync(io::Error),
    /// The entry has more bytes than an entry may have.
    #[error("an entry of {bytes} bytes is more than {} bytes", frame::MAX_ENTRY)]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// What was read back from the disk is not what was recorded; nothing was signed.
    #[error(
        "`{path}` is not what was written to it a moment ago: no checkpoint is signed over it; check the machine's memory and disk"
    )]
    Differs {
        /// The file, below the trail's folder.
        path: String,
    },
    /// The store does not know yet what was to be signed.
    #[error(
        "the store knows the trail up to entry {through} and it has {entries}: it is not signed"
    )]
    NotStored {
        /// The number behind the last entry that the store knows.
        through: u64,
        /// The number behind the last entry.
        entries: u64,
    },
    /// The key that signs checkpoints cannot be used. Recording goes on.
    #[error("the checkpoint cannot be signed: {0}")]
    Key(SignError),
    /// An entry contradicts those before it, so it was not recorded: a fault of the host.
    #[error("an entry was not recorded: {0}")]
    Disagreement(#[from] Disagreement),
    /// The run has ended, so nothing more can be recorded of it.
    #[error("run {run} has ended")]
    RunEnded {
        /// The run.
        run: u64,
    },
    /// The run has as many entries as can be counted.
    #[error("run {run} has as many entries as can be counted")]
    RunFull {
        /// The run.
        run: u64,
    },
}

/// What may be recorded outside a run. What belongs to a run is recorded by
/// [`RunRecord`](super::RunRecord) only.
pub trait OutsideRun: sealed::Sealed {}

mod sealed {
    pub trait Sealed: Into<crate::trail::Entry> {}
}

macro_rules! outside_run {
    ($($kind:ty => $entry:expr,)*) => {$(
        impl OutsideRun for $kind {}
        impl sealed::Sealed for $kind {}
        impl From<$kind> for Entry {
            fn from(kind: $kind) -> Self { $entry(kind) }
        }
    )*};
}

outside_run! {
    Intake => Entry::Intake,
    BoundaryChange => Entry::Boundary,
    GrantChange => Entry::Grant,
    KnowledgeChange => Entry::Knowledge,
    SuspensionChange => Entry::Suspension,
    Restore => Entry::Restore,
    Deletion => Entry::Deletion,
    Erasure => Entry::Erasure,
    Refused => |refused| Entry::Refused { run: None, refused },
}

/// The one appender. Lock order: `disk`, then `queue`; `turn` is held by nobody who waits for another.
pub(super) struct Shared {
    origin: Origin,
    limits: Limits,
    disk: Mutex<Disk>,
    queue: Mutex<Queue>,
    turn: Mutex<Turn>,
    /// Told whenever a sync has ended.
    synced: Condvar,
}

/// Who syncs. Whoever waits for a sync waits for the word that one has ended, not for the disk: a lock
/// goes to whoever asks next, and that is the thread that has just synced, with one entry.
#[derive(Default)]
struct Turn {
    taken: bool,
    /// The number behind the last entry that was durable when a sync ended.
    durable: u64,
}

/// One's turn to sync, which ends however the sync does.
struct Taken<'a> {
    shared: &'a Shared,
    durable: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Ok(mut turn) = self.shared.turn.lock() {
            turn.taken = false;
            turn.durable = turn.durable.max(self.durable);
        }
        self.shared.synced.notify_all();
    }
}

struct Queue {
    /// Not yet handed to the disk.
    waiting: Frames,
    /// The books with every entry appended.
    books: Ledger,
    poisoned: bool,
}

impl Log {
    /// Of a disk that holds the entries in these books, and nothing behind them.
    pub(super) fn over(disk: Disk, books: Ledger) -> Self {
        let queue = Queue {
            waiting: Frames::default(),
            books,
            poisoned: false,
        };
        Self {
            shared: Arc::new(Shared {
                origin: disk.journal.header.origin,
                limits: disk.limits,
                disk: Mutex::new(disk),
                queue: Mutex::new(queue),
                turn: Mutex::default(),
                synced: Condvar::new(),
            }),
        }
    }

    /// The trail's random id.
    pub fn origin(&self) -> Origin {
        self.shared.origin
    }

    /// Appends an entry that belongs to no run and gives its number. It is not durable yet.
    ///
    /// # Errors
    /// When the trail is closed, or when what waits had to be written and could not be.
    pub fn append(&self, now: Instant, entry: impl OutsideRun) -> Result<u64, TrailError> {
        self.shared.append(now, |_| entry.into())
    }

    /// Makes everything appended so far durable, by whichever thread and run, and says how many
    /// entries are.
    ///
    /// # Errors
    /// When that is not certain; the log is closed then.
    pub fn sync(&self) -> Result<u64, TrailError> {
        self.shared.sync()
    }

    /// Makes everything appended so far durable, brings it into tiles, reads these back and signs a
    /// checkpoint over them; gives the last one where it covers everything.
    ///
    /// # Errors
    /// When it could not be made durable, read back or signed. But for [`TrailError::Key`] the log is
    /// closed then.
    pub fn checkpoint(&self) -> Result<Arc<SignedCheckpoint>, TrailError> {
        self.shared.checkpoint()
    }

    /// Says that the store knows the trail up to this number, durably: what stands before it may be
    /// signed.
    ///
    /// # Errors
    /// When the log is closed.
    pub fn stored(&self, through: u64) -> Result<(), TrailError> {
        let mut disk = held(&self.shared.disk)?;
        disk.stored = disk.stored.max(Some(through));
        Ok(())
    }

    /// The last checkpoint that was signed and whose head was written; none where there is none.
    ///
    /// # Errors
    /// When the log is closed.
    pub fn signed(&self) -> Result<Option<Before>, TrailError> {
        Ok(held(&self.shared.disk)?.head)
    }

    /// Whether so many entries are not signed that it is time for a checkpoint.
    ///
    /// # Errors
    /// When the log is closed.
    pub fn is_long_unsigned(&self) -> Result<bool, TrailError> {
        Ok(held(&self.shared.disk)?.unsigned() >= self.shared.limits.unsigned)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log({})", self.shared.origin)
    }
}

impl Shared {
    /// Appends the entry made of its number, and gives the number.
    pub(super) fn append(
        &self,
        time: Instant,
        make: impl FnOnce(u64) -> Entry,
    ) -> Result<u64, TrailError> {
        let mut queue = self.queue()?;
        let Queue { waiting, books, .. } = &mut *queue;
        let entry = make(books.next());
        let seq = match waiting.enter(time, entry, books) {
            Ok(seq) => seq,
            Err(error @ TrailError::Disagreement(_)) => {
                // The books are of no use any more.
                queue.poisoned = true;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let full = queue.waiting.bytes.len() >= self.limits.full;
        drop(queue);
        if full {
            self.write(&mut *held(&self.disk)?)?;
        }
        Ok(seq)
    }

    /// Makes everything appended so far durable.
    pub(super) fn sync(&self) -> Result<u64, TrailError> {
        let wanted = self.queue()?.books.next();
        self.sync_to(wanted)
    }

    /// Makes at least this many entries durable, where no other thread has done so by now.
    pub(super) fn sync_to(&self, wanted: u64) -> Result<u64, TrailError> {
        let mut turn = held(&self.turn)?;
        while turn.taken && turn.durable < wanted {
            turn = self.synced.wait(turn).map_err(|_| TrailError::Poisoned)?;
        }
        if turn.durable >= wanted {
            return Ok(turn.durable);
        }
        turn.taken = true;
        let durable = turn.durable;
        drop(turn);
        let mut taken = Taken {
            shared: self,
            durable,
        };
        taken.durable = self.sync_now(wanted)?;
        Ok(taken.durable)
    }

    fn sync_now(&self, wanted: u64) -> Result<u64, TrailError> {
        let mut disk = held(&self.disk)?;
        if disk.durable >= wanted {
            return Ok(disk.durable);
        }
        let books = self.settle(&mut disk)?;
        // With a store, whoever commits to it says when.
        if disk.stored.is_none() && disk.unsigned() >= self.limits.unsigned {
            match self.sign(&mut disk, &books) {
                Ok(_) => (),
                Err(TrailError::Key(error)) => {
                    tracing::error!(%error, "no checkpoint could be signed; entries are recorded without one");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(disk.durable)
    }

    fn checkpoint(&self) -> Result<Arc<SignedCheckpoint>, TrailError> {
        let mut disk = held(&self.disk)?;
        let books = self.settle(&mut disk)?;
        if let Some(through) = disk.stored
            && disk.unsigned() > 0
            && through < books.next()
        {
            return Err(TrailError::NotStored {
                through,
                entries: books.next(),
            });
        }
        self.sign(&mut disk, &books)
    }

    fn sign(&self, disk: &mut Disk, books: &Ledger) -> Result<Arc<SignedCheckpoint>, TrailError> {
        let signed = disk.sign(books);
        match &signed {
            Ok(_) | Err(TrailError::Key(_)) => (),
            Err(_) => self.poison(),
        }
        signed
    }

    /// Makes all that waits durable, and gives the books with it.
    fn settle(&self, disk: &mut Disk) -> Result<Ledger, TrailError> {
        let books = self.write(disk)?;
        if disk.durable == books.next() {
            return Ok(books);
        }
        if let Err(error) = disk.shelf.sync(JOURNAL) {
            self.poison();
            return Err(TrailError::Sync(error));
        }
        disk.durable = books.next();
        Ok(books)
    }

    /// Hands all that waits to the disk, and gives the books with it.
    fn write(&self, disk: &mut Disk) -> Result<Ledger, TrailError> {
        let mut queue = self.queue()?;
        std::mem::swap(&mut queue.waiting, &mut disk.writing);
        let books = queue.books.clone();
        drop(queue);
        disk.append().inspect_err(|_| self.poison())?;
        Ok(books)
    }

    /// Closes the log for good. Where the lock itself is broken it is closed already.
    fn poison(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.poisoned = true;
            queue.waiting = Frames::default();
        }
    }

    fn queue(&self) -> Result<MutexGuard<'_, Queue>, TrailError> {
        let queue = held(&self.queue)?;
        if queue.poisoned {
            return Err(TrailError::Poisoned);
        }
        Ok(queue)
    }
}

impl Drop for Shared {
    /// Signs what no checkpoint covers yet. What cannot be signed now is at the next start.
    fn drop(&mut self) {
        let is_done = self.queue().is_err()
            || held(&self.disk).is_ok_and(|d| d.checkpoint.is_none() && d.written.size() == 0);
        let ends_elsewhere = held(&self.disk).is_ok_and(|disk| disk.stored.is_some());
        if is_done || ends_elsewhere || std::thread::panicking() {
            return;
        }
        if let Err(error) = self.checkpoint() {
            tracing::error!(log = %self.origin, %error, "the trail is closed without a checkpoint over its last entries");
        }
    }
}

/// Locks. A thread that panicked with the lock held left a log that cannot be trusted.
pub(super) fn held<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, TrailError> {
    mutex.lock().map_err(|_| TrailError::Poisoned)
}
