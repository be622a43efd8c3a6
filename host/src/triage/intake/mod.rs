//! Alerts in: bytes to documents, a document to an alert or a reject. Nothing is lost on the way:
//! every byte of the input that is no separator belongs to exactly one of them.

mod detect;
mod eve;
mod json;
mod observables;
mod ocsf;
mod open;
mod reason;
mod severity;
mod split;
#[cfg(test)]
mod tests;
mod time;
mod wazuh;

use crate::model::{Alert, Digest, Identity, Instant, Severity, Source, Text};
pub use observables::{LONG_TEXT_BYTES, MOST_OBSERVABLES, TEXT_BYTES};
pub use reason::Reason;
use split::{Form, Piece, Split};
use std::io;

/// The most bytes a document may have; a longer one is rejected and the next one is read.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// What the documents are to be read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// What each says it is by its own keys.
    #[default]
    Auto,
    /// This, whatever else they look like.
    Only(Source),
}

impl From {
    /// The words that [`From::parse`] takes.
    pub const WORDS: &'static str = "auto, ocsf, wazuh, eve";

    /// Parses one of [`From::WORDS`].
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "ocsf" => Some(Self::Only(Source::Ocsf)),
            "wazuh" => Some(Self::Only(Source::Wazuh)),
            "eve" => Some(Self::Only(Source::Eve)),
            _ => None,
        }
    }
}

/// One document of the input.
#[derive(Clone, Debug)]
pub enum Document {
    /// Taken as an alert.
    Alert(Taken),
    /// Not taken.
    Reject(Reject),
}

/// A document that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The alert.
    pub alert: Alert,
    /// What it was read as.
    pub source: Source,
    /// Where its first byte stands in the input, from 0.
    pub offset: u64,
    /// The document as it came, from `{` to `}`.
    pub bytes: Vec<u8>,
}

/// A piece of the input that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where its first byte stands in the input, from 0.
    pub offset: u64,
    /// Why.
    pub reason: Reason,
    /// As it came; where it is longer than [`MAX_DOCUMENT_BYTES`], its first 64 KiB.
    pub bytes: Vec<u8>,
    /// How many bytes it has in the input.
    pub length: u64,
}

/// What a source's document says, before it is an alert.
struct Essence {
    product: Text,
    id: Option<Text>,
    time: Instant,
    severity: Severity,
    source_severity: Text,
    gathered: observables::Gathered,
}

/// The documents of an input, in their order: JSON objects one a line, in arrays, pretty printed or
/// one after the other, in any mix. The input is read as it is needed, never as a whole.
///
/// An error of the input is given out after everything before it, and ends the iteration.
pub fn documents(input: impl io::Read, from: From) -> impl Iterator<Item = io::Result<Document>> {
    Documents {
        split: Split::new(input),
        from,
    }
}

struct Documents<R> {
    split: Split<R>,
    from: From,
}

impl<R: io::Read> Iterator for Documents<R> {
    type Item = io::Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.split.seek() {
            return self.split.take_error().map(Err);
        }
        let offset = self.split.offset();
        // Nearly always the rest of the line is the document, and reading it is the proof. Valid
        // JSON has one end, so this finds what the long way finds.
        if let Some(line) = self.split.likely_document()
            && let Ok(text) = std::str::from_utf8(line)
            && let Ok(top) = serde_json::from_str(text)
        {
            let document = understand(self.from, &top, text, offset);
            let length = line.len();
            self.split.accept(length);
            return Some(Ok(document));
        }
        let piece = self.split.piece(detect::begins_with_alert);
        Some(Ok(judge(self.from, piece)))
    }
}

/// A piece found the long way.
fn judge(from: From, piece: Piece) -> Document {
    let reject = |reason, bytes| {
        Document::Reject(Reject {
            offset: piece.offset,
            reason,
            bytes,
            length: piece.length,
        })
    };
    if piece.length > MAX_DOCUMENT_BYTES as u64 {
        let bytes = piece.length;
        return reject(Reason::TooLong { bytes }, piece.bytes);
    }
    let text = match std::str::from_utf8(&piece.bytes) {
        Ok(text) => text,
        Err(e) => {
            let byte = piece.offset + e.valid_up_to() as u64;
            return reject(Reason::NotUtf8 { byte }, piece.bytes);
        }
    };
    let reason = match piece.form {
        Form::Object => match serde_json::from_str(text) {
            Ok(top) => return understand(from, &top, text, piece.offset),
            Err(e) => Reason::of_json(&e),
        },
        Form::Unclosed => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Reason::NestedArray,
            Err(e) => Reason::Unclosed {
                line: e.line(),
                column: e.column(),
            },
        },
        Form::Array => Reason::NestedArray,
        Form::Scalar => Reason::Scalar,
        Form::Text => Reason::NotJson {
            looks_like: text_format(text),
        },
    };
    reject(reason, piece.bytes)
}

/// The name of a text format of alerts.
fn text_format(line: &str) -> Option<&'static str> {
    if line.contains("CEF:0|") || line.contains("CEF:1|") {
        Some("CEF")
    } else if line.contains("LEEF:1.0|") || line.contains("LEEF:2.0|") {
        Some("LEEF")
    } else if line.starts_with('<')
        && line
            .split_once('>')
            .is_some_and(|(priority, _)| priority.len() <= 4 && priority.len() > 1)
    {
        Some("syslog")
    } else {
        None
    }
}

/// A document that is JSON.
fn understand(from: From, top: &detect::Top<'_>, document: &str, offset: u64) -> Document {
    let bytes = document.as_bytes().to_vec();
    let source = match from {
        From::Auto => detect::detect(top, document),
        From::Only(source) => Ok(source),
    };
    let read = source.and_then(|source| {
        let essence = match source {
            Source::Ocsf => ocsf::read(top),
            Source::Wazuh => wazuh::read(top),
            Source::Eve => eve::read(top),
            Source::Elastic
            | Source::Crowdstrike
            | Source::SentinelOne
            | Source::Graph
            | Source::Sentinel
            | Source::GuardDuty
            | Source::SecurityHub
            | Source::Cef
            | Source::Leef => Err(Reason::NotTakenYet {
                format: Text::capped(source.name(), 80),
            }),
        };
        essence.map(|essence| (source, essence))
    });
    match read {
        Ok((source, essence)) => {
            let (fields, observables) = essence.gathered.finish();
            let alert = Alert {
                identity: Identity {
                    product: essence.product,
                    id: essence.id,
                },
                format: source,
                time: essence.time,
                basis: crate::model::TimeBasis::Event,
                observed: None,
                severity: essence.severity,
                source_severity: essence.source_severity,
                digest: Digest::of(&bytes),
                fields,
                observables,
            };
            Document::Alert(Taken {
                alert,
                source,
                offset,
                bytes,
            })
        }
        Err(reason) => Document::Reject(Reject {
            offset,
            reason,
            length: bytes.len() as u64,
            bytes,
        }),
    }
}
