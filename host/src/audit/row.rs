use super::used::Used;
use super::{Installed, Shared, clause, spot};
use crate::boundary::Boundary;
use crate::model::{Capability, Digest, Field, Instant, ModuleName, TenantId, Text};
use crate::sandbox::inspect::{Finding, Rule, Spot};
use crate::sandbox::{Granted, GrantedLimits, Grants};
use crate::trail::NEWEST_FILE;
use crate::written::Decision;

/// One tenant and one module.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The tenant.
    pub tenant: TenantId,
    /// The module.
    pub module: ModuleName,
    /// The digest of its component and manifest.
    pub digest: Digest,
    /// Whether it is a candidate: see [`super::OfModule::candidate`].
    pub candidate: bool,
    /// Whether it can run.
    pub standing: Standing,
    /// Why it cannot, or not with all that it asks for.
    pub why: Option<String>,
    /// The line that decides so.
    pub decided_by: Option<Decision>,
    /// The grant that decides; none where there is none.
    pub grant: Option<WhoGranted>,
    /// Every capability that the module asks for, imports or has used, in the order of their names.
    pub capabilities: Vec<Cell>,
    /// The fields it sees.
    pub fields: Vec<Field>,
    /// The fields it asks for and does not see.
    pub withheld: Vec<Field>,
    /// The bounds of a run; none where it is not granted.
    pub limits: Option<GrantedLimits>,
    /// Its runs in these bytes, by the trail.
    pub runs: u64,
    /// The last of them.
    pub last_run: Option<Instant>,
    /// Its runs in other bytes.
    pub runs_of_other_bytes: u64,
}

/// Whether a module can run for a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It runs, with what is given.
    Runs,
    /// It runs beside the version that counts; what it answers is compared and counts nowhere.
    RunsBeside,
    /// It is granted and imports what it is not given, so it does not run.
    Refused,
    /// It is not granted.
    NotGranted,
    /// Nothing runs for the tenant: its boundary does not hold.
    NothingRuns,
}

impl Standing {
    /// What it says, for people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::RunsBeside => "runs beside",
            Self::Refused => "refused",
            Self::NotGranted => "not granted",
            Self::NothingRuns => "nothing runs",
        }
    }
}

/// Who granted it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WhoGranted {
    /// The person, by the id in the roster.
    pub by: Text,
    /// When.
    pub at: Instant,
    /// The line of `grants.toml`.
    pub line: u32,
    /// Whose signature was verified, where the host wants grants signed.
    pub signed_by: Option<String>,
}

/// One capability of a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cell {
    /// Which.
    pub capability: Capability,
    /// Whether the manifest asks for it.
    pub asked: bool,
    /// Whether the component imports it.
    pub imported: bool,
    /// Whether the boundary allows it; none where the boundary does not hold.
    pub allowed: Option<bool>,
    /// The line of the boundary that decides.
    pub allowed_by: Option<Decision>,
    /// Whether the deciding grant names it.
    pub granted: bool,
    /// Whether a run has it: asked, allowed and granted.
    pub effective: bool,
    /// Calls in runs of these bytes, by the trail.
    pub used: u64,
    /// The last of them.
    pub last_used: Option<Instant>,
    /// Those of the calls that the host did not answer, for a limit or a fault.
    pub unanswered: u64,
    /// Calls in runs of other bytes of the module.
    pub used_of_other_bytes: u64,
    /// How often it was refused at a start or in a run.
    pub refused: u64,
    /// The last time.
    pub last_refused: Option<LastRefusal>,
}

/// The last time that something was refused, by the trail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LastRefusal {
    /// When.
    pub at: Instant,
    /// The file that decided then.
    pub file: String,
    /// Its line then.
    pub line: Option<u32>,
}

