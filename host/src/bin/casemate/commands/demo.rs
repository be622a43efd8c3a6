//! The main job, shown: forty tenants, one night's queue, and what came of it beside what is true.

use super::{not_started, open, stopped, store};
use crate::args::{Demo, Format, Shared};
use crate::demo::check::{
    AlertSeen, CaseSeen, GroupSeen, SentenceSeen, TenantSeen, Verdict, check,
};
use crate::demo::{END, Queue, Truth, queue::generate};
use crate::output::{self, Exit, Failure, Paint, Progress, count, many};
use crate::{ambient, output::cut};
use anyhow::Context as _;
use casemate::model::{Evidence, Instant, TenantId};
use casemate::queue::{Queue as Shown, known_good};
use casemate::sandbox::GrantedTenants;
use casemate::store::{Dir, write_file};
use casemate::triage::intake::From;
use casemate::triage::{Drafted, Submitted};
use casemate::{Casemate, for_each_tenant, setup};
use serde::Serialize;
use std::sync::Mutex;

/// Marks a folder as the demonstration's own, which the next one may clear.
const MARK: &str = "demo.json";

#[derive(Serialize)]
struct Report<'a> {
    home: String,
    seed: u64,
    tenants: u64,
    intake: &'a Submitted,
    cases: &'a Drafted,
    seconds: f64,
    verdict: &'a Verdict,
    refused: Vec<String>,
    queue: Vec<Shown>,
}

pub(crate) fn run(shared: &Shared, args: &Demo) -> Result<Exit, Failure> {
    let mut progress = Progress::new();
    let root = clear(shared)?;
    progress.done(&format!(
        "generating one night at forty tenants (seed {})",
        args.seed
    ));
    let queue = generate(args.seed);
    make(shared, args, &root, &queue)?;
    progress.done(&format!(
        "made the home `{}` with {} tenants",
        shared.home.display(),
        queue.tenants.len()
    ));
    let started = std::time::Instant::now();
    let casemate = open(shared)?;
    let compiled = casemate
        .modules()
        .iter()
        .filter(|m| !m.from_cache())
        .count();
    progress.done(&format!(
        "loaded {} modules ({compiled} compiled now)",
        casemate.modules().len()
    ));
    let (intake, cases) = work(shared, &casemate, &queue, &mut progress)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut seen = Vec::new();
    let mut shown = Vec::new();
    for tenant in &queue.tenants {
        if let Some(view) = casemate.view(&tenant.id).map_err(store)? {
            seen.push(tenant_seen(&view).map_err(store)?);
            shown.push(Shown::of(&view).map_err(store)?);
        }
    }
    let verdict = check(&queue.truth, &seen);
    let refused = shown
        .iter()
        .flat_map(|queue| queue.notices.iter().map(|notice| notice.text.clone()))
        .collect();
    let report = Report {
        home: shared.home.display().to_string(),
        seed: args.seed,
        tenants: queue.tenants.len() as u64,
        intake: &intake,
        cases: &cases,
        seconds,
        verdict: &verdict,
        refused,
        queue: shown,
    };
    match shared.format {
        Format::Json => output::json("casemate.demo/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.demo/v1", [&report])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&report))?,
    }
    Ok(if verdict.passed {
        Exit::Ok
    } else {
        Exit::Integrity
    })
}

/// An empty folder for the home. One that is there is cleared if an earlier demonstration made it.
fn clear(shared: &Shared) -> Result<Dir, Failure> {
    let root = ambient::make_dir(&shared.home)?;
    let mut entries = root.entries()?.peekable();
    if entries.peek().is_some() {
        if !root.exists(MARK) {
            let error = anyhow::anyhow!(
                "`{}` is not empty, and no earlier demonstration made it",
                shared.home.display()
            );
            return Err(
                Failure::new(Exit::Environment, error).help("name an empty folder: `--home DIR`")
            );
        }
        for name in ["tenants", "modules", "queue"] {
            if root.exists(name) {
                root.remove_dir_all(name)?;
            }
        }
        for name in ["home.toml", "roster.toml", "grants.toml", "truth.json"] {
            if root.exists(name) {
                root.remove_file(name)?;
            }
        }
    }
    write_file(&root, MARK, b"{}\n")?;
    Ok(root)
}

