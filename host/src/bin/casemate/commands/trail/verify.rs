use super::super::{chosen, open, store};
use super::{failed, known, opened};
use crate::ambient;
use crate::args::{Format, Shared, VerifyTrail};
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::model::TenantId;
use casemate::store::{StoreError, TrailReader};
use casemate::trail::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use casemate::trail::{EarlierLog, Report, Trusted, verify_export};
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
    /// What is to be known of it though nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct All {
    trails: Vec<Row>,
}

pub(super) fn run(shared: &Shared, args: &VerifyTrail) -> Result<Exit, Failure> {
    let rows = match (&args.folder, &args.key, &args.client, &args.log) {
        (Some(folder), Some(key), _, _) => vec![of_folder(folder, key, args.seen.as_deref())?],
        (Some(folder), None, Some(client), _) => vec![of_clients_folder(folder, client)?],
        (None, _, Some(client), _) => vec![of_client(shared, args.tenant.as_ref(), client)?],
        (None, _, None, Some(log)) => vec![of_earlier(shared, args, log)?],
        (_, None, None, None) | (None, Some(_), None, None) | (Some(_), None, None, Some(_)) => {
            of_home(shared, args)?
        }
    };
    let wrong = rows.iter().any(|row| row.wrong.is_some());
    print(shared, rows)?;
    Ok(if wrong { Exit::Integrity } else { Exit::Ok })
}

fn of_folder(folder: &Path, key: &str, seen: Option<&Path>) -> Result<Row, Failure> {
    let key = known::key(key)?;
    let mut files = TrailReader::of_folder(ambient::open_dir(folder)?);
    let before = seen.map(|file| read_seen(file, Some(&key))).transpose()?;
    let trusted = Trusted::Log(key);
    let report = verify_export(&mut files, &trusted, before.flatten().as_ref());
    if seen.is_none() {
        output::say(
            "note: nothing that was seen before was compared; `--seen FILE` remembers this checkpoint for the next time",
        );
    }
    keep_seen(&report, seen)?;
    Ok(row(folder.display().to_string(), &report))
}

/// An export, with what its client knows.
fn of_clients_folder(folder: &Path, client: &Path) -> Result<Row, Failure> {
    let client = known::client(client)?;
    let mut files = TrailReader::of_folder(ambient::open_dir(folder)?);
    let trusted = Trusted::Tenant(client.key().clone());
    let report = verify_export(&mut files, &trusted, Some(client.checkpoint()));
    Ok(row(folder.display().to_string(), &report))
}

/// A tenant's trail, with what its client knows: as any is checked, and from the client's checkpoint on.
fn of_client(shared: &Shared, tenant: Option<&TenantId>, file: &Path) -> Result<Row, Failure> {
    let client = known::client(file)?;
    let named = client.tenant().map(str::to_owned);
    let named = named.and_then(|named| TenantId::parse(&named).ok());
    let of = || format!("`{}`", file.display());
    if let (Some(tenant), Some(named)) = (tenant, &named)
        && tenant != named
    {
        let error = anyhow::anyhow!(
            "{} is the file of tenant `{named}`, not of `{tenant}`",
            of()
        );
        return Err(Failure::new(Exit::Usage, error));
    }
    let tenant = tenant.or(named.as_ref()).ok_or_else(|| {
        let error = anyhow::anyhow!("{} names no tenant", of());
        Failure::new(Exit::Usage, error).help("name the tenant with `--tenant`")
    })?;
    let casemate = opened(shared, tenant)?;
    let of = format!("tenant {tenant}");
    let follows = casemate.trail_follows(tenant, &client).map_err(failed)?;
    if follows.bad.is_some() {
        return Ok(row(of, &follows));
    }
    match casemate.trail_verify(tenant, None) {
        Ok(Some(report)) => Ok(row(of, &report)),
        Ok(None) => Ok(row(of, &follows)),
        Err(error) => Ok(Row {
            wrong: Some(error.to_string()),
            ..row(of, &follows)
        }),
    }
}

/// An earlier log of a tenant.
fn of_earlier(shared: &Shared, args: &VerifyTrail, log: &str) -> Result<Row, Failure> {
    let tenants = chosen(&open(shared)?, args.tenant.as_ref())?;
    let [tenant] = tenants.as_slice() else {
        let error = anyhow::anyhow!("`--log` is of one tenant: name it with `--tenant`");
        return Err(Failure::new(Exit::Usage, error));
    };
    let casemate = opened(shared, tenant)?;
    let seen = args.seen.as_deref();
    let before = seen.map(|file| read_seen(file, None)).transpose()?;
    let report = casemate.earlier_verify(tenant, log, before.flatten().as_ref());
    let report = report.map_err(failed)?;
    keep_seen(&report, seen)?;
    Ok(row(format!("tenant {tenant}, earlier log"), &report))
}

fn of_home(shared: &Shared, args: &VerifyTrail) -> Result<Vec<Row>, Failure> {
    let casemate = open(shared)?;
    let tenants = match &args.tenant {
        Some(_) => chosen(&casemate, args.tenant.as_ref())?,
        None => casemate.home().named_tenants().map_err(store)?,
    };
    if args.seen.is_some() && args.tenant.is_none() {
        let error = anyhow::anyhow!("`--seen` is of one log: name its tenant with `--tenant`");
        return Err(Failure::new(Exit::Usage, error));
    }
    let mut rows = Vec::new();
    for tenant in tenants {
        let before = args.seen.as_deref().map(|file| read_seen(file, None));
        let before = before.transpose()?.flatten();
        let of = format!("tenant {tenant}");
        let scope = match casemate.home().tenant(&tenant) {
            Ok(scope) => scope,
            Err(error) => {
                rows.push(unreadable(of, &error));
                continue;
            }
        };
        match scope.verify_trail(before.as_ref()) {
            // It never had an entry.
            Ok(None) => rows.push(row(of, &Report::default())),
            Ok(Some(report)) => {
                keep_seen(&report, args.seen.as_deref())?;
                rows.push(row(of, &report));
            }
            Err(error) => rows.push(unreadable(of, &error)),
        }
        match scope.verify_earlier() {
            Ok(logs) => rows.extend(logs.iter().map(|log| earlier(&tenant, log))),
            Err(error) => {
                rows.push(unreadable(format!("tenant {tenant}, earlier logs"), &error));
            }
        }
    }
    Ok(rows)
}

/// The line of an earlier log.
fn earlier(tenant: &TenantId, found: &EarlierLog) -> Row {
    let of = format!("tenant {tenant}, earlier log {}", found.log);
    let own = row(of, &found.report);
    Row {
        log: Some(found.log.clone()),
        note: match (found.note, own.note) {
            (Some(note), Some(own)) => Some(format!("{note}; {own}")),
            (note, own) => note.map(|note| note.to_string()).or(own),
        },
        ..own
    }
}

/// The line of what cannot be read.
fn unreadable(of: String, error: &StoreError) -> Row {
    Row {
        wrong: Some(error.to_string()),
        ..row(of, &Report::default())
    }
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
        note: report.totals.set_back.map(|back| back.to_string()),
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
                    (None, None) if row.note.is_some() => format!("{of}: nothing can be checked\n"),
                    (None, None) => format!("{of}: ok: nothing signed yet{unsigned}\n"),
                    (None, Some(root)) => format!(
                        "{of}: ok: {signed} entries{unsigned}; {runs} runs{open}, {refused} refusals\n  {log}, root {root}\n"
                    ),
                })?;
                if let Some(note) = &row.note {
                    output::text(&format!("  note: {note}\n"))?;
                }
            }
        }
    }
    Ok(())
}
