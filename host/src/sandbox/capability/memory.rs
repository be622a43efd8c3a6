use super::{Question, Read};
use crate::model::Capability;
use crate::sandbox::bindings::{memory, types};
use crate::sandbox::run::Run;
use crate::store::{Notes, StoreError};
use crate::trail::Permit;
use std::collections::BTreeMap;
use std::sync::Arc;

const MAX_KEYS: usize = 8_192;

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

    fn read(&self, permit: Permit, keys: &[String]) -> Read<Vec<Option<Vec<u8>>>> {
        let found: Result<Vec<_>, _> = keys.iter().map(|key| self.0.note(key)).collect();
        let result = found.map_err(|error| {
            tracing::error!(%error, "notes could not be read");
            types::Refusal::Unavailable
        });
        Read { permit, result }
    }
}

impl memory::Host for Run {
    fn recall(
        &mut self,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Option<Vec<u8>>>, types::Refusal>> {
        let question = Question::keys(Capability::Memory, &keys, MAX_KEYS);
        let notes = self.given.memory.clone();
        self.answer(
            &question,
            |permit| match &notes {
                Some(notes) => notes.read(permit, &keys),
                None => Read {
                    permit,
                    result: Err(types::Refusal::Unavailable),
                },
            },
            |_, found| found,
        )
    }
}
