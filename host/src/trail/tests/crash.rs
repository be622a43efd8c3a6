use super::*;
use crate::trail::JOURNAL;
use crate::trail::frame::{HEAD, HEADER};

/// A workload of some thirty entries with several syncs. Gives the folder, the number of entries
/// and bytes on stable storage, and the offsets at which its frames begin.
fn workload() -> (MemoryShelf, u64, usize, Vec<u64>) {
    let (shelf, log) = fresh();
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
    // From here on written, but not synced.
    pending.outcome(NOW, ok()).unwrap();
    let run = log.begin_run(NOW, start()).unwrap();
    for _ in 0..3 {
        ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    }
    shelf.fail_sync(0);
    assert!(run.end(NOW, commitment("answer"), 0, ()).is_err());
    let offsets: Vec<u64> = Entries::new(shelf.clone())
        .unwrap()
        .map(|found| found.unwrap().place.offset)
        .collect();
    assert_eq!(offsets.len(), 30);
    let synced = used(&durable(&shelf)).len();
    assert_eq!(synced as u64, offsets[21]);
    (shelf, sealed, synced, offsets)
}

/// The folder with other bytes in the used part of its journal.
fn with_journal(shelf: &MemoryShelf, bytes: &[u8]) -> MemoryShelf {
    let left = shelf.copy();
    left.tamper(JOURNAL, |journal| {
        journal.fill(0);
        journal[..bytes.len()].copy_from_slice(bytes);
    });
    left
}

fn reopen(shelf: &MemoryShelf, sealed: u64) -> Result<Recovered, OpenError> {
    let opening = Opening {
        sealed,
        ..opening()
    };
    Log::open(shelf.clone(), opening).map(|(_, found)| found)
}

/// What must hold however the unsynced part was left.
fn recovered(shelf: &MemoryShelf, left: &[u8], sealed: u64, kept: usize, at: &str) -> Recovered {
    let shelf = with_journal(shelf, left);
    let last = left.iter().rposition(|b| *b != 0).unwrap();
    let gone = (last + 1).saturating_sub(kept) as u64;
    let found = reopen(&shelf, sealed).unwrap_or_else(|e| panic!("{at}: {e}"));
    let bytes = used(&shelf);
    assert_eq!(bytes[..kept], left[..kept], "{at}");
    assert_eq!(files(&durable(&shelf)), files(&shelf), "{at}");
    assert_eq!(found.dropped.map_or(0, |d| d.bytes), gone, "{at}");
    assert!(!found.abandoned.is_empty(), "{at}");
    let Some(Entry::Recovery(recovery)) = entries(&shelf).pop() else {
        panic!("{at}: no recovery");
    };
    assert_eq!(recovery.dropped_bytes, gone, "{at}");
    assert_eq!(recovery.abandoned, found.abandoned, "{at}");
    assert!(checked(&shelf).open.is_empty(), "{at}");
    let before = files(&shelf);
    let nothing = reopen(&shelf, found.entries).unwrap();
    assert_eq!(
        (nothing.dropped, nothing.abandoned.len()),
        (None, 0),
        "{at}"
    );
    assert_eq!(files(&shelf), before, "{at}");
    found
}

#[test]
fn a_crash_at_any_byte_keeps_what_was_synced_and_says_what_went() {
    let (shelf, sealed, synced, offsets) = workload();
    let whole = used(&shelf);
    for end in synced..=whole.len() {
        // The last place a frame ends at: where the next one begins, or the used part does.
        let sound = offsets.iter().copied().chain([whole.len() as u64]);
        let sound = sound.filter(|o| *o <= end as u64).max().unwrap() as usize;
        let at = format!("cut at {end}");
        let found = recovered(&shelf, &whole[..end], sealed, sound, &at);
        assert!(found.dropped.is_none_or(|d| d.whole == 0));
    }
}

#[test]
fn a_bit_flipped_in_the_unsynced_tail_costs_what_is_behind_it_and_says_so() {
    let (shelf, sealed, synced, offsets) = workload();
    let whole = used(&shelf);
    for at in synced..whole.len() {
        let mut left = whole.clone();
        left[at] ^= 1 << (at % 8);
        let bad = offsets.iter().rposition(|o| *o <= at as u64).unwrap();
        let kept = offsets[bad] as usize;
        let found = recovered(&shelf, &left, sealed, kept, &format!("flipped at {at}"));
        let dropped = found.dropped.unwrap();
        assert_eq!(dropped.entry, bad as u64);
        assert_eq!(dropped.whole, (offsets.len() - bad - 1) as u64);
    }
}

/// That a trail whose journal has these bytes is not opened for the entry that holds `at`, and is left
/// as it is.
fn damaged(shelf: &MemoryShelf, left: &[u8], sealed: u64, offsets: &[u64], at: usize) {
    let shelf = with_journal(shelf, left);
    let before = files(&shelf);
    let entry = offsets.iter().rposition(|o| *o <= at as u64);
    match (reopen(&shelf, sealed).unwrap_err(), entry) {
        (OpenError::Header(_), None) => {}
        (OpenError::Damaged { entry, place, .. }, Some(want)) => {
            let found = (entry, place.offset);
            assert_eq!(found, (want as u64, offsets[want]), "at {at}");
        }
        (other, _) => panic!("at {at}: {other}"),
    }
    assert_eq!(files(&shelf), before, "at {at}");
}

