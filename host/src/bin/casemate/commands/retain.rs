use super::{chosen, not_started, open};
use crate::ambient;
use crate::args::{Format, Retain, Shared};
use crate::output::{self, Exit, Failure, count, time};
use casemate::Retained;
use serde::Serialize;

#[derive(Serialize)]
struct Row {
    tenant: String,
    #[serde(flatten)]
    retained: Retained,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    deleted: Vec<Row>,
}

pub(crate) fn run(shared: &Shared, args: &Retain) -> Result<Exit, Failure> {
    let as_of = args.as_of.unwrap_or_else(ambient::now);
    if as_of > ambient::now() && !args.dry_run {
        let error = anyhow::anyhow!("{as_of} is still to come: nothing is deleted before its time");
        return Err(Failure::new(Exit::Usage, error).help("`--dry-run` says what it would be"));
    }
    let casemate = open(shared)?;
    let mut deleted = Vec::new();
    let mut first = None;
    for tenant in chosen(&casemate, args.tenant.as_ref())? {
        match casemate.retain(&tenant, as_of, args.dry_run) {
            Ok(all) => deleted.extend(all.into_iter().map(|retained| Row {
                tenant: tenant.to_string(),
                retained,
            })),
            // The others' time is over too.
            Err(error) => {
                let failure = not_started(error);
                output::say(&format!("tenant `{tenant}`: {:#}", failure.error));
                first = first.or(Some(failure));
            }
        }
    }
    let report = Report {
        dry_run: args.dry_run,
        deleted,
    };
    match shared.format {
        Format::Json => output::json("casemate.retain/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.retained/v1", &report.deleted)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(&report))?,
    }
    first.map_or(Ok(Exit::Ok), Err)
}

fn page(report: &Report) -> String {
    let cells = |row: &Row| {
        let expired = &row.retained.expired;
        vec![
            row.tenant.clone(),
            row.retained.what.to_string(),
            time(row.retained.before),
            count(expired.count),
            match (expired.from, expired.through) {
                (Some(from), Some(through)) => format!("{from} to {through}"),
                (_, _) => "-".to_owned(),
            },
            match row.retained.entry {
                Some(entry) => entry.to_string(),
                None if report.dry_run && expired.count > 0 => "not deleted".to_owned(),
                None => "-".to_owned(),
            },
        ]
    };
    let rows: Vec<_> = report.deleted.iter().map(cells).collect();
    let head = ["TENANT", "WHAT", "FROM BEFORE", "COUNT", "NUMBERS", "ENTRY"];
    let mut out = output::table(&head, &rows);
    out.push_str("packets do not exist yet; what a boundary states no time for is kept for ever\n");
    out
}
