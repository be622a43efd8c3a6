//! One module, one tenant, one batch, one wasmtime store: from its making to its end.

use super::allowance::Allowance;
use super::backtrace;
use super::bindings::{drafter, drafting, enricher, enriching, grouper, grouping, types};
use super::capability::{Given, NotRead, Question, Read, refused};
use super::engine::TICK_MS;
use super::limit::{Limit, Limits, Meter, OverLimit};
use super::prepare::Prepared;
use crate::model::access::Access;
use crate::model::{Clock, Digest, Evidence, Frame, ModuleKind, ModuleName, Text, caught};
use crate::store::{Call, Material};
use crate::trail::{
    Commitment, Failure, FailureCode, Outcome, Permit, RunRecord, Salt, TrailError, Words,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::InstancePre;
use wasmtime::{Store, StoreContextMut, Trap};

/// What a wasmtime store holds for one run. It is made for the run and dropped with it.
pub(super) struct Run {
    meter: Meter,
    allowance: Allowance,
    record: RunRecord,
    clock: Arc<dyn Clock>,
    salt: Salt,
    pub(super) given: Given,
    handed: Vec<(Evidence, Digest)>,
    /// Where in `handed` a record of a capability stands.
    places: BTreeMap<(Evidence, Digest), u32>,
    calls: Vec<Call>,
    refused: u64,
    log_lines: u32,
    last_line: Option<Text>,
    unrecorded: Option<TrailError>,
}

/// A run that has come to its end, well or not. Its record is still open: the host looks at the
/// answer first, so that the record says whether it was accepted.
pub(crate) struct Finished<T> {
    /// What the module answered, or why it did not.
    pub(crate) answer: Result<T, RunFailure>,
    /// What the evidence numbers of the run stand for.
    pub(crate) handed: Vec<(Evidence, Digest)>,
    /// What its commitments commit to, but for the answer.
    pub(crate) material: Material,
    /// Its record.
    pub(crate) record: RunRecord,
    /// Lines the module logged.
    pub(crate) log_lines: u32,
    /// Linear memory the module used, in bytes.
    pub(crate) memory_bytes: usize,
    /// From the call into the module to its answer.
    pub(crate) took: Duration,
    /// The kind of the module.
    pub(crate) kind: ModuleKind,
    /// What it ran within.
    pub(crate) limits: Limits,
    /// Calls that were refused.
    pub(crate) refused: u64,
    /// Whether it ran beside the module that counts.
    pub(crate) shadow: bool,
}

/// Why a run has no answer.
#[derive(Debug, thiserror::Error)]
#[error("module `{module}` {why}")]
pub struct RunFailure {
    /// The module.
    pub module: ModuleName,
    /// What happened.
    pub why: Why,
    /// The last line it logged, for its author.
    pub last_line: Option<Text>,
    /// Where it panicked and what it said, for its author; none where it did not say.
    pub message: Option<Text>,
    /// The calls inside the module when it stopped, the innermost first; may be empty.
    pub backtrace: Vec<Frame>,
}

/// What ends a run without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It ran into a limit.
    #[error("ran {0}")]
    Limit(OverLimit),
    /// It stopped by itself: a panic, an impossible operation, an answer that is not of the contract.
    #[error("stopped: {0}")]
    Trap(Text),
    /// A call of it could not be recorded, so it was not made.
    #[error("was stopped, because a call of it could not be recorded: {0}")]
    Unrecorded(TrailError),
    /// The host panicked while it ran.
    #[error("was stopped, because the host panicked: {0}")]
    Panicked(Text),
    /// The host does not accept its answer.
    #[error("gave an answer that is not accepted: {0}")]
    Answer(crate::triage::AnswerFault),
}

impl RunFailure {
    /// An answer that is not accepted.
    pub(crate) fn of_answer(module: ModuleName, fault: crate::triage::AnswerFault) -> Self {
        Self {
            module,
            why: Why::Answer(fault),
            last_line: None,
            message: None,
            backtrace: Vec::new(),
        }
    }

