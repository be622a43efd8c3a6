use super::StoreError;
use super::block::Block;
use super::guard::guarded;
use super::records::{check_key, decode, failure, unreadable, version_of};
use super::seal::Seal;
use super::sealed::{Numbers, Plain, RowKey, Sealed, ToRead};
use super::tables::{self as t, GroupRow, Notice, Stored, meta};
use super::version::check_store;
use crate::model::{AlertNumber, Case, Draft, Enrichment, Instant, Placement, Rule, TenantId};
use crate::trail::{self, Lost};
use redb::backends::FileBackend;
use redb::{
    ConcurrencyMode, Database, ReadOnlyDatabase, ReadOnlyTable, ReadTransaction,
    ReadableDatabase as _, ReadableTable as _,
};
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// What a tenant's database held at one moment. Reading does not keep a writer from writing.
pub struct View {
    tenant: TenantId,
    pub(super) seal: Arc<Seal>,
    read: ReadTransaction,
    opened: Mutex<Opened>,
}

/// Rows that were opened, so that one that is read again is not opened again: what a view shows stays
/// as it is.
#[derive(Default)]
struct Opened {
    rows: HashMap<(&'static str, u64), Arc<Vec<u8>>>,
    bytes: usize,
}

/// Bytes of opened rows that a view keeps.
const KEPT_BYTES: usize = 8 << 20;

impl View {
    pub(super) fn of(seal: Arc<Seal>, read: ReadTransaction) -> Self {
        let tenant = seal.tenant().clone();
        Self {
            tenant,
            seal,
            read,
            opened: Mutex::default(),
        }
    }

    pub(super) fn open(
        seal: Arc<Seal>,
        file: File,
        cache_bytes: usize,
    ) -> Result<Option<Self>, StoreError> {
        let tenant = seal.tenant().clone();
        guarded!(tenant, { Self::open_file(seal, file, cache_bytes) })
    }

    fn open_file(
        seal: Arc<Seal>,
        file: File,
        cache_bytes: usize,
    ) -> Result<Option<Self>, StoreError> {
        let tenant = seal.tenant();
        let fail = failure(tenant);
        let backend = FileBackend::new(file).map_err(|e| fail(&e))?;
        let database: ReadOnlyDatabase = Database::builder()
            .set_cache_size(cache_bytes)
            .set_concurrency_mode(ConcurrencyMode::SingleWriter)
            .open_read_only_with_backend(backend)
            .map_err(|e| fail(&e))?;
        let read = database.begin_read().map_err(|e| fail(&e))?;
        match version_of(tenant, &read)? {
            // It is being made, or was when its writer stopped.
            0 => return Ok(None),
            version => check_store(tenant, version)?,
        }
        check_key(&seal, &read)?;
        Ok(Some(Self::of(seal, read)))
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// How many alerts there are.
    ///
    /// # Errors
    /// As every function here: when the database refuses or a record cannot be read.
    pub fn alert_count(&self) -> Result<u64, StoreError> {
        Ok(self.last_alert()?.saturating_sub(self.lost_after(0)?))
    }

    /// The greatest number that was given to an alert; 0 where none was. Alerts up to it may be lost.
    pub fn last_alert(&self) -> Result<AlertNumber, StoreError> {
        guarded!(self.tenant, {
            Ok(self.meta(meta::NEXT_ALERT)?.saturating_sub(1))
        })
    }

    /// How many alerts wait to be placed.
    pub fn waiting_count(&self) -> Result<u64, StoreError> {
        let placed = self.placed_through()?;
        let behind = self.last_alert()?.saturating_sub(placed);
        Ok(behind.saturating_sub(self.lost_after(placed)?))
    }

    /// The numbers of alerts that were taken in and lost, ascending.
    pub fn lost(&self) -> Result<Vec<Lost>, StoreError> {
        Ok(self.state(t::LOST)?.unwrap_or_default())
    }

    /// How many alerts with greater numbers than this one were lost.
    fn lost_after(&self, number: AlertNumber) -> Result<u64, StoreError> {
        let counts = self.lost()?.into_iter().map(|lost| {
            let before = number.max(lost.first.saturating_sub(1));
            lost.last.saturating_sub(before)
        });
        Ok(counts.sum())
    }

    /// The last alert that has been placed; those after it wait.
    pub fn placed_through(&self) -> Result<AlertNumber, StoreError> {
        guarded!(self.tenant, { self.meta(meta::PLACED_THROUGH) })
    }

    /// Deliveries of an alert that was there already.
    pub fn duplicate_count(&self) -> Result<u64, StoreError> {
        guarded!(self.tenant, { self.meta(meta::DUPLICATES) })
    }

    /// Deliveries of an alert with other bytes.
    pub fn revision_count(&self) -> Result<u64, StoreError> {
        guarded!(self.tenant, { self.meta(meta::REVISIONS) })
    }

    /// What was in effect at the last start under a name; none where nothing was kept yet.
    pub(crate) fn state<T: for<'a> serde::Deserialize<'a>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        guarded!(self.tenant, {
            self.sealed(t::STATE)?.read(&name, "what is in effect")
        })
    }

