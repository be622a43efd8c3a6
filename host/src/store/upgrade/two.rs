//! A store of version 2, in which nothing was sealed, made one of version 3 in a new file.

use crate::model::{AlertNumber, Digest, TenantId};
use crate::store::block::Block;
use crate::store::records::{AnyVersion, decode, failure, unreadable};
use crate::store::sealed::{RowKey, Sealed};
use crate::store::tables::{self as t, meta};
use crate::store::{Change, Material, StoreError, TenantScope, WriterLock};
use redb::{
    Key, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _,
    TableDefinition, TableError, Value,
};

type Bytes = &'static [u8];

pub(super) const ALERTS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("alerts");
pub(super) const BYTES: TableDefinition<'_, u64, Bytes> = TableDefinition::new("bytes");
const KEYS: TableDefinition<'_, [u8; 16], (u64, [u8; 16])> = TableDefinition::new("keys");
const SIMILAR: TableDefinition<'_, ([u8; 16], u64), ()> = TableDefinition::new("similar");
/// (module, key) -> (freshness, when it was written, value).
pub(super) const NOTES: TableDefinition<'_, (&str, &str), (i64, i64, &[u8])> =
    TableDefinition::new("module-notes");
const REJECT_KEYS: TableDefinition<'_, [u8; 16], u64> = TableDefinition::new("reject-keys");
const FRAMES: TableDefinition<'_, u64, (u64, &str)> = TableDefinition::new("frames");
const MATERIAL: TableDefinition<'_, u64, Bytes> = TableDefinition::new("material");
/// The entry of the trail -> digest, salt and text.
const BOUNDARIES: TableDefinition<'_, u64, Bytes> = TableDefinition::new("boundaries");
const DEFAULTS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("defaults");

/// Writes everything of a store sealed into a new file, and puts that in the old one's place. Says how
/// many alerts there are.
pub(super) fn to_three(
    scope: &TenantScope,
    writer: &WriterLock,
    old: &AnyVersion,
    cache_bytes: usize,
) -> Result<u64, StoreError> {
    let tenant = scope.tenant();
    let read = old.database.begin_read();
    let from = From {
        tenant,
        read: read.map_err(|e| failure(tenant)(&e))?,
    };
    let new = scope.new_records(writer, cache_bytes)?;
    let mut change = new.change()?;
    let alerts = from.alerts()?;
    from.same(&mut change)?;
    from.hidden(&mut change)?;
    from.notes(&mut change)?;
    from.vault(&mut change)?;
    from.counters(&mut change)?;
    change.commit()?;
    drop(new);
    scope.put_new_records(writer)?;
    Ok(alerts)
}

struct From<'a> {
    tenant: &'a TenantId,
    read: ReadTransaction,
}

