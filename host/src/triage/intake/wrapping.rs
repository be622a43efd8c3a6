//! What wrapped a document on its way. It is whole in memory, shared by all documents that it
//! wrapped, and cut only where it is stored: whose a document is, is decided before.

use super::reason::NotWhole;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The most bytes stored of what wrapped a document.
const STORED_BYTES: usize = 256 * 1024;
/// Of which an envelope has so many whatever is in it,
const OF_ONE_BYTES: usize = 16 * 1024;
/// and so many more for each document in it.
const OF_EACH_BYTES: usize = 512;
/// What an envelope of envelopes takes at most in all stored copies of it together,
const COPIED_BYTES: usize = 4 * 1024 * 1024;
/// but for so many bytes in each.
const OF_COPY_BYTES: usize = 1024;

/// The envelopes around a document, with `null` where documents were: whole.
#[derive(Clone)]
pub struct Wrapping(Arc<Layer>);

struct Layer {
    /// The envelope.
    text: Box<str>,
    /// How many documents and envelopes are in it.
    inside: usize,
    /// What is around this one.
    outer: Option<Wrapping>,
    /// Whether an envelope is in it.
    has_envelopes: AtomicBool,
    stored: OnceLock<Stored>,
    /// What it says at the paths that were asked for: it is read once for all documents in it.
    said: Mutex<Vec<(String, Said)>>,
}

/// The texts at a path.
type Said = Result<Vec<String>, NotWhole>;

/// What is stored of a [`Wrapping`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The envelopes from the outside in, one behind the other.
    pub text: Arc<str>,
    /// Whether that is all of them. From others no owner is decided.
    pub is_whole: bool,
}

impl Wrapping {
    /// An envelope with so many documents in it, in others.
    pub(super) fn around(text: String, inside: usize, outer: Option<&Self>) -> Self {
        if let Some(Self(outer)) = outer {
            outer.has_envelopes.store(true, Ordering::Relaxed);
        }
        Self(Arc::new(Layer {
            text: text.into(),
            inside: inside.max(1),
            outer: outer.cloned(),
            has_envelopes: AtomicBool::new(false),
            stored: OnceLock::new(),
            said: Mutex::new(Vec::new()),
        }))
    }

    /// What was stored, as it was; none where that is not whole.
    pub fn read(stored: &Stored) -> Option<Self> {
        if !stored.is_whole {
            return None;
        }
        // What was cut before this was remembered is no JSON any more.
        let layers = serde_json::Deserializer::from_str(&stored.text).into_iter::<&RawValue>();
        let mut found = None;
        for layer in layers {
            let text = layer.ok()?.get().to_owned();
            // As many documents as were in it at least: it is not cut once more.
            let inside = text.len() / OF_EACH_BYTES + 1;
            found = Some(Self::around(text, inside, found.as_ref()));
        }
        found
    }

    /// The envelopes, from the outside in.
    pub fn layers(&self) -> Vec<&str> {
        let outward = std::iter::successors(Some(self), |layer| layer.0.outer.as_ref());
        let mut layers: Vec<&str> = outward.map(|layer| &*layer.0.text).collect();
        layers.reverse();
        layers
    }

    /// The texts at a path in every envelope, by a reader of one.
    pub(super) fn values(&self, path: &str, read: impl Fn(&str) -> Said) -> Said {
        let mut all = Vec::new();
        let outward = std::iter::successors(Some(self), |layer| layer.0.outer.as_ref());
        for Self(layer) in outward {
            let mut said = layer.said.lock().unwrap_or_else(PoisonError::into_inner);
            let known = said.iter().find(|(known, _)| known == path);
            match known {
                Some((_, values)) => all.extend(values.clone()?),
                None => {
                    let values = read(&layer.text);
                    said.push((path.to_owned(), values.clone()));
                    all.extend(values?);
                }
            }
        }
        Ok(all)
    }

    /// What is stored of it.
    pub fn stored(&self) -> Stored {
        let Self(layer) = self;
        layer.stored.get_or_init(|| self.cut()).clone()
    }

    fn cut(&self) -> Stored {
        let Self(layer) = self;
        let outer = layer.outer.as_ref().map(Self::cut);
        let mut most = OF_ONE_BYTES + OF_EACH_BYTES.saturating_mul(layer.inside);
        if layer.has_envelopes.load(Ordering::Relaxed) {
            // It is stored again with each envelope that is in it.
            most = most.min(OF_COPY_BYTES.max(COPIED_BYTES / layer.inside));
        }
        let end = layer.text.floor_char_boundary(most.min(STORED_BYTES));
        let own = layer.text.get(..end).unwrap_or_default();
        let is_whole = own.len() == layer.text.len();
        match outer {
            None => Stored {
                text: own.into(),
                is_whole,
            },
            Some(outer) => Stored {
                text: format!("{}\n{own}", outer.text).into(),
                is_whole: is_whole && outer.is_whole,
            },
        }
    }

    /// The part of its bytes that is one document's.
    pub(crate) fn share(&self) -> usize {
        let Self(layer) = self;
        let outer = layer.outer.as_ref().map_or(0, Self::share);
        (layer.text.len() + outer) / layer.inside + 1
    }
}

impl PartialEq for Wrapping {
    fn eq(&self, other: &Self) -> bool {
        self.layers() == other.layers()
    }
}

impl Eq for Wrapping {}

impl fmt::Debug for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.layers()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_small_and_says_whether_it_is_whole() {
        let small = Wrapping::around("{\"topic\":\"t\"}".to_owned(), 1, None);
        let both = Wrapping::around("{\n\"a\":null}".to_owned(), 3, Some(&small));
        assert!(both.stored().is_whole);
        assert_eq!(Wrapping::read(&both.stored()), Some(both.clone()));
        let long = format!("{{\"pad\":\"{}\",\"topic\":\"t\"}}", "x".repeat(20 << 10));
        let cut = Wrapping::around(long, 1, Some(&small));
        let stored = cut.stored();
        assert!(!stored.is_whole && stored.text.len() < 18 << 10);
        assert!(cut.layers()[1].ends_with("\"topic\":\"t\"}"));
        assert_eq!(Wrapping::read(&stored), None);
        // As it was stored before that was remembered.
        let is_whole = true;
        assert_eq!(Wrapping::read(&Stored { is_whole, ..stored }), None);
        let inner = Wrapping::around("{}".to_owned(), 1, Some(&cut));
        assert!(!inner.stored().is_whole);
    }

    #[test]
    fn an_envelope_of_many_envelopes_is_not_stored_whole_with_each() {
        let outer = Wrapping::around(format!("\"{}\"", "x".repeat(1 << 20)), 50_000, None);
        let inner = Wrapping::around("{}".to_owned(), 1, Some(&outer));
        assert!(inner.stored().text.len() < 2 << 10);
        assert!(inner.share() < 64);
    }
}
