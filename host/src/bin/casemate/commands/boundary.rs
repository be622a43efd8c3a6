use super::{chosen, open, store};
use crate::args::{Boundary as Args, Format, Shared};
use crate::output::{self, Exit, Failure, Paint};
use casemate::triage::NotStarted;
use serde::Serialize;

#[derive(Serialize)]
struct Checked {
    tenant: String,
    holds: bool,
    digest: Option<String>,
    accountable: Option<String>,
    problems: Vec<casemate::written::Problem>,
    error: Option<String>,
}

#[derive(Serialize)]
struct List {
    boundaries: Vec<Checked>,
}

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let Args::Check { tenant } = args;
    let casemate = open(shared)?;
    let (mut boundaries, mut text) = (Vec::new(), String::new());
    let paint = Paint::stdout();
    for tenant in chosen(&casemate, tenant.as_ref())? {
        let scope = casemate.home().tenant(&tenant).map_err(store)?;
        let mut checked = Checked {
            tenant: tenant.to_string(),
            holds: false,
            digest: None,
            accountable: None,
            problems: Vec::new(),
            error: None,
        };
        match casemate.boundary(&scope) {
            Ok(boundary) => {
                checked.holds = true;
                checked.digest = Some(format!("sha256:{}", boundary.digest()));
                checked.accountable = Some(boundary.accountable().to_owned());
                text.push_str(&format!(
                    "{} {tenant}: {} is accountable\n",
                    paint.green("holds        "),
                    boundary.accountable()
                ));
            }
            Err(error) => {
                text.push_str(&format!("{} {tenant}\n", paint.red("does not hold")));
                if let NotStarted::Boundary { problems, .. } = &error {
                    text.push_str(&format!("{problems}\n"));
                    checked.problems = problems.iter().cloned().collect();
                } else {
                    text.push_str(&format!("{error}\n"));
                }
                checked.error = Some(error.to_string());
            }
        }
        boundaries.push(checked);
    }
    let all_hold = boundaries.iter().all(|b| b.holds);
    match shared.format {
        Format::Json => output::json("casemate.boundaries/v1", &List { boundaries })?,
        Format::Ndjson => output::ndjson("casemate.boundary/v1", &boundaries)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&text)?,
    }
    Ok(if all_hold { Exit::Ok } else { Exit::Findings })
}
