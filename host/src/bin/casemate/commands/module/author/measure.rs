use super::{not_tried, piece};
use crate::ambient::Scratch;
use crate::args::{Format, OnBench, Shared};
use crate::output::{self, Exit, Failure, count, many};
use anyhow::anyhow;
use casemate::workbench::{Measured, Spread};
use std::num::NonZeroUsize;
use std::path::Path;

pub(super) fn measure(
    shared: &Shared,
    args: &OnBench,
    alerts: Option<&Path>,
    batch: NonZeroUsize,
    rounds: NonZeroUsize,
) -> Result<Exit, Failure> {
    let on = piece::put(args, alerts)?;
    let scratch = Scratch::new()?;
    let measured = on.bench.measure(scratch.dir()?, batch, rounds);
    let Some(measured) = measured.map_err(not_tried)? else {
        let error = anyhow!("it had no run: no case came of the alerts, or it may not run");
        return Err(Failure::new(Exit::Findings, error).help("`casemate module test` says why"));
    };
    match shared.format {
        Format::Json => output::json("casemate.module-bench/v1", &measured)?,
        Format::Ndjson => output::ndjson("casemate.module-bench/v1", [&measured])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(&measured))?;
        }
    }
    if measured.failed > 0 {
        output::say(&format!(
            "error: {} of them failed",
            many(measured.failed as u64, "run")
        ));
        return Ok(Exit::Findings);
    }
    Ok(Exit::Ok)
}

fn page(measured: &Measured) -> String {
    let row = |what: &str, spread: Spread, shown: fn(f64) -> String, limit: String| {
        vec![
            what.to_owned(),
            shown(spread.min),
            shown(spread.median),
            shown(spread.max),
            limit,
        ]
    };
    let whole = |value: f64| count(value as u64);
    let fine = |value: f64| match value {
        small if small < 10.0 => format!("{small:.2}"),
        large => count(large as u64),
    };
    let kib = |value: f64| count((value / 1024.0) as u64);
    let none = String::new;
    let rows = [
        row("alerts a batch", measured.alerts, whole, none()),
        row(
            "us a run",
            measured.run_us,
            fine,
            count(measured.deadline_ms * 1_000),
        ),
        row("us an alert", measured.alert_us, fine, none()),
        row(
            "KiB of memory",
            measured.memory_bytes,
            kib,
            count(measured.memory_limit_bytes >> 10),
        ),
    ];
    format!(
        "{} `{}`: {}, each in a fresh sandbox; {} over all alerts, and one before that is not counted\n{}\
         A run is from making the sandbox to its answer. What else the machine does is in the figures:\n\
         the least comes nearest to the module, and the most says how busy the machine was.\n",
        measured.kind,
        measured.module,
        many(measured.runs as u64, "run"),
        many(measured.rounds as u64, "round"),
        output::table(&["", "LEAST", "MEDIAN", "MOST", "LIMIT"], &rows),
    )
}
