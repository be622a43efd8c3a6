//! A host that is stopped at every operation of its disk, with every state that may leave.

mod check;
mod host;
mod raw;
mod states;

use super::*;
use check::{Past, check};
use host::{Act, End, Known, host};
use raw::raw;
use states::{Dice, each_left, print};
use std::collections::HashSet;

/// How thoroughly.
#[derive(Clone, Copy)]
struct Plan<'a> {
    /// Bytes that a write leaves in which the machine stops.
    kept: &'a [usize],
    /// The most states of one stop that are all looked at.
    most: u64,
    /// What is done after the start that follows, which is stopped as well; how deep.
    then: &'a [Act],
    nested: u32,
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    histories: u64,
    states: u64,
}

const KEPT: &[usize] = &[0, 100, 512, 1500, usize::MAX];

/// Stops a host in each operation that it does from this state on, and checks each state that may be
/// left.
fn stop_everywhere(
    from: &MemoryShelf,
    known: &Known,
    past: &Past,
    acts: &[Act],
    plan: Plan<'_>,
    dice: &mut Dice,
    at: &dyn Fn() -> String,
) -> Tried {
    let mut tried = Tried::default();
    let mut checked = HashSet::new();
    for n in 0.. {
        let mut reached = false;
        for kept in plan.kept {
            let shelf = from.copy();
            shelf.stop_at(n, *kept);
            let mut known = known.clone();
            let done = host(&shelf, &mut known, acts);
            reached |= shelf.operations() > n;
            let past = Past {
                torn: past.torn,
                ..left_in(&shelf)
            };
            tried.histories += 1;
            let at = || format!("{}operation {n}, kept {kept} ({done:?})", at());
            let mut left_states = Vec::new();
            each_left(&shelf, plan.most, dice, |left| left_states.push(left));
            for left in left_states {
                let key = (print(&left), known.durable, known.stored, known.begun);
                let size = known.seen.as_ref().map_or(0, |seen| seen.size());
                if !checked.insert((key, size, past.entries.len())) {
                    continue;
                }
                tried.states += 1;
                check(&left.copy(), &known, &past, &at);
                if plan.nested > 0 {
                    let torn = raw(&left).torn;
                    let past = Past {
                        torn: if torn > 0 { torn } else { past.torn },
                        ..past.clone()
                    };
                    let inner = Plan {
                        nested: plan.nested - 1,
                        ..plan
                    };
                    let at = || format!("{}, then ", at());
                    let more = stop_everywhere(&left, &known, &past, plan.then, inner, dice, &at);
                    tried.histories += more.histories;
                    tried.states += more.states;
                }
            }
        }
        if !reached {
            return tried;
        }
    }
    tried
}

/// What happens in an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Harm {
    /// The process is killed.
    Killed,
    /// The operation fails.
    Fails,
}

/// Kills a host in each operation, or lets that fail; another process goes on with what it finds, and
/// then the machine stops, also while that one works.
fn harm_everywhere(
    harm: Harm,
    from: &MemoryShelf,
    known: &Known,
    acts: &[Act],
    plan: Plan<'_>,
    dice: &mut Dice,
) -> Tried {
    let mut tried = Tried::default();
    let neighbour = fresh().1;
    for n in 0.. {
        let mut reached = false;
        for kept in plan.kept {
            let shelf = from.copy();
            match harm {
                Harm::Killed => shelf.stop_at(n, *kept),
                Harm::Fails => shelf.fail_operation(n, *kept),
            }
            let mut known = known.clone();
            let done = host(&shelf, &mut known, acts);
            reached |= shelf.operations() > n;
            if harm == Harm::Fails && shelf.operations() > n {
                assert_eq!(shelf.operations(), n + 1, "nothing is done after a failure");
                neighbour.append(NOW, intake()).unwrap();
                neighbour.sync().unwrap();
            }
            let at = || format!("{harm:?} at {n}, kept {kept} ({done:?})");
            let past = left_in(&shelf);
            tried.histories += 1;
            for head_is_new in [false, true] {
                tried.states += 1;
                check(&shelf.killed(head_is_new), &known, &past, &at);
                for then in 0.. {
                    let next = shelf.killed(head_is_new);
                    let before = next.operations();
                    next.stop_at(then, 300);
                    let mut known = known.clone();
                    let done = host(&next, &mut known, plan.then);
                    let past = left_in(&next);
                    let at = || format!("{}, then {then} ({done:?})", at());
                    tried.histories += 1;
                    each_left(&next, plan.most, dice, |left| {
                        tried.states += 1;
                        check(&left, &known, &past, &at);
                    });
                    if next.operations() - before <= then {
                        break;
                    }
                }
            }
        }
        if !reached {
            return tried;
        }
    }
    tried
}

const RELEASED: Act = Act::Run {
    calls: 1,
    leaves: true,
    end: End::Released,
};
const ENDED: Act = Act::Run {
    calls: 2,
    leaves: false,
    end: End::Ended,
};
const OPEN: Act = Act::Run {
    calls: 1,
    leaves: false,
    end: End::Never,
};

const SMALL: &[Act] = &[
    Act::Intake,
    Act::Sync,
    RELEASED,
    Act::Store,
    Act::Checkpoint,
    Act::Intake,
    OPEN,
    Act::Sync,
    ENDED,
    Act::Intake,
];

/// Comes past a full tile, and signs twice beside an unfinished tile of level 1; the journal is
/// shortened.
const LARGE: &[Act] = &[
    Act::Intakes(3),
    Act::Checkpoint,
    Act::Intakes(4),
    RELEASED,
    Act::Checkpoint,
    OPEN,
    Act::Sync,
    Act::Checkpoint,
    Act::Intake,
    Act::Reopen,
    Act::Intakes(2),
];

