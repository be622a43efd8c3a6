//! What is kept beside alerts: what wrapped them on their way, and what they were later.

use super::guard::guarded;
use super::tables as t;
use super::{Change, StoreError, View};
use crate::model::AlertNumber;

impl Change {
    /// Keeps what wrapped alerts, once for those that follow each other in one envelope.
    pub(crate) fn keep_frames(&mut self, frames: &[(AlertNumber, &str)]) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut table = self.sealed(t::FRAMES)?;
            let follows = |a: &(u64, &str), b: &(u64, &str)| a.0 + 1 == b.0 && a.1 == b.1;
            for run in frames.chunk_by(follows) {
                if let (Some((first, frame)), Some((last, _))) = (run.first(), run.last()) {
                    table.write(last, "a frame", &(*first, *frame))?;
                }
            }
            Ok(())
        })
    }
}

impl View {
    /// The documents under which an alert was delivered again with other bytes, in their order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn revisions(&self, number: AlertNumber) -> Result<Vec<Vec<u8>>, StoreError> {
        guarded!(self.tenant(), {
            let table = self.sealed(t::REVISIONS)?;
            let rows = table.rows((number, 0)..=(number, u32::MAX))?;
            rows.map(|row| row?.open()).collect()
        })
    }

    /// What wrapped an alert's document, with `null` where documents were; none where nothing did.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn frame(&self, number: AlertNumber) -> Result<Option<String>, StoreError> {
        guarded!(self.tenant(), {
            let table = self.sealed(t::FRAMES)?;
            let Some(row) = table.rows(number..)?.next() else {
                return Ok(None);
            };
            let (first, frame): (AlertNumber, String) = row?.read("a frame")?;
            Ok((first <= number).then_some(frame))
        })
    }
}
