//! An enricher that imports `assets` and `known-good`, though its `module.toml` asks for the second
//! only.

use casemate_sdk::{
    Batch, Enricher, Enrichment, Field, Instant, Settings, Statement, assets, known_good,
};

/// The module.
pub struct Undeclared;

impl Enricher for Undeclared {
    fn enrich(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Vec<Enrichment> {
        let mut answer = Vec::new();
        for alert in batch {
            let facts = known_good::facts(&[alert.rule_id().to_owned()]).unwrap_or_default();
            let found =
                assets::lookup(&[alert.get(Field::HostName).to_owned()]).unwrap_or_default();
            let facts = facts.iter().flatten().map(|f| f.evidence);
            for evidence in facts
                .chain(found.iter().flatten().map(|a| a.evidence))
                .take(32)
            {
                answer.push(Enrichment {
                    alert: alert.evidence(),
                    kind: Statement::Note,
                    text: "there is an entry".to_owned(),
                    citations: vec![evidence, alert.evidence()],
                });
            }
        }
        answer
    }
}

casemate_sdk::export_enricher!(Undeclared);
