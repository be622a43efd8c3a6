use super::frame::Origin;
use super::merkle::Hash;
use super::run::{Counts, Intent, Outcome, RunNumber, RunStart, Verdict};
use super::{Commitment, Words};
use crate::model::{AlertNumber, Capability, Digest, Holding, Instant, ModuleName, RetentionClass};
use std::collections::BTreeSet;

/// An entry with its number and time: what one line of the trail says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stamped {
    /// Its number: how many entries stand before it.
    pub seq: u64,
    /// The host's clock when it was made; a claim, and not necessarily ascending.
    #[serde(rename = "time_ms")]
    pub time: Instant,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
    /// How much earlier it is than the entry before it, in milliseconds, where that is more than five
    /// seconds: the host's clock was set back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_ms: Option<u64>,
}

/// What an entry says. No value of the tenant's data stands in one, only a [`Commitment`] to it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind")]
pub enum Entry {
    /// Alerts were taken in.
    #[serde(rename = "intake")]
    Intake(Intake),
    /// A run began; its number is this entry's.
    #[serde(rename = "run.start")]
    RunStart {
        /// The run.
        run: RunNumber,
        /// What runs over what.
        #[serde(flatten)]
        start: Box<RunStart>,
    },
    /// A call that leaves a module is about to be answered.
    #[serde(rename = "intent")]
    Intent(Intent),
    /// How that call ended.
    #[serde(rename = "outcome")]
    Outcome {
        /// The run.
        run: RunNumber,
        /// The call's number in the run, from 1.
        call: u32,
        /// How it ended.
        result: Outcome,
    },
    /// A module did not get what it asked for.
    #[serde(rename = "refused")]
    Refused {
        /// The run in which it asked; none where the refusal kept it from running.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunNumber>,
        /// What was refused and by what.
        #[serde(flatten)]
        refused: Refused,
    },
    /// A run ended.
    #[serde(rename = "run.end")]
    RunEnd {
        /// The run.
        run: RunNumber,
        /// How it ended.
        verdict: Verdict,
        /// What was recorded of it.
        counts: Counts,
    },
    /// A boundary took effect.
    #[serde(rename = "boundary")]
    Boundary(BoundaryChange),
    /// A grant was given or withdrawn.
    #[serde(rename = "grant")]
    Grant(GrantChange),
    /// What the tenant says of itself changed.
    #[serde(rename = "knowledge")]
    Knowledge(KnowledgeChange),
    /// The tenant was suspended, or works again.
    #[serde(rename = "suspension")]
    Suspension(SuspensionChange),
    /// What was past its time is about to be deleted.
    #[serde(rename = "deletion")]
    Deletion(Deletion),
    /// Everything of the tenant but this trail is about to be destroyed.
    #[serde(rename = "erasure")]
    Erasure(Erasure),
    /// The tenant was restored from a backup.
    #[serde(rename = "restore")]
    Restore(Restore),
    /// The trail was opened and its end was not as it should be.
    #[serde(rename = "recovery")]
    Recovery(Recovery),
}

impl Entry {
    /// The word that it has for what it is, in its member `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Intake(_) => "intake",
            Self::RunStart { .. } => "run.start",
            Self::Intent(_) => "intent",
            Self::Outcome { .. } => "outcome",
            Self::Refused { .. } => "refused",
            Self::RunEnd { .. } => "run.end",
            Self::Boundary(_) => "boundary",
            Self::Grant(_) => "grant",
            Self::Knowledge(_) => "knowledge",
            Self::Suspension(_) => "suspension",
            Self::Deletion(_) => "deletion",
            Self::Erasure(_) => "erasure",
            Self::Restore(_) => "restore",
            Self::Recovery(_) => "recovery",
        }
    }

    /// The last checkpoint of the log before this one, where it says that it goes on after one.
    pub(super) fn before(&self) -> Option<Before> {
        if let Self::Restore(restore) = self {
            return restore.before;
        }
        None
    }

    /// The run that it speaks of; none where it belongs to none.
    pub fn run(&self) -> Option<RunNumber> {
        match self {
            Self::RunStart { run, .. }
            | Self::Intent(Intent { run, .. })
            | Self::Outcome { run, .. }
            | Self::RunEnd { run, .. } => Some(*run),
            Self::Refused { run, .. } => *run,
            Self::Intake(_)
            | Self::Boundary(_)
            | Self::Grant(_)
            | Self::Knowledge(_)
            | Self::Suspension(_)
            | Self::Deletion(_)
            | Self::Erasure(_)
            | Self::Restore(_)
            | Self::Recovery(_) => None,
        }
    }
}

/// Alerts that were taken in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Intake {
    /// To the batch's bytes.
    pub batch: Commitment,
    /// Alerts that were new.
    pub alerts: u64,
    /// Alerts that were there already, byte for byte.
    pub duplicates: u64,
    /// Alerts that were there already with other bytes.
    pub revisions: u64,
    /// Documents that were no alerts.
    pub rejects: u64,
    /// How many of these were not kept, because of their input too many are.
    #[serde(default, skip_serializing_if = "super::run::is_zero")]
    pub left_out: u64,
    /// The least number given to a new alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<AlertNumber>,
    /// The greatest number given to a new alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<AlertNumber>,
}

/// Something a module asked for and did not get.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refused {
    /// The module.
    pub module: ModuleName,
    /// What it asked for; none where it may not run at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<Capability>,
    /// What decided.
    pub decided_by: DecidedBy,
}

/// The place in the operator's files that decides. Its text is in the boundary, not here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DecidedBy {
    /// The file, for example `boundary.toml`.
    pub file: Words,
    /// Its line, from 1; none where something is missing from the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The digest of the effective boundary.
    pub boundary: Digest,
}

