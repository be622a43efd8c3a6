//! Names of notes and of what alerts say: short, and safe against an attacker who chooses the text.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use sha2::{Digest as _, Sha256};

/// The first 192 bits of a SHA-256: finding two texts of one digest takes 2^96 tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest(pub(crate) [u8; 24]);

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ([word, ..], _) = self.0.as_chunks() else {
            return;
        };
        state.write_u64(u64::from_le_bytes(*word));
    }
}

impl Digest {
    /// Of parts, each that isn't empty with its place and its length before it, so that no two lists
    /// of parts have the same bytes.
    pub(crate) fn of<'a>(domain: u8, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut bytes = vec![domain];
        for (part, place) in parts.into_iter().zip(0_u8..) {
            if !part.is_empty() {
                bytes.push(place);
                bytes.extend((part.len() as u64).to_le_bytes());
                bytes.extend(part);
            }
        }
        let mut out = [0; 24];
        for (to, from) in out.iter_mut().zip(Sha256::digest(&bytes)) {
            *to = from;
        }
        Self(out)
    }

    /// The key of a note: a letter for its kind, then the digest in hexadecimal.
    pub(crate) fn note_key(&self, kind: char) -> String {
        const DIGITS: [char; 16] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
        ];
        let mut key = String::with_capacity(49);
        key.push(kind);
        for byte in self.0 {
            for half in [byte >> 4, byte & 15] {
                key.extend(DIGITS.get(usize::from(half)));
            }
        }
        key
    }
}

/// A map for keys that are digests or numbers of strings already: it multiplies and no more.
pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// As rustc's own hasher: quick, and not for keys an attacker can choose freely. Here the keys are
/// digests, and numbers that strings got in order of arrival.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FastHasher(u64);

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0xf135_7aea_2e62_a9c5);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_one_another() {
        let of = |parts: &[&str]| Digest::of(b'k', parts.iter().map(|p| p.as_bytes()));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", ""]), of(&["", "a"]));
        assert_eq!(of(&["a"]).note_key('k').len(), 49);
    }
}
