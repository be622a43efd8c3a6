//! The version of a home and of the stores in it.

use super::{Dir, StoreError, file};
use crate::model::Text;

/// The version of homes and of the record forms in their stores that this host works with.
///
/// Homes of version 3 are brought to it, and none before. In 4 a store holds the last checkpoint of its
/// trail, sealed.
pub const VERSION: u64 = 4;

pub(super) const FILE: &str = "home.toml";
/// The largest `home.toml` that is read, in bytes.
const MAX_BYTES: u64 = 64 << 10;

#[derive(serde::Deserialize)]
struct HomeFile {
    version: u64,
}

/// The version that `home.toml` states; none where there is no such file.
///
/// # Errors
/// When the file cannot be read or states none.
pub(super) fn stated(root: &Dir) -> Result<Option<u64>, StoreError> {
    let Some(bytes) = file::read(root, FILE, MAX_BYTES)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    match toml::from_str(&text) {
        Ok(HomeFile { version }) => Ok(Some(version)),
        Err(_) => Err(StoreError::NoVersion {
            found: Text::capped(text.trim(), 60).to_string(),
        }),
    }
}

/// Writes the version, at once or not at all: the folder is a home of it from here on.
pub(super) fn state(root: &Dir) -> Result<(), StoreError> {
    let text = format!("version = {VERSION}\n");
    file::replace(root, FILE, text.as_bytes(), false)
}

/// That a home is of the version this host works with.
pub(super) fn check_home(root: &Dir) -> Result<(), StoreError> {
    match stated(root)? {
        Some(VERSION) => Ok(()),
        Some(found) if found < VERSION => Err(StoreError::OldHome { found }),
        Some(found) => Err(StoreError::NewerHome { found }),
        None => Err(StoreError::NoHome),
    }
}

/// As [`check_home`], for one tenant's store.
pub(super) fn check_store(tenant: &crate::model::TenantId, found: u64) -> Result<(), StoreError> {
    let tenant = || tenant.to_string();
    match found {
        VERSION => Ok(()),
        found if found < VERSION => Err(StoreError::OldStore {
            tenant: tenant(),
            found,
        }),
        found => Err(StoreError::NewerStore {
            tenant: tenant(),
            found,
        }),
    }
}
