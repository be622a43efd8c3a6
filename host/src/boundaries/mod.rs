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

use crate::boundary::{
    Applications, Applied, AppliedTo, Boundary, HostNames, Role, Roster, Signed,
};
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
    effective(scope, own(scope, roster, &HostNames::none())?, defaults)
}

/// A tenant's own file under the defaults, both signed where that is wanted.
fn effective(
    scope: &TenantScope,
    own: Boundary,
    defaults: &HomeDefaults,
) -> Result<Boundary, NotStarted> {
    let tenant = scope.tenant();
    let to = AppliedTo::Tenant(tenant.clone());
    defaults.is_signed(&to, Boundary::FILE, own.text())?;
    Ok(own.under(defaults.of(tenant)?))
}

fn own_text(scope: &TenantScope) -> Result<String, NotStarted> {
    let missing = || NotStarted::NoBoundary(scope.tenant().clone());
    scope.boundary()?.ok_or_else(missing)
}

fn own(scope: &TenantScope, roster: &Roster, host: &HostNames) -> Result<Boundary, NotStarted> {
    let tenant = scope.tenant();
    let text = own_text(scope)?;
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
    /// When it was erased, its file is missing, incomplete or contradictory, the defaults do not hold, or one of them
    /// is not signed and has to be.
    pub fn boundary(&self, scope: &TenantScope) -> Result<Boundary, NotStarted> {
        let own = self.own_boundary(scope);
        if let Err(NotStarted::NoBoundary(tenant)) = &own
            && let Some(erasure) = self.standing()?.erased(tenant)
        {
            return Err(NotStarted::Erased(tenant.clone(), erasure.at));
        }
        effective(scope, own?, &self.defaults()?)
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
    fn note_applied(
        &self,
        to: AppliedTo,
        new: &str,
        by: &Caller,
        signature: Option<&str>,
    ) -> Result<(), SetupError> {
        let text = self.home().text(Applications::FILE)?;
        let applied = Applied {
            to,
            digest: Digest::of(new.as_bytes()),
            by: Text::capped(by.id(), 254),
            at: self.settings().clock.now(),
            signature: signature.map(str::to_owned),
        };
        let new = Applications::add(text.as_deref(), &applied).map_err(SetupError::Written)?;
        Ok(self.home().replace_text(Applications::FILE, &new)?)
    }

    /// That a text may take effect: signed by whoever applies it, where a signature is given or wanted.
    fn may_apply(
        &self,
        to: &AppliedTo,
        text: &str,
        by: &Caller,
        signature: Option<&str>,
    ) -> Result<(), SetupError> {
        operator(by)?;
        let purpose = to.purpose();
        let Some(signature) = signature else {
            let required = self.required()?.map_err(SetupError::Written)?;
            return match required.boundaries {
                true => Err(SetupError::BoundaryNeedsSignature(purpose)),
                false => Ok(()),
            };
        };
        let signed = Signed::verify(self.roster(), &purpose, text.as_bytes(), signature);
        let named = signed.and_then(|signed| signed.named(&Text::capped(by.id(), 254)));
        named.map(drop).map_err(SetupError::NotSigned)
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
