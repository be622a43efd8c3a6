//! The record: one append-only file per tenant in which every call stands before it has an effect.
//!
//! `FORMAT.md` beside this file says byte for byte what is in it. What the types make sure of:
//!
//! - a function with an effect takes a [`Permit`] for its own capability, or a [`DurablePermit`] where
//!   the effect leaves the machine; only [`RunRecord`] makes one, after the intent is recorded;
//! - nothing a run computed comes out of it but as [`Released`], which exists only once the run's
//!   last entry is on stable storage;
//! - once a write or a sync has failed, the [`Log`] gives out nothing any more.
//!
//! A function with an effect cannot be called without a permit:
//!
//! ```
//! use casemate::{model::access::Assets, trail::Permit};
//! fn read_assets(permit: Permit<Assets>) {}
//! fn answer(permit: Permit<Assets>) { read_assets(permit) }
//! ```
//! ```compile_fail,E0061
//! use casemate::{model::access::Assets, trail::Permit};
//! fn read_assets(permit: Permit<Assets>) {}
//! fn answer() { read_assets() }
//! ```
//! nor with the same permit twice:
//! ```compile_fail,E0382
//! use casemate::{model::access::Assets, trail::Permit};
//! fn read_assets(permit: Permit<Assets>) {}
//! fn answer(permit: Permit<Assets>) { read_assets(permit); read_assets(permit) }
//! ```
//! ```compile_fail,E0599
//! use casemate::{model::access::Assets, trail::Permit};
//! fn read_assets(permit: Permit<Assets>) {}
//! fn answer(permit: Permit<Assets>) { read_assets(permit.clone()); read_assets(permit) }
//! ```
//! nor with one for another capability:
//! ```compile_fail,E0308
//! use casemate::{model::access::{Assets, Memory}, trail::Permit};
//! fn read_assets(permit: Permit<Assets>) {}
//! fn answer(permit: Permit<Memory>) { read_assets(permit) }
//! ```
//! nor, where the effect leaves the machine, with one whose intent may still be lost:
//! ```compile_fail,E0308
//! use casemate::{model::access::Assets, trail::{DurablePermit, Permit}};
//! fn ask_a_feed(permit: DurablePermit<Assets>) {}
//! fn answer(permit: Permit<Assets>) { ask_a_feed(permit) }
//! ```
//! and neither a permit nor a released value can be made elsewhere:
//! ```compile_fail,E0451
//! use casemate::trail::Released;
//! fn forge(answer: Vec<u8>) -> Released<Vec<u8>> {
//!     Released { value: answer, run: 0, committed: 1, sealed: 1 }
//! }
//! ```
//! ```compile_fail,E0451
//! use casemate::{model::access::Assets, trail::{DurablePermit, Permit}};
//! fn forge(permit: Permit<Assets>) -> DurablePermit<Assets> { DurablePermit { permit } }
//! ```

mod chain;
mod client;
mod commitment;
mod disk;
mod earlier;
mod entry;
mod finding;
mod frame;
mod given;
mod go_on;
mod head;
mod journal;
mod ledger;
mod log;
mod memory;
mod memory_key;
mod memory_names;
pub mod merkle;
pub mod note;
mod open;
mod open_error;
mod permit;
mod read;
mod recovered;
mod release;
mod right;
mod run;
mod shelf;
mod standing;
mod stands;
mod tiles;
mod verify;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use chain::earlier_logs;
pub use chain::{Back, EARLIER_LOGS, EXPORT_README, Logs, Trusted, verify_chain, verify_export};
pub use client::{CLIENT_SCHEMA, ClientFault, ClientKnows};
pub use commitment::{Commitment, Salt};
pub use disk::CheckpointKey;
pub use earlier::{EarlierLog, EarlierNote};
pub(crate) use earlier::{kept, verify_earlier};
pub use entry::{
    AbandonedRun, Before, BoundaryChange, DecidedBy, Deletion, Entry, Erasure, GrantChange,
    GrantVerb, Intake, Kept, KnowledgeChange, Lost, Recovery, RecoveryReason, Refused, Restore,
    Stamped, SuspensionChange, SuspensionVerb,
};
pub use finding::Finding;
pub use frame::{Fault, HeaderFault, MAX_ENTRY, Origin};
pub(crate) use given::Given;
pub use go_on::{LastKnown, last_known};
pub use head::head_checkpoint;
pub(crate) use journal::JOURNAL;
pub use ledger::{Disagreement, SetBack, Totals};
pub use log::{Log, OutsideRun, TrailError};
pub use memory::MemoryShelf;
pub use memory_key::MemoryKey;
pub use open::Opening;
pub use open_error::OpenError;
pub use permit::{DurablePermit, Permit, RunRecord};
pub use read::{Entries, Found, Place, ReadError, last_entry};
pub use recovered::{Dropped, Recovered};
pub use release::{Ended, Released};
pub use run::{
    Counts, Failure, FailureCode, Intent, Limit, Outcome, RefusalCode, RunNumber, RunStart, Verdict,
};
pub use shelf::{Files, Shelf};
pub use standing::{Apart, Seal, StoreSays, Witness};
pub(crate) use stands::{before, stands, stands_without};
pub use tiles::{TileError, prove, prove_consistency, prove_growth};
pub use verify::{Checked, Report, verify};
pub use words::Words;

/// The file of a tenant's trail that has its newest entries.
pub(crate) const NEWEST_FILE: &str = JOURNAL;
