//! What is signed about a log: checkpoints, cosignatures, proofs that carry them, and the rule by
//! which they are believed. It reads no file, no clock and speaks to no network.
//!
//! The formats are those of C2SP, byte for byte, so that other tools read what is written here:
//! [signed-note], [tlog-checkpoint], [tlog-cosignature] (the Ed25519 one), [tlog-proof],
//! [tlog-witness] (`add-checkpoint`) and [tlog-policy]. What is read is refused unless it is spelled
//! in the one way it is written: no bit of a checkpoint can change unnoticed.
//!
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [tlog-cosignature]: https://c2sp.org/tlog-cosignature
//! [tlog-proof]: https://c2sp.org/tlog-proof
//! [tlog-witness]: https://c2sp.org/tlog-witness
//! [tlog-policy]: https://c2sp.org/tlog-policy

mod checkpoint;
mod cosignature;
mod key;
mod line;
mod policy;
mod policy_file;
mod proof;
mod signed;
mod signer;
mod witness;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointFault, MAX_ORIGIN};
pub use cosignature::{Cosignature, MAX_TIME};
pub use key::{KeyFault, KeyKind, MAX_NAME, VerifierKey};
pub use line::SignatureLine;
pub use policy::{Policy, PolicyFault, Witness, Witnessed};
pub use policy_file::{MAX_POLICY, PolicyError, PolicyLineFault};
pub use proof::{MAX_EXTRA, PROOF_HEADER, Proof, ProofError};
pub use signed::{MAX_NOTE, MAX_SIGNATURES, NoteFault, SignedCheckpoint};
pub use signer::{MemorySigner, SignError, Signer};
pub use witness::{
    AddCheckpoint, AddFault, MAX_CONSISTENCY, SIZE_TYPE, cosignatures_read, cosignatures_write,
    size_read, size_write,
};
