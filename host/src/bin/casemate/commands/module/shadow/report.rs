//! `casemate module shadow report`.

use super::super::super::{chosen, open, store};
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, count, many, time};
use casemate::Casemate;
use casemate::model::{Compared, ModuleName, RunsOf, Shadowed, TenantId};
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    tenant: String,
    /// Of whatever kind.
    differences: u64,
    /// Batches that were placed and that the candidate was not handed yet.
    waiting: u64,
    /// Of the wall clock of the last runs.
    counted_median_us: Option<u32>,
    beside_median_us: Option<u32>,
    #[serde(flatten)]
    shadowed: Shadowed,
}

#[derive(Serialize)]
struct Reports {
    reports: Vec<Report>,
}

pub(super) fn run(
    shared: &Shared,
    module: Option<&ModuleName>,
    tenant: Option<&TenantId>,
) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let (mut reports, mut worst) = (Vec::new(), Exit::Ok);
    for tenant in chosen(&casemate, tenant)? {
        match of_tenant(&casemate, &tenant, module) {
            Ok(of_tenant) => reports.extend(of_tenant),
            // The other tenants' reports can be read.
            Err(failure) => {
                output::say(&format!("error: tenant `{tenant}`: {:#}", failure.error));
                worst = worst.max(failure.exit);
            }
        }
    }
    let finds = |report: &Report| {
        let shadowed = &report.shadowed;
        report.differences > 0 || shadowed.beside.failed > 0 || shadowed.cannot.is_some()
    };
    let exit = match reports.iter().any(finds) {
        true => Exit::Findings,
        false => Exit::Ok,
    };
    match shared.format {
        Format::Json => output::json("casemate.shadow-report/v1", &Reports { reports })?,
        Format::Ndjson => output::ndjson("casemate.shadow/v1", &reports)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            if reports.is_empty() {
                output::say(
                    "nothing has run beside a module yet: `casemate module shadow start FOLDER --tenant T --by PERSON` begins",
                );
            }
            let pages: Vec<String> = reports.iter().map(page).collect();
            output::text(&pages.join("\n"))?;
        }
    }
    Ok(exit.max(worst))
}

fn of_tenant(
    casemate: &Casemate,
    tenant: &TenantId,
    module: Option<&ModuleName>,
) -> Result<Vec<Report>, Failure> {
    let Some(view) = casemate.view(tenant).map_err(store)? else {
        return Ok(Vec::new());
    };
    let mut reports = Vec::new();
    for shadowed in view.shadows().map_err(store)? {
        if module.is_none_or(|module| *module == shadowed.module) {
            reports.push(Report {
                tenant: tenant.to_string(),
                differences: shadowed.differences(),
                waiting: view.shadow_waiting(&shadowed.module).map_err(store)?,
                counted_median_us: shadowed.counted.median_us(),
                beside_median_us: shadowed.beside.median_us(),
                shadowed,
            });
        }
    }
    Ok(reports)
}

