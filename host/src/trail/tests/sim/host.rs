//! A host at work, and what it may rely on.

use super::*;
use crate::trail::disk::Limits;
use crate::trail::note::Checkpoint;

/// Small ones, so that few entries come past all of them.
const LIMITS: Limits = Limits {
    chunk: 1024,
    long: 6000,
    full: 1200,
    unsigned: 9,
};

/// One thing that a host does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Intake,
    /// So many of them, and a sync.
    Intakes(u64),
    Sync,
    Checkpoint,
    /// The store keeps what was released so far.
    Store,
    /// A run with so many calls.
    Run {
        calls: u32,
        /// Whether the last of them leaves the machine.
        leaves: bool,
        end: End,
    },
    /// The log is closed and opened again.
    Reopen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Released,
    /// It ended, and what came of it is not released.
    Ended,
    /// It does not end, and its last call has no outcome.
    Never,
}

/// What is known outside of the trail.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) limits: Limits,
    /// The number behind the last entry for which anything was given out.
    pub(super) durable: u64,
    /// The last checkpoint that was given out.
    pub(super) seen: Option<Checkpoint>,
    /// The number behind the last run that was released, and that the store holds.
    released: u64,
    pub(super) stored: u64,
    /// How a log begins that goes on after another one, and whether that is done.
    pub(super) after: Option<(u64, Restore)>,
    pub(super) begun: bool,
    next: u64,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            limits: LIMITS,
            durable: 0,
            seen: None,
            released: 0,
            stored: 0,
            after: None,
            begun: false,
            next: 0,
        }
    }
}

impl Known {
    /// Of a log that goes on after another one.
    pub(super) fn after(base: u64, before: Restore) -> Self {
        Self {
            stored: base,
            released: base,
            after: Some((base, before)),
            ..Self::default()
        }
    }

    pub(super) fn opening(&self) -> Opening {
        let origin = match self.after {
            None => *b"0123456789abcdef",
            Some(_) => *b"the one after it",
        };
        Opening {
            origin: Origin::from_bytes(origin),
            sealed: self.durable,
            committed: Some(self.stored),
            ..opening()
        }
    }

    pub(super) fn base(&self) -> u64 {
        self.after.as_ref().map_or(0, |(base, _)| *base)
    }

    fn entry(&mut self, number: u64) {
        assert_eq!(number, self.next, "entries are numbered on");
        self.next += 1;
    }

    fn synced(&mut self, entries: u64) {
        assert!(entries <= self.next);
        self.durable = self.durable.max(entries);
    }
}

/// Opens the log, or begins the one that goes on after another where that was not done.
pub(super) fn open(shelf: &MemoryShelf, known: &mut Known) -> Result<(Log, Recovered), OpenError> {
    let opened = Log::open_within(Box::new(shelf.clone()), known.opening(), known.limits);
    let (log, found) = match (opened, &known.after) {
        (Err(OpenError::Apart(Apart::NoJournal | Apart::NoTrail { .. })), Some((base, before)))
            if !known.begun =>
        {
            let (shelf, before) = (Box::new(shelf.clone()), before.clone());
            let log = Log::begin_after_within(
                shelf,
                known.limits,
                &known.opening(),
                *base,
                (before, Vec::new()),
            )?;
            let found = Recovered {
                created: true,
                entries: *base + 1,
                ..Recovered::default()
            };
            (log, found)
        }
        (Ok((_, found)), Some(_)) if found.created => panic!("a new log names none before it"),
        (opened, _) => opened?,
    };
    known.begun = true;
    known.next = found.entries;
    known.synced(found.entries);
    Ok((log, found))
}

/// Opens the log, does all of this and closes it; stops at the first thing that does not come out.
pub(super) fn host(shelf: &MemoryShelf, known: &mut Known, acts: &[Act]) -> Result<(), String> {
    let (mut log, _) = open(shelf, known).map_err(|e| e.to_string())?;
    let mut open_runs = Vec::new();
    for act in acts {
        if matches!(act, Act::Reopen) {
            open_runs.clear();
            drop(log);
            log = open(shelf, known).map_err(|e| e.to_string())?.0;
            continue;
        }
        if let Err(error) = play(&log, known, *act, &mut open_runs) {
            closed(shelf, &log);
            return Err(error.to_string());
        }
    }
    Ok(())
}

/// That nothing is done with a folder any more whose log is closed by a failure.
fn closed(shelf: &MemoryShelf, log: &Log) {
    let before = shelf.operations();
    assert!(matches!(
        log.append(NOW, intake()),
        Err(TrailError::Poisoned)
    ));
    assert!(matches!(log.sync(), Err(TrailError::Poisoned)));
    assert!(matches!(log.checkpoint(), Err(TrailError::Poisoned)));
    assert!(log.begin_run(NOW, start()).is_err());
    assert_eq!(shelf.operations(), before, "never retried");
}

/// Runs that do not end, with the call that has no outcome.
type Open = Vec<(RunRecord, Option<Permit<access::Assets>>)>;

fn play(log: &Log, known: &mut Known, act: Act, open_runs: &mut Open) -> Result<(), TrailError> {
    match act {
        Act::Intake => known.entry(log.append(NOW, intake())?),
        Act::Intakes(many) => {
            for _ in 0..many {
                known.entry(log.append(NOW, intake())?);
            }
            known.synced(log.sync()?);
        }
        Act::Sync => known.synced(log.sync()?),
        Act::Checkpoint => {
            let signed = log.checkpoint()?.unverified().clone();
            assert_eq!(signed.size(), known.next - known.base());
            known.synced(known.next);
            known.seen = Some(signed);
        }
        Act::Store => known.stored = known.released,
        Act::Run { calls, leaves, end } => {
            let run = log.begin_run(NOW, start())?;
            known.entry(run.run());
            let mut pending = None;
            for call in 1..=calls {
                let is_last = call == calls;
                if leaves && is_last {
                    let question = commitment("question");
                    let permit = run.durable_intent::<access::Assets>(NOW, question, 1)?;
                    known.next += 1;
                    known.synced(known.next);
                    permit.outcome(NOW, ok())?;
                } else {
                    let permit = ask(&run)?;
                    known.next += 1;
                    if is_last && end == End::Never {
                        pending = Some(permit);
                        continue;
                    }
                    permit.outcome(NOW, unavailable())?;
                }
                known.next += 1;
            }
            match end {
                End::Never => open_runs.push((run, pending)),
                End::Ended => {
                    let _ = run.close(NOW, commitment("answer"), 0, ())?;
                    known.next += 1;
                }
                End::Released => {
                    let released = run.end(NOW, commitment("answer"), 0, ())?;
                    known.entry(released.committed() - 1);
                    known.synced(released.sealed().max(released.committed()));
                    known.released = released.committed();
                }
            }
        }
        Act::Reopen => {}
    }
    Ok(())
}
