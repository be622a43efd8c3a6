use super::ledger::Ledger;
use super::*;

fn begin(run: u64) -> Entry {
    let start = Box::new(start());
    Entry::RunStart { run, start }
}

fn intent(run: u64, call: u32) -> Entry {
    Entry::Intent(Intent {
        run,
        call,
        capability: Capability::Assets,
        question: commitment("question"),
        items: 1,
    })
}

fn outcome(run: u64, call: u32) -> Entry {
    let result = ok();
    Entry::Outcome { run, call, result }
}

fn end(run: u64, intents: u32, outcomes: u32, abandoned: u32) -> Entry {
    Entry::RunEnd {
        run,
        verdict: Verdict::Ok {
            answer: commitment("answer"),
        },
        counts: Counts {
            intents,
            outcomes,
            abandoned,
            ..Counts::default()
        },
    }
}

fn recovery(run: u64, intents: u32) -> Entry {
    Entry::Recovery(Recovery {
        reason: RecoveryReason::OpenRuns,
        dropped_bytes: 0,
        dropped_whole: 0,
        abandoned: vec![AbandonedRun { run, intents }],
        unstored: vec![],
        lost: Vec::new(),
        unstored_intake: None,
    })
}

/// What the last of these entries contradicts, and none before it.
fn last(entries: impl IntoIterator<Item = Entry>) -> Option<Disagreement> {
    let mut ledger = Ledger::default();
    let stamped = (0..).zip(entries).map(|(seq, entry)| Stamped {
        back_ms: None,
        seq,
        time: NOW,
        entry,
    });
    let mut all: Vec<_> = stamped.map(|s| ledger.enter(&s).err()).collect();
    let last = all.pop().flatten();
    assert!(all.iter().all(Option::is_none), "{all:?}");
    last
}

#[test]
fn every_contradiction_is_found() {
    use Disagreement as D;
    let (run, call) = (0, 2);
    assert_eq!(last([begin(1)]), Some(D::RunNumber { run: 1 }));
    assert_eq!(last([begin(0), intent(1, 1)]), Some(D::NotOpen { run: 1 }));
    for call in [0, 2] {
        let found = last([begin(0), intent(0, call)]);
        assert_eq!(found, Some(D::CallNumber { run, call }));
    }
    assert_eq!(
        last([begin(0), intent(0, 1), outcome(0, 2)]),
        Some(D::NoIntent { run, call })
    );
    assert_eq!(
        last([begin(0), intent(0, 1), outcome(0, 1), outcome(0, 1)]),
        Some(D::NoIntent { run, call: 1 })
    );
    for counts in [(0, 0, 0), (1, 1, 0), (2, 1, 1), (1, 0, 0)] {
        let found = last([begin(0), intent(0, 1), end(0, counts.0, counts.1, counts.2)]);
        assert_eq!(found, Some(D::Counts { run }));
    }
    assert_eq!(last([begin(0), intent(0, 1), end(0, 1, 0, 1)]), None);
    let ended = [begin(0), end(0, 0, 0, 0)];
    for more in [intent(0, 1), end(0, 0, 0, 0), recovery(0, 0)] {
        let found = last(ended.clone().into_iter().chain([more]));
        assert_eq!(found, Some(D::NotOpen { run }));
    }
    assert_eq!(
        last([begin(0), intent(0, 1), recovery(0, 0)]),
        Some(D::Counts { run })
    );
    assert_eq!(last([begin(0), intent(0, 1), recovery(0, 1)]), None);
    assert_eq!(
        last([begin(0), recovery(0, 0), intent(0, 1)]),
        Some(D::NotOpen { run })
    );
}

#[test]
fn an_entry_out_of_its_place_is_found() {
    let stamped = Stamped {
        back_ms: None,
        seq: 1,
        time: NOW,
        entry: intake().into(),
    };
    assert_eq!(
        Ledger::default().enter(&stamped),
        Err(Disagreement::OutOfSequence { found: 1 })
    );
}
