//! The home's boundary defaults.

use super::Findings;
use casemate::Casemate;
use casemate::boundary::{Applications, AppliedTo, Defaults};
use casemate::store::StoreError;
use casemate::triage::NotStarted;

pub(super) fn defaults(findings: &mut Findings, casemate: &Casemate) -> Result<(), StoreError> {
    const HELP: &str = "`casemate boundary check` shows all that is wrong";
    let defaults = casemate.defaults()?;
    let applied = Applications::parse(casemate.home().text(Applications::FILE)?.as_deref());
    match defaults.current() {
        Err(problems) => {
            let says = NotStarted::Defaults(problems.clone()).to_string();
            findings.wrong("defaults", says, HELP);
        }
        Ok(None) => (),
        Ok(Some(current)) => {
            let last = applied.as_ref().ok().and_then(|all| {
                let last = all.of(&AppliedTo::Defaults).last();
                last.map(|applied| (applied.digest, applied.by.clone()))
            });
            let says = match last {
                Some((digest, by)) if digest == current.digest() => {
                    format!("`{}` holds, applied by {by}", Defaults::FILE)
                }
                Some(_) | None => format!("`{}` holds", Defaults::FILE),
            };
            findings.ok("defaults", says);
        }
    }
    match defaults.rollout() {
        Err(problems) => {
            let says = NotStarted::Defaults(problems.clone()).to_string();
            findings.wrong("defaults", says, HELP);
        }
        Ok(None) => (),
        Ok(Some(rollout)) => {
            let says = format!(
                "other defaults are in effect for {} tenants first",
                rollout.tenants.len()
            );
            match defaults.next_error() {
                None => findings.ok("rollout", says),
                Some(why) => {
                    let first = why.lines().next().unwrap_or_default().to_owned();
                    findings.wrong("rollout", first, HELP);
                }
            }
        }
    }
    if let Err(problems) = applied {
        let first = problems.to_string();
        let first = first.lines().next().unwrap_or_default().to_owned();
        findings.wrong("applied", first, "mend the line that is named");
    }
    Ok(())
}
