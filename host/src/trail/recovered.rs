use super::entry::{AbandonedRun, Lost, Recovery, RecoveryReason};
use super::frame::Fault;
use super::run::RunNumber;

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
    /// Numbers that the trail gave to alerts and the store does not hold, ascending. No other alert
    /// may get them.
    pub lost: Vec<Lost>,
    /// The number of the intake that was recorded and not stored, because the host stopped in between.
    /// Nothing of it was acknowledged; its numbers are free.
    pub unstored_intake: Option<u64>,
}

/// What was cut off a trail's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The number the first entry of it had.
    pub entry: u64,
    /// Where it began in the journal, in bytes.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Whole frames behind the bad one.
    pub whole: u64,
    /// What was wrong with the first frame of it.
    pub fault: Fault,
}

/// What was found and no recovery names yet.
#[derive(Default)]
pub(super) struct Unnamed {
    pub(super) unstored: Vec<RunNumber>,
    pub(super) lost: Vec<Lost>,
    pub(super) unstored_intake: Option<u64>,
}

/// The entries that say what was found, as many as it takes; none where all was well.
pub(super) fn recoveries(found: &Recovered, unnamed: &Unnamed) -> Vec<Recovery> {
    let mut abandoned = found.abandoned.chunks(Recovery::RUNS);
    let mut unstored = unnamed.unstored.chunks(Recovery::RUNS);
    let mut lost = unnamed.lost.chunks(Recovery::RUNS);
    let mut unstored_intake = unnamed.unstored_intake;
    let mut dropped = found.dropped;
    let mut out = Vec::new();
    loop {
        let lost = lost.next().unwrap_or_default().to_vec();
        let next = Recovery {
            reason: match dropped {
                Some(Dropped { whole: 1.., .. }) => RecoveryReason::BadFrame,
                Some(Dropped { .. }) => RecoveryReason::TornTail,
                None if !lost.is_empty() => RecoveryReason::OldStore,
                None => RecoveryReason::OpenRuns,
            },
            dropped_bytes: dropped.map_or(0, |d| d.bytes),
            dropped_whole: dropped.map_or(0, |d| d.whole),
            abandoned: abandoned.next().unwrap_or_default().to_vec(),
            unstored: unstored.next().unwrap_or_default().to_vec(),
            lost,
            unstored_intake: unstored_intake.take(),
        };
        let has_runs = !next.abandoned.is_empty() || !next.unstored.is_empty();
        let has_alerts = !next.lost.is_empty() || next.unstored_intake.is_some();
        if dropped.take().is_none() && !has_runs && !has_alerts {
            return out;
        }
        out.push(next);
    }
}
