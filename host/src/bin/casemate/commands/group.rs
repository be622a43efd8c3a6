use super::{open, store};
use crate::args::{Format, Group as Args, Shared};
use crate::output::{self, Exit, Failure};
use casemate::store::View;
use serde::Serialize;
use std::io::{self, Write as _};

/// Alerts printed at a time, so that memory stays flat.
const STEP: u64 = 10_000;

#[derive(Serialize)]
struct Row {
    alert: String,
    group: String,
}

#[derive(Serialize)]
struct List {
    placements: Vec<Row>,
}

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let view = casemate.view(&args.tenant).map_err(store)?;
    match shared.format {
        Format::Json => {
            let mut placements = Vec::new();
            each(view.as_ref(), |rows| {
                placements.extend(rows);
                Ok(())
            })?;
            output::json("casemate.grouping/v1", &List { placements })?;
        }
        Format::Ndjson => each(view.as_ref(), |rows| {
            output::ndjson("casemate.grouped/v1", &rows)
        })?,
        Format::Csv | Format::Table | Format::Sarif | Format::Html => {
            let mut out = csv::Writer::from_writer(io::BufWriter::new(io::stdout().lock()));
            out.write_record(["alert", "group"]).map_err(unwrapped)?;
            each(view.as_ref(), |rows| {
                for row in rows {
                    out.write_record([&row.alert, &row.group])
                        .map_err(unwrapped)?;
                }
                Ok(())
            })?;
            out.flush()?;
            out.into_inner().map_err(|e| e.into_error())?.flush()?;
        }
    }
    Ok(Exit::Ok)
}

fn each(
    view: Option<&View>,
    mut print: impl FnMut(Vec<Row>) -> anyhow::Result<()>,
) -> Result<(), Failure> {
    let Some(view) = view else { return Ok(()) };
    let last = view.placed_through().map_err(store)?;
    let mut first = 1;
    while first <= last {
        let until = last.min(first + STEP - 1);
        let alerts = view.alerts(first, until).map_err(store)?;
        let placements = view.placements(first, until).map_err(store)?;
        let rows = alerts
            .iter()
            .zip(&placements)
            .map(|(stored, placement)| Row {
                alert: stored.alert.own_id(),
                group: format!("{}/{}", view.tenant(), placement.group),
            });
        print(rows.collect())?;
        first = until + 1;
    }
    Ok(())
}

/// The io error inside, so that a closed pipe is recognised.
fn unwrapped(error: csv::Error) -> anyhow::Error {
    let text = error.to_string();
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        return error.into();
    }
    anyhow::anyhow!("the line could not be written: {text}")
}
