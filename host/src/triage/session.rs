//! One tenant at work: opened with its boundary, written by nobody else until it is dropped.

use super::cancel::Cancel;
use super::observer::Observer;
use super::place::Patience;
use super::runs::Limping;
use super::shadow::{self, Beside};

use crate::boundary::{Boundary, NotSigned};
use crate::knowledge::{Assets, KnowledgeFault, KnownGood, Usable};
use crate::model::{
    Capability, Clock, Digest, Instant, ModuleKind, ModuleName, TenantId, Text, caught,
};
use crate::sandbox::{Memory, Prepared};
use crate::seat::TwoSeated;
use crate::store::{Notice, Random, Records, StoreError, View, WriterLock};
use crate::trail::{Log, TrailError};
use crate::written::{Problem, Problems};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// A tenant opened for work. Dropping it gives the tenant back.
pub struct Session {
    pub(super) tenant: TenantId,
    pub(super) boundary: Boundary,
    pub(super) as_of: Instant,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) build: Option<Digest>,
    pub(super) memory: Memory,
    pub(super) modules: Modules,
    pub(super) knowledge: Knowledge,
    pub(super) log: Log,
    pub(super) records: Records,
    pub(super) limping: Limping,
    /// How often each candidate has failed in a row.
    pub(super) shadow_failed: BTreeMap<ModuleName, u32>,
    pub(super) patience: Patience,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) cancel: Cancel,
    panicked: Option<Text>,
    is_ended: bool,
    _writer: WriterLock,
}

/// The modules that can run for the tenant.
#[derive(Default)]
pub(crate) struct Modules {
    pub(super) grouper: Option<Prepared>,
    pub(super) enrichers: Vec<Prepared>,
    pub(super) drafter: Option<Prepared>,
    /// Candidates: each runs beside the module of its name and kind above, where there is one.
    pub(super) shadows: Vec<Prepared>,
}

impl Modules {
    /// Takes a module to its kind's place, or beside those where its grant says so. There is one place for
    /// a grouper and one for a drafter; that nobody is there is looked at before ([`crate::seat::Seats`]).
    pub(crate) fn take(&mut self, module: Prepared) {
        if module.granted().is_shadow() {
            self.shadows.push(module);
            return;
        }
        match module.granted().kind() {
            ModuleKind::Grouper => self.grouper = Some(module),
            ModuleKind::Drafter => self.drafter = Some(module),
            ModuleKind::Enricher => self.enrichers.push(module),
        }
    }

    /// The place of the candidate beside the module of this name.
    pub(super) fn candidate(&self, module: &ModuleName) -> Option<usize> {
        let counting = self.all().find(|m| m.granted().module() == module)?;
        let kind = counting.granted().kind();
        let is_of = |m: &Prepared| m.granted().module() == module && m.granted().kind() == kind;
        self.shadows.iter().position(is_of)
    }

    /// Those that run beside them.
    pub(crate) fn shadows(&self) -> impl Iterator<Item = &Prepared> {
        self.shadows.iter()
    }

    /// Those that count.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Prepared> {
        self.grouper
            .iter()
            .chain(&self.enrichers)
            .chain(&self.drafter)
    }
}

/// What the tenant wrote down about itself.
#[derive(Clone, Default)]
pub(crate) struct Knowledge {
    /// None where the file cannot be used: whoever asks for it gets `unavailable`.
    pub(crate) assets: Option<Arc<Assets>>,
    /// As for `assets`.
    pub(crate) known_good: Option<Arc<KnownGood>>,
    /// What is wrong with the files. It keeps no alert from being taken in.
    pub(crate) faults: Vec<KnowledgeFault>,
}

/// The bytes of a file, as they could be read; none where it is not there.
pub(crate) type ReadBytes = Result<Option<Vec<u8>>, StoreError>;

impl Knowledge {
    /// What the two files say; one that is not there is empty.
    pub(crate) fn of(assets: &ReadBytes, known_good: &ReadBytes) -> Self {
        let mut faults = Vec::new();
        let assets = usable(Assets::FILE, assets, Assets::usable, &mut faults);
        let facts = |bytes: &[u8]| KnownGood::usable(&String::from_utf8_lossy(bytes));
        let known_good = usable(KnownGood::FILE, known_good, facts, &mut faults);
        Self {
            assets,
            known_good,
            faults,
        }
    }
}