    /// The failure as the trail records it.
    pub(crate) fn entry(&self) -> Failure {
        let (code, limit) = match &self.why {
            Why::Limit(over) => {
                let limit = crate::trail::Limit {
                    name: Words::new(over.limit.name()),
                    value: over.value,
                };
                (FailureCode::Limit, Some(limit))
            }
            Why::Trap(_) => (FailureCode::Trap, None),
            Why::Unrecorded(_) | Why::Panicked(_) => (FailureCode::Host, None),
            Why::Answer(_) => (FailureCode::Answer, None),
        };
        // The host's own words only: what a module says may hold the tenant's data.
        let cause = Words::new(match &self.why {
            Why::Limit(_) => "the module ran over a limit",
            Why::Trap(_) => "the module stopped by itself",
            Why::Unrecorded(_) => "a call could not be recorded",
            Why::Panicked(_) => "the host panicked",
            Why::Answer(fault) => fault.code(),
        });
        Failure { code, cause, limit }
    }
}

/// What a run is begun with.
pub(crate) struct Beginning {
    pub(crate) record: RunRecord,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) salt: Salt,
    pub(crate) as_of: crate::model::Instant,
    /// What rows of the batch and other records handed in with it are, in the order of their
    /// evidence numbers.
    pub(crate) handed: Vec<(Evidence, Digest)>,
    /// The batch's bytes, as the record's commitment commits to them.
    pub(crate) batch: Vec<u8>,
    /// The settings' bytes, likewise.
    pub(crate) settings: Vec<u8>,
}

impl Prepared {
    /// Lets a grouper place a batch.
    pub(crate) fn group(
        &self,
        begin: Beginning,
        given: Given,
        batch: &types::Alerts,
    ) -> Finished<grouping::Grouped> {
        let (as_of, settings) = (begin.as_of.millis(), self.granted().settings().crossing());
        self.run(begin, given, |mut store, pre| {
            let module = grouper::GrouperPre::new(pre)?.instantiate(&mut store)?;
            module
                .casemate_soc_grouping()
                .call_group(store, as_of, &settings, batch)
        })
    }

    /// Lets an enricher say what it knows of a batch.
    pub(crate) fn enrich(
        &self,
        begin: Beginning,
        given: Given,
        batch: &types::Alerts,
    ) -> Finished<Vec<enriching::Enrichment>> {
        let (as_of, settings) = (begin.as_of.millis(), self.granted().settings().crossing());
        self.run(begin, given, |mut store, pre| {
            let module = enricher::EnricherPre::new(pre)?.instantiate(&mut store)?;
            module
                .casemate_soc_enriching()
                .call_enrich(store, as_of, &settings, batch)
        })
    }

    /// Lets a drafter propose a case's summary.
    pub(crate) fn draft(
        &self,
        begin: Beginning,
        given: Given,
        dossier: &drafting::Dossier,
    ) -> Finished<Vec<drafting::Sentence>> {
        let (as_of, settings) = (begin.as_of.millis(), self.granted().settings().crossing());
        self.run(begin, given, |mut store, pre| {
            let module = drafter::DrafterPre::new(pre)?.instantiate(&mut store)?;
            module
                .casemate_soc_drafting()
                .call_draft(store, as_of, &settings, dossier)
        })
    }

