use super::Commitment;
use super::entry::{Entry, Refused};
use super::log::{Log, Shared, TrailError, held};
use super::release::{Ended, Released};
use super::run::{Counts, Failure, Intent, Outcome, RunNumber, RunStart, Verdict};
use crate::model::Instant;
use crate::model::access::Access;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

/// The record of one run, from its `run.start` to its `run.end`. Owned and sendable, so that it can
/// be part of the state of a sandbox.
///
/// One that is dropped instead of ended stays open in the trail until the next start, which counts
/// it as abandoned; nothing of such a run can be released.
#[must_use = "a run that is not ended counts as abandoned"]
#[derive(Debug)]
pub struct RunRecord {
    record: Arc<Record>,
}

/// Permission for one side effect on this machine, by way of the capability `C`; its intent is already
/// recorded. A function with an effect takes it by value and turns it into the outcome.
///
/// One that is dropped is an intent without an outcome: it counts as abandoned at the run's end.
#[must_use = "an intent without an outcome counts as abandoned"]
#[derive(Debug)]
pub struct Permit<C> {
    record: Arc<Record>,
    call: u32,
    used_for: PhantomData<fn() -> C>,
}

/// Permission for one side effect outside this machine: a [`Permit`] whose intent is on stable storage.
#[must_use = "an intent without an outcome counts as abandoned"]
#[derive(Debug)]
pub struct DurablePermit<C> {
    permit: Permit<C>,
}

struct Record {
    shared: Arc<Shared>,
    run: RunNumber,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    counts: Counts,
    ended: bool,
}

impl Log {
    /// Records that a run begins.
    ///
    /// # Errors
    /// When it could not be recorded; then there is no run.
    pub fn begin_run(&self, now: Instant, start: RunStart) -> Result<RunRecord, TrailError> {
        let start = Box::new(start);
        let run = self
            .shared()
            .append(now, |run| Entry::RunStart { run, start })?;
        Ok(RunRecord {
            record: Arc::new(Record {
                shared: Arc::clone(self.shared()),
                run,
                tally: Mutex::new(Tally::default()),
            }),
        })
    }
}

impl RunRecord {
    /// The run's number.
    pub fn run(&self) -> RunNumber {
        self.record.run
    }

    /// Records that a call is about to be answered.
    ///
    /// # Errors
    /// When it could not be recorded: the module gets the refusal `unavailable` and the run fails.
    pub fn intent<C: Access>(
        &self,
        now: Instant,
        question: Commitment,
        items: u64,
    ) -> Result<Permit<C>, TrailError> {
        let run = self.record.run;
        let call = self.record.append(now, |counts| {
            counts.intents += 1;
            let call = counts.intents;
            Entry::Intent(Intent {
                run,
                call,
                capability: C::CAPABILITY,
                question,
                items,
            })
        })?;
        Ok(Permit {
            record: Arc::clone(&self.record),
            call: call.intents,
            used_for: PhantomData,
        })
    }

    /// Records that a call is about to leave the machine, and makes that durable.
    ///
    /// # Errors
    /// As [`RunRecord::intent`], and when it could not be made durable.
    pub fn durable_intent<C: Access>(
        &self,
        now: Instant,
        question: Commitment,
        items: u64,
    ) -> Result<DurablePermit<C>, TrailError> {
        let permit = self.intent(now, question, items)?;
        self.record.shared.sync()?;
        Ok(DurablePermit { permit })
    }

    /// Records that the module did not get something it asked for in this run.
    ///
    /// # Errors
    /// When it could not be recorded; then the run fails.
    pub fn refused(&self, now: Instant, refused: Refused) -> Result<(), TrailError> {
        let run = Some(self.record.run);
        self.record.append(now, |counts| {
            counts.refused += 1;
            Entry::Refused { run, refused }
        })?;
        Ok(())
    }

    /// Records that the run ended with an answer, makes all of it durable and releases `value`,
    /// which is what the run computed and `answer` commits to.
    ///
    /// # Errors
    /// When the end could not be recorded or made durable; `value` is dropped.
    pub fn end<T>(
        self,
        now: Instant,
        answer: Commitment,
        log_lines: u32,
        value: T,
    ) -> Result<Released<T>, TrailError> {
        self.close(now, answer, log_lines, value)?.release()
    }

    /// As [`RunRecord::end`], but leaves it to [`Ended::release`] to make it durable, so that one
    /// sync can cover several runs.
    ///
    /// # Errors
    /// When the end could not be recorded; `value` is dropped.
    pub fn close<T>(
        self,
        now: Instant,
        answer: Commitment,
        log_lines: u32,
        value: T,
    ) -> Result<Ended<T>, TrailError> {
        self.finish(now, Verdict::Ok { answer }, log_lines, value)
    }

    /// Records that the run ended without an answer and makes that durable. Nothing it computed is
    /// released.
    ///
    /// # Errors
    /// When the end could not be recorded or made durable.
    pub fn fail(
        self,
        now: Instant,
        failure: Failure,
        log_lines: u32,
    ) -> Result<Released<Failure>, TrailError> {
        self.finish(now, Verdict::Failed(failure.clone()), log_lines, failure)?
            .release()
    }

    fn finish<T>(
        self,
        now: Instant,
        verdict: Verdict,
        log_lines: u32,
        value: T,
    ) -> Result<Ended<T>, TrailError> {
        let run = self.record.run;
        let mut tally = held(&self.record.tally)?;
        tally.ended = true;
        let counts = Counts {
            abandoned: tally.counts.intents - tally.counts.outcomes,
            log_lines,
            ..tally.counts
        };
        let end = self.record.shared.append(now, |_| Entry::RunEnd {
            run,
            verdict,
            counts,
        })?;
        drop(tally);
        let shared = Arc::clone(&self.record.shared);
        Ok(Ended::new(shared, value, run, end))
    }
}

impl<C> Permit<C> {
    /// Records how the call ended.
    ///
    /// # Errors
    /// When it could not be recorded or the run has ended: the module gets the refusal
    /// `unavailable` and the run fails.
    pub fn outcome(self, now: Instant, result: Outcome) -> Result<(), TrailError> {
        let (run, call) = (self.record.run, self.call);
        self.record.append(now, |counts| {
            counts.outcomes += 1;
            match &result {
                Outcome::Ok { .. } => {}
                Outcome::Refused { .. } => counts.refusals += 1,
            }
            Entry::Outcome { run, call, result }
        })?;
        Ok(())
    }
}

impl<C> DurablePermit<C> {
    /// Records how the call ended.
    ///
    /// # Errors
    /// As [`Permit::outcome`].
    pub fn outcome(self, now: Instant, result: Outcome) -> Result<(), TrailError> {
        self.permit.outcome(now, result)
    }
}

impl Record {
    /// Appends an entry of the run and gives the counts with it in.
    fn append(
        &self,
        now: Instant,
        make: impl FnOnce(&mut Counts) -> Entry,
    ) -> Result<Counts, TrailError> {
        let run = self.run;
        let mut tally = held(&self.tally)?;
        if tally.ended {
            return Err(TrailError::RunEnded { run });
        }
        let mut counts = tally.counts;
        if counts.intents == u32::MAX || counts.refused == u32::MAX {
            return Err(TrailError::RunFull { run });
        }
        let entry = make(&mut counts);
        self.shared.append(now, |_| entry)?;
        tally.counts = counts;
        Ok(counts)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.run)
    }
}
