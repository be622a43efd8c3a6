use super::*;

#[test]
fn a_new_trail_is_durable_before_anything_is_appended() {
    let (shelf, log) = fresh();
    assert!(used(&durable(&shelf)).len() <= frame::HEADER);
    assert_eq!(log.origin(), opening().origin);
}

#[test]
fn the_whole_record_of_a_run_reads_back() {
    let (shelf, log) = fresh();
    log.append(NOW, intake()).unwrap();
    let run = log.begin_run(NOW, start()).unwrap();
    ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    ask(&run).unwrap().outcome(NOW, unavailable()).unwrap();
    run.refused(NOW, refused()).unwrap();
    let released = run.end(NOW, commitment("answer"), 4, "answer").unwrap();
    assert_eq!((released.run(), released.committed()), (1, 8));
    assert_eq!(released.into_value(), "answer");

    let entries = entries(&durable(&shelf));
    assert!(matches!(&entries[1], Entry::RunStart { run: 1, start: s } if **s == start()));
    assert!(matches!(&entries[2], Entry::Intent(i) if (i.run, i.call, i.items) == (1, 1, 3)));
    let Some(Entry::RunEnd { run: 1, counts, .. }) = entries.last() else {
        panic!("{entries:?}");
    };
    let want = Counts {
        intents: 2,
        outcomes: 2,
        refusals: 1,
        abandoned: 0,
        refused: 1,
        log_lines: 4,
    };
    assert_eq!(*counts, want);
}

#[test]
fn a_dropped_permit_counts_as_abandoned() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    drop(ask(&run).unwrap());
    ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    let _ = run.end(NOW, commitment("answer"), 0, ()).unwrap();
    assert_eq!(checked(&shelf).totals.abandoned, 1);
    assert!(entries(&shelf).iter().any(|e| matches!(
        e,
        Entry::RunEnd { counts, .. } if (counts.intents, counts.outcomes, counts.abandoned) == (2, 1, 1)
    )));
}

#[test]
fn a_permit_that_outlives_its_run_records_nothing() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    let permit = ask(&run).unwrap();
    let _ = run.end(NOW, commitment("answer"), 0, ()).unwrap();
    assert!(matches!(
        permit.outcome(NOW, ok()),
        Err(TrailError::RunEnded { run: 0 })
    ));
    log.sync().unwrap();
    assert_eq!(entries(&shelf).len(), 3);
}

#[test]
fn nothing_is_released_before_all_of_the_run_is_durable() {
    let (shelf, log) = fresh();
    let before = files(&durable(&shelf));
    let run = log.begin_run(NOW, start()).unwrap();
    ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    let ended = run.close(NOW, commitment("answer"), 0, ()).unwrap();
    assert_eq!(files(&durable(&shelf)), before);
    let released = ended.release().unwrap();
    assert_eq!(entries(&durable(&shelf)).len(), 4);
    assert_eq!(released.sealed(), 4);
}

#[test]
fn what_a_killed_process_wrote_is_durable_once_the_trail_is_open_again() {
    let (shelf, log) = fresh();
    for _ in 0..300 {
        log.append(NOW, intake()).unwrap();
    }
    let left = shelf.killed(false);
    drop(log);
    let written = entries(&left).len();
    assert!(written > 0, "some of it was handed to the kernel");
    assert_eq!(entries(&durable(&left)).len(), 0, "written, not synced");
    let (log, found) = Log::open(left.clone(), opening()).unwrap();
    assert_eq!((found.dropped, found.abandoned.len()), (None, 0));
    assert_eq!(found.entries, written as u64);
    assert_eq!(entries(&durable(&left)).len(), written);
    drop(log);
}

#[test]
fn a_durable_permit_exists_only_once_its_intent_is_durable() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    let permit = run
        .durable_intent::<access::Assets>(NOW, commitment("question"), 1)
        .unwrap();
    let left = entries(&durable(&shelf));
    assert!(matches!(left.last(), Some(Entry::Intent(_))));
    permit.outcome(NOW, ok()).unwrap();
}

