//! What of this machine and this home is as it should be, and what to do where it is not.

mod advisories;
mod defaults;
mod machine;
mod owners;

use super::{not_set_up, open, store};
use crate::ambient;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, Paint};
use advisories::{ADVISORIES, MADE, NEWEST};
use casemate::model::{Instant, TenantId};
use casemate::sandbox::{ENGINE, Limits, Memory};
use casemate::store::TenantScope;
use casemate::triage::NotStarted;
use casemate::{Casemate, ErrorKind};
use serde::Serialize;

/// How it is with one thing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Attention,
    Wrong,
}

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    state: State,
    says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Findings {
    findings: Vec<Finding>,
    /// Whether a trail or a store is damaged, or one of them is missing.
    #[serde(skip)]
    is_damaged: bool,
}

impl Findings {
    fn add(&mut self, what: &'static str, state: State, says: String, help: Option<&'static str>) {
        self.findings.push(Finding {
            what,
            ok: state == State::Ok,
            state,
            says,
            help,
        });
    }

    fn ok(&mut self, what: &'static str, says: String) {
        self.add(what, State::Ok, says, None);
    }

    /// It works, and somebody should look.
    fn attention(&mut self, what: &'static str, says: String, help: &'static str) {
        self.add(what, State::Attention, says, Some(help));
    }

    /// It does not work, or cannot be relied on.
    fn wrong(&mut self, what: &'static str, says: String, help: &'static str) {
        self.add(what, State::Wrong, says, Some(help));
    }
}

pub(crate) fn run(shared: &Shared) -> Result<Exit, Failure> {
    let mut findings = Findings::default();
    let memory = if shared.pooled_memory {
        Memory::Pooled
    } else {
        Memory::OnDemand
    };
    program(&mut findings, memory);
    let mut last = None;
    let mut tenants = 0;
    match ambient::open_dir(&shared.home) {
        Ok(root) => {
            machine::writable(&mut findings, &root);
            machine::room(&mut findings, &root);
            match open(shared) {
                Ok(casemate) => {
                    let version = casemate.home().text("home.toml").map_err(store)?;
                    let version = version.unwrap_or_default();
                    let says = format!("`{}`, {}", shared.home.display(), version.trim());
                    findings.ok("home", says);
                    (tenants, last) = home(&mut findings, &casemate)?;
                    owners::owners(&mut findings, &casemate).map_err(store)?;
                }
                Err(failure) => findings.wrong(
                    "home",
                    format!("{:#}", failure.error),
                    "mend the file that is named, or name another home with `--home`",
                ),
            }
        }
        Err(error) => findings.wrong(
            "home",
            format!("{error:#}"),
            "`--home DIR` or CASEMATE_HOME names the home; `casemate init` makes one",
        ),
    }
    machine::clock(&mut findings, ambient::now(), last);
    machine::limits(&mut findings, tenants, memory);
    print(shared, &findings)
}

/// The program itself: versions, limits, what is known against the engine.
fn program(findings: &mut Findings, memory: Memory) {
    let says = format!(
        "casemate {}, {ENGINE}, compiled by {}; {} cores",
        env!("CARGO_PKG_VERSION"),
        env!("CASEMATE_RUSTC"),
        ambient::threads()
    );
    findings.ok("host", says);
    let limits = Limits::DEFAULT;
    let says = format!(
        "a run has {} MiB, {} ms, {} host calls where nothing else is granted",
        limits.memory_bytes >> 20,
        limits.deadline_ms,
        limits.host_calls
    );
    findings.ok("sandbox", says);
    let pooled = memory == Memory::Pooled;
    let version = advisories::version(ENGINE);
    let mut found = 0;
    for known in ADVISORIES {
        let concerns = version.is_none_or(|version| known.concerns(version));
        if concerns && known.needs.is_used(pooled) {
            found += 1;
            let (id, ghsa, needs) = (known.id, known.ghsa, known.needs.word());
            let says = format!(
                "{id} ({ghsa}): {}; it needs {needs}, which is in use",
                known.about
            );
            findings.wrong("advisory", says, "take a casemate with a later wasmtime");
        }
    }
    if found == 0 {
        let says = format!(
            "none of {} of wasmtime concerns {ENGINE} as it is used; the table is of {MADE}, its \
             newest of {NEWEST}: `cargo deny check advisories` knows later ones",
            ADVISORIES.len()
        );
        match advisories::is_old(ambient::now()) {
            true => findings.attention(
                "advisories",
                format!("{says}; it is older than {} days", advisories::OLD_DAYS),
                "take a later casemate: its table is as old as it is",
            ),
            false => findings.ok("advisories", says),
        }
    }
}

