//! What each module can touch, for which tenant, who allowed it, and what it used: tenants by modules.
//! Read from the home's files and the tenants' trails; nothing is run, compiled or changed.

mod html;
mod modules;
mod row;
mod sarif;
mod used;

pub use modules::OfModule;
pub use row::{Cell, LastRefusal, Row, Standing, WhoGranted};
pub use sarif::sarif;
pub use used::Trail;

use crate::boundaries::{HomeDefaults, in_effect};
use crate::boundary::{Boundary, HostNames, RequireSigned, Roster};
use crate::consent::{NotSearched, words_of};
use crate::model::{Digest, Instant, ModuleName, TenantId};
use crate::parallel::for_each_tenant;
use crate::sandbox::inspect::{Finding, Level, Rule, Spot};
use crate::sandbox::{Grants, Manifest};
use crate::store::{Home, StoreError};
use crate::suspension::Suspensions;
use crate::trail::NEWEST_FILE;
use crate::triage::NotStarted;
use crate::written::{Decision, Problems};
use modules::{Installed, Looked};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use used::Used;

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The home or a tenant's folder cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The roster, the file of grants or `host.toml` does not hold.
    #[error("{0}")]
    Written(Problems),
}

/// Which tenants and modules, all where none is named; and what is demanded of grants.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only this tenant.
    pub tenant: Option<TenantId>,
    /// Only this module.
    pub module: Option<ModuleName>,
    /// What must be signed, besides what `host.toml` of the home says.
    pub require_signed: RequireSigned,
}

/// The audit of a home as of a time.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CapabilityAudit {
    /// The time it is made for: it decides which exclusions are in force.
    pub as_of: Instant,
    /// The host that made it.
    pub host: &'static str,
    /// The digest of `grants.toml`.
    pub grants: Digest,
    /// The digest of `roster.toml`.
    pub roster: Digest,
    /// The modules, in the order of their names.
    pub modules: Vec<OfModule>,
    /// The tenants, in the order of their ids.
    pub tenants: Vec<OfTenant>,
    /// One for each tenant and module.
    pub rows: Vec<Row>,
    /// What to look at, what weighs most first.
    pub findings: Vec<Finding>,
    /// Files whose words could not be looked for in the modules.
    pub not_searched: Vec<NotSearched>,
    /// What it holds, in numbers.
    pub summary: Summary,
}

/// A tenant.
#[derive(Clone, Debug, serde::Serialize)]
pub struct OfTenant {
    /// Its id.
    pub tenant: TenantId,
    /// The digest of its boundary; none where it does not hold.
    pub boundary: Option<Digest>,
    /// Who is accountable for it.
    pub accountable: Option<String>,
    /// Why nothing runs for it.
    pub problem: Option<String>,
    /// Its trail.
    pub trail: Trail,
}

/// The audit in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Tenants.
    pub tenants: u64,
    /// Installed modules, and candidates that may run beside them.
    pub modules: u64,
    /// Capabilities given, counted for each tenant and module.
    pub given: u64,
    /// Those of them that were used.
    pub used: u64,
    /// Capabilities that are asked for and not given.
    pub refused: u64,
    /// Findings that are errors.
    pub errors: u64,
    /// Findings that are warnings.
    pub warnings: u64,
}

/// What of the home is the same for every tenant.
pub(in crate::audit) struct Shared<'a> {
    home: &'a Home,
    standing: Suspensions,
    roster: &'a Roster,
    grants: &'a Grants,
    defaults: &'a HomeDefaults,
    installed: &'a [Installed],
    as_of: Instant,
}

