//! Why a document was not taken.

use super::{MAX_DOCUMENT_BYTES, MOST_INSIDE};
use crate::model::{Source, Text};
use std::fmt;

/// Why a document was not taken: what is wrong, where, and what would be right. Lines, columns and
/// bytes inside a document are counted from 1; text of the document in it is bounded and visible.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`Display` says what each field is")]
pub enum Reason {
    /// Longer than [`MAX_DOCUMENT_BYTES`].
    TooLong { bytes: u64 },
    /// Bytes that are no UTF-8; `byte` is an offset in the input, from 0.
    NotUtf8 { byte: u64 },
    /// It ends before it is closed: cut off, or a line break inside a string.
    Unclosed { line: usize, column: usize },
    /// An object, but no JSON.
    Syntax {
        line: usize,
        column: usize,
        what: Text,
    },
    /// JSON, but no object: an array in an array.
    NestedArray,
    /// JSON, but no object: a string, a number or a literal.
    Scalar,
    /// No JSON; with the name of the text format where it is recognisable.
    NotJson { looks_like: Option<&'static str> },
    /// A line of a text format whose header breaks off.
    Header {
        format: &'static str,
        want: &'static str,
    },
    /// A key that is read occurs twice, so that two readers could take different values.
    Duplicate { key: Text },
    /// Of a form we take, twice over.
    Ambiguous { one: Source, other: Source },
    /// Of a form we know and do not take.
    NotTakenYet { format: Text },
    /// Of no form we know.
    Unknown { keys: Text },
    /// In an envelope of which nothing could be taken; the reason is that of its first document.
    Inside {
        envelope: &'static str,
        reason: Box<Reason>,
    },
    /// An envelope of more documents than are taken from one.
    TooManyInside { envelope: &'static str },
    /// Of a form we take, and no alert.
    NoAlert { what: Text },
    /// A Suricata record that is no alert.
    SuricataRecord { event_type: Text },
    /// An OCSF event of another class.
    OcsfClass { class: Text },
    /// An OCSF event of another major version.
    OcsfVersion { version: Text },
    /// A field without which it is no alert is missing.
    Missing { source: Source, field: &'static str },
    /// A time that cannot be read, or is before 1970 or after 2200.
    Time { field: &'static str, given: Text },
}

/// Why a document says nothing certain of whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWhole {
    /// Only its beginning is there.
    #[error("only its beginning is there")]
    Cut,
    /// It cannot be read.
    #[error("it is neither JSON nor a known line")]
    Unreadable,
    /// Too many documents are in it, or they are in too many envelopes.
    #[error("more is in it than is looked through")]
    TooMany,
}

/// The way out for whoever has something else.
const FORMATS: &str = "`casemate intake formats` lists what is";

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(
                f,
                "the document is {bytes} bytes long; at most {MAX_DOCUMENT_BYTES} are taken"
            ),
            Self::NotUtf8 { byte } => {
                write!(f, "no UTF-8 at byte {byte} of the input; JSON is UTF-8")
            }
            Self::Unclosed { line, column } => write!(
                f,
                "the document breaks off at line {line} column {column}; a complete JSON object was expected"
            ),
            Self::Syntax { line, column, what } => write!(
                f,
                "no valid JSON at line {line} column {column} of the document: {what}"
            ),
            Self::NestedArray => f.write_str(
                "an array inside an array; an array of objects, or objects one a line, were expected",
            ),
            Self::Scalar => f.write_str("a JSON value that is no object; an object was expected"),
            Self::NotJson { looks_like: None } => {
                f.write_str("text that is no JSON; a JSON object was expected")
            }
            Self::NotJson {
                looks_like: Some(format),
            } => write!(
                f,
                "a line of {format}, which is not taken; a JSON object or a line of CEF or LEEF was expected"
            ),
            Self::Header { format, want } => {
                write!(f, "a line of {format} whose header breaks off; `{want}` was expected")
            }
            Self::Duplicate { key } => {
                write!(f, "the key `{key}` occurs twice in one object; each may occur once")
            }
            Self::Ambiguous { one, other } => write!(
                f,
                "both an {} and a {}; say which with `--from`",
                one.name(),
                other.name()
            ),
            Self::NotTakenYet { format } => {
                write!(f, "{format}, which is not taken; {FORMATS}")
            }
            Self::Unknown { keys } => {
                write!(f, "of no known form (keys: {keys}) and not taken; {FORMATS}")
            }
            Self::Inside { envelope, reason } => write!(f, "in a {envelope}: {reason}"),
            Self::TooManyInside { envelope } => write!(
                f,
                "a {envelope} of more than {MOST_INSIDE} documents; give them in smaller lots, or one a line"
            ),
            Self::NoAlert { what } => write!(f, "{what}: context, not an alert"),
            Self::SuricataRecord { event_type } => {
                write!(f, "Suricata `{event_type}` record: context, not an alert")
            }
            Self::OcsfClass { class } => write!(
                f,
                "OCSF class `{class}`; Detection Finding, `class_uid` 2004, and Security Finding, 2001, are taken"
            ),
            Self::OcsfVersion { version } => {
                write!(f, "OCSF version `{version}`; 1.1 to 1.8 are understood")
            }
            Self::Missing { source, field } => {
                write!(f, "no `{field}`, without which it is no {}", source.name())
            }
            Self::Time { field, given } => write!(
                f,
                "`{field}` is `{given}`; a time with its zone from 1970 to 2200 was expected"
            ),
        }
    }
}

impl std::error::Error for Reason {}

impl Reason {
    /// What serde_json says of a document or a part of one.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // serde's own text for a key that occurs twice names the key in backticks.
        if error.is_data()
            && let Some((_, rest)) = text.split_once("duplicate field `")
            && let Some((key, _)) = rest.split_once('`')
        {
            return Self::Duplicate {
                key: Text::capped(key, 80),
            };
        }
        let what = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(what, _)| what);
        Self::Syntax {
            line: error.line(),
            column: error.column(),
            what: Text::capped(what, 200),
        }
    }
}
