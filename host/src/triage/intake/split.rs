//! Bytes to documents. A document is one JSON object; what stands between documents (white space,
//! commas, the brackets of arrays, byte order marks) is skipped, and everything else is a piece of
//! its own that is handed on to be rejected.
//!
//! Nothing is known of the form of the input: lines, arrays, pretty print and any mix are read by
//! the same rules, in bounded memory. What matters is that a broken document does not eat a healthy
//! neighbour, also where somebody could choose what stands inside its strings. So a document that is
//! open ends early
//! - at a line break inside a string, which JSON does not have (in a document that already spans
//!   lines, the string ends there instead);
//! - before a `{` where JSON allows none, for example where a key is due;
//! - before a line that opens with `{` and is indented no deeper than the document's first line,
//!   when its lines so far were;
//! - before a line that is indented no deeper than the document's first line and opens with a
//!   complete object that is recognisably an alert or a record of a format we take.
//!
//! Text that is no JSON is a piece up to the end of its line, also where an object stands in it: the
//! rules of JSON strings do not hold there, so whoever chose a part of the line could have written
//! that object. Inside a document nobody can: a quotation mark in a JSON string is escaped, and an
//! object that is cut out of one therefore does not parse.

use super::MAX_DOCUMENT_BYTES;
use super::open::Open;
use std::io;

/// How much of a piece over the limit is kept.
pub(super) const KEPT_BYTES: usize = 64 * 1024;
const CHUNK_BYTES: usize = 128 * 1024;

/// How often in one open document an object that spans lines is looked at ahead, so that a hostile
/// document costs no more than its length.
const LOOKS_AHEAD: u32 = 32;

/// What a piece of the input looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Begins with `{` and is closed.
    Object,
    /// Begins with `{` or a nested `[`, and ends before it is closed.
    Unclosed,
    /// An array inside an array.
    Array,
    /// A string, a number or a literal by itself.
    Scalar,
    /// No JSON.
    Text,
}

/// A piece of the input.
pub(super) struct Piece {
    pub(super) offset: u64,
    /// All of it, or the first [`KEPT_BYTES`] where `length` is over [`MAX_DOCUMENT_BYTES`].
    pub(super) bytes: Vec<u8>,
    pub(super) length: u64,
    pub(super) form: Form,
}

/// The last separator passed, which decides what a `[` is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Element,
    Closed,
}

/// Reads pieces from an input.
pub(super) struct Split<R> {
    input: R,
    buffer: Vec<u8>,
    /// Where in the buffer the part begins that was not handed out yet.
    start: usize,
    /// Where in the input the buffer begins.
    base: u64,
    ended: bool,
    failed: Option<io::Error>,
    in_array: bool,
    before: Before,
    /// White space that the current line begins with, and whether nothing else was seen on it.
    indent: usize,
    fresh_line: bool,
    /// Up to here in the input, lines are known not to be whole documents.
    not_whole: u64,
}

