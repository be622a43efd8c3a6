//! Casemate: runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a
//! record of every call.

pub mod boundary;
pub mod knowledge;
pub mod model;
pub mod sandbox;
pub mod store;
pub mod trail;
pub mod triage;
pub mod written;
