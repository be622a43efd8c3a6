//! A module tried by its author: in the real sandbox, through the real flow, over sample alerts.
//!
//! A home is made for it in a folder that is handed in, with one made-up tenant for each thing that is
//! tried: what runs there runs as it would for a client, with the same linker, limits, record and
//! checks of answers. Where no grouper is at hand, alerts of one rule on one host are one group, and
//! groups of one host one case.

mod answer;
mod checks;
mod measure;
mod report;
mod stand;

pub use answer::{Answer, Cited, differences};
pub use measure::{Measured, Spread};
pub use report::{Asked, CallsOf, Check, Cost, Report, RunShown, Verdict, Withheld};

use crate::kind::ErrorKind;
use crate::knowledge::KnowledgeFault;
use crate::model::{Instant, ModuleKind, ModuleName};
use crate::open::OpenError;
use crate::sandbox::{Compiler, Manifest};
use crate::setup::SetupError;
use crate::store::{Dir, StoreError};
use crate::triage::intake::{Document, From, documents};
use crate::triage::{NotStarted, SessionError};
use crate::written::Problems;
use std::io;

/// A module's two files.
#[derive(Clone, Debug)]
pub struct Piece {
    /// `module.wasm`.
    pub component: Vec<u8>,
    /// `module.toml`.
    pub manifest: String,
}

/// What a module is tried on.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Alerts, in any format that is taken.
    pub alerts: Vec<u8>,
    /// The tenant's list of assets, as `knowledge/assets.csv` has it.
    pub assets: Option<Vec<u8>>,
    /// The tenant's known-good facts, as `knowledge/known-good.toml` has them.
    pub known_good: Option<Vec<u8>>,
    /// The tenant's boundary; without one, modules may see and use everything.
    pub boundary: Option<String>,
    /// Settings of the module that are not to be its defaults: `NAME=VALUE` each.
    pub settings: Vec<String>,
}

/// A module and what it is tried on.
pub struct Workbench {
    module: Piece,
    manifest: Manifest,
    beside: Vec<(ModuleName, Piece)>,
    samples: Samples,
    documents: Vec<Document>,
    compiler: Compiler,
    as_of: Instant,
    has_grouper: bool,
}

/// Why a module cannot be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkbenchError {
    /// A `module.toml` does not hold.
    #[error("{0}")]
    Manifest(Problems),
    /// The samples could not be read.
    #[error("the samples cannot be read: {0}")]
    Input(#[from] io::Error),
    /// There is no alert among the samples.
    #[error("no document of the samples is an alert{}", .0.as_ref().map(|why| format!("; the first one: {why}")).unwrap_or_default())]
    NoAlert(Option<String>),
    /// Two of the modules have one name, or are groupers or drafters both.
    #[error(
        "`{0}` and `{1}` cannot work beside each other: one of each name, one grouper and one drafter can"
    )]
    Both(ModuleName, ModuleName),
    /// The home for it could not be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The home for it could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The home for it could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A module could not be loaded.
    #[error("module `{0}` cannot be loaded: {1}")]
    NotLoaded(ModuleName, String),
    /// A file of the samples' knowledge is wrong.
    #[error("`{}` is invalid:\n{}", .0.file, .0.why)]
    Knowledge(KnowledgeFault),
    /// The samples do not make a tenant.
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    /// The work stopped in the middle.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The record of it cannot be read.
    #[error("the record of it cannot be read: {0}")]
    Record(#[from] crate::trail::ReadError),
}

impl WorkbenchError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Manifest(_)
            | Self::NoAlert(_)
            | Self::Both(..)
            | Self::NotLoaded(..)
            | Self::Knowledge(_) => ErrorKind::Usage,
            Self::Input(_) | Self::Record(_) => ErrorKind::Environment,
            Self::Setup(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Open(error) => error.kind(),
            Self::NotStarted(error) => error.kind(),
            Self::Session(error) => error.kind(),
        }
    }
}

impl Workbench {
    /// Puts a module on the bench, with others `beside` it, compiled by `compiler`, as of a time of
    /// decision: without one, the time of the latest sample alert.
    ///
    /// # Errors
    /// When a manifest does not hold, no sample is an alert, or the modules cannot work together.
    pub fn new(
        module: Piece,
        beside: Vec<Piece>,
        samples: Samples,
        compiler: Compiler,
        as_of: Option<Instant>,
    ) -> Result<Self, WorkbenchError> {
        let parse =
            |piece: &Piece| Manifest::parse(&piece.manifest).map_err(WorkbenchError::Manifest);
        let manifest = parse(&module)?;
        let mut all = vec![(manifest.name().clone(), manifest.kind())];
        let mut others = Vec::with_capacity(beside.len());
        for piece in beside {
            let other = parse(&piece)?;
            let clash = all.iter().find(|(name, kind)| {
                let one_only = matches!(kind, ModuleKind::Grouper | ModuleKind::Drafter);
                name == other.name() || (one_only && *kind == other.kind())
            });
            if let Some((name, _)) = clash {
                return Err(WorkbenchError::Both(name.clone(), other.name().clone()));
            }
            all.push((other.name().clone(), other.kind()));
            others.push((other.name().clone(), piece));
        }
        let documents: Vec<Document> =
            documents(samples.alerts.as_slice(), From::Auto).collect::<Result<_, _>>()?;
        let latest = documents.iter().filter_map(|document| match document {
            Document::Alert(taken) => Some(taken.alert.time),
            Document::Reject(_) => None,
        });
        let first_reject = documents.iter().find_map(|document| match document {
            Document::Reject(reject) => Some(reject.reason.to_string()),
            Document::Alert(_) => None,
        });
        let latest = latest.max().ok_or(WorkbenchError::NoAlert(first_reject))?;
        Ok(Self {
            has_grouper: all.iter().any(|(_, kind)| *kind == ModuleKind::Grouper),
            module,
            manifest,
            beside: others,
            as_of: as_of.unwrap_or(latest),
            samples,
            documents,
            compiler,
        })
    }

    /// What the module asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The time of decision.
    pub fn as_of(&self) -> Instant {
        self.as_of
    }

    /// Runs it once over the samples: what it answers that the host would keep, and why runs failed,
    /// each reason once. The home is made in `root`, which must be empty.
    ///
    /// # Errors
    /// When the home cannot be made or used. A run that fails is no error.
    pub fn run(&self, root: Dir) -> Result<(Vec<Answer>, Vec<String>), WorkbenchError> {
        let stand = stand::Stand::new(self, root)?;
        let seen = stand.try_it(&stand::Way::granted("granted"))?;
        Ok((seen.answers, seen.failures))
    }
}
