use super::disk::CheckpointKey;
use super::note::{MemorySigner, SignError, Signer};

/// A key in memory, for tests and for trying a module without a home.
#[derive(Clone)]
pub struct MemoryKey([u8; 32]);

impl MemoryKey {
    /// From the 32 bytes of an Ed25519 seed.
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self(seed)
    }
}

impl CheckpointKey for MemoryKey {
    fn signer(&self, log: &str) -> Result<Box<dyn Signer>, SignError> {
        let signer = MemorySigner::from_seed(log, self.0);
        Ok(Box::new(signer.map_err(|e| SignError::new(e.to_string()))?))
    }
}
