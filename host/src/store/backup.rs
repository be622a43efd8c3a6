//! A home copied file by file, each tenant under its writer's lock, so that its trail and its store are
//! of one moment.
//!
//! A backup is a folder: `backup.toml`, which is written first, the home's files under their own
//! paths, and `SHA256SUMS`, which is written last, at once or not at all. Without that a backup is not
//! whole. Not in it: the compiled cache and its key, locks, and files that were being made.
//!
//! Where keys are kept in `keys/` of the home, they are in the backup: without them nothing that is
//! sealed in it can be read. So whoever has the backup reads all of it, and the erasure of a tenant
//! does not reach what an earlier backup holds.

use super::{Dir, Home, Quarantine, StoreError, TenantScope, file, lock, opened};
use crate::model::{Digest, Instant, TenantId};
use sha2::Digest as _;
use std::io::{self, Read as _, Write as _};

/// The list of sums, as `sha256sum` writes and checks it.
pub(super) const SUMS: &str = "SHA256SUMS";
/// How `backup.toml` begins.
const MARK: &str = "# A backup of a Casemate home.";
/// What the folder is, written first.
pub(super) const HEAD: &str = "backup.toml";

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BackedUp {
    /// Files.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// Tenants.
    pub tenants: u64,
    /// The digest of `SHA256SUMS`, which stands for all of it.
    pub digest: Digest,
}

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder for it has something in it.
    #[error("the folder is not empty (`{0}` is in it): choose an empty or a new one")]
    NotEmpty(String),
    /// The folder is no backup.
    #[error("the folder is no backup: it has no `backup.toml` that says so")]
    NoBackup,
    /// The backup was stopped before it was whole.
    #[error(
        "the backup is not whole: it has no `SHA256SUMS`, which is written last; make it again"
    )]
    NotWhole,
    /// The files are not those that were backed up.
    #[error("the backup is damaged, and nothing was restored:\n{}", .0.join("\n"))]
    Damaged(Vec<String>),
    /// A tenant's trail is damaged.
    #[error("the trail of tenant `{tenant}`: {bad}")]
    Damage {
        /// The tenant.
        tenant: TenantId,
        /// The first bad thing.
        bad: crate::trail::Finding,
    },
    /// A tenant's trail cannot be continued.
    #[error("the trail of tenant `{tenant}`: {error}")]
    Trail {
        /// The tenant.
        tenant: TenantId,
        /// Why.
        error: crate::trail::OpenError,
    },
}

impl Home {
    /// Copies the home into an empty folder and calls `each` before each tenant. Waits a few seconds
    /// for whoever works on a tenant.
    ///
    /// # Errors
    /// When the folder is not empty, somebody works on a tenant for longer, or a file cannot be read
    /// or written. What was written then is no whole backup and is recognised as such.
    pub fn backup(
        &self,
        to: &Dir,
        now: Instant,
        each: &mut dyn FnMut(&TenantId),
    ) -> Result<BackedUp, BackupError> {
        clear_half_made(to)?;
        empty(to)?;
        let head = format!(
            "{MARK} SHA256SUMS is written last: without it this is not whole.\nversion = 1\ntaken = \"{now}\"\n"
        );
        file::replace(to, HEAD, head.as_bytes(), false)?;
        let mut sums = vec![(HEAD.to_owned(), Digest::of(head.as_bytes()))];
        let mut bytes = head.len() as u64;
        let mut copy = |from: &Dir, below: &str| -> Result<(), StoreError> {
            for path in listed(from, below)? {
                let whole = format!("{below}{path}");
                to_sum(&whole)?;
                let (digest, length) = copied(from, &path, to, &whole)?;
                sums.push((whole, digest));
                bytes += length;
            }
            Ok(())
        };
        file::make_private_dir(to, "tenants").map_err(StoreError::io("tenants"))?;
        if self.root.exists("keys") {
            file::make_private_dir(to, "keys").map_err(StoreError::io("keys"))?;
        }
        let alone = self.lock()?;
        let quarantine = Quarantine::still(&self.root)?;
        copy(&self.root, "")?;
        drop(quarantine);
        let tenants = self.tenants()?.0;
        drop(alone);
        for tenant in &tenants {
            each(tenant);
            let scope: TenantScope = self.tenant(tenant)?;
            let _writer = scope.lock_within(lock::WAIT)?;
            copy(scope.folder(), &format!("tenants/{tenant}/"))?;
        }
        sums.sort();
        let files = sums.len() as u64;
        let text: String = sums
            .iter()
            .map(|(path, digest)| format!("{digest}  {path}\n"))
            .collect();
        file::replace(to, SUMS, text.as_bytes(), false)?;
        Ok(BackedUp {
            files,
            bytes,
            tenants: tenants.len() as u64,
            digest: Digest::of(text.as_bytes()),
        })
    }
}

