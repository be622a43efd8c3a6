//! One file a command.

pub(crate) mod alert;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod boundary;
pub(crate) mod case;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod group;
pub(crate) mod init;
pub(crate) mod intake;
pub(crate) mod module;
pub(crate) mod pipe;
pub(crate) mod quarantine;
pub(crate) mod queue;
pub(crate) mod rejects;
pub(crate) mod retain;
pub(crate) mod run;
pub(crate) mod tenant;
pub(crate) mod trail;
pub(crate) mod upgrade;

use crate::ambient;
use crate::args::Shared;
use crate::output::{Exit, Failure};
use casemate::model::TenantId;
use casemate::sandbox::{Compiler, Memory};
use casemate::setup::SetupError;
use casemate::store::{Home, StoreError};
use casemate::triage::{NotStarted, SessionError};
use casemate::written::nearest;
use casemate::{Casemate, Settings};
use std::io;
use std::sync::Arc;

/// The settings the command line has.
pub(crate) fn settings(shared: &Shared) -> Result<Settings, Failure> {
    let compiler = compiler()?;
    let mut settings = Settings::new(Arc::new(ambient::now), compiler);
    settings.build = ambient::build();
    if shared.pooled_memory {
        settings.memory = Memory::Pooled;
    }
    Ok(settings)
}

/// This program compiles components itself, started anew for each.
pub(crate) fn compiler() -> Result<Compiler, Failure> {
    let compiler = ambient::compiler().map_err(|e| Failure::new(Exit::Environment, e))?;
    compiler.ok_or_else(|| {
        let error = anyhow::anyhow!("this process was started to compile a component");
        Failure::new(Exit::Environment, error)
    })
}

/// Opens the home with its modules.
pub(crate) fn open(shared: &Shared) -> Result<Casemate, Failure> {
    open_with(shared, |_| ())
}

/// Opens the home with its modules, with settings changed.
pub(crate) fn open_with(
    shared: &Shared,
    change: impl FnOnce(&mut Settings),
) -> Result<Casemate, Failure> {
    let root = ambient::open_dir(&shared.home).map_err(|e| no_home(shared, e))?;
    let mut settings = settings(shared)?;
    change(&mut settings);
    Casemate::open(root, settings).map_err(|error| Failure::new(error.kind().into(), error))
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
        Some(tenant) => match casemate.home().tenant(tenant) {
            Ok(_) => Ok(vec![tenant.clone()]),
            Err(error) => Err(no_tenant(casemate, tenant, error)),
        },
        None => casemate.named_tenants().map_err(store),
    }
}

/// How the program ends where a tenant's folder cannot be opened; one that was meant is suggested.
pub(crate) fn no_tenant(casemate: &Casemate, tenant: &TenantId, error: StoreError) -> Failure {
    let is_missing = matches!(error, StoreError::NoTenant { .. });
    let failure = store(error);
    let Ok(tenants) = casemate.tenants() else {
        return failure;
    };
    let names = tenants.iter().map(TenantId::as_str);
    match nearest(tenant.as_str(), names).filter(|_| is_missing) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// How the program ends on a failure of the store.
pub(crate) fn store(error: StoreError) -> Failure {
    let help = if let StoreError::NoTenant { .. } = &error {
        Some("`casemate tenant list` shows the tenants of the home")
    } else if let StoreError::Io { error, .. } = &error {
        way_out(error.kind())
    } else {
        None
    };
    let failure = Failure::new(error.kind().into(), error);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// What helps against what the system says of a file.
fn way_out(kind: io::ErrorKind) -> Option<&'static str> {
    if kind == io::ErrorKind::PermissionDenied {
        Some("the home is another user's: run casemate as that user, or give this one the folder")
    } else if kind == io::ErrorKind::ReadOnlyFilesystem {
        Some("mount the home's disk so that it can be written")
    } else if matches!(
        kind,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        Some("make room; what was acknowledged is kept, and the same command again continues")
    } else {
        None
    }
}

/// How the program ends where a tenant does not start.
pub(crate) fn not_started(error: NotStarted) -> Failure {
    if let NotStarted::Store(error) = error {
        return store(error);
    }
    if let NotStarted::Suspended(tenant) = &error {
        let help = format!("`casemate tenant show {tenant}` says since when and why");
        return Failure::new(error.kind().into(), error).help(help);
    }
    let failure = Failure::new(error.kind().into(), error);
    match failure.exit {
        Exit::Denied => {
            failure.help("`casemate boundary check` shows all that is missing, in every tenant")
        }
        Exit::Integrity => failure.help(
            "nothing was changed; keep the tenant's folder as it is and compare it with a backup",
        ),
        Exit::Ok | Exit::Findings | Exit::Usage | Exit::Environment | Exit::TryAgain => failure,
    }
}

/// How the program ends where something was not set up.
pub(crate) fn not_set_up(error: SetupError) -> Failure {
    if let SetupError::Store(error) = error {
        return store(error);
    }
    Failure::new(error.kind().into(), error)
}

/// How the program ends where a session stops in the middle.
pub(crate) fn stopped(error: SessionError) -> Failure {
    if let SessionError::Store(error) = error {
        return store(error);
    }
    Failure::new(error.kind().into(), error)
        .help("what was taken in before is kept; the same command again continues")
}
