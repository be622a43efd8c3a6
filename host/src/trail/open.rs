use super::disk::{CHECKPOINT, CheckpointKey, Disk, Limits, NEW_CHECKPOINT};
use super::entry::{Before, Entry, Lost, Restore};
use super::frame::{Fault, HEAD, HEADER, Header, Origin};
use super::given::Given;
use super::head::Head;
use super::journal::{Frames, Framing, JOURNAL, Journal};
use super::ledger::Ledger;
use super::log::Log;
use super::merkle::Hash;
use super::note::{SignedCheckpoint, Signer};
use super::open_error::OpenError;
use super::read::{Entries, Place, ReadError, last_entry};
use super::recovered::{Dropped, Recovered, Unnamed, recoveries};
use super::right::Right;
use super::shelf::Shelf;
use super::standing::{Apart, StoreSays, compare};
use super::stands::{before, stands};
use super::tiles::{self, Tiles};
use crate::model::{AlertNumber, Instant};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// What is known when a trail is opened, beside the trail itself.
#[derive(Clone)]
pub struct Opening {
    /// The random id for the trail, if it is a new one.
    pub origin: Origin,
    /// The host's clock.
    pub now: Instant,
    /// The number behind the last entry that is known, from elsewhere, to have been on stable
    /// storage. What is bad or missing before it is damage, not a torn tail.
    pub sealed: u64,
    /// The number behind the last `run.end` whose result the store holds; none where no store goes
    /// with the trail. It counts as sealed too.
    pub committed: Option<u64>,
    /// The number that the store gives to the next alert; none where no store goes with the trail.
    pub next_alert: Option<AlertNumber>,
    /// What the store says of it; none where no store goes with the trail.
    pub store: Option<StoreSays>,
    /// The key that signs its checkpoints.
    pub key: Arc<dyn CheckpointKey>,
}

impl Log {
    /// Opens a trail for appending, or begins a new one in an empty folder. A torn tail is cut off;
    /// that, and what was left open, is recorded and durable before this returns.
    ///
    /// It cannot know of a sync that failed in a process before: the kernel may show bytes that the
    /// disk lacks. A host whose trail was closed by a failed sync tells its operator and ends.
    ///
    /// # Errors
    /// When the trail is damaged, put back to an earlier state or cannot be read, or when what was
    /// found cannot be recorded.
    pub fn open(
        shelf: impl Shelf + 'static,
        opening: Opening,
    ) -> Result<(Self, Recovered), OpenError> {
        Self::open_within(Box::new(shelf), opening, Limits::USUAL)
    }

    pub(super) fn open_within(
        mut shelf: Box<dyn Shelf>,
        opening: Opening,
        limits: Limits,
    ) -> Result<(Self, Recovered), OpenError> {
        let head = head(&mut *shelf)?;
        let known = opening.sealed.max(opening.committed.unwrap_or(0));
        let Some(journal) = shelf.read(JOURNAL)? else {
            let head = head
                .as_ref()
                .and_then(|head| before(head.checkpoint.unverified()));
            if shelf.read(CHECKPOINT)?.is_some() || known > 0 {
                return Err(Apart::NoJournal.into());
            }
            compare(None, head, opening.store)?;
            return Self::begin(shelf, limits, &opening, 0, None);
        };
        Found::of(shelf, limits, &journal, head, known, &opening)?.log()
    }

    /// Begins a log in an empty folder that goes on after another one, which could not be continued:
    /// `before` says which, and is its first entry; a recovery after it names the alerts that the store
    /// has lost. Entries are numbered on from `base`.
    ///
    /// # Errors
    /// When the folder holds a trail, or the log cannot be begun.
    pub fn begin_after(
        shelf: impl Shelf + 'static,
        opening: &Opening,
        base: u64,
        before: (Restore, Vec<Lost>),
    ) -> Result<Self, OpenError> {
        Self::begin_after_within(Box::new(shelf), Limits::USUAL, opening, base, before)
    }

    pub(super) fn begin_after_within(
        mut shelf: Box<dyn Shelf>,
        limits: Limits,
        opening: &Opening,
        base: u64,
        before: (Restore, Vec<Lost>),
    ) -> Result<Self, OpenError> {
        if shelf.read(JOURNAL)?.is_some() || shelf.read(CHECKPOINT)?.is_some() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        Ok(Self::begin(shelf, limits, opening, base, Some(before))?.0)
    }

