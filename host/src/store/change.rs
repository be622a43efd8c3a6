use super::block::{self, Building};
use super::guard::guarded;
use super::records::{encode, failure, unreadable};
use super::seal::Seal;
use super::sealed::{Numbers, Plain, RowKey, Sealed, ToWrite};
use super::tables::{self as t, GroupRow, Notice, meta};
use super::{StoreError, VERSION};
use crate::model::{
    Alert, AlertNumber, Case, Digest, Draft, Enrichment, Instant, Placement, Rule, TenantId,
};
use crate::trail::Lost;
use redb::{ReadableTable as _, WriteTransaction};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A change of a tenant's database: all of it is committed, or nothing. Dropped, it never was.
pub struct Change {
    pub(super) tenant: TenantId,
    pub(super) seal: Arc<Seal>,
    write: WriteTransaction,
}

/// What became of a delivered alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is new: its number.
    New(AlertNumber),
    /// It was there already, byte for byte.
    Duplicate(AlertNumber),
    /// It was there already with other bytes, which are kept too.
    Revision(AlertNumber),
}

impl Change {
    pub(super) fn of(seal: Arc<Seal>, write: WriteTransaction) -> Self {
        let tenant = seal.tenant().clone();
        Self {
            tenant,
            seal,
            write,
        }
    }

    /// Makes the change durable.
    ///
    /// # Errors
    /// When the database refuses; then nothing of it is there.
    pub fn commit(self) -> Result<(), StoreError> {
        let Self { tenant, write, .. } = self;
        let fail = failure(&tenant);
        guarded!(tenant, { write.commit().map_err(|e| fail(&e)) })
    }

