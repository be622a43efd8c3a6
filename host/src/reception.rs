//! Documents of many tenants, each brought to its own: what one process does for a whole SIEM.

use crate::model::{Instant, TenantId, Text};
use crate::open::{Casemate, OpenError};
use crate::store::{Delivery, Quarantined, Released, StoreError};
use crate::triage::intake::{Document, From, documents};
use crate::triage::{
    Changed, Drafted, NotStarted, Owners, Session, SessionError, Submitted, Unowned,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// How long a tenant that another process has is waited for.
const LOCKED: Duration = Duration::from_secs(10);
/// How often it is asked for.
const ASK: Duration = Duration::from_millis(50);
/// A tenant is given back after so long without a document, in milliseconds.
const IDLE_MS: i64 = 1_000;
/// And after so long in any case, so that its time of decision goes on and others get at it.
const OPEN_MS: i64 = 10_000;

/// Takes in documents of any tenant. A tenant is opened when something of it comes and given back
/// soon after; a tenant that does not start stops no other.
pub struct Reception<'c> {
    casemate: &'c Casemate,
    owners: Owners,
    delivered: Option<TenantId>,
    as_of: Option<Instant>,
    open: BTreeMap<TenantId, Open>,
}

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
        /// Its number there.
        number: u64,
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
        })
    }

    /// Opens a tenant before anything of it comes, so that its not starting is told at once.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&mut self, tenant: &TenantId) -> Result<(), NotStarted> {
        self.session(tenant).map(drop)
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

    fn take_lot(
        &mut self,
        tenant: &TenantId,
        lot: &[(usize, Document)],
        name: &str,
    ) -> Result<(Submitted, Changed), NotTaken> {
        let now = self.now();
        let documents = lot.iter().map(|(_, document)| document.clone()).collect();
        let open = self.session(tenant)?;
        open.last = now;
        let (mut done, mut changed) = (Submitted::default(), Changed::default());
        let taken = open.session.take(documents, name, &mut done, &mut changed);
        if let Err(error) = taken {
            // What it had taken in already is recognised when the documents come again.
            self.open.remove(tenant);
            return Err(error.into());
        }
        Ok((done, changed))
    }

    /// The tenant's session, opened where it is not; waits while another process has it.
    fn session(&mut self, tenant: &TenantId) -> Result<&mut Open, NotStarted> {
        let now = self.now();
        let entry = match self.open.entry(tenant.clone()) {
            Entry::Occupied(open) => return Ok(open.into_mut()),
            Entry::Vacant(entry) => entry,
        };
        let as_of = self.as_of.unwrap_or(now);
        let begun = std::time::Instant::now();
        let session = loop {
            match self.casemate.start(tenant, as_of) {
                Err(NotStarted::Store(StoreError::Locked { .. })) if begun.elapsed() < LOCKED => {
                    std::thread::sleep(ASK);
                }
                other => break other?,
            }
        };
        Ok(entry.insert(Open {
            session,
            since: now,
            last: now,
        }))
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

    /// Enriches and drafts the changed cases of every tenant that is open. A tenant on which that
    /// fails is given back; its cases stay changed.
    pub fn draft(&mut self) -> BTreeMap<TenantId, Result<(Drafted, Changed), SessionError>> {
        let mut all = BTreeMap::new();
        for (tenant, open) in &mut self.open {
            let (mut done, mut changed) = (Drafted::default(), Changed::default());
            let drafted = open.session.draft_changed(&mut done, &mut changed);
            if drafted.is_err() || done.cases > 0 || !changed.is_empty() {
                all.insert(tenant.clone(), drafted.map(|()| (done, changed)));
            }
        }
        self.open
            .retain(|tenant, _| !matches!(all.get(tenant), Some(Err(_))));
        all
    }

    /// The session of a tenant that is open.
    pub fn opened(&self, tenant: &TenantId) -> Option<&Session> {
        self.open.get(tenant).map(|open| &open.session)
    }

    /// Gives back tenants that have been idle, or open for long; to be called between batches, after
    /// [`Reception::draft`].
    pub fn give_back(&mut self) {
        let now = self.now().millis();
        self.open.retain(|_, open| {
            let idle = now.saturating_sub(open.last.millis());
            let age = now.saturating_sub(open.since.millis());
            (0..IDLE_MS).contains(&idle) && (0..OPEN_MS).contains(&age)
        });
    }

    fn now(&self) -> Instant {
        self.casemate.settings().clock.now()
    }
}

