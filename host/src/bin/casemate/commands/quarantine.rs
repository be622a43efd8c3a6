use super::{open, open_home, store};
use crate::args::{Format, Quarantine, Shared};
use crate::output::{self, Exit, Failure, cut, time};
use casemate::store::InQuarantine;
use serde::Serialize;

/// Documents read together.
const LOT: usize = 500;

#[derive(Serialize)]
struct Row {
    number: u64,
    taken_in: String,
    input: String,
    offset: u64,
    delivered: Option<String>,
    why: String,
    /// The tenant it went to since.
    released: Option<String>,
    /// The document, made visible and cut.
    text: String,
}

#[derive(Serialize)]
struct List {
    documents: Vec<Row>,
    /// How many more could not be read and are not kept.
    left_out: u64,
}

pub(crate) fn run(shared: &Shared, args: &Quarantine) -> Result<Exit, Failure> {
    match args {
        Quarantine::List { all } => list(shared, *all),
        Quarantine::Show { number } => show(shared, *number),
        Quarantine::Retry => retry(shared),
    }
}

fn row(one: InQuarantine) -> Row {
    let text = String::from_utf8_lossy(&one.document.bytes);
    Row {
        number: one.number,
        taken_in: time(one.document.taken_in),
        input: one.document.input,
        offset: one.document.offset,
        delivered: one.document.delivered.map(|tenant| tenant.to_string()),
        why: one.document.why,
        released: one.released.map(|released| released.tenant.to_string()),
        text: casemate::model::Text::capped(&text, 400).to_string(),
    }
}

fn list(shared: &Shared, all: bool) -> Result<Exit, Failure> {
    let (mut rows, mut left_out) = (Vec::new(), 0);
    if let Some(quarantine) = open_home(shared)?.quarantine_if_any().map_err(store)? {
        left_out = quarantine.left_out().map_err(store)?;
        let mut next = 1;
        loop {
            let some = quarantine.from(next, LOT).map_err(store)?;
            let Some(last) = some.last() else { break };
            next = last.number + 1;
            let wanted = some.into_iter().filter(|one| all || one.released.is_none());
            rows.extend(wanted.map(row));
        }
    }
    if left_out > 0 {
        output::say(&format!(
            "{left_out} more documents could not be read and were not kept: of one input at most 10,000 \
             and 16 MiB are"
        ));
    }
    match shared.format {
        Format::Json => output::json(
            "casemate.quarantine/v1",
            &List {
                documents: rows,
                left_out,
            },
        )?,
        Format::Ndjson => output::ndjson("casemate.quarantined/v1", &rows)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let cells = |r: &Row| {
                let released = r.released.as_ref();
                vec![
                    r.number.to_string(),
                    r.taken_in.clone(),
                    cut(&r.input, 30),
                    r.offset.to_string(),
                    match released {
                        Some(tenant) => format!("went to `{tenant}`"),
                        None => cut(&r.why, 100),
                    },
                    cut(&r.text, 60),
                ]
            };
            let head = ["NUMBER", "CAME", "INPUT", "BYTE", "WHY", "BEGINS"];
            let rows: Vec<_> = rows.iter().map(cells).collect();
            output::text(&output::table(&head, &rows))?;
        }
    }
    Ok(Exit::Ok)
}

fn show(shared: &Shared, number: u64) -> Result<Exit, Failure> {
    let quarantine = open_home(shared)?.quarantine_if_any().map_err(store)?;
    let found = match quarantine {
        Some(quarantine) => quarantine.from(number, 1).map_err(store)?.pop(),
        None => None,
    };
    let Some(one) = found.filter(|one| one.number == number) else {
        let error = anyhow::anyhow!("there is no document {number} in quarantine");
        return Err(Failure::new(Exit::Usage, error).help("`casemate quarantine list` shows them"));
    };
    let whole = casemate::model::Text::capped(
        &String::from_utf8_lossy(&one.document.bytes),
        casemate::triage::intake::MAX_DOCUMENT_BYTES,
    );
    let frame = one.document.frame.clone();
    let mut shown = row(one);
    shown.text = whole.to_string();
    match shared.format {
        Format::Json | Format::Ndjson => output::json("casemate.quarantined/v1", &shown)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let mut out = format!(
                "document {} of {}, byte {}, came {}\n  why        {}\n",
                shown.number, shown.input, shown.offset, shown.taken_in, shown.why
            );
            if let Some(tenant) = &shown.released {
                out.push_str(&format!("  went to    {tenant}\n"));
            }
            if let Some(frame) = frame {
                out.push_str(&format!("  wrapped in {}\n", cut(&frame, 200)));
            }
            output::text(&format!("{out}{}\n", shown.text))?;
        }
    }
    Ok(Exit::Ok)
}

fn retry(shared: &Shared) -> Result<Exit, Failure> {
    let casemate = open(shared)?;
    let retried =
        casemate::retry_quarantine(&casemate).map_err(|e| Failure::new(Exit::Environment, e))?;
    match shared.format {
        Format::Json | Format::Ndjson => output::json("casemate.retried/v1", &retried)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let mut out = String::new();
            for (tenant, numbers) in &retried.went {
                out.push_str(&format!("{} went to tenant {tenant}\n", numbers.len()));
            }
            out.push_str(&format!(
                "{} stay; `casemate quarantine list` says why\n",
                retried.stayed
            ));
            output::text(&out)?;
        }
    }
    Ok(if retried.stayed > 0 {
        Exit::Findings
    } else {
        Exit::Ok
    })
}