/// Makes the home: roster, modules, tenants, grants; the queue and the truth lie beside them.
fn make(shared: &Shared, args: &Demo, root: &Dir, queue: &Queue) -> Result<(), Failure> {
    let home = setup::create(root.try_clone()?, "operator@nightdesk.example")?;
    home.replace_text("roster.toml", &queue.roster_toml)?;
    let modules = ambient::open_dir(&args.modules)
        .with_context(|| "the modules are not built")
        .map_err(|e| {
            Failure::new(Exit::Environment, e)
                .help("`cargo modules` builds them into target/modules")
        })?;
    let modules = setup::install_folder(&home, &modules)?;
    root.create_dir_all("queue")?;
    for tenant in &queue.tenants {
        let scope = home.add_tenant(&tenant.id)?;
        scope.replace_boundary(&tenant.boundary_toml)?;
        scope.replace_knowledge("assets.csv", tenant.assets_csv.as_bytes())?;
        scope.replace_knowledge("known-good.toml", tenant.known_good_toml.as_bytes())?;
        let path = format!("queue/{}.ndjson", tenant.id);
        write_file(root, &path, &tenant.lines)?;
    }
    for module in &modules {
        setup::grant(
            &home,
            module,
            GrantedTenants::All,
            crate::demo::ACCOUNTABLE,
            Instant::from_millis(END),
        )?;
    }
    write_truth(root, &queue.truth)
        .with_context(|| shared.home.join("truth.json").display().to_string())?;
    Ok(())
}

fn write_truth(root: &Dir, truth: &Truth) -> anyhow::Result<()> {
    let bytes = serde_json::to_vec_pretty(truth)?;
    Ok(write_file(root, "truth.json", &bytes)?)
}

/// Runs every tenant's night, as many at once as the machine has cores.
fn work(
    shared: &Shared,
    casemate: &Casemate,
    queue: &Queue,
    progress: &mut Progress,
) -> Result<(Submitted, Drafted), Failure> {
    let threads = shared.threads.unwrap_or_else(ambient::threads);
    let tenants: Vec<TenantId> = queue.tenants.iter().map(|t| t.id.clone()).collect();
    let done = Mutex::new((0_usize, progress));
    let results = for_each_tenant(&tenants, threads, |tenant| {
        let result = one(casemate, queue, tenant);
        if let Ok(mut done) = done.lock() {
            done.0 += 1;
            let line = format!(
                "{} of {} tenants grouped, enriched and drafted",
                done.0,
                tenants.len()
            );
            done.1.show(&line);
        }
        result
    });
    if let Ok(mut done) = done.lock() {
        done.1.done(&format!(
            "{} of {} tenants grouped, enriched and drafted",
            tenants.len(),
            tenants.len()
        ));
    }
    let (mut intake, mut cases) = (Submitted::default(), Drafted::default());
    for (tenant, result) in results {
        let (submitted, drafted) = result.unwrap_or_else(|| {
            Err(anyhow::anyhow!("tenant `{tenant}` was not worked on").into())
        })?;
        intake.documents += submitted.documents;
        intake.new += submitted.new;
        intake.duplicates += submitted.duplicates;
        intake.revisions += submitted.revisions;
        intake.rejects += submitted.rejects;
        intake.placed += submitted.placed;
        intake.waiting += submitted.waiting;
        intake.runs += submitted.runs;
        cases.cases += drafted.cases;
        cases.enrichments += drafted.enrichments;
        cases.drafts += drafted.drafts;
        cases.without_draft += drafted.without_draft;
        cases.runs += drafted.runs;
    }
    Ok((intake, cases))
}

