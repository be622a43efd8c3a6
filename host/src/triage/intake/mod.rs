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
mod whole;
mod wrapping;

use crate::model::{Alert, Digest, Field, Identity, Source, TimeBasis};
use detect::Top;
pub use explain::{Explained, FormatTaken, Mapped, Unmapped, explain, formats};
use gathered::Gathered;
pub use observables::{LONG_TEXT_BYTES, MOST_OBSERVABLES, TEXT_BYTES};
pub use reason::{NotWhole, Reason};
use split::{Form, Piece, Split};
use std::collections::VecDeque;
use std::io;
use table::{Compiled, To};
use tree::Object;
pub use whole::Whole;
pub use wrapping::{Stored, Wrapping};

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
    /// What wrapped it: the same for all of one envelope.
    pub wrapping: Option<Wrapping>,
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
    /// What wrapped it.
    pub wrapping: Option<Wrapping>,
}

/// The documents of an input, in their order: JSON objects one a line, in arrays, pretty printed or
/// one after the other, in any mix; plain, gzip or zstd. The input is read as it is needed, never as
/// a whole. Offsets are those of the inflated input.
///
/// An error of the input is given out after everything before it, and ends the iteration.
pub fn documents(input: impl io::Read, from: From) -> impl Iterator<Item = io::Result<Document>> {
    within(input, from, None)
}

/// As [`documents`], of an input that is wrapped as a whole.
pub(crate) fn within(
    input: impl io::Read,
    from: From,
    wrapping: Option<Wrapping>,
) -> impl Iterator<Item = io::Result<Document>> {
    Documents {
        split: Split::new(inflate::Inflated::new(input)),
        from,
        wrapping,
        opened: VecDeque::new(),
    }
}

struct Documents<R> {
    split: Split<R>,
    from: From,
    /// What wraps all of it.
    wrapping: Option<Wrapping>,
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
            let way = Way::new(self.from, self.wrapping.as_ref());
            let found = understand(way, &top, text, offset);
            let length = line.len();
            self.split.accept(length);
            return self.give(found).map(Ok);
        }
        let piece = self.split.piece(detect::begins_with_alert);
        let found = judge(Way::new(self.from, self.wrapping.as_ref()), piece);
        self.give(found).map(Ok)
    }
}

/// How a document is looked at: as what, and in which envelopes.
#[derive(Clone, Copy)]
struct Way<'w> {
    from: From,
    wrapping: Option<&'w Wrapping>,
    depth: u32,
}

impl<'w> Way<'w> {
    fn new(from: From, wrapping: Option<&'w Wrapping>) -> Self {
        Self {
            from,
            wrapping,
            depth: 0,
        }
    }

    fn inside(self, wrapping: &'w Wrapping) -> Self {
        Self {
            from: self.from,
            wrapping: Some(wrapping),
            depth: self.depth + 1,
        }
    }

    fn taken(self, alert: Alert, document: &str, offset: u64) -> Document {
        Document::Alert(Taken {
            alert,
            offset,
            bytes: document.as_bytes().to_vec(),
            wrapping: self.wrapping.cloned(),
        })
    }

    fn rejected(self, reason: Reason, document: &str, offset: u64) -> Document {
        Document::Reject(Reject {
            offset,
            reason,
            bytes: document.as_bytes().to_vec(),
            length: document.len() as u64,
            wrapping: self.wrapping.cloned(),
        })
    }
}

/// What a piece of the input was.
enum Found {
    One(Document),
    /// The documents of an envelope; at least one.
    Several(Vec<Document>),
}

/// A piece found the long way.
fn judge(way: Way<'_>, piece: Piece) -> Found {
    let reject = |reason, bytes| {
        Found::One(Document::Reject(Reject {
            offset: piece.offset,
            reason,
            bytes,
            length: piece.length,
            wrapping: way.wrapping.cloned(),
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
            Ok(top) => return understand(way, &top, text, piece.offset),
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
        Form::Text => return Found::One(one_line(way, text, piece.offset)),
    };
    reject(reason, piece.bytes)
}

/// A line that is no JSON.
fn one_line(way: Way<'_>, text: &str, offset: u64) -> Document {
    let bare = text.trim_ascii_end();
    let read = line::read(bare, way.from).and_then(|line| {
        let compiled = Compiled::of(line.source);
        let object = Object::of_text(line.fields.into_iter(), &compiled.names)
            .map_err(|e| Reason::of_json(&e))?;
        alert(compiled, &object, bare, Gathered::default())
    });
    match read {
        Ok((alert, _)) => way.taken(alert, bare, offset),
        Err(reason) => way.rejected(reason, text, offset),
    }
}

/// Envelopes in envelopes that are opened.
const MOST_ENVELOPES: u32 = 4;
/// The most documents in one envelope.
pub const MOST_INSIDE: usize = 65_536;

/// A document that is JSON.
fn understand(way: Way<'_>, top: &Top<'_>, document: &str, offset: u64) -> Found {
    let source = match way.from {
        From::Auto => detect::detect(top),
        From::Only(source) if (source::table(source).is)(top) => Ok(Some(source)),
        From::Only(_) => Ok(None),
    };
    let source = match source {
        Ok(source) => source,
        Err(reason) => return Found::One(way.rejected(reason, document, offset)),
    };
    if source.is_none()
        && way.depth < MOST_ENVELOPES
        && let Some(opened) = envelope::open(top, document)
    {
        return unwrap(way, opened, document, offset);
    }
    let source = source.or(match way.from {
        From::Auto => None,
        From::Only(source) => Some(source),
    });
    let Some(source) = source else {
        return Found::One(way.rejected(detect::unknown(top), document, offset));
    };
    let compiled = Compiled::of(source);
    let read = Object::read(top.entries(), &compiled.names)
        .map_err(|e| Reason::of_json(&e))
        .and_then(|object| alert(compiled, &object, document, Gathered::default()));
    Found::One(match read {
        Ok((alert, _)) => way.taken(alert, document, offset),
        Err(reason) => way.rejected(reason, document, offset),
    })
}

/// The documents of an envelope. Where none of them is an alert, the whole is one reject.
fn unwrap(way: Way<'_>, opened: envelope::Opened<'_>, document: &str, offset: u64) -> Found {
    let envelope = opened.name;
    let too_many = || {
        let reason = Reason::TooManyInside { envelope };
        Found::One(way.rejected(reason, document, offset))
    };
    if opened.too_many {
        return too_many();
    }
    let wrapping = Wrapping::around(opened.frame, opened.inner.len(), way.wrapping);
    let inside = way.inside(&wrapping);
    let mut all = Vec::with_capacity(opened.inner.len());
    for (text, at) in &opened.inner {
        let place = offset + *at as u64;
        match Top::parse(text) {
            Ok(top) => match understand(inside, &top, text, place) {
                Found::One(one) => all.push(one),
                Found::Several(several) => all.extend(several),
            },
            Err(e) if text.starts_with('{') => {
                all.push(inside.rejected(Reason::of_json(&e), text, place));
            }
            Err(_) => all.push(one_line(inside, text, place)),
        }
        if all.len() > MOST_INSIDE {
            return too_many();
        }
    }
    let mut first_reason = None;
    for one in &all {
        match one {
            Document::Alert(_) => return Found::Several(all),
            Document::Reject(reject) => {
                first_reason.get_or_insert_with(|| reject.reason.clone());
            }
        }
    }
    match first_reason {
        Some(reason) => {
            let reason = Reason::Inside {
                envelope,
                reason: Box::new(reason),
            };
            Found::One(way.rejected(reason, document, offset))
        }
        None => Found::Several(all),
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
