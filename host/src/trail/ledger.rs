use super::entry::{AbandonedRun, Entry, Recovery, Stamped};
use super::run::{Counts, Intent, Outcome, RunNumber};
use crate::model::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Keeps the books while the entries go by: which runs are open, and whether every entry agrees with
/// those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Ledger {
    /// The number of the log's first entry: 0, but for one that goes on after another.
    base: u64,
    next: u64,
    open: BTreeMap<RunNumber, OpenRun>,
    totals: Totals,
    /// The time of the last entry; none where it is not known yet.
    #[serde(skip)]
    time: Option<Instant>,
}

/// How much earlier an entry may be than the one before it, in milliseconds, before it is noted that the
/// clock was set back. Clocks are corrected by less.
const STEADY_MS: u64 = 5_000;

/// What is recorded so far of a run that has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct OpenRun {
    counts: Counts,
    waiting: BTreeSet<u32>,
}

/// What a trail holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Entries.
    pub entries: u64,
    /// Runs that began.
    pub runs: u64,
    /// Runs that ended.
    pub ended: u64,
    /// Runs that a recovery found without an end.
    pub abandoned_runs: u64,
    /// Calls that left a module.
    pub intents: u64,
    /// Calls whose outcome is recorded.
    pub outcomes: u64,
    /// Calls whose outcome is not recorded, of runs that ended or were found without an end.
    pub abandoned: u64,
    /// `refused` entries.
    pub refused: u64,
    /// `recovery` entries.
    pub recoveries: u64,
    /// That the host's clock was set back, by the times of the entries; none where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_back: Option<SetBack>,
}

/// That the host's clock was set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SetBack {
    /// How often.
    pub times: u64,
    /// The most that it was, in milliseconds.
    pub most_ms: u64,
    /// The number of the last entry that is earlier than the one before it.
    pub entry: u64,
    /// The time of that entry, by the clock that was set back.
    #[serde(rename = "time_ms")]
    pub time: Instant,
}

impl std::fmt::Display for SetBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            times,
            most_ms,
            entry,
            time,
        } = self;
        let times = match times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        write!(
            f,
            "the host's clock was set back {times}, by {} s at most; last before entry {entry}, of {time}",
            most_ms / 1_000
        )
    }
}

/// How an entry contradicts those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// It carries another number than its place.
    #[error("it says it is entry {found}")]
    OutOfSequence {
        /// The number it carries.
        found: u64,
    },
    /// Its `run.start` carries another run number than its place.
    #[error("it starts run {run}, and a run has the number of its first entry")]
    RunNumber {
        /// The number it carries.
        run: RunNumber,
    },
    /// It speaks of a run that is not open.
    #[error("run {run} is not open")]
    NotOpen {
        /// The run.
        run: RunNumber,
    },
    /// Its call does not have the next number of its run.
    #[error("call {call} of run {run} is not the next one")]
    CallNumber {
        /// The run.
        run: RunNumber,
        /// The call.
        call: u32,
    },
    /// It is the outcome of a call that awaits none.
    #[error("call {call} of run {run} awaits no outcome")]
    NoIntent {
        /// The run.
        run: RunNumber,
        /// The call.
        call: u32,
    },
    /// Its counts are not those of the entries before it.
    #[error("its counts are not those of the entries of run {run}")]
    Counts {
        /// The run.
        run: RunNumber,
    },
}

impl Ledger {
    /// Of a log whose first entry has this number.
    pub(super) fn new(base: u64) -> Self {
        Self {
            base,
            next: base,
            ..Self::default()
        }
    }

