//! What keeps a damaged database from ending the process.
//!
//! redb finds damage in what it opens and says so, but where a page it reads later is damaged it
//! panics (4.6: about every third reading of a store with one page zeroed does). So every call into it from here runs behind
//! [`guarded`], and such a panic is the error that the damage is. Nothing is shared across the unwind
//! but the database itself, and whoever sees the error drops that.

use super::StoreError;
use crate::model::{TenantId, Text};
use std::any::Any;

/// Runs a block that returns a result and may panic.
macro_rules! guarded {
    ($tenant:expr, $body:block) => {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(
            || -> Result<_, $crate::store::StoreError> { $body },
        )) {
            Ok(result) => result,
            Err(panic) => Err($crate::store::guard::damaged(&$tenant, &*panic)),
        }
    };
}
pub(super) use guarded;

/// The error that a panic of the database is.
pub(super) fn damaged(tenant: &TenantId, panic: &(dyn Any + Send)) -> StoreError {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(panic.downcast_ref::<&str>().copied())
        .unwrap_or("a page cannot be read");
    StoreError::Damaged {
        tenant: tenant.to_string(),
        message: Text::capped(said, 200).to_string(),
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
