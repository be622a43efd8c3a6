//! Retention: what is past the time that the tenant's boundary states for it is deleted, each deletion
//! recorded first.

use crate::model::{Holding, Instant, TenantId};
use crate::open::Casemate;
use crate::store::{Deletion, Expired, TenantScope};
use crate::trail::{self, Entries, Entry};
use crate::triage::NotStarted;
use std::time::Duration;

/// How long retention waits for whoever works on the tenant.
const WAIT: Duration = Duration::from_secs(10);

/// What of one kind was deleted, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Retained {
    /// What.
    pub what: Holding,
    /// What was taken in before this is past its time.
    pub before: Instant,
    /// How much is.
    #[serde(flatten)]
    pub expired: Expired,
    /// The entry of the trail that says so; none where nothing was deleted.
    pub entry: Option<u64>,
}

impl Casemate {
    /// Deletes what is past its time as of a time: see `[retention]` of the tenant's boundary. The
    /// trail is never touched, nor is an alert's record or what tells a second delivery. A suspended
    /// tenant's things are deleted too. With `dry`, says what would be deleted.
    ///
    /// A kind for which nothing is stated is not in what comes back; nor are packets, which do not
    /// exist yet. Of a tenant that was erased nothing is left to delete.
    ///
    /// # Errors
    /// When somebody works on the tenant, its boundary does not hold, or its trail or store cannot be
    /// read or written. What was deleted before stays deleted.
    pub fn retain(
        &self,
        tenant: &TenantId,
        as_of: Instant,
        dry: bool,
    ) -> Result<Vec<Retained>, NotStarted> {
        let scope = self.home().tenant(tenant)?;
        let mut done = Vec::new();
        if self.standing()?.erased(tenant).is_some() {
            return Ok(done);
        }
        self.boundary(&scope)?;
        if self.view(tenant)?.is_none() {
            return Ok(done);
        }
        let writer = scope.lock_within(WAIT)?;
        let now = self.settings().clock.now();
        // Under the lock: what is deleted goes by what is in effect now, and by what is recorded.
        let boundary = self.boundary(&scope)?;
        let (records, log) = self.continue_trail(&scope, &writer, now)?;
        if !dry {
            let recorder = self.recorder(&records, &log, now);
            recorder.boundary(&boundary, &self.applications()?)?;
        }
        for what in Holding::ALL.iter().copied() {
            let over = boundary.retention().over_before(what.class(), as_of);
            let Some(before) = over else { continue };
            let entries = match what {
                Holding::Material => material(&scope, before)?,
                Holding::Documents
                | Holding::Rejects
                | Holding::Enrichments
                | Holding::Drafts
                | Holding::Notes => Vec::new(),
            };
            // Looked at first: nothing is deleted before the entry that says what is durable.
            let expired = records.change()?.expire(what, before, &entries)?;
            let mut entry = None;
            if expired.count > 0 && !dry {
                let Expired {
                    from,
                    through,
                    count,
                } = expired;
                let number = log.append(
                    now,
                    trail::Deletion {
                        class: what.class(),
                        what,
                        from,
                        through,
                        count,
                        before,
                        boundary: boundary.digest(),
                    },
                )?;
                log.sync()?;
                let mut change = records.change()?;
                change.expire(what, before, &entries)?;
                let deletion = Deletion {
                    what,
                    from,
                    through,
                    count,
                    at: now,
                };
                change.put_deletion(number, &deletion)?;
                change.commit()?;
                entry = Some(number);
            }
            done.push(Retained {
                what,
                before,
                expired,
                entry,
            });
        }
        records.sign::<NotStarted>(&log)?;
        Ok(done)
    }
}

/// The entries from before a time that belong to intakes and runs. What others commit to is the
/// operator's own: who did what and why, which stays.
fn material(scope: &TenantScope, before: Instant) -> Result<Vec<u64>, NotStarted> {
    let Some(file) = scope.read_trail()? else {
        return Ok(Vec::new());
    };
    let Ok(entries) = Entries::new(file) else {
        return Ok(Vec::new());
    };
    // The log was opened before this: everything in it is sound.
    let past = entries.map_while(Result::ok).filter(|found| {
        let is_of_flow = matches!(
            found.stamped.entry,
            Entry::RunStart { .. } | Entry::Intake(_)
        );
        is_of_flow && found.stamped.time < before
    });
    Ok(past.map(|found| found.stamped.seq).collect())
}
