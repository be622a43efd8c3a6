//! The flow, one step a file: take in, group, enrich, draft.

mod cancel;
mod changed;
mod compare;
mod draft;
mod enrich;
mod fault;
mod finish;
mod group;
mod incoming;
pub mod intake;
mod observer;
mod owner;
mod place;
mod runs;
mod session;
mod shadow;
mod stand_in;
mod submit;
mod trial;

pub use cancel::{Cancel, Ended};
pub use changed::Changed;
pub use fault::AnswerFault;
pub use finish::Drafted;
pub use group::MAX_GROUPS_PER_CASE;
pub(crate) use group::variant as variant_of;
pub use incoming::{Came, Incoming};
pub use observer::{Observer, RunEnded, TakenIn};
pub use owner::{Owners, Unowned};
pub(crate) use session::{Knowledge, Modules, Parts, ReadBytes};
pub use session::{NotStarted, Session, SessionError};
pub(crate) use shadow::Beside;
pub(crate) use stand_in::StandIn;
pub use submit::{BATCH, Submitted};
pub use trial::{NotTried, Trial, TrialAnswer, TrialBatch, TrialFailure, TrialMemory};
