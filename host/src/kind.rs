//! What kind of thing went wrong, for every error of the library: one table.

use crate::caller::NoCaller;
use crate::cannot_run::CannotRun;
use crate::custody::CustodyError;
use crate::open::OpenError;
use crate::sandbox::{CompileError, EngineError, NotGranted, NotPrepared};
use crate::setup::SetupError;
use crate::store::GoOnError;
use crate::store::StoreError;
use crate::trail::TrailError;
use crate::triage::{NotStarted, SessionError};

/// What kind of thing went wrong: what the command line makes its exit code of, and what an embedder
/// decides by whether to ask again, to ask somebody, or to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// What was asked for cannot be: the caller has it wrong.
    Usage,
    /// A boundary or the lack of a grant denies it.
    Denied,
    /// A trail or a store is damaged: nothing goes on before somebody has looked.
    Integrity,
    /// The machine or the home cannot be used as it is.
    Environment,
    /// Somebody else is at it: the same again later.
    TryAgain,
}

impl ErrorKind {
    /// The exit code of the command line: 2, 3, 4, 5 or 75.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Denied => 3,
            Self::Integrity => 4,
            Self::Environment => 5,
            Self::TryAgain => 75,
        }
    }
}

impl StoreError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Locked { .. } | Self::HomeLocked { .. } => ErrorKind::TryAgain,
            Self::Record { .. }
            | Self::Damaged { .. }
            | Self::NotSealed { .. }
            | Self::NotInVault { .. }
            | Self::TenantFolder { .. } => ErrorKind::Integrity,
            Self::Custody(error) => error.kind(),
            Self::Io { .. }
            | Self::NoHome
            | Self::HomeExists
            | Self::NoVersion { .. }
            | Self::OldHome { .. }
            | Self::NewerHome { .. }
            | Self::OldStore { .. }
            | Self::NewerStore { .. }
            | Self::NoTenant { .. }
            | Self::Closed { .. }
            | Self::Database { .. }
            | Self::Quarantine { .. }
            | Self::OtherKey { .. }
            | Self::Random(_) => ErrorKind::Environment,
        }
    }
}

impl CustodyError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Destroyed { .. } => ErrorKind::Denied,
            Self::Missing { .. } | Self::Unusable { .. } => ErrorKind::Environment,
        }
    }
}

impl TrailError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Poisoned
            | Self::Write(_)
            | Self::Sync(_)
            | Self::TooLong { .. }
            | Self::RunEnded { .. }
            | Self::RunFull { .. }
            | Self::Key(_)
            | Self::Differs { .. }
            | Self::NotStored { .. }
            | Self::Disagreement(_) => ErrorKind::Environment,
        }
    }
}

impl crate::TrailsError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error)
            | Self::GoOn {
                error: GoOnError::Store(error),
                ..
            } => error.kind(),
            Self::GoOn {
                error: GoOnError::Trail(error),
                ..
            } => error.kind(),
            Self::GoOn {
                error: GoOnError::Sign(error),
                ..
            } => error.kind(),
            Self::NotAllowed(error) => error.kind(),
            Self::Healthy(_) | Self::NoEntry { .. } | Self::NoLog { .. } | Self::Sizes { .. } => {
                ErrorKind::Usage
            }
            Self::NoCheckpoint(_)
            | Self::NotSigned { .. }
            | Self::GoOn {
                error: GoOnError::NoTrail,
                ..
            }
            | Self::Key(_) => ErrorKind::Environment,
            Self::Bad { .. } => ErrorKind::Integrity,
        }
    }
}

impl crate::trail::OpenError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(_) | Self::Key(_) => ErrorKind::Environment,
            Self::Record(error) => error.kind(),
            Self::Header(_)
            | Self::Apart(_)
            | Self::Checkpoint(_)
            | Self::OtherLog { .. }
            | Self::Tile(_)
            | Self::Root { .. }
            | Self::HeadDamaged
            | Self::Changed { .. }
            | Self::Damaged { .. }
            | Self::Disagreement { .. }
            | Self::Unknown(_) => ErrorKind::Integrity,
        }
    }
}

