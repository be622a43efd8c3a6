//! What runs of a module take.

use super::checks::micros;
use super::stand::{RunSeen, Stand, Way};
use super::{Workbench, WorkbenchError};
use crate::model::{ModuleKind, ModuleName};
use crate::store::Dir;
use std::num::NonZeroUsize;

/// The least, the middle and the most of something that was measured.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// The most.
    pub max: f64,
}

/// What was measured.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Measured {
    /// The module.
    pub module: ModuleName,
    /// Its kind.
    pub kind: ModuleKind,
    /// How often all alerts were run over, and one more time before, which is not counted.
    pub rounds: usize,
    /// Runs that were measured.
    pub runs: usize,
    /// Those of them without an accepted answer.
    pub failed: usize,
    /// Alerts in a batch.
    pub alerts: Spread,
    /// From making the sandbox to the answer, in microseconds a run.
    pub run_us: Spread,
    /// The same, in microseconds an alert of the batch.
    pub alert_us: Spread,
    /// Linear memory at the end of a run, in bytes.
    pub memory_bytes: Spread,
    /// The limit of a run's memory, in bytes.
    pub memory_limit_bytes: u64,
    /// The limit of a run's time, in milliseconds.
    pub deadline_ms: u64,
}

impl Workbench {
    /// Runs the module over all samples so many times, each time as a tenant that has nothing yet, at
    /// most `batch` alerts handed over at once; gives what its runs took. The home is made in `root`,
    /// which must be empty. None where it had no run.
    ///
    /// What else the machine does is in the figures: the least is what comes nearest to the module.
    ///
    /// # Errors
    /// When the home cannot be made or used.
    pub fn measure(
        &self,
        root: Dir,
        batch: NonZeroUsize,
        rounds: NonZeroUsize,
    ) -> Result<Option<Measured>, WorkbenchError> {
        let stand = Stand::new(self, root)?;
        let mut runs: Vec<RunSeen> = Vec::new();
        for round in 0..=rounds.get() {
            let way = Way::in_parts(&format!("round-{round}"), &[batch.get()]);
            let seen = stand.try_it(&way)?;
            // The first round meets cold caches.
            if round > 0 {
                runs.extend(seen.runs);
            }
        }
        let of = |value: fn(&RunSeen) -> f64| spread(runs.iter().map(value).collect());
        let took = |run: &RunSeen| micros_exactly(run);
        let (Some(alerts), Some(run_us), Some(alert_us), Some(memory_bytes)) = (
            of(|run| run.start.alerts as f64),
            of(took),
            of(|run| micros_exactly(run) / (run.start.alerts.max(1) as f64)),
            of(|run| run.ended.memory_bytes as f64),
        ) else {
            return Ok(None);
        };
        let limits = runs.first().map(|run| run.ended.limits);
        Ok(Some(Measured {
            module: self.manifest.name().clone(),
            kind: self.manifest.kind(),
            rounds: rounds.get(),
            failed: runs
                .iter()
                .filter(|run| run.ended.failure.is_some())
                .count(),
            runs: runs.len(),
            alerts,
            run_us,
            alert_us,
            memory_bytes,
            memory_limit_bytes: limits.map_or(0, |limits| limits.memory_bytes as u64),
            deadline_ms: limits.map_or(0, |limits| limits.deadline_ms),
        }))
    }
}

fn micros_exactly(run: &RunSeen) -> f64 {
    let whole = micros(run.ended.took) as f64;
    whole + f64::from(run.ended.took.subsec_nanos() % 1_000) / 1_000.0
}

fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    Some(Spread {
        min: *values.first()?,
        median: *values.get(values.len() / 2)?,
        max: *values.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_least_the_middle_and_the_most() {
        let spread_of = |values: &[f64]| spread(values.to_vec());
        assert_eq!(spread_of(&[]), None);
        let found = spread_of(&[9.0, 1.0, 4.0]).unwrap();
        assert_eq!((found.min, found.median, found.max), (1.0, 4.0, 9.0));
    }
}
