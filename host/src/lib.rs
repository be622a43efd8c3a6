//! Casemate: runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a
//! record of every call.

pub mod model;
pub mod triage;