/// Removes what a backup that was stopped left, so that the same command again makes it. Such a folder
/// says that it is a backup and has no sums.
fn clear_half_made(to: &Dir) -> Result<(), BackupError> {
    let is_backup = file::read_text(to, HEAD, 64 << 10)?.is_some_and(|head| head.contains(MARK));
    if !is_backup || to.exists(SUMS) {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in to.entries().map_err(StoreError::io("."))? {
        let entry = entry.map_err(StoreError::io("."))?;
        names.push((
            entry.file_name(),
            entry.file_type().map_err(StoreError::io("."))?.is_dir(),
        ));
    }
    // The one that says what it is goes last.
    names.sort_by_key(|(name, _)| *name == *HEAD);
    for (name, is_dir) in names {
        let removed = if is_dir {
            to.remove_dir_all(&name)
        } else {
            to.remove_file(&name)
        };
        removed.map_err(StoreError::io(name.to_string_lossy()))?;
    }
    Ok(())
}

/// That nothing lies in the folder.
pub(super) fn empty(dir: &Dir) -> Result<(), BackupError> {
    let mut entries = dir.entries().map_err(StoreError::io("."))?;
    match entries.next() {
        None => Ok(()),
        Some(entry) => {
            let entry = entry.map_err(StoreError::io("."))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Err(BackupError::NotEmpty(name))
        }
    }
}

/// The files to be copied, by their paths below the folder, in order. Of a home's root, those of its
/// tenants are left out: each is copied under its own lock.
fn listed(dir: &Dir, below: &str) -> Result<Vec<String>, StoreError> {
    let is_root = below.is_empty();
    let skipped = |path: &str| {
        path == "lock"
            || path == "quarantine/lock"
            || is_root && matches!(path, "cache" | "tenants")
            || path.rsplit('/').next().is_some_and(file::is_being_made)
    };
    all_files(dir, &skipped)
        .map_err(|(path, error)| StoreError::io(format!("{below}{path}"))(error))
}

/// Every file below a folder but those that are skipped, by path, in order.
pub(super) fn all_files(
    dir: &Dir,
    skipped: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, (String, io::Error)> {
    fn below(
        dir: &Dir,
        at: &str,
        skipped: &dyn Fn(&str) -> bool,
        found: &mut Vec<String>,
    ) -> Result<(), (String, io::Error)> {
        let here = |error| (at.to_owned(), error);
        for entry in dir.entries().map_err(here)? {
            let entry = entry.map_err(here)?;
            let path = format!("{at}{}", entry.file_name().to_string_lossy());
            if skipped(&path) {
                continue;
            }
            let kind = entry.file_type().map_err(here)?;
            if kind.is_dir() {
                let inner = entry.open_dir().map_err(|e| (path.clone(), e))?;
                below(&inner, &format!("{path}/"), skipped, found)?;
            } else if kind.is_file() {
                found.push(path);
            } else {
                let error = io::Error::other("is a link or no plain file, and none is followed");
                return Err((path, error));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    below(dir, "", skipped, &mut found)?;
    found.sort();
    Ok(found)
}

/// Copies a file, a piece at a time, with who may read it; gives its digest and length.
pub(super) fn copied(
    from: &Dir,
    path: &str,
    to: &Dir,
    new: &str,
) -> Result<(Digest, u64), StoreError> {
    let fail = || StoreError::io(new);
    let mut source = opened::to_read(from, path).map_err(fail())?;
    if let Some((folder, _)) = new.rsplit_once('/') {
        to.create_dir_all(folder).map_err(fail())?;
    }
    let mut target = opened::new(to, new, true).map_err(fail())?;
    let permissions = source.metadata().map_err(fail())?.permissions();
    target.set_permissions(permissions).map_err(fail())?;
    let (digest, length) = summed(&mut source, Some(&mut target)).map_err(fail())?;
    target.sync_all().map_err(fail())?;
    Ok((digest, length))
}

/// The digest and length of what can be read, which is written on where that is wanted.
pub(super) fn summed(
    from: &mut cap_std::fs::File,
    mut to: Option<&mut cap_std::fs::File>,
) -> io::Result<(Digest, u64)> {
    let mut hash = sha2::Sha256::new();
    let mut piece = vec![0; 128 << 10];
    let mut length = 0;
    loop {
        let read = from.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok((Digest::from_bytes(hash.finalize().into()), length));
        };
        hash.update(bytes);
        length += read as u64;
        if let Some(to) = &mut to {
            to.write_all(bytes)?;
        }
    }
}

/// That a path can stand in the list as it is.
fn to_sum(path: &str) -> Result<(), StoreError> {
    let plain = |c: char| !c.is_control() && c != '\\' && c != char::REPLACEMENT_CHARACTER;
    if path.chars().all(plain) {
        return Ok(());
    }
    let error = io::Error::other("has a name that cannot stand in a list of sums; rename it");
    Err(StoreError::io(path)(error))
}
