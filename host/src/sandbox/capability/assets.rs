use super::{Question, Read};
use crate::knowledge::{Asset, Assets};
use crate::model::{Capability, Evidence};
use crate::sandbox::bindings::{assets, types};
use crate::sandbox::run::Run;
use crate::trail::Permit;
use std::sync::Arc;

const MAX_KEYS: usize = 4_096;
const MAX_PER_KEY: usize = 16;

/// The tenant's list of assets, readable with a permit.
#[derive(Clone)]
pub(crate) struct AssetList(Arc<Assets>);

impl AssetList {
    pub(crate) fn new(assets: Arc<Assets>) -> Self {
        Self(assets)
    }

    fn read(&self, permit: Permit, keys: &[String]) -> Read<Vec<Vec<Asset>>> {
        let found = keys
            .iter()
            .map(|key| self.0.lookup(key).take(MAX_PER_KEY).cloned().collect())
            .collect();
        Read {
            permit,
            result: Ok(found),
        }
    }
}

impl assets::Host for Run {
    fn lookup(
        &mut self,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Vec<assets::Asset>>, types::Refusal>> {
        let question = Question::keys(Capability::Assets, &keys, MAX_KEYS);
        let list = self.given.assets.clone();
        self.answer(
            &question,
            |permit| match &list {
                Some(list) => list.read(permit, &keys),
                None => Read {
                    permit,
                    result: Err(types::Refusal::Unavailable),
                },
            },
            |run, found| {
                found
                    .iter()
                    .map(|of_key| of_key.iter().map(|asset| handed_out(run, asset)).collect())
                    .collect()
            },
        )
    }
}

fn handed_out(run: &mut Run, asset: &Asset) -> assets::Asset {
    let attribute = |(name, value): &(_, _)| types::Attribute {
        name: shown(name),
        value: shown(value),
    };
    let mut record = assets::Asset {
        evidence: 0,
        name: asset.name.to_string(),
        kind: asset.kind.to_string(),
        owner: asset.owner.to_string(),
        criticality: asset.criticality.to_string(),
        attributes: asset.attributes.iter().map(attribute).collect(),
    };
    record.evidence = run.hand_out(Evidence::Asset(asset.line), asset.record().digest());
    record
}

fn shown(text: &impl ToString) -> String {
    text.to_string()
}
