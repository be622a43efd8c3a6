//! A tenant's store opened and its trail continued: for a start, and for whatever else is recorded.

use crate::model::Instant;
use crate::open::Casemate;
use crate::record::Recorder;
use crate::store::{Records, TenantScope, WriterLock};
use crate::trail::{Log, Opening, Origin, Seal};
use crate::triage::NotStarted;

impl Casemate {
    /// Opens a tenant's store and continues its trail, where the two and the trail's head agree.
    pub(crate) fn continue_trail(
        &self,
        scope: &TenantScope,
        writer: &WriterLock,
        now: Instant,
    ) -> Result<(Records, Log), NotStarted> {
        let tenant = scope.tenant();
        let cache_bytes = self.settings().cache_bytes;
        // Before anything is made: a store that is missing is missed.
        let (says, records) = scope.records_if_any(writer, cache_bytes)?;
        let (committed, next_alert) = match &records {
            Some(records) => {
                let view = records.view()?;
                let next = view.last_alert()?.saturating_add(1);
                (view.trail_committed()?, Some(next))
            }
            None => (0, None),
        };
        let mut origin = [0; 16];
        self.settings().random.fill(&mut origin)?;
        let opening = Opening {
            origin: Origin::from_bytes(origin),
            now,
            sealed: 0,
            committed: Some(committed),
            next_alert,
            store: Some(says),
            key: scope.trail_key(),
        };
        let (log, found) =
            Log::open(scope.trail(writer)?, opening).map_err(|error| NotStarted::Trail {
                tenant: tenant.clone(),
                error,
            })?;
        if found.dropped.is_some() || !found.abandoned.is_empty() || !found.unstored.is_empty() {
            tracing::warn!(%tenant, abandoned = found.abandoned.len(), unstored = found.unstored.len(),
                torn = found.dropped.is_some(), "the last writer was stopped in the middle; continuing");
        }
        let records = match records {
            Some(records) => records,
            None => scope.records(writer, cache_bytes)?,
        };
        if !found.lost.is_empty() {
            tracing::warn!(%tenant, lost = ?found.lost, "the store lacks alerts that were taken in; deliver them again: they get new numbers");
            let mut change = records.change()?;
            change.lose(&found.lost)?;
            change.commit()?;
        }
        // The store records a new log before the first entry goes into it.
        let is_known = |seal: Seal| log.signed().is_ok_and(|signed| signed == Some(seal.signed));
        if !records.view()?.trail_seal()?.is_some_and(is_known) {
            records.sign::<NotStarted>(&log)?;
        }
        Ok((records, log))
    }

    pub(crate) fn recorder<'a>(
        &'a self,
        records: &'a Records,
        log: &'a Log,
        now: Instant,
    ) -> Recorder<'a> {
        Recorder {
            records,
            log,
            random: &*self.settings().random,
            now,
        }
    }
}
