//! Facts about whole trails.

mod books;
mod crash;
mod failure;
mod format;
mod runs;

use super::*;
use crate::model::{Capability, Digest, FieldSet, Instant, ModuleName};

pub(super) const NOW: Instant = Instant::from_millis(1_795_000_000_000);

pub(super) fn opening() -> Opening {
    Opening {
        origin: Origin::from_bytes(*b"0123456789abcdef"),
        now: NOW,
        sealed: 0,
        committed: None,
    }
}

pub(super) fn fresh() -> (MemoryMedium, Log) {
    let medium = MemoryMedium::default();
    let (log, found) = Log::open(medium.clone(), opening()).unwrap();
    assert!(found.created);
    (medium, log)
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

pub(super) fn ask(run: &RunRecord) -> Result<Permit, TrailError> {
    run.intent(NOW, Capability::Assets, commitment("question"), 3)
}

/// The entries of a file that must be sound.
pub(super) fn entries(bytes: &[u8]) -> Vec<Entry> {
    let report = verify(bytes);
    assert!(report.bad.is_none(), "{:?}", report.bad);
    Entries::new(bytes)
        .unwrap()
        .map(|found| found.unwrap().stamped.entry)
        .collect()
}