fn one(
    casemate: &Casemate,
    queue: &Queue,
    tenant: &TenantId,
) -> Result<(Submitted, Drafted), Failure> {
    let lines = queue
        .tenants
        .iter()
        .find(|t| t.id == *tenant)
        .map_or(&[][..], |t| &t.lines);
    let mut session = casemate
        .start(tenant, Instant::from_millis(END))
        .map_err(not_started)?;
    let name = format!("queue/{tenant}.ndjson");
    let submitted = session.submit(lines, From::Auto, &name).map_err(stopped)?;
    let drafted = session.draft().map_err(stopped)?;
    Ok((submitted, drafted))
}

/// What the host shows for a tenant, as the checks take it.
fn tenant_seen(view: &casemate::store::View) -> Result<TenantSeen, casemate::store::StoreError> {
    let (last, placed) = (view.last_alert()?, view.placed_through()?);
    let stored = view.alerts(1, last)?;
    let uid = |number: u64| {
        let place = usize::try_from(number.saturating_sub(1)).ok();
        place
            .and_then(|p| stored.get(p))
            .map(|s| s.alert.own_id())
            .unwrap_or_default()
    };
    let placements = view.placements(1, placed)?;
    let alerts = placements
        .iter()
        .map(|p| AlertSeen {
            uid: uid(p.alert),
            group: p.group.to_string(),
        })
        .collect();
    let rows = view.groups()?;
    let mut marked = std::collections::BTreeSet::new();
    for row in &rows {
        marked.extend(known_good(view, row)?.into_iter().map(uid));
    }
    let cases = view.cases()?;
    let mut sentences = Vec::new();
    for case in &cases {
        for sentence in view
            .draft(case.number)?
            .map(|d| d.sentences)
            .unwrap_or_default()
        {
            sentences.push(SentenceSeen {
                cited: sentence
                    .citations
                    .iter()
                    .any(|c| resolves(view, &c.evidence, last)),
                shown_as_uncited: sentence.citations.is_empty(),
                text: sentence.text.to_string(),
            });
        }
    }
    Ok(TenantSeen {
        tenant: view.tenant().clone(),
        alerts,
        groups: rows
            .iter()
            .map(|row| GroupSeen {
                id: row.group.number.to_string(),
                standing: row.group.standing,
                members: row.group.count,
            })
            .collect(),
        waiting: (placed + 1..=last).map(uid).collect(),
        known_good: marked,
        duplicates: view.duplicate_count()?,
        rejects: view.reject_count()?,
        sentences,
        cases: cases
            .iter()
            .map(|case| CaseSeen {
                id: case.number.to_string(),
                groups: case.groups.iter().map(u64::to_string).collect(),
            })
            .collect(),
    })
}

/// Whether a citation leads to something the tenant holds.
fn resolves(view: &casemate::store::View, evidence: &Evidence, last: u64) -> bool {
    match evidence {
        Evidence::Alert(number) => (1..=last).contains(number),
        Evidence::Group(number) | Evidence::Earlier(number) => {
            view.group(*number).is_ok_and(|g| g.is_some())
        }
        Evidence::Enrichment(alert, _) => (1..=last).contains(alert),
        Evidence::Asset(_) | Evidence::Fact(_) | Evidence::Gap(_) => true,
    }
}

