//! A store of version 3, which knew of its trail only how many entries it had, made one of version 4,
//! which holds the last checkpoint sealed.

use crate::custody::CustodyError;
use crate::model::Instant;
use crate::store::records::Records;
use crate::store::{StoreError, TenantScope, WriterLock};
use crate::trail::{Log, OpenError, Opening, Origin, TrailError};

/// Why a store was not brought to version 4.
enum Failed {
    Store(StoreError),
    Trail(OpenError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<OpenError> for Failed {
    fn from(error: OpenError) -> Self {
        Self::Trail(error)
    }
}

impl From<TrailError> for Failed {
    fn from(error: TrailError) -> Self {
        Self::Trail(error.into())
    }
}

/// Opens the trail as a host of version 3 did, signs all of it, and seals that in the store. Says how
/// many alerts it holds.
pub(super) fn to_four(
    scope: &TenantScope,
    writer: &WriterLock,
    cache_bytes: usize,
    now: Instant,
) -> Result<u64, StoreError> {
    let tenant = scope.tenant();
    sealed(scope, writer, cache_bytes, now).map_err(|failed| match failed {
        Failed::Store(error) => error,
        Failed::Trail(OpenError::Io(error)) => StoreError::io(scope.path("trail"))(error),
        Failed::Trail(error) => StoreError::Damaged {
            tenant: tenant.to_string(),
            message: error.to_string(),
        },
    })
}

fn sealed(
    scope: &TenantScope,
    writer: &WriterLock,
    cache_bytes: usize,
    now: Instant,
) -> Result<u64, Failed> {
    if let Err(CustodyError::Destroyed { .. }) = scope.custody().vault_key(scope.tenant()) {
        return Ok(0);
    }
    let Some(records) = scope.records_to_upgrade(writer, cache_bytes)? else {
        return Ok(0);
    };
    let view = records.view()?;
    let mut change = records.change()?;
    if let Some(log) = trail(scope, writer, &records, now)? {
        let signed = log.checkpoint()?;
        let (through, signed) = (log.sync()?, crate::trail::before(signed.unverified()));
        if let Some(signed) = signed {
            change.seal_trail(&crate::trail::Seal { signed, through })?;
        }
    }
    change.make_missing()?;
    change.collapse_rejects()?;
    change.state_version()?;
    change.commit()?;
    Ok(view.alert_count()?)
}

/// The trail that goes with the store; none where none was begun.
fn trail(
    scope: &TenantScope,
    writer: &WriterLock,
    records: &Records,
    now: Instant,
) -> Result<Option<Log>, Failed> {
    let committed = records.view()?.trail_committed()?;
    if scope.read_trail()?.is_none() && scope.known_checkpoint()?.is_none() && committed == 0 {
        return Ok(None);
    }
    let opening = Opening {
        // It goes on with the log that is there.
        origin: Origin::from_bytes([0; 16]),
        now,
        sealed: 0,
        committed: Some(committed),
        next_alert: None,
        store: None,
        key: scope.trail_key(),
    };
    Ok(Some(Log::open(scope.trail(writer)?, opening)?.0))
}
