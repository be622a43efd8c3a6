//! The logs before a tenant's present one: each checked by itself, and up to the checkpoint that the log
//! after it names.

use super::chain::{EARLIER_LOGS, Logs, restored};
use super::entry::{Before, Kept, Restore};
use super::finding::Finding;
use super::journal::JOURNAL;
use super::merkle::Hash;
use super::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use super::shelf::Files;
use super::verify::{Report, verify};
use std::io;

/// An earlier log of a tenant.
#[derive(Debug)]
pub struct EarlierLog {
    /// Its name, as checkpoints have it; its folder below the tenant's where no log names it.
    pub log: String,
    /// What was found.
    pub report: Report,
    /// What is to be known of it though nothing is wrong.
    pub note: Option<EarlierNote>,
}

/// What is to be known of an earlier log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlierNote {
    /// It was not whole when another log went on after it, which says so.
    NotWhole {
        /// How many of its entries are held, signed.
        kept: u64,
        /// How many were signed, as far as it is known.
        signed: u64,
    },
    /// No later log names it.
    Unnamed,
}

impl std::fmt::Display for EarlierNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotWhole { kept, signed } => write!(
                f,
                "not whole already when the next log began, which says so: {kept} of {signed} signed entries can be checked"
            ),
            Self::Unnamed => f.write_str("no later log names it"),
        }
    }
}

/// Checks the logs before the present one, the latest first, as far as each names the one before it.
///
/// # Errors
/// When the present log cannot be opened.
pub(crate) fn verify_earlier(
    logs: &mut dyn Logs,
    key: &dyn Fn(&str) -> Option<VerifierKey>,
) -> Result<Vec<EarlierLog>, Finding> {
    let mut found: Vec<EarlierLog> = Vec::new();
    let mut next = match logs.present()? {
        Some(mut files) => restored(&mut *files)?,
        None => None,
    };
    while let Some(restore) = next.take() {
        let Some(named) = restore.before else {
            break;
        };
        let log = named.log.name();
        if found.iter().any(|passed| passed.log == log) {
            let report = Report::without(Finding::Circle(log.clone()));
            let note = None;
            found.push(EarlierLog { log, report, note });
            break;
        }
        let (report, later) = check(logs, key, named, restore.kept)
            .unwrap_or_else(|bad| (Report::without(bad), None));
        let note = restore.kept.map(|kept| EarlierNote::NotWhole {
            kept: kept.size,
            signed: named.size,
        });
        found.push(EarlierLog { log, report, note });
        next = later;
    }
    Ok(found)
}

fn check(
    logs: &mut dyn Logs,
    key: &dyn Fn(&str) -> Option<VerifierKey>,
    named: Before,
    kept: Option<Kept>,
) -> Result<(Report, Option<Restore>), Finding> {
    let name = named.log.to_string();
    let files = logs.earlier(&name)?;
    // Nothing of it could be checked when the next log began, and nothing can be now.
    if kept.is_some_and(|kept| kept.size == 0) {
        return Ok((Report::default(), None));
    }
    let Some(mut files) = files else {
        return Err(Finding::EarlierGone {
            path: format!("{EARLIER_LOGS}/{name}"),
            size: named.size,
        });
    };
    let report = match kept {
        None => verify(&mut *files, key, Some(&end(named, None)?)),
        Some(_) => {
            let end = end(named, kept)?;
            verify(&mut Signed(&mut *files), key, Some(&end))
        }
    };
    let before = restored(&mut *files).unwrap_or_default();
    Ok((report, before))
}

/// The checkpoint that an earlier log must have: the one that is named, or as much of it as there was.
fn end(named: Before, kept: Option<Kept>) -> Result<Checkpoint, Finding> {
    let (size, root) = match kept {
        Some(kept) => (kept.size, kept.root),
        None => (named.size, named.root),
    };
    let end = Checkpoint::new(&named.log.name(), size, root);
    end.map_err(|fault| Finding::Checkpoint(fault.into()))
}

/// What is there of a log that is put aside; none where it is whole up to its last known checkpoint.
pub(crate) fn kept(
    files: Option<&mut dyn Files>,
    key: &dyn Fn(&str) -> Option<VerifierKey>,
    named: Before,
) -> Option<Kept> {
    let nothing = Kept {
        size: 0,
        root: Hash::empty(),
    };
    let (Some(files), Ok(end)) = (files, end(named, None)) else {
        return Some(nothing);
    };
    verify(files, key, Some(&end)).bad?;
    // What is signed, without a journal that may be damaged: all of it, or what it has.
    let signed = &mut Signed(files);
    if verify(signed, key, Some(&end)).bad.is_none() {
        let Before { size, root, .. } = named;
        return Some(Kept { size, root });
    }
    let report = verify(signed, key, None);
    let checkpoint = report.checkpoint.filter(|_| report.bad.is_none());
    let checkpoint = checkpoint.as_ref().map(SignedCheckpoint::unverified);
    let own = checkpoint.filter(|found| found.origin() == named.log.name());
    Some(own.map_or(nothing, |found| Kept {
        size: found.size(),
        root: found.root(),
    }))
}

/// A log without its journal: what is signed of it.
struct Signed<'a>(&'a mut dyn Files);

impl Files for Signed<'_> {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match path == JOURNAL {
            true => Ok(None),
            false => self.0.read(path),
        }
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut paths = self.0.list()?;
        paths.retain(|path| path != JOURNAL);
        Ok(paths)
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        self.0.names(folder)
    }
}
