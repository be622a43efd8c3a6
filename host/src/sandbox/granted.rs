use super::grants::Deciding;
use super::{Grant, GrantedLimits, GrantedSettings, Grants, Manifest, WrongSetting};
use crate::boundary::{Boundary, NotSigned};
use crate::model::{
    Capability, Digest, Field, FieldSet, Instant, ModuleKind, ModuleName, TenantId,
};
use crate::written::Decision;
use std::fmt;

/// What one module may have in a run for one tenant: what its manifest asks for AND the tenant's
/// boundary allows AND an operator granted.
///
/// [`Granted::decide`] is the only way to one:
///
/// ```compile_fail,E0451
/// use casemate::sandbox::Granted;
/// fn more(granted: Granted) -> Granted {
///     Granted { capabilities: Vec::new(), ..granted }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Granted {
    tenant: TenantId,
    module: ModuleName,
    kind: ModuleKind,
    digest: Digest,
    capabilities: Vec<Capability>,
    denied: Vec<Denial>,
    fields: FieldSet,
    withheld: Vec<Withheld>,
    limits: GrantedLimits,
    shadow: bool,
    settings: GrantedSettings,
    grant: Digest,
}

/// A capability that a run does not have, and the line that decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Which.
    pub capability: Capability,
    /// Whether the module asked for it.
    pub asked: bool,
    /// Who denies it.
    pub by: DeniedBy,
}

/// Whose consent is missing. Where several are, the first of this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeniedBy {
    /// The module does not ask for it.
    Manifest(Decision),
    /// The tenant's boundary does not allow it.
    Boundary(Decision),
    /// The operator did not grant it.
    Grant(Decision),
}

impl DeniedBy {
    /// The deciding line.
    pub fn line(&self) -> &Decision {
        match self {
            Self::Manifest(line) | Self::Boundary(line) | Self::Grant(line) => line,
        }
    }
}

impl fmt::Display for Denial {
    /// ``capability `assets` is not allowed: boundary.toml:12:1: sources = []``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.by {
            DeniedBy::Manifest(_) => "not asked for",
            DeniedBy::Boundary(_) => "not allowed",
            DeniedBy::Grant(_) => "not granted",
        };
        let Self { capability, by, .. } = self;
        write!(f, "capability `{capability}` is {what}: {}", by.line())
    }
}

/// A field that the module asks for and does not see, and the line that decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Which.
    pub field: Field,
    /// The deciding line of the boundary.
    pub by: Decision,
}

/// Nobody granted this module, in these bytes, to this tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tenant `{tenant}`: module `{module}` (sha256:{digest}) is not granted: {why}")]
pub struct NotGranted {
    /// The tenant.
    pub tenant: TenantId,
    /// The module.
    pub module: ModuleName,
    /// Its digest.
    pub digest: Digest,
    /// What there is instead.
    pub why: Box<WhyNotGranted>,
}

/// What there is instead of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNotGranted {
    /// No grant speaks of the module.
    Never,
    /// It was granted to the tenant and that was withdrawn.
    Withdrawn(Decision),
    /// It was granted to the tenant and this module was granted in its place.
    Replaced(ModuleName, Decision),
    /// It is granted, and this host wants grants signed: why this one does not count as signed.
    NotSigned(NotSigned, Decision),
    /// The same bytes are granted to other tenants.
    OtherTenants(Decision),
    /// The same bytes are granted under another name.
    OtherName(ModuleName, Decision),
    /// The name is granted to the tenant with other bytes: the module or its manifest has changed.
    OtherDigest(Digest, Decision),
    /// The grant sets something that the module does not declare, or to what it cannot be; never empty.
    Settings(Vec<WrongSetting>),
    /// The boundary that was handed in is another tenant's.
    OtherBoundary(TenantId),
}

impl WhyNotGranted {
    /// The line that decided, where a consent lapsed, was taken back or does not hold. A module that
    /// was never granted to the tenant was not refused anything.
    pub fn decided_by(&self) -> Option<&Decision> {
        match self {
            Self::OtherDigest(_, line)
            | Self::OtherName(_, line)
            | Self::NotSigned(_, line)
            | Self::Replaced(_, line)
            | Self::Withdrawn(line) => Some(line),
            Self::Settings(wrong) => wrong.first()?.line.as_ref(),
            Self::Never | Self::OtherTenants(_) | Self::OtherBoundary(_) => None,
        }
    }
}

impl fmt::Display for WhyNotGranted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => write!(f, "no grant in {} names it", Grants::FILE),
            Self::Withdrawn(line) => {
                write!(f, "{}:{} withdraws it", line.file, line.line)
            }
            Self::Replaced(by, line) => {
                write!(f, "{}:{} grants `{by}` in its place", line.file, line.line)
            }
            Self::NotSigned(why, line) => {
                write!(f, "{}:{} grants it, but {why}", line.file, line.line)
            }
            Self::OtherTenants(line) => {
                write!(
                    f,
                    "{}:{} grants it to other tenants only",
                    line.file, line.line
                )
            }
            Self::OtherName(name, line) => {
                write!(
                    f,
                    "{}:{} grants these bytes as `{name}`",
                    line.file, line.line
                )
            }
            Self::OtherDigest(digest, line) => write!(
                f,
                "{}:{} grants sha256:{digest}; the component or its module.toml has changed since",
                line.file, line.line
            ),
            Self::Settings(wrong) => {
                for (nth, one) in wrong.iter().enumerate() {
                    let between = if nth == 0 { "" } else { "; " };
                    write!(f, "{between}{one}")?;
                }
                Ok(())
            }
            Self::OtherBoundary(tenant) => write!(f, "the boundary is that of `{tenant}`"),
        }
    }
}

