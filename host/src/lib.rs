//! Casemate: runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a
//! record of every call.

pub mod ambient;
pub mod boundary;
pub mod knowledge;
pub mod model;
mod open;
mod parallel;
pub mod queue;
mod reception;
mod retry;
pub mod sandbox;
pub mod setup;
pub mod store;
pub mod trail;
pub mod triage;
pub mod written;

pub use open::{CannotRun, Casemate, NotLoaded, OpenError, Settings};
pub use parallel::for_each_tenant;
pub use reception::{OfDrafting, Outcome, Received, Reception};
pub use retry::{Retried, retry_quarantine};
