//! Documents of many tenants, each brought to its own: what one process does for a whole SIEM.

mod held;
mod nobodys;

pub use held::Held;
use held::NotTaken;
use nobodys::quarantined;

use crate::model::{Instant, TenantId, Text};
use crate::open::{Casemate, OpenError};
use crate::store::{Delivery, Quarantined, StoreError, View};
use crate::triage::intake::Document;
use crate::triage::{
    Cancel, Changed, Drafted, NotStarted, Owners, Session, SessionError, Submitted, Unowned,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a tenant that another process has is waited for.
const LOCKED: Duration = Duration::from_secs(60);
/// Where that was in vain, the tenant is asked for without waiting for so long, in milliseconds:
/// nobody else's documents wait for it again and again.
const IN_VAIN_MS: i64 = 60_000;
/// How often it is asked for.
const ASK: Duration = Duration::from_millis(20);
/// A tenant is given back after so long without a document, in milliseconds.
const IDLE_MS: i64 = 1_000;
/// And after so long in any case, so that its time of decision goes on and others get at it.
const OPEN_MS: i64 = 5_000;
/// Tenants that are open at once at most: each has files and memory of its own.
const MOST_OPEN: usize = 48;

/// Takes in documents of any tenant. A tenant is opened when something of it comes and given back
/// soon after; a tenant that does not start stops no other.
pub struct Reception<'c> {
    casemate: &'c Casemate,
    owners: Owners,
    delivered: Option<TenantId>,
    as_of: Option<Instant>,
    open: BTreeMap<TenantId, Open>,
    /// What became of tenants that had to make room, until it is told.
    drafted: Vec<OfDrafting>,
    /// Tenants whose trail could not be signed to the end when they were given back.
    not_signed: Vec<(TenantId, SessionError)>,
    /// Tenants that another process did not give back, and when that was given up.
    in_vain: BTreeMap<TenantId, Instant>,
    /// Tenants that failed in the middle, and take no more in.
    held: BTreeMap<TenantId, Held>,
    stop: Cancel,
}

/// What enriching and drafting did for a tenant.
pub type OfDrafting = (TenantId, Result<(Drafted, Changed), SessionError>);

struct Open {
    session: Session,
    since: Instant,
    last: Instant,
}

/// What became of one document. Everything it says is durable.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// An alert, taken in.
    Alert {
        /// Whose it is.
        tenant: TenantId,
        /// Where it began in the input, in bytes.
        offset: u64,
        /// The source's own id, else `sha256:` and the digest of its bytes.
        id: String,
        /// Its number there.
        alert: u64,
        /// Whether it was there already: `new`, `duplicate` or `revision`.
        delivery: &'static str,
    },
    /// Not taken; kept with the tenant it was delivered for.
    Rejected {
        /// Whose it is.
        tenant: TenantId,
        /// Where it began in the input, in bytes.
        offset: u64,
        /// Why it was not taken.
        reason: String,
    },
    /// Nobody's; kept in quarantine.
    Quarantined {
        /// Its number there; none where it could not be read and more of its input are there than a
        /// person could look through: then it is counted, and not kept.
        number: Option<u64>,
        /// Where it began in the input, in bytes.
        offset: u64,
        /// Why it is nobody's.
        reason: String,
    },
}

/// What a batch of documents became.
#[derive(Debug, Default)]
pub struct Received {
    /// Each document, in the order in which they were handed over. A document that could not be
    /// read is one, too.
    pub outcomes: Vec<Outcome>,
    /// What changed, by tenant.
    pub changed: BTreeMap<TenantId, (Submitted, Changed)>,
}

