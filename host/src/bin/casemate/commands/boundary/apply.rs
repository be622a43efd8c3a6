//! `casemate boundary apply`.

use super::super::{not_started, open};
use super::{diff, not_applied, text_of, there};
use crate::args::{Apply, Shared};
use crate::output::{self, Exit, Failure, many};
use casemate::model::TenantId;
use casemate::triage::NotStarted;
use casemate::{Caller, Casemate};

pub(super) fn apply(shared: &Shared, args: &Apply) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let text = text_of(&args.file)?;
    there(&casemate, &args.tenants)?;
    let by = casemate
        .caller(&args.by)
        .map_err(|error| Failure::new(error.kind().into(), error))?;
    match (args.defaults, args.tenants.as_slice()) {
        (true, first) => all(shared, args, &casemate, &text, first, &by),
        (false, [tenant]) => one(shared, args, &casemate, &text, tenant, &by),
        (false, _) => {
            let error = anyhow::anyhow!("a boundary is one tenant's own: name one tenant");
            let help = "with `--defaults`, several tenants can have new defaults first";
            Err(Failure::new(Exit::Usage, error).help(help))
        }
    }
}

fn one(
    shared: &Shared,
    args: &Apply,
    casemate: &Casemate,
    text: &str,
    tenant: &TenantId,
    by: &Caller,
) -> Result<Exit, Failure> {
    let wrong = |error| not_applied(&args.file, error);
    let plan = casemate.plan_boundary(tenant, text).map_err(wrong)?;
    diff::one(shared, &plan)?;
    if args.dry_run {
        output::say("nothing was changed: `--dry-run`");
        return Ok(Exit::Ok);
    }
    let applied = casemate
        .apply_boundary(&plan, by, signature(args)?.as_deref())
        .map_err(wrong)?;
    let said = match applied.replaced {
        true => format!("applied to tenant `{tenant}` by {}", by.id()),
        false => format!("tenant `{tenant}` has this file already"),
    };
    match applied.not_recorded {
        None => {
            output::say(&format!("{said}; its trail says what is in effect"));
            Ok(Exit::Ok)
        }
        Some(error) => {
            output::say(&format!("{said}; it is not in its trail yet"));
            Err(later(error))
        }
    }
}

fn all(
    shared: &Shared,
    args: &Apply,
    casemate: &Casemate,
    text: &str,
    first: &[TenantId],
    by: &Caller,
) -> Result<Exit, Failure> {
    let wrong = |error| not_applied(&args.file, error);
    let plan = casemate.plan_defaults(text, first).map_err(wrong)?;
    diff::all(shared, &plan)?;
    if args.dry_run {
        output::say("nothing was changed: `--dry-run`");
        return Ok(Exit::Ok);
    }
    let applied = casemate
        .apply_defaults(&plan, by, signature(args)?.as_deref())
        .map_err(wrong)?;
    let changed = many(applied.tenants.len() as u64, "tenant");
    let whom = match plan.first() {
        [] => "all tenants".to_owned(),
        first => {
            let named: Vec<String> = first.iter().map(ToString::to_string).collect();
            format!("{} first", named.join(", "))
        }
    };
    output::say(&format!(
        "defaults applied to {whom} by {}; what is in effect is another for {changed}",
        by.id()
    ));
    if !plan.first().is_empty() {
        output::say("`casemate boundary apply FILE --defaults --by PERSON` gives them to all");
    }
    let mut last = None;
    for (tenant, not_recorded) in applied.tenants {
        if let Some(error) = not_recorded {
            output::say(&format!("tenant `{tenant}`: not in its trail yet: {error}"));
            last = Some(error);
        }
    }
    last.map_or(Ok(Exit::Ok), |error| Err(later(error)))
}

fn signature(args: &Apply) -> Result<Option<String>, Failure> {
    args.signature.as_deref().map(text_of).transpose()
}

/// It is in effect, and not recorded yet.
fn later(error: NotStarted) -> Failure {
    let mut failure = not_started(error);
    if failure.exit == Exit::Denied {
        // What was asked for was done.
        failure.exit = Exit::Findings;
    }
    failure.help("it is in effect from the next start on, which records it; what works on the tenant now goes on to its end")
}
