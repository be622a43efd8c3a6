use super::super::{chosen, open, store};
use crate::ambient;
use crate::args::{Format, Shared, VerifyTrail};
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::store::TrailReader;
use casemate::trail::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use casemate::trail::{Report, verify};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Row {
    /// The tenant or the folder.
    of: String,
    log: Option<String>,
    /// Entries that the checkpoint is over.
    signed: u64,
    /// Sound entries behind them.
    unsigned: u64,
    runs: u64,
    /// Runs that go on, or that the next start will find abandoned.
    open_runs: u64,
    refused: u64,
    root: Option<String>,
    /// The first thing that is wrong; none where nothing is.
    wrong: Option<String>,
}

#[derive(Serialize)]
struct All {
    trails: Vec<Row>,
}

pub(super) fn run(shared: &Shared, args: &VerifyTrail) -> Result<Exit, Failure> {
    let rows = match (&args.folder, &args.key) {
        (Some(folder), Some(key)) => vec![of_folder(folder, key, args.seen.as_deref())?],
        _ => of_home(shared, args)?,
    };
    let wrong = rows.iter().any(|row| row.wrong.is_some());
    print(shared, rows)?;
    Ok(if wrong { Exit::Integrity } else { Exit::Ok })
}

fn of_folder(folder: &Path, key: &str, seen: Option<&Path>) -> Result<Row, Failure> {
    let key = VerifierKey::parse(key.trim()).map_err(|error| {
        Failure::new(Exit::Usage, error).help("`casemate trail head` prints the key")
    })?;
    let mut files = TrailReader::of_folder(ambient::open_dir(folder)?);
    let before = seen.map(|file| read_seen(file, Some(&key))).transpose()?;
    let named = |log: &str| (log == key.name()).then(|| key.clone());
    let report = verify(&mut files, &named, before.flatten().as_ref());
    if seen.is_none() {
        output::say(
            "note: nothing that was seen before was compared; `--seen FILE` remembers this checkpoint for the next time",
        );
    }
    keep_seen(&report, seen)?;
    Ok(row(folder.display().to_string(), &report))
}

fn of_home(shared: &Shared, args: &VerifyTrail) -> Result<Vec<Row>, Failure> {
    let casemate = open(shared)?;
    let tenants = chosen(&casemate, args.tenant.as_ref())?;
    if args.seen.is_some() && args.tenant.is_none() {
        let error = anyhow::anyhow!("`--seen` is of one log: name its tenant with `--tenant`");
        return Err(Failure::new(Exit::Usage, error));
    }
    let mut rows = Vec::new();
    for tenant in tenants {
        let before = args.seen.as_deref().map(|file| read_seen(file, None));
        let before = before.transpose()?.flatten();
        let scope = casemate.home().tenant(&tenant).map_err(store)?;
        let of = format!("tenant {tenant}");
        match scope.verify_trail(before.as_ref()) {
            Ok(None) => (),
            Ok(Some(report)) => {
                keep_seen(&report, args.seen.as_deref())?;
                rows.push(row(of, &report));
            }
            Err(error) => rows.push(Row {
                of,
                log: None,
                signed: 0,
                unsigned: 0,
                runs: 0,
                open_runs: 0,
                refused: 0,
                root: None,
                wrong: Some(error.to_string()),
            }),
        }
    }
    Ok(rows)
}

/// The checkpoint that was seen before, signed by the key where that is known; none where there is no
/// file yet.
fn read_seen(file: &Path, key: Option<&VerifierKey>) -> Result<Option<Checkpoint>, Failure> {
    let Some(bytes) = ambient::read_if_there(file)? else {
        return Ok(None);
    };
    let of = || format!("`{}`", file.display());
    let signed = SignedCheckpoint::parse(&bytes).with_context(of)?;
    if let Some(key) = key {
        signed.verify(key).with_context(of)?;
    }
    Ok(Some(signed.unverified().clone()))
}

fn keep_seen(report: &Report, file: Option<&Path>) -> Result<(), Failure> {
    if let (Some(file), None, Some(signed)) = (file, &report.bad, &report.checkpoint) {
        ambient::replace_file(file, signed.as_bytes())?;
    }
    Ok(())
}

fn row(of: String, report: &Report) -> Row {
    let signed = report.checkpoint.as_ref().map(SignedCheckpoint::unverified);
    Row {
        of,
        log: report.origin.map(|origin| origin.name()),
        signed: signed.map_or(0, Checkpoint::size),
        unsigned: report.unsigned,
        runs: report.totals.runs,
        open_runs: report.open.len() as u64,
        refused: report.totals.refused,
        root: signed.map(|checkpoint| checkpoint.root().to_string()),
        wrong: report.bad.as_ref().map(ToString::to_string),
    }
}

fn print(shared: &Shared, rows: Vec<Row>) -> Result<(), Failure> {
    match shared.format {
        Format::Json => output::json("casemate.trail-verify/v1", &All { trails: rows })?,
        Format::Ndjson => output::ndjson("casemate.trail-verified/v1", &rows)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            for row in &rows {
                let open = match row.open_runs {
                    0 => String::new(),
                    open => format!(", {open} not ended"),
                };
                let unsigned = match row.unsigned {
                    0 => String::new(),
                    more => format!(" and {more} not signed yet"),
                };
                let Row {
                    of,
                    signed,
                    runs,
                    refused,
                    ..
                } = row;
                let log = row.log.as_deref().unwrap_or("no log");
                output::text(&match (&row.wrong, &row.root) {
                    (Some(wrong), _) => format!("{of}: WRONG: {wrong}\n"),
                    (None, None) => format!("{of}: ok: nothing signed yet{unsigned}\n"),
                    (None, Some(root)) => format!(
                        "{of}: ok: {signed} entries{unsigned}; {runs} runs{open}, {refused} refusals\n  {log}, root {root}\n"
                    ),
                })?;
            }
        }
    }
    Ok(())
}