    fn begin(
        mut shelf: Box<dyn Shelf>,
        limits: Limits,
        opening: &Opening,
        base: u64,
        first: Option<(Restore, Vec<Lost>)>,
    ) -> Result<(Self, Recovered), OpenError> {
        let header = Header {
            origin: opening.origin,
            first: 0,
            base,
        };
        let signer = opening.key.signer(&opening.origin.name())?;
        let mut books = Ledger::new(base);
        let mut frames = Frames::default();
        if let Some((before, lost)) = first {
            frames.enter(opening.now, Entry::Restore(before), &mut books)?;
            let unnamed = Unnamed {
                lost,
                ..Unnamed::default()
            };
            for recovery in recoveries(&Recovered::default(), &unnamed) {
                frames.enter(opening.now, Entry::Recovery(recovery), &mut books)?;
            }
        }
        // The first entry is in the file before the file has its name: a log that goes on after
        // another never stands there without saying so.
        let lengths = frames.lengths.iter().copied();
        let journal = Journal::make(&mut *shelf, limits, header, &frames.bytes, lengths)?;
        let mut disk = Disk::over(shelf, signer, journal, Right::default(), None, limits);
        frames
            .leaves
            .iter()
            .for_each(|leaf| disk.written.push(*leaf));
        let found = Recovered {
            created: true,
            entries: books.next(),
            ..Recovered::default()
        };
        if opening.store.is_some() {
            // What is in it already, the store will say with the checkpoint.
            disk.stored = Some(books.next());
        }
        let log = Self::over(disk, books);
        // With a store, before anything stands in it: where it is missing later, somebody took it away.
        if !frames.leaves.is_empty() || opening.store.is_some() {
            log.checkpoint()?;
        }
        Ok((log, found))
    }
}

fn head(shelf: &mut dyn Shelf) -> Result<Option<Head>, OpenError> {
    let bytes = shelf.head()?;
    let head = bytes.map(|bytes| Head::read(&bytes).ok_or(OpenError::HeadDamaged));
    head.transpose()
}

/// A trail that was read and found sound, to be continued.
struct Found {
    limits: Limits,
    shelf: Box<dyn Shelf>,
    signer: Box<dyn Signer>,
    journal: Journal,
    /// The tree as it was last signed, and with all entries.
    signed: Right,
    checkpoint: Option<SignedCheckpoint>,
    /// The hashes of the entries that no checkpoint covers.
    leaves: Vec<Hash>,
    books: Ledger,
    recovered: Recovered,
    has_store: bool,
    /// What the head is of.
    head: Option<Before>,
}

