//! What every run has in common: its record, its salt, what it is given, and how it fails.

use super::enrich::{self, Subject};
use super::fault::AnswerFault;
use super::observer::RunEnded;
use super::session::{Session, SessionError};
use crate::knowledge::KnownGood;
use crate::model::{
    Alert, AlertNumber, Capability, Cost, Digest, Enrichment, Evidence, FieldSet, Instant,
    ModuleName, Text,
};
use crate::sandbox::bindings::{enriching, types};
use crate::sandbox::capability::{AssetList, FactList, Given, Recall};
use crate::sandbox::table::project;
use crate::sandbox::{Beginning, Finished, Memory, Prepared, RunFailure};
use crate::store::{Change, FailedRun, Material, NotesOf, Notice, View};
use crate::trail::{Commitment, Ended, Failure, Released, RunNumber, RunStart, Salt, Words};
use std::collections::BTreeMap;
use std::sync::Arc;

const VERSION: &str = concat!("casemate ", env!("CARGO_PKG_VERSION"));

/// The modules that did not do their work in this session, and why.
#[derive(Default)]
pub(super) struct Limping {
    why: BTreeMap<String, String>,
}

impl Limping {
    pub(super) fn of(notices: &[Notice]) -> Self {
        Self {
            why: notices
                .iter()
                .map(|n| (n.module.clone(), n.text.clone()))
                .collect(),
        }
    }

    pub(super) fn add(&mut self, failure: &RunFailure) {
        self.why
            .insert(failure.module.to_string(), failure.to_string());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.why
            .iter()
            .map(|(module, why)| (module.as_str(), why.as_str()))
    }
}

/// What came of a run: its answer, or that it failed.
pub(super) type Came<T> = Result<Ended<Kept<T>>, Failed>;

/// What came of a run that is recorded whole: kept in one change with everything else of it.
pub(super) struct Kept<T> {
    pub(super) value: T,
    pub(super) material: Material,
    pub(super) cost: Cost,
}

impl Session {
    /// Records that a run begins, and gives what it is begun with.
    pub(super) fn beginning(
        &self,
        module: &Prepared,
        as_of: Instant,
        batch: Vec<u8>,
        alerts: usize,
        handed: Vec<(Evidence, Digest)>,
    ) -> Result<Beginning, SessionError> {
        let granted = module.granted();
        let salt = self.salt()?;
        let settings = encoded("the settings", &granted.settings().crossing())?;
        let withheld: FieldSet = granted.withheld().iter().map(|w| w.field).collect();
        let record = self.log.begin_run(
            self.clock.now(),
            RunStart {
                module: granted.module().clone(),
                digest: granted.digest(),
                host: Words::new(VERSION),
                build: self.build,
                boundary: self.boundary.digest(),
                grant: Some(granted.grant()),
                as_of,
                batch: Commitment::of(&salt, &batch),
                settings: Some(Commitment::of(&salt, &settings)),
                alerts: alerts as u64,
                capabilities: granted.capabilities().iter().copied().collect(),
                fields: granted.fields(),
                withheld,
                pooled: match self.memory {
                    Memory::OnDemand => false,
                    Memory::Pooled => true,
                },
                shadow: granted.is_shadow(),
            },
        )?;
        Ok(Beginning {
            record,
            clock: self.clock.clone(),
            salt,
            as_of,
            handed,
            batch,
            settings,
        })
    }

    /// Records that a module begins over these alerts, and gives what it is begun with and handed: the
    /// fields that it sees, and exactly what was granted.
    pub(super) fn over_alerts(
        &self,
        module: &Prepared,
        as_of: Instant,
        rows: &[(AlertNumber, &Alert)],
        view: &View,
    ) -> Result<(Beginning, Given, types::Alerts), SessionError> {
        let table = project(rows, module.granted().fields());
        let handed = rows
            .iter()
            .map(|(number, alert)| (Evidence::Alert(*number), alert.digest))
            .collect();
        let batch = encoded("the batch", &table)?;
        let begin = self.beginning(module, as_of, batch, rows.len(), handed)?;
        Ok((begin, self.given(module, view)?, table))
    }

    /// Lets an enricher enrich these rows, whether it counts or not.
    pub(super) fn enrich_over(
        &self,
        module: &Prepared,
        subjects: &[Subject],
        view: &View,
    ) -> Result<Finished<Vec<enriching::Enrichment>>, SessionError> {
        let rows: Vec<_> = subjects
            .iter()
            .map(|s| (s.stored.number, &s.stored.alert))
            .collect();
        let (begin, given, table) = self.over_alerts(module, self.as_of, &rows, view)?;
        Ok(module.enrich(begin, given, &table))
    }

    /// Checks what an enricher answered, and records how its run ended.
    pub(super) fn settle_enriched(
        &mut self,
        module: &ModuleName,
        finished: Finished<Vec<enriching::Enrichment>>,
        subjects: &[Subject],
        failures: &mut Vec<String>,
    ) -> Result<Came<Vec<Enrichment>>, SessionError> {
        self.settle(module, finished, failures, |session, answer, handed| {
            let none = KnownGood::default();
            let facts = session.knowledge.known_good.as_deref().unwrap_or(&none);
            Ok(enrich::check(
                answer,
                subjects,
                handed,
                facts,
                module,
                session.as_of,
            ))
        })
    }