impl CapabilityAudit {
    /// Audits a home, on as many threads.
    ///
    /// # Errors
    /// When the home's own files cannot be read or do not hold. What is wrong with one tenant or one
    /// module is a finding, and the others are told.
    pub fn of(
        home: &Home,
        scope: &Scope,
        as_of: Instant,
        threads: NonZeroUsize,
    ) -> Result<Self, AuditError> {
        let grants_text = home.text(Grants::FILE)?.unwrap_or_default();
        let roster_text = home.text(Roster::FILE)?.unwrap_or_default();
        let roster = Roster::parse(&roster_text).map_err(AuditError::Written)?;
        let grants = Grants::parse(&grants_text).map_err(AuditError::Written)?;
        let stated = RequireSigned::parse(home.text(RequireSigned::FILE)?.as_deref());
        let required = stated
            .map_err(AuditError::Written)?
            .or(scope.require_signed);
        let grants = match required.grants {
            true => grants.signed(&roster),
            false => grants,
        };
        let defaults = HomeDefaults::read(home, &HostNames::none(), &roster, scope.require_signed)?;
        let (words, not_searched) = words_of(home)?;
        let Looked {
            modules,
            installed,
            mut findings,
        } = Looked::at(home, scope.module.as_ref(), &words)?;
        findings.extend(strangers(&grants, &roster, scope));
        let ids = match &scope.tenant {
            Some(only) => {
                home.tenant(only)?;
                vec![only.clone()]
            }
            None => home.named_tenants()?,
        };
        // One that does not hold is told where it decides.
        let standing = Suspensions::parse(home.text(Suspensions::FILE)?.as_deref());
        let shared = Shared {
            home,
            standing: standing.unwrap_or_default(),
            roster: &roster,
            grants: &grants,
            defaults: &defaults,
            installed: &installed,
            as_of,
        };
        let (mut tenants, mut rows) = (Vec::new(), Vec::new());
        for (tenant, told) in for_each_tenant(&ids, threads, |tenant| of_tenant(&shared, tenant)) {
            let told = told.unwrap_or_else(|| {
                let why = "reading it panicked".to_owned();
                Err(StoreError::Database {
                    tenant: tenant.to_string(),
                    message: why,
                })
            });
            let told = told.unwrap_or_else(|error| Told::broken(&tenant, &error));
            findings.extend(told.findings);
            rows.extend(told.rows);
            tenants.push(told.tenant);
        }
        if scope.module.is_none() {
            findings.extend(stale(&shared, &ids));
        }
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (std::cmp::Reverse(f.level), f.rule);
            (key(a), &a.tenant, &a.module).cmp(&(key(b), &b.tenant, &b.module))
        });
        let summary = Summary::of(&tenants, &modules, &rows, &findings);
        Ok(Self {
            as_of,
            host: concat!("casemate ", env!("CARGO_PKG_VERSION")),
            grants: Digest::of(grants_text.as_bytes()),
            roster: Digest::of(roster_text.as_bytes()),
            modules,
            tenants,
            rows,
            findings,
            not_searched,
            summary,
        })
    }

    /// Whether every trail verifies.
    pub fn verified(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.trail.verified)
    }

    /// The findings of these rules.
    pub fn failing<'a>(&'a self, rules: &'a [Rule]) -> impl Iterator<Item = &'a Finding> {
        self.findings
            .iter()
            .filter(|found| rules.contains(&found.rule))
    }

    /// The audit as SARIF 2.1.0: one result a finding.
    pub fn sarif(&self) -> serde_json::Value {
        sarif(&self.findings)
    }

    /// The audit as one page that needs nothing else: no script, no font, no picture.
    pub fn html(&self) -> String {
        html::page(self)
    }
}

impl Summary {
    fn of(tenants: &[OfTenant], modules: &[OfModule], rows: &[Row], findings: &[Finding]) -> Self {
        let cells = || rows.iter().flat_map(|row| &row.capabilities);
        let count = |is: fn(&Cell) -> bool| cells().filter(|cell| is(cell)).count() as u64;
        let of = |level| findings.iter().filter(|f| f.level == level).count() as u64;
        Self {
            tenants: tenants.len() as u64,
            modules: modules.len() as u64,
            given: count(|cell| cell.effective),
            used: count(|cell| cell.effective && cell.used > 0),
            refused: count(|cell| cell.asked && !cell.effective),
            errors: of(Level::Error),
            warnings: of(Level::Warning),
        }
    }
}

/// What is told of one tenant.
struct Told {
    tenant: OfTenant,
    rows: Vec<Row>,
    findings: Vec<Finding>,
}

impl Told {
    fn broken(tenant: &TenantId, error: &StoreError) -> Self {
        let trail = Trail {
            problem: Some(error.to_string()),
            ..Trail::default()
        };
        let place = Spot::file(format!("tenants/{tenant}"));
        let said = format!("tenant `{tenant}` cannot be read: {error}");
        Self {
            tenant: OfTenant {
                tenant: tenant.clone(),
                boundary: None,
                accountable: None,
                problem: Some(error.to_string()),
                trail,
            },
            rows: Vec::new(),
            findings: vec![Finding::new(Rule::NotVerified, said, place).of_tenant(tenant)],
        }
    }
}