impl From<'_> {
    fn fail(&self, error: &dyn std::fmt::Display) -> StoreError {
        failure(self.tenant)(error)
    }

    /// Calls `each` with every row; of a table that an earlier host did not make, with none.
    fn each<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
        mut each: impl FnMut(K::SelfType<'_>, V::SelfType<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some(table) = self.table(table)? else {
            return Ok(());
        };
        for row in table.iter().map_err(|e| self.fail(&e))? {
            let (key, value) = row.map_err(|e| self.fail(&e))?;
            each(key.value(), value.value())?;
        }
        Ok(())
    }

    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.read.open_table(table) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.fail(&error)),
        }
    }

    fn alerts(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        self.each(ALERTS, |_, bytes| {
            let cut = || unreadable(self.tenant, "a block of alerts", &"it is cut short");
            count += Block::read(bytes).ok_or_else(cut)?.len() as u64;
            Ok(())
        })?;
        Ok(count)
    }

    /// What is sealed as it lay.
    fn same(&self, change: &mut Change) -> Result<(), StoreError> {
        macro_rules! sealed {
            ($($table:ident)*) => { $(self.seal_each(change, t::$table)?;)* };
        }
        sealed!(ALERTS BYTES REVISIONS PLACEMENTS MEMBERS GROUPS CASES ENRICHMENTS DRAFTS REJECTS
                STATE DELETIONS NOTICES FAILED SHADOWS SHADOW_WAITING);
        macro_rules! numbers {
            ($($table:ident)*) => { $({
                let mut new = change.plain(t::$table)?;
                self.each(t::$table.definition(), |key, value| {
                    new.insert(key, value).map(drop).map_err(|e| self.fail(&e))
                })?;
            })* };
        }
        numbers!(CASE_OF CHANGED SHADOW_GROUPS SHADOW_CELLS);
        Ok(())
    }

    fn seal_each<K: RowKey>(
        &self,
        change: &mut Change,
        table: Sealed<K>,
    ) -> Result<(), StoreError> {
        let mut new = change.sealed(table)?;
        let old: TableDefinition<'_, K, Bytes> = TableDefinition::new(table.name());
        self.each(old, |key, bytes| new.put(&key, bytes))
    }

    /// What is looked up by a digest, and what was kept beside numbers.
    fn hidden(&self, change: &mut Change) -> Result<(), StoreError> {
        let seal = change.seal.clone();
        let mut keys = change.plain(t::KEYS)?;
        self.each(KEYS, |key, (number, digest)| {
            let value = (number, seal.hidden("documents", &digest));
            let put = keys.insert(seal.hidden("keys", &key), value);
            put.map(drop).map_err(|e| self.fail(&e))
        })?;
        let mut similar = change.plain(t::SIMILAR)?;
        self.each(SIMILAR, |(property, group), ()| {
            let put = similar.insert((seal.hidden("similar", &property), group), ());
            put.map(drop).map_err(|e| self.fail(&e))
        })?;
        let mut rejects = change.plain(t::REJECT_KEYS)?;
        self.each(REJECT_KEYS, |key, place| {
            let put = rejects.insert(seal.hidden("rejects", &key), place);
            put.map(drop).map_err(|e| self.fail(&e))
        })?;
        let (mut rules, mut rule_keys) = (change.sealed(t::RULES)?, change.plain(t::RULE_KEYS)?);
        let old: TableDefinition<'_, u32, Bytes> = TableDefinition::new(t::RULES.name());
        self.each(old, |key, rule| {
            let put = rule_keys.insert(seal.hidden("rules", rule), key);
            put.map_err(|e| self.fail(&e))?;
            rules.put(&key, rule)
        })?;
        let mut frames = change.sealed(t::FRAMES)?;
        self.each(FRAMES, |last: AlertNumber, frame| {
            frames.write(&last, "a frame", &frame)
        })
    }

    fn notes(&self, change: &mut Change) -> Result<(), StoreError> {
        let seal = change.seal.clone();
        let (mut notes, mut ages) = (change.sealed(t::NOTES)?, change.plain(t::NOTE_AGES)?);
        self.each(NOTES, |(module, key), note| {
            let hidden = seal.hidden("notes", key.as_bytes());
            let put = ages.insert((module, note.0, hidden), ());
            put.map_err(|e| self.fail(&e))?;
            notes.write(&(module, hidden), "a note", &note)
        })
    }

    /// What lay whole in its row and is in the vault now.
    fn vault(&self, change: &mut Change) -> Result<(), StoreError> {
        self.each(MATERIAL, |entry, bytes| {
            let material = Material::read(bytes);
            let material = material.map_err(|e| unreadable(self.tenant, "a run's material", &e))?;
            change.put_material(entry, &material)
        })?;
        let defaults = self.table(DEFAULTS)?;
        self.each(BOUNDARIES, |entry, bytes| {
            let (digest, salt, own): (Digest, [u8; 32], &str) =
                decode(self.tenant, "a boundary", bytes)?;
            let under = match &defaults {
                Some(table) => table.get(entry).map_err(|e| self.fail(&e))?,
                None => None,
            };
            let under = under.map(|bytes| decode::<String>(self.tenant, "defaults", bytes.value()));
            change.put_boundary(digest, entry, salt, own, under.transpose()?.as_deref())
        })
    }

    fn counters(&self, change: &mut Change) -> Result<(), StoreError> {
        self.each(t::META.definition(), |name, value| match name {
            meta::VERSION | meta::KEY_CHECK => Ok(()),
            name => change.set_meta(name, value),
        })
    }
}
