use super::backend::{Watched, read_from_disk};
use super::closed::Closing;
use super::guard::{guarded, is_damage};
use super::seal::Seal;
use super::tables as t;
use super::version::check_store;
use super::{Change, StoreError, View};
use crate::model::TenantId;
use redb::{
    ConcurrencyMode, Database, DatabaseError, ReadTransaction, ReadableDatabase as _,
    RepairSession, StorageBackend, TableError,
};
use std::sync::Arc;

/// A tenant's database, open for writing.
pub struct Records {
    seal: Arc<Seal>,
    raw: AnyVersion,
}

/// A tenant's database, open for writing, whatever form its records are of. What is sealed in it stays
/// closed.
pub(super) struct AnyVersion {
    tenant: TenantId,
    pub(super) database: Database,
}

impl AnyVersion {
    /// Opens it. One that was not closed as it should be is read from the disk anew: what the kernel
    /// keeps of a file may be what a failed sync did not bring to the disk.
    pub(super) fn open(
        tenant: &TenantId,
        file: std::fs::File,
        cache_bytes: usize,
        closing: &Closing,
    ) -> Result<Self, StoreError> {
        let fail = failure(tenant);
        let again = file.try_clone().map_err(|e| fail(&e))?;
        let backend = Watched::of_file(file, closing.clone()).map_err(|e| fail(&e))?;
        if let Some(raw) = Self::over(tenant, backend, cache_bytes, RepairSession::abort)? {
            return Ok(raw);
        }
        closing
            .watch(read_from_disk(&again))
            .map_err(|e| fail(&e))?;
        let backend = Watched::of_file(again, closing.clone()).map_err(|e| fail(&e))?;
        let raw = Self::over(tenant, backend, cache_bytes, |_| ())?;
        raw.ok_or_else(|| fail(&"its repair was stopped"))
    }

    /// Opens it on whatever keeps its bytes; none where it has to be repaired and `repair` aborts that.
    pub(super) fn over(
        tenant: &TenantId,
        backend: impl StorageBackend,
        cache_bytes: usize,
        repair: impl Fn(&mut RepairSession) + 'static,
    ) -> Result<Option<Self>, StoreError> {
        let fail = failure(tenant);
        let opened = Database::builder()
            .set_cache_size(cache_bytes)
            .set_concurrency_mode(ConcurrencyMode::SingleWriter)
            .set_repair_callback(repair)
            .create_with_backend(backend);
        match opened {
            Ok(database) => Ok(Some(Self {
                tenant: tenant.clone(),
                database,
            })),
            Err(DatabaseError::RepairAborted) => Ok(None),
            Err(error) => Err(fail(&error)),
        }
    }

    /// The version of the record forms in it. 0 where nothing was ever written to it.
    pub(super) fn version(&self) -> Result<u64, StoreError> {
        let fail = failure(&self.tenant);
        let read = self.database.begin_read().map_err(|e| fail(&e))?;
        version_of(&self.tenant, &read)
    }

    /// How far into the trail the results of runs are held; none where nothing was ever written.
    pub(super) fn trail_committed(&self) -> Result<Option<u64>, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let read = self.database.begin_read().map_err(|e| fail(&e))?;
            stated(&self.tenant, &read, t::meta::TRAIL_ENTRIES)
        })
    }
}

impl Records {
    pub(super) fn open(
        seal: Arc<Seal>,
        file: std::fs::File,
        cache_bytes: usize,
        closing: &Closing,
    ) -> Result<Self, StoreError> {
        let tenant = seal.tenant().clone();
        guarded!(tenant, {
            let raw = AnyVersion::open(&tenant, file, cache_bytes, closing)?;
            Self::of(seal, raw)
        })
    }

    /// Of a database whose tables it makes where they are missing.
    pub(super) fn of(seal: Arc<Seal>, raw: AnyVersion) -> Result<Self, StoreError> {
        let records = Self { seal, raw };
        records.make_tables()?;
        Ok(records)
    }

