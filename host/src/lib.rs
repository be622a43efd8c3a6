//! Casemate: runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a
//! record of every call.

pub mod boundary;
pub mod knowledge;
pub mod model;
mod open;
pub mod sandbox;
pub mod store;
pub mod trail;
pub mod triage;
pub mod written;

pub use open::{CannotRun, Casemate, NotLoaded, OpenError, Settings};
