//! Groups alerts by how unexpected they are where they happen, and proposes which groups belong to
//! one case. The README says how; `method` has the numbers.

mod digest;
mod memory;
mod method;
mod note;
mod place;
mod rate;
mod says;
mod state;
mod table;

use casemate_sdk::{Batch, Grouped, Grouper, Instant, Refusal, Settings};

pub use method::{METHOD, Method};

/// The module.
pub struct Surprise;

impl Grouper for Surprise {
    fn group(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Grouped {
        match group(&METHOD, batch, casemate_sdk::memory::recall) {
            Ok(grouped) => grouped,
            Err(refusal) => stop(&refusal),
        }
    }
}

casemate_sdk::export_grouper!(Surprise);

#[expect(
    clippy::panic,
    reason = "an answer without what was remembered would overwrite it: the run has to fail"
)]
fn stop(refusal: &Refusal) -> Grouped {
    panic!("memory was refused: {refusal}")
}

/// Places every alert of a batch, given what answers for the notes.
///
/// # Errors
/// The refusal of a recall.
pub fn group(
    method: &Method,
    batch: &Batch,
    recall: impl FnMut(&[String]) -> Result<Vec<Option<Vec<u8>>>, Refusal>,
) -> Result<Grouped, Refusal> {
    let mut sorter = says::Sorter::new(batch);
    let sorted: Vec<u32> = batch.iter().map(|alert| sorter.sort(&alert)).collect();
    let said = sorter.said;
    let (memory, rows) = memory::Memory::recall(&said, recall)?;
    let mut placer = place::Placer::new(method, memory, batch.len());
    for (alert, i) in batch.iter().zip(&sorted) {
        if let (Some(says), Some(rows)) = (said.get(*i as usize), rows.get(*i as usize)) {
            placer.place(&alert, says, rows);
        }
    }
    Ok(Grouped {
        rules: method::Reason::rules(),
        notes: placer.memory.notes(),
        placements: placer.placements,
        openings: placer.openings,
        links: placer.links,
    })
}
