use super::{as_of, not_started, open_with, stopped};
use crate::ambient;
use crate::args::{Format, Run, Shared};
use crate::output::{self, Exit, Failure, Progress, count, cut};
use casemate::model::TenantId;
use casemate::triage::{Drafted, Observer, Session, SessionError, Submitted, TakenIn};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

#[derive(Serialize)]
struct Report {
    tenant: String,
    as_of: String,
    intake: Submitted,
    cases: Drafted,
    notices: Vec<casemate::store::Notice>,
}

pub(crate) fn run(shared: &Shared, args: &Run) -> Result<Exit, Failure> {
    let shown = Arc::new(Shown::default());
    let casemate = open_with(shared, |settings| settings.observer = shown.clone())?;
    let mut session = casemate
        .start(&args.tenant, as_of(args.as_of))
        .map_err(not_started)?;
    let mut intake = Submitted::default();
    for file in &args.files {
        intake.add(submit(&mut session, file, args)?);
    }
    shown.done();
    let cases = session.draft().map_err(stopped)?;
    shown.done();
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

fn submit(session: &mut Session, file: &Path, args: &Run) -> Result<Submitted, Failure> {
    let name = file.to_string_lossy().into_owned();
    let result: Result<Submitted, SessionError> = if file == Path::new("-") {
        session.submit(io::stdin(), args.from, &name)
    } else {
        session.submit(ambient::open_file(file)?, args.from, &name)
    };
    result.map_err(stopped)
}

/// What the person at the terminal sees while it goes on.
#[derive(Default)]
struct Shown(Mutex<Seen>);

struct Seen {
    progress: Progress,
    line: String,
    documents: u64,
    new: u64,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            progress: Progress::new(),
            line: says(0, 0),
            documents: 0,
            new: 0,
        }
    }
}

fn says(documents: u64, new: u64) -> String {
    format!(
        "{} documents read, {} alerts new",
        count(documents),
        count(new)
    )
}

impl Shown {
    fn change(&self, change: impl FnOnce(&mut Seen)) {
        if let Ok(mut seen) = self.0.lock() {
            change(&mut seen);
        }
    }

    fn done(&self) {
        self.change(|seen| {
            let line = std::mem::take(&mut seen.line);
            if !line.is_empty() {
                seen.progress.done(&line);
            }
        });
    }
}

impl Observer for Shown {
    fn taken_in(&self, _: &TenantId, batch: &TakenIn) {
        self.change(|seen| {
            seen.documents += batch.documents;
            seen.new += batch.new;
            seen.line = says(seen.documents, seen.new);
            seen.progress.show(&seen.line);
        });
    }

    fn cases_done(&self, _: &TenantId, done: u64, of: u64) {
        self.change(|seen| {
            seen.line = format!("{} of {} changed cases done", count(done), count(of));
            seen.progress.show(&seen.line);
        });
    }
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
