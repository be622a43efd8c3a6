//! A tenant's present log and those before it.

use super::shelf::TrailReader;
use super::{StoreError, TenantScope};
use crate::trail::note::SignedCheckpoint;
use crate::trail::{Files, Logs};
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
