use super::*;

/// A workload of some thirty entries with several syncs. Gives the medium, the number of entries
/// and bytes on it at the last sync, and the offsets at which its frames begin.
fn workload() -> (MemoryMedium, u64, Vec<u64>) {
    let (medium, log) = fresh();
    log.append(NOW, intake()).unwrap();
    for _ in 0..3 {
        let run = log.begin_run(NOW, start()).unwrap();
        ask(&run).unwrap().outcome(NOW, ok()).unwrap();
        ask(&run).unwrap().outcome(NOW, unavailable()).unwrap();
        let _ = run.end(NOW, commitment("answer"), 1, ()).unwrap();
    }
    let open = log.begin_run(NOW, start()).unwrap();
    let pending = ask(&open).unwrap();
    let sealed = log.sync().unwrap();
    assert_eq!(sealed, 21);
    // From here on written, but not synced: what waits is written when it fills a buffer.
    pending.outcome(NOW, ok()).unwrap();
    let run = log.begin_run(NOW, start()).unwrap();
    for _ in 0..3 {
        ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    }
    let synced = medium.synced();
    medium.fail_sync(0);
    assert!(run.end(NOW, commitment("answer"), 0, ()).is_err());
    assert_eq!(medium.synced(), synced);
    let bytes = medium.written();
    let offsets: Vec<u64> = Entries::new(bytes.as_slice())
        .unwrap()
        .map(|found| found.unwrap().offset)
        .collect();
    assert_eq!(offsets.len(), 30);
    (medium, sealed, offsets)
}

fn reopen(bytes: Vec<u8>, sealed: u64) -> (MemoryMedium, Result<Recovered, OpenError>) {
    let medium = MemoryMedium::holding(bytes);
    let opening = Opening {
        sealed,
        ..opening()
    };
    let found = Log::open(medium.clone(), opening).map(|(_, found)| found);
    (medium, found)
}

/// What must hold however the unsynced part was left.
fn recovered(left: &[u8], whole: &[u8], sealed: u64, kept: usize, at: &str) -> Recovered {
    let (medium, found) = reopen(left.to_vec(), sealed);
    let found = found.unwrap_or_else(|e| panic!("{at}: {e}"));
    let bytes = medium.written();
    assert_eq!(bytes[..kept], whole[..kept], "{at}");
    assert_eq!(medium.synced(), bytes.len(), "{at}");
    assert_eq!(
        found.dropped.map_or(0, |d| d.bytes),
        (left.len() - kept) as u64,
        "{at}"
    );
    assert!(!found.abandoned.is_empty(), "{at}");
    let Some(Entry::Recovery(recovery)) = entries(&bytes).pop() else {
        panic!("{at}: no recovery");
    };
    assert_eq!(recovery.dropped_bytes, (left.len() - kept) as u64, "{at}");
    assert_eq!(recovery.abandoned, found.abandoned, "{at}");
    assert!(verify(&bytes).open.is_empty(), "{at}");
    let (again, nothing) = reopen(bytes.clone(), found.entries);
    let nothing = nothing.unwrap();
    assert_eq!(
        (nothing.dropped, nothing.abandoned.len()),
        (None, 0),
        "{at}"
    );
    assert_eq!(again.written(), bytes, "{at}");
    found
}

#[test]
fn a_crash_at_any_byte_keeps_what_was_synced_and_says_what_went() {
    let (medium, sealed, offsets) = workload();
    let whole = medium.written();
    let synced = medium.synced();
    for kept in 0..=whole.len() - synced {
        let left = medium.crash(kept).written();
        let end = left.len() as u64;
        // The last place a frame ends at: where the next one begins, or the file does.
        let sound = offsets.iter().copied().chain([whole.len() as u64]);
        let sound = sound.filter(|o| *o <= end).max().unwrap() as usize;
        let found = recovered(&left, &whole, sealed, sound, &format!("cut at {end}"));
        assert!(found.dropped.is_none_or(|d| d.whole == 0));
    }
}

#[test]
fn a_bit_flipped_in_the_unsynced_tail_costs_what_is_behind_it_and_says_so() {
    let (medium, sealed, offsets) = workload();
    let whole = medium.written();
    for at in medium.synced()..whole.len() {
        let mut left = whole.clone();
        left[at] ^= 1 << (at % 8);
        let bad = offsets.iter().rposition(|o| *o <= at as u64).unwrap();
        let kept = offsets[bad] as usize;
        let found = recovered(&left, &whole, sealed, kept, &format!("flipped at {at}"));
        let dropped = found.dropped.unwrap();
        assert_eq!(dropped.entry, bad as u64);
        assert_eq!(dropped.whole, (offsets.len() - bad - 1) as u64);
    }
}

