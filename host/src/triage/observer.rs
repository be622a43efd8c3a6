//! What an embedder is told while the host works: for its metrics and its progress bars.

use super::changed::Changed;
use crate::model::{AlertNumber, Capability, ModuleKind, ModuleName, TenantId};
use crate::sandbox::Limits;
use crate::trail::Failure;
use std::time::Duration;

/// Told what happens, after it has happened: what it is told of a store is durable. It is never told
/// what an alert says, only numbers, names of modules and of tenants.
///
/// It is called on the thread that works for the tenant, several tenants at once: what takes long
/// belongs elsewhere. Every method does nothing where it is not written; more may be added.
pub trait Observer: Send + Sync {
    /// Documents were read and taken in.
    fn taken_in(&self, tenant: &TenantId, batch: &TakenIn) {
        let _ = (tenant, batch);
    }

    /// Alerts were placed in groups, and cases changed by it. The drafts of what it is told here are
    /// told by [`Observer::draft_written`].
    fn placed(&self, tenant: &TenantId, changed: &Changed) {
        let _ = (tenant, changed);
    }

    /// A case is new or has changed: once for each in [`Changed::cases`].
    fn case_changed(&self, tenant: &TenantId, case: AlertNumber) {
        let _ = (tenant, case);
    }

    /// A module's run has ended and is recorded.
    fn run_ended(&self, tenant: &TenantId, run: &RunEnded) {
        let _ = (tenant, run);
    }

    /// Calls of a run that counts were refused, so many of them: told before the run's end.
    fn calls_refused(&self, tenant: &TenantId, module: &ModuleName, calls: u64) {
        let _ = (tenant, module, calls);
    }

    /// A module does not take part in a session: what it asks for and does not get, where it is one
    /// capability.
    fn module_refused(
        &self,
        tenant: &TenantId,
        module: &ModuleName,
        capability: Option<Capability>,
    ) {
        let _ = (tenant, module, capability);
    }

    /// Changed cases were looked at by the enrichers and the drafter: so many of so many.
    fn cases_done(&self, tenant: &TenantId, done: u64, of: u64) {
        let _ = (tenant, done, of);
    }

    /// A case has a draft of its present state.
    fn draft_written(&self, tenant: &TenantId, case: AlertNumber) {
        let _ = (tenant, case);
    }
}

/// Nobody is told anything.
impl Observer for () {}

/// How many documents of one batch became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenIn {
    /// Documents read.
    pub documents: u64,
    /// Alerts that were new.
    pub new: u64,
    /// Alerts that were there already, byte for byte.
    pub duplicates: u64,
    /// Alerts that were there already with other bytes.
    pub revisions: u64,
    /// Documents that were not taken.
    pub rejects: u64,
}

/// How a run went.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunEnded {
    /// The module.
    pub module: ModuleName,
    /// Its kind.
    pub kind: ModuleKind,
    /// The run's number in the tenant's trail.
    pub run: u64,
    /// Wall clock from the call into the module to its answer.
    pub took: Duration,
    /// Linear memory it had at its end, in bytes.
    pub memory_bytes: u64,
    /// Calls of capabilities it made.
    pub calls: u64,
    /// The limits it ran within.
    pub limits: Limits,
    /// Whether it ran beside the module that counts: then a failure of it impairs nothing.
    pub shadow: bool,
    /// Why it has no answer, as the trail says it; none where its answer was accepted.
    pub failure: Option<Failure>,
}
