use super::{Question, Read};
use crate::model::Capability;
use crate::sandbox::bindings::{memory, types};
use crate::sandbox::run::Run;
use crate::store::Notes;
use crate::trail::Permit;
use std::sync::Arc;

const MAX_KEYS: usize = 8_192;

/// The module's own notes on the tenant as they were before the batch, readable with a permit.
#[derive(Clone)]
pub(crate) struct Recall(Arc<Notes>);

impl Recall {
    pub(crate) fn new(notes: Notes) -> Self {
        Self(Arc::new(notes))
    }

    fn read(&self, permit: Permit, keys: &[String]) -> Read<Vec<Option<Vec<u8>>>> {
        let found: Result<Vec<_>, _> = keys.iter().map(|key| self.0.get(key)).collect();
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