    fn run<T>(
        &self,
        begin: Beginning,
        given: Given,
        call: impl FnOnce(StoreContextMut<'_, Run>, InstancePre<Run>) -> wasmtime::Result<T>,
    ) -> Finished<T> {
        let limits = *self.limits();
        let run = Run {
            meter: Meter::new(limits),
            allowance: Allowance::new(limits.run_bytes),
            record: begin.record,
            clock: begin.clock,
            salt: begin.salt,
            given,
            handed: begin.handed,
            places: BTreeMap::new(),
            calls: Vec::new(),
            refused: 0,
            log_lines: 0,
            last_line: None,
            unrecorded: None,
        };
        let mut store = Store::new(self.engine(), run);
        store.limiter(|run| &mut run.meter);
        store.set_hostcall_fuel(limits.crossing_bytes);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(limits.deadline_ms.div_ceil(TICK_MS) + 1);
        store.epoch_deadline_trap();
        let began = Instant::now();
        // The store is used no further than to take the run's record out of it.
        let result = caught(|| {
            let store = wasmtime::AsContextMut::as_context_mut(&mut store);
            call(store, self.pre().clone())
        });
        let took = began.elapsed();
        let mut run = store.into_data();
        let answer = match result {
            Ok(result) => result.map_err(|error| run.failure(self.module(), &error, &limits)),
            Err(said) => Err(RunFailure {
                module: self.module().clone(),
                why: Why::Panicked(said),
                last_line: run.last_line.clone(),
                message: None,
                backtrace: Vec::new(),
            }),
        };
        Finished {
            answer,
            handed: run.handed,
            material: Material {
                salt: *run.salt.as_bytes(),
                batch: begin.batch,
                settings: begin.settings,
                calls: run.calls,
                answer: Vec::new(),
            },
            record: run.record,
            log_lines: run.log_lines,
            memory_bytes: run.meter.memory_used(),
            took,
            kind: self.granted().kind(),
            limits,
            refused: run.refused,
            shadow: self.granted().is_shadow(),
        }
    }
}

impl Run {
    /// What a module asks of the capability `C`, charged to the run.
    pub(super) fn question<C: Access>(
        &mut self,
        keys: &[String],
        most: usize,
    ) -> wasmtime::Result<Question<C>> {
        Question::keys(keys, most, &mut self.allowance).map_err(|over| self.meter.ran(over))
    }

    /// Answers a call of a capability: counted, recorded first, and kept for a later repeat.
    ///
    /// `read` takes the permit by value, and there is none without an intent in the trail; `hand_out`
    /// turns what was read into what the module gets.
    pub(super) fn answer<C: Access, R, A: serde::Serialize + Countable>(
        &mut self,
        question: Question<C>,
        read: impl FnOnce(Permit<C>, &mut Allowance) -> Read<C, R>,
        hand_out: impl FnOnce(&mut Self, R) -> A,
    ) -> wasmtime::Result<Result<A, types::Refusal>> {
        let most = self.meter.limits().host_calls;
        if self.calls.len() >= most as usize {
            return Err(self.meter.exceeded(Limit::HostCalls, u64::from(most)));
        }
        let asked = Commitment::of(&self.salt, question.bytes());
        let intent = self
            .record
            .intent(self.clock.now(), asked, question.items());
        let permit = match intent {
            Ok(permit) => permit,
            Err(error) => return Err(self.not_recorded(error)),
        };
        let Read { permit, result } = if question.is_too_large() {
            Read {
                permit,
                result: Err(NotRead::Refused(types::Refusal::OverLimit)),
            }
        } else {
            read(permit, &mut self.allowance)
        };
        let answer = match result {
            Ok(found) => Ok(hand_out(self, found)),
            Err(NotRead::Refused(refusal)) => Err(refusal),
            Err(NotRead::OverLimit(over)) => {
                let ended = self.meter.ran(over);
                self.refused += 1;
                let refused = refused(&types::Refusal::OverLimit);
                return match permit.outcome(self.clock.now(), refused) {
                    Ok(()) => Err(ended),
                    Err(error) => Err(self.not_recorded(error)),
                };
            }
        };
        let (bytes, outcome) = match &answer {
            Ok(value) => {
                let bytes = postcard::to_stdvec(value).map_err(wasmtime::Error::new)?;
                let commitment = Commitment::of(&self.salt, &bytes);
                (
                    bytes,
                    Outcome::Ok {
                        answer: commitment,
                        items: value.items(),
                    },
                )
            }
            Err(refusal) => {
                self.refused += 1;
                (Vec::new(), refused(refusal))
            }
        };
        self.calls.push(Call {
            question: question.into_bytes(),
            answer: bytes,
        });
        match permit.outcome(self.clock.now(), outcome) {
            Ok(()) => Ok(answer),
            Err(error) => Err(self.not_recorded(error)),
        }
    }

