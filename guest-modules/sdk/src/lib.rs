//! What a Casemate module is written with. It hides how alerts cross into the sandbox:
//!
//! ```
//! use casemate_sdk::{Batch, Enricher, Enrichment, Field, Instant, Settings};
//!
//! struct Hello;
//!
//! impl Enricher for Hello {
//!     fn enrich(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Vec<Enrichment> {
//!         for alert in batch {
//!             casemate_sdk::log!("{} on {}", alert.rule_id(), alert.get(Field::HostName));
//!         }
//!         Vec::new()
//!     }
//! }
//!
//! casemate_sdk::export_enricher!(Hello);
//! ```
//!
//! A module's logic is ordinary Rust: [`BatchBuilder`] makes a batch on any machine, so unit tests
//! and benchmarks need no sandbox. Only what a module calls becomes an import of its component.

#[cfg(target_arch = "wasm32")]
mod arena;
mod batch;
mod bindings;
mod builder;
pub mod capability;
mod field;
mod kind;
mod settings;
mod start;
pub mod text;

pub use batch::{Alert, Alerts, Batch, Observable};
pub use builder::BatchBuilder;
pub use capability::{assets, known_good, memory};
pub use field::{Field, FieldName};
pub use kind::{Dossier, Drafter, Enricher, Grouper};
pub use settings::Settings;

pub use bindings::drafter::exports::casemate::soc::drafting::{
    Earlier, Finding, Gap, Group, Section, Sentence,
};
pub use bindings::enricher::exports::casemate::soc::enriching::Enrichment;
pub use bindings::grouper::exports::casemate::soc::grouping::{
    Grouped, Link, Opening, Placement, Rule, Standing,
};
pub use bindings::imports::casemate::soc::types::{
    AlertNumber, Attribute, Evidence, Instant, ObservableKind, Refusal, SettingValue, Statement,
};

/// Writes a line for the module's author, shown by the host at debug level; like `format!`.
/// Natively it does nothing.
#[macro_export]
macro_rules! log {
    ($($arg:tt)*) => { $crate::write_log(&::std::format!($($arg)*)) };
}

/// Writes one line for the module's author; [`log!`] is shorter.
pub fn write_log(line: &str) {
    #[cfg(target_arch = "wasm32")]
    bindings::imports::casemate::soc::log::write(line);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = line;
}

/// What the export macros expand to. Not for use by hand.
#[doc(hidden)]
pub mod private {
    pub use crate::bindings::imports::casemate::soc::types::Setting;
    pub use crate::bindings::{drafter, enricher, grouper, imports};
    pub use crate::start::start;
}