impl Found {
    fn of(
        mut shelf: Box<dyn Shelf>,
        limits: Limits,
        journal: &[u8],
        head: Option<Head>,
        known: u64,
        opening: &Opening,
    ) -> Result<Self, OpenError> {
        let header = Header::read(journal).map_err(OpenError::Header)?;
        let signer = opening.key.signer(&header.origin.name())?;
        let checkpoint = checkpoint(&mut *shelf, header.origin, &*signer)?;
        let size = checkpoint.as_ref().map_or(0, |c| c.unverified().size());
        let right = tiles::right(&mut *shelf, size).map_err(OpenError::Tile)?;
        let root = checkpoint.as_ref().map(|c| c.unverified().root());
        if root.is_some_and(|root| root != right.edge().root()) {
            return Err(OpenError::Root { size });
        }
        let signed = checkpoint.as_ref().map(SignedCheckpoint::unverified);
        let outside = head.as_ref().map(|head| head.checkpoint.unverified());
        let entries = header.first + Framing::new(journal, HEADER).count() as u64;
        stands(
            &mut *shelf,
            header.origin,
            (signed, entries),
            outside,
            opening.store,
        )?;
        let tail = tail(&mut *shelf, journal, header, size, known)?;
        let head = head.filter(|h| h.checkpoint.unverified().origin() == header.origin.name());
        let known_head = head
            .as_ref()
            .and_then(|head| before(head.checkpoint.unverified()));
        let kept = head
            .as_ref()
            .map(|head| head.checkpoint.unverified().size());
        tidy(&mut *shelf, kept.unwrap_or(size), size, &tail)?;
        let mut recovered = Recovered {
            dropped: tail.dropped,
            ..Recovered::default()
        };
        let books = head.map_or_else(|| Ledger::new(header.base), |head| head.books);
        let behind = header.base + header.first + tail.lengths.len() as u64;
        let committed = opening.committed;
        let stored = (committed, opening.next_alert);
        let (mut books, unnamed) = read(&mut *shelf, books, stored, behind, &mut recovered)?;
        if books.next() != behind {
            let index = books.next() - header.base;
            let missing = ReadError::Missing {
                index,
                path: JOURNAL.to_owned(),
            };
            return Err(OpenError::Unknown(missing));
        }
        if books.next() > header.base {
            books.remember(last_entry(&mut *shelf).map(|last| last.stamped.time));
        }
        let mut added = Frames::default();
        for recovery in recoveries(&recovered, &unnamed) {
            let entry = Entry::Recovery(recovery);
            recovered.entries = 1 + added.enter(opening.now, entry, &mut books)?;
        }
        let lengths = tail.lengths.iter().copied();
        let journal = if tail.dropped.is_some() {
            // What is cut off and what says so change places at once.
            let frames = journal.get(HEADER..tail.end).unwrap_or_default();
            let frames = [frames, &added.bytes].concat();
            let lengths = lengths.chain(added.lengths.iter().copied());
            Journal::make(&mut *shelf, limits, header, &frames, lengths)?
        } else {
            // Once more what no checkpoint covers: where a sync failed in a process before, the kernel
            // may show bytes that the disk lacks, and would not write them again.
            let signed = usize::try_from(size.saturating_sub(header.first)).unwrap_or(usize::MAX);
            let from = HEADER + tail.lengths.iter().take(signed).sum::<usize>();
            let unsigned = journal.get(from..tail.end).unwrap_or_default();
            if !unsigned.is_empty() {
                shelf.write_at(JOURNAL, from as u64, unsigned)?;
            }
            let mut journal = Journal::found(limits, header, journal.len() as u64, lengths);
            if !added.bytes.is_empty() {
                journal.append(&mut *shelf, &added)?;
            }
            journal
        };
        let mut leaves = tail.leaves;
        leaves.append(&mut added.leaves);
        Ok(Self {
            limits,
            shelf,
            signer,
            journal,
            signed: right,
            checkpoint,
            leaves,
            books,
            recovered,
            has_store: opening.store.is_some(),
            head: known_head,
        })
    }

    fn log(self) -> Result<(Log, Recovered), OpenError> {
        let checkpoint = self.checkpoint.map(Arc::new);
        let mut disk = Disk::over(
            self.shelf,
            self.signer,
            self.journal,
            self.signed,
            checkpoint,
            self.limits,
        );
        self.leaves.iter().for_each(|leaf| disk.written.push(*leaf));
        disk.head = self.head;
        // The host may have stopped while it began the log.
        let is_begun = disk.head.is_none() && disk.written.size() == 0;
        disk.stored = self.has_store.then_some(0);
        // Always: a process that was killed may have left entries, and the names of its files, in the
        // kernel's memory only.
        disk.shelf.sync_folder(".")?;
        let log = Log::over(disk, self.books);
        log.sync()?;
        if self.has_store && is_begun {
            log.checkpoint()?;
        }
        Ok((log, self.recovered))
    }
}

/// The checkpoint in the folder, signed by the tenant's key over this log.
fn checkpoint(
    shelf: &mut dyn Shelf,
    journal: Origin,
    signer: &dyn Signer,
) -> Result<Option<SignedCheckpoint>, OpenError> {
    let Some(bytes) = shelf.read(CHECKPOINT)? else {
        return Ok(None);
    };
    let signed = SignedCheckpoint::parse(&bytes).map_err(OpenError::Checkpoint)?;
    let found = signed.unverified().origin();
    if *found != journal.name() {
        let found = found.to_owned();
        return Err(OpenError::OtherLog { journal, found });
    }
    signed.verify(signer.key()).map_err(OpenError::Checkpoint)?;
    Ok(Some(signed))
}

/// What a journal holds.
struct Tail {
    lengths: Vec<usize>,
    /// Where its last sound frame ends.
    end: usize,
    /// The hashes of the entries behind the checkpoint's size.
    leaves: Vec<Hash>,
    dropped: Option<Dropped>,
}

