//! `casemate trail`.

mod known;
mod proofs;
mod show;
mod verify;

use super::{no_tenant, open, store};
use crate::ambient;
use crate::args::{Format, Shared, Trail};
use crate::output::{self, Exit, Failure};
use casemate::model::TenantId;
use casemate::trail::Lost;
use casemate::{Casemate, Healthy, TrailsError};
use serde::Serialize;
use std::path::Path;

pub(crate) fn run(shared: &Shared, args: &Trail) -> Result<Exit, Failure> {
    match args {
        Trail::Show(args) => show::run(shared, args),
        Trail::Verify(args) => verify::run(shared, args),
        Trail::Head { tenant } => head(shared, tenant),
        Trail::CheckProof(args) => proofs::check_proof(shared, args),
        Trail::Consistency(args) => proofs::consistency(shared, args),
        Trail::CheckConsistency(args) => proofs::check_consistency(shared, args),
        Trail::Prove {
            tenant,
            log,
            number,
        } => prove(shared, tenant, log.as_deref(), *number),
        Trail::Export {
            tenant,
            log,
            folder,
        } => export(shared, tenant, log.as_deref(), folder),
        Trail::Checkpoint { tenant } => {
            let casemate = opened(shared, tenant)?;
            let file = casemate.client_file(tenant).map_err(failed)?;
            output::json("casemate.client/v1", &file)?;
            Ok(Exit::Ok)
        }
        Trail::GoOn {
            tenant,
            by,
            yes_end_a_healthy_log,
        } => {
            let healthy = match yes_end_a_healthy_log {
                true => Healthy::End,
                false => Healthy::Keep,
            };
            go_on(shared, tenant, by, healthy)
        }
    }
}

fn opened(shared: &Shared, tenant: &TenantId) -> Result<Casemate, Failure> {
    let casemate = open(shared)?;
    match casemate.home().tenant(tenant) {
        Ok(_) => Ok(casemate),
        Err(error) => Err(no_tenant(&casemate, tenant, error)),
    }
}

fn export(
    shared: &Shared,
    tenant: &TenantId,
    log: Option<&str>,
    folder: &Path,
) -> Result<Exit, Failure> {
    let casemate = opened(shared, tenant)?;
    let to = ambient::make_dir(folder)?;
    let exported = match log {
        None => casemate.trail_export(tenant, &to),
        Some(log) => casemate.earlier_export(tenant, log, &to),
    };
    let exported = exported.map_err(failed)?;
    let (size, log) = (exported.checkpoint.size(), exported.checkpoint.origin());
    let folder = folder.display();
    let mut says = format!("{size} entries of log {log} are in {folder}\n");
    for log in &exported.earlier {
        says += &format!("with the earlier log {log}\n");
    }
    says += &format!(
        "check them, anywhere, with:\n  casemate trail verify --folder {folder} --client casemate-client.json\nthe key is in the client's file, which `casemate trail checkpoint --tenant {tenant}` prints; README.txt in the folder says how a client makes sure of it\n"
    );
    output::text(&says)?;
    if let Some(bad) = &exported.left_out {
        output::say(&format!("note: an earlier log is left out: {bad}"));
    }
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct Head {
    tenant: TenantId,
    log: String,
    entries: u64,
    root: String,
    key: String,
    /// The signed note, byte for byte.
    checkpoint: String,
}

fn head(shared: &Shared, tenant: &TenantId) -> Result<Exit, Failure> {
    let (signed, key) = opened(shared, tenant)?.trail_head(tenant).map_err(failed)?;
    let checkpoint = signed.verify(&key)?;
    let head = Head {
        tenant: tenant.clone(),
        log: checkpoint.origin().to_owned(),
        entries: checkpoint.size(),
        root: checkpoint.root().to_string(),
        key: key.to_string(),
        checkpoint: signed.as_str().to_owned(),
    };
    match shared.format {
        Format::Json => output::json("casemate.trail-head/v1", &head)?,
        Format::Ndjson => output::ndjson("casemate.trail-head/v1", [&head])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&format!(
            "log      {}\nentries  {}\nroot     {}\nkey      {}\n\n{}",
            head.log, head.entries, head.root, head.key, head.checkpoint
        ))?,
    }
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct Proven {
    number: u64,
    /// The entry's exact bytes.
    entry: String,
    /// A C2SP tlog-proof.
    proof: String,
    key: String,
}

fn prove(
    shared: &Shared,
    tenant: &TenantId,
    log: Option<&str>,
    number: u64,
) -> Result<Exit, Failure> {
    let casemate = opened(shared, tenant)?;
    let proven = match log {
        None => casemate.trail_prove(tenant, number),
        Some(log) => casemate.earlier_prove(tenant, log, number),
    };
    let proven = proven.map_err(failed)?;
    let proven = Proven {
        number,
        entry: String::from_utf8_lossy(&proven.entry).into_owned(),
        proof: proven.proof.text(),
        key: proven.key.to_string(),
    };
    match shared.format {
        Format::Json => output::json("casemate.trail-proof/v1", &proven)?,
        Format::Ndjson => output::ndjson("casemate.trail-proof/v1", [&proven])?,
        // The proof alone, so that it can go into a file that other tools read.
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::say(&format!("entry: {}", proven.entry));
            output::say(&format!("key: {}", proven.key));
            output::text(&proven.proof)?;
        }
    }
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct Went {
    log: String,
    entry: u64,
    before: Option<String>,
    before_entries: Option<u64>,
    /// Alerts that were taken in and that the store does not hold, by their numbers.
    lost: Vec<Lost>,
}

fn go_on(shared: &Shared, tenant: &TenantId, by: &str, healthy: Healthy) -> Result<Exit, Failure> {
    let casemate = opened(shared, tenant)?;
    let went = casemate.trail_go_on(tenant, by, healthy).map_err(failed)?;
    let went = Went {
        log: went.log.name(),
        entry: went.entry,
        before: went.before.map(|before| before.log.name()),
        before_entries: went.before.map(|before| before.size),
        lost: went.lost,
    };
    match shared.format {
        Format::Json => output::json("casemate.trail-went-on/v1", &went)?,
        Format::Ndjson => output::ndjson("casemate.trail-went-on/v1", [&went])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let before = match (&went.before, went.before_entries) {
                (Some(log), Some(size)) => {
                    format!("the last checkpoint known of {log}, over {size} entries")
                }
                _ => "no checkpoint, for none is known".to_owned(),
            };
            let lost: Vec<String> = went.lost.iter().map(ToString::to_string).collect();
            let lost = match lost.as_slice() {
                [] => String::new(),
                lost => format!(
                    "the store lacks alerts that were taken in: {}; its `recovery` entry names them; deliver them again, they get new numbers\n",
                    lost.join(", ")
                ),
            };
            output::text(&format!(
                "a new log goes on: {}\nits first entry, {}, names {before}\n{lost}tell the client: their last checkpoint is of the old log, and the new one begins here\n",
                went.log, went.entry
            ))?;
        }
    }
    Ok(Exit::Ok)
}

/// How the program ends where something cannot be said of a trail.
fn failed(error: TrailsError) -> Failure {
    if let TrailsError::Store(error) = error {
        return store(error);
    }
    Failure::new(error.kind().into(), error)
}
