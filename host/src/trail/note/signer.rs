use super::key::{KeyFault, KeyKind, VerifierKey};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// Something that holds a private key: a file, a module of hardware, another machine.
pub trait Signer: Send + Sync {
    /// The public key that goes with it.
    fn key(&self) -> &VerifierKey;

    /// The Ed25519 signature of exactly these bytes (RFC 8032).
    ///
    /// # Errors
    /// When there is no signature to be had.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was signed: {0}")]
pub struct SignError(String);

impl SignError {
    /// With the reason, in words.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The signature of these bytes, looked at before it goes anywhere: a signer that went wrong, or that
/// holds another key, is found where it signs.
pub(super) fn signed(
    signer: &dyn Signer,
    kind: KeyKind,
    message: &[u8],
) -> Result<[u8; 64], SignError> {
    let key = signer.key();
    if key.kind() != kind {
        return Err(SignError::new(match kind {
            KeyKind::Ed25519 => "a cosigner's key signs no checkpoint as a log",
            KeyKind::Cosignature => "a log's key signs no cosignature",
        }));
    }
    let signature = signer.sign(message)?;
    if !key.signed(message, &signature) {
        return Err(SignError::new(
            "the signature does not fit the signer's key",
        ));
    }
    Ok(signature)
}

/// A signer with its private key in memory, which is overwritten when it is dropped.
pub struct MemorySigner {
    key: VerifierKey,
    private: SigningKey,
}

impl MemorySigner {
    /// The key of a log, from the 32 secret bytes of RFC 8032.
    ///
    /// # Errors
    /// When the name is not one.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, KeyFault> {
        Self::new(name, KeyKind::Ed25519, seed)
    }

    /// A key of either kind.
    ///
    /// # Errors
    /// When the name is not one.
    pub fn new(name: &str, kind: KeyKind, seed: [u8; 32]) -> Result<Self, KeyFault> {
        let private = SigningKey::from_bytes(&seed);
        let key = VerifierKey::new(name, kind, private.verifying_key().to_bytes())?;
        Ok(Self { key, private })
    }
}

impl Signer for MemorySigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature = self.private.try_sign(message);
        let signature = signature.map_err(|fault| SignError::new(fault.to_string()))?;
        Ok(signature.to_bytes())
    }
}

impl fmt::Debug for MemorySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySigner")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
