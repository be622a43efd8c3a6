//! A tenant's own file replaced.

use super::in_home;
use crate::boundary::{AppliedTo, Boundary, Difference, Ineffective};
use crate::caller::Caller;
use crate::model::{Digest, TenantId};
use crate::open::Casemate;
use crate::setup::SetupError;
use crate::triage::NotStarted;
use std::time::Duration;

/// How long a change of a boundary waits for whoever works on the tenant.
const WAIT: Duration = Duration::from_secs(5);

/// What a file would change where it took the place of a tenant's own. Made by
/// [`Casemate::plan_boundary`].
#[derive(Clone, Debug, serde::Serialize)]
pub struct BoundaryPlan {
    tenant: TenantId,
    #[serde(skip)]
    text: String,
    /// The digest of what is in effect; none where nothing is.
    before: Option<Digest>,
    /// Why nothing is in effect.
    before_error: Option<String>,
    /// The digest of what would be in effect.
    now: Digest,
    difference: Difference,
    /// What of the file has no effect because of the defaults.
    ineffective: Vec<Ineffective>,
    /// The digest of the tenant's own file as it lies there now.
    #[serde(skip)]
    lies: Option<Digest>,
}

impl BoundaryPlan {
    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What would change.
    pub fn difference(&self) -> &Difference {
        &self.difference
    }

    /// What of the file has no effect because of the defaults.
    pub fn ineffective(&self) -> &[Ineffective] {
        &self.ineffective
    }

    /// Why nothing is in effect now; none where something is.
    pub fn before_error(&self) -> Option<&str> {
        self.before_error.as_deref()
    }

    /// Whether these bytes lie there already.
    pub fn is_there(&self) -> bool {
        self.lies == Some(Digest::of(self.text.as_bytes()))
    }
}

/// A boundary that was applied.
#[derive(Debug)]
pub struct BoundaryApplied {
    /// Whether the file was replaced: not where the same bytes lay there.
    pub replaced: bool,
    /// Why it is not in the tenant's trail yet; none where it is. The next start records it. Where
    /// another process works on the tenant, that work goes on to its end by what was in effect before.
    pub not_recorded: Option<NotStarted>,
}

impl Casemate {
    /// What a text would change where it took the place of a tenant's own file. Nothing is changed.
    ///
    /// # Errors
    /// When there is no such tenant, it was erased, or the text or the defaults do not hold.
    pub fn plan_boundary(&self, tenant: &TenantId, text: &str) -> Result<BoundaryPlan, SetupError> {
        let scope = self.home().tenant(tenant)?;
        if let Some(erasure) = self.suspensions()?.erased(tenant) {
            return Err(SetupError::Erased(tenant.clone(), erasure.at));
        }
        let defaults = self.defaults()?.of(tenant).map_err(in_home)?;
        let new = Boundary::parse(tenant, text, self.roster(), &self.host_names())
            .map_err(SetupError::Boundary)?
            .under(defaults);
        let before = self.boundary(&scope);
        let lies = scope.boundary()?.map(|text| Digest::of(text.as_bytes()));
        let as_of = self.settings().clock.now();
        Ok(BoundaryPlan {
            tenant: tenant.clone(),
            text: text.to_owned(),
            before: before.as_ref().ok().map(Boundary::digest),
            now: new.digest(),
            difference: Difference::between(before.as_ref().ok(), &new, as_of),
            ineffective: new.ineffective(),
            before_error: before.err().map(|error| error.to_string()),
            lies,
        })
    }

    /// Replaces a tenant's own file as it was planned, at once or not at all, and records it in the
    /// tenant's trail. It takes effect for starts after it. Who did it is written into `applied.toml`
    /// of the home first, with the operator's OpenSSH signature over the text for
    /// [`Purpose::Boundary`](crate::boundary::Purpose::Boundary), where there is one.
    ///
    /// # Errors
    /// When the person is no operator, the signature is wanted and missing or does not hold, what is in effect is not what the plan was made against, or a
    /// file cannot be written.
    pub fn apply_boundary(
        &self,
        plan: &BoundaryPlan,
        by: &Caller,
        signature: Option<&str>,
    ) -> Result<BoundaryApplied, SetupError> {
        let to = AppliedTo::Tenant(plan.tenant.clone());
        self.may_apply(&to, &plan.text, by, signature)?;
        let alone = self.home().lock()?;
        let again = self.plan_boundary(&plan.tenant, &plan.text)?;
        if (again.lies, again.before, again.now) != (plan.lies, plan.before, plan.now) {
            return Err(SetupError::ChangedMeanwhile);
        }
        let replaced = !plan.is_there();
        // The same bytes with a signature may count where they did not.
        if replaced || signature.is_some() {
            self.note_applied(to, &plan.text, by, signature)?;
        }
        if replaced {
            let scope = self.home().tenant(&plan.tenant)?;
            scope.replace_boundary(&plan.text)?;
        }
        drop(alone);
        Ok(BoundaryApplied {
            replaced,
            not_recorded: self.record_boundary(&plan.tenant, WAIT).err(),
        })
    }
}
