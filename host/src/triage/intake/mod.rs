//! Alerts in: bytes to documents, a document to an alert or a reject. Nothing is lost on the way:
//! every byte of the input that is no separator belongs to exactly one of them.
//!
//! A source is one table (`source/`): where each field is taken from. One reader reads all tables
//! (`table.rs`), from a tree of what they name (`tree.rs`), and [`explain`] tells what it did.

mod detect;
mod envelope;
mod explain;
mod gathered;
mod inflate;
mod json;
mod line;
mod observables;
mod open;
mod reason;
mod severity;
mod source;
mod split;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod tree;

use crate::model::{Alert, Digest, Field, Identity, Source, TimeBasis};
use detect::Top;
pub use explain::{Explained, FormatTaken, Mapped, Unmapped, explain, formats};
use gathered::Gathered;
pub use observables::{LONG_TEXT_BYTES, MOST_OBSERVABLES, TEXT_BYTES};
pub use reason::Reason;
use split::{Form, Piece, Split};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use table::{Compiled, To};
use tree::Object;

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
    /// Parses `auto` or one of the words of [`Source`].
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            word => Source::parse(word).map(Self::Only),
        }
    }

    /// The words that [`From::parse`] takes.
    pub fn words() -> impl Iterator<Item = &'static str> {
        std::iter::once("auto").chain(Source::ALL.iter().map(|source| source.word()))
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
    /// Where its first byte stands in the input, from 0.
    pub offset: u64,
    /// The document as it came, without what wrapped it.
    pub bytes: Vec<u8>,
    /// What wrapped it, with `null` where the documents were: the same for all of one envelope.
    pub frame: Option<Arc<str>>,
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

/// The documents of an input, in their order: JSON objects one a line, in arrays, pretty printed or
/// one after the other, in any mix; plain, gzip or zstd. The input is read as it is needed, never as
/// a whole. Offsets are those of the inflated input.
///
/// An error of the input is given out after everything before it, and ends the iteration.
pub fn documents(input: impl io::Read, from: From) -> impl Iterator<Item = io::Result<Document>> {
    Documents {
        split: Split::new(inflate::Inflated::new(input)),
        from,
        opened: VecDeque::new(),
    }
}

struct Documents<R> {
    split: Split<R>,
    from: From,
    /// What an envelope held and was not given out yet.
    opened: VecDeque<Document>,
}

impl<R: io::Read> Documents<R> {
    fn give(&mut self, found: Found) -> Option<Document> {
        match found {
            Found::One(document) => Some(document),
            Found::Several(all) => {
                self.opened = all.into();
                self.opened.pop_front()
            }
        }
    }
}

impl<R: io::Read> Iterator for Documents<R> {
    type Item = io::Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(document) = self.opened.pop_front() {
            return Some(Ok(document));
        }
        if !self.split.seek() {
            return self.split.take_error().map(Err);
        }
        let offset = self.split.offset();
        // Nearly always the rest of the line is the document, and reading it is the proof. Valid
        // JSON has one end, so this finds what the long way finds.
        if let Some(line) = self.split.likely_document()
            && let Ok(text) = std::str::from_utf8(line)
            && let Ok(top) = Top::parse(text)
        {
            let found = understand(self.from, &top, text, offset, 0);
            let length = line.len();
            self.split.accept(length);
            return self.give(found).map(Ok);
        }
        let piece = self.split.piece(detect::begins_with_alert);
        let found = judge(self.from, piece);
        self.give(found).map(Ok)
    }
}

/// What a piece of the input was.
enum Found {
    One(Document),
    /// The documents of an envelope; at least one.
    Several(Vec<Document>),
}

