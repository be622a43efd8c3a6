//! What must hold of every state that a host leaves which stops.

use super::host::{Known, open};
use super::raw::{Raw, is_recovery, json, raw, root};
use super::*;

/// What was there before a stop.
#[derive(Clone, Default)]
pub(super) struct Past {
    /// The entries as the host saw them.
    pub(super) entries: Vec<Vec<u8>>,
    /// Bytes that a start before this one found torn, and must have named or left as they are.
    pub(super) torn: u64,
}

/// Opens a folder as a stop left it and checks all that must hold then. Where it fails, `at` says where.
#[expect(
    clippy::print_stderr,
    reason = "which of the states it was, before the panic goes on"
)]
pub(super) fn check(shelf: &MemoryShelf, known: &Known, past: &Past, at: &dyn Fn() -> String) {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        checked_all(shelf, known, past);
    }));
    if let Err(panic) = result {
        eprintln!("in the state left by {}", at());
        std::panic::resume_unwind(panic);
    }
}

fn checked_all(shelf: &MemoryShelf, known: &Known, past: &Past) {
    let found_there = raw(shelf);
    let mut known = known.clone();
    let durable = known.durable;
    let (log, found) = match open(shelf, &mut known) {
        Ok(opened) => opened,
        Err(error) => panic!("a false alarm: {error}\n{:?}", shelf.clone().list()),
    };
    let now = raw(shelf);
    assert_eq!(now.torn, 0);
    assert_eq!(known.base() + now.entries.len() as u64, found.entries);
    nothing_lost(&found_there, &now, durable, past, &found);
    unstored(&now, &known, &found);
    verified(shelf, &known, "as it was opened");
    assert_eq!(raw(&super::durable(shelf)), now, "not durable");

    let signed = log.checkpoint().unwrap().unverified().clone();
    assert_eq!(signed.size(), now.entries.len() as u64);
    assert_eq!(*signed.root().as_bytes(), root(&now.entries));
    known.seen = Some(signed);
    verified(shelf, &known, "once it is signed");
    drop(log);

    let before = files(shelf);
    let (log, again) = open(shelf, &mut known).unwrap();
    let nothing = Recovered {
        entries: found.entries,
        unstored: found.unstored,
        ..Recovered::default()
    };
    assert_eq!(again, nothing, "opened again");
    drop(log);
    assert_eq!(files(shelf), before, "opened again");
}

/// That what was given out is there, that nothing is there which was not, and that what was cut off
/// is named.
fn nothing_lost(there: &Raw, now: &Raw, durable: u64, past: &Past, found: &Recovered) {
    let same = past.entries.iter().zip(&now.entries);
    let kept = same.take_while(|(old, new)| old == new).count();
    let number = now.base + kept as u64;
    assert!(
        now.entries.is_empty() || number >= durable,
        "entries up to {durable} were durable, and those up to {number} are there"
    );
    assert_eq!(now.entries[..there.entries.len()], there.entries);
    let first = usize::from(found.created && now.base > 0);
    for entry in &now.entries[kept.max(first)..] {
        assert!(is_recovery(entry), "{}", String::from_utf8_lossy(entry));
    }
    let dropped = found.dropped.map_or(0, |dropped| dropped.bytes);
    assert_eq!(dropped, there.torn);
    for torn in [there.torn, past.torn] {
        let names = |entry: &Vec<u8>| is_recovery(entry) && json(entry)["dropped_bytes"] == torn;
        // What was torn may be whole again: the sectors that lack may not be on the disk yet.
        assert!(
            torn == 0 || now.entries.iter().any(names),
            "a loss of {torn} bytes is not named"
        );
    }
}

/// That the runs which ended and are not in the store are told, and named.
fn unstored(now: &Raw, known: &Known, found: &Recovered) {
    let all = now.entries.iter().map(|entry| json(entry));
    let all: Vec<_> = all.collect();
    let ended = all.iter().filter(|entry| {
        entry["kind"] == "run.end" && entry["seq"].as_u64().unwrap() >= known.stored
    });
    let ended: Vec<u64> = ended.map(|entry| entry["run"].as_u64().unwrap()).collect();
    assert_eq!(found.unstored, ended);
    for run in ended {
        let names = |entry: &serde_json::Value| {
            entry["kind"] == "recovery"
                && entry["unstored"].as_array().unwrap().contains(&run.into())
        };
        assert_eq!(all.iter().filter(|e| names(e)).count(), 1, "run {run}");
    }
}

fn verified(shelf: &MemoryShelf, known: &Known, when: &str) {
    let report = verify(&mut shelf.clone(), &vkey, known.seen.as_ref());
    assert!(
        report.bad.is_none(),
        "verify, {when}: {:?}\n{:?}",
        report.bad,
        shelf.clone().list()
    );
    assert!(report.open.is_empty(), "{:?}", report.open);
    if let Some(signed) = report.checkpoint {
        let checkpoint = signed.unverified();
        let entries = raw(shelf).entries;
        let size = checkpoint.size() as usize;
        assert_eq!(
            *checkpoint.root().as_bytes(),
            root(&entries[..size]),
            "{when}"
        );
    }
}