    /// The number of the log's first entry.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// The number of the next entry.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Enters the next entry. After an error the books are of no use.
    pub(super) fn enter(&mut self, stamped: &Stamped) -> Result<(), Disagreement> {
        let seq = self.next;
        if stamped.seq != seq {
            return Err(Disagreement::OutOfSequence { found: stamped.seq });
        }
        self.next += 1;
        self.totals.entries += 1;
        if let Some(back) = self.back_ms(stamped.time) {
            let before = self.totals.set_back;
            self.totals.set_back = Some(SetBack {
                times: before.map_or(0, |before| before.times) + 1,
                most_ms: before.map_or(0, |before| before.most_ms).max(back),
                entry: seq,
                time: stamped.time,
            });
        }
        self.time = Some(stamped.time);
        match &stamped.entry {
            Entry::RunStart { run, .. } => {
                if *run != seq {
                    return Err(Disagreement::RunNumber { run: *run });
                }
                self.totals.runs += 1;
                self.open.insert(*run, OpenRun::default());
                Ok(())
            }
            Entry::Intent(intent) => self.intent(intent),
            Entry::Outcome { run, call, result } => self.outcome(*run, *call, result),
            Entry::Refused { run, .. } => {
                self.totals.refused += 1;
                if let Some(run) = run {
                    let counts = &mut self.run(*run)?.counts;
                    counts.refused = counts.refused.saturating_add(1);
                }
                Ok(())
            }
            Entry::RunEnd { run, counts, .. } => self.end(*run, counts),
            Entry::Recovery(recovery) => self.recovery(recovery),
            Entry::Intake(_)
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Restore(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_) => Ok(()),
        }
    }

    /// By how much an entry of this time is earlier than the last one, where that is more than a clock is
    /// corrected by.
    pub(super) fn back_ms(&self, time: Instant) -> Option<u64> {
        let back = self.time?.millis().saturating_sub(time.millis());
        let back = u64::try_from(back).ok()?;
        (back > STEADY_MS).then_some(back)
    }

    /// That the last entry has this time, where books were kept without it.
    pub(super) fn remember(&mut self, time: Option<Instant>) {
        self.time = self.time.or(time);
    }

    /// The runs that began and did not end, ascending.
    pub(super) fn open(&self) -> impl Iterator<Item = AbandonedRun> {
        self.open.iter().map(|(run, open)| AbandonedRun {
            run: *run,
            intents: open.counts.intents - open.counts.outcomes,
        })
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    fn run(&mut self, run: RunNumber) -> Result<&mut OpenRun, Disagreement> {
        self.open.get_mut(&run).ok_or(Disagreement::NotOpen { run })
    }

    fn intent(&mut self, intent: &Intent) -> Result<(), Disagreement> {
        let (run, call) = (intent.run, intent.call);
        let open = self.run(run)?;
        if open.counts.intents.checked_add(1) != Some(call) {
            return Err(Disagreement::CallNumber { run, call });
        }
        open.counts.intents = call;
        open.waiting.insert(call);
        self.totals.intents += 1;
        Ok(())
    }

    fn outcome(&mut self, run: u64, call: u32, result: &Outcome) -> Result<(), Disagreement> {
        let open = self.run(run)?;
        if !open.waiting.remove(&call) {
            return Err(Disagreement::NoIntent { run, call });
        }
        open.counts.outcomes += 1;
        match result {
            Outcome::Ok { .. } => {}
            Outcome::Refused { .. } => open.counts.refusals += 1,
        }
        self.totals.outcomes += 1;
        Ok(())
    }

    fn end(&mut self, run: RunNumber, counts: &Counts) -> Result<(), Disagreement> {
        let found = self
            .open
            .remove(&run)
            .ok_or(Disagreement::NotOpen { run })?;
        let want = Counts {
            abandoned: found.counts.intents - found.counts.outcomes,
            log_lines: counts.log_lines,
            ..found.counts
        };
        if *counts != want {
            return Err(Disagreement::Counts { run });
        }
        self.totals.ended += 1;
        self.totals.abandoned += u64::from(want.abandoned);
        Ok(())
    }

    fn recovery(&mut self, recovery: &Recovery) -> Result<(), Disagreement> {
        self.totals.recoveries += 1;
        for AbandonedRun { run, intents } in &recovery.abandoned {
            let run = *run;
            let found = self
                .open
                .remove(&run)
                .ok_or(Disagreement::NotOpen { run })?;
            if found.counts.intents - found.counts.outcomes != *intents {
                return Err(Disagreement::Counts { run });
            }
            self.totals.abandoned_runs += 1;
            self.totals.abandoned += u64::from(*intents);
        }
        Ok(())
    }
}