/// Why documents of a tenant were not taken in.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    #[error(transparent)]
    Session(#[from] SessionError),
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

fn quarantined(
    document: &Document,
    why: &Unowned,
    name: &str,
    now: Instant,
    delivered: Option<&TenantId>,
) -> Quarantined {
    let (offset, bytes, frame) = match document {
        Document::Alert(taken) => (taken.offset, &taken.bytes, taken.frame.as_deref()),
        Document::Reject(reject) => (reject.offset, &reject.bytes, None),
    };
    Quarantined {
        taken_in: now,
        input: name.to_owned(),
        offset,
        delivered: delivered.cloned(),
        why: why.to_string(),
        bytes: bytes.clone(),
        frame: frame.map(str::to_owned),
    }
}

/// What became of the quarantine when it was looked through again.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Retried {
    /// The numbers of the documents that went to a tenant.
    pub went: BTreeMap<TenantId, Vec<u64>>,
    /// How many are nobody's still.
    pub stayed: u64,
}

/// Brings what is in quarantine to its owners, by what is written down now. What is still nobody's
/// stays, and so does all of a tenant that does not start.
///
/// # Errors
/// When the quarantine or `owners.toml` cannot be read or written.
pub fn retry_quarantine(casemate: &Casemate) -> Result<Retried, OpenError> {
    let mut retried = Retried::default();
    let mut receptions: BTreeMap<Option<TenantId>, Reception<'_>> = BTreeMap::new();
    let mut next = 1;
    loop {
        let Some(quarantine) = casemate.home().quarantine_if_any()? else {
            break;
        };
        let some = quarantine.from(next, 200)?;
        // Not kept while tenants work: others may have something to put in.
        drop(quarantine);
        let Some(last) = some.last() else { break };
        next = last.number + 1;
        let mut went: BTreeMap<TenantId, Vec<u64>> = BTreeMap::new();
        for one in some.iter().filter(|one| one.released.is_none()) {
            let reception = match receptions.entry(one.document.delivered.clone()) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(entry) => {
                    let delivered = entry.key().clone();
                    entry.insert(Reception::open(casemate, delivered, None)?)
                }
            };
            match reception.again(&one.document) {
                Some(tenant) => went.entry(tenant).or_default().push(one.number),
                None => retried.stayed += 1,
            }
            // The next one may be delivered for another tenant and need the same one open.
            reception.open.clear();
        }
        let time = casemate.settings().clock.now();
        for (tenant, numbers) in went {
            let released = Released {
                tenant: tenant.clone(),
                time,
            };
            casemate.home().quarantine()?.release(&numbers, &released)?;
            retried.went.entry(tenant).or_default().extend(numbers);
        }
    }
    for tenant in retried.went.keys() {
        let mut reception = Reception::open(casemate, Some(tenant.clone()), None)?;
        if reception.start(tenant).is_ok() {
            for (tenant, drafted) in reception.draft() {
                if let Err(error) = drafted {
                    tracing::warn!(%tenant, %error, "its cases are not drafted");
                }
            }
        }
    }
    Ok(retried)
}

impl Reception<'_> {
    /// Takes in a document of the quarantine if it has an owner now.
    fn again(&mut self, kept: &Quarantined) -> Option<TenantId> {
        let mut all: Vec<Document> = documents(kept.bytes.as_slice(), From::Auto)
            .collect::<Result<_, _>>()
            .ok()?;
        for document in &mut all {
            if let Document::Alert(taken) = document {
                taken.offset = kept.offset;
                taken.frame = taken.frame.take().or(kept.frame.as_deref().map(Into::into));
            }
        }
        let owner = |document| self.owners.owner(document, self.delivered.as_ref()).ok();
        let tenant = owner(all.first()?)?;
        if !all
            .iter()
            .all(|document| owner(document).as_ref() == Some(&tenant))
        {
            return None;
        }
        let lot: Vec<_> = all.into_iter().enumerate().collect();
        match self.take_lot(&tenant, &lot, &kept.input) {
            Ok(_) => Some(tenant),
            Err(why) => {
                tracing::warn!(%tenant, "a document stays in quarantine: {why}");
                None
            }
        }
    }
}
