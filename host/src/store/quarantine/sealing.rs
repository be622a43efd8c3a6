//! What in quarantine is known to be a tenant's, sealed with that tenant's key.

use super::Quarantine;
use crate::custody::CustodyError;
use crate::model::{Digest, TenantId};
use crate::store::StoreError;
use crate::store::change::short;
use crate::store::seal::Seal;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What there is of a tenant's seal.
#[derive(Clone)]
pub(super) enum Of {
    Seal(Arc<Seal>),
    /// Its key was destroyed with it.
    Erased,
    /// Why its key cannot be had now.
    Unusable(String),
}

impl Of {
    /// What to seal with; none where there is no key now. Such documents are plain until they are
    /// brought home or erased: one tenant's key stops no other tenant's documents.
    pub(super) fn into_seal(self) -> Option<Arc<Seal>> {
        match self {
            Self::Seal(seal) => Some(seal),
            Self::Erased | Self::Unusable(_) => None,
        }
    }
}

/// The seals of tenants, each asked for once.
pub(super) struct Seals<'q> {
    quarantine: &'q Quarantine,
    known: BTreeMap<TenantId, Of>,
}

impl<'q> Seals<'q> {
    pub(super) fn new(quarantine: &'q Quarantine) -> Self {
        Self {
            quarantine,
            known: BTreeMap::new(),
        }
    }

    pub(super) fn of(&mut self, tenant: &TenantId) -> Of {
        if let Some(seal) = self.known.get(tenant) {
            return seal.clone();
        }
        let Quarantine {
            custody, random, ..
        } = self.quarantine;
        let unusable = |error: &dyn std::fmt::Display| Of::Unusable(error.to_string());
        let seal = match custody.vault_key(tenant) {
            Ok(key) => {
                let place = custody.place(tenant);
                match Seal::new(tenant, &key, Arc::clone(random), place) {
                    Ok(seal) => Of::Seal(Arc::new(seal)),
                    Err(error) => unusable(&error),
                }
            }
            Err(CustodyError::Destroyed { .. }) => Of::Erased,
            Err(error) => unusable(&error),
        };
        self.known.insert(tenant.clone(), seal.clone());
        seal
    }
}

pub(super) fn key_of(seal: Option<&Seal>, parts: &[&[u8]]) -> [u8; 16] {
    let key = short(&Digest::of_parts(parts));
    seal.map_or(key, |seal| seal.hidden("quarantine", &key).bytes())
}

pub(super) fn sealed<'a>(
    seal: Option<&Seal>,
    kind: &str,
    row: &[u8],
    value: &'a [u8],
) -> Result<Cow<'a, [u8]>, StoreError> {
    Ok(match seal {
        Some(seal) => Cow::Owned(seal.seal(kind, row, value)?),
        None => Cow::Borrowed(value),
    })
}

pub(super) fn unsealed(
    seal: Option<&Seal>,
    kind: &str,
    row: &[u8],
    value: &[u8],
) -> Result<Vec<u8>, StoreError> {
    match seal {
        Some(seal) => seal.open(kind, row, value),
        None => Ok(value.to_vec()),
    }
}