    /// Of an earlier version, which has the same tables; its key is checked.
    pub(super) fn to_upgrade(
        seal: Arc<Seal>,
        file: std::fs::File,
        cache_bytes: usize,
        closing: &Closing,
    ) -> Result<Self, StoreError> {
        let tenant = seal.tenant().clone();
        guarded!(tenant, {
            let raw = AnyVersion::open(&tenant, file, cache_bytes, closing)?;
            let read = raw.database.begin_read();
            check_key(&seal, &read.map_err(|e| failure(&tenant)(&e))?)?;
            Ok(Self { seal, raw })
        })
    }

    fn tenant(&self) -> &TenantId {
        &self.raw.tenant
    }

    /// So that a reader finds every table, also one that a later host has added.
    fn make_tables(&self) -> Result<(), StoreError> {
        let fail = failure(self.tenant());
        let version = self.raw.version()?;
        if version != 0 {
            check_store(self.tenant(), version)?;
            let read = self.raw.database.begin_read().map_err(|e| fail(&e))?;
            check_key(&self.seal, &read)?;
            if read.list_tables().map_err(|e| fail(&e))?.count() >= t::COUNT {
                return Ok(());
            }
        }
        let mut change = self.change()?;
        change.make_missing()?;
        if version == 0 {
            change.state_version()?;
        }
        change.commit()
    }

    /// What is committed now, unchanged by what comes.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn view(&self) -> Result<View, StoreError> {
        guarded!(self.tenant(), {
            let fail = failure(self.tenant());
            let read = self.raw.database.begin_read().map_err(|e| fail(&e))?;
            Ok(View::of(Arc::clone(&self.seal), read))
        })
    }

    /// Begins a change: all of it is committed, or nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn change(&self) -> Result<Change, StoreError> {
        guarded!(self.tenant(), {
            let fail = failure(self.tenant());
            let write = self.raw.database.begin_write().map_err(|e| fail(&e))?;
            Ok(Change::of(Arc::clone(&self.seal), write))
        })
    }
}

/// The version of the record forms that a store states: 1 where it has records and states none, 0
/// where it has none yet.
pub(super) fn version_of(tenant: &TenantId, read: &ReadTransaction) -> Result<u64, StoreError> {
    let fail = failure(tenant);
    match read.open_table(t::META.definition()) {
        Ok(_) => Ok(stated(tenant, read, t::meta::VERSION)?.unwrap_or(1)),
        Err(TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(fail(&error)),
    }
}

/// That a store is sealed with this key.
pub(super) fn check_key(seal: &Seal, read: &ReadTransaction) -> Result<(), StoreError> {
    let stated = stated(seal.tenant(), read, t::meta::KEY_CHECK)?;
    seal.checked(stated.unwrap_or_default())
}

/// What stands in `META` under a name.
fn stated(
    tenant: &TenantId,
    read: &ReadTransaction,
    name: &str,
) -> Result<Option<u64>, StoreError> {
    let fail = failure(tenant);
    let table = match read.open_table(t::META.definition()) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(fail(&error)),
    };
    let found = table.get(name).map_err(|e| fail(&e))?;
    Ok(found.map(|value| value.value()))
}

pub(super) fn failure(
    tenant: &TenantId,
) -> impl Fn(&dyn std::fmt::Display) -> StoreError + Clone + use<> {
    let tenant = tenant.to_string();
    move |error| {
        let (tenant, message) = (tenant.clone(), error.to_string());
        if is_damage(&message) {
            StoreError::Damaged { tenant, message }
        } else {
            StoreError::Database { tenant, message }
        }
    }
}

pub(super) fn encode<T: serde::Serialize>(
    tenant: &TenantId,
    what: &'static str,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|e| unreadable(tenant, what, &e))
}

pub(super) fn decode<'a, T: serde::Deserialize<'a>>(
    tenant: &TenantId,
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|e| unreadable(tenant, what, &e))
}

pub(super) fn unreadable(
    tenant: &TenantId,
    what: &'static str,
    error: &dyn std::fmt::Display,
) -> StoreError {
    StoreError::Record {
        tenant: tenant.to_string(),
        what,
        message: error.to_string(),
    }
}
