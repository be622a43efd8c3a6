use super::base64;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 hash of a leaf or of a subtree (RFC 6962, section 2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// From its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Of an entry, as it lies in a tree: over a zero byte and the entry, so that no entry can pass
    /// for a node.
    pub fn leaf(entry: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update([0]);
        hash.update(entry);
        Self(hash.finalize().into())
    }

    /// Of the node above two others: over a one byte and both hashes.
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut hash = Sha256::new();
        hash.update([1]);
        hash.update(left.0);
        hash.update(right.0);
        Self(hash.finalize().into())
    }

    /// Of the tree without entries: over nothing.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// From standard base64 with padding: 44 characters, in the one spelling these bytes have.
    pub fn parse(text: &str) -> Option<Self> {
        // Looked at first, so that a long text costs nothing.
        if text.len() != 44 {
            return None;
        }
        base64::read(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    /// Standard base64 with padding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::write(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}
