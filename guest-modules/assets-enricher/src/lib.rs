//! States what the machines, accounts and addresses of an alert are, from the tenant's asset list.

use casemate_sdk::assets::{self, Asset};
use casemate_sdk::{
    Alert, Batch, Enricher, Enrichment, Evidence, Field, Instant, Refusal, Settings, Statement,
    text,
};

/// The fields whose values are looked up, and how a statement introduces each.
pub const LOOKED_UP: [(Field, &str); 5] = [
    (Field::HostName, "host"),
    (Field::HostIp, "host address"),
    (Field::UserName, "user"),
    (Field::SourceIp, "source address"),
    (Field::DestinationIp, "destination address"),
];

/// What one alert gets at most, as the contract has it.
const PER_ALERT: usize = 32;
/// The longest text of a statement, in bytes.
const TEXT: usize = 500;
/// The longest single value in it, in bytes.
const VALUE: usize = 80;

/// The module.
pub struct Assets;

impl Enricher for Assets {
    fn enrich(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Vec<Enrichment> {
        match enrich(batch, assets::lookup) {
            Ok(enrichments) => enrichments,
            Err(refusal) => {
                casemate_sdk::log!("no statement on assets: the lookup was refused: {refusal}");
                Vec::new()
            }
        }
    }
}

casemate_sdk::export_enricher!(Assets);

/// The statements on a batch, given what answers a lookup. One lookup, each distinct key once.
///
/// # Errors
/// The refusal of the lookup.
pub fn enrich(
    batch: &Batch,
    lookup: impl FnOnce(&[String]) -> Result<Vec<Vec<Asset>>, Refusal>,
) -> Result<Vec<Enrichment>, Refusal> {
    let mut place = vec![None; batch.strings()];
    let mut keys = Vec::new();
    for alert in batch {
        for (field, _) in LOOKED_UP {
            let key = alert.key(field) as usize;
            if let Some(slot @ None) = place.get_mut(key)
                && key != 0
            {
                *slot = Some(keys.len());
                keys.push(alert.get(field).to_owned());
            }
        }
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let found = lookup(&keys)?;
    let mut out = Vec::new();
    for alert in batch {
        let mut stated: Vec<Evidence> = Vec::new();
        for (field, introduced) in LOOKED_UP {
            let entries = place
                .get(alert.key(field) as usize)
                .copied()
                .flatten()
                .and_then(|i| found.get(i));
            let Some(entries) = entries else { continue };
            for asset in entries {
                if stated.len() < PER_ALERT && !stated.contains(&asset.evidence) {
                    stated.push(asset.evidence);
                    out.push(state(&alert, field, introduced, asset, entries.len()));
                }
            }
        }
    }
    Ok(out)
}

fn state(
    alert: &Alert<'_>,
    field: Field,
    introduced: &str,
    asset: &Asset,
    entries: usize,
) -> Enrichment {
    let value = alert.get(field);
    let mut says = format!("The {introduced} {} is ", text::quoted(value, VALUE));
    if asset.name.eq_ignore_ascii_case(value) {
        says.push_str("in the asset list");
    } else {
        says.push_str("the asset ");
        says.push_str(&text::quoted(&asset.name, VALUE));
    }
    let mut part = |name: &str, value: &str| {
        if !value.is_empty() {
            says.push_str(&format!(", {name} {}", text::quoted(value, VALUE)));
        }
    };
    part("kind", &asset.kind);
    part("owner", &asset.owner);
    part("criticality", &asset.criticality);
    if entries > 1 {
        says.push_str(&format!("; the list has {entries} entries under this key"));
    }
    says.push('.');
    Enrichment {
        alert: alert.evidence(),
        kind: Statement::Asset,
        text: text::capped(&says, TEXT).to_owned(),
        citations: vec![asset.evidence, alert.evidence()],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use casemate_sdk::BatchBuilder;

    fn asset(evidence: Evidence, name: &str, owner: &str) -> Asset {
        Asset {
            evidence,
            name: name.to_owned(),
            kind: "server".to_owned(),
            owner: owner.to_owned(),
            criticality: String::new(),
            attributes: Vec::new(),
        }
    }

    fn batch() -> Batch {
        let mut b = BatchBuilder::new(&[Field::HostName, Field::HostIp, Field::SourceIp]);
        b.alert(7, 0)
            .set(Field::HostName, "db1")
            .set(Field::HostIp, "10.0.0.1");
        b.alert(8, 0)
            .set(Field::HostName, "db1")
            .set(Field::SourceIp, "192.0.2.9");
        b.build()
    }

    #[test]
    fn each_distinct_key_is_asked_for_once() {
        let mut asked = Vec::new();
        let none = enrich(&batch(), |keys| {
            asked = keys.to_vec();
            Ok(vec![Vec::new(); keys.len()])
        });
        assert_eq!(asked, ["db1", "10.0.0.1", "192.0.2.9"]);
        assert_eq!(none.unwrap(), []);
    }

    #[test]
    fn an_entry_is_stated_once_per_alert_and_cites_itself_and_the_alert() {
        let said = enrich(&batch(), |keys| {
            assert_eq!(keys.len(), 3);
            let db = asset(2, "DB1", "Dana");
            Ok(vec![
                vec![db.clone()],
                vec![db, asset(3, "db1-mgmt", "")],
                Vec::new(),
            ])
        })
        .unwrap();
        assert_eq!(said.iter().map(|e| e.alert).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(
            said[0].text,
            "The host “db1” is in the asset list, kind “server”, owner “Dana”."
        );
        assert_eq!(
            said[1].text,
            "The host address “10.0.0.1” is the asset “db1-mgmt”, kind “server”; \
             the list has 2 entries under this key."
        );
        assert_eq!(said[2].citations, [2, 1]);
    }

    #[test]
    fn a_refused_lookup_states_nothing() {
        assert!(enrich(&batch(), |_| Err(Refusal::Unavailable)).is_err());
    }
}
