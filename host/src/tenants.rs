//! What an operator does with a tenant as a whole, and what there is to know of one.

use crate::knowledge::KnowledgeFault;
use crate::model::{Digest, Instant, ModuleName, RetentionClass, TenantId, Text};
use crate::open::Casemate;
use crate::sandbox::GrantedSettings;
use crate::setup::SetupError;
use crate::suspension::{Erasure, StandingChange, Suspensions};
use crate::trail::Entries;
use crate::triage::NotStarted;
use std::time::Duration;

/// How long a change of a tenant's standing waits for whoever works on the tenant.
const WAIT: Duration = Duration::from_secs(5);

/// A change of a tenant's standing that is in effect.
#[derive(Debug)]
pub struct StandingChanged {
    /// The change.
    pub change: StandingChange,
    /// Why it is not in the tenant's trail yet; none where it is. The next start, suspension or
    /// resumption records it. Where another process works on the tenant, that work goes on to its end.
    pub not_recorded: Option<NotStarted>,
}

/// What there is to know of a tenant.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TenantReport {
    /// The tenant.
    pub tenant: TenantId,
    /// The change that suspended it; none where it works.
    pub suspended: Option<StandingChange>,
    /// Who erased it; none where nobody did.
    pub erased: Option<Erasure>,
    /// Whether its erasure was begun and not ended.
    pub half_erased: bool,
    /// What its boundary says; none where it does not hold.
    pub boundary: Option<BoundaryLines>,
    /// Why its boundary does not hold.
    pub boundary_error: Option<String>,
    /// Why it takes nothing in; none where it does.
    pub takes_nothing_in: Option<String>,
    /// What is wrong with the files of its knowledge.
    pub knowledge: Vec<KnowledgeFault>,
    /// The modules that are installed.
    pub modules: Vec<ModuleStanding>,
    /// Alerts held.
    pub alerts: u64,
    /// Alerts that wait to be placed.
    pub waiting: u64,
    /// Groups.
    pub groups: u64,
    /// Cases.
    pub cases: u64,
    /// Documents that were not taken.
    pub rejects: u64,
    /// When the newest alert was taken in.
    pub last_intake: Option<Instant>,
    /// Entries of its trail.
    pub trail_entries: u64,
    /// Bytes of all its files.
    pub disk_bytes: u64,
}

/// The main lines of a boundary.
#[derive(Clone, Debug, serde::Serialize)]
pub struct BoundaryLines {
    /// The digest of the file.
    pub digest: Digest,
    /// Each with the answer and the line that decides it.
    pub lines: Vec<crate::boundary::Explained>,
    /// Fields that modules do not see.
    pub withheld: Vec<String>,
    /// How many days raw, derived and packets are kept; none where for ever.
    pub retention_days: [Option<u64>; 3],
}

/// A module and one tenant.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ModuleStanding {
    /// The module.
    pub module: ModuleName,
    /// Whether it can run for the tenant.
    pub runs: bool,
    /// Why it cannot.
    pub why: Option<String>,
    /// Its settings in effect for the tenant; none where it cannot run.
    pub settings: GrantedSettings,
}

impl Casemate {
    /// Which tenants are suspended, as it is written now.
    ///
    /// # Errors
    /// When `tenants.toml` cannot be read or does not hold.
    pub fn suspensions(&self) -> Result<Suspensions, SetupError> {
        let text = self.home().text(Suspensions::FILE)?;
        Suspensions::parse(text.as_deref()).map_err(SetupError::Written)
    }

    /// Suspends a tenant: from its next start on nothing is taken in for it and no module runs, and
    /// reading goes on. Written to `tenants.toml` of the home first, which is in the direction that
    /// takes away, then recorded in the tenant's trail.
    ///
    /// # Errors
    /// When there is no such tenant, it is suspended already, the person is not in the roster, or the
    /// file cannot be written.
    pub fn suspend(
        &self,
        tenant: &TenantId,
        by: &str,
        reason: &str,
    ) -> Result<StandingChanged, SetupError> {
        self.change_standing(tenant, true, by, reason)
    }

    /// Lets a suspended tenant work again.
    ///
    /// # Errors
    /// As [`Casemate::suspend`]; when it is not suspended.
    pub fn resume(
        &self,
        tenant: &TenantId,
        by: &str,
        reason: &str,
    ) -> Result<StandingChanged, SetupError> {
        self.change_standing(tenant, false, by, reason)
    }

