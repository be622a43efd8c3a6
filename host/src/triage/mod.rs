//! The flow, one step a file.

mod draft;
mod enrich;
mod fault;
mod group;
pub mod intake;

pub use fault::AnswerFault;
pub use group::MAX_GROUPS_PER_CASE;