impl OpenError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Engine(error) => error.kind(),
            Self::Missing(_) | Self::Written(_) | Self::Panicked(_) => ErrorKind::Environment,
        }
    }
}

impl NotStarted {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoBoundary(_)
            | Self::NotSigned { .. }
            | Self::Boundary { .. }
            | Self::Defaults(_)
            | Self::Rollout(_, _)
            | Self::TwoSeated(_)
            | Self::Erased(_, _)
            | Self::Suspended(_) => ErrorKind::Denied,
            Self::Trail { error, .. } => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Record(error) => error.kind(),
            Self::HomeFile(_) | Self::Panicked(_) => ErrorKind::Environment,
        }
    }
}

impl SessionError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Trail(error) => error.kind(),
            Self::Input(_)
            | Self::Encode(_)
            | Self::Lost(_)
            | Self::Thread(_)
            | Self::Panicked(_) => ErrorKind::Environment,
        }
    }
}

impl SetupError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Written(_) => ErrorKind::Environment,
            Self::NotAPerson(_)
            | Self::NotInRoster(_)
            | Self::TenantExists(_)
            | Self::SuspendedAlready(_)
            | Self::NotSuspended(_)
            | Self::Erased(_, _)
            | Self::WorksYet(_)
            | Self::NoModule(_)
            | Self::NotGranted(_, _)
            | Self::Boundary(_)
            | Self::NotAnOperator(_)
            | Self::NeedsSignature(_)
            | Self::NotThisGrant(_)
            | Self::BoundaryNeedsSignature(_)
            | Self::NotSigned(_)
            | Self::NotAskedFor(_, _)
            | Self::GrantedToNobody(_)
            | Self::Settings { .. }
            | Self::Seat(_)
            | Self::Faulty { .. }
            | Self::OtherName { .. } => ErrorKind::Usage,
            Self::ChangedMeanwhile => ErrorKind::TryAgain,
            Self::InHome(error) => error.kind(),
        }
    }
}

impl crate::shadow::ShadowError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Written(_) => ErrorKind::Environment,
            Self::NotAnOperator(_) | Self::MustBeSigned(_) => ErrorKind::Denied,
            Self::Faulty(error) => error.kind(),
            Self::Compile(_)
            | Self::Settings { .. }
            | Self::NoModule(_)
            | Self::Same(_)
            | Self::OtherKind { .. }
            | Self::Another { .. }
            | Self::NoCandidate(_)
            | Self::NotBeside(_, _)
            | Self::NotOld(_, _)
            | Self::Nobody(_) => ErrorKind::Usage,
        }
    }
}

impl CannotRun {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotGranted(_) | Self::NotPrepared(_) => ErrorKind::Denied,
        }
    }
}

impl NoCaller {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) | Self::NotInRoster(_) => ErrorKind::Denied,
        }
    }
}

impl EngineError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unusable(_) | Self::Clock(_) => ErrorKind::Environment,
        }
    }
}

/// What an embedder shares between threads and sends to them, held by the compiler.
const _: () = {
    const fn shared<T: Send + Sync + 'static>() {}
    const fn sent<T: Send + 'static>() {}
    const fn error<T: std::error::Error + Send + Sync + 'static>() {}
    shared::<crate::Casemate>();
    shared::<crate::Settings>();
    shared::<crate::triage::Cancel>();
    shared::<crate::store::View>();
    shared::<crate::Caller>();
    sent::<crate::triage::Session>();
    error::<StoreError>();
    error::<CustodyError>();
    error::<TrailError>();
    error::<crate::trail::OpenError>();
    error::<OpenError>();
    error::<NotStarted>();
    error::<SessionError>();
    error::<SetupError>();
    error::<crate::shadow::ShadowError>();
    error::<CannotRun>();
    error::<NotGranted>();
    error::<NotPrepared>();
    error::<NoCaller>();
    error::<EngineError>();
    error::<CompileError>();
    error::<crate::sandbox::RunFailure>();
    error::<crate::triage::NotTried>();
};
