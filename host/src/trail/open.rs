use super::entry::{AbandonedRun, Entry, Recovery, RecoveryReason};
use super::frame::{self, Fault, Frames, HEAD, HEADER, HeaderFault, Origin, Step};
use super::ledger::{Disagreement, Ledger};
use super::log::{Log, TrailError};
use super::medium::{Medium, MediumReader};
use super::run::RunNumber;
use super::verify::{Entries, ReadError};
use crate::model::Instant;
use std::collections::BTreeSet;
use std::io;

/// What is known when a trail is opened, beside the trail itself.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// The random id for the trail, if it is a new one.
    pub origin: Origin,
    /// The host's clock.
    pub now: Instant,
    /// How many entries are known, from elsewhere, to have been on stable storage. What is bad or
    /// missing among them is damage, not a torn tail.
    pub sealed: u64,
    /// The number behind the last `run.end` whose result the store holds; none where no store goes
    /// with the trail. It counts as sealed too.
    pub committed: Option<u64>,
}

/// What was found when a trail was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Whether the trail is new.
    pub created: bool,
    /// How many entries it has, with those that say what is told here.
    pub entries: u64,
    /// What was cut off its end.
    pub dropped: Option<Dropped>,
    /// Runs that never ended, ascending. Nothing of them was released.
    pub abandoned: Vec<AbandonedRun>,
    /// Runs that ended and whose result the store does not hold, in the order of their ends: their
    /// batches are to be run again.
    pub unstored: Vec<RunNumber>,
}

/// What was cut off a trail's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The number the first entry of it had.
    pub entry: u64,
    /// Where it began, in bytes from the beginning of the file.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Whole frames behind the bad one.
    pub whole: u64,
    /// What was wrong with the first frame of it; none where it was the file's header.
    pub fault: Option<Fault>,
}

