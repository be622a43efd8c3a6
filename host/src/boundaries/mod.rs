//! What an operator does with boundaries: a tenant's own file and the home's defaults, as they are
//! written now, compared with what would take their place, and replaced.
//!
//! Every place of the host goes by [`Casemate::boundary`], which is the tenant's own file under the
//! defaults that are in effect for that tenant.

mod asked;
mod defaults;
mod plan;

pub use asked::{CapabilityAsked, FieldAsked, ModuleAsked};
pub use defaults::{DefaultsApplied, DefaultsPlan, HomeDefaults, TenantChange};
pub use plan::{BoundaryApplied, BoundaryPlan};

use crate::boundary::{Applications, Applied, AppliedTo, Boundary, HostNames, Role, Roster};
use crate::caller::Caller;
use crate::model::{Digest, TenantId, Text};
use crate::open::Casemate;
use crate::setup::SetupError;
use crate::store::TenantScope;
use crate::triage::NotStarted;
use std::time::Duration;

/// What is in effect for a tenant, for whoever reads a home without opening it.
pub(crate) fn in_effect(
    scope: &TenantScope,
    roster: &Roster,
    defaults: &HomeDefaults,
) -> Result<Boundary, NotStarted> {
    let defaults = defaults.of(scope.tenant())?;
    Ok(own(scope, roster, &HostNames::none())?.under(defaults))
}

fn own(scope: &TenantScope, roster: &Roster, host: &HostNames) -> Result<Boundary, NotStarted> {
    let tenant = scope.tenant();
    let text = scope
        .boundary()?
        .ok_or_else(|| NotStarted::NoBoundary(tenant.clone()))?;
    let parsed = Boundary::parse(tenant, &text, roster, host);
    parsed.map_err(|problems| NotStarted::Boundary {
        tenant: tenant.clone(),
        problems,
    })
}

impl Casemate {
    /// A tenant's boundary as it is in effect now: its own file under the defaults.
    ///
    /// # Errors
    /// When its file is missing, incomplete or contradictory, or the defaults do not hold.
    pub fn boundary(&self, scope: &TenantScope) -> Result<Boundary, NotStarted> {
        let defaults = self.defaults()?.of(scope.tenant())?;
        Ok(self.own_boundary(scope)?.under(defaults))
    }

    /// What a tenant's own file says, as if there were no defaults.
    fn own_boundary(&self, scope: &TenantScope) -> Result<Boundary, NotStarted> {
        own(scope, self.roster(), &self.host_names())
    }

    /// What boundaries may name of this host.
    fn host_names(&self) -> HostNames {
        HostNames::none()
    }

    /// Who applied which boundary, as it is written now.
    pub(crate) fn applications(&self) -> Result<Applications, NotStarted> {
        let text = self.home().text(Applications::FILE)?;
        Applications::parse(text.as_deref()).map_err(NotStarted::HomeFile)
    }

    /// Writes down who applies what, before it is in effect. Only while the home is locked.
    fn note_applied(&self, to: AppliedTo, digest: Digest, by: &Caller) -> Result<(), SetupError> {
        let text = self.home().text(Applications::FILE)?;
        let applied = Applied {
            to,
            digest,
            by: Text::capped(by.id(), 254),
            at: self.settings().clock.now(),
        };
        let new = Applications::add(text.as_deref(), &applied).map_err(SetupError::Written)?;
        Ok(self.home().replace_text(Applications::FILE, &new)?)
    }

    /// Records in a tenant's trail what is in effect for it now, waiting so long for whoever works on
    /// the tenant.
    fn record_boundary(&self, tenant: &TenantId, wait: Duration) -> Result<(), NotStarted> {
        let scope = self.home().tenant(tenant)?;
        let writer = scope.lock_within(wait)?;
        let boundary = self.boundary(&scope)?;
        let now = self.settings().clock.now();
        let (records, log) = self.continue_trail(&scope, &writer, now)?;
        let recorder = self.recorder(&records, &log, now);
        recorder.boundary(&boundary, &self.applications()?)
    }
}

/// That the person operates the home.
fn operator(by: &Caller) -> Result<(), SetupError> {
    match by.is(Role::Operator) {
        true => Ok(()),
        false => Err(SetupError::NotAnOperator(Text::capped(by.id(), 100))),
    }
}

fn in_home(error: NotStarted) -> SetupError {
    if let NotStarted::Store(error) = error {
        return SetupError::Store(error);
    }
    SetupError::InHome(Box::new(error))
}