#[test]
fn a_cut_or_a_flipped_bit_below_what_is_sealed_is_damage_and_nothing_is_touched() {
    let (shelf, sealed, synced, offsets) = workload();
    let whole = used(&shelf);
    for at in 0..synced {
        damaged(&shelf, &whole[..at], sealed, &offsets, at);
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        damaged(&shelf, &flipped, sealed, &offsets, at);
    }
}

#[test]
fn a_cut_or_a_flipped_bit_below_a_checkpoint_is_damage_though_nobody_else_knows_of_it() {
    let (shelf, log) = fresh();
    for _ in 0..3 {
        log.append(NOW, intake()).unwrap();
    }
    log.checkpoint().unwrap();
    let found = Entries::new(shelf.clone()).unwrap();
    let offsets: Vec<u64> = found.map(|found| found.unwrap().place.offset).collect();
    let whole = used(&shelf);
    for at in 0..whole.len() {
        damaged(&shelf, &whole[..at], 0, &offsets, at);
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        damaged(&shelf, &flipped, 0, &offsets, at);
    }
}

#[test]
fn an_entry_that_was_signed_and_is_another_one_now_is_found() {
    let (shelf, log) = fresh();
    log.append(NOW, intake()).unwrap();
    log.checkpoint().unwrap();
    shelf.tamper(JOURNAL, |journal| {
        let end = journal.iter().rposition(|b| *b != 0).unwrap() + 1;
        let mut frame = journal[HEADER..end].to_vec();
        let digit = frame.len() - 2;
        frame[digit] ^= 1;
        frame::seal(&mut frame, 0).unwrap();
        journal[HEADER..end].copy_from_slice(&frame);
    });
    assert!(matches!(
        reopen(&shelf, 0),
        Err(OpenError::Changed { entry: 0, .. })
    ));
}

#[test]
fn a_file_that_is_no_trail_is_left_alone() {
    let other = b"# knowledge of the tenant, in a file of the wrong name, as long as a header";
    let shelf = MemoryShelf::default();
    shelf.tamper(JOURNAL, |bytes| bytes.extend(other));
    let found = reopen(&shelf, 0);
    assert!(matches!(found, Err(OpenError::Header(HeaderFault::Magic))));
    assert_eq!(file(&shelf, JOURNAL), other);
}

#[test]
fn a_journal_that_is_gone_is_no_new_trail() {
    let (shelf, log) = fresh();
    log.append(NOW, intake()).unwrap();
    log.checkpoint().unwrap();
    shelf.tamper(JOURNAL, Vec::clear);
    let is_missed = |shelf: &MemoryShelf, sealed| {
        matches!(
            reopen(shelf, sealed),
            Err(OpenError::Apart(Apart::NoJournal | Apart::NoTrail { .. }))
        )
    };
    assert!(is_missed(&shelf, 0), "the checkpoint is there");
    let head = shelf.clone().head().unwrap();
    let empty = MemoryShelf::default();
    empty.set_head(head);
    assert!(is_missed(&empty, 0), "its head is known");
    empty.set_head(None);
    assert!(is_missed(&empty, 1), "the store knows of it");
    assert!(reopen(&empty, 0).unwrap().created);
}

#[test]
fn an_entry_of_a_kind_this_host_does_not_know_is_never_cut_off() {
    let (shelf, log) = fresh();
    log.append(NOW, intake()).unwrap();
    log.sync().unwrap();
    let mut bytes = used(&shelf);
    let at = bytes.len();
    bytes.extend([0; HEAD]);
    bytes.extend(br#"{"seq":1,"time_ms":0,"kind":"of-later"}"#);
    frame::seal(&mut bytes, at).unwrap();
    let shelf = with_journal(&shelf, &bytes);
    let found = reopen(&shelf, 0);
    assert!(matches!(found, Err(OpenError::Unknown(_))));
    assert_eq!(used(&shelf), bytes);
}

#[test]
fn a_run_that_ended_and_is_not_stored_is_named_once_and_told_each_time() {
    let (shelf, log) = fresh();
    for _ in 0..3 {
        let run = log.begin_run(NOW, start()).unwrap();
        let _ = run.end(NOW, commitment("answer"), 0, ()).unwrap();
    }
    drop(log);
    let committed = Opening {
        committed: Some(2),
        ..opening()
    };
    for entries_then in [7, 7] {
        let (_, found) = Log::open(shelf.clone(), committed.clone()).unwrap();
        assert_eq!(found.unstored, [2, 4]);
        assert_eq!(found.entries, entries_then);
    }
    assert!(matches!(
        entries(&shelf).last(),
        Some(Entry::Recovery(r)) if r.unstored == [2, 4] && r.reason == RecoveryReason::OpenRuns
    ));
    let ahead = Opening {
        committed: Some(8),
        ..opening()
    };
    assert!(matches!(
        Log::open(shelf, ahead),
        Err(OpenError::Damaged { entry: 7, .. })
    ));
}

#[test]
fn more_open_runs_than_an_entry_holds_are_all_named() {
    let (shelf, log) = fresh();
    let runs: Vec<_> = (0..60)
        .map(|_| log.begin_run(NOW, start()).unwrap())
        .collect();
    log.sync().unwrap();
    let shelf = durable(&shelf);
    drop(runs);
    let (_, found) = Log::open(shelf.clone(), opening()).unwrap();
    assert_eq!((found.abandoned.len(), found.entries), (60, 63));
    let report = checked(&shelf);
    assert_eq!((report.totals.abandoned_runs, report.open.len()), (60, 0));
}
