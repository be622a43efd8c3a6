//! Who keeps a tenant's keys: the one that signs its trail, and the one that its data is sealed with.
//!
//! Keys are never in a tenant's folder. [`crate::store::KeyFolder`] keeps them in files of the home;
//! whoever has a hardware module or a key service writes another [`Custody`].

use crate::model::TenantId;
use std::fmt;
use zeroize::Zeroizing;

/// Keeps the keys of tenants. Two for each: an Ed25519 key that signs the checkpoints of its trail and
/// does not come out, and a key of 32 bytes that everything of it is sealed with, which does.
///
/// Every function may be called from several threads and processes at once; [`Custody::make`] and
/// [`Custody::destroy_vault_key`] of one tenant are called by its one writer, or by whoever makes it.
pub trait Custody: Send + Sync {
    /// The public key of the one that signs the tenant's checkpoints.
    ///
    /// # Errors
    /// When there is none or it cannot be reached.
    fn public_key(&self, tenant: &TenantId) -> Result<[u8; 32], CustodyError>;

    /// Signs a message with the tenant's key: Ed25519, RFC 8032, without a prehash.
    ///
    /// # Errors
    /// When there is none or it cannot be reached.
    fn sign(&self, tenant: &TenantId, message: &[u8]) -> Result<[u8; 64], CustodyError>;

    /// The key that the tenant's data is sealed with.
    ///
    /// # Errors
    /// [`CustodyError::Missing`] where there is none, [`CustodyError::Destroyed`] where it was
    /// destroyed; others when it cannot be reached.
    fn vault_key(&self, tenant: &TenantId) -> Result<VaultKey, CustodyError>;

    /// Makes those of the tenant's keys that are not there. A key that is there stays as it is, and one
    /// that was destroyed stays destroyed.
    ///
    /// # Errors
    /// When one cannot be made or kept.
    fn make(&self, tenant: &TenantId) -> Result<(), CustodyError>;

    /// Destroys the key that the tenant's data is sealed with, for good, and remembers that it did.
    /// The key that signs stays, so that the trail can be continued. When it returns, this is durable.
    /// One that was destroyed before is none to destroy.
    ///
    /// # Errors
    /// When that is not certain.
    fn destroy_vault_key(&self, tenant: &TenantId) -> Result<(), CustodyError>;

    /// Where the key lies that the tenant's data is sealed with, in words, for errors.
    fn place(&self, tenant: &TenantId) -> String;
}

/// The key that a tenant's data is sealed with. Overwritten when it is dropped, and never printed.
#[derive(Clone)]
pub struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    /// From its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(..)")
    }
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustodyError {
    /// It is not there.
    #[error(
        "a key of tenant `{tenant}` is not there: {place}; take it from where keys are kept safe, nothing opens what is sealed with another"
    )]
    Missing {
        /// The tenant.
        tenant: TenantId,
        /// Where it should be.
        place: String,
    },
    /// It was destroyed when the tenant was erased.
    #[error("tenant `{tenant}` was erased: the key that its data was sealed with is destroyed")]
    Destroyed {
        /// The tenant.
        tenant: TenantId,
    },
    /// It cannot be reached, or is no key.
    #[error("a key of tenant `{tenant}` cannot be used: {place}: {message}")]
    Unusable {
        /// The tenant.
        tenant: TenantId,
        /// Where it is.
        place: String,
        /// What is wrong.
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(
            format!("{:?}", VaultKey::from_bytes([7; 32])),
            "VaultKey(..)"
        );
    }
}
