//! `casemate module failures`.

use super::super::{open_home, store};
use crate::args::{Format, Shared};
use crate::output::{self, Exit, Failure, time};
use casemate::model::{ModuleName, TenantId};
use casemate::store::FailedRun;
use serde::Serialize;

/// Memory for the database, in bytes.
const CACHE_BYTES: usize = 16 << 20;

#[derive(Serialize)]
struct List<'a> {
    tenant: &'a TenantId,
    failures: Vec<FailedRun>,
}

pub(super) fn failures(
    shared: &Shared,
    tenant: &TenantId,
    module: Option<&ModuleName>,
) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let scope = home.tenant(tenant).map_err(store)?;
    let mut failures = match scope.read_records(CACHE_BYTES).map_err(store)? {
        Some(view) => view.failed_runs().map_err(store)?,
        None => Vec::new(),
    };
    failures.retain(|run| module.is_none_or(|module| run.module == *module));
    let exit = match failures.as_slice() {
        [] => Exit::Ok,
        [_, ..] => Exit::Findings,
    };
    match shared.format {
        Format::Json => output::json("casemate.failures/v1", &List { tenant, failures })?,
        Format::Ndjson => output::ndjson("casemate.failure/v1", &failures)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            output::text(&page(tenant, &failures))?;
        }
    }
    Ok(exit)
}

fn page(tenant: &TenantId, failures: &[FailedRun]) -> String {
    if failures.is_empty() {
        return format!("no run that failed is kept of tenant `{tenant}`\n");
    }
    let mut out = String::new();
    for run in failures {
        let (module, when) = (&run.module, time(run.time));
        out.push_str(&format!(
            "run {} of `{module}`, {when}: {}\n",
            run.run, run.text
        ));
        if let Some(message) = &run.message {
            out.push_str(&format!("  panicked at {message}\n"));
        } else if let Some(line) = &run.last_line {
            out.push_str(&format!("  its last line of log: {line}\n"));
        }
        for (nth, frame) in run.backtrace.iter().enumerate() {
            out.push_str(&format!("  {nth:>3}: {frame}\n"));
        }
        if run.is_deep() {
            out.push_str("  one call stands there again and again: a recursion without end runs out of the module's own stack, which shows as an access out of bounds\n");
        }
    }
    let named = |run: &FailedRun| run.backtrace.iter().any(|frame| frame.function.is_some());
    if failures.iter().any(|run| !run.backtrace.is_empty()) && !failures.iter().any(named) {
        out.push_str("functions have no names here: `casemate module build` leaves them out, so that modules are small and the same everywhere\n");
    }
    out
}
