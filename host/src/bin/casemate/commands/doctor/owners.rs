//! Whose documents are, and what is nobody's.

use super::Findings;
use crate::output::count;
use casemate::Casemate;
use casemate::store::StoreError;
use casemate::triage::Owners;

pub(super) fn owners(findings: &mut Findings, casemate: &Casemate) -> Result<(), StoreError> {
    let known = casemate.tenants()?;
    match casemate
        .home()
        .text(Owners::FILE)?
        .map(|text| Owners::parse(&text))
    {
        None => {}
        Some(Err(problems)) => findings.wrong(
            "owners",
            format!(
                "`{}` does not hold: {} problems",
                Owners::FILE,
                problems.count()
            ),
            "`casemate intake owners` shows each with its line",
        ),
        Some(Ok(owners)) => {
            let mut unknown: Vec<_> = owners.tenants().filter(|t| !known.contains(t)).collect();
            unknown.dedup();
            match unknown.first() {
                Some(tenant) => findings.attention(
                    "owners",
                    format!(
                        "`{}` names `{tenant}`, which is not in this home",
                        Owners::FILE
                    ),
                    "its documents go to quarantine: make the tenant, or mend the file",
                ),
                None => findings.ok("owners", format!("`{}` holds", Owners::FILE)),
            }
        }
    }
    match casemate
        .home()
        .quarantine_if_any()
        .and_then(|q| q.map(|q| q.waiting()).transpose())
    {
        Ok(None | Some(0)) => {}
        Ok(Some(waiting)) => findings.attention(
            "quarantine",
            format!("{} documents are nobody's", count(waiting)),
            "`casemate quarantine list` says why; mend that, then `casemate quarantine retry`",
        ),
        Err(error) => findings.attention(
            "quarantine",
            error.to_string(),
            "it is read by the user that may write to the home",
        ),
    }
    Ok(())
}
