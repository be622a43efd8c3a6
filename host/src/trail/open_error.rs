use super::frame::{Fault, HeaderFault, Origin};
use super::ledger::Disagreement;
use super::log::TrailError;
use super::note::{NoteFault, SignError};
use super::read::{Place, ReadError};
use super::standing::Apart;
use super::tiles::TileError;
use std::io;

/// Why a trail could not be opened. The tenant does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk failed.
    #[error("the trail cannot be opened: {0}")]
    Io(#[from] io::Error),
    /// The trail, its head and the store do not agree.
    #[error(transparent)]
    Apart(#[from] Apart),
    /// The journal's header is bad.
    #[error("the trail is damaged: {0}")]
    Header(HeaderFault),
    /// The checkpoint is not one that the tenant's key signed.
    #[error("the trail is damaged: `checkpoint`: {0}")]
    Checkpoint(NoteFault),
    /// The checkpoint is that of another log.
    #[error("the trail is damaged: its checkpoint is of log `{found}` and its journal of log `{}`", .journal.name())]
    OtherLog {
        /// The log that the journal is of.
        journal: Origin,
        /// The log that the checkpoint is of.
        found: String,
    },
    /// A tile is bad or missing.
    #[error("the trail is damaged: {0}")]
    Tile(TileError),
    /// The tiles do not hash to what the checkpoint says.
    #[error(
        "the trail is damaged: its tiles do not hash to the root of its checkpoint of {size} entries"
    )]
    Root {
        /// The checkpoint's size.
        size: u64,
    },
    /// What is kept outside the folder cannot be read.
    #[error(
        "the head of the trail, which is kept outside its folder, is damaged: put it back, or remove it where `casemate trail verify` finds the trail sound against a checkpoint that somebody else has"
    )]
    HeadDamaged,
    /// A frame that was on stable storage is bad: tampering or rot.
    #[error("the trail is damaged: entry {entry} ({place}) is known to have been written: {fault}")]
    Damaged {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        place: Place,
        /// What is wrong.
        fault: Fault,
    },
    /// An entry in the journal is not the one that was signed.
    #[error("the trail is damaged: entry {entry} ({place}) is not the one that was signed")]
    Changed {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        place: Place,
    },
    /// An entry is whole and contradicts those before it.
    #[error("the trail is damaged: entry {entry} ({place}): {what}")]
    Disagreement {
        /// The entry's number.
        entry: u64,
        /// Where it lies.
        place: Place,
        /// What is wrong.
        what: Disagreement,
    },
    /// An entry cannot be read: a bundle is damaged, or holds what this host does not know.
    #[error("{0}; was it written by a later version of this host?")]
    Unknown(ReadError),
    /// What was found could not be recorded.
    #[error(transparent)]
    Record(#[from] TrailError),
    /// The key that signs its checkpoints cannot be used.
    #[error("the key of the trail cannot be used: {0}")]
    Key(#[from] SignError),
}
