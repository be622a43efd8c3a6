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
    /// The home was made by another version.
    #[error("`home.toml` says `{found}`, and this host reads homes of version 1")]
    Version {
        /// What stands there.
        found: String,
    },
    /// There is no such tenant.
    #[error("tenant `{tenant}` is not in this home: it has no folder `tenants/{tenant}`")]
    NoTenant {
        /// The id that was asked for.
        tenant: String,
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
