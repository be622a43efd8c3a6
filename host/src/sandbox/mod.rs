//! The boundary: a module runs here with what it was granted, within its limits, on one tenant's
//! data. wasmtime lives here and nowhere else.

mod aot;
pub(crate) mod bindings;
pub(crate) mod capability;
mod engine;
pub mod granted;
mod limit;
mod linker;
pub mod manifest;
mod prepare;
mod run;
pub(crate) mod table;

pub use engine::{CompileError, EngineError, Memory};
pub use limit::{Limit, Limits, OverLimit};
pub use prepare::{Module, NotPrepared, Prepared, Refused, Sandbox};
pub(crate) use run::{Beginning, Finished};
pub use run::{RunFailure, Why};
