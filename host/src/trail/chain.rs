//! A log with those before it: a tenant's log may go on after another one, which its first entry names,
//! and whoever kept a checkpoint of an earlier one follows from there to the present one.

use super::disk::CHECKPOINT;
use super::entry::{Before, Entry, Restore};
use super::finding::Finding;
use super::frame::Origin;
use super::ledger::Totals;
use super::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use super::read::{Entries, ReadError};
use super::shelf::Files;
use super::verify::{Report, verify};
use std::io;

/// The text in an export for whoever gets it. It is no part of the log, and verifiers pass over it.
pub const EXPORT_README: &str = "README.txt";

/// The folder of an export, and of a tenant, with the logs that others go on after.
pub const EARLIER_LOGS: &str = "trails";

/// A tenant's present log and those before it.
pub trait Logs {
    /// The present log; none where there is none.
    ///
    /// # Errors
    /// When its folder cannot be opened.
    fn present(&mut self) -> io::Result<Option<Box<dyn Files + '_>>>;

    /// An earlier one, by its folder's name below `trails/`; none where it is not there.
    ///
    /// # Errors
    /// When its folder cannot be opened.
    fn earlier(&mut self, name: &str) -> io::Result<Option<Box<dyn Files + '_>>>;
}

/// Which key signs, for whoever checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// The key of the present log and of no other one.
    Log(VerifierKey),
    /// The tenant's key, which signs each of its logs under that log's name: what a client has, who
    /// knows the log of some time before.
    Tenant(VerifierKey),
}

impl Trusted {
    fn of_present(&self, log: &str) -> Option<VerifierKey> {
        match self {
            Self::Log(key) => (key.name() == log).then(|| key.clone()),
            Self::Tenant(_) => self.of_earlier(log),
        }
    }

    fn of_earlier(&self, log: &str) -> Option<VerifierKey> {
        let (Self::Log(key) | Self::Tenant(key)) = self;
        VerifierKey::from_ed25519(log, *key.public_key()).ok()
    }
}

/// How far back a chain of logs is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// To the checkpoint that was seen.
    ToSeen,
    /// To the first log that is there.
    ToFirst,
}

/// Checks the present log as [`verify`] does, and that it follows from a checkpoint that was seen, be it
/// of this log or of an earlier one. For that each log in between must be there, must hold, and must
/// have the root that the log after it names. All are signed with one key, under the name of each.
pub fn verify_chain(
    logs: &mut dyn Logs,
    trusted: &Trusted,
    seen: Option<&Checkpoint>,
    back: Back,
) -> Report {
    let (mut report, before) = match present(logs, trusted, seen) {
        Ok(found) => found,
        Err(bad) => return Report::of_bad(bad),
    };
    if report.bad.is_none() {
        let present = report.origin.map(|origin| origin.name());
        let seen = seen.filter(|seen| present.as_deref() != Some(seen.origin()));
        let mut walk = Walk {
            logs,
            trusted,
            seen,
            back,
        };
        report.bad = walk.back(present.unwrap_or_default(), before).err();
    }
    report
}

/// Checks an export: the log in it, and the earlier ones below `trails/`, of which none may be there
/// that the chain does not lead to.
pub fn verify_export(
    files: &mut dyn Files,
    trusted: &Trusted,
    seen: Option<&Checkpoint>,
) -> Report {
    let paths = match files.list() {
        Ok(paths) => paths,
        Err(error) => return Report::of_bad(error.into()),
    };
    let mut export = Export {
        files,
        visited: Vec::new(),
    };
    let mut report = verify_chain(&mut export, trusted, seen, Back::ToFirst);
    if report.bad.is_none() {
        let is_visited = |path: &String| export.visited.iter().any(|below| path.starts_with(below));
        let below = format!("{EARLIER_LOGS}/");
        let mut earlier = paths.into_iter().filter(|path| path.starts_with(&below));
        report.bad = earlier.find(|path| !is_visited(path)).map(Finding::NoPart);
    }
    report
}

