//! The disk; cap-std lives here and nowhere else.
//!
//! A [`Home`] is one folder. A tenant's part of it is one folder below, opened once and handed out as
//! a [`TenantScope`]: a function that holds a scope can reach that tenant's files and nothing else.

mod ambient;
mod backup;
mod block;
mod boundaries;
mod change;
mod compiled;
mod error;
mod export;
mod failed;
mod file;
mod folders;
mod frames;
mod go_on;
mod guard;
mod home;
mod keys;
mod lock;
mod material;
mod quarantine;
mod random;
mod records;
mod remember;
mod restore;
mod retain;
mod scope;
mod seal;
mod sealed;
mod shadow;
mod shelf;
mod tables;
mod trail;
mod upgrade;
mod vault;
mod version;
mod view;

pub(crate) use ambient::{make_dir, open_dir};
pub use backup::{BackedUp, BackupError};
pub(crate) use boundaries::Kept;
pub use cap_std::fs::Dir;
pub(crate) use change::short;
pub use change::{Change, Delivery};
pub use compiled::CompiledCache;
pub use error::StoreError;
pub use export::export_trail;
pub use failed::FailedRun;
pub use folders::{Below, Folders};
pub use go_on::{GoOnError, WentOn};
pub use home::{Home, HomeLock};
pub use keys::KeyFolder;
pub use material::{Call, Material};
pub use quarantine::{InQuarantine, Quarantine, Quarantined, Released};
pub use random::{Random, SystemRandom};
pub use records::Records;
pub use remember::Notes;
pub use restore::Restored;
pub use retain::{Deletion, Expired};
pub use scope::{TenantScope, WriterLock};
pub(crate) use shadow::{NotesOf, Side, Waiting};
pub use shelf::{TrailFolder, TrailReader};
pub use tables::{GroupRow, Note, Notice, Rejected, Stored, Variant};
pub use upgrade::Upgraded;
pub use version::VERSION;
pub use view::View;
