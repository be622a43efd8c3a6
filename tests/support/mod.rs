//! A home in a folder of its own, what goes into it, and what can be read out of it.

mod alerts;
mod bench;
mod components;
mod folder;
mod program;
mod reading;
mod receipts;
mod stream;

pub(crate) use alerts::{Finding, ndjson};
pub(crate) use bench::{Bench, Built, NOW, PERSON, compiler, start, tenant};
pub(crate) use components::{laden, of_text};
pub(crate) use folder::{Folder, open, project};
pub(crate) use program::{AS_OF, Pipe, casemate, code_of, made, said, signal, written};
pub(crate) use reading::{
    Run, State, contains, everything, journal_end, materials, runs, session_state, state, trail,
    trail_bytes,
};
pub(crate) use receipts::receipts;
pub(crate) use stream::{Numbers, stream};