/// The home's own files and its tenants. Gives how many there are, and the latest entry of a trail.
fn home(
    findings: &mut Findings,
    casemate: &Casemate,
) -> Result<(usize, Option<(Instant, String)>), Failure> {
    let loaded = casemate.modules().len();
    let from_cache = casemate.modules().iter().filter(|m| m.from_cache()).count();
    let says = format!("{loaded} loaded, {from_cache} of them compiled before");
    findings.ok("modules", says);
    for broken in casemate.not_loaded() {
        let says = format!("`{}` cannot be loaded: {}", broken.name, broken.why);
        findings.wrong(
            "module",
            says,
            "install it again: `casemate module add FOLDER`",
        );
    }
    for (grant, line) in casemate.grants().strangers(casemate.roster()) {
        let says = format!("{line}: `{}` is not in the roster", grant.by);
        findings.wrong(
            "grant",
            says,
            "write the person into roster.toml, or grant it again",
        );
    }
    let (tenants, strangers) = casemate.home().tenants().map_err(store)?;
    for stranger in strangers {
        let says = format!("`tenants/{stranger}` is not a tenant's id");
        findings.wrong("folder", says, "move it out of `tenants`");
    }
    defaults::defaults(findings, casemate).map_err(store)?;
    let standing = casemate.suspensions().map_err(not_set_up)?;
    let (mut hold, mut erased) = (0, 0);
    let mut last: Option<(Instant, String)> = None;
    let named = casemate.home().named_tenants().map_err(store)?;
    for tenant in &named {
        let scope = match casemate.home().tenant(tenant) {
            Ok(scope) => scope,
            Err(error) => {
                findings.is_damaged = true;
                let help = "its head or its keys name it: put its folder back; the other tenants are not affected";
                findings.wrong("tenant", error.to_string(), help);
                continue;
            }
        };
        if standing.erased(tenant).is_some() {
            erased += 1;
            if casemate.is_half_erased(tenant).map_err(not_set_up)? {
                let says = format!("the erasure of tenant `{tenant}` was stopped before its end");
                findings.wrong("erasure", says, "`casemate tenant erase` goes on with it");
            }
            trail(findings, tenant, &scope);
            continue;
        }
        match casemate.boundary(&scope) {
            Ok(_) => hold += 1,
            // Told once, of the home.
            Err(NotStarted::Defaults(_)) => (),
            Err(error) => {
                let text = error.to_string();
                let says = text.lines().next().unwrap_or_default().to_owned();
                findings.wrong(
                    "boundary",
                    says,
                    "`casemate boundary check` shows all that is wrong",
                );
            }
        }
        for fault in casemate.check_knowledge(&scope) {
            let applies = match fault.others_apply {
                true => "entries are left out, the others apply",
                false => "nothing of it is used",
            };
            let says = format!("tenant `{tenant}`: {applies}: {}", fault.why);
            findings.wrong(
                "knowledge",
                says,
                "correct the file at the line that is named",
            );
        }
        if let Err(error) = casemate.view(tenant) {
            let help = "try again when no other process writes; else compare with a backup";
            findings.is_damaged |= error.kind() == ErrorKind::Integrity;
            findings.wrong("store", error.to_string(), help);
        }
        if let Some(at) = trail(findings, tenant, &scope)
            && last.as_ref().is_none_or(|(last, _)| *last < at)
        {
            last = Some((at, tenant.to_string()));
        }
    }
    let alive = tenants.len() - erased;
    let mut says = format!("{hold} of {alive} have a boundary that holds");
    if erased > 0 {
        says.push_str(&format!(
            "; {} erased",
            output::many(erased as u64, "tenant")
        ));
    }
    if hold == alive {
        findings.ok("tenants", says);
    } else {
        let help = "`casemate boundary check` shows all that is wrong; the others start";
        findings.wrong("tenants", says, help);
    }
    Ok((tenants.len(), last))
}

/// Checks a tenant's trail. Gives the time of its last entry.
fn trail(findings: &mut Findings, tenant: &TenantId, scope: &TenantScope) -> Option<Instant> {
    let help =
        "nothing was changed; keep the tenant's folder as it is and compare it with a backup";
    let mut wrong = |says: String| {
        findings.is_damaged = true;
        findings.wrong("trail", format!("tenant `{tenant}`: {says}"), help);
    };
    let mut set_back = None;
    match scope.verify_trail(None) {
        Ok(None) => return None,
        Ok(Some(report)) => {
            if let Some(bad) = report.bad {
                wrong(bad.to_string());
            }
            set_back = report.totals.set_back;
        }
        Err(error) => wrong(error.to_string()),
    }
    match scope.verify_earlier() {
        Ok(logs) => logs.into_iter().for_each(|earlier| {
            if let Some(bad) = earlier.report.bad {
                wrong(format!("earlier log {}: {bad}", earlier.log));
            }
        }),
        Err(error) => wrong(error.to_string()),
    }
    if let Some(back) = set_back {
        let says = format!("tenant `{tenant}`: {back}");
        findings.attention(
            "clock",
            says,
            "see what set it back: times of entries around there cannot be relied on",
        );
    }
    let last = casemate::trail::last_entry(scope.read_trail().ok()??)?;
    Some(last.stamped.time)
}

fn print(shared: &Shared, findings: &Findings) -> Result<Exit, Failure> {
    match shared.format {
        Format::Json => output::json("casemate.doctor/v1", findings)?,
        Format::Ndjson => output::ndjson("casemate.finding/v1", &findings.findings)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let paint = Paint::stdout();
            let mut out = String::new();
            for finding in &findings.findings {
                let mark = match finding.state {
                    State::Ok => paint.green("ok       "),
                    State::Attention => paint.red("attention"),
                    State::Wrong => paint.red("wrong    "),
                };
                out.push_str(&format!("{mark}  {:<11}{}\n", finding.what, finding.says));
                if let Some(help) = finding.help {
                    out.push_str(&format!("{:22}{help}\n", ""));
                }
            }
            output::text(&out)?;
        }
    }
    Ok(if findings.findings.iter().all(|f| f.ok) {
        Exit::Ok
    } else if findings.is_damaged {
        Exit::Integrity
    } else {
        Exit::Findings
    })
}
