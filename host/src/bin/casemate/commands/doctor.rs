use super::{open, store};
use crate::ambient;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, Paint};
use casemate::sandbox::{Limits, Memory};
use serde::Serialize;

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
}

#[derive(Serialize)]
struct Findings {
    findings: Vec<Finding>,
}

pub(crate) fn run(shared: &Shared) -> Result<Exit, Failure> {
    let mut findings = Vec::new();
    let mut add = |what, ok, says: String| findings.push(Finding { what, ok, says });
    add(
        "host",
        true,
        format!(
            "casemate {}, {}",
            env!("CARGO_PKG_VERSION"),
            casemate::sandbox::ENGINE
        ),
    );
    add(
        "machine",
        true,
        format!(
            "{} cores; the clock says {}",
            ambient::threads(),
            ambient::now()
        ),
    );
    let memory = if shared.pooled_memory {
        Memory::Pooled
    } else {
        Memory::OnDemand
    };
    let limits = Limits::DEFAULT;
    add(
        "sandbox",
        true,
        format!(
            "memory {}; a run has {} MiB, {} ms, {} host calls where nothing else is granted",
            memory.word(),
            limits.memory_bytes >> 20,
            limits.deadline_ms,
            limits.host_calls
        ),
    );
    match open(shared) {
        Err(failure) => add("home", false, format!("{:#}", failure.error)),
        Ok(casemate) => {
            add("home", true, format!("`{}`", shared.home.display()));
            let loaded = casemate.modules().len();
            let from_cache = casemate.modules().iter().filter(|m| m.from_cache()).count();
            add(
                "modules",
                true,
                format!("{loaded} loaded, {from_cache} of them compiled before"),
            );
            for broken in casemate.not_loaded() {
                add(
                    "module",
                    false,
                    format!("`{}` cannot be loaded: {}", broken.name, broken.why),
                );
            }
            for (grant, line) in casemate.grants().strangers(casemate.roster()) {
                add(
                    "grant",
                    false,
                    format!("{line}: `{}` is not in the roster", grant.by),
                );
            }
            let (tenants, strangers) = casemate.home().tenants().map_err(store)?;
            for stranger in strangers {
                add(
                    "folder",
                    false,
                    format!("`tenants/{stranger}` is not a tenant's id"),
                );
            }
            let mut hold = 0;
            for tenant in &tenants {
                let scope = casemate.home().tenant(tenant).map_err(store)?;
                match casemate.boundary(&scope) {
                    Ok(_) => hold += 1,
                    Err(error) => {
                        let text = error.to_string();
                        add(
                            "boundary",
                            false,
                            text.lines().next().unwrap_or_default().to_owned(),
                        );
                    }
                }
                if let Err(error) = casemate.check_knowledge(&scope) {
                    add("knowledge", false, format!("tenant `{tenant}`: {error}"));
                }
                if let Err(error) = casemate.view(tenant) {
                    add("store", false, error.to_string());
                }
                match verified(&scope) {
                    Ok(None) => (),
                    Ok(Some(bad)) => add("trail", false, format!("tenant `{tenant}`: {bad}")),
                    Err(error) => add("trail", false, format!("tenant `{tenant}`: {error:#}")),
                }
            }
            add(
                "tenants",
                hold == tenants.len(),
                format!("{hold} of {} have a boundary that holds", tenants.len()),
            );
        }
    }
    let all = findings.iter().all(|f| f.ok);
    match shared.format {
        Format::Json => output::json("casemate.doctor/v1", &Findings { findings })?,
        Format::Ndjson => output::ndjson("casemate.finding/v1", &findings)?,
        Format::Table | Format::Csv => {
            let paint = Paint::stdout();
            let mut out = String::new();
            for finding in &findings {
                let mark = if finding.ok {
                    paint.green("ok   ")
                } else {
                    paint.red("wrong")
                };
                out.push_str(&format!("{mark}  {:<10}{}\n", finding.what, finding.says));
            }
            output::text(&out)?;
        }
    }
    Ok(if all { Exit::Ok } else { Exit::Findings })
}

/// What is wrong with a tenant's trail, if anything.
fn verified(scope: &casemate::store::TenantScope) -> anyhow::Result<Option<String>> {
    let Some(mut file) = scope.read_trail()? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes)?;
    let report = casemate::trail::verify(&bytes);
    Ok(report.bad.map(|bad| bad.to_string()))
}
