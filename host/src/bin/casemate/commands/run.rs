use super::{not_started, open_with, stopped, store};
use crate::ambient;
use crate::args::{Format, Run, Shared};
use crate::output::{self, Exit, Failure, Progress, count, cut};
use casemate::model::{Instant, TenantId, Text};
use casemate::triage::{
    Came, Cancel, Drafted, Incoming, Observer, SessionError, Submitted, TakenIn,
};
use casemate::{Casemate, Outcome, Received, Reception};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Documents in quarantine that are told one by one.
const TOLD: usize = 5;

#[derive(Serialize)]
struct Report {
    tenants: Vec<OfTenant>,
    /// Documents that are nobody's, and the first of them.
    quarantined: u64,
    first_quarantined: Vec<String>,
}

#[derive(Serialize)]
struct OfTenant {
    tenant: String,
    as_of: String,
    intake: Submitted,
    cases: Drafted,
    notices: Vec<casemate::store::Notice>,
}

pub(crate) fn run(shared: &Shared, args: &Run) -> Result<Exit, Failure> {
    let shown = Arc::new(Shown::default());
    let casemate = open_with(shared, |settings| settings.observer = shown.clone())?;
    let as_of = args.as_of.unwrap_or_else(ambient::now);
    let mut reception = reception(&casemate, args.tenant.clone(), Some(as_of))?;
    let mut taken = Taken::default();
    if let Some(tenant) = &args.tenant {
        reception.start(tenant).map_err(not_started)?;
        taken.intake.insert(tenant.clone(), Submitted::default());
    }
    // What was taken in before is drafted and told, whatever is wrong with a file.
    let mut files = args.files.iter();
    let broken = files.try_for_each(|file| taken.file(&mut reception, file, args));
    shown.done();
    let mut drafted: BTreeMap<TenantId, Drafted> = BTreeMap::new();
    let mut failed = Ok(());
    for (tenant, done) in reception.draft() {
        match done {
            Ok((done, _)) => drafted.entry(tenant).or_default().add(done),
            // The other tenants' cases are drafted and reported all the same.
            Err(error) => {
                tracing::error!(%tenant, %error, "its cases are not drafted");
                failed = failed.and(Err(stopped(error)));
            }
        }
    }
    shown.done();
    let mut tenants = Vec::new();
    for (tenant, intake) in taken.intake {
        let cases = drafted.remove(&tenant).unwrap_or_default();
        // One that failed is read by a new process, which repairs it.
        let is_held = reception.held().any(|(held, _)| *held == tenant);
        let view = match is_held {
            true => None,
            false => reception.view(&tenant)?,
        };
        tenants.push(OfTenant {
            as_of: as_of.to_string(),
            notices: view.map_or(Ok(Vec::new()), |view| view.notices())?,
            tenant: tenant.to_string(),
            intake,
            cases,
        });
    }
    let held = held(&reception);
    let not_signed = reception.end();
    let report = Report {
        tenants,
        quarantined: taken.nobodys,
        first_quarantined: taken.first_nobodys,
    };
    match shared.format {
        Format::Json => output::json("casemate.run/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.run/v1", [&report])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&table(&report))?
        }
    }
    broken?;
    failed?;
    held?;
    // The alerts reported above are stored, but without a signed end the exit code must not be 0.
    if let Some((_, error)) = not_signed.into_iter().next() {
        return Err(stopped(error));
    }
    let found = |of: &OfTenant| of.intake.rejects > 0 || !of.notices.is_empty();
    Ok(
        if report.quarantined > 0 || report.tenants.iter().any(found) {
            Exit::Findings
        } else {
            Exit::Ok
        },
    )
}

/// Fails where a tenant did: its documents wait in quarantine, and their order is kept.
pub(crate) fn held(reception: &Reception<'_>) -> Result<(), Failure> {
    let Some((tenant, first)) = reception.held().next() else {
        return Ok(());
    };
    let (why, waiting) = (&first.why, count(first.waiting));
    let error = anyhow::anyhow!(
        "tenant `{tenant}` failed and takes nothing in any more in this process, so {waiting} documents of it wait in quarantine: {why}"
    );
    Err(Failure::new(first.kind.into(), error)
        .help("once the cause is gone, `casemate quarantine retry` takes them in, in their order"))
}

/// What was taken in so far.
#[derive(Default)]
struct Taken {
    intake: BTreeMap<TenantId, Submitted>,
    nobodys: u64,
    first_nobodys: Vec<String>,
}

impl Taken {
    /// Takes a file in, to its end or to what is wrong with it.
    fn file(
        &mut self,
        reception: &mut Reception<'_>,
        file: &Path,
        args: &Run,
    ) -> Result<(), Failure> {
        let name = Text::capped(&file.to_string_lossy(), 400).to_string();
        let cancel = Cancel::new();
        let mut incoming = if file == Path::new("-") {
            Incoming::read(io::stdin(), args.from, cancel.clone())?
        } else {
            Incoming::read(ambient::open_file(file)?, args.from, cancel.clone())?
        };
        loop {
            let came = incoming.next(Duration::MAX, &cancel).map_err(|error| {
                let error = io::Error::new(error.kind(), format!("`{name}`: {error}"));
                stopped(SessionError::Input(error))
            })?;
            match came {
                Came::Documents(batch) => {
                    self.add(reception.take(batch, &name).map_err(store)?, &name);
                }
                Came::Nothing => {}
                Came::End => return Ok(()),
            }
        }
    }

    fn add(&mut self, received: Received, name: &str) {
        for outcome in received.outcomes {
            if let Outcome::Quarantined { offset, reason, .. } = outcome {
                self.nobodys += 1;
                if self.first_nobodys.len() < TOLD {
                    let told = format!("{name}, byte {offset}: {reason}");
                    self.first_nobodys.push(told);
                }
            }
        }
        for (tenant, (done, _)) in received.changed {
            self.intake.entry(tenant).or_default().add(done);
        }
    }
}

/// Opens the way in for documents of one tenant, or of all that are written down.
pub(crate) fn reception<'c>(
    casemate: &'c Casemate,
    tenant: Option<TenantId>,
    as_of: Option<Instant>,
) -> Result<Reception<'c>, Failure> {
    let all = tenant.is_none();
    let reception =
        Reception::open(casemate, tenant, as_of).map_err(|e| Failure::new(Exit::Environment, e))?;
    if all && !reception.has_owners() {
        let error = anyhow::anyhow!("nothing says whose the alerts are");
        return Err(Failure::new(Exit::Usage, error).help(
            "name the tenant with `--tenant`, or write down in `owners.toml` of the home which value of which field is whose",
        ));
    }
    Ok(reception)
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
    let mut out: String = report.tenants.iter().map(of_tenant).collect();
    if report.quarantined > 0 {
        out.push_str(&format!(
            "nobody's: {} documents are in quarantine\n",
            count(report.quarantined)
        ));
        for one in &report.first_quarantined {
            out.push_str(&format!("  nobody's   {}\n", cut(one, 160)));
        }
        out.push_str("next: casemate quarantine list\n");
    }
    out
}

fn of_tenant(report: &OfTenant) -> String {
    let OfTenant {
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
