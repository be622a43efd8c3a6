//! What must be true of every grouping, run natively over a map that stands in for the host's memory.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cuts;
mod harness;
mod swallow;
