//! A tenant's present log and those before it.

use super::shelf::TrailReader;
use super::{StoreError, TenantScope};
use crate::trail::note::SignedCheckpoint;
use crate::trail::{EARLIER_LOGS, EarlierLog, EarlierNote, Files, Logs, verify, verify_earlier};
use std::io;

/// The logs of a tenant, to be followed one after the other.
pub struct TenantLogs<'a>(pub &'a TenantScope);

impl Logs for TenantLogs<'_> {
    fn present(&mut self) -> io::Result<Option<Box<dyn Files + '_>>> {
        let read = self.0.read_trail().map_err(io::Error::other)?;
        Ok(read.map(|files| Box::new(files) as Box<dyn Files>))
    }

    fn earlier(&mut self, name: &str) -> io::Result<Option<Box<dyn Files + '_>>> {
        let found = self.0.earlier_log(name).map_err(io::Error::other)?;
        Ok(found.map(|(files, _)| Box::new(files) as Box<dyn Files>))
    }
}

impl TenantScope {
    /// Checks the tenant's earlier logs, the latest first: that each has the checkpoint which the log
    /// after it names, and is there. Folders in `trails/` that no log names come last.
    ///
    /// # Errors
    /// When `trails/` cannot be listed. What is wrong with a log is in its report.
    pub fn verify_earlier(&self) -> Result<Vec<EarlierLog>, StoreError> {
        let key = self.trail_key();
        let named = |log: &str| key.signer(log).ok().map(|signer| signer.key().clone());
        // Where the present log cannot be opened, that is told of it.
        let mut found = verify_earlier(&mut TenantLogs(self), &named).unwrap_or_default();
        for folder in self.trails_before()? {
            let log = folder.split('.').next().unwrap_or_default();
            let is_named = |found: &EarlierLog| found.log.ends_with(&format!("/{log}"));
            if found.iter().any(is_named) {
                continue;
            }
            let Some(mut files) = self.read_trail_before(&folder)? else {
                continue;
            };
            found.push(EarlierLog {
                log: format!("{EARLIER_LOGS}/{folder}"),
                report: verify(&mut files, &named, None),
                note: Some(EarlierNote::Unnamed),
            });
        }
        Ok(found)
    }

    /// An earlier log by its id or its folder's name, with its checkpoint: of those that were put aside
    /// under that id, the one that reaches furthest. None where none has a checkpoint.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn earlier_log(
        &self,
        name: &str,
    ) -> Result<Option<(TrailReader, SignedCheckpoint)>, StoreError> {
        let again = format!("{name}.");
        let mut found: Option<(TrailReader, SignedCheckpoint)> = None;
        for folder in self.trails_before()? {
            if folder != name && !folder.starts_with(&again) {
                continue;
            }
            let Some(mut files) = self.read_trail_before(&folder)? else {
                continue;
            };
            let read = files.read("checkpoint");
            let read = read.map_err(StoreError::io(self.path(&format!("trails/{folder}"))))?;
            let Some(signed) = read.and_then(|note| SignedCheckpoint::parse(&note).ok()) else {
                continue;
            };
            let size = signed.unverified().size();
            let is_further = |(_, held): &(_, SignedCheckpoint)| held.unverified().size() < size;
            if found.as_ref().is_none_or(is_further) {
                found = Some((files, signed));
            }
        }
        Ok(found)
    }
}
