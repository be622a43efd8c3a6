use super::{NotRead, Read};
use crate::model::access;
use crate::sandbox::allowance::Allowance;
use crate::sandbox::bindings::{memory, types};
use crate::sandbox::run::Run;
use crate::store::{Notes, StoreError};
use crate::trail::Permit;
use std::collections::BTreeMap;
use std::sync::Arc;

const MAX_KEYS: usize = 8_192;
/// What holds a note, in bytes beside its content.
const HELD_BYTES: usize = 32;

/// Where one module's notes on one tenant are.
pub(crate) trait Remembered: Send + Sync {
    /// The note under a key.
    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

impl Remembered for Notes {
    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(key)
    }
}

impl Remembered for BTreeMap<String, Vec<u8>> {
    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get(key).cloned())
    }
}

/// The module's own notes on the tenant as they were before the batch, readable with a permit.
#[derive(Clone)]
pub(crate) struct Recall(Arc<dyn Remembered>);

impl Recall {
    pub(crate) fn new(notes: Arc<impl Remembered + 'static>) -> Self {
        Self(notes)
    }

    fn read(
        &self,
        permit: Permit<access::Memory>,
        keys: &[String],
        allowance: &mut Allowance,
    ) -> Read<access::Memory, Vec<Option<Vec<u8>>>> {
        // One note is small: it is read before it is known how small.
        let note = |key: &String| {
            let note = self.0.note(key).map_err(|error| {
                tracing::error!(%error, "notes could not be read");
                NotRead::Refused(types::Refusal::Unavailable)
            })?;
            allowance.take(HELD_BYTES + note.as_ref().map_or(0, Vec::len))?;
            Ok(note)
        };
        let result = keys.iter().map(note).collect();
        Read { permit, result }
    }
}

impl memory::Host for Run {
    fn recall(
        &mut self,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Option<Vec<u8>>>, types::Refusal>> {
        let question = self.question(&keys, MAX_KEYS)?;
        let notes = self.given.memory.clone();
        self.answer(
            question,
            |permit, allowance| match &notes {
                Some(notes) => notes.read(permit, &keys, allowance),
                None => Read::unavailable(permit),
            },
            |_, found| found,
        )
    }
}
