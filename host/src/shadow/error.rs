use crate::model::{Digest, ModuleKind, ModuleName, TenantId, Text};
use crate::sandbox::CompileError;
use crate::store::StoreError;
use crate::written::Problems;

/// Why nothing was begun, stopped or accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShadowError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file does not hold.
    #[error("{0}")]
    Written(Problems),
    /// The component is not valid.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The candidate cannot run here, whoever is granted it.
    #[error(transparent)]
    Faulty(crate::setup::SetupError),
    /// Nothing of the name is installed to run beside.
    #[error(
        "module `{0}` is not installed: a candidate runs beside one that is; `casemate module add` installs it"
    )]
    NoModule(ModuleName),
    /// The candidate is what is installed.
    #[error(
        "the candidate is the installed module `{0}`, byte for byte: there is nothing to compare"
    )]
    Same(ModuleName),
    /// The two are of different kinds.
    #[error(
        "the candidate is one of the {candidate}s and the installed module `{module}` one of the {installed}s"
    )]
    OtherKind {
        /// The name of both.
        module: ModuleName,
        /// What the candidate does.
        candidate: ModuleKind,
        /// What the installed one does.
        installed: ModuleKind,
    },
    /// Another candidate of the name is granted to somebody.
    #[error(
        "module `{module}` has another candidate, sha256:{digest}, granted to `{tenant}`: stop or accept that one first"
    )]
    Another {
        /// The module.
        module: ModuleName,
        /// The candidate that lies there.
        digest: Digest,
        /// One of the tenants that it is granted to.
        tenant: TenantId,
    },
    /// There is no candidate of the name.
    #[error("module `{0}` has no candidate: `casemate module shadow start FOLDER` begins with one")]
    NoCandidate(ModuleName),
    /// The candidate does not run beside the module for this tenant.
    #[error("no candidate of module `{0}` is granted to run beside it for tenant `{1}`")]
    NotBeside(ModuleName, TenantId),
    /// The tenant does not have the version that the candidate would take the place of.
    #[error(
        "tenant `{1}` does not have the installed version of module `{0}`: a candidate is accepted where that counts; `casemate module grant` gives a module to a tenant"
    )]
    NotOld(ModuleName, TenantId),
    /// No tenant has the old version.
    #[error(
        "no tenant has the installed version of module `{0}`: there is nothing to accept its candidate for"
    )]
    Nobody(ModuleName),
    /// The settings that the old version has for a tenant do not do for the candidate.
    #[error("the settings of tenant `{tenant}` do not do for the candidate: {why}")]
    Settings {
        /// The tenant.
        tenant: TenantId,
        /// What is wrong with them.
        why: String,
    },
    /// Grants must be signed, and nobody signs one here.
    #[error(
        "the grants of this home must be signed: write the grant of sha256:{0} into `grants.toml` with its signature"
    )]
    MustBeSigned(Digest),
    /// The person is no operator.
    #[error("`{0}` is no operator of `roster.toml`: only an operator grants")]
    NotAnOperator(Text),
}
