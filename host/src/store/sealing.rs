//! The store and the checkpoint of its trail, in the one order in which they are written: entries, the
//! store through them, checkpoint and head, and the store with these sealed.

use super::{Records, StoreError};
use crate::trail::{Log, Seal, TrailError};

impl Records {
    /// Makes all entries durable, keeps here how far they go, signs a checkpoint over them, and keeps
    /// here what was signed.
    ///
    /// # Errors
    /// When a step fails. What was done before it agrees, and the next call goes on.
    pub(crate) fn sign<E>(&self, log: &Log) -> Result<(), E>
    where
        E: From<StoreError> + From<TrailError>,
    {
        let through = log.sync()?;
        if self
            .view()?
            .trail_seal()?
            .is_none_or(|seal| seal.through != through)
        {
            self.seal::<E>(log, through)?;
        }
        log.stored(through)?;
        log.checkpoint()?;
        self.seal(log, through)
    }

    /// Keeps the last checkpoint of the log here, and that its entries up to this number are known.
    fn seal<E>(&self, log: &Log, through: u64) -> Result<(), E>
    where
        E: From<StoreError> + From<TrailError>,
    {
        // Every log that goes with a store is signed when it is begun.
        let Some(signed) = log.signed()? else {
            return Ok(());
        };
        let seal = Seal { signed, through };
        if self.view()?.trail_seal()? == Some(seal) {
            return Ok(());
        }
        let mut change = self.change()?;
        change.seal_trail(&seal)?;
        Ok(change.commit()?)
    }
}
