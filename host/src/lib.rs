//! Casemate: runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a
//! record of every call.

mod alert;
pub mod ambient;
pub mod boundary;
mod caller;
mod kind;
pub mod knowledge;
pub mod model;
#[cfg(feature = "async")]
pub mod nonblocking;
mod open;
mod parallel;
pub mod queue;
mod reception;
mod record;
pub mod sandbox;
pub mod setup;
pub mod store;
mod suspension;
pub mod tenants;
pub mod trail;
pub mod triage;
pub mod written;

pub use alert::AlertFile;
pub use caller::{Accounts, AsInRoster, Caller, NoCaller};
pub use kind::ErrorKind;
pub use open::{CannotRun, Casemate, NotLoaded, OpenError, Settings};
pub use parallel::for_each_tenant;
pub use reception::{Outcome, Received, Reception, Retried, retry_quarantine};
pub use suspension::{StandingChange, Suspensions};
