//! `casemate boundary diff`.

use super::super::open;
use super::{check, not_applied, text_of, there};
use crate::args::{Diff, Format, Shared};
use crate::output::{self, Exit, Failure, many};
use casemate::boundaries::{BoundaryPlan, DefaultsPlan};
use casemate::boundary::Difference;
use casemate::model::TenantId;

pub(super) fn diff(shared: &Shared, args: &Diff) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let text = text_of(&args.file)?;
    let wrong = |error| not_applied(&args.file, error);
    let differs = match &args.tenant {
        Some(tenant) => {
            there(&casemate, std::slice::from_ref(tenant))?;
            let plan = casemate.plan_boundary(tenant, &text).map_err(wrong)?;
            one(shared, &plan)?;
            !plan.difference().is_nothing()
        }
        None => {
            let plan = casemate.plan_defaults(&text, &[]).map_err(wrong)?;
            all(shared, &plan)?;
            changes(&plan).next().is_some()
        }
    };
    Ok(if differs { Exit::Findings } else { Exit::Ok })
}

/// Prints what a tenant's own file would change.
pub(super) fn one(shared: &Shared, plan: &BoundaryPlan) -> Result<(), Failure> {
    match shared.format {
        Format::Json => output::json("casemate.boundary-diff/v1", plan)?,
        Format::Ndjson => output::ndjson("casemate.boundary-diff/v1", [plan])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let mut text = format!("tenant {}\n", plan.tenant());
            if let Some(error) = plan.before_error() {
                let first = error.lines().next().unwrap_or_default();
                text.push_str(&format!("  nothing is in effect now: {first}\n"));
            }
            text.push_str(&indented(plan.difference()));
            for note in plan.ineffective() {
                text.push_str(&format!("  {}\n", check::ineffective(note)));
            }
            output::text(&text)?;
        }
    }
    Ok(())
}

/// Prints what new defaults would change, tenant by tenant.
pub(super) fn all(shared: &Shared, plan: &DefaultsPlan) -> Result<(), Failure> {
    match shared.format {
        Format::Json => output::json("casemate.defaults-diff/v1", plan)?,
        Format::Ndjson => output::ndjson("casemate.tenant-diff/v1", plan.tenants())?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&page(plan))?,
    }
    Ok(())
}

/// The tenants for which something would change.
fn changes(plan: &DefaultsPlan) -> impl Iterator<Item = (&TenantId, &Difference)> {
    plan.tenants().iter().filter_map(|tenant| {
        let difference = tenant.difference.as_ref()?;
        (!difference.is_nothing()).then_some((&tenant.tenant, difference))
    })
}

fn page(plan: &DefaultsPlan) -> String {
    let (mut text, mut same) = (String::new(), Vec::new());
    for tenant in plan.tenants() {
        let id = &tenant.tenant;
        if let Some(error) = &tenant.error {
            let first = error.lines().next().unwrap_or_default();
            text.push_str(&format!("tenant {id} does not start now: {first}\n"));
        }
        match &tenant.difference {
            Some(difference) if difference.is_nothing() => same.push(id.to_string()),
            Some(difference) => {
                let when = if tenant.now { "" } else { ", not yet" };
                text.push_str(&format!("tenant {id}{when}\n{}", indented(difference)));
            }
            None => (),
        }
    }
    if !same.is_empty() {
        let count = many(same.len() as u64, "tenant");
        text.push_str(&format!(
            "nothing changes for {count}: {}\n",
            same.join(", ")
        ));
    }
    text
}

fn indented(difference: &Difference) -> String {
    let text = difference.to_string();
    text.lines().map(|line| format!("  {line}\n")).collect()
}
