use super::{open, store};
use crate::args::{Format, Group as Args, Shared};
use crate::output::csv::Csv;
use crate::output::{self, Exit, Failure};
use casemate::store::View;
use serde::Serialize;
use std::io;

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
            let mut out = Csv::to(io::BufWriter::new(io::stdout().lock()));
            out.row(["alert", "group"])?;
            each(view.as_ref(), |rows| {
                rows.iter()
                    .try_for_each(|row| out.row([&row.alert, &row.group]))
            })?;
            out.end()?;
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
