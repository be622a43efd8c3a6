//! What somebody should look at before any case: what is not taken in, and files of clients that are
//! wrong.

use crate::knowledge::KnowledgeFault;
use crate::model::TenantId;
use crate::open::Casemate;
use crate::store::StoreError;

/// What somebody should look at before any case.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Alarms {
    /// Tenants that take nothing in, and why. Their documents go to quarantine.
    pub take_nothing_in: Vec<TakesNothingIn>,
    /// Documents in quarantine.
    pub quarantined: u64,
    /// Files of tenants' knowledge that are wrong.
    pub knowledge: Vec<InvalidKnowledge>,
}

/// A tenant that takes nothing in.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TakesNothingIn {
    /// The tenant.
    pub tenant: TenantId,
    /// Why, in one line.
    pub why: String,
}

/// A file of a tenant's knowledge that is wrong.
#[derive(Clone, Debug, serde::Serialize)]
pub struct InvalidKnowledge {
    /// The tenant.
    pub tenant: TenantId,
    /// What is wrong.
    pub fault: KnowledgeFault,
}

impl Casemate {
    /// What somebody should look at before any case of these tenants. Looks at files and stores, not at
    /// whole trails: `trail verify` does.
    ///
    /// # Errors
    /// When the quarantine cannot be read. What is wrong with a tenant is in the answer.
    pub fn alarms(&self, tenants: &[TenantId]) -> Result<Alarms, StoreError> {
        let mut alarms = Alarms::default();
        for tenant in tenants {
            if let Some(why) = self.takes_nothing_in(tenant) {
                alarms.take_nothing_in.push(TakesNothingIn {
                    tenant: tenant.clone(),
                    why,
                });
            }
            let faults = match self.home().tenant(tenant) {
                Ok(scope) => self.check_knowledge(&scope),
                Err(_) => Vec::new(),
            };
            let of_tenant = faults.into_iter().map(|fault| InvalidKnowledge {
                tenant: tenant.clone(),
                fault,
            });
            alarms.knowledge.extend(of_tenant);
        }
        if let Some(quarantine) = self.home().quarantine_if_any()? {
            alarms.quarantined = quarantine.waiting()?;
        }
        Ok(alarms)
    }

    /// Why a tenant takes nothing in, in one line; none where it does, as far as can be seen without
    /// opening it for work.
    pub fn takes_nothing_in(&self, tenant: &TenantId) -> Option<String> {
        let looked = || -> Result<(), String> {
            let said = |error: &dyn std::fmt::Display| error.to_string();
            let scope = self.home().tenant(tenant).map_err(|e| said(&e))?;
            let standing = self.standing().map_err(|e| said(&e))?;
            if let Some(change) = standing.suspended(tenant) {
                return Err(format!("suspended by {}: {}", change.by, change.reason));
            }
            self.boundary(&scope).map_err(|e| said(&e))?;
            self.view(tenant).map_err(|e| said(&e))?;
            Ok(())
        };
        let why = looked().err()?;
        Some(why.lines().next().unwrap_or_default().to_owned())
    }
}
