//! What keeps a damaged database from ending the process.
//!
//! redb finds damage in what it opens and says so, but where a page it reads later is damaged it
//! panics (4.6: about every third reading of a store with one page zeroed does). So every call into it from here runs behind
//! [`guarded`], and such a panic is the error that the damage is. Nothing is shared across the unwind
//! but the database itself, and whoever sees the error drops that.

use super::StoreError;
use crate::model::{TenantId, Text};

/// Runs a block that returns a result and may panic.
macro_rules! guarded {
    ($tenant:expr, $body:block) => {
        match $crate::model::caught(|| -> Result<_, $crate::store::StoreError> { $body }) {
            Ok(result) => result,
            Err(said) => Err($crate::store::guard::damaged(&$tenant, &said)),
        }
    };
}
pub(super) use guarded;

/// The error that a panic of the database is.
pub(super) fn damaged(tenant: &TenantId, said: &Text) -> StoreError {
    StoreError::Damaged {
        tenant: tenant.to_string(),
        message: said.to_string(),
    }
}

/// Whether what redb said means that the file is not as it was written.
pub(super) fn is_damage(said: &str) -> bool {
    const WORDS: [&str; 4] = [
        "corrupted",
        "magic number mismatch",
        "failed to fill whole buffer",
        "does not match stored definition",
    ];
    WORDS.iter().any(|word| said.contains(word))
}
