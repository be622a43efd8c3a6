//! `casemate audit`.

use super::module::{findings, known};
use super::{open_home, store};
use crate::ambient;
use crate::args::{Audit as Args, FailOn, Format, Shared};
use crate::output::{self, Exit, Failure, Paint, count, many, time};
use casemate::audit::{AuditError, CapabilityAudit, Cell, Row, Scope};
use casemate::sandbox::inspect::Level;

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let Args::Capabilities {
        tenant,
        module,
        fail_on,
    } = args;
    let home = open_home(shared)?;
    known(&home, module.as_ref(), tenant.as_slice())?;
    let scope = Scope {
        tenant: tenant.clone(),
        module: module.clone(),
        ..Scope::default()
    };
    let threads = shared.threads.unwrap_or_else(ambient::threads);
    let audit = CapabilityAudit::of(&home, &scope, ambient::now(), threads).map_err(not_made)?;
    match shared.format {
        Format::Json => output::json("casemate.capabilities/v1", &audit)?,
        Format::Ndjson => output::ndjson("casemate.capability-row/v1", &audit.rows)?,
        Format::Sarif => output::plain_json(&audit.sarif())?,
        Format::Html => output::text(&audit.html())?,
        Format::Table | Format::Csv => output::text(&page(&audit))?,
    }
    Ok(end(&audit, fail_on))
}

fn end(audit: &CapabilityAudit, fail_on: &[FailOn]) -> Exit {
    if !audit.verified() {
        return Exit::Integrity;
    }
    let mut found = audit.findings.iter();
    match found.any(|found| fail_on.iter().any(|fail| fail.is_met_by(found))) {
        true => Exit::Findings,
        false => Exit::Ok,
    }
}

fn not_made(error: AuditError) -> Failure {
    if let AuditError::Store(error) = error {
        return store(error);
    }
    Failure::new(Exit::Environment, error)
}

fn page(audit: &CapabilityAudit) -> String {
    let rows: Vec<_> = audit.rows.iter().flat_map(lines).collect();
    let head = [
        "TENANT",
        "MODULE",
        "STANDING",
        "CAPABILITY",
        "ASKED",
        "IMPORTED",
        "BOUNDARY",
        "GRANTED",
        "GIVEN",
        "USED",
        "LAST USE",
        "REFUSED",
    ];
    let mut out = output::table(&head, &rows);
    let summary = &audit.summary;
    out.push_str(&format!(
        "\n{}, {}; {} given, {} of these used; {} asked for and refused\n",
        many(summary.tenants, "tenant"),
        many(summary.modules, "module"),
        output::many_of(summary.given, "capability", "capabilities"),
        count(summary.used),
        count(summary.refused),
    ));
    out.push_str(&format!("\n{}\n", Paint::stdout().bold("to look at")));
    let weigh: Vec<_> = audit
        .findings
        .iter()
        .filter(|f| f.level > Level::Note)
        .cloned()
        .collect();
    out.push_str(&findings(&weigh));
    let notes = audit.findings.len() - weigh.len();
    if notes > 0 {
        out.push_str(&format!(
            "  and {} in `--format json` and `sarif`\n",
            many(notes as u64, "note")
        ));
    }
    for not in &audit.not_searched {
        let why = not.why.lines().next().unwrap_or_default();
        out.push_str(&format!(
            "  not searched for the words of {}: {why}\n",
            not.file
        ));
    }
    out
}

fn lines(row: &Row) -> Vec<Vec<String>> {
    let begin = || {
        vec![
            row.tenant.to_string(),
            row.module.to_string(),
            row.standing.says().to_owned(),
        ]
    };
    if row.capabilities.is_empty() {
        let mut line = begin();
        line.push("none".to_owned());
        return vec![line];
    }
    let one = |cell: &Cell| {
        let mut line = begin();
        let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let boundary = match (cell.allowed, &cell.allowed_by) {
            (Some(true), _) => "allows".to_owned(),
            (Some(false), Some(by)) => format!("denies, {}:{}", by.file, by.line),
            (Some(false), None) | (None, _) => "denies".to_owned(),
        };
        line.extend([
            cell.capability.to_string(),
            word(cell.asked),
            word(cell.imported),
            boundary,
            word(cell.granted),
            word(cell.effective),
            count(cell.used),
            cell.last_used.map(time).unwrap_or_default(),
            match cell.refused {
                0 => String::new(),
                refused => count(refused),
            },
        ]);
        line
    };
    row.capabilities.iter().map(one).collect()
}
