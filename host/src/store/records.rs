use super::tables as t;
use super::{Change, StoreError, View};
use crate::model::TenantId;
use redb::backends::FileBackend;
use redb::{ConcurrencyMode, Database, ReadableDatabase as _};
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
        let fail = failure(tenant);
        let backend = FileBackend::new(file).map_err(|e| fail(&e))?;
        let database = Database::builder()
            .set_cache_size(cache_bytes)
            .set_concurrency_mode(ConcurrencyMode::SingleWriter)
            .create_with_backend(backend)
            .map_err(|e| fail(&e))?;
        let records = Self {
            tenant: tenant.clone(),
            database: Arc::new(database),
        };
        records.make_tables()?;
        Ok(records)
    }

    /// So that a reader finds every table.
    fn make_tables(&self) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        let read = self.database.begin_read().map_err(|e| fail(&e))?;
        if read.open_table(t::NOTICES).is_ok() {
            return Ok(());
        }
        drop(read);
        let write = self.database.begin_write().map_err(|e| fail(&e))?;
        macro_rules! make {
            ($($table:ident)*) => { $(write.open_table(t::$table).map_err(|e| fail(&e))?;)* };
        }
        make!(META ALERTS BYTES KEYS REVISIONS PLACEMENTS MEMBERS GROUPS SIMILAR CASES CASE_OF CHANGED
              ENRICHMENTS DRAFTS RULES RULE_KEYS NOTES NOTE_AGES REJECTS REJECT_KEYS FRAMES BOUNDARIES MATERIAL NOTICES);
        write.commit().map_err(|e| fail(&e))
    }

    /// What is committed now, unchanged by what comes.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn view(&self) -> Result<View, StoreError> {
        let fail = failure(&self.tenant);
        let read = self.database.begin_read().map_err(|e| fail(&e))?;
        Ok(View::of(self.tenant.clone(), read))
    }

    /// Begins a change: all of it is committed, or nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn change(&self) -> Result<Change, StoreError> {
        let fail = failure(&self.tenant);
        let write = self.database.begin_write().map_err(|e| fail(&e))?;
        Ok(Change::of(self.tenant.clone(), write))
    }
}

pub(super) fn failure(
    tenant: &TenantId,
) -> impl Fn(&dyn std::fmt::Display) -> StoreError + Clone + use<> {
    let tenant = tenant.to_string();
    move |error| StoreError::Database {
        tenant: tenant.clone(),
        message: error.to_string(),
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