impl<R: io::Read> Split<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            base: 0,
            ended: false,
            failed: None,
            in_array: false,
            before: Before::Closed,
            indent: 0,
            fresh_line: true,
            not_whole: 0,
        }
    }

    /// The error that ended the input, once.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// Skips what separates documents; whether there is anything behind it.
    pub(super) fn seek(&mut self) -> bool {
        if self.start >= CHUNK_BYTES.max(self.buffer.len() / 2) {
            self.discard(self.start);
        }
        loop {
            let Some(&byte) = self.buffer.get(self.start) else {
                self.discard(self.start);
                if self.fill() {
                    continue;
                }
                return false;
            };
            match byte {
                b' ' | b'\t' => self.indent += usize::from(self.fresh_line),
                b'\n' => (self.indent, self.fresh_line) = (0, true),
                b'\r' => {}
                b',' => (self.before, self.fresh_line) = (Before::Element, false),
                b']' => {
                    (self.in_array, self.before) = (false, Before::Closed);
                    self.fresh_line = false;
                }
                b'[' => {
                    // At the very beginning of a line, a new array: the last one was cut off.
                    let new_array = self.fresh_line && self.indent == 0;
                    if self.in_array && self.before == Before::Element && !new_array {
                        return true;
                    }
                    (self.in_array, self.before) = (true, Before::Element);
                    self.fresh_line = false;
                }
                0xEF if self.sees(b"\xEF\xBB\xBF") => self.start += 2,
                _ => return true,
            }
            self.start += 1;
        }
    }

    /// The offset of what comes next.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The rest of the line, if it begins with `{`, ends with `}` and is all here already: most
    /// likely a whole document. It stays unread until [`Self::accept`]; if it is none, the line is
    /// not given out again, so that a long line of many documents is not looked at once for each.
    pub(super) fn likely_document(&mut self) -> Option<&[u8]> {
        let offset = self.offset();
        if offset < self.not_whole {
            return None;
        }
        let rest = self.buffer.get(self.start..)?;
        if rest.first() != Some(&b'{') {
            return None;
        }
        let end = memchr::memchr(b'\n', rest);
        self.not_whole = offset + end.unwrap_or(rest.len()) as u64;
        let line = rest.get(..end?)?;
        let separator = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b',' | b']');
        let line = line.get(..line.iter().rposition(|b| !separator(b))? + 1)?;
        (line.last() == Some(&b'}') && line.len() <= MAX_DOCUMENT_BYTES).then_some(line)
    }

    /// Takes the next bytes as read: they were a document.
    pub(super) fn accept(&mut self, length: usize) {
        self.start += length;
        (self.before, self.fresh_line) = (Before::Closed, false);
    }

    /// The next piece; to be called when [`Self::seek`] said there is one.
    pub(super) fn piece(&mut self, is_alert: impl Fn(&[u8]) -> bool) -> Piece {
        let indent = self.indent;
        let piece = match self.buffer.get(self.start) {
            Some(b'{' | b'[') => self.document(indent, is_alert),
            Some(_) | None => self.not_a_document(),
        };
        (self.before, self.fresh_line) = (Before::Closed, false);
        piece
    }

    fn document(&mut self, indent: usize, is_alert: impl Fn(&[u8]) -> bool) -> Piece {
        let mut kept = Kept::default();
        let closed_form = match self.buffer.get(self.start) {
            Some(b'[') => Form::Array,
            Some(_) | None => Form::Object,
        };
        let mut open = Open::new(self.start, indent);
        let closed = loop {
            let Some(&byte) = self.buffer.get(open.at) else {
                let read = open.at - self.start;
                if read > MAX_DOCUMENT_BYTES || (kept.length > 0 && read > KEPT_BYTES) {
                    self.spill(&mut kept, read);
                    open.at = self.start;
                }
                if self.fill() {
                    continue;
                }
                break false;
            };
            if open.in_string && byte != b'\n' {
                let rest = self.buffer.get(open.at..).unwrap_or_default();
                open.pass_string(rest);
                continue;
            }
            match byte {
                b'\n' => {
                    if open.in_string && open.lines == 0 {
                        break false;
                    }
                    open.end_string();
                    if self.another_begins(&mut open, &is_alert) {
                        break false;
                    }
                }
                b'"' => open.in_string = true,
                b'{' if !open.may_open() => break false,
                b'{' | b'[' => open.push(byte),
                b'}' | b']' => {
                    if open.close(byte) {
                        open.at += 1;
                        break true;
                    }
                }
                b' ' | b'\t' | b'\r' => {}
                _ => open.last = byte,
            }
            open.at += 1;
        };
        let form = if closed { closed_form } else { Form::Unclosed };
        self.cut(kept, open.at - self.start, form)
    }

    /// At a line break in an open document: whether the next line begins another one.
    fn another_begins(&mut self, open: &mut Open, is_alert: &impl Fn(&[u8]) -> bool) -> bool {
        let line = open.at + 1;
        let mut first = line;
        let byte = loop {
            match self.buffer.get(first).copied() {
                Some(b' ' | b'\t') if first - line < KEPT_BYTES => first += 1,
                Some(byte) => break byte,
                None if self.fill() => {}
                None => return false,
            }
        };
        let indent = first - line;
        let begins = match byte {
            b'{' | b'[' => {
                !open.may_open()
                    || (open.deeper && indent <= open.indent)
                    || (indent <= open.indent
                        && (is_alert(self.line_from(first))
                            || self.spans_lines(open, first, is_alert)))
            }
            _ => false,
        };
        if !begins && byte != b'\r' && byte != b'\n' {
            open.lines += 1;
            open.deeper |= indent > open.indent;
            self.indent = indent;
        }
        begins
    }

    /// Whether an alert that may span lines begins here.
    fn spans_lines(
        &mut self,
        open: &mut Open,
        from: usize,
        is_alert: &impl Fn(&[u8]) -> bool,
    ) -> bool {
        if open.looks == LOOKS_AHEAD {
            return false;
        }
        open.looks += 1;
        // As far as is looked, whatever has arrived: how the input arrives changes nothing.
        while self.buffer.len() < from + KEPT_BYTES && self.fill() {}
        let rest = self.buffer.get(from..).unwrap_or_default();
        is_alert(rest.get(..KEPT_BYTES).unwrap_or(rest))
    }

    /// The line from here on, as far as the limit allows.
    fn line_from(&mut self, from: usize) -> &[u8] {
        let mut seen = from;
        loop {
            let rest = self.buffer.get(seen..).unwrap_or_default();
            if let Some(length) = memchr::memchr(b'\n', rest) {
                return self.buffer.get(from..seen + length).unwrap_or_default();
            }
            seen = self.buffer.len();
            if seen - from > MAX_DOCUMENT_BYTES || !self.fill() {
                return self.buffer.get(from..).unwrap_or_default();
            }
        }
    }

    /// Something that is no object: a stray brace, control bytes, a scalar, or a line of text.
    fn not_a_document(&mut self) -> Piece {
        let strays: fn(u8) -> bool = match self.buffer.get(self.start) {
            Some(b'}') => |b| b == b'}',
            Some(b) if is_control(*b) => is_control,
            Some(_) | None => return self.scalar_or_line(),
        };
        let mut kept = Kept::default();
        let mut at = self.start;
        loop {
            match self.buffer.get(at) {
                Some(&b) if strays(b) => at += 1,
                Some(_) => break,
                None => {
                    if at - self.start > MAX_DOCUMENT_BYTES {
                        let read = at - self.start;
                        self.spill(&mut kept, read);
                        at = self.start;
                    }
                    if !self.fill() {
                        break;
                    }
                }
            }
        }
        self.cut(kept, at - self.start, Form::Text)
    }

    fn scalar_or_line(&mut self) -> Piece {
        if let Some(length) = self.scalar() {
            return self.cut(Kept::default(), length, Form::Scalar);
        }
        let mut kept = Kept::default();
        let mut length = self.line_from(self.start).len();
        while length > MAX_DOCUMENT_BYTES {
            self.spill(&mut kept, length);
            length = self.line_from(self.start).len();
        }
        self.cut(kept, length, Form::Text)
    }

    /// The length of a JSON string, number or literal that stands by itself: at the end of its line,
    /// or as an element of an array.
    fn scalar(&mut self) -> Option<usize> {
        let quoted = self.buffer.get(self.start) == Some(&b'"');
        let mut escaped = false;
        let mut length = 1;
        loop {
            match self.byte_ahead(length)? {
                None | Some(b'\n') if quoted => return None,
                Some(b'"') if quoted && !escaped => {
                    length += 1;
                    break;
                }
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b']') if !quoted => break,
                Some(b'\\') => escaped = !escaped,
                Some(_) | None => escaped = false,
            }
            length += 1;
        }
        let token = self.buffer.get(self.start..self.start + length)?;
        serde_json::from_slice::<serde::de::IgnoredAny>(token).ok()?;
        let mut behind = length;
        loop {
            match self.byte_ahead(behind)? {
                Some(b' ' | b'\t' | b'\r') => behind += 1,
                None | Some(b'\n') => return Some(length),
                Some(b',' | b']') => return self.in_array.then_some(length),
                Some(_) => return None,
            }
        }
    }

    /// The byte so far behind the next one, or that there is none; nothing if that is too far.
    fn byte_ahead(&mut self, by: usize) -> Option<Option<u8>> {
        loop {
            match self.buffer.get(self.start + by) {
                Some(&byte) => return (by < KEPT_BYTES).then_some(Some(byte)),
                None => {
                    if !self.fill() {
                        return Some(None);
                    }
                }
            }
        }
    }

    /// Hands out the next bytes, without white space at their end.
    fn cut(&mut self, kept: Kept, length: usize, form: Form) -> Piece {
        let offset = self.offset() - kept.length;
        let end = self.start + length;
        let here = self.buffer.get(self.start..end).unwrap_or_default();
        let end = here
            .iter()
            .rposition(|b| !is_blank(*b))
            .map_or(0, |last| last + 1);
        let here = here.get(..end).unwrap_or(here);
        let whole = kept.length + here.len() as u64;
        let mut bytes = kept.bytes;
        if whole > MAX_DOCUMENT_BYTES as u64 {
            let room = KEPT_BYTES.saturating_sub(bytes.len());
            bytes.extend_from_slice(here.get(..room).unwrap_or(here));
        } else {
            bytes.extend_from_slice(here);
        }
        self.start += here.len();
        Piece {
            offset,
            bytes,
            length: whole,
            form,
        }
    }

    /// Lets go of the next bytes of a piece that is over the limit.
    fn spill(&mut self, kept: &mut Kept, length: usize) {
        let end = self.start + length;
        let here = self.buffer.get(self.start..end).unwrap_or_default();
        let room = KEPT_BYTES.saturating_sub(kept.bytes.len());
        kept.bytes
            .extend_from_slice(here.get(..room).unwrap_or(here));
        kept.length += length as u64;
        self.discard(end);
    }

    fn discard(&mut self, length: usize) {
        self.buffer.drain(..length.min(self.buffer.len()));
        self.base += length as u64;
        self.start = 0;
    }

    fn sees(&mut self, what: &[u8]) -> bool {
        while self.buffer.len() < self.start + what.len() && self.fill() {}
        self.buffer
            .get(self.start..)
            .is_some_and(|rest| rest.starts_with(what))
    }

    /// Reads more; whether there was more.
    fn fill(&mut self) -> bool {
        while !self.ended {
            let had = self.buffer.len();
            self.buffer.resize(had + CHUNK_BYTES, 0);
            let read = match self.buffer.get_mut(had..) {
                Some(room) => self.input.read(room),
                None => Ok(0),
            };
            self.buffer
                .truncate(had + *read.as_ref().unwrap_or(&0).min(&CHUNK_BYTES));
            match read {
                Ok(0) => self.ended = true,
                Ok(_) => return true,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.ended = true;
                    self.failed = Some(e);
                }
            }
        }
        false
    }
}

/// What is kept of a piece over the limit.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    length: u64,
}

fn is_control(b: u8) -> bool {
    b.is_ascii_control() && !is_blank(b)
}

/// JSON's white space. A form feed is none: taken for it, a line of form feeds would be a piece of
/// no length, and the input would never end.
fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}
