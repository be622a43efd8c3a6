use super::entry::{
    BoundaryChange, Deletion, Entry, Erasure, GrantChange, Intake, KnowledgeChange, Refused,
    Restore, Stamped, SuspensionChange,
};
use super::frame::{self, HEAD, Origin};
use super::medium::Medium;
use crate::model::Instant;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{fmt, io};

/// Once this many bytes wait to be written, the next append writes them.
const FULL: usize = 1 << 16;

/// A tenant's trail, open for appending: its one writer.
///
/// Appending puts an entry in memory; [`Log::sync`], and the end of every run, writes what waits and
/// makes it durable. Threads may share it: while one syncs, the others append, and the next sync
/// covers them all.
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

/// The one appender. Lock order: `disk`, then `queue`.
pub(super) struct Shared {
    origin: Origin,
    disk: Mutex<Disk>,
    queue: Mutex<Queue>,
}

struct Disk {
    medium: Box<dyn Medium>,
    /// Entries known to be on stable storage.
    durable: u64,
    /// Empty between two writes; kept for its capacity.
    writing: Vec<u8>,
}

struct Queue {
    /// Frames not yet handed to the medium.
    waiting: Vec<u8>,
    /// Entries appended, on the medium or waiting.
    entries: u64,
    poisoned: bool,
}

impl Log {
    /// Of a medium that holds this many entries, all sound, and nothing behind them.
    pub(super) fn over(medium: Box<dyn Medium>, origin: Origin, entries: u64) -> Self {
        let disk = Disk {
            medium,
            durable: 0,
            writing: Vec::new(),
        };
        let queue = Queue {
            waiting: Vec::new(),
            entries,
            poisoned: false,
        };
        Self {
            shared: Arc::new(Shared {
                origin,
                disk: Mutex::new(disk),
                queue: Mutex::new(queue),
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
        let (at, seq) = (queue.waiting.len(), queue.entries);
        queue.waiting.extend_from_slice(&[0; HEAD]);
        let entry = make(seq);
        let stamped = Stamped { seq, time, entry };
        let written = serde_json::to_writer(&mut queue.waiting, &stamped).map_err(|_| 0);
        if let Err(bytes) = written.and_then(|()| frame::seal(&mut queue.waiting, at)) {
            queue.waiting.truncate(at);
            return Err(TrailError::TooLong { bytes });
        }
        queue.entries += 1;
        let full = queue.waiting.len() >= FULL;
        drop(queue);
        if full {
            self.write(&mut *held(&self.disk)?)?;
        }
        Ok(seq)
    }

    /// Makes everything appended so far durable.
    pub(super) fn sync(&self) -> Result<u64, TrailError> {
        let wanted = self.queue()?.entries;
        self.sync_to(wanted)
    }

    /// Makes at least this many entries durable, where no other thread has done so by now.
    pub(super) fn sync_to(&self, wanted: u64) -> Result<u64, TrailError> {
        let mut disk = held(&self.disk)?;
        if disk.durable >= wanted {
            return Ok(disk.durable);
        }
        let entries = self.write(&mut disk)?;
        if let Err(error) = disk.medium.sync() {
            self.poison();
            return Err(TrailError::Sync(error));
        }
        disk.durable = entries;
        Ok(entries)
    }

    /// Hands all that waits to the medium and says how many entries it holds then.
    fn write(&self, disk: &mut Disk) -> Result<u64, TrailError> {
        let mut queue = self.queue()?;
        std::mem::swap(&mut queue.waiting, &mut disk.writing);
        let entries = queue.entries;
        drop(queue);
        if !disk.writing.is_empty()
            && let Err(error) = disk.medium.append(&disk.writing)
        {
            self.poison();
            return Err(TrailError::Write(error));
        }
        disk.writing.clear();
        Ok(entries)
    }

    /// Closes the log for good. Where the lock itself is broken it is closed already.
    fn poison(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.poisoned = true;
            queue.waiting = Vec::new();
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

/// Locks. A thread that panicked with the lock held left a log that cannot be trusted.
pub(super) fn held<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, TrailError> {
    mutex.lock().map_err(|_| TrailError::Poisoned)
}
