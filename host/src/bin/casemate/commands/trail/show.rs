use super::{failed, opened};
use crate::args::{Format, Shared, ShowTrail};
use crate::output::{self, Exit, Failure, time};
use casemate::TrailsError;
use casemate::trail::{Entries, Found, Place};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Row {
    number: u64,
    time: String,
    kind: String,
    /// Where it lies: the file below the trail's folder, and the byte.
    place: String,
    /// The exact bytes.
    entry: Box<RawValue>,
}

#[derive(Serialize)]
struct All {
    entries: Vec<Row>,
}

pub(super) fn run(shared: &Shared, args: &ShowTrail) -> Result<Exit, Failure> {
    let casemate = opened(shared, &args.tenant)?;
    let scope = casemate.home().tenant(&args.tenant)?;
    let trail = match &args.log {
        None => scope.read_trail()?,
        Some(log) => {
            let log = log.rsplit('/').next().unwrap_or(log);
            scope.read_trail_before(log)?
        }
    };
    let Some(trail) = trail else {
        return Err(failed(TrailsError::NoCheckpoint(args.tenant.clone())));
    };
    let mut rows = Vec::new();
    let most = args.most.unwrap_or(usize::MAX);
    for found in Entries::new(trail)? {
        let found = found.map_err(|error| Failure::new(Exit::Integrity, error))?;
        let number = found.stamped.seq;
        let of_run = found.stamped.entry.run();
        if args.from.is_some_and(|from| number < from) || args.run.is_some() && of_run != args.run {
            continue;
        }
        if rows.len() == most {
            break;
        }
        rows.push(row(found)?);
    }
    match shared.format {
        Format::Json => output::json("casemate.trail/v1", &All { entries: rows })?,
        Format::Ndjson => output::ndjson("casemate.trail-entry/v1", &rows)?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => {
            let mut out = String::new();
            for row in &rows {
                let rest = rest(row);
                out.push_str(&format!(
                    "{:>8}  {}  {:<10}  {rest}\n",
                    row.number, row.time, row.kind
                ));
            }
            output::text(&out)?;
        }
    }
    Ok(Exit::Ok)
}

fn row(found: Found) -> Result<Row, Failure> {
    let Found {
        place,
        bytes,
        stamped,
        ..
    } = found;
    let Place { path, offset } = place;
    Ok(Row {
        number: stamped.seq,
        time: time(stamped.time),
        kind: stamped.entry.kind().to_owned(),
        place: format!("{path}:{offset}"),
        entry: RawValue::from_string(String::from_utf8(bytes)?)?,
    })
}

/// What an entry says besides its number, time and kind: its members as they are, commitments and
/// digests cut to what tells them apart.
fn rest(row: &Row) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(row.entry.get()) else {
        return String::new();
    };
    let members = members
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "seq" | "time_ms" | "kind"));
    let words = members.map(|(name, value)| format!("{name}={}", short(value)));
    words.collect::<Vec<_>>().join(" ")
}

fn short(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => {
            let cut = ["hmac-sha256:", "sha256:"]
                .iter()
                .find_map(|kind| text.strip_prefix(kind)?.get(..8));
            cut.map_or_else(|| text.clone(), |digits| format!("{digits}.."))
        }
        serde_json::Value::Array(list) => {
            let list: Vec<String> = list.iter().map(short).collect();
            format!("[{}]", list.join(","))
        }
        serde_json::Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| format!("{name}={}", short(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(" "))
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            value.to_string()
        }
    }
}
