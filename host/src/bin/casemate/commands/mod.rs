//! One file a command.

pub(crate) mod backup;
pub(crate) mod boundary;
pub(crate) mod case;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod group;
pub(crate) mod init;
pub(crate) mod module;
pub(crate) mod queue;
pub(crate) mod rejects;
pub(crate) mod retain;
pub(crate) mod run;
pub(crate) mod tenant;
pub(crate) mod upgrade;

use crate::ambient;
use crate::args::Shared;
use crate::output::{Exit, Failure};
use casemate::model::{Instant, TenantId};
use casemate::sandbox::Memory;
use casemate::setup::SetupError;
use casemate::store::{Home, StoreError};
use casemate::triage::{NotStarted, SessionError};
use casemate::{Casemate, OpenError, Settings};
use std::sync::Arc;

/// The settings the command line has.
pub(crate) fn settings(shared: &Shared) -> Settings {
    let mut settings = Settings::new(Arc::new(ambient::now));
    settings.build = ambient::build();
    if shared.pooled_memory {
        settings.memory = Memory::Pooled;
    }
    settings
}

/// Opens the home with its modules.
pub(crate) fn open(shared: &Shared) -> Result<Casemate, Failure> {
    let root = ambient::open_dir(&shared.home).map_err(|e| no_home(shared, e))?;
    Casemate::open(root, settings(shared)).map_err(|error| match error {
        OpenError::Store(error) => store(error),
        error @ (OpenError::Engine(_) | OpenError::Missing(_) | OpenError::Written(_)) => {
            Failure::new(Exit::Environment, error)
        }
    })
}

/// Opens the home's files only.
pub(crate) fn open_home(shared: &Shared) -> Result<Home, Failure> {
    let root = ambient::open_dir(&shared.home).map_err(|e| no_home(shared, e))?;
    Home::open(root).map_err(store)
}

pub(crate) fn no_home(shared: &Shared, error: anyhow::Error) -> Failure {
    Failure::new(Exit::Environment, error).help(format!(
        "`--home DIR` or CASEMATE_HOME names the home; `casemate --home {} init --operator YOU@EXAMPLE` makes one",
        shared.home.display()
    ))
}

/// The tenants a command is about: the one that is named, or all.
pub(crate) fn chosen(
    casemate: &Casemate,
    tenant: Option<&TenantId>,
) -> Result<Vec<TenantId>, Failure> {
    match tenant {
        Some(tenant) => {
            casemate.home().tenant(tenant).map_err(store)?;
            Ok(vec![tenant.clone()])
        }
        None => casemate.tenants().map_err(store),
    }
}

/// How the program ends on a failure of the store.
pub(crate) fn store(error: StoreError) -> Failure {
    let exit = match &error {
        StoreError::Locked { .. } | StoreError::HomeLocked { .. } => Exit::TryAgain,
        StoreError::Record { .. } | StoreError::Damaged { .. } => Exit::Integrity,
        StoreError::Io { .. }
        | StoreError::NoHome
        | StoreError::HomeExists
        | StoreError::NoVersion { .. }
        | StoreError::OldHome { .. }
        | StoreError::NewerHome { .. }
        | StoreError::OldStore { .. }
        | StoreError::NewerStore { .. }
        | StoreError::NoTenant { .. }
        | StoreError::Database { .. }
        | StoreError::Random(_) => Exit::Environment,
    };
    let unknown = matches!(error, StoreError::NoTenant { .. });
    let failure = Failure::new(exit, error);
    if unknown {
        failure.help("`casemate tenant list` shows the tenants of the home")
    } else {
        failure
    }
}

/// How the program ends where a tenant does not start.
pub(crate) fn not_started(error: NotStarted) -> Failure {
    match error {
        NotStarted::Store(error) => store(error),
        error @ (NotStarted::NoBoundary(_) | NotStarted::Boundary { .. }) => {
            Failure::new(Exit::Denied, error)
                .help("`casemate boundary check` shows all that is missing, in every tenant")
        }
        NotStarted::Suspended(tenant) => {
            let help = format!("`casemate tenant show {tenant}` says since when and why");
            Failure::new(Exit::Denied, NotStarted::Suspended(tenant)).help(help)
        }
        error @ NotStarted::Trail { .. } => Failure::new(Exit::Integrity, error).help(
            "nothing was changed; keep the tenant's folder as it is and compare it with a backup",
        ),
        error
        @ (NotStarted::Knowledge { .. } | NotStarted::HomeFile(_) | NotStarted::Record(_)) => {
            Failure::new(Exit::Environment, error)
        }
    }
}

/// How the program ends where something was not set up.
pub(crate) fn not_set_up(error: SetupError) -> Failure {
    match error {
        SetupError::Store(error) => store(error),
        error @ (SetupError::Written(_)
        | SetupError::NotAPerson(_)
        | SetupError::NotInRoster(_)
        | SetupError::TenantExists(_)
        | SetupError::SuspendedAlready(_)
        | SetupError::NotSuspended(_)
        | SetupError::NoModule(_)
        | SetupError::NotGranted(_, _)
        | SetupError::OtherName { .. }) => Failure::new(Exit::Environment, error),
    }
}

/// How the program ends where a session stops in the middle.
pub(crate) fn stopped(error: SessionError) -> Failure {
    match error {
        SessionError::Store(error) => store(error),
        error @ (SessionError::Input(_)
        | SessionError::Trail(_)
        | SessionError::Encode(_)
        | SessionError::Thread(_)) => Failure::new(Exit::Environment, error)
            .help("what was taken in before is kept; the same command again continues"),
    }
}

/// The time of decision: the one that was asked for, or now.
pub(crate) fn as_of(asked: Option<Instant>) -> Instant {
    asked.unwrap_or_else(ambient::now)
}
