//! Randomness, read here and nowhere else.

use super::StoreError;

/// Where random bytes come from.
pub trait Random: Send + Sync {
    /// Fills the bytes.
    ///
    /// # Errors
    /// When there are none to be had.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), StoreError>;
}

/// The machine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where randomness is read"
    )]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        getrandom::fill(bytes).map_err(|e| StoreError::Random(e.to_string()))
    }
}
