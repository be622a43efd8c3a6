//! What a module can be given, one file each. What a run is not given is not in its linker; what a
//! file here hands out it reads with a [`Permit`], so after the intent stands in the trail.

mod assets;
mod known_good;
mod log;
mod memory;

pub(crate) use assets::AssetList;
pub(crate) use known_good::FactList;
pub(crate) use memory::Recall;

use super::bindings::types::Refusal;
use crate::model::Capability;
use crate::trail::{Outcome, Permit, RefusalCode, Words};

/// What a run can reach: one tenant's, and only of what was granted.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) assets: Option<AssetList>,
    pub(crate) known_good: Option<FactList>,
    pub(crate) memory: Option<Recall>,
}

/// What a module asks of a capability: bounded, with the bytes the trail commits to.
pub(super) struct Question {
    capability: Capability,
    bytes: Vec<u8>,
    items: usize,
    too_large: bool,
}

impl Question {
    /// A list of keys, of which a call takes at most so many.
    pub(super) fn keys(capability: Capability, keys: &[String], most: usize) -> Self {
        let mut bytes = Vec::new();
        for key in keys {
            bytes.extend_from_slice(&(key.len() as u64).to_le_bytes());
            bytes.extend_from_slice(key.as_bytes());
        }
        Self {
            capability,
            bytes,
            items: keys.len(),
            too_large: keys.len() > most,
        }
    }

    pub(super) fn capability(&self) -> Capability {
        self.capability
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn items(&self) -> u64 {
        self.items as u64
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.too_large
    }
}

/// What a reading function gives back: the permit it was given, spent, and what it read.
#[must_use]
pub(super) struct Read<A> {
    pub(super) permit: Permit,
    pub(super) result: Result<A, Refusal>,
}

/// A refusal as the trail records it.
pub(super) fn refused(refusal: &Refusal) -> Outcome {
    let (refusal, cause) = match refusal {
        Refusal::OverLimit => (
            RefusalCode::OverLimit,
            "the call asked for more than one call may",
        ),
        Refusal::Unavailable => (RefusalCode::Unavailable, "the source could not be read"),
        Refusal::Malformed => (
            RefusalCode::Malformed,
            "the question is not of the documented form",
        ),
    };
    Outcome::Refused {
        refusal,
        cause: Words::new(cause),
    }
}
