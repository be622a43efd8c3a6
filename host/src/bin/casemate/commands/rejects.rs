use super::{open_home, store};
use crate::args::{Format, Group as Args, Shared};
use crate::output::{self, Exit, Failure, cut, time};
use serde::Serialize;

/// Memory for the database, in bytes.
const CACHE_BYTES: usize = 16 << 20;

#[derive(Serialize)]
struct Row {
    input: String,
    offset: u64,
    length: u64,
    taken_in: String,
    reason: String,
    /// The document's beginning, made visible.
    text: String,
}

#[derive(Serialize)]
struct List {
    rejects: Vec<Row>,
}

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let scope = home.tenant(&args.tenant).map_err(store)?;
    let rejects = match scope.read_records(CACHE_BYTES).map_err(store)? {
        Some(view) => view.rejects().map_err(store)?,
        None => Vec::new(),
    };
    let row = |reject: casemate::store::Rejected| Row {
        text: casemate::model::Text::capped(&String::from_utf8_lossy(&reject.bytes), 400)
            .to_string(),
        input: reject.input,
        offset: reject.offset,
        length: reject.length,
        taken_in: time(reject.taken_in),
        reason: reject.reason,
    };
    let rejects: Vec<Row> = rejects.into_iter().map(row).collect();
    match shared.format {
        Format::Json => output::json("casemate.rejects/v1", &List { rejects })?,
        Format::Ndjson => output::ndjson("casemate.reject/v1", &rejects)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let cells = |r: &Row| {
                let place = vec![
                    cut(&r.input, 40),
                    r.offset.to_string(),
                    r.length.to_string(),
                ];
                [place, vec![cut(&r.reason, 100), cut(&r.text, 60)]].concat()
            };
            let rows: Vec<_> = rejects.iter().map(cells).collect();
            output::text(&output::table(
                &["INPUT", "BYTE", "LENGTH", "REASON", "BEGINS"],
                &rows,
            ))?;
        }
    }
    Ok(Exit::Ok)
}
