//! What is granted becomes what is there: one exhaustive match, and no other way in.

use super::Granted;
use super::bindings::{assets, known_good, log, memory, types};
use super::run::Run;
use crate::model::Capability;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// A linker that holds the types, the log, and exactly the granted capabilities.
pub(super) fn linker(engine: &Engine, granted: &Granted) -> wasmtime::Result<Linker<Run>> {
    let mut linker = Linker::new(engine);
    types::add_to_linker::<Run, HasSelf<Run>>(&mut linker, |run| run)?;
    log::add_to_linker::<Run, HasSelf<Run>>(&mut linker, |run| run)?;
    for capability in granted.capabilities() {
        match capability {
            Capability::Assets => {
                assets::add_to_linker::<Run, HasSelf<Run>>(&mut linker, |run| run)?
            }
            Capability::KnownGood => {
                known_good::add_to_linker::<Run, HasSelf<Run>>(&mut linker, |run| run)?
            }
            Capability::Memory => {
                memory::add_to_linker::<Run, HasSelf<Run>>(&mut linker, |run| run)?
            }
        }
    }
    Ok(linker)
}
