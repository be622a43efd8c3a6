//! `casemate boundary`: one file a command.

mod apply;
mod check;
mod diff;
mod explain;
mod fields;

use super::no_tenant;
use crate::ambient;
use crate::args::{Boundary as Args, Shared};
use crate::output::{Exit, Failure};
use casemate::Casemate;
use casemate::model::TenantId;
use casemate::setup::SetupError;
use casemate::written::Decision;
use std::io::Read as _;
use std::path::Path;

/// The largest boundary file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::Check { tenant } => check::check(shared, tenant.as_ref()),
        Args::Explain(args) => explain::explain(shared, args),
        Args::Diff(args) => diff::diff(shared, args),
        Args::Apply(args) => apply::apply(shared, args),
        Args::Fields => fields::fields(shared),
    }
}

/// The text of a file that is named on the command line.
fn text_of(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_BYTES + 1)
            .read_to_string(&mut text)
    } else {
        ambient::open_file(file)?
            .take(MAX_BYTES + 1)
            .read_to_string(&mut text)
    };
    let shown = file.display();
    let wrong = |why: String| Failure::new(Exit::Usage, anyhow::anyhow!("`{shown}` {why}"));
    match read {
        Err(error) => Err(wrong(format!("cannot be read: {error}"))),
        Ok(bytes) if bytes as u64 > MAX_BYTES => Err(wrong(format!(
            "has more than the {MAX_BYTES} bytes that are read"
        ))),
        Ok(_) => Ok(text),
    }
}

/// That the tenants are in the home.
fn there(casemate: &Casemate, tenants: &[TenantId]) -> Result<(), Failure> {
    for tenant in tenants {
        if let Err(error) = casemate.home().tenant(tenant) {
            return Err(no_tenant(casemate, tenant, error));
        }
    }
    Ok(())
}

/// How the program ends where a boundary was not compared or applied.
fn not_applied(file: &Path, error: SetupError) -> Failure {
    let is_file = matches!(&error, SetupError::Boundary(_));
    let failure = super::not_set_up(error);
    match is_file {
        true => Failure {
            error: failure.error.context(format!("`{}`", file.display())),
            ..failure
        },
        false => failure,
    }
}

/// `boundary.toml:12`, with the clause where one decided.
fn line(decision: &Decision) -> String {
    let place = format!("{}:{}", decision.file, decision.line);
    match &decision.clause {
        Some(clause) => format!("{place} ({clause})"),
        None => place,
    }
}