/// Reads a journal to its last sound frame. What is signed must be as it was signed.
fn tail(
    shelf: &mut dyn Shelf,
    journal: &[u8],
    header: Header,
    size: u64,
    known: u64,
) -> Result<Tail, OpenError> {
    let mut tiles = Tiles::of(shelf, size);
    let mut framing = Framing::new(journal, HEADER);
    let place = |offset: u64| Place {
        path: JOURNAL.to_owned(),
        offset,
    };
    let (mut index, mut lengths, mut leaves) = (header.first, Vec::new(), Vec::new());
    for framed in &mut framing {
        let leaf = Hash::leaf(framed.entry);
        if index >= size {
            leaves.push(leaf);
        } else if tiles.leaf(index).map_err(OpenError::Tile)? != leaf {
            return Err(OpenError::Changed {
                entry: header.base + index,
                place: place(framed.offset),
            });
        }
        lengths.push(HEAD + framed.entry.len());
        index += 1;
    }
    let entry = header.base + index;
    let offset = framing.offset as u64;
    if index < size || entry < known {
        return Err(OpenError::Damaged {
            entry,
            place: place(offset),
            fault: framing.bad.unwrap_or(Fault::Cut),
        });
    }
    let dropped = framing.bad.map(|fault| {
        let (bytes, whole) = framing.behind();
        Dropped {
            entry,
            offset,
            bytes,
            whole,
            fault,
        }
    });
    Ok(Tail {
        lengths,
        end: framing.offset,
        leaves,
        dropped,
    })
}

/// Reads the entries that the books lack, and says what the store lacks and no recovery has named yet.
fn read(
    shelf: &mut dyn Shelf,
    mut books: Ledger,
    (committed, next_alert): (Option<u64>, Option<AlertNumber>),
    behind: u64,
    found: &mut Recovered,
) -> Result<(Ledger, Unnamed), OpenError> {
    let from = committed.map_or(books.next(), |c| c.clamp(books.base(), books.next()));
    let entries = Entries::after(shelf, from - books.base()).map_err(OpenError::Unknown)?;
    let sound = usize::try_from(behind.saturating_sub(from)).unwrap_or(usize::MAX);
    let mut named = BTreeSet::new();
    let mut given = Given::default();
    for next in entries.take(sound) {
        let next = next.map_err(OpenError::Unknown)?;
        let entry = books.base() + next.index;
        if entry >= books.next() {
            let entered = books.enter(&next.stamped);
            entered.map_err(|what| OpenError::Disagreement {
                entry,
                place: next.place,
                what,
            })?;
        }
        given.enter(&next.stamped);
        match next.stamped.entry {
            Entry::RunEnd { run, .. } if committed.is_some_and(|stored| entry >= stored) => {
                found.unstored.push(run);
            }
            Entry::Recovery(recovery) => named.extend(recovery.unstored),
            Entry::RunEnd { .. }
            | Entry::RunStart { .. }
            | Entry::Intent(_)
            | Entry::Outcome { .. }
            | Entry::Refused { .. }
            | Entry::Intake(_)
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Restore(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_) => {}
        }
    }
    found.entries = books.next();
    found.abandoned = books.open().collect();
    let mut unstored = found.unstored.clone();
    unstored.retain(|run| !named.contains(run));
    let missing = next_alert.map(|next| given.missing(next));
    let missing = missing.unwrap_or_default();
    found.lost = [missing.named, missing.lost.clone()].concat();
    found.unstored_intake = missing.unstored;
    let unnamed = Unnamed {
        unstored,
        lost: missing.lost,
        unstored_intake: missing.unstored,
    };
    Ok((books, unnamed))
}

/// Removes what a host that stopped while it signed left beside the tiles of its checkpoint.
fn tidy(shelf: &mut dyn Shelf, known: u64, size: u64, tail: &Tail) -> io::Result<()> {
    shelf.remove(NEW_CHECKPOINT)?;
    if known == size && tail.leaves.is_empty() {
        return Ok(());
    }
    for path in tiles::strays(shelf, known, size, size + tail.leaves.len() as u64)? {
        shelf.remove(&path)?;
    }
    Ok(())
}