#[test]
fn a_cut_or_a_flipped_bit_below_what_is_sealed_is_damage_and_nothing_is_touched() {
    let (medium, sealed, offsets) = workload();
    let whole = medium.written();
    let synced = medium.synced();
    let damaged = |left: Vec<u8>, at: usize| {
        let (medium, found) = reopen(left.clone(), sealed);
        let entry = offsets.iter().rposition(|o| *o <= at as u64);
        match (found.unwrap_err(), entry) {
            (OpenError::Header(_), None) => {}
            (OpenError::Damaged { entry, offset, .. }, Some(want)) => {
                assert_eq!((entry, offset), (want as u64, offsets[want]), "at {at}");
            }
            (other, _) => panic!("at {at}: {other}"),
        }
        assert_eq!(medium.written(), left, "at {at}");
    };
    for at in 0..synced {
        damaged(whole[..at].to_vec(), at);
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        damaged(flipped, at);
    }
}

#[test]
fn a_crash_while_the_file_is_made_leaves_a_file_that_can_be_opened() {
    let (medium, _) = fresh();
    let header = medium.written();
    for length in 1..header.len() {
        for left in [header[..length].to_vec(), vec![0; length + 1]] {
            let (medium, found) = reopen(left.clone(), 0);
            let found = found.unwrap();
            assert!(found.created);
            assert_eq!(found.dropped.map(|d| d.bytes), Some(left.len() as u64));
            assert_eq!(entries(&medium.written()).len(), 1);
            assert!(matches!(reopen(left, 1).1, Err(OpenError::Header(_))));
        }
    }
}

#[test]
fn a_file_that_is_no_trail_is_left_alone() {
    let other = b"# knowledge of the tenant, in a file of the wrong name".to_vec();
    let (medium, found) = reopen(other.clone(), 0);
    assert!(matches!(found, Err(OpenError::Header(HeaderFault::Magic))));
    assert_eq!(medium.written(), other);
}

#[test]
fn an_entry_of_a_kind_this_host_does_not_know_is_never_cut_off() {
    let (medium, log) = fresh();
    log.append(NOW, intake()).unwrap();
    log.sync().unwrap();
    let mut bytes = medium.written();
    let at = bytes.len();
    bytes.extend([0; frame::HEAD]);
    bytes.extend(br#"{"seq":1,"time_ms":0,"kind":"of-later"}"#);
    frame::seal(&mut bytes, at).unwrap();
    let (medium, found) = reopen(bytes.clone(), 0);
    assert!(matches!(found, Err(OpenError::Unknown(_))));
    assert_eq!(medium.written(), bytes);
}

#[test]
fn a_run_that_ended_and_is_not_stored_is_named_once_and_told_each_time() {
    let (medium, log) = fresh();
    for _ in 0..3 {
        let run = log.begin_run(NOW, start()).unwrap();
        let _ = run.end(NOW, commitment("answer"), 0, ()).unwrap();
    }
    let committed = Opening {
        committed: Some(2),
        ..opening()
    };
    for entries_then in [7, 7] {
        let (_, found) = Log::open(medium.clone(), committed).unwrap();
        assert_eq!(found.unstored, [2, 4]);
        assert_eq!(found.entries, entries_then);
    }
    assert!(matches!(
        entries(&medium.written()).last(),
        Some(Entry::Recovery(r)) if r.unstored == [2, 4] && r.reason == RecoveryReason::OpenRuns
    ));
    let ahead = Opening {
        committed: Some(8),
        ..opening()
    };
    assert!(matches!(
        Log::open(medium, ahead),
        Err(OpenError::Damaged { entry: 7, .. })
    ));
}

#[test]
fn more_open_runs_than_an_entry_holds_are_all_named() {
    let (medium, log) = fresh();
    let runs: Vec<_> = (0..60)
        .map(|_| log.begin_run(NOW, start()).unwrap())
        .collect();
    log.sync().unwrap();
    drop(runs);
    let (_, found) = Log::open(medium.clone(), opening()).unwrap();
    assert_eq!((found.abandoned.len(), found.entries), (60, 63));
    let report = verify(&medium.written());
    assert_eq!((report.totals.abandoned_runs, report.open.len()), (60, 0));
}
