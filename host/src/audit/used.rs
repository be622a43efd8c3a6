use crate::model::{Capability, Digest, Instant, ModuleName};
use crate::store::{StoreError, TenantScope};
use crate::trail::{Checked, DecidedBy, Entry, Files, Outcome, RunNumber, Stamped};
use std::collections::BTreeMap;

/// What a tenant's trail says of its modules.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) of: BTreeMap<(ModuleName, Digest), OfBytes>,
    pub(super) refused: BTreeMap<(ModuleName, Option<Capability>), Refusals>,
    pub(super) trail: Trail,
}

/// What runs of a module's bytes did.
#[derive(Debug, Default)]
pub(super) struct OfBytes {
    pub(super) runs: u64,
    pub(super) last_run: Option<Instant>,
    pub(super) calls: BTreeMap<Capability, Calls>,
}

/// Calls of one capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) count: u64,
    pub(super) last: Option<Instant>,
    /// Calls that the host did not answer, for a limit or a fault.
    pub(super) unanswered: u64,
}

/// Times that a module did not get what it asked for.
#[derive(Debug)]
pub(super) struct Refusals {
    pub(super) count: u64,
    pub(super) last: Instant,
    pub(super) by: DecidedBy,
}

/// How much of a trail was read and whether it verifies.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Trail {
    /// Entries that verify.
    pub entries: u64,
    /// Whether there is a trail; a tenant that was never started has none.
    pub there: bool,
    /// Whether all of it verifies.
    pub verified: bool,
    /// What is wrong, where it does not. What stands before it is counted.
    pub problem: Option<String>,
}

/// A run that has not ended.
struct Open {
    of: (ModuleName, Digest),
    calls: BTreeMap<u32, Capability>,
}

impl Used {
    /// Reads a tenant's trail from its beginning, with the logs it goes on after. The one that is gone
    /// on with is checked as a whole.
    pub(super) fn read(scope: &TenantScope) -> Result<Self, StoreError> {
        let mut used = Self::default();
        let Some(report) = scope.verify_trail(None)? else {
            used.trail.verified = true;
            return Ok(used);
        };
        used.trail.there = true;
        used.trail.problem = report.bad.map(|bad| bad.to_string());
        let earlier = scope.verify_earlier()?.into_iter();
        let mut bad = earlier.filter_map(|log| Some((log.log, log.report.bad?)));
        if let (None, Some((log, bad))) = (&used.trail.problem, bad.next()) {
            used.trail.problem = Some(format!("earlier log {log}: {bad}"));
        }
        let before = scope.trails_before()?.into_iter();
        let before = before.filter_map(|log| scope.read_trail_before(&log).transpose());
        // Whether these are what they should be was decided above.
        for files in before {
            used.of(files?);
        }
        let present = scope.read_trail()?;
        let problem = present.and_then(|files| used.of(files));
        used.trail.problem = used.trail.problem.or(problem);
        used.trail.verified = used.trail.problem.is_none();
        Ok(used)
    }

    /// Counts what a log holds, to the first bad thing in it, and says what that is.
    fn of(&mut self, files: impl Files) -> Option<String> {
        let mut open = BTreeMap::new();
        match Checked::new(files) {
            Ok(mut checked) => {
                let mut problem = None;
                for found in &mut checked {
                    match found {
                        Ok(found) => self.enter(found.stamped, &mut open),
                        // What somebody is writing just now was looked at above.
                        Err(bad) if bad.may_be_being_written() => (),
                        Err(bad) => problem = Some(bad.to_string()),
                    }
                }
                self.trail.entries += checked.totals().entries;
                problem
            }
            Err(error) => Some(error.to_string()),
        }
    }

    fn enter(&mut self, stamped: Stamped, open: &mut BTreeMap<RunNumber, Open>) {
        let time = stamped.time;
        match stamped.entry {
            Entry::RunStart { run, start } => {
                let of = (start.module.clone(), start.digest);
                let used = self.of.entry(of.clone()).or_default();
                used.runs += 1;
                used.last_run = used.last_run.max(Some(time));
                let calls = BTreeMap::new();
                open.insert(run, Open { of, calls });
            }
            Entry::Intent(intent) => {
                let Some(run) = open.get_mut(&intent.run) else {
                    return;
                };
                run.calls.insert(intent.call, intent.capability);
                let calls = self.calls(&run.of, intent.capability);
                calls.count += 1;
                calls.last = calls.last.max(Some(time));
            }
            Entry::Outcome { run, call, result } => {
                let Some(run) = open.get_mut(&run) else {
                    return;
                };
                match (run.calls.remove(&call), result) {
                    (Some(capability), Outcome::Refused { .. }) => {
                        self.calls(&run.of, capability).unanswered += 1;
                    }
                    (_, Outcome::Ok { .. }) | (None, Outcome::Refused { .. }) => {}
                }
            }
            Entry::Refused { refused, .. } => {
                let of = (refused.module, refused.capability);
                let refusals = self.refused.entry(of).or_insert_with(|| Refusals {
                    count: 0,
                    last: time,
                    by: refused.decided_by.clone(),
                });
                refusals.count += 1;
                if time >= refusals.last {
                    refusals.last = time;
                    refusals.by = refused.decided_by;
                }
            }
            Entry::RunEnd { run, .. } => {
                open.remove(&run);
            }
            Entry::Recovery(recovery) => {
                for abandoned in &recovery.abandoned {
                    open.remove(&abandoned.run);
                }
            }
            Entry::Intake(_)
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_)
            | Entry::Restore(_) => {}
        }
    }

    fn calls(&mut self, of: &(ModuleName, Digest), capability: Capability) -> &mut Calls {
        let used = self.of.entry(of.clone()).or_default();
        used.calls.entry(capability).or_default()
    }
}