impl<'c> Reception<'c> {
    /// Opens it with the owners that are written down now. `delivered` is the tenant that all
    /// documents are delivered for, where there is one; `as_of` the time of decision, else the
    /// clock's when a tenant is opened.
    ///
    /// # Errors
    /// When `owners.toml` does not hold.
    pub fn open(
        casemate: &'c Casemate,
        delivered: Option<TenantId>,
        as_of: Option<Instant>,
    ) -> Result<Self, OpenError> {
        let text = casemate.home().text(Owners::FILE)?;
        let owners = text.map_or(Ok(Owners::default()), |text| Owners::parse(&text));
        Ok(Self {
            casemate,
            owners: owners.map_err(OpenError::Written)?,
            delivered,
            as_of,
            open: BTreeMap::new(),
            drafted: Vec::new(),
            not_signed: Vec::new(),
            in_vain: BTreeMap::new(),
            held: BTreeMap::new(),
            stop: casemate.settings().cancel.clone(),
        })
    }

    /// Stops waiting for tenants that other processes have once this is said, instead of that of the
    /// settings. What waits then is kept in quarantine.
    pub fn listen_to(&mut self, stop: Cancel) {
        self.stop = stop;
    }

    /// Opens a tenant before anything of it comes, so that its not starting is told at once. One that
    /// another process has is not waited for.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&mut self, tenant: &TenantId) -> Result<(), NotStarted> {
        self.session(tenant, Duration::ZERO).map(drop)
    }

    /// Whether anything but one tenant for all documents says whose a document is.
    pub fn has_owners(&self) -> bool {
        self.owners.tenants().next().is_some()
    }

    /// Takes in documents; when it returns, all of them are durable, with their tenants or in
    /// quarantine. `name` is what rejects are said to come from.
    ///
    /// # Errors
    /// When the quarantine cannot be written. A tenant whose store or trail fails is no error: its
    /// documents go to quarantine, with the reason.
    pub fn take(&mut self, batch: Vec<Document>, name: &str) -> Result<Received, StoreError> {
        let now = self.now();
        let mut received = Received::default();
        let mut lots: BTreeMap<TenantId, Vec<(usize, Document)>> = BTreeMap::new();
        let mut nobodys = Vec::new();
        let count = batch.len();
        for (place, document) in batch.into_iter().enumerate() {
            match self.owners.owner(&document, self.delivered.as_ref()) {
                Ok(tenant) => lots.entry(tenant).or_default().push((place, document)),
                Err(why) => nobodys.push((place, document, why)),
            }
        }
        let mut outcomes: Vec<Option<Outcome>> = (0..count).map(|_| None).collect();
        for (tenant, lot) in lots {
            match self.take_lot(&tenant, &lot, name) {
                Ok((done, changed)) => {
                    told(&tenant, &lot, &changed, &mut outcomes);
                    received.changed.insert(tenant, (done, changed));
                }
                Err(why) => {
                    tracing::warn!(%tenant, documents = lot.len(), "a tenant takes nothing in: {why}");
                    let why = Unowned::NotStarted {
                        tenant,
                        why: Text::capped(&why.to_string(), 400),
                    };
                    let lot = lot.into_iter();
                    nobodys.extend(lot.map(|(place, document)| (place, document, why.clone())));
                }
            }
        }
        self.quarantine(nobodys, name, now, &mut outcomes)?;
        received.outcomes = outcomes.into_iter().flatten().collect();
        Ok(received)
    }

    pub(crate) fn take_lot(
        &mut self,
        tenant: &TenantId,
        lot: &[(usize, Document)],
        name: &str,
    ) -> Result<(Submitted, Changed), NotTaken> {
        if let Some(held) = self.held.get_mut(tenant) {
            held.waiting += lot.len() as u64;
            return Err(NotTaken::Held(held.why.clone()));
        }
        let taken = self.take_in(tenant, lot, name);
        if let Err(error) = &taken
            && error.holds()
        {
            let held = Held {
                why: Text::capped(&error.to_string(), 400),
                kind: error.kind(),
                waiting: lot.len() as u64,
            };
            self.held.insert(tenant.clone(), held);
        }
        taken
    }

    fn take_in(
        &mut self,
        tenant: &TenantId,
        lot: &[(usize, Document)],
        name: &str,
    ) -> Result<(Submitted, Changed), NotTaken> {
        let documents = lot.iter().map(|(_, document)| document.clone()).collect();
        let open = self.session(tenant, LOCKED)?;
        let (mut done, mut changed) = (Submitted::default(), Changed::default());
        let taken = open.session.take(documents, name, &mut done, &mut changed);
        if let Err(error) = taken {
            // What it had taken in already is recognised when the documents come again.
            self.open.remove(tenant);
            return Err(error.into());
        }
        Ok((done, changed))
    }

    /// The tenant's session, opened where it is not; waits so long while another process has it.
    fn session(&mut self, tenant: &TenantId, wait: Duration) -> Result<&mut Open, NotStarted> {
        let mut open = match self.open.remove(tenant) {
            Some(open) => open,
            None => {
                self.make_room();
                let session = self.started(tenant, wait)?;
                let now = self.now();
                Open {
                    session,
                    since: now,
                    last: now,
                }
            }
        };
        open.last = self.now();
        Ok(self.open.entry(tenant.clone()).or_insert(open))
    }

    fn started(&mut self, tenant: &TenantId, wait: Duration) -> Result<Session, NotStarted> {
        let asked = self.now().millis();
        let in_vain = self.in_vain.get(tenant);
        let lately =
            in_vain.is_some_and(|gave_up| (0..IN_VAIN_MS).contains(&(asked - gave_up.millis())));
        let wait = if lately { Duration::ZERO } else { wait };
        let begun = std::time::Instant::now();
        loop {
            let as_of = self.as_of.unwrap_or_else(|| self.now());
            match self.casemate.start(tenant, as_of) {
                Err(NotStarted::Store(locked @ StoreError::Locked { .. })) => {
                    if begun.elapsed() >= wait || self.stop.is_cancelled() {
                        if !wait.is_zero() {
                            let gave_up = self.now();
                            self.in_vain.insert(tenant.clone(), gave_up);
                        }
                        return Err(locked.into());
                    }
                    std::thread::sleep(ASK);
                }
                other => {
                    self.in_vain.remove(tenant);
                    return other;
                }
            }
        }
    }

    /// Drafts and gives back the tenants that were without a document for longest, until there is
    /// room for one more.
    fn make_room(&mut self) {
        while self.open.len() >= MOST_OPEN {
            let idlest = self.open.iter().min_by_key(|(_, open)| open.last);
            let Some(tenant) = idlest.map(|(tenant, _)| tenant.clone()) else {
                return;
            };
            if let Some(mut open) = self.open.remove(&tenant) {
                let drafted = open.draft();
                self.drafted
                    .extend(drafted.map(|drafted| (tenant.clone(), drafted)));
                self.ended(tenant, open);
            }
        }
    }

    fn quarantine(
        &self,
        nobodys: Vec<(usize, Document, Unowned)>,
        name: &str,
        now: Instant,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), StoreError> {
        if nobodys.is_empty() {
            return Ok(());
        }
        let kept: Vec<Quarantined> = nobodys
            .iter()
            .map(|(_, document, why)| {
                quarantined(document, why, name, now, self.delivered.as_ref())
            })
            .collect();
        let numbers = self.casemate.home().quarantine()?.keep(&kept)?;
        for (((place, ..), kept), number) in nobodys.iter().zip(kept).zip(numbers) {
            if let Some(outcome) = outcomes.get_mut(*place) {
                *outcome = Some(Outcome::Quarantined {
                    number,
                    offset: kept.offset,
                    reason: kept.why,
                });
            }
        }
        Ok(())
    }

    /// Enriches and drafts the changed cases of every tenant that is open; tells also of those that
    /// had to make room for others since the last time. A tenant on which that fails is given back;
    /// its cases stay changed.
    pub fn draft(&mut self) -> Vec<OfDrafting> {
        let mut all = std::mem::take(&mut self.drafted);
        self.open.retain(|tenant, open| {
            let drafted = open.draft();
            let failed = matches!(drafted, Some(Err(_)));
            all.extend(drafted.map(|drafted| (tenant.clone(), drafted)));
            !failed
        });
        all
    }

    /// The tenants that failed in the middle. They take nothing in any more: what comes for them goes
    /// to quarantine, in its order. Another reception, in a process of its own, continues.
    pub fn held(&self) -> impl Iterator<Item = (&TenantId, &Held)> {
        self.held.iter()
    }

    /// What a tenant's store holds now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn view(&self, tenant: &TenantId) -> Result<Option<View>, StoreError> {
        match self.open.get(tenant) {
            Some(open) => open.session.view().map(Some),
            None => self.casemate.view(tenant),
        }
    }

    /// Gives back tenants that have been idle, or open for long; to be called between batches, after
    /// [`Reception::draft`].
    pub fn give_back(&mut self) {
        let now = self.now().millis();
        let mut busy = false;
        let mut given_back = Vec::new();
        for (tenant, open) in std::mem::take(&mut self.open) {
            let idle = now.saturating_sub(open.last.millis());
            let age = now.saturating_sub(open.since.millis());
            let (used, young) = ((0..IDLE_MS).contains(&idle), (0..OPEN_MS).contains(&age));
            busy |= used && !young;
            match used && young {
                true => drop(self.open.insert(tenant, open)),
                false => given_back.push((tenant, open)),
            }
        }
        for (tenant, open) in given_back {
            self.ended(tenant, open);
        }
        if busy {
            // Its next document is here already: who waits for it must be able to come first.
            std::thread::sleep(2 * ASK);
        }
    }

    /// Gives back every tenant, each with its trail signed to the end. Tells those of which that failed,
    /// also since it was opened.
    pub fn end(mut self) -> Vec<(TenantId, SessionError)> {
        for (tenant, open) in std::mem::take(&mut self.open) {
            self.ended(tenant, open);
        }
        self.not_signed
    }

    fn ended(&mut self, tenant: TenantId, open: Open) {
        if let Err(error) = open.session.end() {
            tracing::error!(%tenant, %error, "the end of its trail is not signed");
            self.not_signed.push((tenant, error));
        }
    }

    /// Whose a document is that was delivered for this tenant or for none.
    pub(crate) fn owner(
        &self,
        document: &Document,
        delivered: Option<&TenantId>,
    ) -> Option<TenantId> {
        self.owners.owner(document, delivered).ok()
    }

    fn now(&self) -> Instant {
        self.casemate.settings().clock.now()
    }
}

