//! What a module can be given, one file each. What a run is not given is not in its linker; what a
//! file here hands out it reads with a [`Permit`], so after the intent stands in the trail.

mod assets;
mod known_good;
mod log;
mod memory;

pub(crate) use assets::AssetList;
pub(crate) use known_good::FactList;
pub(crate) use memory::Recall;

use super::allowance::Allowance;
use super::bindings::types::Refusal;
use super::limit::{Limits, OverLimit};
use crate::model::access::Access;
use crate::trail::{Outcome, Permit, RefusalCode, Words};
use std::marker::PhantomData;

/// What a run can reach: one tenant's, and only of what was granted.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) assets: Option<AssetList>,
    pub(crate) known_good: Option<FactList>,
    pub(crate) memory: Option<Recall>,
}

/// What a module asks of the capability `C`: bounded, with the bytes the trail commits to.
pub(super) struct Question<C> {
    of: PhantomData<fn() -> C>,
    bytes: Vec<u8>,
    items: usize,
    too_large: bool,
}

impl<C: Access> Question<C> {
    /// A list of keys, of which a call takes at most so many. Its bytes are charged to the run before
    /// they are copied.
    pub(super) fn keys(
        keys: &[String],
        most: usize,
        allowance: &mut Allowance,
    ) -> Result<Self, OverLimit> {
        let length = keys.iter().map(|key| 8 + key.len()).sum();
        allowance.take(length)?;
        let mut bytes = Vec::with_capacity(length);
        for key in keys {
            bytes.extend_from_slice(&(key.len() as u64).to_le_bytes());
            bytes.extend_from_slice(key.as_bytes());
        }
        let long = |key: &String| key.len() > Limits::KEY_BYTES;
        Ok(Self {
            of: PhantomData,
            bytes,
            items: keys.len(),
            too_large: keys.len() > most || keys.iter().any(long),
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
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
pub(super) struct Read<C, A> {
    pub(super) permit: Permit<C>,
    pub(super) result: Result<A, NotRead>,
}

/// Why nothing was read.
pub(super) enum NotRead {
    /// The module is refused it and goes on.
    Refused(Refusal),
    /// The run is at its end.
    OverLimit(OverLimit),
}

impl From<OverLimit> for NotRead {
    fn from(over: OverLimit) -> Self {
        Self::OverLimit(over)
    }
}

impl<C, A> Read<C, A> {
    /// Where there is nothing to read from.
    fn unavailable(permit: Permit<C>) -> Self {
        Self {
            permit,
            result: Err(NotRead::Refused(Refusal::Unavailable)),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::Assets;
    use crate::sandbox::limit::Limit;

    #[test]
    fn equal_questions_are_charged_each_time() {
        let mut allowance = Allowance::new(100);
        let keys = ["x".repeat(30)];
        for _ in 0..2 {
            assert!(Question::<Assets>::keys(&keys, 1, &mut allowance).is_ok());
        }
        let over = Question::<Assets>::keys(&keys, 1, &mut allowance).err();
        assert_eq!(over.map(|over| over.limit), Some(Limit::RunBytes));
    }

    #[test]
    fn keys_without_a_byte_are_charged_too() {
        let mut allowance = Allowance::new(80);
        let keys = vec![String::new(); 11];
        assert!(Question::<Assets>::keys(&keys, 20, &mut allowance).is_err());
    }

    #[test]
    fn a_question_with_a_key_that_is_too_long_is_too_large() {
        let mut allowance = Allowance::new(1 << 20);
        let mut ask = |bytes| {
            let keys = ["x".repeat(bytes)];
            let question = Question::<Assets>::keys(&keys, 1, &mut allowance);
            question.ok().map(|question| question.is_too_large())
        };
        assert_eq!(ask(Limits::KEY_BYTES), Some(false));
        assert_eq!(ask(Limits::KEY_BYTES + 1), Some(true));
    }
}
