use super::guard::{guarded, is_damage};
use super::tables as t;
use super::version::check_store;
use super::{Change, StoreError, VERSION, View};
use crate::model::TenantId;
use redb::backends::FileBackend;
use redb::{ConcurrencyMode, Database, ReadTransaction, ReadableDatabase as _, TableError};
use std::sync::Arc;

/// A tenant's database, open for writing.
pub struct Records {
    tenant: TenantId,
    database: Arc<Database>,
}

impl Records {
    pub(super) fn open(
        tenant: &TenantId,
        file: std::fs::File,
        cache_bytes: usize,
    ) -> Result<Self, StoreError> {
        guarded!(tenant, {
            let records = Self::of_any_version(tenant, file, cache_bytes)?;
            let version = records.version()?;
            if version != 0 {
                check_store(tenant, version)?;
            }
            records.make_tables(version)?;
            Ok(records)
        })
    }

    /// Opens one without looking at the form of what is in it.
    pub(super) fn of_any_version(
        tenant: &TenantId,
        file: std::fs::File,
        cache_bytes: usize,
    ) -> Result<Self, StoreError> {
        let fail = failure(tenant);
        let backend = FileBackend::new(file).map_err(|e| fail(&e))?;
        let database = Database::builder()
            .set_cache_size(cache_bytes)
            .set_concurrency_mode(ConcurrencyMode::SingleWriter)
            .create_with_backend(backend)
            .map_err(|e| fail(&e))?;
        Ok(Self {
            tenant: tenant.clone(),
            database: Arc::new(database),
        })
    }

    /// The version of the record forms in it. 0 where nothing was ever written to it.
    pub(super) fn version(&self) -> Result<u64, StoreError> {
        let fail = failure(&self.tenant);
        let read = self.database.begin_read().map_err(|e| fail(&e))?;
        version_of(&self.tenant, &read)
    }

    /// So that a reader finds every table, also one that a later host has added.
    fn make_tables(&self, version: u64) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        let read = self.database.begin_read().map_err(|e| fail(&e))?;
        if version != 0 && read.list_tables().map_err(|e| fail(&e))?.count() >= t::COUNT {
            return Ok(());
        }
        drop(read);
        let write = self.database.begin_write().map_err(|e| fail(&e))?;
        self.make_missing(&write)?;
        if version == 0 {
            let mut table = write.open_table(t::META).map_err(|e| fail(&e))?;
            table
                .insert(t::meta::VERSION, VERSION)
                .map_err(|e| fail(&e))?;
        }
        write.commit().map_err(|e| fail(&e))
    }

    /// Makes the tables that are not there.
    pub(super) fn make_missing(&self, write: &redb::WriteTransaction) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        macro_rules! make {
            ($($table:ident)*) => { $(write.open_table(t::$table).map_err(|e| fail(&e))?;)* };
        }
        t::each_table!(make);
        Ok(())
    }

    /// What is committed now, unchanged by what comes.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn view(&self) -> Result<View, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let read = self.database.begin_read().map_err(|e| fail(&e))?;
            Ok(View::of(self.tenant.clone(), read))
        })
    }

    /// Begins a change: all of it is committed, or nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn change(&self) -> Result<Change, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let write = self.database.begin_write().map_err(|e| fail(&e))?;
            Ok(Change::of(self.tenant.clone(), write))
        })
    }
}

/// The version of the record forms that a store states: 1 where it has records and states none, 0
/// where it has none yet.
pub(super) fn version_of(tenant: &TenantId, read: &ReadTransaction) -> Result<u64, StoreError> {
    let fail = failure(tenant);
    let table = match read.open_table(t::META) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(0),
        Err(error) => return Err(fail(&error)),
    };
    let stated = table.get(t::meta::VERSION).map_err(|e| fail(&e))?;
    Ok(stated.map_or(1, |version| version.value()))
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
