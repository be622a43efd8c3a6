//! All that is said of whose a document is: by itself and by what wrapped it, uncut.

use super::detect::Top;
use super::reason::NotWhole;
use super::wrapping::Wrapping;
use super::{Document, From, MOST_ENVELOPES, envelope, json, line, source};
use crate::model::Source;
use std::borrow::Cow;

/// The most values that one path may have in one document; with more it says nothing certain.
const MOST_VALUES: usize = 256;
/// The most elements of one array that are looked through for them.
const MOST_ELEMENTS: usize = 65_536;

/// A document with all that wrapped it, nothing of it cut. Only an uncut document gives one
/// ([`Document::whole`]), and whose a document is, is decided from nothing else.
#[derive(Debug)]
pub struct Whole<'d> {
    format: Option<Source>,
    /// The document; of one that was not taken, also those that are in it.
    documents: Vec<Cow<'d, str>>,
    wrapping: Option<&'d Wrapping>,
    /// Those that are in one that was not taken.
    envelopes: Vec<String>,
}

impl Document {
    /// The document with all that wrapped it.
    ///
    /// # Errors
    /// When it is cut or cannot be read.
    pub fn whole(&self) -> Result<Whole<'_>, NotWhole> {
        let (format, bytes, wrapping) = match self {
            Self::Alert(taken) => (Some(taken.alert.format), &taken.bytes, &taken.wrapping),
            Self::Reject(reject) if reject.bytes.len() as u64 != reject.length => {
                return Err(NotWhole::Cut);
            }
            Self::Reject(reject) => (None, &reject.bytes, &reject.wrapping),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| NotWhole::Unreadable)?;
        let mut whole = Whole {
            format,
            documents: vec![Cow::Borrowed(text)],
            wrapping: wrapping.as_ref(),
            envelopes: Vec::new(),
        };
        match self {
            Self::Alert(_) => {}
            Self::Reject(_) => {
                whole.open(text, 0)?;
            }
        }
        Ok(whole)
    }
}

impl<'d> Whole<'d> {
    /// What it was taken as; none where it was not taken.
    pub fn format(&self) -> Option<Source> {
        self.format
    }

    /// The texts at a path in it, or behind `envelope.` in what wrapped it: of a string, a number or
    /// a boolean, or of all of those in an array; in a line of CEF or LEEF, of its field of that name.
    /// Keys with dots and objects in objects are the same path. A key that is there twice gives both.
    ///
    /// The case of keys does not matter where a source's own documents come in several.
    ///
    /// # Errors
    /// When it has more values there than are looked at, or cannot be read.
    pub fn values(&self, path: &str) -> Result<Vec<String>, NotWhole> {
        let mut found = Vec::new();
        match path.strip_prefix("envelope.") {
            Some(path) => {
                if let Some(wrapping) = self.wrapping {
                    found = wrapping.values(path, |layer| {
                        let mut found = Vec::new();
                        values(None, layer, path, &mut found).map(|()| found)
                    })?;
                }
                for envelope in &self.envelopes {
                    values(None, envelope, path, &mut found)?;
                }
            }
            None => {
                for document in &self.documents {
                    values(self.format, document, path, &mut found)?;
                }
            }
        }
        Ok(found)
    }

    /// Adds what is in a document that was not taken: that it was not, must not make it say less.
    fn open(&mut self, text: &str, depth: u32) -> Result<(), NotWhole> {
        let Ok(top) = Top::parse(text) else {
            return match line::read(text, From::Auto) {
                Ok(_) => Ok(()),
                Err(_) => Err(NotWhole::Unreadable),
            };
        };
        let Some(opened) = envelope::open(&top, text) else {
            return Ok(());
        };
        if opened.too_many || depth > MOST_ENVELOPES {
            return Err(NotWhole::TooMany);
        }
        self.envelopes.push(opened.frame);
        for (inner, _) in opened.inner {
            self.open(&inner, depth + 1)?;
            self.documents.push(Cow::Owned(inner.into_owned()));
        }
        Ok(())
    }
}

fn values(
    format: Option<Source>,
    text: &str,
    path: &str,
    found: &mut Vec<String>,
) -> Result<(), NotWhole> {
    if let Ok(top) = Top::parse(text) {
        let is_loose = format.is_some_and(source::is_loose);
        return collect(&top, path, is_loose, found);
    }
    let only = format.map_or(From::Auto, From::Only);
    let line = line::read(text, only).or_else(|_| line::read(text, From::Auto));
    let line = line.map_err(|_| NotWhole::Unreadable)?;
    for (_, value) in line.fields.into_iter().filter(|(key, _)| *key == path) {
        add(value.into_owned(), found)?;
    }
    Ok(())
}

fn add(value: String, found: &mut Vec<String>) -> Result<(), NotWhole> {
    if found.len() >= MOST_VALUES {
        return Err(NotWhole::TooMany);
    }
    found.push(value);
    Ok(())
}

fn collect(
    top: &Top<'_>,
    path: &str,
    is_loose: bool,
    found: &mut Vec<String>,
) -> Result<(), NotWhole> {
    for (key, value) in top.entries() {
        let begin = path.get(..key.len());
        let is = begin.is_some_and(|begin| match is_loose {
            true => begin.eq_ignore_ascii_case(key),
            false => begin == key,
        });
        let rest = path.get(key.len()..).unwrap_or_default();
        let below = rest.strip_prefix('.');
        if is && (rest.is_empty() || below.is_some()) {
            at(value, below, is_loose, found)?;
        }
    }
    Ok(())
}

/// What is at a path in a value; with no path, the value itself.
fn at(
    value: &serde_json::value::RawValue,
    path: Option<&str>,
    is_loose: bool,
    found: &mut Vec<String>,
) -> Result<(), NotWhole> {
    match (json::first_byte(value), path) {
        (b'[', _) => {
            let elements = json::list(Some(value), MOST_ELEMENTS + 1);
            if elements.len() > MOST_ELEMENTS {
                return Err(NotWhole::TooMany);
            }
            for element in elements {
                at(element, path, is_loose, found)?;
            }
            Ok(())
        }
        (b'{', Some(path)) => {
            let below = Top::parse(value.get()).map_err(|_| NotWhole::Unreadable)?;
            collect(&below, path, is_loose, found)
        }
        (b'{', None) | (_, Some(_)) => Ok(()),
        (_, None) => match json::text(Some(value)) {
            Some(text) => add(text.into_owned(), found),
            None => Ok(()),
        },
    }
}
