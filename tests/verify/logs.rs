use super::export::Export;
use casemate::model::{Capability, Digest, FieldSet, Instant, ModuleName, access};
use casemate::trail::note::{MemorySigner, SignedCheckpoint, Signer as _};
use casemate::trail::{
    Before, Commitment, DecidedBy, Intake, Log, Lost, MemoryKey, MemoryShelf, Opening, Origin,
    Outcome, Refused, Restore, RunStart, Salt, Words,
};
use std::sync::Arc;

const NOW: Instant = Instant::from_millis(1_795_000_000_000);
/// The seed of the tenant's key.
const SEED: [u8; 32] = [7; 32];

/// A log that grows in memory.
pub(crate) struct Growing {
    shelf: MemoryShelf,
    log: Log,
    size: u64,
    /// Goes into its entries, so that two logs of one size may differ.
    salt: u8,
}

impl Growing {
    pub(crate) fn begun(salt: u8) -> Self {
        let shelf = MemoryShelf::default();
        let (log, _) = Log::open(shelf.clone(), opening(ORIGIN)).unwrap();
        Self {
            shelf,
            log,
            size: 0,
            salt,
        }
    }

    /// A log that goes on after another one, whose entries are numbered on.
    pub(crate) fn after(other: &Export) -> Self {
        let before = SignedCheckpoint::parse(&other.checkpoint()).unwrap();
        let before = before.unverified();
        let restore = Restore {
            backup: None,
            taken: Some(NOW),
            before: Some(Before {
                log: Origin::of_name(before.origin()).unwrap(),
                size: before.size(),
                root: before.root(),
            }),
            kept: None,
            by: Some(commitment("somebody", 0)),
        };
        let shelf = MemoryShelf::default();
        let opening = opening(LATER);
        let lost = vec![Lost { first: 3, last: 7 }];
        let base = before.size() + 3;
        let log = Log::begin_after(shelf.clone(), &opening, base, (restore, lost)).unwrap();
        Self {
            shelf,
            log,
            size: 2,
            salt: 0,
        }
    }

    /// With other entries from here on.
    pub(crate) fn salted(mut self, salt: u8) -> Self {
        self.salt = salt;
        self
    }

    /// Brings it to this many entries, and signs them.
    pub(crate) fn to(&mut self, size: u64) -> Export {
        while self.size < size {
            self.size += if self.size % 7 == 1 && self.size + 5 <= size {
                self.run()
            } else {
                self.intake()
            };
        }
        self.log.checkpoint().unwrap();
        let export = Export::of(&self.shelf);
        assert_eq!(export.size(), size);
        export
    }

    fn intake(&self) -> u64 {
        let intake = Intake {
            batch: commitment("batch", self.salt),
            alerts: self.size,
            duplicates: 0,
            revisions: 0,
            rejects: 1,
            left_out: 0,
            first: None,
            last: None,
        };
        self.log.append(NOW, intake).unwrap();
        1
    }

    fn run(&self) -> u64 {
        let module = ModuleName::parse("enrich-assets").unwrap();
        let start = RunStart {
            module: module.clone(),
            digest: Digest::of(b"component"),
            host: Words::new("0.1.0"),
            build: None,
            boundary: Digest::of(b"boundary"),
            grant: None,
            as_of: NOW,
            batch: commitment("batch", self.salt),
            settings: None,
            alerts: 2,
            capabilities: [Capability::Assets].into(),
            fields: FieldSet::all(),
            withheld: FieldSet::default(),
            pooled: false,
            shadow: false,
        };
        let run = self.log.begin_run(NOW, start).unwrap();
        let asked = run.intent::<access::Assets>(NOW, commitment("?", self.salt), 1);
        let answered = Outcome::Ok {
            answer: commitment("!", self.salt),
            items: 1,
        };
        asked.unwrap().outcome(NOW, answered).unwrap();
        let refused = Refused {
            module,
            capability: Some(Capability::KnownGood),
            decided_by: DecidedBy {
                file: Words::new("boundary.toml"),
                line: Some(14),
                boundary: Digest::of(b"boundary"),
            },
        };
        run.refused(NOW, refused).unwrap();
        // Its release would sync, and what is in memory need not be.
        drop(
            run.close(NOW, commitment("answer", self.salt), 0, ())
                .unwrap(),
        );
        5
    }
}

pub(crate) const ORIGIN: Origin = Origin::from_bytes(*b"0123456789abcdef");
pub(crate) const LATER: Origin = Origin::from_bytes(*b"fedcba9876543210");

/// The tenant's key under the name of a log.
pub(crate) fn key(log: Origin) -> MemorySigner {
    MemorySigner::from_seed(&log.name(), SEED).unwrap()
}

/// Somebody else's under the name of a log.
pub(crate) fn other_key(log: Origin) -> MemorySigner {
    MemorySigner::from_seed(&log.name(), [8; 32]).unwrap()
}

/// The key as it is handed over.
pub(crate) fn vkey(log: Origin) -> Vec<u8> {
    format!("{}\n", key(log).key()).into_bytes()
}

fn opening(origin: Origin) -> Opening {
    Opening {
        origin,
        now: NOW,
        sealed: 0,
        committed: None,
        next_alert: None,
        store: None,
        key: Arc::new(MemoryKey::from_seed(SEED)),
    }
}

fn commitment(text: &str, salt: u8) -> Commitment {
    Commitment::of(&Salt::from_bytes([salt; 32]), text.as_bytes())
}
