use crate::trail::merkle::base64;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// The longest name of a key, in bytes.
pub const MAX_NAME: usize = 200;

/// What a key signs. The same 32 bytes have another id for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The text of a note: what a log signs (type `0x01` of C2SP signed-note).
    Ed25519,
    /// A time and a checkpoint: what a witness signs (type `0x04`, `cosignature/v1` of C2SP
    /// tlog-cosignature).
    Cosignature,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A public key with its name, written `name+id+key`: the `vkey` of C2SP signed-note.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: [u8; 4],
    key: VerifyingKey,
}

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is not three parts.
    #[error("a key is written `name+id+key`")]
    Form,
    /// The name is not one.
    #[error(
        "a key's name has 1 to {MAX_NAME} bytes and neither white space, `+` nor control characters"
    )]
    Name,
    /// The id is not eight lower case hexadecimal digits, or not that of this key.
    #[error("the key's id is not `{right}`, the one of this name and key")]
    Id {
        /// The id it should have.
        right: String,
    },
    /// The key is not base64.
    #[error("the key is not standard base64 with padding")]
    Base64,
    /// Its type is none that is supported.
    #[error(
        "a key of type {0:#04x} is not supported: only Ed25519 (0x01) and its cosignatures (0x04)"
    )]
    Type(u8),
    /// Its bytes are no public key, or one for which anybody can sign.
    #[error("the key is not a sound Ed25519 public key of 32 bytes")]
    Key,
}

impl VerifierKey {
    /// The key of a log, for [`KeyKind::Ed25519`].
    ///
    /// # Errors
    /// When the name or the key is not sound.
    pub fn from_ed25519(name: &str, key: [u8; 32]) -> Result<Self, KeyFault> {
        Self::new(name, KeyKind::Ed25519, key)
    }

    /// A key of either kind.
    ///
    /// # Errors
    /// When the name or the key is not sound.
    pub fn new(name: &str, kind: KeyKind, key: [u8; 32]) -> Result<Self, KeyFault> {
        if !is_name(name) || name.len() > MAX_NAME {
            return Err(KeyFault::Name);
        }
        let key = VerifyingKey::from_bytes(&key).map_err(|_| KeyFault::Key)?;
        if key.is_weak() {
            return Err(KeyFault::Key);
        }
        let mut hash = Sha256::new();
        hash.update(name);
        hash.update([b'\n', kind.byte()]);
        hash.update(key.as_bytes());
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        Ok(Self {
            name: name.to_owned(),
            kind,
            id: [a, b, c, d],
            key,
        })
    }

    /// Reads `name+id+key`, in the one spelling it has.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        let (name, rest) = text.split_once('+').ok_or(KeyFault::Form)?;
        let (id, key) = rest.split_once('+').ok_or(KeyFault::Form)?;
        if !is_name(name) {
            return Err(KeyFault::Name);
        }
        let bytes = base64::read(key).ok_or(KeyFault::Base64)?;
        let (kind, key) = bytes.split_first().ok_or(KeyFault::Key)?;
        let kind = match kind {
            0x01 => KeyKind::Ed25519,
            0x04 => KeyKind::Cosignature,
            other => return Err(KeyFault::Type(*other)),
        };
        let key = Self::new(name, kind, key.try_into().map_err(|_| KeyFault::Key)?)?;
        let right = hex::encode(key.id);
        if id != right {
            return Err(KeyFault::Id { right });
        }
        Ok(key)
    }

    /// Its name: for the key of a log, the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The four bytes that stand for it in a signature line: the first of the SHA-256 of name, type
    /// and key. They tell keys apart; they are no proof.
    pub const fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// The 32 bytes of the public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether this key signed exactly these bytes. Of the signatures that fit, those that could be
    /// made from another one are not accepted.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).is_ok()
    }
}

/// Whether this can be the name of a key.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |c: char| c != '+' && !c.is_whitespace() && !c.is_control();
    !name.is_empty() && name.chars().all(allowed)
}

impl fmt::Display for VerifierKey {
    /// `name+id+key`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind.byte()];
        key.extend(self.key.as_bytes());
        let (id, key) = (hex::encode(self.id), base64::write(&key));
        write!(f, "{}+{id}+{key}", self.name)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        Self::parse(text)
    }
}