    /// When the newest alert was taken in; none where there is none.
    pub fn last_intake(&self) -> Result<Option<Instant>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::ALERTS)?;
            let Some(row) = table.all()?.last_row()? else {
                return Ok(None);
            };
            Ok(Some(self.block(&row.open()?)?.taken_in))
        })
    }

    /// What is sealed here of the trail; none where none was begun.
    pub(crate) fn trail_seal(&self) -> Result<Option<trail::Seal>, StoreError> {
        self.state(t::TRAIL)
    }

    /// How far into the trail the results of runs are held here.
    pub fn trail_committed(&self) -> Result<u64, StoreError> {
        guarded!(self.tenant, { self.meta(meta::TRAIL_ENTRIES) })
    }

    /// The alerts with numbers from `first` through `last`, ascending.
    pub fn alerts(&self, first: AlertNumber, last: AlertNumber) -> Result<Vec<Stored>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::ALERTS)?;
            let from = self.block_start(&table, first)?;
            let mut found = Vec::new();
            for row in table.rows(from..=last)? {
                let row = row?;
                let bytes = row.open()?;
                let block = self.block(&bytes)?;
                for (number, place) in (row.key()..).zip(0..block.len()) {
                    if (first..=last).contains(&number) {
                        found.extend(self.stored(number, &block, place)?);
                    }
                }
            }
            Ok(found)
        })
    }

    /// The alerts of these numbers, which must ascend; numbers that are not there are left out.
    pub fn alerts_of(&self, numbers: &[AlertNumber]) -> Result<Vec<Stored>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::ALERTS)?;
            let mut found = Vec::with_capacity(numbers.len());
            let mut numbers = numbers.iter().copied().peekable();
            while let Some(&number) = numbers.peek() {
                let Some(row) = table.rows(..=number)?.last_row()? else {
                    numbers.next();
                    continue;
                };
                let start = row.key();
                let bytes = self.kept(t::ALERTS, start, || row.open().map(Some))?;
                let bytes = bytes.unwrap_or_default();
                let block = self.block(&bytes)?;
                numbers.next();
                found.extend(self.stored(number, &block, (number - start) as usize)?);
                let held = start..start + block.len() as u64;
                while let Some(number) = numbers.next_if(|n| held.contains(n)) {
                    found.extend(self.stored(number, &block, (number - start) as usize)?);
                }
            }
            Ok(found)
        })
    }

    fn block<'a>(&self, bytes: &'a [u8]) -> Result<Block<'a>, StoreError> {
        Block::read(bytes)
            .ok_or_else(|| unreadable(&self.tenant, "a block of alerts", &"it is cut short"))
    }

    fn stored(
        &self,
        number: AlertNumber,
        block: &Block<'_>,
        place: usize,
    ) -> Result<Option<Stored>, StoreError> {
        let Some(alert) = block.alert(place) else {
            return Ok(None);
        };
        Ok(Some(Stored {
            number,
            taken_in: block.taken_in,
            alert: alert.map_err(|e| unreadable(&self.tenant, "an alert", &e))?,
        }))
    }

    /// The source's bytes of an alert.
    pub fn bytes(&self, number: AlertNumber) -> Result<Option<Vec<u8>>, StoreError> {
        guarded!(self.tenant, {
            let alerts = self.sealed(t::ALERTS)?;
            let start = self.block_start(&alerts, number)?;
            let Some(block) = alerts.get(&start)? else {
                return Ok(None);
            };
            let place = number.saturating_sub(start) as usize;
            let Some(document) = self.block(&block)?.document(place) else {
                return Ok(None);
            };
            let bytes = self.sealed(t::BYTES)?.get(&start)?;
            Ok(bytes.and_then(|bytes| bytes.get(document).map(<[u8]>::to_vec)))
        })
    }

    /// Every placement of alerts from `first` through `last`, in their order.
    pub fn placements(
        &self,
        first: AlertNumber,
        last: AlertNumber,
    ) -> Result<Vec<Placement>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::PLACEMENTS)?;
            let from = self.block_start(&table, first)?;
            let mut found = Vec::new();
            for row in table.rows(from..=last)? {
                let block: Vec<Placement> = row?.read("a block of placements")?;
                found.extend(
                    block
                        .into_iter()
                        .filter(|p| (first..=last).contains(&p.alert)),
                );
            }
            Ok(found)
        })
    }

    /// The alerts of a group, ascending.
    pub fn members(&self, group: AlertNumber) -> Result<Vec<AlertNumber>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::MEMBERS)?;
            let mut found = Vec::new();
            for row in table.rows((group, 0)..=(group, u64::MAX))? {
                found.extend(row?.read::<Vec<AlertNumber>>("a group's alerts")?);
            }
            Ok(found)
        })
    }

    /// Every group, ascending.
    pub fn groups(&self) -> Result<Vec<GroupRow>, StoreError> {
        guarded!(self.tenant, { self.all(t::GROUPS, "a group") })
    }

    /// A group.
    pub fn group(&self, number: AlertNumber) -> Result<Option<GroupRow>, StoreError> {
        guarded!(self.tenant, { self.one(t::GROUPS, number, "a group") })
    }

    /// Groups that have this property, ascending, from `from` down: the latest `most`.
    pub fn similar(
        &self,
        property: [u8; 16],
        below: AlertNumber,
        most: usize,
    ) -> Result<Vec<AlertNumber>, StoreError> {
        guarded!(self.tenant, {
            let table = self.plain(t::SIMILAR)?;
            let property = self.seal.hidden("similar", &property);
            let rows = table
                .range((property, 0)..(property, below))
                .map_err(|e| self.fail(&e))?;
            let mut found = Vec::new();
            for row in rows.rev().take(most) {
                let (key, ()) = row
                    .map(|(k, v)| (k, v.value()))
                    .map_err(|e| self.fail(&e))?;
                found.push(key.value().1);
            }
            Ok(found)
        })
    }

    /// Every case, ascending.
    pub fn cases(&self) -> Result<Vec<Case>, StoreError> {
        guarded!(self.tenant, { self.all(t::CASES, "a case") })
    }

    /// A case.
    pub fn case(&self, number: AlertNumber) -> Result<Option<Case>, StoreError> {
        guarded!(self.tenant, { self.one(t::CASES, number, "a case") })
    }

    /// The case a group is in.
    pub fn case_of(&self, group: AlertNumber) -> Result<Option<AlertNumber>, StoreError> {
        guarded!(self.tenant, {
            let found = self
                .plain(t::CASE_OF)?
                .get(group)
                .map_err(|e| self.fail(&e))?;
            Ok(found.map(|case| case.value()))
        })
    }

    /// Whether a case has changed since it was last drafted.
    pub fn is_changed(&self, case: AlertNumber) -> Result<bool, StoreError> {
        guarded!(self.tenant, {
            let found = self.plain(t::CHANGED)?.get(case);
            Ok(found.map_err(|e| self.fail(&e))?.is_some())
        })
    }

    /// The cases that have changed since they were last drafted, ascending.
    pub fn changed_cases(&self) -> Result<Vec<AlertNumber>, StoreError> {
        guarded!(self.tenant, {
            let table = self.plain(t::CHANGED)?;
            let rows = table.iter().map_err(|e| self.fail(&e))?;
            rows.map(|row| row.map(|(case, _)| case.value()).map_err(|e| self.fail(&e)))
                .collect()
        })
    }

    /// What was added to a group's alerts.
    pub fn enrichments(&self, group: AlertNumber) -> Result<Vec<Enrichment>, StoreError> {
        guarded!(self.tenant, {
            Ok(self
                .one(t::ENRICHMENTS, group, "a group's enrichments")?
                .unwrap_or_default())
        })
    }

    /// The latest draft of a case.
    pub fn draft(&self, case: AlertNumber) -> Result<Option<Draft>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::DRAFTS)?;
            let last = table.rows((case, 0)..=(case, u32::MAX))?.last_row()?;
            last.map(|row| row.read("a draft")).transpose()
        })
    }

    /// A rule that placements and links name.
    pub fn rule(&self, key: u32) -> Result<Option<Rule>, StoreError> {
        guarded!(self.tenant, { self.sealed(t::RULES)?.read(&key, "a rule") })
    }

    /// The modules that did not do their work when they last should have.
    pub fn notices(&self) -> Result<Vec<Notice>, StoreError> {
        guarded!(self.tenant, {
            let table = self.sealed(t::NOTICES)?;
            table.all()?.map(|row| row?.read("a notice")).collect()
        })
    }

    pub(super) fn meta(&self, name: &str) -> Result<u64, StoreError> {
        let found = self.plain(t::META)?.get(name).map_err(|e| self.fail(&e))?;
        Ok(found.map_or(0, |value| value.value()))
    }

    pub(super) fn all<K: RowKey, T: for<'a> serde::Deserialize<'a>>(
        &self,
        table: Sealed<K>,
        what: &'static str,
    ) -> Result<Vec<T>, StoreError> {
        let table = self.sealed(table)?;
        table.all()?.map(|row| row?.read(what)).collect()
    }

    fn one<T: for<'a> serde::Deserialize<'a>>(
        &self,
        table: Sealed<u64>,
        key: u64,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let bytes = self.kept(table, key, || self.sealed(table)?.get(&key))?;
        bytes
            .map(|bytes| decode(&self.tenant, what, &bytes))
            .transpose()
    }

    /// A row's bytes as they were opened before, or as they are opened now.
    fn kept(
        &self,
        table: Sealed<u64>,
        key: u64,
        open: impl FnOnce() -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<Option<Arc<Vec<u8>>>, StoreError> {
        let lock = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (table.name(), key);
        if let Some(bytes) = lock().rows.get(&place) {
            return Ok(Some(Arc::clone(bytes)));
        }
        let Some(bytes) = open()?.map(Arc::new) else {
            return Ok(None);
        };
        let mut opened = lock();
        if opened.bytes + bytes.len() > KEPT_BYTES {
            *opened = Opened::default();
        }
        opened.bytes += bytes.len();
        opened.rows.insert(place, Arc::clone(&bytes));
        Ok(Some(bytes))
    }

    /// The key of the block that a number is in.
    fn block_start(&self, table: &ToRead<u64>, number: u64) -> Result<u64, StoreError> {
        let row = table.rows(..=number)?.last_row()?;
        Ok(row.map_or(number, |row| row.key()))
    }

    pub(super) fn sealed<K: RowKey>(&self, table: Sealed<K>) -> Result<ToRead<K>, StoreError> {
        let opened = table.to_read(&self.read, &self.seal);
        opened.map_err(|e| self.fail(&e))
    }

    pub(super) fn plain<K: RowKey, V: Numbers>(
        &self,
        table: Plain<K, V>,
    ) -> Result<ReadOnlyTable<K, V>, StoreError> {
        let opened = self.read.open_table(table.definition());
        opened.map_err(|e| self.fail(&e))
    }

    pub(super) fn fail(&self, error: &dyn std::fmt::Display) -> StoreError {
        failure(&self.tenant)(error)
    }
}