fn present(
    logs: &mut dyn Logs,
    trusted: &Trusted,
    seen: Option<&Checkpoint>,
) -> Result<(Report, Option<Before>), Finding> {
    let files = logs.present()?;
    let mut files = match (files, seen) {
        (Some(files), _) => files,
        (None, Some(seen)) => return Err(Finding::NoCheckpoint { seen: seen.size() }),
        (None, None) => return Err(ReadError::NoTrail.into()),
    };
    let before = before(&mut *files)?;
    let origin = match files.read(CHECKPOINT)? {
        None => None,
        Some(note) => Some(
            SignedCheckpoint::parse(&note)?
                .unverified()
                .origin()
                .to_owned(),
        ),
    };
    // Only a log that names one before it can follow from another log's checkpoint.
    let seen = seen.filter(|seen| {
        before.is_none() || origin.as_ref().is_none_or(|origin| origin == seen.origin())
    });
    let key = |log: &str| trusted.of_present(log);
    Ok((verify(&mut *files, &key, seen), before))
}

/// What the log's first entry says of the log before it.
fn before(files: &mut dyn Files) -> Result<Option<Before>, Finding> {
    Ok(restored(files)?.and_then(|restore| restore.before))
}

/// The log's first entry, where that says that it goes on after another log.
pub(super) fn restored(files: &mut dyn Files) -> Result<Option<Restore>, Finding> {
    let first = match Entries::new(files) {
        Ok(mut entries) => entries.next().and_then(Result::ok),
        Err(_) => None, // For `verify` to say what is wrong.
    };
    Ok(first.and_then(|first| match first.stamped.entry {
        Entry::Restore(restore) => Some(restore),
        Entry::RunStart { .. }
        | Entry::Intent(_)
        | Entry::Outcome { .. }
        | Entry::Refused { .. }
        | Entry::RunEnd { .. }
        | Entry::Recovery(_)
        | Entry::Intake(_)
        | Entry::Boundary(_)
        | Entry::Grant(_)
        | Entry::Knowledge(_)
        | Entry::Suspension(_)
        | Entry::Deletion(_)
        | Entry::Erasure(_) => None,
    }))
}

/// The way back from a log that holds.
struct Walk<'a> {
    logs: &'a mut dyn Logs,
    trusted: &'a Trusted,
    /// What is still to be found.
    seen: Option<&'a Checkpoint>,
    back: Back,
}

impl Walk<'_> {
    fn back(&mut self, present: String, first: Option<Before>) -> Result<(), Finding> {
        let mut passed = vec![present];
        let mut next = first;
        while let Some(named) = next.take() {
            if self.back == Back::ToSeen && self.seen.is_none() {
                return Ok(());
            }
            let log = named.log.name();
            let earlier = |bad| Finding::Earlier {
                log: log.clone(),
                bad: Box::new(bad),
            };
            if passed.contains(&log) {
                return Err(Finding::Circle(log));
            }
            let is_end = self.is_end(named).map_err(earlier)?;
            if is_end && self.back == Back::ToSeen {
                return Ok(());
            }
            let name = named.log.to_string();
            let Some(mut files) = self.logs.earlier(&name)? else {
                return match is_end || self.seen.is_none() {
                    true => Ok(()),
                    false => Err(Finding::NoEarlier {
                        log: log.clone(),
                        path: format!("{EARLIER_LOGS}/{name}"),
                    }),
                };
            };
            let seen = self.seen.filter(|seen| seen.origin() == log);
            let seen_before = seen.filter(|_| !is_end);
            next = holds(&mut *files, self.trusted, named, seen_before).map_err(earlier)?;
            if seen.is_some() {
                self.seen = None;
            }
            passed.push(log);
        }
        match self.seen {
            None => Ok(()),
            Some(seen) => Err(Finding::OtherLog {
                found: passed.pop().unwrap_or_default(),
                wanted: seen.origin().to_owned(),
            }),
        }
    }

    /// Whether what was seen is the very end that the log after it names.
    fn is_end(&self, named: Before) -> Result<bool, Finding> {
        let seen = self.seen.filter(|seen| seen.origin() == named.log.name());
        match seen {
            Some(seen) if seen.size() > named.size => Err(Finding::RolledBack {
                seen: seen.size(),
                found: named.size,
            }),
            Some(seen) if seen.size() == named.size && seen.root() != named.root => {
                Err(Finding::Forked { seen: seen.size() })
            }
            Some(seen) => Ok(seen.size() == named.size),
            None => Ok(false),
        }
    }
}

