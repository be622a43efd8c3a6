use super::{open, store};
use crate::args::{Alert, Format, Shared};
use crate::output::{self, Exit, Failure, cut, time};
use casemate::AlertFile;
use casemate::model::TimeBasis;
use casemate::trail::Lost;

pub(crate) fn run(shared: &Shared, args: &Alert) -> Result<Exit, Failure> {
    let Alert::Show { alert } = args;
    let casemate = open(shared)?;
    let view = casemate.view(&alert.tenant).map_err(store)?;
    let found = match &view {
        Some(view) => AlertFile::of(view, alert.number).map_err(store)?,
        None => None,
    };
    let Some(file) = found else {
        let lost = view
            .map_or(Ok(Vec::new()), |view| view.lost())
            .map_err(store)?;
        let is_lost = |lost: &Lost| (lost.first..=lost.last).contains(&alert.number);
        if lost.iter().any(is_lost) {
            let error = anyhow::anyhow!(
                "alert {} of tenant `{}` was taken in and lost: the store is older than its trail, or was replaced",
                alert.number,
                alert.tenant
            );
            let help = format!(
                "a `recovery` entry names it: `casemate trail show --tenant {}`; delivered again it has a new number",
                alert.tenant
            );
            return Err(Failure::new(Exit::Usage, error).help(help));
        }
        let error = anyhow::anyhow!("tenant `{}` has no alert {}", alert.tenant, alert.number);
        return Err(Failure::new(Exit::Usage, error)
            .help("`casemate case show` names the alerts that a draft cites"));
    };
    match shared.format {
        Format::Json => output::json("casemate.alert/v1", &file)?,
        Format::Ndjson => output::ndjson("casemate.alert/v1", [&file])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&table(&file))?,
    }
    Ok(Exit::Ok)
}

fn table(file: &AlertFile) -> String {
    let alert = &file.alert;
    let mut out = format!(
        "alert {}/{}: {} of {}\n",
        file.tenant,
        file.number,
        alert.format.name(),
        alert.identity.product
    );
    let mut line = |name: &str, value: &str| out.push_str(&format!("  {name:<21} {value}\n"));
    line("own id", &alert.own_id());
    line(
        "severity",
        &format!(
            "{} (the source wrote `{}`)",
            alert.severity.word(),
            alert.source_severity
        ),
    );
    line(
        "happened",
        &format!("{}{}", time(alert.time), basis(alert.basis)),
    );
    if let Some(observed) = alert.observed {
        line("observed", &time(observed));
    }
    line(
        "taken in",
        &format!("{}, {}", time(file.taken_in), file.timing),
    );
    match (file.group, file.case) {
        (Some(group), Some(case)) => {
            line(
                "placed",
                &format!("group {group}, case {}/{case}", file.tenant),
            );
        }
        (Some(group), None) => line("placed", &format!("group {group}, which is routine")),
        (None, _) => line("placed", "not yet: it waits"),
    }
    for (field, value) in &alert.fields {
        line(field.name(), &cut(value.as_str(), 200));
    }
    for one in alert.observables.iter().filter(|one| one.field.is_none()) {
        line(
            "observable",
            &format!("{} {}", one.kind.word(), cut(one.value.as_str(), 180)),
        );
    }
    if let Some(frame) = &file.frame {
        let shown = casemate::model::Text::capped(frame, 4096);
        line("wrapped in", shown.as_str());
    }
    match &file.document {
        Some(document) => {
            let most = casemate::triage::intake::MAX_DOCUMENT_BYTES;
            let shown = casemate::model::Text::capped(document, most);
            line("document", shown.as_str());
        }
        None => line("document", "not held any more"),
    }
    let most = casemate::triage::intake::MAX_DOCUMENT_BYTES;
    for (number, revision) in (1..).zip(&file.revisions) {
        let shown = casemate::model::Text::capped(revision, most);
        line(&format!("delivered again, {number}"), shown.as_str());
    }
    if !file.revisions.is_empty() {
        line(
            "",
            "what was delivered again changed nothing above: it is as it first came",
        );
    }
    out
}

fn basis(basis: TimeBasis) -> &'static str {
    match basis {
        TimeBasis::Event => "",
        TimeBasis::EventZoneAssumed => ", written without a zone: UTC is assumed",
        TimeBasis::Observed => ", when it was observed: the source does not say when it happened",
        TimeBasis::ObservedZoneAssumed => {
            ", when it was observed, written without a zone (UTC is assumed): the source does not say when it happened"
        }
    }
}
