use super::VERSION;
use crate::model::Text;
use std::io;

/// Why something could not be read from a home or written to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder could not be read or written.
    #[error("`{path}`: {error}")]
    Io {
        /// The path below the home.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// The folder is no home.
    #[error("`home.toml` is not there: this folder is no home; `casemate init` makes one")]
    NoHome,
    /// There is a home already.
    #[error("`home.toml` is there already: this folder is a home; choose an empty folder")]
    HomeExists,
    /// The home's file does not say which version it is of.
    #[error(
        "`home.toml` says `{found}`, not `version = {VERSION}`: it was changed or cut short; take it from a backup, or write that line, each tenant's store is checked by itself"
    )]
    NoVersion {
        /// What stands there.
        found: String,
    },
    /// The home was made by an earlier version.
    #[error(
        "this home is of version {found}, and this host works with version {VERSION}: `casemate upgrade` brings it there; make a copy of it first"
    )]
    OldHome {
        /// Its version.
        found: u64,
    },
    /// The home was made by a later version.
    #[error(
        "this home is of version {found}, made by a later Casemate; this one works with version {VERSION} and leaves it as it is"
    )]
    NewerHome {
        /// Its version.
        found: u64,
    },
    /// A tenant's store was made by an earlier version.
    #[error(
        "`tenants/{tenant}/store.redb` is of version {found}, and this host works with version {VERSION}: `casemate upgrade` brings it there"
    )]
    OldStore {
        /// The tenant.
        tenant: String,
        /// Its version.
        found: u64,
    },
    /// A tenant's store was made by a later version.
    #[error(
        "`tenants/{tenant}/store.redb` is of version {found}, made by a later Casemate; this one works with version {VERSION} and leaves it as it is"
    )]
    NewerStore {
        /// The tenant.
        tenant: String,
        /// Its version.
        found: u64,
    },
    /// Another process changes the home's own files.
    #[error(
        "the home's own files are being changed by another process{holder}; try again when it is done"
    )]
    HomeLocked {
        /// What the lock file says of it.
        holder: String,
    },
    /// There is no such tenant.
    #[error("tenant `{tenant}` is not in this home: it has no folder `tenants/{tenant}`")]
    NoTenant {
        /// The id that was asked for.
        tenant: String,
    },
    /// There is such a tenant, and its folder is gone or is none that can be used.
    #[error("tenant `{tenant}`: `tenants/{tenant}` {why}; put the folder back from a backup")]
    TenantFolder {
        /// The tenant.
        tenant: String,
        /// What is wrong with the folder.
        why: String,
    },
    /// Another process writes for the tenant.
    #[error(
        "tenant `{tenant}` is being written by another process{holder}; try again when it is done"
    )]
    Locked {
        /// The tenant.
        tenant: String,
        /// What the lock file says of it.
        holder: String,
    },
    /// A write to the tenant's files failed in this process, which does no more for the tenant.
    #[error(
        "tenant `{tenant}` is closed in this process since a write to its files failed ({why}): what is on the disk is not known; a new process reads it from there and continues"
    )]
    Closed {
        /// The tenant.
        tenant: String,
        /// What failed first.
        why: Text,
    },
    /// The database refused.
    #[error("`tenants/{tenant}/store.redb`: {message}")]
    Database {
        /// The tenant.
        tenant: String,
        /// What it said.
        message: String,
    },
    /// The quarantine's database refused.
    #[error("`quarantine/store.redb`: {message}")]
    Quarantine {
        /// What it said.
        message: String,
    },
    /// The database is not as it was written.
    #[error(
        "`tenants/{tenant}/store.redb` is damaged: {message}; keep it as it is and restore the tenant from a backup"
    )]
    Damaged {
        /// The tenant.
        tenant: String,
        /// What was found.
        message: String,
    },
    /// Something sealed does not open.
    #[error(
        "`tenants/{tenant}/store.redb` is damaged: what is sealed in it as `{kind}` was changed, or is of another row or tenant; keep it as it is and restore the tenant from a backup"
    )]
    NotSealed {
        /// The tenant.
        tenant: String,
        /// What it was to be: a table's name, or a kind of thing in the vault.
        kind: String,
    },
    /// What a record names is not in the vault.
    #[error(
        "`tenants/{tenant}/store.redb` is damaged: what a record names as `{kind}` is not in it; keep it as it is and restore the tenant from a backup"
    )]
    NotInVault {
        /// The tenant.
        tenant: String,
        /// The kind of thing.
        kind: String,
    },
    /// The store is sealed with another key.
    #[error(
        "`tenants/{tenant}/store.redb` is sealed with another key than the one in {place}: put back the key that was there"
    )]
    OtherKey {
        /// The tenant.
        tenant: String,
        /// Where the key is.
        place: String,
    },
    /// A key of a tenant cannot be used.
    #[error(transparent)]
    Custody(#[from] crate::custody::CustodyError),
    /// A record in the database is not of the form it was written in.
    #[error("`tenants/{tenant}/store.redb`: the record of {what} cannot be read: {message}")]
    Record {
        /// The tenant.
        tenant: String,
        /// Which record.
        what: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The machine gave no random bytes.
    #[error("the machine gave no random bytes: {0}")]
    Random(String),
}

impl StoreError {
    pub(super) fn io(path: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }
}