/// Checks one earlier log up to the end that is named, and from what was seen of it; gives the one
/// before it.
fn holds(
    files: &mut dyn Files,
    trusted: &Trusted,
    named: Before,
    seen: Option<&Checkpoint>,
) -> Result<Option<Before>, Finding> {
    let end = Checkpoint::new(&named.log.name(), named.size, named.root);
    let end = end.map_err(|fault| Finding::Checkpoint(fault.into()))?;
    let key = |log: &str| trusted.of_earlier(log);
    for point in [Some(&end), seen].into_iter().flatten() {
        if let Some(bad) = verify(files, &key, Some(point)).bad {
            return Err(bad);
        }
    }
    before(files)
}

/// The logs before the present one, the latest first, as far as they are there and hold; and what is
/// wrong with the next, where it is there.
///
/// # Errors
/// When the present log cannot be read.
pub(crate) fn earlier_logs(
    logs: &mut dyn Logs,
    trusted: &Trusted,
) -> Result<(Vec<Origin>, Option<Finding>), Finding> {
    let mut found = Vec::new();
    let mut next = match logs.present()? {
        Some(mut files) => before(&mut *files)?,
        None => None,
    };
    while let Some(named) = next.take() {
        if found.contains(&named.log) {
            return Ok((found, Some(Finding::Circle(named.log.name()))));
        }
        let Some(mut files) = logs.earlier(&named.log.to_string())? else {
            break;
        };
        match holds(&mut *files, trusted, named, None) {
            Ok(before) => next = before,
            Err(bad) => {
                let (log, bad) = (named.log.name(), Box::new(bad));
                return Ok((found, Some(Finding::Earlier { log, bad })));
            }
        }
        found.push(named.log);
    }
    Ok((found, None))
}

impl Report {
    fn of_bad(bad: Finding) -> Self {
        Self {
            origin: None,
            checkpoint: None,
            totals: Totals::default(),
            unsigned: 0,
            open: Vec::new(),
            bad: Some(bad),
        }
    }
}

/// An export: its folder is the present log's, but for what is beside that.
struct Export<'a> {
    files: &'a mut dyn Files,
    /// The earlier logs that were asked for.
    visited: Vec<String>,
}

impl Logs for Export<'_> {
    fn present(&mut self) -> io::Result<Option<Box<dyn Files + '_>>> {
        Ok(Some(Box::new(Part {
            files: &mut *self.files,
            below: String::new(),
        })))
    }

    fn earlier(&mut self, name: &str) -> io::Result<Option<Box<dyn Files + '_>>> {
        let below = format!("{EARLIER_LOGS}/{name}/");
        if !self
            .files
            .list()?
            .iter()
            .any(|path| path.starts_with(&below))
        {
            return Ok(None);
        }
        self.visited.push(below.clone());
        Ok(Some(Box::new(Part {
            files: &mut *self.files,
            below,
        })))
    }
}

/// One log's files in an export.
struct Part<'a> {
    files: &'a mut dyn Files,
    /// The folder with a `/`; empty for the present log.
    below: String,
}

impl Files for Part<'_> {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.files.read(&format!("{}{path}", self.below))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        let is_present = self.below.is_empty();
        let earlier = format!("{EARLIER_LOGS}/");
        let is_beside = |path: &str| path == EXPORT_README || path.starts_with(&earlier);
        let paths = self.files.list()?.into_iter().filter_map(|path| {
            let path = path.strip_prefix(&self.below)?;
            (!is_present || !is_beside(path)).then(|| path.to_owned())
        });
        Ok(paths.collect())
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        self.files.names(&format!("{}{folder}", self.below))
    }
}
