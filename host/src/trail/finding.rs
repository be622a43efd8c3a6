use super::frame::Fault;
use super::ledger::Disagreement;
use super::note::{NoteFault, ProofError};
use super::read::{Place, ReadError};
use super::standing::Apart;
use super::tiles::TileError;
use std::io;

/// Something bad in a trail.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// A file cannot be read, or is not what its name says.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint is not one that the key signed.
    #[error("`checkpoint`: {0}")]
    Checkpoint(#[from] NoteFault),
    /// The checkpoint is of a log that the key is not for.
    #[error("`checkpoint` is of log `{0}`, and the key is for another")]
    NoKey(String),
    /// There is no checkpoint, and one was seen before.
    #[error("`checkpoint` is not there, and one over {seen} entries was seen before")]
    NoCheckpoint {
        /// The size of the one that was seen.
        seen: u64,
    },
    /// The checkpoint is of another log than the journal or the one that was seen before.
    #[error("`checkpoint` is of log `{found}`, not of `{wanted}`")]
    OtherLog {
        /// The log it is of.
        found: String,
        /// The log it should be of.
        wanted: String,
    },
    /// The checkpoint is older than one that was seen before.
    #[error(
        "rolled back: the checkpoint is over {found} entries, and one over {seen} was seen before"
    )]
    RolledBack {
        /// The size of the one that was seen.
        seen: u64,
        /// The size of the one that is there.
        found: u64,
    },
    /// The entries are not those of a checkpoint that was seen before.
    #[error(
        "forked: the first {seen} entries hash to another root than the checkpoint over them that was seen before"
    )]
    Forked {
        /// The size of the one that was seen.
        seen: u64,
    },
    /// A tile that the log must have is not there.
    #[error("`{0}` is not there")]
    Missing(String),
    /// A tile of hashes does not hold the hashes of the entries.
    #[error("`{path}` does not hold the hashes of the entries from {first} on")]
    Hashes {
        /// The file.
        path: String,
        /// The place of the first entry below it.
        first: u64,
    },
    /// The entries do not hash to the checkpoint's root.
    #[error("the {size} entries do not hash to the checkpoint's root")]
    Root {
        /// How many the checkpoint is over.
        size: u64,
    },
    /// The journal's entry is not the signed one.
    #[error("entry {index} ({place}) is not the one in the tiles")]
    Changed {
        /// Its place in the log.
        index: u64,
        /// Where it lies.
        place: Place,
    },
    /// The journal does not reach to the checkpoint, or begins behind it.
    #[error(
        "the journal has the entries from {first} to {behind}, and the checkpoint is over {size}"
    )]
    Gap {
        /// The place of its first.
        first: u64,
        /// The place behind its last.
        behind: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// A file lies in the folder that is no part of the log.
    #[error("`{0}` is no part of the log")]
    NoPart(String),
    /// An earlier log, which the present one goes on after, is bad.
    #[error("the earlier log `{log}`: {bad}")]
    Earlier {
        /// The log.
        log: String,
        /// What is wrong.
        bad: Box<Finding>,
    },
    /// An earlier log is needed to follow from what was seen, and is not there.
    #[error(
        "`{path}` is not there: without the earlier log `{log}` nothing shows that this one follows from the checkpoint that was seen; ask for an export that has it"
    )]
    NoEarlier {
        /// The log.
        log: String,
        /// The folder it should be in.
        path: String,
    },
    /// An earlier log is gone, and was there when the log after it began.
    #[error("`{path}` is not there: the log after it names {size} signed entries of it")]
    EarlierGone {
        /// The folder it should be in, below the tenant's.
        path: String,
        /// How many entries its last checkpoint is over.
        size: u64,
    },
    /// Logs name each other as the one before.
    #[error("the log `{0}` is named as being before itself")]
    Circle(String),
    /// The trail, its head and the store do not agree.
    #[error(transparent)]
    Apart(#[from] Apart),
    /// The head cannot be read.
    #[error("the head of the trail, `heads/TENANT` of the home, is not as it was written")]
    HeadDamaged,
    /// A tile cannot be used for a proof.
    #[error(transparent)]
    Tile(TileError),
    /// A proof that was made does not hold: a tile is damaged.
    #[error("the tiles do not prove it: {0}")]
    Proof(ProofError),
    /// The bytes are as they were written and what they say contradicts itself.
    #[error("entry {index} ({place}): {what}")]
    Disagreement {
        /// The entry's place in the log.
        index: u64,
        /// Where it lies.
        place: Place,
        /// What is wrong.
        what: Disagreement,
    },
}

impl From<io::Error> for Finding {
    fn from(error: io::Error) -> Self {
        Self::Read(error.into())
    }
}

impl Finding {
    /// Whether it may be the end of a journal that somebody is writing just now.
    pub fn may_be_being_written(&self) -> bool {
        matches!(
            self,
            Self::Read(ReadError::Frame {
                fault: Fault::Cut | Fault::Mark | Fault::Checksum | Fault::Length(_),
                ..
            })
        )
    }
}
