//! Tenants that a failed write has closed.
//!
//! After a write or a sync that failed nobody knows what is on the disk: the kernel may show bytes
//! that the disk lacks, and does not write them again. So the tenant's files are not written any more
//! through this home in this process. A new process reads what the disk has: see
//! [`super::backend`] for the database, and [`crate::trail::Log::open`] for the trail.

use super::StoreError;
use crate::model::{TenantId, Text};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

/// The tenants of a home that are closed, each with the first failure.
#[derive(Debug, Default)]
pub(super) struct Closed(Mutex<BTreeMap<TenantId, Text>>);

/// One tenant's part of it: handed to whatever writes the tenant's files.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    closed: Arc<Closed>,
    tenant: TenantId,
}

impl Closing {
    pub(super) fn of(closed: Arc<Closed>, tenant: TenantId) -> Self {
        Self { closed, tenant }
    }

    /// Closes the tenant where a write failed, and gives the result back.
    pub(super) fn watch<T, E: Display>(&self, written: Result<T, E>) -> Result<T, E> {
        if let Err(error) = &written {
            let why = Text::capped(&error.to_string(), 400);
            let mut closed = self.closed.0.lock().unwrap_or_else(PoisonError::into_inner);
            closed.entry(self.tenant.clone()).or_insert(why);
        }
        written
    }

    /// That the tenant is not closed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let closed = self.closed.0.lock().unwrap_or_else(PoisonError::into_inner);
        match closed.get(&self.tenant) {
            None => Ok(()),
            Some(why) => Err(StoreError::Closed {
                tenant: self.tenant.to_string(),
                why: why.clone(),
            }),
        }
    }
}