    /// Hands out a record: gives the number it can be cited by in this run.
    pub(super) fn hand_out(&mut self, evidence: Evidence, digest: Digest) -> types::Evidence {
        let next = u32::try_from(self.handed.len()).unwrap_or(u32::MAX);
        let record = (evidence, digest);
        *self.places.entry(record.clone()).or_insert_with(|| {
            self.handed.push(record);
            next
        })
    }

    /// Takes a line of log.
    pub(super) fn log(&mut self, line: &str) -> wasmtime::Result<()> {
        let most = self.meter.limits().log_lines;
        if self.log_lines >= most {
            return Err(self.meter.exceeded(Limit::LogLines, u64::from(most)));
        }
        self.log_lines += 1;
        let line = Text::capped(line, Limits::LOG_LINE_BYTES);
        tracing::debug!(run = self.record.run(), "{line}");
        self.last_line = Some(line);
        Ok(())
    }

    fn not_recorded(&mut self, error: TrailError) -> wasmtime::Error {
        let text = error.to_string();
        self.unrecorded.get_or_insert(error);
        wasmtime::Error::msg(text)
    }

    /// Why the call into the module came back with this error.
    fn failure(
        &mut self,
        module: &ModuleName,
        error: &wasmtime::Error,
        limits: &Limits,
    ) -> RunFailure {
        let over = |limit, value| Why::Limit(OverLimit { limit, value });
        let why = if let Some(error) = self.unrecorded.take() {
            Why::Unrecorded(error)
        } else if let Some(limit) = self.meter.over() {
            Why::Limit(limit)
        } else {
            match error.downcast_ref::<Trap>() {
                Some(Trap::Interrupt) => over(Limit::Deadline, limits.deadline_ms),
                Some(Trap::StackOverflow) => over(Limit::Stack, Limits::STACK_BYTES as u64),
                _ => {
                    // These three have no type of their own in wasmtime 48; a test with a hostile
                    // module holds each text.
                    // The innermost cause: what stands around it holds names of the module's functions.
                    let text = brief(error);
                    if text.contains("fuel allocated for hostcalls has been exhausted") {
                        over(Limit::CrossingBytes, limits.crossing_bytes as u64)
                    } else if text.contains("store handle limit exceeded") {
                        over(Limit::Handles, limits.handles as u64)
                    } else if text.contains("resource limit exceeded: instance count") {
                        over(Limit::Instances, limits.instances as u64)
                    } else if text.contains("resource limit exceeded: memory count") {
                        over(Limit::Memories, limits.memories as u64)
                    } else if text.contains("resource limit exceeded: table count") {
                        over(Limit::Tables, limits.tables as u64)
                    } else {
                        Why::Trap(Text::capped(&text, 300))
                    }
                }
            }
        };
        let message = match &why {
            Why::Trap(_) => backtrace::message(self.last_line.as_ref()),
            Why::Limit(_) | Why::Unrecorded(_) | Why::Panicked(_) | Why::Answer(_) => None,
        };
        RunFailure {
            module: module.clone(),
            why,
            last_line: self.last_line.clone(),
            message,
            backtrace: backtrace::frames(error),
        }
    }
}

/// The innermost cause: what wasmtime says around it are addresses inside the module.
fn brief(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}

/// An answer whose items the trail counts.
pub(super) trait Countable {
    fn items(&self) -> u64;
}

impl<T> Countable for Vec<Vec<T>> {
    fn items(&self) -> u64 {
        self.iter().map(Vec::len).sum::<usize>() as u64
    }
}

impl<T> Countable for Vec<Option<T>> {
    fn items(&self) -> u64 {
        self.iter().flatten().count() as u64
    }
}
