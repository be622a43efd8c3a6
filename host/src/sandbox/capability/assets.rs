use super::{NotRead, Read};
use crate::knowledge::{Asset, Assets};
use crate::model::{Evidence, access};
use crate::sandbox::allowance::Allowance;
use crate::sandbox::bindings::{assets, types};
use crate::sandbox::run::Run;
use crate::trail::Permit;
use std::sync::Arc;

const MAX_KEYS: usize = 4_096;
const MAX_PER_KEY: usize = 16;
/// What holds an asset, in bytes beside its texts; half of it for each attribute.
const HELD_BYTES: usize = 256;

/// The tenant's list of assets, readable with a permit.
#[derive(Clone)]
pub(crate) struct AssetList(Arc<Assets>);

impl AssetList {
    pub(crate) fn new(assets: Arc<Assets>) -> Self {
        Self(assets)
    }

    fn read(
        &self,
        permit: Permit<access::Assets>,
        keys: &[String],
        allowance: &mut Allowance,
    ) -> Read<access::Assets, Vec<Vec<Asset>>> {
        let mut copy = |asset: &Asset| {
            allowance.take(bytes(asset))?;
            Ok::<_, NotRead>(asset.clone())
        };
        let mut of_key = |key| {
            let found = self.0.lookup(key).take(MAX_PER_KEY);
            found.map(&mut copy).collect()
        };
        let found = keys.iter().map(|key| of_key(key)).collect();
        Read {
            permit,
            result: found,
        }
    }
}

impl assets::Host for Run {
    fn lookup(
        &mut self,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Vec<assets::Asset>>, types::Refusal>> {
        let question = self.question(&keys, MAX_KEYS)?;
        let list = self.given.assets.clone();
        self.answer(
            question,
            |permit, allowance| match &list {
                Some(list) => list.read(permit, &keys, allowance),
                None => Read::unavailable(permit),
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

/// What a copy is charged: what an asset says, and what holds it.
fn bytes(asset: &Asset) -> usize {
    let said = [&asset.name, &asset.kind, &asset.owner, &asset.criticality];
    let said = said.into_iter().map(|text| text.as_str().len());
    let more = asset.attributes.iter();
    let more =
        more.map(|(name, value)| HELD_BYTES / 2 + name.as_str().len() + value.as_str().len());
    HELD_BYTES + said.chain(more).sum::<usize>()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_an_asset_is_charged_all_that_the_list_says_of_it() {
        let text = format!("name,owner,site\nweb,Ada,{}\n", "x".repeat(1_000));
        let assets = Assets::parse(text.as_bytes()).unwrap();
        let asset = assets.lookup("web").next().unwrap();
        assert!(bytes(asset) > HELD_BYTES + 1_000);
    }
}
