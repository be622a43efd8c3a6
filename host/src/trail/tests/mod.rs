//! Facts about whole trails.

mod books;
mod crash;
mod failure;
mod format;
mod runs;
mod sim;

use super::*;
use crate::model::{Capability, Digest, FieldSet, Instant, ModuleName, access};
use crate::trail::note::VerifierKey;
use std::sync::Arc;

pub(super) const NOW: Instant = Instant::from_millis(1_795_000_000_000);

/// The seed of the key that `FORMAT.md` names.
pub(super) const SEED: [u8; 32] = [7; 32];

pub(super) fn opening() -> Opening {
    Opening {
        origin: Origin::from_bytes(*b"0123456789abcdef"),
        now: NOW,
        sealed: 0,
        committed: None,
        next_alert: None,
        store: None,
        key: Arc::new(MemoryKey::from_seed(SEED)),
    }
}

/// The public key of a log, as whoever checks one has it.
pub(super) fn vkey(log: &str) -> Option<VerifierKey> {
    let signer = MemoryKey::from_seed(SEED).signer(log).ok()?;
    Some(signer.key().clone())
}

pub(super) fn fresh() -> (MemoryShelf, Log) {
    let shelf = MemoryShelf::default();
    let (log, found) = Log::open(shelf.clone(), opening()).unwrap();
    assert!(found.created);
    (shelf, log)
}

pub(super) fn commitment(text: &str) -> Commitment {
    Commitment::of(&Salt::from_bytes([7; 32]), text.as_bytes())
}

pub(super) fn start() -> RunStart {
    RunStart {
        module: ModuleName::parse("enrich-assets").unwrap(),
        digest: Digest::of(b"component"),
        host: Words::new("0.1.0"),
        build: Some(Digest::of(b"program")),
        boundary: Digest::of(b"boundary"),
        grant: Some(Digest::of(b"grant")),
        settings: Some(commitment("settings")),
        as_of: NOW,
        batch: commitment("batch"),
        alerts: 2,
        capabilities: [Capability::Assets].into(),
        fields: FieldSet::all(),
        withheld: FieldSet::default(),
        pooled: false,
        shadow: false,
    }
}

pub(super) fn intake() -> Intake {
    Intake {
        batch: commitment("batch"),
        alerts: 2,
        duplicates: 1,
        revisions: 0,
        rejects: 0,
        left_out: 0,
        first: Some(1),
        last: Some(2),
    }
}

pub(super) fn ok() -> Outcome {
    Outcome::Ok {
        answer: commitment("answer"),
        items: 1,
    }
}

pub(super) fn refused() -> Refused {
    Refused {
        module: ModuleName::parse("enrich-assets").unwrap(),
        capability: Some(Capability::KnownGood),
        decided_by: DecidedBy {
            file: Words::new("boundary.toml"),
            line: Some(14),
            boundary: Digest::of(b"boundary"),
        },
    }
}

pub(super) fn unavailable() -> Outcome {
    Outcome::Refused {
        refusal: RefusalCode::Unavailable,
        cause: Words::new("the list of assets could not be read"),
    }
}

pub(super) fn ask(run: &RunRecord) -> Result<Permit<access::Assets>, TrailError> {
    run.intent(NOW, commitment("question"), 3)
}

pub(super) fn checked(shelf: &MemoryShelf) -> Report {
    verify(&mut shelf.clone(), &vkey, None)
}

/// The entries of a trail that must be sound.
pub(super) fn entries(shelf: &MemoryShelf) -> Vec<Entry> {
    let report = checked(shelf);
    assert!(report.bad.is_none(), "{:?}", report.bad);
    Entries::new(shelf.clone())
        .unwrap()
        .map(|found| found.unwrap().stamped.entry)
        .collect()
}

/// What is certainly there after the machine stops: what is on stable storage.
pub(super) fn durable(shelf: &MemoryShelf) -> MemoryShelf {
    shelf.left(&mut |_| 0)
}

pub(super) fn file(shelf: &MemoryShelf, path: &str) -> Vec<u8> {
    shelf.clone().read(path).unwrap().unwrap()
}

/// The journal up to its last byte that is no zero.
pub(super) fn used(shelf: &MemoryShelf) -> Vec<u8> {
    let mut journal = file(shelf, JOURNAL);
    let used = journal.iter().rposition(|b| *b != 0).unwrap() + 1;
    journal.truncate(used);
    journal
}

/// Every file with its bytes.
pub(super) fn files(shelf: &MemoryShelf) -> Vec<(String, Vec<u8>)> {
    let paths = shelf.clone().list().unwrap().into_iter();
    let read = paths.map(|path| {
        let bytes = file(shelf, &path);
        (path, bytes)
    });
    read.collect()
}
