//! Documents as their sources write them and what becomes of them, side by side: `NAME.json` (or
//! `.txt`, `.ndjson`) and `NAME.expected.json` below `tests/fixtures/intake/SOURCE/`. To write the
//! expected files anew, set `CASEMATE_WRITE_EXPECTED=1`, and read the difference.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and may write them anew"
)]

use super::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/intake");

/// Shapes each source has at least.
const SHAPES: usize = 5;

fn told(document: &Document) -> serde_json::Value {
    match document {
        Document::Reject(reject) => serde_json::json!({ "rejected": reject.reason.to_string() }),
        Document::Alert(taken) => {
            let alert = &taken.alert;
            let fields: serde_json::Map<_, _> = alert
                .fields
                .iter()
                .map(|(field, text)| (field.name().to_owned(), text.as_str().into()))
                .collect();
            let observables: Vec<_> = alert
                .observables
                .iter()
                .map(|one| match one.field {
                    Some(field) => format!("{} {} ({field})", one.kind.word(), one.value),
                    None => format!("{} {}", one.kind.word(), one.value),
                })
                .collect();
            serde_json::json!({
                "format": alert.format.word(),
                "id": alert.identity.id.as_ref().map(|id| id.as_str()),
                "time": alert.time.to_string(),
                "basis": alert.basis,
                "observed": alert.observed.map(|time| time.to_string()),
                "severity": alert.severity.word(),
                "severity_as_written": alert.source_severity.as_str(),
                "fields": fields,
                "observables": observables,
                "frame": taken.wrapping.as_ref().map(|it| it.layers().join("\n")),
            })
        }
    }
}

/// The documents of a source: path and bytes, in the order of their names.
pub(super) fn of(source: Source) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(FOLDER).join(source.word());
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    paths.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_source_has_five_shapes_and_each_says_what_it_says() {
    let renew = std::env::var_os("CASEMATE_WRITE_EXPECTED").is_some();
    let (mut wrong, mut shapes) = (Vec::new(), BTreeMap::new());
    for source in Source::ALL {
        for (path, bytes) in of(*source) {
            let all = read(&bytes);
            let taken = all.iter().filter(|document| match document {
                Document::Alert(taken) => taken.alert.format == *source,
                Document::Reject(_) => false,
            });
            *shapes.entry(source.word()).or_insert(0) += usize::from(taken.count() > 0);
            let all: Vec<_> = all.iter().map(told).collect();
            let got = serde_json::to_string_pretty(&all).unwrap() + "\n";
            let expected = path.with_extension("expected.json");
            if renew {
                std::fs::write(&expected, &got).unwrap();
            }
            if std::fs::read_to_string(&expected).unwrap_or_default() != got {
                wrong.push(format!("{}:\n{got}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for source in Source::ALL {
        let count = shapes.get(source.word()).copied().unwrap_or(0);
        assert!(count >= SHAPES, "`{}` has {count} shapes", source.word());
    }
}

/// A value that no table wants.
const STRANGE: [&str; 12] = [
    "null",
    "true",
    "-1",
    "1e999",
    "\"\"",
    "\"-\"",
    "[]",
    "{}",
    "[[[]]]",
    "\"\\ud800\"",
    "\"\\u0000\\u202e\"",
    "99999999999999999999999999",
];

#[test]
fn whatever_stands_in_place_of_a_value_each_reader_ends_with_an_alert_or_a_reason() {
    let mut tried = 0;
    for source in Source::ALL {
        for (_, bytes) in of(*source) {
            let Ok(whole) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
                continue;
            };
            let mut places = Vec::new();
            pointers(&whole, &mut String::new(), &mut places);
            for place in &places {
                for strange in STRANGE {
                    let Ok(value) = serde_json::from_str(strange) else {
                        continue;
                    };
                    let mut changed = whole.clone();
                    *changed.pointer_mut(place).unwrap() = value;
                    let text = changed.to_string();
                    for from in [From::Auto, From::Only(*source)] {
                        for document in documents(text.as_bytes(), from) {
                            tried += 1;
                            bounded(&document.unwrap());
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn whatever_byte_is_changed_each_reader_ends_with_an_alert_or_a_reason() {
    let mut n: u64 = 11;
    let mut next = |below: usize| {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (n >> 33) as usize % below.max(1)
    };
    let bytes_of_interest = b"\"\\{}[]:,|=. \n\r\t\0<>09aZ\xff\xc3";
    for source in Source::ALL {
        for (_, bytes) in of(*source) {
            for _ in 0..200 {
                let mut changed = bytes.clone();
                for _ in 0..1 + next(3) {
                    let at = next(changed.len());
                    match next(3) {
                        0 => changed[at] = bytes_of_interest[next(bytes_of_interest.len())],
                        1 => drop(changed.drain(at..(at + next(40)).min(changed.len()))),
                        _ => changed.insert(at, bytes_of_interest[next(bytes_of_interest.len())]),
                    }
                    if changed.is_empty() {
                        break;
                    }
                }
                for from in [From::Auto, From::Only(*source)] {
                    for document in documents(changed.as_slice(), from) {
                        bounded(&document.unwrap());
                    }
                }
            }
        }
    }
}

/// What a document became is bounded and can be explained.
fn bounded(document: &Document) {
    if let Document::Alert(taken) = document {
        assert!(taken.alert.observables.len() <= MOST_OBSERVABLES);
        for (field, text) in &taken.alert.fields {
            assert!(text.as_str().len() <= 4 * LONG_TEXT_BYTES, "{field}");
            assert!(!text.as_str().is_empty(), "{field}");
        }
    }
    let explained = explain(document);
    assert_eq!(explained.alert.is_some(), explained.format.is_some());
}

/// The place of every value in a document.
fn pointers(value: &serde_json::Value, at: &mut String, all: &mut Vec<String>) {
    let mut below = |step: &str, value: &serde_json::Value| {
        let length = at.len();
        at.push('/');
        at.push_str(&step.replace('~', "~0").replace('/', "~1"));
        all.push(at.clone());
        pointers(value, at, all);
        at.truncate(length);
    };
    match value {
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                below(key, value);
            }
        }
        serde_json::Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                below(&index.to_string(), value);
            }
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}
