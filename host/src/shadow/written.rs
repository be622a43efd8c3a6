//! What stands in a home before a candidate is begun, stopped or accepted.

use super::ShadowError;
use crate::boundary::{Role, Roster};
use crate::model::{Digest, ModuleName, TenantId, Text};
use crate::sandbox::{Grant, GrantedTenants, Grants, Manifest, module_digest};
use crate::store::{Home, StoreError};

/// The digest of a candidate; none where it is not there whole.
pub(super) fn candidate_digest(
    home: &Home,
    module: &ModuleName,
) -> Result<Option<Digest>, StoreError> {
    let files = home.candidate(module)?;
    Ok(files.map(|(component, text)| module_digest(&component, text.as_bytes())))
}

pub(super) fn operator(home: &Home, by: &str) -> Result<(), ShadowError> {
    let roster = home.text("roster.toml")?.unwrap_or_default();
    let roster = Roster::parse(&roster).map_err(ShadowError::Written)?;
    match roster.person(by).is_some_and(|p| p.is(Role::Operator)) {
        true => Ok(()),
        false => Err(ShadowError::NotAnOperator(Text::capped(by, 100))),
    }
}

/// The grants as they are written now.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) grants: Grants,
}

impl Written {
    pub(super) fn read(home: &Home) -> Result<Self, ShadowError> {
        Self::of(home.text(Grants::FILE)?.unwrap_or_default())
    }

    pub(super) fn of(text: String) -> Result<Self, ShadowError> {
        let grants = Grants::parse(&text).map_err(ShadowError::Written)?;
        Ok(Self { text, grants })
    }

    pub(super) fn is(
        &self,
        tenant: &TenantId,
        module: &ModuleName,
        digest: Digest,
        shadow: bool,
    ) -> bool {
        let mut all = self.grants.in_effect(tenant).into_iter();
        all.any(|g| g.module == *module && g.digest == digest && g.shadow == shadow)
    }

    /// Grants like this one for these tenants, each with the limits and settings that the tenant has
    /// already: of the candidate, where it is granted, else of what counts. What a manifest does not
    /// declare any more is left out.
    pub(super) fn carried(
        &self,
        manifest: &Manifest,
        tenants: &[TenantId],
        like: &Grant,
    ) -> Vec<Grant> {
        let mut grants: Vec<(Grant, Vec<TenantId>)> = Vec::new();
        for tenant in tenants {
            let mut of_name = self.grants.in_effect(tenant);
            of_name.retain(|grant| grant.module == like.module);
            let own = of_name.iter().rfind(|grant| grant.digest == like.digest);
            let known = own.or(of_name.iter().rfind(|grant| !grant.shadow));
            let mut grant = like.clone();
            if let Some(known) = known {
                grant.limits = known.limits;
                for (name, value) in known.settings.iter() {
                    if manifest.settings().iter().any(|s| s.name() == name) {
                        grant.settings.set(name.clone(), value.clone());
                    }
                }
            }
            match grants.iter_mut().find(|(same, _)| *same == grant) {
                Some((_, of)) => of.push(tenant.clone()),
                None => grants.push((grant, vec![tenant.clone()])),
            }
        }
        let for_these = |(grant, these)| Grant {
            tenants: GrantedTenants::These(these),
            ..grant
        };
        grants.into_iter().map(for_these).collect()
    }

    /// Whether it is granted, to count or to run beside.
    pub(super) fn has(&self, tenant: &TenantId, module: &ModuleName, digest: Digest) -> bool {
        self.is(tenant, module, digest, false) || self.is(tenant, module, digest, true)
    }
}
