use super::key::{VerifierKey, is_name};
use crate::trail::merkle::base64;
use std::fmt;

/// What each signature line begins with: an em dash (U+2014) and a space.
const START: &str = "\u{2014} ";

/// A signature as it stands in a note: who is said to have signed, and the bytes (C2SP signed-note).
/// Nothing about it is known to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl SignatureLine {
    /// By this key.
    pub(super) fn of(name: &str, id: [u8; 4], signature: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            id,
            signature,
        }
    }

    /// Reads a line, without the newline at its end, in the one spelling it has.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(START)?.split_once(' ')?;
        if !is_name(name) {
            return None;
        }
        let bytes = base64::read(signature)?;
        let (id, signature) = bytes.split_first_chunk()?;
        (!signature.is_empty()).then(|| Self::of(name, *id, signature.to_vec()))
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key.
    pub const fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature, without the id; its form is that of the key's kind.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether it is said to be by this key.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.id == key.key_id() && self.name == key.name()
    }

    /// Whether it is said to be by the same key as another.
    pub(super) fn same_key(&self, other: &Self) -> bool {
        self.id == other.id && self.name == other.name
    }
}

impl fmt::Display for SignatureLine {
    /// The line, without a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id[..], &self.signature].concat();
        write!(f, "{START}{} {}", self.name, base64::write(&bytes))
    }
}
