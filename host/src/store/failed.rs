use super::change::Change;
use super::guard::guarded;
use super::tables as t;
use super::{StoreError, View};
use crate::model::{Frame, Instant, ModuleName, Text};

/// A run that failed, as its module's author needs it. What the module said of itself can hold the
/// tenant's data, so it is kept with the tenant and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FailedRun {
    /// The run's number in the trail.
    pub run: u64,
    /// The module.
    pub module: ModuleName,
    /// When.
    pub time: Instant,
    /// What ended it, in the host's words.
    pub text: String,
    /// Where it panicked and what it said; none where it did not say.
    pub message: Option<Text>,
    /// The last line it logged.
    pub last_line: Option<Text>,
    /// The calls inside the module, the innermost first.
    pub backtrace: Vec<Frame>,
}

impl FailedRun {
    /// Failed runs that are kept of a tenant; the oldest go first.
    pub const KEPT: usize = 64;

    /// Whether one call fills most of what is kept of the stack: a recursion that did not end in time.
    pub fn is_deep(&self) -> bool {
        self.backtrace.iter().any(|frame| frame.times >= 16)
    }
}

impl Change {
    /// Keeps a run that failed, and forgets the oldest beyond [`FailedRun::KEPT`].
    pub(crate) fn put_failed(&mut self, run: &FailedRun) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut table = self.sealed(t::FAILED)?;
            table.write(&run.run, "a failed run", run)?;
            let mut numbers = Vec::new();
            for row in table.all()? {
                numbers.push(row?.key());
            }
            let over = numbers.len().saturating_sub(FailedRun::KEPT);
            for number in numbers.iter().take(over) {
                table.remove(number)?;
            }
            Ok(())
        })
    }
}

impl View {
    /// The latest runs that failed, the latest first.
    pub fn failed_runs(&self) -> Result<Vec<FailedRun>, StoreError> {
        guarded!(self.tenant(), {
            let table = self.sealed(t::FAILED)?;
            let rows = table.all()?.rev();
            rows.map(|row| row?.read("a failed run")).collect()
        })
    }
}