const THEN: &[Act] = &[Act::Intake, Act::Checkpoint, Act::Intakes(1)];

fn nowhere() -> String {
    String::new()
}

/// A log of so many entries, signed and closed.
fn filled(entries: u64) -> (MemoryShelf, Known) {
    let (shelf, mut known) = (MemoryShelf::default(), Known::default());
    let most = u64::MAX;
    let limits = known.limits;
    known.limits.unsigned = most;
    host(&shelf, &mut known, &[Act::Intakes(entries)]).unwrap();
    known.limits = limits;
    (shelf, known)
}

fn left_in(shelf: &MemoryShelf) -> Past {
    Past {
        entries: raw(shelf).entries,
        torn: 0,
    }
}

#[test]
fn a_small_log_stopped_anywhere_goes_on() {
    let plan = Plan {
        kept: KEPT,
        most: 300,
        then: THEN,
        nested: 0,
    };
    let empty = MemoryShelf::default();
    let (known, past) = (Known::default(), Past::default());
    let tried = stop_everywhere(&empty, &known, &past, SMALL, plan, &mut Dice(1), &nowhere);
    assert!(tried.states > 500, "{tried:?}");
}

#[test]
fn a_small_log_stopped_anywhere_and_again_while_it_recovers_goes_on() {
    let plan = Plan {
        kept: &[0, 700],
        most: 8,
        then: THEN,
        nested: 1,
    };
    let empty = MemoryShelf::default();
    let (known, past) = (Known::default(), Past::default());
    let tried = stop_everywhere(&empty, &known, &past, SMALL, plan, &mut Dice(2), &nowhere);
    assert!(tried.states > 500, "{tried:?}");
}

#[test]
fn a_log_that_fills_a_tile_stopped_anywhere_goes_on() {
    let plan = Plan {
        kept: &[0, 700, usize::MAX],
        most: 6,
        then: THEN,
        nested: 0,
    };
    let (shelf, known) = filled(251);
    let past = left_in(&shelf);
    let tried = stop_everywhere(&shelf, &known, &past, LARGE, plan, &mut Dice(3), &nowhere);
    assert!(tried.states > 300, "{tried:?}");
}

#[test]
fn a_log_killed_anywhere_whose_machine_stops_later_goes_on() {
    let plan = Plan {
        kept: &[0, 700],
        most: 4,
        then: THEN,
        nested: 0,
    };
    let empty = MemoryShelf::default();
    let known = Known::default();
    let tried = harm_everywhere(Harm::Killed, &empty, &known, SMALL, plan, &mut Dice(4));
    assert!(tried.states > 500, "{tried:?}");
}

#[test]
fn a_failure_of_any_operation_closes_that_log_alone_and_loses_nothing_given_out() {
    let plan = Plan {
        kept: &[0, 700],
        most: 4,
        then: THEN,
        nested: 0,
    };
    let empty = MemoryShelf::default();
    let known = Known::default();
    let tried = harm_everywhere(Harm::Fails, &empty, &known, SMALL, plan, &mut Dice(5));
    assert!(tried.states > 500, "{tried:?}");
}

/// What an operator has whose folder was put back: each state of the folder between two acts, with
/// the head of the last.
fn put_back(from: &MemoryShelf, known: &Known, acts: &[Act]) -> (Vec<MemoryShelf>, Known) {
    let shelf = from.copy();
    let mut known = known.clone();
    let mut older = vec![from.copy()];
    for act in acts {
        host(&shelf, &mut known, &[*act]).unwrap();
        older.push(shelf.copy());
    }
    let head = shelf.clone().head().unwrap();
    older.pop();
    older.iter().for_each(|older| older.set_head(head.clone()));
    (older, known)
}

#[test]
fn a_folder_put_back_to_an_earlier_state_is_always_recognised_and_can_be_gone_on_from() {
    let (from, known) = filled(254);
    let acts = [Act::Intakes(1), Act::Intakes(3), RELEASED, Act::Intakes(2)];
    let (older, known) = put_back(&from, &known, &acts);
    let mut states = 0;
    let empty = MemoryShelf::default();
    empty.set_head(older[0].clone().head().unwrap());
    for older in older.iter().chain([&empty]) {
        let before = files(older);
        match host::open(older, &mut Known::default()).map(|_| ()) {
            Err(OpenError::Apart(Apart::RolledBack { .. })) if !before.is_empty() => {}
            Err(OpenError::Apart(Apart::NoTrail { .. })) if before.is_empty() => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(files(older), before, "left as it is");
        let last = last_known(&mut older.clone(), &MemoryKey::from_seed(SEED)).unwrap();
        assert_eq!(last.next, known.durable);
        let before = last.before.unwrap();
        assert_eq!(before.size, known.durable);
        let entry = Restore {
            backup: None,
            taken: None,
            before: Some(before),
            kept: None,
            by: Some(commitment("operator")),
        };
        let new = MemoryShelf::default();
        new.set_head(older.clone().head().unwrap());
        let plan = Plan {
            kept: &[0, 700],
            most: 20,
            then: THEN,
            nested: 0,
        };
        let known = Known::after(last.next, entry);
        let acts = [Act::Intake, RELEASED, Act::Checkpoint];
        let (past, mut dice) = (Past::default(), Dice(6));
        let tried = stop_everywhere(&new, &known, &past, &acts, plan, &mut dice, &nowhere);
        states += tried.states;
    }
    assert!(states > 300, "{states}");
}
