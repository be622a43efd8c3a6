//! Homes of an earlier version brought to this one.
//!
//! Each tenant is brought there under its writer's lock. Version 1 becomes 2 in one change of the
//! store. Version 2 becomes 3 in a new file, in which everything is sealed and which takes the old
//! one's place at once: a database keeps what was in its freed pages, so none of the old file's may
//! stay in the new one. What the disk itself keeps of a file that is gone is not reached. The home's
//! version is written last. So a process that is stopped anywhere leaves tenants of several versions in
//! a home of the earlier one, and the next call goes on from there.

mod one;
mod two;

use super::guard::guarded;
use super::records::AnyVersion;
use super::{
    Below, Dir, Folders, Home, KeyFolder, StoreError, SystemRandom, TenantScope, VERSION,
    WriterLock, lock, version,
};
use crate::custody::Custody;
use crate::model::TenantId;
use std::sync::Arc;

/// What became of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Upgraded {
    /// The tenant.
    pub tenant: TenantId,
    /// The version its store was of; none where it has no store.
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
        let keys = root.try_clone().map_err(StoreError::io("."))?;
        let custody = Arc::new(KeyFolder::new(keys, Arc::new(SystemRandom)));
        Self::upgrade_with(Arc::new(Below::new(root)), custody, cache_bytes, each)
    }

    /// As [`Home::upgrade`], with folders and keys from elsewhere.
    ///
    /// # Errors
    /// As [`Home::upgrade`]; when a tenant's keys cannot be made.
    pub fn upgrade_with(
        places: Arc<dyn Folders>,
        custody: Arc<dyn Custody>,
        cache_bytes: usize,
        each: &mut dyn FnMut(&Upgraded),
    ) -> Result<u64, StoreError> {
        let home = Self::unchecked(places, custody)?;
        let from = match version::stated(&home.root)? {
            None => return Err(StoreError::NoHome),
            Some(found @ 1..=VERSION) => found,
            Some(found) => return Err(StoreError::NewerHome { found }),
        };
        let _alone = home.lock()?;
        for tenant in home.tenants()?.0 {
            let scope = home.tenant(&tenant)?;
            let writer = scope.lock_within(lock::WAIT)?;
            // Also of a tenant that has no store yet. What was destroyed stays destroyed.
            scope.custody().make(&tenant)?;
            let done = store(&scope, &writer, cache_bytes)?;
            // Its keys are there, and its store is of this version.
            scope.upgrade_trail(&writer, cache_bytes)?;
            each(&done);
        }
        if from != VERSION {
            version::state(&home.root)?;
        }
        Ok(from)
    }
}

/// Brings one tenant's store to this version.
fn store(
    scope: &TenantScope,
    writer: &WriterLock,
    cache_bytes: usize,
) -> Result<Upgraded, StoreError> {
    let tenant = scope.tenant();
    let mut done = Upgraded {
        tenant: tenant.clone(),
        from: None,
        alerts: 0,
    };
    let opened = guarded!(tenant, {
        let old = scope.records_of_any_version(writer, cache_bytes)?;
        let before = old.as_ref().map(AnyVersion::version).transpose()?;
        Ok(old.zip(before))
    })?;
    let Some((old, before)) = opened else {
        return Ok(done);
    };
    done.from = Some(before);
    if before > VERSION {
        version::check_store(tenant, before)?;
    }
    if before < 2 {
        guarded!(tenant, { one::to_two(tenant, &old) })?;
    }
    if before < VERSION {
        done.alerts = guarded!(tenant, { two::to_three(scope, writer, &old, cache_bytes) })?;
    }
    Ok(done)
}
