//! How a document was understood: why it was taken as what it was, where each field came from, and
//! what is in it that no field is taken from. That stays in the document's bytes, which are kept.

use super::detect::Top;
use super::gathered::Gathered;
use super::table::Compiled;
use super::tree::{Object, steps};
use super::{Document, From, alert};
use crate::model::{Alert, Field, Source, Text};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most bytes shown of a value.
const SHOWN_BYTES: usize = 160;
/// The most values listed that no field was taken from.
const MOST_UNMAPPED: usize = 500;

/// How a document was understood.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Explained {
    /// Where its first byte stands in the input, from 0.
    pub offset: u64,
    /// What it was taken as; none where it was not taken.
    pub format: Option<Source>,
    /// Why it was taken as that, or why it was not taken.
    pub because: String,
    /// Where the mapping comes from.
    pub origin: Option<&'static str>,
    /// What wrapped the document, from the outside in, with `null` where documents were.
    pub frame: Option<String>,
    /// The alert, where it was taken.
    pub alert: Option<Alert>,
    /// Where each of its values came from.
    pub mapped: Vec<Mapped>,
    /// What else is in the document.
    pub unmapped: Vec<Unmapped>,
}

/// A format that is taken.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FormatTaken {
    /// Its word, as `--from` takes it.
    pub word: &'static str,
    /// What a person calls such a document.
    pub name: &'static str,
    /// What a document of it is recognised by.
    pub because: &'static str,
    /// Where the mapping comes from.
    pub origin: &'static str,
}

/// The formats that are taken.
pub fn formats() -> impl Iterator<Item = FormatTaken> {
    Source::ALL.iter().map(|source| {
        let table = super::source::table(*source);
        FormatTaken {
            word: source.word(),
            name: source.name(),
            because: table.because,
            origin: table.origin,
        }
    })
}

/// A value of an alert, and where in its document it came from.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Mapped {
    /// A field's name, or `id`, `time`, `observed`, `severity`, `product`, `observable KIND`.
    pub what: String,
    /// The path in the document; several where they were put together.
    pub path: String,
    /// The value, cut to 160 bytes.
    pub value: Option<Text>,
}

/// A value of a document that is kept in its bytes only.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Unmapped {
    /// Its path.
    pub path: String,
    /// The value, cut to 160 bytes.
    pub value: Text,
    /// Whether its table reads that path: then another value came first, or this one was of another
    /// kind than the field wants.
    pub read: bool,
}

/// Tells how a document was understood.
pub fn explain(document: &Document) -> Explained {
    match document {
        Document::Reject(reject) => Explained {
            offset: reject.offset,
            format: None,
            because: reject.reason.to_string(),
            origin: None,
            frame: None,
            alert: None,
            mapped: Vec::new(),
            unmapped: Vec::new(),
        },
        Document::Alert(taken) => {
            let compiled = Compiled::of(taken.alert.format);
            let text = String::from_utf8_lossy(&taken.bytes);
            let mapped = trace(compiled, &text).unwrap_or_default();
            let unmapped = unmapped(compiled, &text, &mapped);
            Explained {
                offset: taken.offset,
                format: Some(taken.alert.format),
                because: format!("it has {}", compiled.table.because),
                origin: Some(compiled.table.origin),
                frame: taken.wrapping.as_ref().map(|it| it.layers().join("\n")),
                mapped: mapped
                    .into_iter()
                    .map(|took| Mapped {
                        value: value_of(&taken.alert, &took.what),
                        what: took.what,
                        path: took.path,
                    })
                    .collect(),
                unmapped,
                alert: Some(taken.alert.clone()),
            }
        }
    }
}

/// Reads the document once more, keeping where each value comes from.
fn trace(compiled: &Compiled, text: &str) -> Option<Vec<super::gathered::Took>> {
    if let Some(line) = line_of(compiled, text) {
        let object = Object::of_text(line.fields.into_iter(), &compiled.names).ok()?;
        return alert(compiled, &object, text, Gathered::traced()).ok()?.1;
    }
    let top = Top::parse(text).ok()?;
    let object = Object::read(top.entries(), &compiled.names).ok()?;
    alert(compiled, &object, text, Gathered::traced()).ok()?.1
}

fn value_of(alert: &Alert, what: &str) -> Option<Text> {
    let text = match what {
        "id" => alert.identity.id.as_ref()?.to_string(),
        "product" => alert.identity.product.to_string(),
        "time" => alert.time.to_string(),
        "observed" => alert.observed?.to_string(),
        "severity" => alert.severity.word().to_owned(),
        "severity as written" => alert.source_severity.to_string(),
        what => match what.strip_prefix("observable ") {
            Some(_) => return None,
            None => alert.field(Field::parse(what)?)?.to_owned(),
        },
    };
    Some(Text::capped(&text, SHOWN_BYTES))
}

/// The values of a document at whose path nothing was taken.
fn unmapped(compiled: &Compiled, text: &str, mapped: &[super::gathered::Took]) -> Vec<Unmapped> {
    let mut all: Vec<(String, String)> = Vec::new();
    if let Some(line) = line_of(compiled, text) {
        let fields = line.fields.into_iter();
        all.extend(fields.map(|(key, value)| (key.to_owned(), value.into_owned())));
    } else if let Ok(value) = serde_json::from_str::<Value>(text) {
        leaves(compiled, &value, &mut Vec::new(), &mut all);
    }
    // Quotes are ours, and so is the case of letters where it does not matter.
    let loose = super::source::is_loose(compiled.table.source);
    let plain = |path: &str| {
        let bare = path.replace('"', "");
        if loose {
            bare.to_ascii_lowercase()
        } else {
            bare
        }
    };
    let paths = mapped.iter().flat_map(|took| took.path.split(", "));
    let taken: BTreeSet<String> = paths.map(plain).collect();
    all.into_iter()
        .filter(|(path, _)| {
            !taken.contains(&plain(path)) && !compiled.table.checks.contains(&path.as_str())
        })
        .take(MOST_UNMAPPED)
        .map(|(path, value)| Unmapped {
            read: compiled.names.knows(steps(&path)),
            value: Text::capped(&value, SHOWN_BYTES),
            path,
        })
        .collect()
}

/// The document taken apart, where it is a line of text.
fn line_of<'a>(compiled: &Compiled, text: &'a str) -> Option<super::line::Line<'a>> {
    match compiled.table.source {
        source @ (Source::Cef | Source::Leef) => super::line::read(text, From::Only(source)).ok(),
        Source::Ocsf
        | Source::Wazuh
        | Source::Eve
        | Source::Elastic
        | Source::Crowdstrike
        | Source::SentinelOne
        | Source::Graph
        | Source::Sentinel
        | Source::GuardDuty
        | Source::SecurityHub => None,
    }
}

/// Every value that is no object or array, with its path.
fn leaves(
    compiled: &Compiled,
    value: &Value,
    path: &mut Vec<String>,
    all: &mut Vec<(String, String)>,
) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                path.push(key.clone());
                leaves(compiled, value, path, all);
                path.pop();
            }
        }
        Value::Array(elements) => {
            for element in elements {
                leaves(compiled, element, path, all);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            let leads_on = compiled.names.leads_on(path.iter().map(String::as_str));
            let inner = leads_on.then(|| serde_json::from_str::<Value>(text));
            match inner {
                Some(Ok(inner @ (Value::Object(_) | Value::Array(_)))) => {
                    leaves(compiled, &inner, path, all);
                }
                Some(_) | None => all.push((path.join("."), text.clone())),
            }
        }
        Value::Bool(_) | Value::Number(_) => all.push((path.join("."), value.to_string())),
    }
}