impl Granted {
    /// Decides what the module may have, as of a time.
    ///
    /// # Errors
    /// When there is no grant at all for the module's digest and the tenant, or the one that decides
    /// sets what the module does not declare.
    pub fn decide(
        tenant: &TenantId,
        manifest: &Manifest,
        digest: Digest,
        boundary: &Boundary,
        grants: &Grants,
        as_of: Instant,
    ) -> Result<Self, NotGranted> {
        let module = manifest.name();
        let not_granted = |why| NotGranted {
            tenant: tenant.clone(),
            module: module.clone(),
            digest,
            why: Box::new(why),
        };
        if boundary.tenant() != tenant {
            let other = boundary.tenant().clone();
            return Err(not_granted(WhyNotGranted::OtherBoundary(other)));
        }
        let (grant, line) = match grants.deciding(module, digest, tenant) {
            Deciding::Grant(grant, line) => (grant, line),
            Deciding::Withdrawn(line) => return Err(not_granted(WhyNotGranted::Withdrawn(line))),
            Deciding::Replaced(by, line) => {
                return Err(not_granted(WhyNotGranted::Replaced(by.clone(), line)));
            }
            Deciding::NotSigned(why, line) => {
                return Err(not_granted(WhyNotGranted::NotSigned(why, line)));
            }
            Deciding::Nothing => {
                return Err(not_granted(why_not(grants, module, digest, tenant)));
            }
        };

        let settings = GrantedSettings::resolve(manifest.settings(), &grant.settings);
        let settings = settings.map_err(|mut wrong| {
            for one in &mut wrong {
                one.line = grants.sets(grant, one.name.as_str());
            }
            not_granted(WhyNotGranted::Settings(wrong))
        })?;

        let mut capabilities = Vec::new();
        let mut denied = Vec::new();
        for capability in Capability::ALL {
            let asked = manifest.capabilities().any(|c| c == capability);
            let allowed = boundary.allows(capability, as_of);
            let by = match (asked, allowed, grant.capabilities.contains(&capability)) {
                (true, Ok(()), true) => {
                    capabilities.push(capability);
                    continue;
                }
                (false, _, _) => DeniedBy::Manifest(manifest.asks_in(capability)),
                (true, Err(line), _) => DeniedBy::Boundary(line),
                (true, Ok(()), false) => DeniedBy::Grant(line.clone()),
            };
            denied.push(Denial {
                capability,
                asked,
                by,
            });
        }
        let withheld = manifest.fields().iter().filter_map(|field| {
            let by = boundary.withheld(field, as_of)?;
            Some(Withheld { field, by })
        });
        Ok(Self {
            tenant: tenant.clone(),
            module: module.clone(),
            kind: manifest.kind(),
            digest,
            capabilities,
            denied,
            fields: manifest
                .fields()
                .intersection(boundary.visible_fields(as_of)),
            withheld: withheld.collect(),
            limits: GrantedLimits::of(manifest.limits(), grant.limits),
            shadow: grant.shadow,
            settings,
            grant: grant.text_digest(),
        })
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The module.
    pub fn module(&self) -> &ModuleName {
        &self.module
    }

    /// What it does.
    pub fn kind(&self) -> ModuleKind {
        self.kind
    }

    /// The digest of its component and manifest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The capabilities it has, in the order of their names; may be empty.
    pub fn capabilities(&self) -> &[Capability] {
        &self.capabilities
    }

    /// Every other capability, with the line that decides it.
    pub fn denied(&self) -> &[Denial] {
        &self.denied
    }

    /// Why the module does not have the capability; none where it has it.
    pub fn denial(&self, capability: Capability) -> Option<&Denial> {
        self.denied.iter().find(|d| d.capability == capability)
    }

    /// The fields it sees: asked for and visible.
    pub fn fields(&self) -> FieldSet {
        self.fields
    }

    /// The fields it asks for and does not see.
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }

    /// Whether it runs beside the module of its name that counts, and what it computes is never kept.
    pub fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// The settings in effect: all that it declares.
    pub fn settings(&self) -> &GrantedSettings {
        &self.settings
    }

    /// The digest of the grant that decided.
    pub fn grant(&self) -> Digest {
        self.grant
    }

    /// The bounds of its run.
    pub fn limits(&self) -> GrantedLimits {
        self.limits
    }
}

fn why_not(
    grants: &Grants,
    module: &ModuleName,
    digest: Digest,
    tenant: &TenantId,
) -> WhyNotGranted {
    let same = |grant: &Grant| grant.digest == digest && grant.module == *module;
    if let Some((_, line)) = grants.last(same) {
        return WhyNotGranted::OtherTenants(line);
    }
    if let Some((grant, line)) = grants.last(|grant| grant.digest == digest) {
        return WhyNotGranted::OtherName(grant.module.clone(), line);
    }
    let named =
        |grant: &Grant| grant.module == *module && grant.tenants.contains(tenant) && !grant.shadow;
    match grants.last(named) {
        Some((grant, line)) => WhyNotGranted::OtherDigest(grant.digest, line),
        None => WhyNotGranted::Never,
    }
}

#[cfg(test)]
#[path = "granted_tests.rs"]
mod tests;
