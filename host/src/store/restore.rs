//! A backup made a home again.

use super::backup::{BackupError, HEAD, SUMS, all_files, copied, empty, summed};
use super::version;
use super::{Dir, GoOnError, Home, Random, StoreError, file, lock, opened};
use crate::model::{Digest, Instant, TenantId};
use crate::trail::Restore;
use std::collections::BTreeSet;

/// The largest list of sums that is read, in bytes.
const MAX_SUMS_BYTES: u64 = 256 << 20;
/// How many things that are wrong are told.
const TOLD: usize = 20;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// Files.
    pub files: u64,
    /// Tenants, each with the number of its `restore` entry; none where it has no trail yet.
    pub tenants: Vec<(TenantId, Option<u64>)>,
    /// What was damaged already when it was backed up: it is there as it was.
    pub damaged: Vec<String>,
    /// When the backup was made, by its own word.
    pub taken: Instant,
}

#[derive(serde::Deserialize)]
struct Head {
    version: u64,
    taken: String,
}

impl Home {
    /// Makes a home of a backup, in an empty folder. Every file is checked before anything is
    /// written, and again while it is copied; each tenant's trail gets a `restore` entry; the file
    /// that makes the folder a home is written last.
    ///
    /// # Errors
    /// When the folder is a home or not empty, the backup is not whole or damaged, or a file cannot
    /// be written. A folder that is left half-written is no home.
    pub fn restore(
        from: &Dir,
        to: Dir,
        random: &dyn Random,
        now: Instant,
    ) -> Result<Restored, BackupError> {
        if to
            .try_exists(version::FILE)
            .map_err(StoreError::io(version::FILE))?
        {
            return Err(StoreError::HomeExists.into());
        }
        empty(&to)?;
        let head = file::read_text(from, HEAD, 64 << 10)?.ok_or(BackupError::NoBackup)?;
        let head: Head = toml::from_str(&head).map_err(|_| BackupError::NoBackup)?;
        let taken = Instant::parse(&head.taken).filter(|_| head.version == 1);
        let taken = taken.ok_or(BackupError::NoBackup)?;
        let text = file::read_text(from, SUMS, MAX_SUMS_BYTES)?.ok_or(BackupError::NotWhole)?;
        let sums = checked(from, &text)?;
        file::make_private_dir(&to, "tenants").map_err(StoreError::io("tenants"))?;
        if from.exists("keys") {
            file::make_private_dir(&to, "keys").map_err(StoreError::io("keys"))?;
        }
        let mut last = None;
        for (path, digest) in &sums {
            match path.as_str() {
                HEAD => continue,
                version::FILE => last = Some((path, digest)),
                _ => copy_one(from, &to, path, digest)?,
            }
        }
        let (path, digest) = last.ok_or_else(|| missing(version::FILE))?;
        for folder in ["tenants", "modules"] {
            to.create_dir_all(folder).map_err(StoreError::io(folder))?;
        }
        let keys = super::KeyFolder::new(
            to.try_clone().map_err(StoreError::io("."))?,
            std::sync::Arc::new(super::SystemRandom),
        );
        let home = Self::unchecked(
            std::sync::Arc::new(super::Below::new(to)),
            std::sync::Arc::new(keys),
        )?;
        let backup = Digest::of(text.as_bytes());
        let (mut tenants, mut damaged) = (Vec::new(), Vec::new());
        let entry = Restore {
            backup: Some(backup),
            taken: Some(taken),
            before: None,
            kept: None,
            by: None,
        };
        for tenant in home.tenants()?.0 {
            match home.record_restore(&tenant, entry.clone(), random, now) {
                Ok(entry) => tenants.push((tenant, entry)),
                // It was damaged when it was backed up. It is there as it was; the others work.
                Err(
                    error @ (BackupError::Trail { .. }
                    | BackupError::Damage { .. }
                    | BackupError::Store(
                        StoreError::Damaged { .. } | StoreError::Record { .. },
                    )),
                ) => damaged.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        copy_one(from, &home.root, path, digest)?;
        file::sync(&home.root).map_err(StoreError::io("."))?;
        Ok(Restored {
            files: sums.len() as u64 - 1,
            tenants,
            damaged,
            taken,
        })
    }

    fn record_restore(
        &self,
        tenant: &TenantId,
        entry: Restore,
        random: &dyn Random,
        now: Instant,
    ) -> Result<Option<u64>, BackupError> {
        let scope = self.tenant(tenant)?;
        let Some(mut trail) = scope.read_trail()? else {
            return Ok(None);
        };
        // As it was backed up: a damaged one is not gone on after as if it were sound.
        let key = scope.trail_key();
        let named = |log: &str| key.signer(log).ok().map(|signer| signer.key().clone());
        if let Some(bad) = crate::trail::verify(&mut trail, &named, None).bad {
            return Err(BackupError::Damage {
                tenant: tenant.clone(),
                bad,
            });
        }
        let writer = scope.lock_within(lock::WAIT)?;
        match scope.go_on(&writer, random, now, entry) {
            Ok(went) => Ok(Some(went.entry)),
            Err(GoOnError::NoTrail) => Ok(None),
            Err(GoOnError::Store(error)) => Err(error.into()),
            Err(GoOnError::Sign(error)) => Err(BackupError::Trail {
                tenant: tenant.clone(),
                error: error.into(),
            }),
            Err(GoOnError::Trail(error)) => Err(BackupError::Trail {
                tenant: tenant.clone(),
                error,
            }),
        }
    }
}

/// The list of sums, with every file found to be the one that was backed up, and none beside them.
fn checked(from: &Dir, text: &str) -> Result<Vec<(String, Digest)>, BackupError> {
    let mut wrong = Vec::new();
    let mut sums = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let parsed = line.split_once("  ").and_then(|(digest, path)| {
            let digest = Digest::parse(digest)?;
            is_below(path).then(|| (path.to_owned(), digest))
        });
        match parsed {
            Some(sum) => sums.push(sum),
            None => wrong.push(format!("`{SUMS}`, line {number} is no sum of a file in it")),
        }
    }
    for (path, digest) in &sums {
        let found = opened::to_read(from, path).and_then(|mut file| summed(&mut file, None));
        match found {
            Ok((found, _)) if found == *digest => (),
            Ok(_) => wrong.push(format!("`{path}` is not the file that was backed up")),
            Err(error) => wrong.push(format!("`{path}`: {error}")),
        }
    }
    let listed: BTreeSet<&str> = sums.iter().map(|(path, _)| path.as_str()).collect();
    let all = all_files(from, &|path| path == SUMS);
    for path in all.map_err(|(path, error)| StoreError::io(path)(error))? {
        if !listed.contains(path.as_str()) {
            wrong.push(format!("`{path}` was not backed up and lies in it"));
        }
    }
    if wrong.is_empty() {
        return Ok(sums);
    }
    let more = wrong.len().saturating_sub(TOLD);
    wrong.truncate(TOLD);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    Err(BackupError::Damaged(wrong))
}

fn copy_one(from: &Dir, to: &Dir, path: &str, digest: &Digest) -> Result<(), BackupError> {
    let (found, _) = copied(from, path, to, path)?;
    if found == *digest {
        return Ok(());
    }
    let error = format!("`{path}` changed while it was restored; the new folder is no home");
    Err(BackupError::Damaged(vec![error]))
}

fn missing(path: &str) -> BackupError {
    BackupError::Damaged(vec![format!("`{path}` is not in it")])
}

/// Whether the path is of a file below the folder.
fn is_below(path: &str) -> bool {
    let mut parts = path.split('/');
    !path.is_empty() && parts.all(|part| !matches!(part, "" | "." | ".."))
}