fn usable<T: Default>(
    name: &str,
    bytes: &ReadBytes,
    parse: impl FnOnce(&[u8]) -> Usable<T>,
    faults: &mut Vec<KnowledgeFault>,
) -> Option<Arc<T>> {
    let parsed = match bytes {
        Ok(None) => return Some(Arc::default()),
        Ok(Some(bytes)) => parse(bytes),
        Err(error) => {
            faults.push(KnowledgeFault::invalid(name, false, error));
            return None;
        }
    };
    if let Some(problems) = parsed.problems {
        let others_apply = parsed.value.is_some();
        faults.push(KnowledgeFault::invalid(name, others_apply, &problems));
    }
    parsed.value.map(Arc::new)
}

/// Why a tenant does not start. Others do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotStarted {
    /// It is suspended: nothing is taken in and no module runs until it is resumed.
    #[error(
        "tenant `{0}` is suspended: nothing is taken in and no module runs until it is resumed"
    )]
    Suspended(TenantId),
    /// It was erased, or its erasure was begun: nothing is taken in for it any more.
    #[error(
        "tenant `{0}` was erased at {1}: what is left of it is its trail, and nothing is taken in for it any more"
    )]
    Erased(TenantId, Instant),
    /// Its five statements are not written down.
    #[error("tenant `{0}` has no `boundary.toml`: its five statements must be written down first")]
    NoBoundary(TenantId),
    /// Its five statements are incomplete or contradict each other.
    #[error("the boundary of tenant `{tenant}` does not hold:\n{problems}")]
    Boundary {
        /// The tenant.
        tenant: TenantId,
        /// All that is wrong.
        problems: Problems,
    },
    /// The home's boundary defaults are wrong: no tenant starts before they hold.
    #[error("the boundary defaults do not hold, and no tenant starts before they do: {}", first(.0))]
    Defaults(Problems),
    /// The defaults that are rolled out to this tenant first are not those that were applied.
    #[error(
        "the boundary defaults that tenant `{0}` is to have first do not hold: {1}; apply them again with `casemate boundary apply FILE --defaults --tenant {0} --by PERSON`"
    )]
    Rollout(TenantId, Text),
    /// A file of the home cannot be understood: `tenants.toml`, which says whether the tenant is
    /// suspended, or `grants.toml`.
    #[error("a file of the home does not hold:\n{0}")]
    HomeFile(Problems),
    /// Its grants name two modules where one works.
    #[error(transparent)]
    TwoSeated(#[from] TwoSeated),
    /// Its trail cannot be continued.
    #[error("the trail of tenant `{tenant}`: {error}")]
    Trail {
        /// The tenant.
        tenant: TenantId,
        /// Why.
        error: crate::trail::OpenError,
    },
    /// Its files cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its start could not be recorded.
    #[error(transparent)]
    Record(#[from] TrailError),
    /// A boundary has to be signed and does not count as signed.
    #[error(
        "`{file}`: {why}; an operator applies it again with `casemate boundary apply --signature`"
    )]
    NotSigned {
        /// Which: the tenant's own, or one of the home's defaults.
        file: &'static str,
        /// Why.
        why: NotSigned,
    },
    /// Something panicked: in the host, which is a fault of it, or in what the embedder brought.
    #[error("starting the tenant panicked: {0}")]
    Panicked(Text),
}

/// The first thing that is wrong with a file that stops every tenant, in a line.
fn first(problems: &Problems) -> String {
    let first = problems.iter().next();
    first.map_or_else(String::new, |problem| {
        let Problem {
            line,
            column,
            message,
            ..
        } = problem;
        format!("{}:{line}:{column}: {message}", problems.file())
    })
}

/// What stops a session in the middle. What was acknowledged before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The input cannot be read on.
    #[error("the input cannot be read: {0}")]
    Input(io::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trail refused: nothing happens that is not recorded.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// A value could not be brought into the form it is recorded in.
    #[error("{0} could not be encoded")]
    Encode(&'static str),
    /// Something that this session works with is not where it was put: a fault of the host.
    #[error("{0} is not in this session any more, which is a fault of casemate")]
    Lost(&'static str),
    /// The thread that reads the input could not be started or stopped early.
    #[error("the reading thread: {0}")]
    Thread(String),
    /// Something panicked: in the host, which is a fault of it, or in what the embedder brought. The
    /// session does no more; a new one continues.
    #[error("the session panicked and does no more: {0}")]
    Panicked(Text),
}

/// What a session is made of; put together by the opened home alone.
pub(crate) struct Parts {
    pub(crate) boundary: Boundary,
    pub(crate) as_of: Instant,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) build: Option<Digest>,
    pub(crate) memory: Memory,
    pub(crate) modules: Modules,
    pub(crate) knowledge: Knowledge,
    pub(crate) log: Log,
    pub(crate) records: Records,
    pub(crate) notices: Vec<Notice>,
    pub(crate) beside: Vec<Beside>,
    pub(crate) writer: WriterLock,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) cancel: Cancel,
}

