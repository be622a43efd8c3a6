use super::{open_home, store};
use crate::args::{Format, Group as Args, Shared};
use crate::output::{self, Exit, Failure, cut, time};
use casemate::model::Text;
use casemate::store::{LeftOut, Rejects};
use serde::Serialize;

/// Memory for the database, in bytes.
const CACHE_BYTES: usize = 16 << 20;

#[derive(Serialize)]
struct Row {
    input: String,
    /// Where the first of them began.
    offset: u64,
    /// How often it came.
    times: u64,
    length: u64,
    taken_in: String,
    reason: String,
    /// The document's beginning, made visible.
    text: String,
}

#[derive(Serialize)]
struct NotKept {
    input: String,
    documents: u64,
}

#[derive(Serialize)]
struct List {
    rejects: Vec<Row>,
    /// Of which inputs too many were not taken to keep them all.
    left_out: Vec<NotKept>,
}

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let scope = home.tenant(&args.tenant).map_err(store)?;
    let (rejects, left_out) = match scope.read_records(CACHE_BYTES).map_err(store)? {
        Some(view) => {
            let left_out = view.rejects_left_out().map_err(store)?;
            (view.rejects().map_err(store)?, left_out)
        }
        None => (Vec::new(), Vec::new()),
    };
    let row = |reject: Rejects| Row {
        text: Text::capped(&String::from_utf8_lossy(&reject.first.bytes), 400).to_string(),
        times: reject.times,
        input: reject.first.input,
        offset: reject.first.offset,
        length: reject.first.length,
        taken_in: time(reject.first.taken_in),
        reason: reject.first.reason,
    };
    let rejects: Vec<Row> = rejects.into_iter().map(row).collect();
    let not_kept = |of: LeftOut| NotKept {
        input: of.input,
        documents: of.documents,
    };
    let left_out: Vec<NotKept> = left_out.into_iter().map(not_kept).collect();
    for of in &left_out {
        output::say(&format!(
            "{} more documents of `{}` were not taken and not kept: of one input at most 10,000 and 16 MiB are",
            of.documents, of.input
        ));
    }
    match shared.format {
        Format::Json => output::json("casemate.rejects/v1", &List { rejects, left_out })?,
        Format::Ndjson => output::ndjson("casemate.reject/v1", &rejects)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let cells = |r: &Row| {
                let place = vec![
                    cut(&r.input, 40),
                    r.offset.to_string(),
                    r.times.to_string(),
                    r.length.to_string(),
                ];
                [place, vec![cut(&r.reason, 100), cut(&r.text, 60)]].concat()
            };
            let rows: Vec<_> = rejects.iter().map(cells).collect();
            output::text(&output::table(
                &["INPUT", "BYTE", "TIMES", "LENGTH", "REASON", "BEGINS"],
                &rows,
            ))?;
        }
    }
    Ok(Exit::Ok)
}
