use super::open_home;
use crate::ambient;
use crate::args::{Format, Intake, Shared};
use crate::output::{self, Exit, Failure, Paint, cut};
use casemate::triage::Owners;
use casemate::triage::intake::{Explained, From, documents, explain, formats};
use serde::Serialize;
use std::io::{self, Read};
use std::path::Path;

/// Values shown that no field is taken from; JSON has all.
const MOST_UNMAPPED: usize = 40;

pub(crate) fn run(shared: &Shared, args: &Intake) -> Result<Exit, Failure> {
    match args {
        Intake::Explain { from, most, file } => explain_file(shared, *from, *most, file),
        Intake::Formats => list_formats(shared),
        Intake::Owners => check_owners(shared),
    }
}

#[derive(Serialize)]
struct List<T> {
    #[serde(rename = "documents")]
    all: Vec<T>,
}

fn explain_file(shared: &Shared, from: From, most: usize, file: &Path) -> Result<Exit, Failure> {
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(ambient::open_file(file)?)
    };
    let all: Vec<Explained> = documents(input, from)
        .take(most)
        .map(|document| document.map(|document| explain(&document)))
        .collect::<io::Result<_>>()?;
    let rejected = all.iter().any(|one| one.alert.is_none());
    match shared.format {
        Format::Json => output::json("casemate.explained/v1", &List { all })?,
        Format::Ndjson => output::ndjson("casemate.explained/v1", &all)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let paint = Paint::stdout();
            let text: Vec<String> = all.iter().map(|one| explained(one, &paint)).collect();
            output::text(&text.join("\n"))?;
        }
    }
    Ok(if rejected { Exit::Findings } else { Exit::Ok })
}

fn explained(it: &Explained, paint: &Paint) -> String {
    let head = match it.format {
        Some(format) => format!("{}: {}", format.name(), it.because),
        None => format!("not taken: {}", it.because),
    };
    let mut out = format!("{}\n", paint.bold(&format!("byte {}: {head}", it.offset)));
    if let Some(origin) = it.origin {
        out.push_str(&format!("  mapping from  {origin}\n"));
    }
    for frame in it.frame.iter().flat_map(|frame| frame.lines()) {
        out.push_str(&format!("  wrapped in    {}\n", cut(frame, 120)));
    }
    if let Some(alert) = &it.alert {
        out.push_str(&format!("  time rests on {}\n", basis(alert.basis)));
        let rows: Vec<Vec<String>> = it
            .mapped
            .iter()
            .map(|one| {
                let value = one
                    .value
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                vec![format!("  {}", one.what), cut(&value, 70), one.path.clone()]
            })
            .collect();
        out.push_str(&output::table(&["  FIELD", "VALUE", "FROM"], &rows));
        let observables: Vec<String> = alert
            .observables
            .iter()
            .map(|one| format!("{} {}", one.kind.word(), one.value))
            .collect();
        if !observables.is_empty() {
            out.push_str(&format!(
                "  observables: {}\n",
                cut(&observables.join(", "), 400)
            ));
        }
    }
    if !it.unmapped.is_empty() {
        out.push_str("  kept in the document's bytes, no field is taken from it:\n");
        for one in it.unmapped.iter().take(MOST_UNMAPPED) {
            let read = if one.read {
                " (read; another came first)"
            } else {
                ""
            };
            let line = format!("    {} = {}", one.path, cut(one.value.as_str(), 70));
            out.push_str(&paint.dim(&format!("{line}{read}")));
            out.push('\n');
        }
        if it.unmapped.len() > MOST_UNMAPPED {
            let more = it.unmapped.len() - MOST_UNMAPPED;
            out.push_str(&format!("    and {more} more; `--format json` has all\n"));
        }
    }
    out
}

fn basis(basis: casemate::model::TimeBasis) -> &'static str {
    use casemate::model::TimeBasis;
    match basis {
        TimeBasis::Event => "the source's time of the event",
        TimeBasis::EventZoneAssumed => {
            "the source's time of the event, written without a zone: UTC is assumed"
        }
        TimeBasis::Observed => "the time at which it was observed; there is none of the event",
        TimeBasis::ObservedZoneAssumed => {
            "the time at which it was observed, written without a zone: UTC is assumed"
        }
    }
}

#[derive(Serialize)]
struct Formats {
    formats: Vec<casemate::triage::intake::FormatTaken>,
}

fn list_formats(shared: &Shared) -> Result<Exit, Failure> {
    let formats: Vec<_> = formats().collect();
    match shared.format {
        Format::Json => output::json("casemate.formats/v1", &Formats { formats })?,
        Format::Ndjson => output::ndjson("casemate.format/v1", &formats)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let row = |one: &casemate::triage::intake::FormatTaken| {
                vec![
                    one.word.to_owned(),
                    one.name.to_owned(),
                    one.because.to_owned(),
                    one.origin.to_owned(),
                ]
            };
            let rows: Vec<_> = formats.iter().map(row).collect();
            let head = ["FORMAT", "IS", "RECOGNISED BY", "MAPPING FROM"];
            output::text(&output::table(&head, &rows))?;
        }
    }
    Ok(Exit::Ok)
}

fn check_owners(shared: &Shared) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let Some(text) = home.text(Owners::FILE)? else {
        let error = anyhow::anyhow!("`{}` is not in this home", Owners::FILE);
        return Err(Failure::new(Exit::Findings, error).help(
            "write one, for example:\n\n  version = 1\n\n  [[owner]]\n  tenant = \"acme\"\n  format = \"crowdstrike\"\n  path   = \"cid\"\n  values = [\"0123456789abcdef0123456789abcdef\"]\n",
        ));
    };
    let owners = Owners::parse(&text)
        .map_err(|problems| Failure::new(Exit::Findings, anyhow::anyhow!("{problems}")))?;
    let known = home.tenants()?.0;
    let mut counts = std::collections::BTreeMap::new();
    for tenant in owners.tenants() {
        *counts.entry(tenant).or_insert(0_u64) += 1;
    }
    let unknown = counts.keys().any(|tenant| !known.contains(tenant));
    let rows: Vec<_> = counts
        .iter()
        .map(|(tenant, values)| {
            let is = if known.contains(tenant) {
                ""
            } else {
                "no such tenant in this home"
            };
            vec![tenant.to_string(), values.to_string(), is.to_owned()]
        })
        .collect();
    output::text(&output::table(&["TENANT", "VALUES", ""], &rows))?;
    Ok(if unknown { Exit::Findings } else { Exit::Ok })
}
