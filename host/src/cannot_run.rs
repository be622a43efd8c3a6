//! Why a module cannot run for a tenant.

use crate::sandbox::{NotGranted, NotPrepared, Refused};
use crate::written::Decision;

/// A module that cannot run for a tenant.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    /// Nobody granted it.
    #[error(transparent)]
    NotGranted(#[from] NotGranted),
    /// It does not fit what it was granted.
    #[error(transparent)]
    NotPrepared(#[from] NotPrepared),
}

impl CannotRun {
    /// The capability that was refused, where that is the reason.
    pub fn capability(&self) -> Option<crate::model::Capability> {
        match self {
            Self::NotGranted(_) => None,
            Self::NotPrepared(error) => error.why.capability(),
        }
    }

    /// The line that decided, where somebody's consent was withheld or has lapsed. A module that was
    /// never granted to the tenant was not refused anything.
    pub fn decided_by(&self) -> Option<&Decision> {
        match self {
            Self::NotGranted(error) => error.why.decided_by(),
            Self::NotPrepared(error) => match &*error.why {
                Refused::Denied(denial) => Some(denial.by.line()),
                Refused::NotCompiled(_)
                | Refused::OtherVersion(_)
                | Refused::Wasi(_)
                | Refused::Unknown(_)
                | Refused::Unusable(_) => None,
            },
        }
    }
}
