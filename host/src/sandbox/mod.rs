//! The boundary: a module runs here with what it was granted, within its limits, on one tenant's
//! data. wasmtime lives here and nowhere else.

mod allowance;
mod aot;
mod backtrace;
pub(crate) mod bindings;
pub(crate) mod capability;
mod compiler;
mod engine;
mod granted;
mod grants;
mod grants_file;
pub mod inspect;
mod limit;
mod linker;
mod manifest;
mod prepare;
mod run;
mod settings;
#[cfg(test)]
mod signed_tests;
pub(crate) mod table;
mod wanted;

pub(crate) use aot::failure_name;
pub use compiler::Compiler;
pub use engine::{CompileError, ENGINE, EngineError, Memory};
pub use granted::{Denial, DeniedBy, Granted, NotGranted, WhyNotGranted, Withheld};
pub use grants::{Grant, GrantedTenants, Grants, Recorded, Superseded, Withdrawal};
pub use limit::{Limit, Limits, OverLimit};
pub use manifest::{Manifest, module_digest};
pub use prepare::{Module, NotPrepared, Prepared, Refused, Sandbox};
pub(crate) use run::{Beginning, Finished};
pub use run::{RunFailure, Why};
pub use settings::{
    DeclaredSetting, GrantedSettings, MAX_SETTING_BYTES, MAX_SETTING_TEXTS, MAX_SETTINGS,
    SettingKind, SettingName, SettingText, SettingValue, WantedSettings, WrongSetting,
};
pub use wanted::{GrantedLimits, WantedLimits};
