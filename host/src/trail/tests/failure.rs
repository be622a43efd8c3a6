use super::*;

/// What a host does; stops at the first thing that could not be recorded. Gives the number of
/// entries known to be durable, how many permits it got, and the error.
fn host(log: &Log) -> (u64, u64, Option<TrailError>) {
    let (mut durable, mut permits) = (0, 0);
    let mut work = || -> Result<(), TrailError> {
        for _ in 0..4 {
            log.append(NOW, intake())?;
            durable = log.sync()?;
            let run = log.begin_run(NOW, start())?;
            for _ in 0..60 {
                let permit = ask(&run)?;
                permits += 1;
                permit.outcome(NOW, ok())?;
            }
            let permit = run.durable_intent::<access::Assets>(NOW, commitment("q"), 1)?;
            permits += 1;
            permit.outcome(NOW, ok())?;
            durable = run.end(NOW, commitment("answer"), 0, ())?.sealed();
        }
        Ok(())
    };
    let error = work().err();
    (durable, permits, error)
}

fn closed_for_good(log: &Log, shelf: &MemoryShelf) {
    let before = shelf.operations();
    assert!(matches!(
        log.append(NOW, intake()),
        Err(TrailError::Poisoned)
    ));
    assert!(matches!(
        log.begin_run(NOW, start()),
        Err(TrailError::Poisoned)
    ));
    assert!(matches!(log.sync(), Err(TrailError::Poisoned)));
    assert!(matches!(log.checkpoint(), Err(TrailError::Poisoned)));
    assert_eq!(shelf.operations(), before, "never retried");
}

fn what_was_synced_is_there(shelf: &MemoryShelf, durable: u64) {
    for every in [u64::MAX, 3, 1] {
        let mut nth = 0;
        let left = shelf.left(&mut |choices| {
            nth += 1;
            if nth % every == 0 { choices - 1 } else { 0 }
        });
        let sealed = Opening {
            sealed: durable,
            ..opening()
        };
        let (_, found) = Log::open(left.clone(), sealed).unwrap();
        assert!(found.entries >= durable);
        assert!(checked(&left).bad.is_none());
    }
}

#[test]
fn after_any_failed_write_no_permit_is_given_and_what_was_synced_is_there() {
    let (shelf, log) = fresh();
    let made = shelf.operations();
    assert!(host(&log).2.is_none());
    let operations = shelf.operations() - made;
    let mut writes = 0;
    for n in 0..operations {
        for kept in [0, 1, 13, 700, usize::MAX] {
            let (shelf, log) = fresh();
            shelf.fail_operation(n, kept);
            let (durable, _, error) = host(&log);
            match error {
                Some(TrailError::Write(_)) => writes += 1,
                Some(TrailError::Sync(_)) => {}
                other => panic!("operation {n}: {other:?}"),
            }
            closed_for_good(&log, &shelf);
            what_was_synced_is_there(&shelf, durable);
        }
    }
    assert!(writes > 40, "{writes}");
}

#[test]
fn after_any_failed_sync_no_permit_is_given_and_what_was_synced_is_there() {
    let (shelf, log) = fresh();
    let made = shelf.syncs();
    assert!(host(&log).2.is_none());
    let syncs = shelf.syncs() - made;
    assert_eq!(syncs, 12);
    for n in 0..syncs {
        let (shelf, log) = fresh();
        shelf.fail_sync(n);
        let (durable, permits, error) = host(&log);
        assert!(
            matches!(error, Some(TrailError::Sync(_))),
            "sync {n}: {error:?}"
        );
        // Of each three syncs the second is the one a durable permit waits for.
        assert_eq!(permits, n / 3 * 61 + [0, 60, 61][n as usize % 3]);
        closed_for_good(&log, &shelf);
        what_was_synced_is_there(&shelf, durable);
    }
}

#[test]
fn a_run_in_flight_gets_no_permit_and_no_release_once_the_log_is_closed() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    let permit = ask(&run).unwrap();
    let ended = log
        .begin_run(NOW, start())
        .unwrap()
        .close(NOW, commitment("answer"), 0, ())
        .unwrap();
    shelf.fail_sync(0);
    assert!(matches!(log.sync(), Err(TrailError::Sync(_))));
    assert!(matches!(ask(&run), Err(TrailError::Poisoned)));
    assert!(matches!(
        permit.outcome(NOW, ok()),
        Err(TrailError::Poisoned)
    ));
    assert!(matches!(
        run.refused(NOW, refused()),
        Err(TrailError::Poisoned)
    ));
    assert!(matches!(
        run.end(NOW, commitment("answer"), 0, ()),
        Err(TrailError::Poisoned)
    ));
    assert!(matches!(ended.release(), Err(TrailError::Poisoned)));
}

#[test]
fn a_trail_whose_recovery_cannot_be_recorded_does_not_open() {
    let (shelf, log) = fresh();
    let run = log.begin_run(NOW, start()).unwrap();
    log.sync().unwrap();
    drop(run);
    let whole = durable(&shelf);
    let open = |shelf: &MemoryShelf| Log::open(shelf.clone(), opening());
    let kept = whole.copy();
    let (log, _) = open(&kept).unwrap();
    let operations = kept.operations();
    drop(log);
    assert!(operations > 1);
    for n in 0..operations {
        let left = whole.copy();
        left.fail_operation(n, 3);
        let error = open(&left).unwrap_err();
        assert!(
            matches!(error, OpenError::Io(_) | OpenError::Record(_)),
            "operation {n}: {error}"
        );
        let (_, found) = open(&durable(&left)).unwrap();
        assert_eq!(found.abandoned.len(), 1, "operation {n}");
    }
}

#[test]
fn whatever_was_released_by_any_thread_before_a_failure_is_durable() {
    for n in 0..40 {
        let (shelf, log) = fresh();
        if n % 2 == 0 {
            shelf.fail_sync(n);
        } else {
            shelf.fail_operation(n, 50);
        }
        let released = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let Ok(run) = log.begin_run(NOW, start()) else {
                            return;
                        };
                        let Ok(one) = run.end(NOW, commitment("answer"), 0, ()) else {
                            return;
                        };
                        released.lock().unwrap().push(one.run());
                    }
                });
            }
        });
        closed_for_good(&log, &shelf);
        let ended: Vec<_> = entries(&durable(&shelf))
            .into_iter()
            .filter_map(|entry| {
                let Entry::RunEnd { run, .. } = entry else {
                    return None;
                };
                Some(run)
            })
            .collect();
        for run in released.into_inner().unwrap() {
            assert!(ended.contains(&run), "run {run} at failure {n}");
        }
    }
}
