//! A store of version 1 made one of version 2, where it lies.

use crate::model::{
    Alert, Digest, Field, Identity, Instant, Observable, Severity, Source, TenantId, Text,
    TimeBasis,
};
use crate::store::StoreError;
use crate::store::block::{Block, Building};
use crate::store::records::{AnyVersion, decode, failure, unreadable};
use crate::store::tables::{self as t, meta};
use crate::store::upgrade::two;
use redb::{ReadableTable as _, TableDefinition, WriteTransaction};
use serde::de::IgnoredAny;

/// An alert's record in version 1.
#[derive(serde::Deserialize)]
struct AlertOne {
    identity: Identity,
    time: Instant,
    severity: Severity,
    source_severity: Text,
    digest: Digest,
    fields: Vec<(Field, Text)>,
    observables: Vec<Observable>,
}

impl AlertOne {
    fn now(self, document: &[u8]) -> Alert {
        Alert {
            format: format_of(&self.identity, document),
            identity: self.identity,
            time: self.time,
            // What version 1 knew of a time: it took no other.
            basis: TimeBasis::Event,
            observed: None,
            severity: self.severity,
            source_severity: self.source_severity,
            digest: self.digest,
            fields: self.fields,
            observables: self.observables,
        }
    }
}

/// Version 1 took three forms, told apart by these keys; where two fit, its product decides.
fn format_of(identity: &Identity, document: &[u8]) -> Source {
    #[derive(serde::Deserialize)]
    struct Top {
        class_uid: Option<IgnoredAny>,
        event_type: Option<IgnoredAny>,
        rule: Option<IgnoredAny>,
    }
    let by_product = match identity.product.as_str() {
        "Wazuh" => Source::Wazuh,
        "Suricata" => Source::Eve,
        _ => Source::Ocsf,
    };
    let Ok(top) = serde_json::from_slice::<Top>(document) else {
        return by_product;
    };
    match (top.class_uid, top.event_type, top.rule) {
        (Some(_), None, None) => Source::Ocsf,
        (None, Some(_), None) => Source::Eve,
        (None, None, Some(_)) => Source::Wazuh,
        (_, _, _) => by_product,
    }
}

/// Notes as version 1 kept them: (module, key) -> (freshness, value).
const NOTES_ONE: TableDefinition<'_, (&str, &str), (i64, &[u8])> = TableDefinition::new("notes");

/// Rewrites alerts and notes, and states the version, in one change.
pub(super) fn to_two(tenant: &TenantId, old: &AnyVersion) -> Result<(), StoreError> {
    let fail = failure(tenant);
    let write = old.database.begin_write().map_err(|e| fail(&e))?;
    let newest = alerts(tenant, &write)?;
    let mut old = write.open_table(NOTES_ONE).map_err(|e| fail(&e))?;
    let mut new = write.open_table(two::NOTES).map_err(|e| fail(&e))?;
    for row in old.iter().map_err(|e| fail(&e))? {
        let (key, value) = row.map_err(|e| fail(&e))?;
        let (freshness, note) = value.value();
        // When it was written is not known; not after the newest alert was taken in.
        new.insert(key.value(), (freshness, newest.millis(), note))
            .map_err(|e| fail(&e))?;
    }
    drop(new);
    old.retain(|_, _| false).map_err(|e| fail(&e))?;
    drop(old);
    write.delete_table(NOTES_ONE).map_err(|e| fail(&e))?;
    let mut table = write
        .open_table(t::META.definition())
        .map_err(|e| fail(&e))?;
    table.insert(meta::VERSION, 2).map_err(|e| fail(&e))?;
    drop(table);
    write.commit().map_err(|e| fail(&e))
}

/// Rewrites every alert's record; says when the newest was taken in.
fn alerts(tenant: &TenantId, write: &WriteTransaction) -> Result<Instant, StoreError> {
    let fail = failure(tenant);
    let cut = || unreadable(tenant, "a block of alerts", &"it is cut short");
    let mut table = write.open_table(two::ALERTS).map_err(|e| fail(&e))?;
    let documents = write.open_table(two::BYTES).map_err(|e| fail(&e))?;
    let blocks = table.iter().map_err(|e| fail(&e))?;
    let blocks: Vec<u64> = blocks
        .map(|row| row.map(|(first, _)| first.value()).map_err(|e| fail(&e)))
        .collect::<Result<_, _>>()?;
    let mut newest = Instant::default();
    for first in blocks {
        let old = table.get(first).map_err(|e| fail(&e))?.ok_or_else(cut)?;
        let held = documents
            .get(first)
            .map_err(|e| fail(&e))?
            .ok_or_else(cut)?;
        let block = Block::read(old.value()).ok_or_else(cut)?;
        newest = newest.max(block.taken_in);
        let mut building = Building::new(block.taken_in);
        for place in 0..block.len() {
            let record = block.record(place).ok_or_else(cut)?;
            let document = block.document(place).ok_or_else(cut)?;
            let document = held.value().get(document).ok_or_else(cut)?;
            let alert: AlertOne = decode(tenant, "an alert", record)?;
            building
                .push(&alert.now(document), document)
                .map_err(|e| unreadable(tenant, "an alert", &e))?;
        }
        let bytes = building.bytes();
        drop(old);
        table
            .insert(first, bytes.as_slice())
            .map_err(|e| fail(&e))?;
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_old_alert_is_told_by_its_document() {
        let of = |product: &str, document: &str| {
            let identity = Identity {
                product: Text::capped(product, 64),
                id: None,
            };
            format_of(&identity, document.as_bytes())
        };
        assert_eq!(of("Wazuh", r#"{"class_uid":2004}"#), Source::Ocsf);
        assert_eq!(of("EDR", r#"{"class_uid":2004,"rule":{}}"#), Source::Ocsf);
        assert_eq!(of("Wazuh", r#"{"rule":{"level":3}}"#), Source::Wazuh);
        assert_eq!(of("Suricata", r#"{"event_type":"alert"}"#), Source::Eve);
        assert_eq!(of("Wazuh", r#"{"rule":{},"event_type":1}"#), Source::Wazuh);
        assert_eq!(of("EDR", "not read"), Source::Ocsf);
    }
}