impl Open {
    /// None where there was nothing to do.
    fn draft(&mut self) -> Option<Result<(Drafted, Changed), SessionError>> {
        let (mut done, mut changed) = (Drafted::default(), Changed::default());
        let drafted = self.session.draft_changed(&mut done, &mut changed);
        let any = drafted.is_err() || done.cases > 0 || !changed.is_empty();
        any.then(|| drafted.map(|()| (done, changed)))
    }
}

/// What became of the documents of one tenant.
fn told(
    tenant: &TenantId,
    lot: &[(usize, Document)],
    changed: &Changed,
    outcomes: &mut [Option<Outcome>],
) {
    let mut deliveries = changed.deliveries.iter();
    for (place, document) in lot {
        let outcome = match document {
            Document::Alert(taken) => deliveries.next().map(|delivery| {
                let (alert, delivery) = match *delivery {
                    Delivery::New(number) => (number, "new"),
                    Delivery::Duplicate(number) => (number, "duplicate"),
                    Delivery::Revision(number) => (number, "revision"),
                };
                Outcome::Alert {
                    tenant: tenant.clone(),
                    offset: taken.offset,
                    id: taken.alert.own_id(),
                    alert,
                    delivery,
                }
            }),
            Document::Reject(reject) => Some(Outcome::Rejected {
                tenant: tenant.clone(),
                offset: reject.offset,
                reason: reject.reason.to_string(),
            }),
        };
        if let Some(slot) = outcomes.get_mut(*place) {
            *slot = outcome;
        }
    }
}