/// A boundary that took effect.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BoundaryChange {
    /// The digest of the one that was in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
    /// The digest of the one that is.
    pub now: Digest,
    /// To the difference.
    pub change: Commitment,
    /// To the name of who did it.
    pub by: Commitment,
    /// The digests of the signatures that what changed was applied with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Digest>,
}

/// A grant that was given or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GrantChange {
    /// Whether it was given or withdrawn.
    pub change: GrantVerb,
    /// The grant's digest.
    pub grant: Digest,
    /// The module.
    pub module: ModuleName,
    /// The digest of its component and manifest together.
    pub digest: Digest,
    /// The capabilities granted.
    pub capabilities: BTreeSet<Capability>,
    /// To the name of who did it.
    pub by: Commitment,
    /// Whether the module was given to run beside the one that counts, and no more. A withdrawal says
    /// it by the grant's digest.
    #[serde(default, skip_serializing_if = "super::run::is_false")]
    pub shadow: bool,
    /// The module that it takes the place of, by the same row of the operator's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ModuleName>,
    /// The digest of its signature, where one is wanted and holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Digest>,
}

/// What was done with a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum GrantVerb {
    Given,
    Withdrawn,
}

/// New knowledge of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KnowledgeChange {
    /// The capability that hands it out.
    pub capability: Capability,
    /// To its bytes.
    pub content: Commitment,
    /// How many items it holds.
    pub items: u64,
    /// To the name of who did it.
    pub by: Commitment,
}

/// A tenant that was suspended, or works again.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SuspensionChange {
    /// Whether it was suspended or resumed.
    pub change: SuspensionVerb,
    /// When it took effect; the entry may stand later.
    #[serde(rename = "at_ms")]
    pub at: Instant,
    /// To the reason that was given.
    pub reason: Commitment,
    /// To the name of who did it.
    pub by: Commitment,
}

/// What was done with a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum SuspensionVerb {
    Suspended,
    Resumed,
}

/// What was past its time, before it is deleted from the store.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deletion {
    /// The class whose time decided.
    pub class: RetentionClass,
    /// What.
    pub what: Holding,
    /// The least number: of an alert, a reject, a group, a case or an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<u64>,
    /// How many.
    pub count: u64,
    /// What was taken in before this was past its time.
    #[serde(rename = "before_ms")]
    pub before: Instant,
    /// The digest of the boundary that states the time.
    pub boundary: Digest,
}

/// What of a tenant is destroyed: its data, and the key that it was sealed with. With it goes the salt
/// of this entry's commitments, so that they say nothing to anybody who did not keep it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Erasure {
    /// Alerts that were held.
    pub alerts: u64,
    /// Files that go: its store, its knowledge and its boundary.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// To the reason that was given.
    pub reason: Commitment,
    /// To the name of who did it.
    pub by: Commitment,
}

/// The log goes on after something that it does not hold: a backup was put back, or the log before it
/// could not be continued.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Restore {
    /// The digest of the backup's list of sums, which stands for all of it; none where it is not known
    /// what was put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Digest>,
    /// When the backup was made, by its own word.
    #[serde(rename = "taken_ms", default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Instant>,
    /// The last checkpoint known of the log before this one; none where this is that log, as a host
    /// before this one restored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// What was there of that log when it was put aside; none where that is all up to `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// To the name of who did it; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Commitment>,
}

/// What can be checked of a log that was not whole when it was put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// How many of its entries are held, signed; 0 where nothing could be checked.
    pub size: u64,
    /// Their root.
    #[serde(with = "super::words::root")]
    pub root: Hash,
}

/// The last checkpoint known of a log that another one goes on after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Before {
    /// The log.
    pub log: Origin,
    /// How many entries the checkpoint is over.
    pub size: u64,
    /// Their root.
    #[serde(with = "super::words::root")]
    pub root: Hash,
}

/// What was found wrong at the trail's end, and what was done. Where it names more runs than fit,
/// others follow it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Recovery {
    /// What was found.
    pub reason: RecoveryReason,
    /// Bytes that were cut off.
    pub dropped_bytes: u64,
    /// Whole frames among them, behind the bad one.
    pub dropped_whole: u64,
    /// Runs that never ended; nothing of them was released.
    pub abandoned: Vec<AbandonedRun>,
    /// Runs that ended and whose result the store does not hold.
    pub unstored: Vec<RunNumber>,
    /// Numbers of alerts that were taken in and that the store does not hold. No other alert gets them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// The number of the intake that was recorded and never stored, because the host stopped in between.
    /// Nothing of it was acknowledged; its alert numbers are given again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unstored_intake: Option<u64>,
}

/// Alerts that were taken in and lost: a range of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lost {
    /// The least number.
    pub first: AlertNumber,
    /// The greatest number.
    pub last: AlertNumber,
}

impl std::fmt::Display for Lost {
    /// `5 to 12`, or `5`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{} to {}", self.first, self.last),
        }
    }
}

/// A run that never ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AbandonedRun {
    /// The run.
    pub run: RunNumber,
    /// Its intents without an outcome.
    pub intents: u32,
}

/// What can be wrong at a trail's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecoveryReason {
    /// The last frame was not written whole.
    TornTail,
    /// A frame was bad and whole ones stood behind it: written out of order before a crash, or
    /// rotten.
    BadFrame,
    /// Every frame was whole; runs or an intake were left.
    OpenRuns,
    /// The store is older than the trail, or is gone: it lacks what was taken in.
    OldStore,
}

impl Recovery {
    /// The most runs of each kind, and ranges of alerts, that one entry names.
    pub(super) const RUNS: usize = 24;
}