fn of_tenant(shared: &Shared<'_>, tenant: &TenantId) -> Result<Told, StoreError> {
    let scope = shared.home.tenant(tenant)?;
    let used = Used::read(&scope)?;
    let mut findings = Vec::new();
    if let Some(problem) = &used.trail.problem {
        let place = Spot::file(format!("tenants/{tenant}/trail/{NEWEST_FILE}"));
        let said = format!("the trail of tenant `{tenant}` does not verify: {problem}");
        findings.push(Finding::new(Rule::NotVerified, said, place).of_tenant(tenant));
    }
    let erasure = shared.standing.erased(tenant);
    let boundary = match erasure {
        None => in_effect(&scope, shared.roster, shared.defaults),
        Some(erasure) => Err(NotStarted::Erased(tenant.clone(), erasure.at)),
    };
    let boundary = boundary.map_err(|e| e.to_string());
    let boundary_file = format!("tenants/{tenant}/{}", Boundary::FILE);
    match &boundary {
        Ok(boundary) => {
            for line in boundary.lapsed(shared.as_of) {
                let said = format!(
                    "an exclusion of tenant `{tenant}` is past its end: {}{}",
                    line.text,
                    clause(&line)
                );
                let place = in_home(&line, tenant);
                let found = Finding::new(Rule::ExpiredExclusion, said, place);
                findings.push(found.of_tenant(tenant));
            }
        }
        // Nothing is missing of one that is gone.
        Err(_) if erasure.is_some() => (),
        Err(why) => {
            let said = format!("nothing runs for tenant `{tenant}`: {why}");
            let place = Spot::file(boundary_file);
            findings.push(Finding::new(Rule::NoBoundary, said, place).of_tenant(tenant));
        }
    }
    let mut rows = Vec::new();
    for module in shared.installed {
        // A candidate is for whom it was granted to, and for nobody else anything to tell.
        if erasure.is_some() || module.candidate && !module.is_granted(shared.grants, tenant) {
            continue;
        }
        let row = Row::of(shared, tenant, module, boundary.as_ref().ok(), &used);
        row.findings(module, &mut findings);
        rows.push(row);
    }
    Ok(Told {
        tenant: OfTenant {
            tenant: tenant.clone(),
            boundary: boundary.as_ref().ok().map(Boundary::digest),
            accountable: boundary.as_ref().ok().map(|b| b.accountable().to_owned()),
            problem: boundary.err(),
            trail: used.trail,
        },
        rows,
        findings,
    })
}

/// The clause of a contract that decided, in brackets.
pub(in crate::audit) fn clause(line: &Decision) -> String {
    let clause = line.clause.as_ref();
    clause
        .map(|clause| format!(" ({clause})"))
        .unwrap_or_default()
}

/// Where a line of the operator's files lies in the home.
pub(in crate::audit) fn spot(line: &Decision, tenant: &TenantId, module: &Installed) -> Spot {
    match line.file {
        Manifest::FILE => Spot::line(format!("{}/{}", module.folder(), line.file), line.line),
        _ => in_home(line, tenant),
    }
}

/// The same, of a line that no module wrote.
fn in_home(line: &Decision, tenant: &TenantId) -> Spot {
    let file = match line.file {
        Boundary::FILE => format!("tenants/{tenant}/{}", line.file),
        of_home => of_home.to_owned(),
    };
    Spot::line(file, line.line)
}

fn strangers(grants: &Grants, roster: &Roster, scope: &Scope) -> Vec<Finding> {
    let of_scope = |module: &ModuleName| scope.module.as_ref().is_none_or(|only| only == module);
    let strangers = grants.strangers(roster).into_iter();
    strangers
        .filter(|(grant, _)| of_scope(&grant.module))
        .map(|(grant, line)| {
            let said = format!(
                "the grant of module `{}` is by `{}`, who is no operator of the roster",
                grant.module, grant.by
            );
            let place = Spot::line(Grants::FILE, line.line);
            Finding::new(Rule::GrantByStranger, said, place).of_module(&grant.module)
        })
        .collect()
}

/// Grants in effect of modules or bytes that are not installed: one finding a grant.
fn stale(shared: &Shared<'_>, tenants: &[TenantId]) -> Vec<Finding> {
    let is_there = |module: &ModuleName, digest: Digest| {
        let mut all = shared.installed.iter();
        all.any(|there| there.name == *module && there.digest == digest)
    };
    let (mut findings, mut seen) = (Vec::new(), BTreeSet::new());
    for tenant in tenants {
        for grant in shared.grants.in_effect(tenant) {
            let line = shared.grants.line_of(grant).map_or(1, |line| line.line);
            if is_there(&grant.module, grant.digest) || !seen.insert(line) {
                continue;
            }
            let named = shared.installed.iter().any(|m| m.name == grant.module);
            let what = match named {
                true => "other bytes of it are installed",
                false => "no such module is installed",
            };
            let said = format!(
                "module `{}` is granted as sha256:{}, and {what}",
                grant.module, grant.digest
            );
            let place = Spot::line(Grants::FILE, line);
            findings.push(Finding::new(Rule::StaleGrant, said, place).of_module(&grant.module));
        }
    }
    findings
}