/// Why a trail could not be opened. The tenant does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The medium failed.
    #[error("the trail cannot be opened: {0}")]
    Io(#[from] io::Error),
    /// The file's header is bad.
    #[error("the trail is damaged: {0}")]
    Header(HeaderFault),
    /// A frame that was on stable storage is bad: tampering or rot.
    #[error(
        "the trail is damaged: entry {entry} at byte {offset} is known to have been written: {fault}"
    )]
    Damaged {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        offset: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// An entry is whole and contradicts those before it.
    #[error("the trail is damaged: entry {entry} at byte {offset}: {what}")]
    Disagreement {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        offset: u64,
        /// What is wrong.
        what: Disagreement,
    },
    /// An entry is whole and none that this host knows.
    #[error("{0}; was it written by a later version of this host?")]
    Unknown(ReadError),
    /// What was found could not be recorded.
    #[error(transparent)]
    Record(#[from] TrailError),
}

impl Log {
    /// Opens a trail for appending, or begins a new one in an empty medium. A torn tail is cut off;
    /// that, and what was left open, is recorded and durable before this returns.
    ///
    /// It cannot know of a sync that failed in a process before: the kernel may show bytes that the
    /// disk lacks. A host whose trail was closed by a failed sync tells its operator and ends.
    ///
    /// # Errors
    /// When the trail is damaged or cannot be read, or when what was found cannot be recorded.
    pub fn open(
        medium: impl Medium + 'static,
        opening: Opening,
    ) -> Result<(Self, Recovered), OpenError> {
        let mut medium: Box<dyn Medium> = Box::new(medium);
        let known = opening.sealed.max(opening.committed.unwrap_or(0));
        let mut found = Recovered {
            dropped: torn_header(&mut *medium, known)?,
            ..Recovered::default()
        };
        if medium.size()? == 0 {
            medium.append(&frame::header(opening.origin))?;
            medium.sync()?;
            found.created = true;
        }
        let (origin, unnamed) = read(&mut *medium, known, opening.committed, &mut found)?;
        let log = Self::over(medium, origin, found.entries);
        for recovery in recoveries(&found, unnamed) {
            let entry = Entry::Recovery(recovery);
            found.entries = 1 + log.shared().append(opening.now, |_| entry)?;
        }
        // Always: a process that was killed may have left entries in the kernel's memory only.
        log.sync()?;
        Ok((log, found))
    }
}

/// Cuts off a header that was being written when the file was made.
fn torn_header(medium: &mut dyn Medium, known: u64) -> Result<Option<Dropped>, OpenError> {
    let size = medium.size()?;
    if size == 0 && known > 0 {
        return Err(OpenError::Header(HeaderFault::Cut));
    }
    if size == 0 || size > HEADER as u64 || known > 0 {
        return Ok(None);
    }
    match Entries::new(MediumReader { medium, offset: 0 }) {
        Ok(_) | Err(ReadError::Header(HeaderFault::Version(_))) => Ok(None),
        Err(ReadError::Io(error)) => Err(error.into()),
        Err(
            ReadError::Header(HeaderFault::Cut | HeaderFault::Magic | HeaderFault::Checksum)
            | ReadError::Frame { .. }
            | ReadError::Unknown { .. },
        ) => {
            medium.truncate(0)?;
            Ok(Some(Dropped {
                entry: 0,
                offset: 0,
                bytes: size,
                whole: 0,
                fault: None,
            }))
        }
    }
}

/// Reads the trail to its last sound entry, cuts off what is behind it, and says which of the
/// unstored runs no recovery has named yet.
fn read(
    medium: &mut dyn Medium,
    known: u64,
    committed: Option<u64>,
    found: &mut Recovered,
) -> Result<(Origin, Vec<RunNumber>), OpenError> {
    let mut entries = match Entries::new(MediumReader { medium, offset: 0 }) {
        Ok(entries) => entries,
        Err(ReadError::Io(error)) => return Err(error.into()),
        Err(ReadError::Header(fault)) => return Err(OpenError::Header(fault)),
        Err(other @ (ReadError::Frame { .. } | ReadError::Unknown { .. })) => {
            return Err(OpenError::Unknown(other));
        }
    };
    let origin = entries.origin();
    let mut ledger = Ledger::default();
    let mut named = BTreeSet::new();
    let mut bad = None;
    for next in &mut entries {
        let next = match next {
            Ok(next) => next,
            Err(ReadError::Io(error)) => return Err(error.into()),
            Err(ReadError::Header(fault)) => return Err(OpenError::Header(fault)),
            Err(ReadError::Frame { fault, .. }) => {
                bad = Some(fault);
                break;
            }
            Err(unknown @ ReadError::Unknown { .. }) => return Err(OpenError::Unknown(unknown)),
        };
        let entry = found.entries;
        ledger
            .enter(&next.stamped)
            .map_err(|what| OpenError::Disagreement {
                entry,
                offset: next.offset,
                what,
            })?;
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
        found.entries += 1;
    }
    let (entry, offset) = (found.entries, entries.offset());
    drop(entries);
    if entry < known {
        return Err(OpenError::Damaged {
            entry,
            offset,
            fault: bad.unwrap_or(Fault::Cut),
        });
    }
    if bad.is_some() {
        let bytes = medium.size()?.saturating_sub(offset);
        let whole = whole_frames(medium, offset)?;
        medium.truncate(offset)?;
        found.dropped = Some(Dropped {
            entry,
            offset,
            bytes,
            whole,
            fault: bad,
        });
    }
    found.abandoned = ledger.open().collect();
    let mut unnamed = found.unstored.clone();
    unnamed.retain(|run| !named.contains(run));
    Ok((origin, unnamed))
}

/// Counts the whole frames from an offset on, wherever they begin.
fn whole_frames(medium: &mut dyn Medium, offset: u64) -> io::Result<u64> {
    let mut frames = Frames::new(MediumReader { medium, offset }, offset);
    let mut whole = 0;
    loop {
        let passed = match frames.step()? {
            Step::End => return Ok(whole),
            Step::Bad(_) => 1,
            Step::Entry(entry) => {
                whole += 1;
                HEAD + entry.len()
            }
        };
        frames.pass(passed);
    }
}

/// The entries that say what was found, as many as it takes; none where all was well.
fn recoveries(found: &Recovered, unnamed: Vec<RunNumber>) -> Vec<Recovery> {
    let mut abandoned = found.abandoned.chunks(Recovery::RUNS);
    let mut unstored = unnamed.chunks(Recovery::RUNS);
    let mut dropped = found.dropped;
    let mut out = Vec::new();
    loop {
        let next = Recovery {
            reason: match dropped {
                Some(Dropped { whole: 1.., .. }) => RecoveryReason::BadFrame,
                Some(Dropped { .. }) => RecoveryReason::TornTail,
                None => RecoveryReason::OpenRuns,
            },
            dropped_bytes: dropped.map_or(0, |d| d.bytes),
            dropped_whole: dropped.map_or(0, |d| d.whole),
            abandoned: abandoned.next().unwrap_or_default().to_vec(),
            unstored: unstored.next().unwrap_or_default().to_vec(),
        };
        if dropped.take().is_none() && next.abandoned.is_empty() && next.unstored.is_empty() {
            return out;
        }
        out.push(next);
    }
}
