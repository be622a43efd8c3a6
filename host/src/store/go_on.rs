//! A log that cannot be continued put aside, and another one begun that names it.

use super::guard::guarded;
use super::records::{AnyVersion, Records};
use super::{Random, StoreError, TenantScope, WriterLock, file};
use crate::model::Instant;
use crate::trail::{
    self, Before, Files, Given, Kept, Log, Lost, OpenError, Opening, Origin, Restore, last_known,
};

/// What became of a tenant's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentOn {
    /// The last checkpoint of the log before, which the new one names.
    pub before: Option<Before>,
    /// The new log.
    pub log: Origin,
    /// The number of its first entry.
    pub entry: u64,
    /// The numbers of alerts that were taken in and that the store does not hold.
    pub lost: Vec<Lost>,
}

/// Why a new log was not begun.
#[derive(Debug, thiserror::Error)]
pub enum GoOnError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The old log cannot be read at all, or the new one not be written.
    #[error(transparent)]
    Trail(#[from] OpenError),
    /// The new log could not be signed.
    #[error(transparent)]
    Sign(#[from] trail::TrailError),
    /// There was never a log that could be gone on after.
    #[error("the tenant has no trail yet, and none is known")]
    NoTrail,
}

impl TenantScope {
    /// Puts the tenant's log aside, into `trails/` of its folder, and begins a new one whose first entry
    /// is this one, with the last checkpoint that is known of the old one. Entries are numbered on. For
    /// a folder that was put back to an earlier state, whose log must not be continued: it would be a
    /// second history under one name.
    ///
    /// # Errors
    /// When there is nothing to go on after, or a file cannot be read or written. Where it stops, it
    /// goes on from there when it is called again.
    pub fn go_on(
        &self,
        writer: &WriterLock,
        random: &dyn Random,
        now: Instant,
        entry: Restore,
    ) -> Result<WentOn, GoOnError> {
        let tenant = self.tenant();
        let mut origin = [0; 16];
        random.fill(&mut origin)?;
        let key = self.trail_key();
        let mut shelf = self.trail(writer)?;
        let known = last_known(&mut shelf, &*key)?;
        drop(shelf);
        let before = guarded!(tenant, { self.records_of_any_version(writer, 1 << 20) })?;
        let committed = before.as_ref().map(AnyVersion::trail_committed);
        let committed = committed.transpose()?.flatten();
        drop(before);
        let base = known.next.max(committed.unwrap_or(0));
        if known.before.is_none() && base == 0 {
            return Err(GoOnError::NoTrail);
        }
        // Before anything is moved: where it cannot be written, nothing was changed.
        let records = match self.is_destroyed() {
            true => None,
            false => Some(self.records(writer, 1 << 20)?),
        };
        let lost = match &records {
            Some(records) => self.lost(records, known.next)?,
            None => Vec::new(),
        };
        self.put_trail_aside(known.before)?;
        let opening = Opening {
            origin: Origin::from_bytes(origin),
            now,
            sealed: 0,
            committed,
            next_alert: None,
            store: None,
            key,
        };
        let entry = Restore {
            before: known.before,
            kept: known
                .before
                .map(|log| self.kept(log))
                .transpose()?
                .flatten(),
            ..entry
        };
        let log = Log::begin_after(self.trail(writer)?, &opening, base, (entry, lost.clone()))?;
        if let Some(records) = records {
            let mut change = records.change()?;
            change.lose(&lost)?;
            change.commit()?;
            records.sign::<GoOnError>(&log)?;
        }
        Ok(WentOn {
            before: known.before,
            log: log.origin(),
            entry: base,
            lost,
        })
    }

    /// The alerts that the tenant's logs say were taken in, as far as they can be read, and that the
    /// store does not hold. No entry of them has the number `end` or a greater one.
    fn lost(&self, records: &Records, end: u64) -> Result<Vec<Lost>, StoreError> {
        let next = records.view()?.last_alert()?.saturating_add(1);
        let mut given = vec![Given::read(|| self.read_trail(), end)?];
        for log in self.trails_before()? {
            given.push(Given::read(|| self.read_trail_before(&log), end)?);
        }
        Ok(Lost::from(next, given.iter().flat_map(Given::ranges)))
    }

    /// What there is of a log that was put aside; none where that is all that is known of it.
    fn kept(&self, log: Before) -> Result<Option<Kept>, StoreError> {
        let mut found = self.earlier_log(&log.log.to_string())?;
        let files = found.as_mut().map(|(files, _)| files as &mut dyn Files);
        let key = self.trail_key();
        let named = |log: &str| key.signer(log).ok().map(|signer| signer.key().clone());
        Ok(trail::kept(files, &named, log))
    }

    /// Moves the trail's folder to `trails/LOG`, where it is kept as it is.
    fn put_trail_aside(&self, before: Option<Before>) -> Result<(), StoreError> {
        let dir = self.folder();
        let fail = || StoreError::io(format!("tenants/{}/trails", self.tenant()));
        dir.create_dir_all("trails").map_err(fail())?;
        let name = before.map_or_else(|| "unsigned".to_owned(), |before| before.log.to_string());
        let mut to = format!("trails/{name}");
        let mut nth = 1;
        while dir.exists(&to) {
            nth += 1;
            to = format!("trails/{name}.{nth}");
        }
        dir.rename("trail", dir, &to).map_err(fail())?;
        let synced = dir.open_dir("trails").and_then(|made| file::sync(&made));
        synced.and_then(|()| file::sync(dir)).map_err(fail())
    }
}