fn page(report: &Report) -> String {
    let of = &report.shadowed;
    let mut out = String::new();
    let mut line = |what: &str, says: String| out.push_str(&format!("{what:<14}{says}\n"));
    line("tenant", report.tenant.clone());
    line("module", of.module.to_string());
    line("counts", format!("sha256:{}", of.counting));
    line("candidate", format!("sha256:{}", of.candidate));
    let until = of
        .ended
        .map_or_else(String::new, |end| format!(" until {}", time(end)));
    line("since", format!("{}{until}", time(of.began)));
    if let Some(why) = &of.cannot {
        line("does not run", why.to_string());
    }
    if of.refused_starts > 0 {
        line(
            "refused",
            format!("at {}", many(of.refused_starts, "start")),
        );
    }
    line(
        "verdict",
        match (report.differences, of.beside.runs, of.beside.failed) {
            (0, 0, _) => "it has not run yet".to_owned(),
            (0, runs, failed) if runs == failed => {
                format!(
                    "nothing to compare: the candidate failed in {}",
                    many(runs, "run")
                )
            }
            (0, _, 0) => "no difference".to_owned(),
            (0, _, failed) => format!("no difference, and {} failed", many(failed, "run")),
            (found, _, _) => many(found, "difference"),
        },
    );
    for (what, says) in compared(&of.compared) {
        line(what, says);
    }
    if report.waiting > 0 {
        let waiting = count(report.waiting);
        line(
            "waiting",
            format!("batches not handed to it yet: {waiting}"),
        );
    }
    let head = [
        "RUNS OF",
        "RUNS",
        "FAILED",
        "CALLS",
        "REFUSED",
        "MEDIAN",
        "TOGETHER",
        "PEAK MEMORY",
    ];
    let rows = [("counts", &of.counted), ("candidate", &of.beside)].map(cost);
    out.push_str(&output::table(&head, &rows));
    for (what, runs) in [("what counts", &of.counted), ("the candidate", &of.beside)] {
        if let Some(why) = &runs.last_failure {
            out.push_str(&format!("{what} failed last because {why}\n"));
        }
    }
    for example in &of.examples {
        let word = example.difference.word();
        out.push_str(&format!("\n{word}, {}\n", example.of));
        let said = [
            ("counts", &example.counting),
            ("candidate", &example.candidate),
        ];
        for (who, says) in said {
            let says = match says.as_str() {
                "" => "nothing",
                says => says,
            };
            out.push_str(&format!("  {who:<12}{says}\n"));
        }
    }
    out
}

/// What was compared, a line each.
fn compared(compared: &Compared) -> Vec<(&'static str, String)> {
    match compared {
        Compared::Groups(g) => {
            let mut lines = vec![
                (
                    "placed",
                    format!(
                        "{}: {} the same, {} split off, {} joined, {} after these, {} moved",
                        many(g.alerts, "alert"),
                        count(g.same),
                        count(g.split),
                        count(g.joined),
                        count(g.follows),
                        count(g.moved)
                    ),
                ),
                (
                    "",
                    format!(
                        "of the same, {} by another rule; of the groups, {} of another standing",
                        count(g.other_rule),
                        count(g.other_standing)
                    ),
                ),
                (
                    "groups",
                    format!(
                        "{} opened, {} by the candidate, which splits {} and joins several in {}",
                        count(g.opened),
                        count(g.opened_beside),
                        count(g.groups_split),
                        count(g.groups_joined)
                    ),
                ),
                (
                    "pairs",
                    format!(
                        "of alerts in one group: {} with both, {} with what counts only, {} with the candidate only",
                        count(g.pairs_same),
                        count(g.pairs_split),
                        count(g.pairs_joined)
                    ),
                ),
                (
                    "links",
                    format!(
                        "{} the same, {} added, {} missing",
                        count(g.links_same),
                        count(g.links_added),
                        count(g.links_missing)
                    ),
                ),
            ];
            if g.not_compared > 0 {
                let begun = many(g.begun_again, "time");
                lines.push((
                    "not compared",
                    format!("{}; begun again {begun}", many(g.not_compared, "alert")),
                ));
            }
            lines
        }
        Compared::Enrichments(e) => vec![(
            "enriched",
            format!(
                "{}: {} the same, {} changed, {} added, {} missing",
                many(e.rows, "row"),
                count(e.same),
                count(e.changed),
                count(e.added),
                count(e.missing)
            ),
        )],
        Compared::Drafts(d) => vec![
            (
                "drafted",
                format!(
                    "{}, {} of them with a difference",
                    many(d.drafts, "draft"),
                    count(d.differ)
                ),
            ),
            (
                "sentences",
                format!(
                    "{} the same, {} with other citations, {} added, {} removed",
                    count(d.same),
                    count(d.other_citations),
                    count(d.added),
                    count(d.removed)
                ),
            ),
        ],
    }
}

fn cost((who, runs): (&str, &RunsOf)) -> Vec<String> {
    let ms = |us: u64| format!("{}.{:03} ms", count(us / 1_000), us % 1_000);
    vec![
        who.to_owned(),
        count(runs.runs),
        count(runs.failed),
        count(runs.calls),
        count(runs.refused),
        runs.median_us()
            .map_or_else(|| "-".to_owned(), |us| ms(us.into())),
        ms(runs.took_us),
        format!("{} KiB", count(runs.peak_memory_bytes >> 10)),
    ]
}