    /// Takes in alerts with their source's bytes, in order. One that was there already is counted;
    /// one that was there with other bytes is kept as its revision.
    pub(crate) fn take_in(
        &mut self,
        taken_in: Instant,
        batch: &[(Alert, Vec<u8>)],
    ) -> Result<Vec<Delivery>, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut keys = self.plain(t::KEYS)?;
            let mut revisions = self.sealed(t::REVISIONS)?;
            let first = self.meta(meta::NEXT_ALERT)?.max(1);
            let mut alerts = self.sealed(t::ALERTS)?;
            let mut documents = self.sealed(t::BYTES)?;
            let mut building = Building::new(taken_in);
            let mut next = first;
            let mut put = |first: AlertNumber, building: &Building| {
                alerts.put(&first, &building.bytes())?;
                documents.put(&first, &building.documents)
            };
            let mut deliveries = Vec::with_capacity(batch.len());
            let (mut duplicates, mut revised) = (0, 0);
            for (alert, document) in batch {
                let key = self.seal.hidden("keys", &short(&alert.key()));
                let digest = self.seal.hidden("documents", &short(&alert.digest));
                let known = keys
                    .get(key)
                    .map_err(|e| fail(&e))?
                    .map(|found| found.value());
                deliveries.push(match known {
                    Some((number, same)) if same == digest => {
                        duplicates += 1;
                        Delivery::Duplicate(number)
                    }
                    Some((number, _)) => {
                        if keep_revision(&mut revisions, number, document)? {
                            revised += 1;
                            Delivery::Revision(number)
                        } else {
                            duplicates += 1;
                            Delivery::Duplicate(number)
                        }
                    }
                    None => {
                        let number = next;
                        next += 1;
                        keys.insert(key, (number, digest)).map_err(|e| fail(&e))?;
                        building
                            .push(alert, document)
                            .map_err(|e| unreadable(&self.tenant, "an alert", &e))?;
                        if building.len() == block::MOST {
                            put(next - block::MOST as u64, &building)?;
                            building = Building::new(taken_in);
                        }
                        Delivery::New(number)
                    }
                });
            }
            if building.len() > 0 {
                put(next - building.len() as u64, &building)?;
            }
            drop((keys, revisions, alerts, documents));
            if next > first {
                self.set_meta(meta::NEXT_ALERT, next)?;
            }
            self.add_meta(meta::DUPLICATES, duplicates)?;
            self.add_meta(meta::REVISIONS, revised)?;
            Ok(deliveries)
        })
    }

    /// Records where a run of alerts was placed, and that all alerts through its last are placed.
    pub(crate) fn place(&mut self, placements: &[Placement]) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let (Some(first), Some(last)) = (placements.first(), placements.last()) else {
                return Ok(());
            };
            let mut members: BTreeMap<AlertNumber, Vec<AlertNumber>> = BTreeMap::new();
            for placement in placements {
                members
                    .entry(placement.group)
                    .or_default()
                    .push(placement.alert);
            }
            self.put(
                t::PLACEMENTS,
                first.alert,
                "a block of placements",
                &placements,
            )?;
            let mut table = self.sealed(t::MEMBERS)?;
            for (group, alerts) in members {
                table.write(&(group, first.alert), "a group's alerts", &alerts)?;
            }
            drop(table);
            self.set_meta(meta::PLACED_THROUGH, last.alert)
        })
    }

    pub(crate) fn group(&self, number: AlertNumber) -> Result<Option<GroupRow>, StoreError> {
        guarded!(self.tenant, { self.get(t::GROUPS, number, "a group") })
    }

    pub(crate) fn put_group(&mut self, row: &GroupRow) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.put(t::GROUPS, row.group.number, "a group", row)
        })
    }

    pub(crate) fn case(&self, number: AlertNumber) -> Result<Option<Case>, StoreError> {
        guarded!(self.tenant, { self.get(t::CASES, number, "a case") })
    }

    pub(crate) fn case_of(&self, group: AlertNumber) -> Result<Option<AlertNumber>, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let table = self.plain(t::CASE_OF)?;
            let found = table.get(group).map_err(|e| fail(&e))?;
            Ok(found.map(|case| case.value()))
        })
    }

    /// Writes a case, says of each of its groups that it is in it, and that it has changed.
    pub(crate) fn put_case(&mut self, case: &Case) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.put(t::CASES, case.number, "a case", case)?;
            let fail = failure(&self.tenant);
            let mut table = self.plain(t::CASE_OF)?;
            for group in &case.groups {
                table.insert(*group, case.number).map_err(|e| fail(&e))?;
            }
            drop(table);
            self.set_changed(case.number, true)
        })
    }

    /// Removes a case whose groups are all in another now.
    pub(crate) fn remove_case(&mut self, number: AlertNumber) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.sealed(t::CASES)?.remove(&number)?;
            self.set_changed(number, false)
        })
    }

    /// Says whether a case has changed since it was last drafted.
    pub(crate) fn set_changed(
        &mut self,
        case: AlertNumber,
        changed: bool,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut table = self.plain(t::CHANGED)?;
            if changed {
                table.insert(case, ()).map_err(|e| fail(&e))?;
            } else {
                table.remove(case).map_err(|e| fail(&e))?;
            }
            Ok(())
        })
    }

    /// Says that a group has these properties.
    pub(crate) fn put_similar(
        &mut self,
        group: AlertNumber,
        properties: &[[u8; 16]],
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut table = self.plain(t::SIMILAR)?;
            for property in properties {
                let property = self.seal.hidden("similar", property);
                table.insert((property, group), ()).map_err(|e| fail(&e))?;
            }
            Ok(())
        })
    }

    pub(crate) fn put_enrichments(
        &mut self,
        group: AlertNumber,
        all: &[Enrichment],
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.put(t::ENRICHMENTS, group, "a group's enrichments", &all)
        })
    }

    /// Keeps a draft as the next version of its case's, unless it says what the last one said.
    pub(crate) fn put_draft(&mut self, mut draft: Draft) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut table = self.sealed(t::DRAFTS)?;
            let last = table
                .rows((draft.case, 0)..=(draft.case, u32::MAX))?
                .last_row()?
                .map(|row| row.read::<Draft>("a draft"))
                .transpose()?;
            if let Some(last) = last {
                if last.sentences == draft.sentences && last.digest == draft.digest {
                    return Ok(());
                }
                draft.version = last.version + 1;
            }
            table.write(&(draft.case, draft.version), "a draft", &draft)
        })
    }

    /// The key under which placements name this rule.
    pub(crate) fn rule_key(&mut self, rule: &Rule) -> Result<u32, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let bytes = encode(&self.tenant, "a rule", rule)?;
            let hidden = self.seal.hidden("rules", &bytes);
            let mut keys = self.plain(t::RULE_KEYS)?;
            if let Some(key) = keys.get(hidden).map_err(|e| fail(&e))? {
                return Ok(key.value());
            }
            let next = u32::try_from(self.meta(meta::NEXT_RULE)?).unwrap_or(u32::MAX);
            keys.insert(hidden, next).map_err(|e| fail(&e))?;
            drop(keys);
            self.sealed(t::RULES)?.put(&next, &bytes)?;
            self.set_meta(meta::NEXT_RULE, u64::from(next) + 1)?;
            Ok(next)
        })
    }

    /// Says why a module did not do its work, or that there is nothing to say any more.
    pub(crate) fn put_notice(
        &mut self,
        module: &str,
        notice: Option<&Notice>,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut table = self.sealed(t::NOTICES)?;
            match notice {
                Some(notice) => table.write(&module, "a notice", notice),
                None => table.remove(&module).map(drop),
            }
        })
    }

    /// Keeps what is in effect now under a name, to be compared with at the next start.
    pub(crate) fn put_state(
        &mut self,
        name: &str,
        state: &impl serde::Serialize,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut table = self.sealed(t::STATE)?;
            table.write(&name, "what is in effect", state)
        })
    }

    /// Keeps numbers from being given to alerts: they were given, and the alerts that had them are lost.
    pub(crate) fn lose(&mut self, lost: &[Lost]) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let next = self.meta(meta::NEXT_ALERT)?.max(1);
            let lost = Lost::from(next, lost.iter().copied());
            let Some(last) = lost.last().map(|lost| lost.last) else {
                return Ok(());
            };
            if self.meta(meta::PLACED_THROUGH)? + 1 == next {
                // Nothing waits: what comes is placed behind them.
                self.set_meta(meta::PLACED_THROUGH, last)?;
            }
            self.set_meta(meta::NEXT_ALERT, last.saturating_add(1))?;
            let mut table = self.sealed(t::STATE)?;
            let mut all: Vec<Lost> = table.read(&t::LOST, "lost alerts")?.unwrap_or_default();
            all.extend(lost);
            table.write(&t::LOST, "lost alerts", &all)
        })
    }

    /// Says that all alerts through this one are placed: for numbers whose alerts were lost.
    pub(crate) fn pass_over(&mut self, through: AlertNumber) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.set_meta(meta::PLACED_THROUGH, through)
        })
    }

    /// Keeps what is known of the trail.
    pub(super) fn seal_trail(&mut self, seal: &crate::trail::Seal) -> Result<(), StoreError> {
        self.put_state(t::TRAIL, seal)
    }

    /// Says how far into the trail the results of runs are held.
    pub(crate) fn set_trail(&mut self, committed: u64) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.set_meta(meta::TRAIL_ENTRIES, committed)
        })
    }

    pub(super) fn meta(&self, name: &str) -> Result<u64, StoreError> {
        let fail = failure(&self.tenant);
        let table = self.plain(t::META)?;
        let found = table.get(name).map_err(|e| fail(&e))?;
        Ok(found.map_or(0, |value| value.value()))
    }

    pub(super) fn set_meta(&mut self, name: &str, value: u64) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        let mut table = self.plain(t::META)?;
        table.insert(name, value).map_err(|e| fail(&e))?;
        Ok(())
    }

    fn add_meta(&mut self, name: &str, more: u64) -> Result<(), StoreError> {
        if more == 0 {
            return Ok(());
        }
        let value = self.meta(name)? + more;
        self.set_meta(name, value)
    }

    /// States which version the record forms are of, and which key they are sealed with.
    pub(super) fn state_version(&mut self) -> Result<(), StoreError> {
        self.set_meta(meta::VERSION, VERSION)?;
        let check = self.seal.check();
        self.set_meta(meta::KEY_CHECK, check)
    }

    /// Makes the tables that are not there.
    pub(super) fn make_missing(&self) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        macro_rules! make {
            ($($table:ident)*) => { $(t::$table.make(&self.write).map_err(|e| fail(&e))?;)* };
        }
        t::each_table!(make);
        Ok(())
    }

    /// Opens a sealed table: all that is put into it is sealed, and all that is got from it opened.
    pub(super) fn sealed<K: RowKey>(&self, table: Sealed<K>) -> Result<ToWrite<'_, K>, StoreError> {
        let opened = table.to_write(&self.write, &self.seal);
        opened.map_err(|e| failure(&self.tenant)(&e))
    }

    /// Opens a table of numbers.
    pub(super) fn plain<K: RowKey, V: Numbers>(
        &self,
        table: Plain<K, V>,
    ) -> Result<redb::Table<'_, K, V>, StoreError> {
        let opened = self.write.open_table(table.definition());
        opened.map_err(|e| failure(&self.tenant)(&e))
    }

    fn get<T: for<'a> serde::Deserialize<'a>>(
        &self,
        table: Sealed<u64>,
        key: u64,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.sealed(table)?.read(&key, what)
    }

    pub(super) fn put<T: serde::Serialize>(
        &mut self,
        table: Sealed<u64>,
        key: u64,
        what: &'static str,
        value: &T,
    ) -> Result<(), StoreError> {
        self.sealed(table)?.write(&key, what, value)
    }
}

/// Keeps a document as the alert's next revision, unless it is kept already.
fn keep_revision(
    table: &mut ToWrite<'_, (u64, u32)>,
    number: AlertNumber,
    document: &[u8],
) -> Result<bool, StoreError> {
    let mut next = 1;
    for row in table.rows((number, 0)..=(number, u32::MAX))? {
        let row = row?;
        if row.open()? == document {
            return Ok(false);
        }
        next = row.key().1 + 1;
    }
    table.put(&(number, next), document)?;
    Ok(true)
}

/// The first 16 bytes of a digest: enough to tell apart what one tenant can ever have.
pub(crate) fn short(digest: &Digest) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    short
}
