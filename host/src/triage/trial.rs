//! A grouper run over a batch without a home, for its author and for measurements. The way is that of
//! every run: a manifest, a boundary and a grant decide, the linker holds what they leave, the calls
//! stand in a trail, and the answer is checked. Only the disk is not there.

use super::group::Checked;
use crate::boundary::{Boundary, HostNames, Roster};
use crate::model::{
    Alert, AlertNumber, Capability, Clock, Digest, Evidence, FieldSet, Instant, ModuleKind,
    Standing, TenantId, Text,
};
use crate::sandbox::capability::{Given, Recall};
use crate::sandbox::table::project;
use crate::sandbox::{
    Beginning, CompileError, Grant, Granted, GrantedTenants, Grants, Manifest, Module, NotGranted,
    NotPrepared, Prepared, RunFailure, Sandbox, WantedLimits, WantedSettings, bindings,
    module_digest,
};
use crate::store::Note;
use crate::trail::{
    Commitment, Log, MemoryKey, MemoryShelf, Opening, Origin, RunStart, Salt, TrailError, Words,
};
use crate::written::Problems;
use std::collections::BTreeMap;
use std::sync::Arc;

const PERSON: &str = "trial@casemate.example";
const SALT: [u8; 32] = [0; 32];

/// Why a module cannot be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotTried {
    /// It is not valid.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It imports what it does not ask for, or exports not what its kind does.
    #[error(transparent)]
    NotPrepared(#[from] NotPrepared),
    /// It was not granted.
    #[error(transparent)]
    NotGranted(#[from] NotGranted),
    /// It is of a kind that a trial does not run.
    #[error("a trial runs groupers, and this is one of the {0}s")]
    Kind(&'static str),
    /// What stands for the home's files does not hold.
    #[error("{0}")]
    Written(Problems),
    /// What stands for the home could not be made.
    #[error("the trial's {0} could not be made")]
    Made(&'static str),
}

/// What ends a trial's run without an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialFailure {
    /// The module has no answer, or one that the host does not accept.
    #[error(transparent)]
    Run(#[from] RunFailure),
    /// The run could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The batch could not be encoded.
    #[error("the batch could not be encoded")]
    Encode,
}

/// A module, granted what its manifest asks for as far as the boundary of a new tenant allows it:
/// every field but the source's own message.
pub struct Trial {
    prepared: Prepared,
    boundary: Digest,
    as_of: Instant,
    clock: Arc<dyn Clock>,
    log: Log,
    pooled: bool,
}

/// Alerts as they cross into the sandbox.
pub struct TrialBatch {
    table: bindings::types::Alerts,
    numbers: Vec<AlertNumber>,
    handed: Vec<(Evidence, Digest)>,
}

/// What a module keeps between the runs of a trial.
#[derive(Clone, Debug, Default)]
pub struct TrialMemory {
    notes: Arc<BTreeMap<String, Vec<u8>>>,
    standing: BTreeMap<AlertNumber, Standing>,
}

/// An answer that the host would keep.
pub struct TrialAnswer {
    checked: Checked,
    /// Linear memory that the module used, in bytes.
    pub memory_bytes: usize,
    /// Lines that it logged.
    pub log_lines: u32,
    /// Calls of capabilities that it made.
    pub calls: usize,
}

struct StandingStill(Instant);

impl Clock for StandingStill {
    fn now(&self) -> Instant {
        self.0
    }
}

impl Trial {
    /// Compiles and links a module. `as_of` is the time of decision it is handed.
    ///
    /// # Errors
    /// When it is no grouper, is not valid, or imports what it does not ask for.
    pub fn new(
        sandbox: &Sandbox,
        component: &[u8],
        manifest: Manifest,
        as_of: Instant,
    ) -> Result<Self, NotTried> {
        match manifest.kind() {
            ModuleKind::Grouper => (),
            kind @ (ModuleKind::Enricher | ModuleKind::Drafter) => {
                return Err(NotTried::Kind(kind.word()));
            }
        }
        let tenant = TenantId::parse("trial").map_err(|_| NotTried::Made("tenant"))?;
        let roster = format!(
            "version = 1\n[[people]]\nid = \"{PERSON}\"\nname = \"Trial\"\nroles = [\"operator\"]\n"
        );
        let roster = Roster::parse(&roster).map_err(NotTried::Written)?;
        let text = Boundary::template(PERSON, &[]);
        let boundary = Boundary::parse(&tenant, &text, &roster, &HostNames::none())
            .map_err(NotTried::Written)?;
        let digest = module_digest(component, manifest.text().as_bytes());
        let grant = Grant {
            module: manifest.name().clone(),
            digest,
            tenants: GrantedTenants::These(vec![tenant.clone()]),
            capabilities: manifest.capabilities().collect(),
            by: Text::capped(PERSON, 200),
            at: as_of,
            limits: WantedLimits::default(),
            shadow: false,
            replaces: None,
            settings: WantedSettings::default(),
        };
        let grants = Grants::add("version = 1\n", &grant)
            .and_then(|text| Grants::parse(&text))
            .map_err(NotTried::Written)?;
        let granted = Granted::decide(&tenant, &manifest, digest, &boundary, &grants, as_of)?;
        let module = Module::new(component.to_vec(), manifest);
        sandbox.compile(&module)?;
        let opening = Opening {
            origin: Origin::from_bytes([0; 16]),
            now: as_of,
            sealed: 0,
            committed: None,
            next_alert: None,
            store: None,
            key: Arc::new(MemoryKey::from_seed([0; 32])),
        };
        let (log, _) =
            Log::open(MemoryShelf::default(), opening).map_err(|_| NotTried::Made("trail"))?;
        Ok(Self {
            prepared: sandbox.prepare(&module, granted)?,
            boundary: boundary.digest(),
            as_of,
            clock: Arc::new(StandingStill(as_of)),
            log,
            pooled: match sandbox.memory() {
                crate::sandbox::Memory::OnDemand => false,
                crate::sandbox::Memory::Pooled => true,
            },
        })
    }

    /// The fields that the module sees.
    pub fn fields(&self) -> FieldSet {
        self.prepared.granted().fields()
    }

    /// Makes a batch of alerts, whose numbers must ascend: what the module sees of them and no more.
    pub fn batch(&self, rows: &[(AlertNumber, &Alert)]) -> TrialBatch {
        TrialBatch {
            table: project(rows, self.fields()),
            numbers: rows.iter().map(|(number, _)| *number).collect(),
            handed: rows
                .iter()
                .map(|(number, alert)| (Evidence::Alert(*number), alert.digest))
                .collect(),
        }
    }

    /// Lets the module place a batch, in a fresh sandbox, and checks what it answers.
    ///
    /// # Errors
    /// When it has no answer, or one that the host would not keep.
    pub fn group(
        &self,
        batch: &TrialBatch,
        memory: &TrialMemory,
    ) -> Result<TrialAnswer, TrialFailure> {
        let granted = self.prepared.granted();
        let salt = Salt::from_bytes(SALT);
        let bytes = postcard::to_stdvec(&batch.table).map_err(|_| TrialFailure::Encode)?;
        let crossing = granted.settings().crossing();
        let settings = postcard::to_stdvec(&crossing).map_err(|_| TrialFailure::Encode)?;
        let start = RunStart {
            module: granted.module().clone(),
            digest: granted.digest(),
            host: Words::new("a trial"),
            build: None,
            boundary: self.boundary,
            grant: Some(granted.grant()),
            as_of: self.as_of,
            batch: Commitment::of(&salt, &bytes),
            settings: Some(Commitment::of(&salt, &settings)),
            alerts: batch.numbers.len() as u64,
            capabilities: granted.capabilities().iter().copied().collect(),
            fields: granted.fields(),
            withheld: granted.withheld().iter().map(|w| w.field).collect(),
            pooled: self.pooled,
            shadow: granted.is_shadow(),
        };
        let begin = Beginning {
            record: self.log.begin_run(self.clock.now(), start)?,
            clock: self.clock.clone(),
            salt: salt.clone(),
            as_of: self.as_of,
            handed: batch.handed.clone(),
            batch: bytes,
            settings,
        };
        let mut given = Given::default();
        let mut has_memory = false;
        for capability in granted.capabilities() {
            match capability {
                // A trial's tenant has neither: a module that asks is told that they are unavailable.
                Capability::Assets | Capability::KnownGood => (),
                Capability::Memory => {
                    has_memory = true;
                    given.memory = Some(Recall::new(memory.notes.clone()));
                }
            }
        }
        let finished = self.prepared.group(begin, given, &batch.table);
        let checked = finished.answer.and_then(|answer| {
            let bytes = postcard::to_stdvec(&answer).unwrap_or_default();
            let checked = Checked::of(answer, &batch.numbers, has_memory, |group| {
                memory.standing.get(&group).copied()
            });
            checked
                .map(|checked| (checked, Commitment::of(&salt, &bytes)))
                .map_err(|fault| RunFailure::of_answer(granted.module().clone(), fault))
        });
        let (now, lines) = (self.clock.now(), finished.log_lines);
        match checked {
            Ok((checked, answer)) => {
                let answer = finished.record.end(now, answer, lines, checked)?;
                Ok(TrialAnswer {
                    checked: answer.into_value(),
                    memory_bytes: finished.memory_bytes,
                    log_lines: lines,
                    calls: finished.material.calls.len(),
                })
            }
            Err(failure) => {
                let _recorded = finished.record.fail(now, failure.entry(), lines)?;
                Err(failure.into())
            }
        }
    }
}

impl TrialBatch {
    /// How many alerts it has.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl TrialMemory {
    /// Keeps what an answer wants remembered.
    pub fn keep(&mut self, answer: &TrialAnswer) {
        let notes = Arc::make_mut(&mut self.notes);
        for Note { key, value, .. } in answer.checked.notes() {
            if value.is_empty() {
                notes.remove(key);
            } else {
                notes.insert(key.clone(), value.clone());
            }
        }
        self.standing.extend(answer.checked.openings());
    }

    /// How many notes there are.
    pub fn notes(&self) -> usize {
        self.notes.len()
    }
}

impl TrialAnswer {
    /// Each alert and its group, in the order of the batch.
    pub fn placements(&self) -> impl Iterator<Item = (AlertNumber, AlertNumber)> {
        self.checked.groups()
    }

    /// The groups that were opened, and where each stands.
    pub fn openings(&self) -> impl Iterator<Item = (AlertNumber, Standing)> {
        self.checked.openings()
    }
}