/// A piece found the long way.
fn judge(from: From, piece: Piece) -> Found {
    let reject = |reason, bytes| {
        Found::One(Document::Reject(Reject {
            offset: piece.offset,
            reason,
            bytes,
            length: piece.length,
        }))
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
        Form::Object => match Top::parse(text) {
            Ok(top) => return understand(from, &top, text, piece.offset, 0),
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
        Form::Text => return Found::One(one_line(from, text, piece.offset)),
    };
    reject(reason, piece.bytes)
}

/// A line that is no JSON.
fn one_line(from: From, text: &str, offset: u64) -> Document {
    let bare = text.trim_ascii_end();
    let read = line::read(bare, from).and_then(|line| {
        let compiled = Compiled::of(line.source);
        let object = Object::of_text(line.fields.into_iter(), &compiled.names)
            .map_err(|e| Reason::of_json(&e))?;
        alert(compiled, &object, bare, Gathered::default())
    });
    match read {
        Ok((alert, _)) => taken(alert, bare, offset),
        Err(reason) => rejected(reason, text, offset),
    }
}

fn taken(alert: Alert, document: &str, offset: u64) -> Document {
    Document::Alert(Taken {
        alert,
        offset,
        bytes: document.as_bytes().to_vec(),
        frame: None,
    })
}

fn rejected(reason: Reason, document: &str, offset: u64) -> Document {
    Document::Reject(Reject {
        offset,
        reason,
        bytes: document.as_bytes().to_vec(),
        length: document.len() as u64,
    })
}

/// Envelopes in envelopes that are opened.
const MOST_ENVELOPES: u32 = 4;
/// The most documents in one envelope.
pub const MOST_INSIDE: usize = 65_536;
/// What the frame of an envelope of envelopes takes at most, over all its copies.
const COPIED_FRAMES_BYTES: usize = 1024 * 1024;

/// A document that is JSON.
fn understand(from: From, top: &Top<'_>, document: &str, offset: u64, depth: u32) -> Found {
    let source = match from {
        From::Auto => detect::detect(top),
        From::Only(source) if (source::table(source).is)(top) => Ok(Some(source)),
        From::Only(_) => Ok(None),
    };
    let source = match source {
        Ok(source) => source,
        Err(reason) => return Found::One(rejected(reason, document, offset)),
    };
    if source.is_none()
        && depth < MOST_ENVELOPES
        && let Some(opened) = envelope::open(top, document)
    {
        return unwrap(from, opened, document, offset, depth);
    }
    let source = source.or(match from {
        From::Auto => None,
        From::Only(source) => Some(source),
    });
    let Some(source) = source else {
        return Found::One(rejected(detect::unknown(top), document, offset));
    };
    let compiled = Compiled::of(source);
    let read = Object::read(top.entries(), &compiled.names)
        .map_err(|e| Reason::of_json(&e))
        .and_then(|object| alert(compiled, &object, document, Gathered::default()));
    Found::One(match read {
        Ok((alert, _)) => taken(alert, document, offset),
        Err(reason) => rejected(reason, document, offset),
    })
}

/// The documents of an envelope. Where none of them is an alert, the whole is one reject.
fn unwrap(
    from: From,
    opened: envelope::Opened<'_>,
    document: &str,
    offset: u64,
    depth: u32,
) -> Found {
    let too_many = || {
        let envelope = opened.name;
        let reason = Reason::TooManyInside { envelope };
        Found::One(rejected(reason, document, offset))
    };
    if opened.too_many {
        return too_many();
    }
    let mut all = Vec::with_capacity(opened.inner.len());
    for (text, at) in &opened.inner {
        let place = offset + *at as u64;
        match Top::parse(text) {
            Ok(top) => match understand(from, &top, text, place, depth + 1) {
                Found::One(one) => all.push(one),
                Found::Several(several) => all.extend(several),
            },
            Err(e) if text.starts_with('{') => {
                all.push(rejected(Reason::of_json(&e), text, place));
            }
            Err(_) => all.push(one_line(from, text, place)),
        }
        if all.len() > MOST_INSIDE {
            return too_many();
        }
    }
    // A copy for each envelope inside: together no more than that.
    let outer = envelope::cut(&opened.frame, COPIED_FRAMES_BYTES / all.len().max(1));
    let mut first_reason = None;
    let mut any = false;
    for one in &mut all {
        match one {
            Document::Alert(taken) => {
                any = true;
                taken.frame = Some(match &taken.frame {
                    // The outer frame first: from the outside in.
                    Some(inner) => format!("{outer}\n{inner}").into(),
                    None => opened.frame.clone(),
                });
            }
            Document::Reject(reject) => {
                first_reason.get_or_insert_with(|| reject.reason.clone());
            }
        }
    }
    match first_reason {
        Some(reason) if !any => {
            let reason = Reason::Inside {
                envelope: opened.name,
                reason: Box::new(reason),
            };
            Found::One(rejected(reason, document, offset))
        }
        Some(_) | None => Found::Several(all),
    }
}

/// The texts at a path in a document: of a string, a number or a boolean, or of those in an array;
/// in a line of CEF or LEEF, of its field of that name. Keys with dots and objects in objects are the
/// same path. A key that stands there twice gives both: whoever decides by it must see that.
///
/// The case of keys does not matter where a source's own documents come in several.
pub fn values(format: Option<Source>, document: &[u8], path: &str) -> Vec<String> {
    let text = std::str::from_utf8(document).unwrap_or_default();
    let mut found = Vec::new();
    if let Ok(top) = Top::parse(text) {
        let loose = format.is_some_and(source::is_loose);
        collect(&top, path, loose, &mut found);
    } else if let Ok(line) = line::read(text, From::Auto) {
        let fields = line.fields.into_iter().filter(|(key, _)| *key == path);
        found.extend(fields.map(|(_, value)| value.into_owned()));
    }
    found
}

fn collect(top: &Top<'_>, path: &str, loose: bool, found: &mut Vec<String>) {
    for (key, value) in top.entries() {
        let begin = path.get(..key.len());
        let is = begin.is_some_and(|begin| match loose {
            true => begin.eq_ignore_ascii_case(key),
            false => begin == key,
        });
        if !is {
            continue;
        }
        let rest = path.get(key.len()..).unwrap_or_default();
        for value in json::list(Some(value), tree::MOST_ELEMENTS) {
            let is_object = json::first_byte(value) == b'{';
            match rest.strip_prefix('.') {
                None if rest.is_empty() && !is_object => {
                    found.extend(json::text(Some(value)).map(|text| text.into_owned()));
                }
                Some(rest) if is_object => {
                    if let Ok(below) = Top::parse(value.get()) {
                        collect(&below, rest, loose, found);
                    }
                }
                None | Some(_) => {}
            }
        }
    }
}

/// What a document of a source says, and where it was taken from if `it` keeps that.
fn alert(
    compiled: &Compiled,
    object: &Object<'_>,
    document: &str,
    mut it: Gathered,
) -> Result<(Alert, Option<Vec<gathered::Took>>), Reason> {
    let source = compiled.table.source;
    let missing = |field| Reason::Missing { source, field };
    compiled.gather(object, &mut it)?;
    let product = it
        .product
        .take()
        .or_else(|| Some(crate::model::Text::capped(compiled.table.product?, 512)))
        .ok_or_else(|| missing(compiled.first_path(|to| matches!(to, To::Product))))?;
    it.set(Field::Product, Some(product.as_str()));
    if !it.has(Field::RuleId) {
        let is_rule = |to| matches!(to, To::Field(Field::RuleId));
        return Err(missing(compiled.first_path(is_rule)));
    }
    let (time, basis) = match (it.event, it.observed) {
        (Some((time, true)), _) => (time, TimeBasis::Event),
        (Some((time, false)), _) => (time, TimeBasis::EventZoneAssumed),
        (None, Some((time, true))) => (time, TimeBasis::Observed),
        (None, Some((time, false))) => (time, TimeBasis::ObservedZoneAssumed),
        (None, None) => {
            let is_time = |to| matches!(to, To::Event);
            let nothing = || missing(compiled.first_path(is_time));
            return Err(it.unread.take().unwrap_or_else(nothing));
        }
    };
    let identity = Identity {
        product,
        id: it.id.take(),
    };
    let (severity, source_severity) = (
        it.severity.unwrap_or_default(),
        it.severity_text.take().unwrap_or_default(),
    );
    let observed = it.observed.map(|(time, _)| time);
    let took = it.took.take();
    let (fields, observables) = it.finish();
    let alert = Alert {
        identity,
        format: source,
        time,
        basis,
        observed,
        severity,
        source_severity,
        digest: Digest::of(document.as_bytes()),
        fields,
        observables,
    };
    Ok((alert, took))
}
