use super::{as_of, not_started, open, stopped};
use crate::ambient;
use crate::args::{Format, Run, Shared};
use crate::output::{self, Exit, Failure, Progress, count, cut};
use casemate::triage::{Drafted, Session, SessionError, Submitted};
use serde::Serialize;
use std::io;
use std::path::Path;

#[derive(Serialize)]
struct Report {
    tenant: String,
    as_of: String,
    intake: Submitted,
    cases: Drafted,
    notices: Vec<casemate::store::Notice>,
}

pub(crate) fn run(shared: &Shared, args: &Run) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let mut session = casemate
        .start(&args.tenant, as_of(args.as_of))
        .map_err(not_started)?;
    let mut progress = Progress::new();
    let mut intake = Submitted::default();
    for file in &args.files {
        let before = intake.clone();
        let one = submit(&mut session, file, args, &mut |now| {
            let (new, documents) = (before.new + now.new, before.documents + now.documents);
            progress.show(&format!(
                "{} documents read, {} alerts new",
                count(documents),
                count(new)
            ));
        })?;
        intake.add(one);
    }
    progress.done(&format!(
        "{} documents read, {} alerts new",
        count(intake.documents),
        count(intake.new)
    ));
    let total = session.view()?.changed_cases()?.len() as u64;
    let drafted = session.draft(&mut |now| {
        progress.show(&format!(
            "{} of {} changed cases drafted",
            count(now.drafts),
            count(total)
        ));
    });
    let cases = drafted.map_err(stopped)?;
    progress.done(&format!(
        "{} of {} changed cases drafted",
        count(cases.drafts),
        count(total)
    ));
    let report = Report {
        tenant: args.tenant.to_string(),
        as_of: session.as_of().to_string(),
        notices: session.view()?.notices()?,
        intake,
        cases,
    };
    match shared.format {
        Format::Json => output::json("casemate.run/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.run/v1", [&report])?,
        Format::Table | Format::Csv => output::text(&table(&report))?,
    }
    Ok(if report.intake.rejects > 0 || !report.notices.is_empty() {
        Exit::Findings
    } else {
        Exit::Ok
    })
}

fn submit(
    session: &mut Session,
    file: &Path,
    args: &Run,
    progress: &mut dyn FnMut(&Submitted),
) -> Result<Submitted, Failure> {
    let name = file.to_string_lossy().into_owned();
    let result: Result<Submitted, SessionError> = if file == Path::new("-") {
        session.submit(io::stdin(), args.from, &name, progress)
    } else {
        session.submit(ambient::open_file(file)?, args.from, &name, progress)
    };
    result.map_err(stopped)
}

fn table(report: &Report) -> String {
    let Report {
        tenant,
        intake,
        cases,
        notices,
        ..
    } = report;
    let mut out = format!(
        "tenant {tenant}\n\
         \x20 documents  {} read: {} alerts new, {} delivered before, {} revisions, {} rejects\n\
         \x20 placed     {} alerts; {} wait\n\
         \x20 cases      {} changed, {} drafted; {} enrichments held\n",
        count(intake.documents),
        count(intake.new),
        count(intake.duplicates),
        count(intake.revisions),
        count(intake.rejects),
        count(intake.placed),
        count(intake.waiting),
        count(cases.cases),
        count(cases.drafts),
        count(cases.enrichments),
    );
    for reject in &intake.first_rejects {
        out.push_str(&format!("  reject     {}\n", cut(reject, 160)));
    }
    if intake.rejects > intake.first_rejects.len() as u64 {
        out.push_str(&format!(
            "  rejects    all of them: casemate rejects --tenant {tenant}\n"
        ));
    }
    for notice in notices {
        let what = if notice.refused { "refused" } else { "failed" };
        out.push_str(&format!(
            "  {what:<9}  {}: {}\n",
            notice.module, notice.text
        ));
    }
    out.push_str(&format!("next: casemate queue --tenant {tenant}\n"));
    out
}
