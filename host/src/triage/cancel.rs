//! Being stopped from outside, between two things that are done whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish that work stops, shared by all its clones: cheap to clone, to ask and to send to another
/// thread. Once said it stays said; give what goes on a new one.
///
/// It is looked at between documents, batches and runs, never within one: what was begun is done
/// whole and kept, within a run's deadline.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// One that has not been said.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that is said by setting this, for example by a signal.
    pub fn by(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Says it.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has been said.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Whether a step came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It did all it was asked to do.
    #[default]
    Whole,
    /// It was stopped by a [`Cancel`] and may have left something undone. What it did is counted and
    /// durable; the same call again does the rest.
    Cancelled,
}