impl Row {
    pub(super) fn of(
        shared: &Shared<'_>,
        tenant: &TenantId,
        module: &Installed,
        boundary: Option<&Boundary>,
        used: &Used,
    ) -> Self {
        let grant = shared.grants.decides(&module.name, module.digest, tenant);
        let granted = boundary.map(|boundary| {
            let (manifest, digest) = (&module.manifest, module.digest);
            Granted::decide(
                tenant,
                manifest,
                digest,
                boundary,
                shared.grants,
                shared.as_of,
            )
        });
        let of_bytes = used.of.get(&(module.name.clone(), module.digest));
        let others = || {
            let of_name = used.of.iter().filter(|((name, _), _)| *name == module.name);
            of_name.filter(|((_, digest), _)| *digest != module.digest)
        };
        let is_told = |capability: &Capability| {
            let is = |asked: &crate::sandbox::inspect::Asked| asked.capability == *capability;
            module.inspection.capabilities.iter().any(is)
                || used.of.iter().any(|((name, _), of)| {
                    *name == module.name && of.calls.contains_key(capability)
                })
                || used
                    .refused
                    .contains_key(&(module.name.clone(), Some(*capability)))
        };
        let cell = |capability: Capability| {
            let mut all = module.inspection.capabilities.iter();
            let asked = all.find(|asked| asked.capability == capability);
            let ruling = boundary.map(|b| b.rules_on(capability, shared.as_of));
            let calls = of_bytes.and_then(|of| of.calls.get(&capability)).copied();
            let calls = calls.unwrap_or_default();
            let refused = used.refused.get(&(module.name.clone(), Some(capability)));
            let effective = matches!(&granted, Some(Ok(granted)) if granted.capabilities().contains(&capability));
            Cell {
                capability,
                asked: asked.is_some_and(|asked| asked.asked),
                imported: asked.is_some_and(|asked| asked.imported),
                allowed: ruling.as_ref().map(|ruling| ruling.allowed),
                allowed_by: ruling.map(|ruling| ruling.by),
                granted: grant
                    .as_ref()
                    .is_some_and(|(grant, _)| grant.capabilities.contains(&capability)),
                effective,
                used: calls.count,
                last_used: calls.last,
                unanswered: calls.unanswered,
                used_of_other_bytes: others()
                    .filter_map(|(_, of)| of.calls.get(&capability))
                    .map(|calls| calls.count)
                    .sum(),
                refused: refused.map_or(0, |refused| refused.count),
                last_refused: refused.map(|refused| LastRefusal {
                    at: refused.last,
                    file: refused.by.file.as_str().to_owned(),
                    line: refused.by.line,
                }),
            }
        };
        let capabilities: Vec<Cell> = Capability::ALL
            .into_iter()
            .filter(is_told)
            .map(cell)
            .collect();
        let is_missing = |cell: &Cell| cell.imported && !cell.effective;
        let (standing, why, decided_by) = match &granted {
            None => {
                let why = "its boundary does not hold".to_owned();
                (Standing::NothingRuns, Some(why), None)
            }
            Some(Err(error)) => {
                let line = error.why.decided_by().cloned();
                (Standing::NotGranted, Some(error.why.to_string()), line)
            }
            Some(Ok(granted)) => {
                let missing = capabilities.iter().any(is_missing);
                let standing = match (missing, granted.is_shadow()) {
                    (true, _) => Standing::Refused,
                    (false, true) => Standing::RunsBeside,
                    (false, false) => Standing::Runs,
                };
                let denied = granted.denied().iter().find(|d| d.asked);
                let line = denied.map(|d| d.by.line().clone());
                (standing, denied.map(ToString::to_string), line)
            }
        };
        let granted = granted.and_then(Result::ok);
        let withheld = granted.iter().flat_map(|g| g.withheld());
        Self {
            tenant: tenant.clone(),
            module: module.name.clone(),
            digest: module.digest,
            candidate: module.candidate,
            standing,
            why,
            decided_by,
            grant: grant.map(|(grant, line)| WhoGranted {
                by: grant.by.clone(),
                at: grant.at,
                line: line.line,
                signed_by: shared.grants.signed_by(grant).map(|s| s.by().to_owned()),
            }),
            capabilities,
            fields: granted.iter().flat_map(|g| g.fields().iter()).collect(),
            withheld: withheld.map(|withheld| withheld.field).collect(),
            limits: granted.as_ref().map(Granted::limits),
            runs: of_bytes.map_or(0, |of| of.runs),
            last_run: of_bytes.and_then(|of| of.last_run),
            runs_of_other_bytes: others().map(|(_, of)| of.runs).sum(),
        }
    }

    /// What of it somebody should look at.
    pub(super) fn findings(&self, module: &Installed, into: &mut Vec<Finding>) {
        let (tenant, name) = (&self.tenant, &self.module);
        let mut add = |rule, said, place| {
            into.push(
                Finding::new(rule, said, place)
                    .of_tenant(tenant)
                    .of_module(name),
            );
        };
        match self.standing {
            Standing::NothingRuns => return,
            Standing::NotGranted => {
                let why = self.why.as_deref().unwrap_or_default();
                let said = format!("module `{name}` is not granted to tenant `{tenant}`: {why}");
                let line = self.decided_by.as_ref();
                let place = line.map(|line| spot(line, tenant, module));
                return add(
                    Rule::Ungranted,
                    said,
                    place.unwrap_or(Spot::file(Grants::FILE)),
                );
            }
            Standing::Runs | Standing::RunsBeside | Standing::Refused => {}
        }
        for cell in &self.capabilities {
            let capability = cell.capability;
            if cell.asked && !cell.effective {
                // Asked for, and granted for these bytes: the boundary decides, else the grant does.
                let by = cell
                    .allowed_by
                    .as_ref()
                    .filter(|_| cell.allowed == Some(false));
                let (what, line) = match by {
                    Some(line) => ("not allowed", format!("{}{}", line.text, clause(line))),
                    None => ("not granted", "the grant does not name it".to_owned()),
                };
                let place = match by {
                    Some(line) => spot(line, tenant, module),
                    None => Spot::line(Grants::FILE, self.grant.as_ref().map_or(1, |g| g.line)),
                };
                let runs = match self.standing {
                    Standing::Refused => "; it does not run",
                    Standing::Runs
                    | Standing::RunsBeside
                    | Standing::NotGranted
                    | Standing::NothingRuns => "",
                };
                let said = format!(
                    "tenant `{tenant}`, module `{name}`: `{capability}` is asked for and {what}: {line}{runs}"
                );
                add(Rule::Refused, said, place);
            } else if cell.refused > 0 {
                let last = cell.last_refused.as_ref();
                let last = last
                    .map(|l| format!(", last at {}", l.at))
                    .unwrap_or_default();
                let said = format!(
                    "tenant `{tenant}`, module `{name}`: `{capability}` was refused {} times{last}",
                    cell.refused
                );
                let place = Spot::file(format!("tenants/{tenant}/trail/{NEWEST_FILE}"));
                add(Rule::Refused, said, place);
            }
            if cell.effective && cell.used == 0 {
                let runs = match self.runs {
                    0 => "and the module has not run in these bytes".to_owned(),
                    runs => format!("in {runs} runs"),
                };
                let said = format!(
                    "tenant `{tenant}`, module `{name}`: `{capability}` is given and was never used, {runs}"
                );
                let line = module.manifest.asks_in(capability);
                add(Rule::Unused, said, spot(&line, tenant, module));
            }
        }
    }
}