    fn change_standing(
        &self,
        tenant: &TenantId,
        suspended: bool,
        by: &str,
        reason: &str,
    ) -> Result<StandingChanged, SetupError> {
        self.home().tenant(tenant)?;
        if self.roster().person(by).is_none() {
            return Err(SetupError::NotInRoster(Text::capped(by, 100)));
        }
        let alone = self.home().lock()?;
        let text = self.home().text(Suspensions::FILE)?;
        let before = Suspensions::parse(text.as_deref()).map_err(SetupError::Written)?;
        if let Some(erasure) = before.erased(tenant) {
            return Err(SetupError::Erased(tenant.clone(), erasure.at));
        }
        if before.suspended(tenant).is_some() == suspended {
            return Err(match suspended {
                true => SetupError::SuspendedAlready(tenant.clone()),
                false => SetupError::NotSuspended(tenant.clone()),
            });
        }
        let change = StandingChange {
            tenant: tenant.clone(),
            suspended,
            by: Text::capped(by, 254),
            at: self.settings().clock.now(),
            reason: Text::capped(reason, 500),
        };
        let new = Suspensions::add(text.as_deref(), &change).map_err(SetupError::Written)?;
        self.home().replace_text(Suspensions::FILE, &new)?;
        drop(alone);
        Ok(StandingChanged {
            not_recorded: self.record_standing(tenant).err(),
            change,
        })
    }

    fn record_standing(&self, tenant: &TenantId) -> Result<(), NotStarted> {
        let scope = self.home().tenant(tenant)?;
        let writer = scope.lock_within(WAIT)?;
        let now = self.settings().clock.now();
        let (records, log) = self.continue_trail(&scope, &writer, now)?;
        let recorder = self.recorder(&records, &log, now);
        recorder.suspensions(&self.standing()?)?;
        records.sign(&log)
    }

    /// What there is to know of a tenant, read beside a writer or without one.
    ///
    /// # Errors
    /// When its files cannot be read. A boundary that does not hold is told, and no error.
    pub fn report(&self, tenant: &TenantId) -> Result<TenantReport, SetupError> {
        let scope = self.home().tenant(tenant)?;
        let now = self.settings().clock.now();
        let boundary = self.boundary(&scope);
        let modules = self.modules().iter().map(|module| {
            let prepared = match &boundary {
                Ok(boundary) => self
                    .prepare(self.counting(module, tenant), boundary, now)
                    .map(|prepared| prepared.granted().settings().clone()),
                Err(_) => Ok(GrantedSettings::default()),
            };
            ModuleStanding {
                module: module.manifest().name().clone(),
                runs: boundary.is_ok() && prepared.is_ok(),
                why: prepared.as_ref().err().map(ToString::to_string),
                settings: prepared.unwrap_or_default(),
            }
        });
        let standing = self.suspensions()?;
        let mut report = TenantReport {
            tenant: tenant.clone(),
            suspended: standing.suspended(tenant).cloned(),
            erased: standing.erased(tenant).cloned(),
            half_erased: self.is_half_erased(tenant)?,
            modules: modules.collect(),
            boundary: boundary.as_ref().ok().map(|b| BoundaryLines::of(b, now)),
            boundary_error: boundary.as_ref().err().map(ToString::to_string),
            takes_nothing_in: self.takes_nothing_in(tenant),
            knowledge: self.check_knowledge(&scope),
            alerts: 0,
            waiting: 0,
            groups: 0,
            cases: 0,
            rejects: 0,
            last_intake: None,
            trail_entries: 0,
            disk_bytes: scope.size()?,
        };
        // What is sealed with a key that is destroyed counts for nothing.
        let view = match report.erased {
            None => self.view(tenant)?,
            Some(_) => None,
        };
        if let Some(view) = view {
            report.alerts = view.alert_count()?;
            report.waiting = view.waiting_count()?;
            report.groups = view.groups()?.len() as u64;
            report.cases = view.cases()?.len() as u64;
            report.rejects = view.reject_count()?;
            report.last_intake = view.last_intake()?;
        }
        if let Some(trail) = scope.read_trail()? {
            let signed = scope.checkpoint()?.map_or(0, |c| c.unverified().size());
            // What is sound behind it: somebody may be writing the last entry.
            let more = Entries::after(trail, signed).map_or(0, |entries| {
                entries.take_while(Result::is_ok).count() as u64
            });
            report.trail_entries = signed + more;
        }
        Ok(report)
    }
}

impl BoundaryLines {
    fn of(boundary: &crate::boundary::Boundary, as_of: Instant) -> Self {
        let all = boundary.explain(as_of);
        let (fields, lines): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|line| line.subject.starts_with("field "));
        let withheld = fields.iter().filter(|line| line.answer == "withheld");
        Self {
            digest: boundary.digest(),
            retention_days: [
                RetentionClass::Raw,
                RetentionClass::Derived,
                RetentionClass::Packets,
            ]
            .map(|class| boundary.retention().days(class)),
            withheld: withheld
                .filter_map(|line| line.subject.strip_prefix("field "))
                .map(str::to_owned)
                .collect(),
            lines,
        }
    }
}
