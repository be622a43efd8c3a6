use super::log::{Shared, TrailError};
use super::run::RunNumber;
use std::fmt;
use std::sync::Arc;

/// What came of a run whose end is recorded and may not be durable yet, so it cannot be looked at.
#[must_use = "what came of the run is held until it is released"]
pub struct Ended<T> {
    shared: Arc<Shared>,
    value: T,
    run: RunNumber,
    end: u64,
}

/// What came of a run whose every entry is on stable storage. The store keeps nothing of a run but
/// this.
#[must_use = "what came of the run is lost when it is not stored"]
#[derive(Debug)]
pub struct Released<T> {
    value: T,
    run: RunNumber,
    committed: u64,
    sealed: u64,
}

impl<T> Ended<T> {
    /// Looks at something of what came of it that nothing is done with, such as what it cost.
    pub(crate) fn peek<P: Copy>(&self, at: impl FnOnce(&T) -> P) -> P {
        at(&self.value)
    }

    pub(super) fn new(shared: Arc<Shared>, value: T, run: RunNumber, end: u64) -> Self {
        Self {
            shared,
            value,
            run,
            end,
        }
    }

    /// Makes all of the run durable, unless a sync since has done so, and releases what came of it.
    ///
    /// # Errors
    /// When it is not certain to be durable; the value is dropped.
    pub fn release(self) -> Result<Released<T>, TrailError> {
        let sealed = self.shared.sync_to(self.end + 1)?;
        Ok(Released {
            value: self.value,
            run: self.run,
            committed: self.end + 1,
            sealed,
        })
    }
}

impl<T> Released<T> {
    /// What came of the run.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What came of the run.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The run's number.
    pub fn run(&self) -> RunNumber {
        self.run
    }

    /// The number behind the run's last entry. The store commits it together with the value, runs
    /// in ascending order of it, and hands the last one to [`Opening::committed`].
    ///
    /// [`Opening::committed`]: super::Opening::committed
    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// How many entries were on stable storage at the time of release, for [`Opening::sealed`].
    ///
    /// [`Opening::sealed`]: super::Opening::sealed
    pub fn sealed(&self) -> u64 {
        self.sealed
    }
}

impl<T> fmt::Debug for Ended<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ended(run {})", self.run)
    }
}