fn page(report: &Report<'_>) -> String {
    let paint = Paint::stdout();
    let figures = &report.verdict.figures;
    let Report { intake, cases, .. } = report;
    let of = |f: fn(&Shown) -> u64| report.queue.iter().map(f).sum::<u64>();
    let mut out = format!(
        "\n{}\n",
        paint.bold("One night, forty clients: what the analysts have in front of them")
    );
    out.push_str(&format!(
        "  came in      {} documents: {} alerts, {} delivered twice, {} that are no alert (kept, with the reason)\n\
         \x20 grouped      {} alerts into {} groups, {:.1} % fewer rows\n\
         \x20 to look at   {} of {} in the foreground; {} drafted, {} of their sentences without a citation and marked so\n\
         \x20 background   {} alerts known good by the clients' own facts, {} routine by their rate; counted, none gone\n\
         \x20 runs         {} sandboxed runs in {:.1} s, each for one tenant, each call recorded before it was answered\n",
        count(intake.documents),
        count(intake.new),
        count(intake.duplicates),
        count(intake.rejects),
        count(intake.placed),
        count(figures.groups as u64),
        figures.reduction * 100.0,
        many(of(|q| q.cases.len() as u64), "case"),
        many(figures.front_groups as u64, "group"),
        count(of(|q| q.cases.iter().filter(|row| row.draft.is_some()).count() as u64)),
        count(of(|q| q.cases.iter().map(|row| row.uncited).sum())),
        count(of(|q| q.known_good.iter().map(|r| r.alerts).sum())),
        count(of(|q| q.routine.iter().map(|r| r.alerts).sum())),
        count(intake.runs + cases.runs),
        report.seconds,
    ));
    out.push_str(&format!("\n{}\n", paint.bold("The most severe")));
    let mut rows: Vec<_> = report
        .queue
        .iter()
        .flat_map(|q| q.cases.iter().map(move |row| (&q.tenant, row)))
        .collect();
    rows.sort_by_key(|(tenant, row)| {
        (
            std::cmp::Reverse((row.assessed_severity, row.groups)),
            row.first,
            (*tenant).clone(),
        )
    });
    let cells: Vec<Vec<String>> = rows
        .iter()
        .take(6)
        .map(|(tenant, row)| {
            vec![
                format!("  {tenant}/{}", row.case),
                row.assessed_severity.to_string(),
                many(row.alerts, "alert"),
                row.hosts.first().cloned().unwrap_or_default(),
                cut(&row.title, 60),
            ]
        })
        .collect();
    out.push_str(&output::table(
        &["  CASE", "SEVERITY", "ALERTS", "ON", "WHAT"],
        &cells,
    ));
    out.push_str(&format!(
        "\n{}\n",
        paint.bold("What was refused, and by whose word")
    ));
    for text in &report.refused {
        out.push_str(&format!("  {text}\n"));
    }
    if report.refused.is_empty() {
        out.push_str("  nothing\n");
    }
    out.push_str(&format!(
        "\n{}\n",
        paint.bold("Checked against the truth, which no module was shown")
    ));
    for check in &report.verdict.checks {
        let mark = if check.passed {
            paint.green("true ")
        } else {
            paint.red("WRONG")
        };
        out.push_str(&format!(
            "  {mark}  {} ({} looked at)\n",
            check.name,
            count(check.of)
        ));
        for example in &check.examples {
            out.push_str(&format!("         {example}\n"));
        }
    }
    out.push_str(&format!(
        "  of {} incidents with several alerts, {} stand in one case; {} groups where perfect grouping has {}\n",
        figures.long_incidents, figures.joined_incidents, figures.groups, figures.ideal_groups
    ));
    let program = ambient::program();
    let (home, case) = (
        &report.home,
        rows.first()
            .map_or_else(String::new, |(t, r)| format!("{t}/{}", r.case)),
    );
    out.push_str(&format!(
        "\n{}\n\
         \x20 {program} --home {home} queue                     the whole queue\n\
         \x20 {program} --home {home} case show {case}   one case, its draft, what each sentence rests on\n\
         \x20 {program} --home {home} module list               what each module asks for and where it may not run\n\
         \x20 {program} --home {home} boundary check            then break a tenants/*/boundary.toml and check again\n\
         \x20 {program} --home {home} doctor\n",
        paint.bold("Next"),
    ));
    out
}
