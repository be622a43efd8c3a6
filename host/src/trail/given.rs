//! The numbers that a log gave to alerts, and which of them a store lacks.

use super::entry::{Entry, Lost, Stamped};
use super::journal::BUNDLE;
use super::read::Entries;
use super::shelf::Files;
use crate::model::AlertNumber;
use std::collections::BTreeMap;

/// The numbers that entries of a log gave to alerts.
#[derive(Default)]
pub(crate) struct Given {
    /// By the number of the intake that gave them. Those that were never stored are not among them:
    /// nothing of them was acknowledged, and their numbers are given again.
    intakes: BTreeMap<u64, Lost>,
    /// What recoveries say was lost.
    named: Vec<Lost>,
}

/// What a log gave that a store lacks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Alerts that were lost, and that no recovery names yet.
    pub(super) lost: Vec<Lost>,
    /// Alerts that were lost and that a recovery names.
    pub(super) named: Vec<Lost>,
    /// An intake whose host stopped before it stored it.
    pub(super) unstored: Option<u64>,
}

impl Given {
    /// Of a log that may be damaged: where entries cannot be read, it is read on from the next bundle. No
    /// entry of it has the number `end` or a greater one.
    pub(crate) fn read<F: Files, E>(
        log: impl Fn() -> Result<Option<F>, E>,
        end: u64,
    ) -> Result<Self, E> {
        let mut given = Self::default();
        let mut place = 0;
        while place < end {
            let Some(Ok(entries)) = log()?.map(|files| Entries::after(files, place)) else {
                break;
            };
            let mut is_whole = true;
            for found in entries {
                match found {
                    Ok(found) => {
                        place = found.index + 1;
                        given.enter(&found.stamped);
                    }
                    Err(_) => is_whole = false,
                }
            }
            if is_whole {
                break;
            }
            place = (place / BUNDLE + 1) * BUNDLE;
        }
        Ok(given)
    }

    /// Enters an entry, in the order of the log.
    pub(crate) fn enter(&mut self, stamped: &Stamped) {
        match &stamped.entry {
            Entry::Intake(intake) => {
                let range = intake.first.zip(intake.last);
                let range = range.map(|(first, last)| Lost { first, last });
                if let Some(range) = range.filter(|range| range.first <= range.last) {
                    self.intakes.insert(stamped.seq, range);
                }
            }
            Entry::Recovery(recovery) => {
                if let Some(intake) = &recovery.unstored_intake {
                    self.intakes.remove(intake);
                }
                self.named.extend(&recovery.lost);
            }
            Entry::RunStart { .. }
            | Entry::Intent(_)
            | Entry::Outcome { .. }
            | Entry::Refused { .. }
            | Entry::RunEnd { .. }
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_)
            | Entry::Restore(_) => {}
        }
    }

    /// All that was given.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Lost> {
        self.intakes.values().chain(&self.named).copied()
    }

    /// What a store lacks that gives the number `next` to the next alert.
    pub(super) fn missing(&self, next: AlertNumber) -> Missing {
        let named = Lost::from(next, self.named.iter().copied());
        let behind = named
            .last()
            .map_or(next, |lost| lost.last.saturating_add(1));
        let mut beyond = self
            .intakes
            .iter()
            .filter(|(_, range)| range.last >= behind);
        // A host that stops leaves one intake that it recorded and did not store, and never more: the
        // next one is recorded once the one before is stored. With more, the store has lost some.
        let unstored = match (beyond.next(), beyond.next()) {
            (Some((intake, range)), None) if range.first == next => Some(*intake),
            (Some(_) | None, _) => None,
        };
        let lost = match unstored {
            Some(_) => Vec::new(),
            None => Lost::from(behind, self.intakes.values().copied()),
        };
        Missing {
            lost,
            named,
            unstored,
        }
    }
}

impl Lost {
    /// What of these ranges is `next` or greater: ascending, and none of them touches another.
    pub(crate) fn from(next: AlertNumber, ranges: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut sorted: Vec<Self> = ranges.filter(|range| range.last >= next).collect();
        sorted.sort_by_key(|range| range.first);
        let mut out: Vec<Self> = Vec::new();
        for range in sorted {
            let first = range.first.max(next);
            match out.last_mut() {
                Some(before) if first <= before.last.saturating_add(1) => {
                    before.last = before.last.max(range.last);
                }
                Some(_) | None => out.push(Self { first, ..range }),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Instant;
    use crate::trail::{Commitment, Intake, Recovery, RecoveryReason, Salt};

    fn intake(seq: u64, first: u64, last: u64) -> Stamped {
        let salt = Salt::from_bytes([1; 32]);
        stamped(
            seq,
            Entry::Intake(Intake {
                batch: Commitment::of(&salt, b""),
                alerts: last - first + 1,
                duplicates: 0,
                revisions: 0,
                rejects: 0,
                left_out: 0,
                first: Some(first),
                last: Some(last),
            }),
        )
    }

    fn recovery(seq: u64, lost: &[(u64, u64)], unstored_intake: Option<u64>) -> Stamped {
        stamped(
            seq,
            Entry::Recovery(Recovery {
                reason: RecoveryReason::OldStore,
                dropped_bytes: 0,
                dropped_whole: 0,
                abandoned: Vec::new(),
                unstored: Vec::new(),
                lost: ranges(lost),
                unstored_intake,
            }),
        )
    }

    fn stamped(seq: u64, entry: Entry) -> Stamped {
        let time = Instant::from_millis(0);
        Stamped {
            seq,
            time,
            entry,
            back_ms: None,
        }
    }

    fn ranges(all: &[(u64, u64)]) -> Vec<Lost> {
        let ranges = all.iter().map(|&(first, last)| Lost { first, last });
        ranges.collect()
    }

    fn missing(entries: &[Stamped], next: u64) -> Missing {
        let mut given = Given::default();
        entries.iter().for_each(|entry| given.enter(entry));
        given.missing(next)
    }

    #[test]
    fn a_store_that_holds_all_lacks_nothing() {
        let log = [intake(0, 1, 10), intake(1, 11, 20)];
        assert_eq!(missing(&log, 21), Missing::default());
    }

    #[test]
    fn one_intake_behind_the_store_was_never_stored_and_more_were_lost() {
        let log = [intake(0, 1, 10), intake(3, 11, 20)];
        let never = Missing {
            unstored: Some(3),
            ..Missing::default()
        };
        assert_eq!(missing(&log, 11), never);
        let lost = |all: &[(u64, u64)]| Missing {
            lost: ranges(all),
            ..Missing::default()
        };
        assert_eq!(missing(&log, 1), lost(&[(1, 20)]));
        // Of one intake the store has a part: it is another one's store.
        assert_eq!(missing(&log, 15), lost(&[(15, 20)]));
    }

    #[test]
    fn what_a_recovery_names_is_not_named_again() {
        let log = [
            intake(0, 1, 10),
            intake(3, 11, 30),
            recovery(4, &[], Some(3)),
            intake(5, 11, 15),
        ];
        assert_eq!(missing(&log, 16), Missing::default());
        let log = [recovery(4, &[(1, 10), (21, 30)], None), intake(5, 31, 40)];
        let found = missing(&log, 1);
        assert_eq!(found.named, ranges(&[(1, 10), (21, 30)]));
        assert_eq!(found.lost, ranges(&[(31, 40)]));
        assert_eq!(missing(&log, 41), Missing::default());
    }
}
