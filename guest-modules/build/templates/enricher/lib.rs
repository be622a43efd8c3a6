//! Says how much depends on the host of an alert and who is to be called, from the tenant's own list of
//! assets.
//!
//! An enricher is handed a batch of alerts and answers with statements about them. It cannot change
//! an alert, close one or send anything: a statement is text, and cites what it rests on.

use casemate_sdk::assets::{self, Asset};
use casemate_sdk::{
    Batch, Enricher, Enrichment, Field, Instant, Refusal, Settings, Statement, text,
};

/// The module. It has no state: each run is a fresh sandbox with one tenant's batch.
pub struct Module;

impl Enricher for Module {
    fn enrich(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Vec<Enrichment> {
        // The host answers, or refuses: then say nothing rather than guess.
        enrich(batch, assets::lookup).unwrap_or_else(|refusal| {
            casemate_sdk::log!("the list of assets was refused: {refusal}");
            Vec::new()
        })
    }
}

casemate_sdk::export_enricher!(Module);

/// The statements on a batch. What answers a lookup is an argument, so that a unit test can stand in
/// for the host.
///
/// # Errors
/// The refusal of the lookup.
pub fn enrich(
    batch: &Batch,
    lookup: impl FnOnce(&[String]) -> Result<Vec<Vec<Asset>>, Refusal>,
) -> Result<Vec<Enrichment>, Refusal> {
    // Ask once, for each host once: a call costs more than what is in it.
    let mut hosts: Vec<String> = batch
        .iter()
        .map(|alert| alert.host_name().to_owned())
        .filter(|host| !host.is_empty())
        .collect();
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    let found = lookup(&hosts)?;

    let mut statements = Vec::new();
    for alert in batch {
        // A field that is absent, or withheld by the tenant's boundary, is empty.
        let host = alert.get(Field::HostName);
        let Ok(place) = hosts.binary_search_by(|other| other.as_str().cmp(host)) else {
            continue;
        };
        for asset in found.get(place).into_iter().flatten() {
            if let Some(says) = says(host, asset) {
                statements.push(Enrichment {
                    alert: alert.evidence(),
                    kind: Statement::Asset,
                    text: says,
                    // The entry of the list, and the alert. A statement that cites no record which
                    // this run was handed is not accepted.
                    citations: vec![asset.evidence, alert.evidence()],
                });
            }
        }
    }
    Ok(statements)
}

/// What is said of a host, where the list says how much depends on it.
fn says(host: &str, asset: &Asset) -> Option<String> {
    if asset.criticality.is_empty() {
        return None;
    }
    let mut says = format!(
        "The host {} is of criticality {}",
        text::quoted(host, 80),
        text::quoted(&asset.criticality, 80)
    );
    if !asset.owner.is_empty() {
        says.push_str(&format!("; call {} first", text::quoted(&asset.owner, 80)));
    }
    says.push('.');
    Some(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_sdk::BatchBuilder;

    #[test]
    fn it_says_how_much_depends_on_a_host_that_is_in_the_list() {
        let mut alerts = BatchBuilder::new(&[Field::HostName]);
        alerts.alert(1, 0).set(Field::HostName, "db-1");
        alerts.alert(2, 0).set(Field::HostName, "unknown");
        let said = enrich(&alerts.build(), |hosts| {
            assert_eq!(hosts, ["db-1", "unknown"]);
            let asset = Asset {
                evidence: 2,
                name: "db-1".to_owned(),
                kind: "server".to_owned(),
                owner: "Dana".to_owned(),
                criticality: "high".to_owned(),
                attributes: Vec::new(),
            };
            Ok(vec![vec![asset], Vec::new()])
        })
        .unwrap();
        assert_eq!(said.len(), 1);
        assert_eq!(
            said[0].text,
            "The host “db-1” is of criticality “high”; call “Dana” first."
        );
        assert_eq!(said[0].citations, [2, 0]);
    }

    #[test]
    fn nothing_is_asked_and_nothing_said_where_no_host_is_seen() {
        let mut alerts = BatchBuilder::new(&[]);
        alerts.alert(1, 0).set(Field::HostName, "withheld");
        let said = enrich(&alerts.build(), |_| Err(Refusal::Unavailable));
        assert_eq!(said.unwrap(), []);
    }
}
