//! Casemate: runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a
//! record of every call.

pub mod boundary;
pub mod knowledge;
pub mod model;
mod open;
mod parallel;
pub mod queue;
mod record;
mod retain;
pub mod sandbox;
pub mod setup;
pub mod store;
mod suspension;
pub mod tenants;
pub mod trail;
pub mod triage;
pub mod written;

pub use open::{CannotRun, Casemate, NotLoaded, OpenError, Settings};
pub use parallel::for_each_tenant;
pub use retain::Retained;
pub use suspension::{StandingChange, Suspensions};
