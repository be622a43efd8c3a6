use super::{settings, store};
use crate::ambient;
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, many};
use casemate::store::{Home, Upgraded, VERSION};
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    from: u64,
    to: u64,
    tenants: Vec<Upgraded>,
}

pub(crate) fn run(shared: &Shared) -> Result<Exit, Failure> {
    let root = ambient::open_dir(&shared.home).map_err(|e| super::no_home(shared, e))?;
    let mut tenants: Vec<Upgraded> = Vec::new();
    let upgraded = Home::upgrade(
        root,
        settings(shared)?.cache_bytes,
        ambient::now(),
        &mut |done| {
            output::say(&line(done));
            tenants.push(done.clone());
        },
    );
    let from = upgraded.map_err(|error| {
        store(error).help("what was done is kept; the same command again goes on from there")
    })?;
    let report = Report {
        from,
        to: VERSION,
        tenants,
    };
    match shared.format {
        Format::Json => output::json("casemate.upgrade/v1", &report)?,
        Format::Ndjson => output::ndjson("casemate.upgrade/v1", [&report])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&if from == VERSION {
                format!("the home is of version {VERSION}\n")
            } else {
                format!("the home was of version {from} and is of version {VERSION} now\n")
            })?
        }
    }
    Ok(Exit::Ok)
}

fn line(done: &Upgraded) -> String {
    let tenant = &done.tenant;
    match done.from {
        None => format!("tenant `{tenant}` has no store yet"),
        Some(VERSION) => format!("tenant `{tenant}` is of version {VERSION} already"),
        Some(from) => format!(
            "tenant `{tenant}` was of version {from}: {} kept",
            many(done.alerts, "alert")
        ),
    }
}
