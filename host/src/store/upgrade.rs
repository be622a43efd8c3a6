//! Homes of an earlier version brought to this one.
//!
//! Each tenant's store is rewritten in one change under its writer's lock, which also states the
//! store's version; the home's version is written last. So a process that is stopped anywhere leaves
//! tenants of both versions in a home of the earlier one, and the next call goes on from there.

use super::block::{Block, Building};
use super::guard::guarded;
use super::records::{Records, decode, failure, unreadable};
use super::tables::{self as t, meta};
use super::{Below, Dir, Home, StoreError, VERSION, lock, version};
use crate::model::{
    Alert, Digest, Field, Identity, Instant, Observable, Severity, Source, TenantId, Text,
    TimeBasis,
};
use redb::{ReadableTable as _, TableDefinition, WriteTransaction};
use serde::de::IgnoredAny;
use std::sync::Arc;

/// What became of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Upgraded {
    /// The tenant.
    pub tenant: TenantId,
    /// The version its store was of; none where it has no store yet.
    pub from: Option<u64>,
    /// How many alerts were rewritten.
    pub alerts: u64,
}

impl Home {
    /// Brings the home in a folder to [`VERSION`], one tenant after the other, and calls `each` after
    /// each. Nothing is changed in what is of that version already. Gives the version it was of.
    ///
    /// # Errors
    /// When the folder is no home or one of a later version, a tenant is being written, or a store
    /// cannot be read or written. What was done before stays; the next call goes on.
    pub fn upgrade(
        root: Dir,
        cache_bytes: usize,
        each: &mut dyn FnMut(&Upgraded),
    ) -> Result<u64, StoreError> {
        let from = match version::stated(&root)? {
            None => return Err(StoreError::NoHome),
            Some(found @ 1..=VERSION) => found,
            Some(found) => return Err(StoreError::NewerHome { found }),
        };
        let home = Self::unchecked(Arc::new(Below::new(root)))?;
        let _alone = home.lock()?;
        for tenant in home.tenants()?.0 {
            let scope = home.tenant(&tenant)?;
            let writer = scope.lock_within(lock::WAIT)?;
            let mut done = Upgraded {
                tenant,
                from: None,
                alerts: 0,
            };
            let opened = guarded!(done.tenant, {
                let records = scope.records_of_any_version(&writer, cache_bytes)?;
                let before = records.as_ref().map(Records::version).transpose()?;
                Ok(records.zip(before))
            })?;
            if let Some((records, before)) = opened {
                done.from = Some(before);
                if before > VERSION {
                    version::check_store(&done.tenant, before)?;
                }
                if before < VERSION {
                    done.alerts = guarded!(done.tenant, { one_to_two(&done.tenant, &records) })?;
                }
            }
            each(&done);
        }
        if from != VERSION {
            version::state(&home.root)?;
        }
        Ok(from)
    }
}

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

fn one_to_two(tenant: &TenantId, records: &Records) -> Result<u64, StoreError> {
    let fail = failure(tenant);
    let change = records.change()?;
    let write = &change.write;
    let (alerts, newest) = alerts(tenant, write)?;
    let mut old = write.open_table(NOTES_ONE).map_err(|e| fail(&e))?;
    let mut new = write.open_table(t::NOTES).map_err(|e| fail(&e))?;
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
    records.make_missing(write)?;
    let mut table = write.open_table(t::META).map_err(|e| fail(&e))?;
    table.insert(meta::VERSION, VERSION).map_err(|e| fail(&e))?;
    drop(table);
    change.commit()?;
    Ok(alerts)
}

/// Rewrites every alert's record; says how many, and when the newest was taken in.
fn alerts(tenant: &TenantId, write: &WriteTransaction) -> Result<(u64, Instant), StoreError> {
    let fail = failure(tenant);
    let cut = || unreadable(tenant, "a block of alerts", &"it is cut short");
    let mut table = write.open_table(t::ALERTS).map_err(|e| fail(&e))?;
    let documents = write.open_table(t::BYTES).map_err(|e| fail(&e))?;
    let blocks = table.iter().map_err(|e| fail(&e))?;
    let blocks: Vec<u64> = blocks
        .map(|row| row.map(|(first, _)| first.value()).map_err(|e| fail(&e)))
        .collect::<Result<_, _>>()?;
    let (mut count, mut newest) = (0, Instant::default());
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
            count += 1;
        }
        let bytes = building.bytes();
        drop(old);
        table
            .insert(first, bytes.as_slice())
            .map_err(|e| fail(&e))?;
    }
    Ok((count, newest))
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
