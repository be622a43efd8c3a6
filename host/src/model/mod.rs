//! The values everything else speaks of. Nothing here reaches a disk, a sandbox or a clock.

pub mod access;
mod alert;
mod capability;
mod case;
mod caught;
mod digest;
mod field;
mod frame;
mod group;
mod mark;
mod module;
mod record;
mod retention;
mod severity;
mod shadow;
mod tenant;
mod text;
mod time;

pub use alert::{
    Alert, AlertNumber, Identity, Observable, ObservableKind, Source, TimeBasis, Timing,
};
pub use capability::Capability;
pub use case::{Case, Citation, Draft, Enrichment, Evidence, Link, Section, Sentence, Statement};
pub(crate) use caught::caught;
pub use digest::Digest;
pub use field::{Field, FieldSet};
pub use frame::Frame;
pub use group::{Group, Placement, Rule, Standing};
pub use mark::mark;
pub use module::{InvalidModuleName, ModuleKind, ModuleName};
pub(crate) use record::Record;
pub use retention::{Holding, RetentionClass};
pub use severity::Severity;
pub(crate) use shadow::Seen;
pub use shadow::{
    Compared, Cost, Difference, Drafts, Enrichments, Example, Groups, RunsOf, Shadowed,
};
pub use tenant::{InvalidTenantId, TenantId};
pub use text::Text;
pub use time::{Clock, Instant};