impl Session {
    /// Begins, and says in the store which modules do not take part.
    pub(crate) fn begin(parts: Parts) -> Result<Self, NotStarted> {
        let known = parts.records.view()?.notices()?;
        let mut change = parts.records.change()?;
        for old in &known {
            change.put_notice(&old.module, None)?;
        }
        for notice in &parts.notices {
            change.put_notice(&notice.module, Some(notice))?;
        }
        shadow::begin(
            &parts.records,
            &mut change,
            &parts.beside,
            parts.clock.now(),
        )?;
        change.commit()?;
        Ok(Self {
            tenant: parts.boundary.tenant().clone(),
            limping: Limping::of(&parts.notices),
            patience: Patience::default(),
            shadow_failed: BTreeMap::new(),
            boundary: parts.boundary,
            as_of: parts.as_of,
            clock: parts.clock,
            random: parts.random,
            build: parts.build,
            memory: parts.memory,
            modules: parts.modules,
            knowledge: parts.knowledge,
            log: parts.log,
            records: parts.records,
            observer: parts.observer,
            cancel: parts.cancel,
            panicked: None,
            is_ended: false,
            _writer: parts.writer,
        })
    }

    /// Does this unless the session panicked before, and takes what panics in it for its end: what
    /// is committed stays, and the rest never was.
    pub(super) fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        if let Some(said) = &self.panicked {
            return Err(SessionError::Panicked(said.clone()));
        }
        caught(|| work(self)).unwrap_or_else(|said| {
            self.panicked = Some(said.clone());
            Err(SessionError::Panicked(said))
        })
    }

    /// Ends the work: what no checkpoint covers yet is signed, and the store knows it. Dropped without
    /// it, the same is tried, and told to nobody but the log of the process where it fails.
    ///
    /// # Errors
    /// When it cannot be signed or kept. What was acknowledged before is kept, and the next session
    /// goes on.
    pub fn end(mut self) -> Result<(), SessionError> {
        let ended = self.signed();
        self.is_ended = true;
        ended
    }

    fn signed(&mut self) -> Result<(), SessionError> {
        if let Some(said) = &self.panicked {
            return Err(SessionError::Panicked(said.clone()));
        }
        self.records.sign(&self.log)
    }

    /// Signs a checkpoint where so many entries have none that it is time. Where nothing is open that
    /// is not committed.
    pub(super) fn sign_in_time(&self) -> Result<(), SessionError> {
        match self.log.is_long_unsigned()? {
            true => self.records.sign(&self.log),
            false => Ok(()),
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The time of decision that modules are handed.
    pub fn as_of(&self) -> Instant {
        self.as_of
    }

    /// Listens to this from now on, instead of what it listened to before: at first to that of the
    /// settings, which all sessions share.
    pub fn listen_to(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    /// What the store holds now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn view(&self) -> Result<View, StoreError> {
        self.records.view()
    }

    /// The candidates that run beside a module that counts, with what each was given.
    pub fn shadows(&self) -> impl Iterator<Item = (&ModuleName, &[Capability])> {
        let running = self.modules.shadows.iter().map(Prepared::granted);
        running
            .filter(|granted| self.modules.candidate(granted.module()).is_some())
            .map(|granted| (granted.module(), granted.capabilities()))
    }

    /// The modules that can run and count, with what each was given.
    pub fn modules(&self) -> impl Iterator<Item = (&ModuleName, &[Capability])> {
        self.modules
            .all()
            .map(|m| (m.granted().module(), m.granted().capabilities()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_ended || std::thread::panicking() {
            return;
        }
        if let Err(error) = self.signed() {
            tracing::error!(tenant = %self.tenant, %error, "the trail is closed without a checkpoint over its last entries");
        }
    }
}
