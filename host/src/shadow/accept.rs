//! A candidate that is to count: where the old version does, and nowhere else.

use super::ShadowError;
use super::written::{Written, operator};
use crate::boundary::RequireSigned;
use crate::model::{Digest, Instant, ModuleName, TenantId, Text};
use crate::sandbox::{
    Grant, GrantedSettings, GrantedTenants, Grants, Manifest, WantedLimits, WantedSettings,
    Withdrawal, module_digest,
};
use crate::store::Home;

/// A candidate that was accepted.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// Its digest.
    pub digest: Digest,
    /// The tenants for which it counts from their next start on.
    pub tenants: Vec<TenantId>,
    /// Whether it was installed in the place of the old version, which nobody has any more.
    pub installed: bool,
    /// The tenants that still have the old version.
    pub old: Vec<TenantId>,
    /// The rows that come to `grants.toml`, as they are written there.
    pub added: String,
}

/// Accepts a candidate for these tenants, or for all that have the old version: that one is withdrawn and
/// the candidate granted all it asks for, in one writing of `grants.toml`. From each tenant's next start on
/// it counts, and goes on with the notes of the old one. Others keep what they have. Where nobody has the
/// old version any more, the candidate is installed in its place.
///
/// Tenants are named one by one in the grant: one that is added later is granted nothing by it.
///
/// # Errors
/// When there is no candidate, a tenant does not have the old version, none has it, the person is no
/// operator of the roster, or a file cannot be written.
pub fn accept(
    home: &Home,
    module: &ModuleName,
    tenants: Option<&[TenantId]>,
    by: &str,
    at: Instant,
) -> Result<Accepted, ShadowError> {
    let _alone = home.lock()?;
    let acceptance = Acceptance::prepare(home, module, tenants, by, at)?;
    home.replace_text(Grants::FILE, &acceptance.text)?;
    // In this order a host that stops in between leaves a candidate that counts where it is granted.
    if acceptance.accepted.installed {
        let (component, manifest) = &acceptance.files;
        home.install_module(module, component, manifest)?;
        home.remove_candidate(module)?;
    }
    Ok(acceptance.accepted)
}

/// What [`accept`] would do, as things are now. Nothing is written.
///
/// # Errors
/// As [`accept`].
pub fn would_accept(
    home: &Home,
    module: &ModuleName,
    tenants: Option<&[TenantId]>,
    by: &str,
    at: Instant,
) -> Result<Accepted, ShadowError> {
    Ok(Acceptance::prepare(home, module, tenants, by, at)?.accepted)
}

/// All that accepting a candidate changes, before it is written.
struct Acceptance {
    /// The whole of `grants.toml`.
    text: String,
    files: (Vec<u8>, String),
    accepted: Accepted,
}

impl Acceptance {
    fn prepare(
        home: &Home,
        module: &ModuleName,
        tenants: Option<&[TenantId]>,
        by: &str,
        at: Instant,
    ) -> Result<Self, ShadowError> {
        operator(home, by)?;
        let none = || ShadowError::NoCandidate(module.clone());
        let (component, manifest) = home.candidate(module)?.ok_or_else(none)?;
        let parsed = Manifest::parse(&manifest).map_err(ShadowError::Written)?;
        let digest = module_digest(&component, manifest.as_bytes());
        let required = RequireSigned::parse(home.text(RequireSigned::FILE)?.as_deref());
        if required.map_err(ShadowError::Written)?.grants {
            return Err(ShadowError::MustBeSigned(digest));
        }
        let installed = home.module(module)?;
        let old = installed.map(|(component, text)| module_digest(&component, text.as_bytes()));
        let (grants, all) = (Written::read(home)?, home.tenants()?.0);
        // To count: one that has the old version beside something has no place that could be taken.
        let has_old = |grants: &Written, tenant: &TenantId| {
            old.is_some_and(|old| old != digest && grants.is(tenant, module, old, false))
        };
        let has_new = |tenant: &TenantId| grants.is(tenant, module, digest, false);
        let tenants: Vec<TenantId> = match tenants {
            Some(tenants) => {
                for tenant in tenants {
                    home.tenant(tenant)?;
                    if !has_old(&grants, tenant) {
                        return Err(ShadowError::NotOld(module.clone(), tenant.clone()));
                    }
                }
                tenants.to_vec()
            }
            None => all
                .iter()
                .filter(|t| has_old(&grants, t))
                .cloned()
                .collect(),
        };
        // Where it counts already and nobody has the old one, a stopped host left it to be installed.
        if tenants.is_empty() && !all.iter().any(has_new) {
            return Err(ShadowError::Nobody(module.clone()));
        }
        let text = match tenants.as_slice() {
            [] => grants.text.clone(),
            tenants => accepting(&grants, &parsed, digest, tenants, by, at)?,
        };
        let added = text.strip_prefix(&grants.text).unwrap_or(&text);
        let added = added.trim_start().to_owned();
        let left = Written::of(text.clone())?;
        let old: Vec<TenantId> = all.iter().filter(|t| has_old(&left, t)).cloned().collect();
        Ok(Self {
            text,
            files: (component, manifest),
            accepted: Accepted {
                digest,
                tenants,
                installed: old.is_empty(),
                old,
                added,
            },
        })
    }
}

/// The text with the old version withdrawn from these tenants and the candidate granted to them.
fn accepting(
    grants: &Written,
    manifest: &Manifest,
    digest: Digest,
    tenants: &[TenantId],
    by: &str,
    at: Instant,
) -> Result<String, ShadowError> {
    let (module, by) = (manifest.name(), Text::capped(by, 200));
    let withdrawal = Withdrawal {
        module: module.clone(),
        tenants: GrantedTenants::These(tenants.to_vec()),
        by: by.clone(),
        at,
        shadow: false,
    };
    let like = Grant {
        module: module.clone(),
        digest,
        tenants: GrantedTenants::All,
        capabilities: manifest.capabilities().collect(),
        by,
        at,
        limits: WantedLimits::default(),
        settings: WantedSettings::default(),
        shadow: false,
        replaces: None,
    };
    let mut text = Grants::withdraw(&grants.text, &withdrawal).map_err(ShadowError::Written)?;
    for grant in grants.carried(manifest, tenants, &like) {
        let settings = GrantedSettings::resolve(manifest.settings(), &grant.settings);
        if let (Err(wrong), GrantedTenants::These(of)) = (settings, &grant.tenants) {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            let of = of.first().or(tenants.first()).cloned();
            return Err(ShadowError::Settings {
                tenant: of.ok_or_else(|| ShadowError::Nobody(module.clone()))?,
                why: wrong.join("; "),
            });
        }
        text = Grants::add(&text, &grant).map_err(ShadowError::Written)?;
    }
    Ok(text)
}