#[test]
fn one_sync_covers_several_runs() {
    let (shelf, log) = fresh();
    let runs: Vec<_> = (0..5)
        .map(|_| log.begin_run(NOW, start()).unwrap())
        .collect();
    let ended: Vec<_> = runs
        .into_iter()
        .map(|run| run.close(NOW, commitment("answer"), 0, ()).unwrap())
        .collect();
    let before = shelf.syncs();
    for ended in ended {
        let _ = ended.release().unwrap();
    }
    assert_eq!(shelf.syncs(), before + 1);
}

#[test]
fn runs_of_several_threads_are_kept_apart() {
    let (shelf, log) = fresh();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let run = log.begin_run(NOW, start()).unwrap();
                    for _ in 0..3 {
                        ask(&run).unwrap().outcome(NOW, ok()).unwrap();
                    }
                    let released = run.end(NOW, commitment("answer"), 0, ()).unwrap();
                    assert!(released.sealed() >= released.committed());
                }
            });
        }
    });
    let report = checked(&shelf);
    assert!(report.bad.is_none(), "{:?}", report.bad);
    assert_eq!((report.totals.ended, report.totals.intents), (400, 1200));
    assert!(report.open.is_empty());
}

#[test]
fn a_run_can_be_the_state_of_a_sandbox() {
    fn owned_and_sendable<T: Send + 'static>() {}
    owned_and_sendable::<RunRecord>();
    owned_and_sendable::<Permit<access::Assets>>();
    owned_and_sendable::<Released<Vec<u8>>>();
}

#[test]
fn a_failed_run_releases_its_failure_only() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    let failure = Failure {
        code: FailureCode::Limit,
        cause: Words::new("the module ran too long"),
        limit: Some(Limit {
            name: Words::new("deadline_ms"),
            value: 2000,
        }),
    };
    let released = run.fail(NOW, failure.clone(), 0).unwrap();
    assert_eq!(released.value(), &failure);
    assert!(entries(&shelf).contains(&Entry::RunEnd {
        run: 0,
        verdict: Verdict::Failed(failure),
        counts: Counts::default(),
    }));
}

/// The journal as changed by `change`, framed anew: what only a writer with the program could make.
fn rewritten(shelf: &MemoryShelf, change: impl Fn(usize, Entry) -> Option<Entry>) -> Report {
    let mut out = file(shelf, JOURNAL)[..frame::HEADER].to_vec();
    let all = Entries::new(shelf.clone())
        .unwrap()
        .map(|found| found.unwrap());
    let kept = all.enumerate().filter_map(|(i, f)| {
        change(i, f.stamped.entry.clone()).map(|entry| (f.stamped.time, entry))
    });
    for (seq, (time, entry)) in kept.enumerate() {
        let at = out.len();
        out.extend([0; frame::HEAD]);
        let seq = seq as u64;
        serde_json::to_writer(
            &mut out,
            &Stamped {
                seq,
                time,
                entry,
                back_ms: None,
            },
        )
        .unwrap();
        frame::seal(&mut out, at).unwrap();
    }
    let shelf = shelf.copy();
    shelf.tamper(JOURNAL, |bytes| *bytes = out);
    checked(&shelf)
}

#[test]
fn an_entry_left_out_is_found_by_the_books() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    run.refused(NOW, refused()).unwrap();
    let _ = run.end(NOW, commitment("answer"), 0, ()).unwrap();
    assert!(rewritten(&shelf, |_, entry| Some(entry)).bad.is_none());
    let what = |left_out: usize| match rewritten(&shelf, |i, e| (i != left_out).then_some(e)).bad {
        Some(Finding::Disagreement { what, .. }) => Some(what),
        _ => None,
    };
    assert_eq!(what(0), Some(Disagreement::NotOpen { run: 0 }));
    assert_eq!(what(1), Some(Disagreement::NoIntent { run: 0, call: 1 }));
    assert_eq!(what(2), Some(Disagreement::Counts { run: 0 }));
    assert_eq!(what(3), Some(Disagreement::Counts { run: 0 }));
}
