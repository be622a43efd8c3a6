//! Homes of an earlier version brought to this one.
//!
//! Each tenant is brought there under its writer's lock, in one change of its store, and the home's
//! version is written last. So a process that is stopped anywhere leaves tenants of several versions in
//! a home of the earlier one, and the next call goes on from there.

mod three;

use super::guard::guarded;
use super::records::AnyVersion;
use super::{
    Below, Dir, Folders, Home, KeyFolder, StoreError, SystemRandom, TenantScope, VERSION,
    WriterLock, lock, version,
};
use crate::custody::Custody;
use crate::model::{Instant, TenantId};
use std::sync::Arc;

/// The earliest version that is brought to this one.
const FIRST: u64 = 3;

/// What became of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Upgraded {
    /// The tenant.
    pub tenant: TenantId,
    /// The version its store was of; none where it has no store.
    pub from: Option<u64>,
    /// How many alerts it holds.
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
        now: Instant,
        each: &mut dyn FnMut(&Upgraded),
    ) -> Result<u64, StoreError> {
        let keys = root.try_clone().map_err(StoreError::io("."))?;
        let custody = Arc::new(KeyFolder::new(keys, Arc::new(SystemRandom)));
        Self::upgrade_with(Arc::new(Below::new(root)), custody, cache_bytes, now, each)
    }

    /// As [`Home::upgrade`], with folders and keys from elsewhere.
    ///
    /// # Errors
    /// As [`Home::upgrade`]; when a tenant's keys cannot be made.
    pub fn upgrade_with(
        places: Arc<dyn Folders>,
        custody: Arc<dyn Custody>,
        cache_bytes: usize,
        now: Instant,
        each: &mut dyn FnMut(&Upgraded),
    ) -> Result<u64, StoreError> {
        let home = Self::unchecked(places, custody)?;
        let from = match version::stated(&home.root)? {
            None => return Err(StoreError::NoHome),
            Some(found @ FIRST..=VERSION) => found,
            Some(found) if found < FIRST => return Err(StoreError::OldHome { found }),
            Some(found) => return Err(StoreError::NewerHome { found }),
        };
        let _alone = home.lock()?;
        for tenant in home.tenants()?.0 {
            let scope = home.tenant(&tenant)?;
            let writer = scope.lock_within(lock::WAIT)?;
            each(&store(&scope, &writer, cache_bytes, now)?);
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
    now: Instant,
) -> Result<Upgraded, StoreError> {
    let tenant = scope.tenant();
    let mut done = Upgraded {
        tenant: tenant.clone(),
        from: None,
        alerts: 0,
    };
    let before = guarded!(tenant, {
        let old = scope.records_of_any_version(writer, cache_bytes)?;
        old.as_ref().map(AnyVersion::version).transpose()
    })?;
    let Some(before) = before else {
        return Ok(done);
    };
    done.from = Some(before);
    match before {
        0 | VERSION => {}
        FIRST => {
            done.alerts = guarded!(tenant, { three::to_four(scope, writer, cache_bytes, now) })?;
        }
        other => version::check_store(tenant, other)?,
    }
    Ok(done)
}