    /// What a run is given: exactly what was granted.
    pub(super) fn given(&self, module: &Prepared, view: &View) -> Result<Given, SessionError> {
        let mut given = Given::default();
        for capability in module.granted().capabilities() {
            match capability {
                Capability::Assets => {
                    given.assets = self.knowledge.assets.clone().map(AssetList::new);
                }
                Capability::KnownGood => {
                    given.known_good = self.knowledge.known_good.clone().map(FactList::new);
                }
                Capability::Memory => {
                    let name = module.granted().module();
                    let notes = view.notes_of(match module.granted().is_shadow() {
                        false => NotesOf::Counting(name),
                        true => NotesOf::Beside(name),
                    })?;
                    given.memory = Some(Recall::new(Arc::new(notes)));
                }
            }
        }
        Ok(given)
    }

    /// Checks what a run answered and records how it ended: with what `check` made of the answer, or
    /// without one. Why it failed is added to `failures`, once; of a run beside the module that counts,
    /// that is nobody's failure.
    pub(super) fn settle<A: serde::Serialize, T>(
        &mut self,
        module: &ModuleName,
        finished: Finished<A>,
        failures: &mut Vec<String>,
        check: impl FnOnce(
            &Self,
            A,
            &[(Evidence, Digest)],
        ) -> Result<Result<T, AnswerFault>, SessionError>,
    ) -> Result<Came<T>, SessionError> {
        let Finished {
            answer,
            handed,
            mut material,
            record,
            log_lines,
            memory_bytes,
            took,
            kind,
            limits,
            refused,
            shadow,
        } = finished;
        let cost = Cost {
            took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            memory_bytes: memory_bytes as u64,
            calls: material.calls.len() as u64,
            refused,
        };
        if refused > 0 && !shadow {
            let observer = &self.observer;
            observer.calls_refused(&self.tenant, module, refused);
        }
        let mut told = RunEnded {
            module: module.clone(),
            kind,
            run: record.run(),
            took,
            memory_bytes: memory_bytes as u64,
            calls: material.calls.len() as u64,
            limits,
            shadow,
            failure: None,
        };
        let checked = match answer {
            Ok(answer) => {
                material.answer = encoded("the answer", &answer)?;
                check(self, answer, &handed)?
                    .map_err(|fault| RunFailure::of_answer(module.clone(), fault))
            }
            Err(failure) => Err(failure),
        };
        match checked {
            Ok(value) => {
                let salt = Salt::from_bytes(material.salt);
                let answer = Commitment::of(&salt, &material.answer);
                let kept = Kept {
                    value,
                    material,
                    cost,
                };
                let ended = record.close(self.now(), answer, log_lines, kept)?;
                self.observer.run_ended(&self.tenant, &told);
                Ok(Ok(ended))
            }
            Err(failure) => {
                told.failure = Some(failure.entry());
                let released = record.fail(self.clock.now(), failure.entry(), log_lines)?;
                tracing::debug!(tenant = %self.tenant, module = %failure.module, run = released.run(), shadow, "the run failed");
                let failed = Failed {
                    failed: self.failed_run(released.run(), &failure),
                    released,
                    material,
                    notice: self.notice(&failure),
                    shadow,
                    cost,
                };
                self.observer.run_ended(&self.tenant, &told);
                if !shadow {
                    // Remembered for those who ask why something is missing.
                    self.limping.add(&failure);
                    if !failures.iter().any(|known| known == failed.text()) {
                        failures.push(failed.text().to_owned());
                    }
                }
                Ok(Err(failed))
            }
        }
    }

    /// What is said of a run that has no answer.
    fn notice(&self, failure: &RunFailure) -> Notice {
        let last = match (&failure.message, &failure.last_line) {
            (Some(message), _) => format!("; it panicked at {message}"),
            (None, Some(line)) => format!("; its last line of log: {line}"),
            (None, None) => String::new(),
        };
        Notice {
            module: failure.module.to_string(),
            time: self.clock.now(),
            refused: false,
            text: format!("{failure}{last}"),
        }
    }

    /// What is kept of it for the module's author.
    fn failed_run(&self, run: RunNumber, failure: &RunFailure) -> FailedRun {
        FailedRun {
            run,
            module: failure.module.clone(),
            time: self.clock.now(),
            text: failure.why.to_string(),
            message: failure.message.clone(),
            last_line: failure.last_line.clone(),
            backtrace: failure.backtrace.clone(),
        }
    }

    pub(super) fn salt(&self) -> Result<Salt, SessionError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes)?;
        Ok(Salt::from_bytes(bytes))
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// A failed run as it is kept.
pub(super) struct Failed {
    released: Released<Failure>,
    material: Material,
    notice: Notice,
    failed: FailedRun,
    shadow: bool,
    cost: Cost,
}

impl Failed {
    /// Keeps it; of a run beside the module that counts, without a notice.
    pub(super) fn keep(self, change: &mut Change) -> Result<(), SessionError> {
        change.put_failed(&self.failed)?;
        if !self.shadow {
            change.put_notice(&self.notice.module, Some(&self.notice))?;
        }
        change.put_material(self.released.run(), &self.material)?;
        change.set_trail(self.released.committed())?;
        Ok(())
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// What happened, at a length that can be kept with others.
    pub(super) fn why(&self) -> Text {
        Text::capped(&self.notice.text, 300)
    }

    fn text(&self) -> &str {
        &self.notice.text
    }
}

/// Keeps what every accepted run leaves behind, and gives its value.
pub(super) fn keep<T>(change: &mut Change, released: Released<Kept<T>>) -> Result<T, SessionError> {
    let (run, committed) = (released.run(), released.committed());
    let Kept {
        value, material, ..
    } = released.into_value();
    change.put_material(run, &material)?;
    change.set_trail(committed)?;
    Ok(value)
}

/// The bytes that a commitment commits to.
pub(super) fn encoded(
    what: &'static str,
    value: &impl serde::Serialize,
) -> Result<Vec<u8>, SessionError> {
    postcard::to_stdvec(value).map_err(|_| SessionError::Encode(what))
}
