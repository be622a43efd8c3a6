//! Trying a new version of a module beside the old one, for chosen tenants: begun, looked at, stopped or
//! accepted.
//!
//! The new version is a candidate: it lies in `candidates/NAME/` of the home and is granted with
//! `shadow = true`. For the tenants of that grant it is handed what the module that counts is handed,
//! after it, in a sandbox of its own with what it is granted. Its calls and its end are recorded as
//! those of any run; what it answers is checked, compared and thrown away. A grant without `shadow`
//! lets it count, tenant by tenant: of two versions of one name that are granted to a tenant, the one
//! that was granted last counts.

mod accept;
mod error;
mod written;

pub use accept::{Accepted, accept, would_accept};
pub use error::ShadowError;

use crate::model::{Digest, Instant, ModuleName, Shadowed, TenantId, Text};
use crate::open::Casemate;
use crate::sandbox::inspect::Inspection;
use crate::sandbox::{
    Grant, Granted, GrantedTenants, Grants, Manifest, Module, WantedLimits, WantedSettings,
    Withdrawal, module_digest,
};
use crate::setup::without_errors;
use crate::store::{Home, StoreError};
use written::{Written, candidate_digest, operator};

/// A candidate that was begun with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// The module.
    pub module: ModuleName,
    /// The candidate's digest.
    pub digest: Digest,
    /// The tenants for which it cannot run as boundary and grant are now, each with why.
    pub cannot: Vec<(TenantId, String)>,
}

/// A candidate of a home, and what it is to each tenant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The module.
    pub module: ModuleName,
    /// The candidate's digest; none where its manifest cannot be read.
    pub digest: Option<Digest>,
    /// The tenants that it runs beside the old version for.
    pub beside: Vec<TenantId>,
    /// The tenants that it counts for.
    pub counts: Vec<TenantId>,
    /// Why it cannot be loaded; none where it can.
    pub not_loaded: Option<String>,
}

/// A module's two files.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The component.
    pub component: &'a [u8],
    /// The text of `module.toml`.
    pub manifest: &'a str,
}

impl Casemate {
    /// Puts a candidate beside the installed module of its name, and grants it all it asks for, to run
    /// beside that for these tenants. It runs from each tenant's next start on, in processes that
    /// opened the home since.
    ///
    /// The same candidate for more tenants is begun with for those too.
    ///
    /// # Errors
    /// When nothing of its name is installed, another candidate of it is granted to somebody, it is not
    /// valid, the person is no operator of the roster, or a file cannot be written.
    pub fn start_shadow(
        &self,
        files: Files<'_>,
        tenants: &[TenantId],
        by: &str,
    ) -> Result<Started, ShadowError> {
        let home = self.home();
        let manifest = Manifest::parse(files.manifest).map_err(ShadowError::Written)?;
        let module = manifest.name().clone();
        let digest = module_digest(files.component, files.manifest.as_bytes());
        let installed = home.module(&module)?;
        let (component, text) = installed.ok_or_else(|| ShadowError::NoModule(module.clone()))?;
        if module_digest(&component, text.as_bytes()) == digest {
            return Err(ShadowError::Same(module));
        }
        let of = Manifest::parse(&text).map_err(ShadowError::Written)?;
        if of.kind() != manifest.kind() {
            return Err(ShadowError::OtherKind {
                module,
                candidate: manifest.kind(),
                installed: of.kind(),
            });
        }
        for tenant in tenants {
            home.tenant(tenant)?;
        }
        let seen = Inspection::of(files.component, Some(files.manifest));
        let seen = seen.map_err(ShadowError::Written)?;
        without_errors(&module, &seen, None).map_err(ShadowError::Faulty)?;
        let capabilities = manifest.capabilities().collect();
        let loaded = Module::new(files.component.to_vec(), manifest);
        self.sandbox().compile(&loaded)?;
        let at = self.settings().clock.now();
        let _alone = home.lock()?;
        operator(home, by)?;
        let grants = Written::read(home)?;
        if let Some(other) = candidate_digest(home, &module)?.filter(|d| *d != digest) {
            let has = |tenant: &&TenantId| grants.has(tenant, &module, other);
            if let Some(tenant) = home.tenants()?.0.iter().find(has) {
                return Err(ShadowError::Another {
                    module,
                    digest: other,
                    tenant: tenant.clone(),
                });
            }
        }
        let like = Grant {
            module: module.clone(),
            digest,
            tenants: GrantedTenants::All,
            capabilities,
            by: Text::capped(by, 200),
            at,
            limits: WantedLimits::default(),
            settings: WantedSettings::default(),
            shadow: true,
            replaces: None,
        };
        let mut text = grants.text.clone();
        for grant in grants.carried(loaded.manifest(), tenants, &like) {
            text = Grants::add(&text, &grant).map_err(ShadowError::Written)?;
        }
        let grants = Grants::parse(&text).map_err(ShadowError::Written)?;
        // The files first: a grant of what is not there would be told at every start.
        home.put_candidate(&module, files.component, files.manifest)?;
        home.replace_text(Grants::FILE, &text)?;
        let mut cannot = Vec::new();
        for tenant in tenants {
            let boundary = match self.boundary(&home.tenant(tenant)?) {
                Ok(boundary) => boundary,
                Err(error) => {
                    cannot.push((tenant.clone(), error.to_string()));
                    continue;
                }
            };
            let decided =
                Granted::decide(tenant, loaded.manifest(), digest, &boundary, &grants, at);
            let prepared = decided.map_err(|e| e.to_string()).and_then(|granted| {
                let prepared = self.sandbox().prepare(&loaded, granted);
                prepared.map_err(|e| e.to_string())
            });
            cannot.extend(prepared.err().map(|why| (tenant.clone(), why)));
        }
        Ok(Started {
            module,
            digest,
            cannot,
        })
    }

    /// What is known of the candidates that run, or ran, beside modules of a tenant, in the order of
    /// their names: read beside a writer or without one.
    ///
    /// # Errors
    /// When there is no such tenant or its store cannot be read.
    pub fn shadows(&self, tenant: &TenantId) -> Result<Vec<Shadowed>, StoreError> {
        match self.view(tenant)? {
            Some(view) => view.shadows(),
            None => Ok(Vec::new()),
        }
    }

    /// Which of two versions of one name counts for a tenant: the candidate, where that was granted to
    /// count and was granted last, else the installed module that is handed in.
    pub fn counting<'a>(&'a self, installed: &'a Module, tenant: &TenantId) -> &'a Module {
        let name = installed.manifest().name();
        let granted = self.grants().in_effect(tenant);
        let place = |module: &Module| {
            let digest = module.digest();
            granted
                .iter()
                .rposition(|grant| grant.module == *name && grant.digest == digest && !grant.shadow)
        };
        let mut candidates = self.candidates().iter();
        candidates
            .find(|candidate| candidate.manifest().name() == name)
            .filter(|candidate| place(candidate) > place(installed))
            .unwrap_or(installed)
    }

    /// The candidates of the home, in the order of their names.
    ///
    /// # Errors
    /// When the home's files cannot be read or do not hold.
    pub fn shadow_candidates(&self) -> Result<Vec<Candidate>, ShadowError> {
        let home = self.home();
        let (grants, tenants) = (Written::read(home)?, home.tenants()?.0);
        let one = |module: ModuleName| {
            let digest = candidate_digest(home, &module)?;
            let of = |shadow| {
                let has = |tenant: &&TenantId| {
                    digest.is_some_and(|d| grants.is(tenant, &module, d, shadow))
                };
                tenants.iter().filter(has).cloned().collect()
            };
            let not_loaded = self.candidates_not_loaded();
            let not_loaded = not_loaded.iter().find(|n| n.name == module);
            Ok(Candidate {
                beside: of(true),
                counts: of(false),
                not_loaded: not_loaded.map(|n| n.why.clone()),
                digest,
                module,
            })
        };
        home.candidates()?.into_iter().map(one).collect()
    }
}

/// Stops a candidate for these tenants, or for all that it runs beside the module for: withdrawn in
/// `grants.toml`. From each tenant's next start on it does not run, and what it worked with is erased
/// there; what was counted stays to be read. Where it is granted to nobody then, its files go too.
///
/// # Errors
/// When it is not granted to run beside the module for one of the tenants, the person is no operator
/// of the roster, or a file cannot be written.
pub fn stop(
    home: &Home,
    module: &ModuleName,
    tenants: Option<&[TenantId]>,
    by: &str,
    at: Instant,
) -> Result<Vec<TenantId>, ShadowError> {
    let _alone = home.lock()?;
    operator(home, by)?;
    let grants = Written::read(home)?;
    let all = home.tenants()?.0;
    let runs = |tenant: &TenantId| {
        let mut in_effect = grants.grants.in_effect(tenant).into_iter();
        in_effect.any(|grant| grant.module == *module && grant.shadow)
    };
    let tenants: Vec<TenantId> = match tenants {
        Some(tenants) => tenants.to_vec(),
        None => all.iter().filter(|t| runs(t)).cloned().collect(),
    };
    if let Some(tenant) = tenants.iter().find(|tenant| !runs(tenant)) {
        return Err(ShadowError::NotBeside(module.clone(), tenant.clone()));
    }
    let digest = candidate_digest(home, module)?;
    let mut text = grants.text.clone();
    if !tenants.is_empty() {
        let withdrawal = Withdrawal {
            module: module.clone(),
            tenants: GrantedTenants::These(tenants.clone()),
            by: Text::capped(by, 200),
            at,
            shadow: true,
        };
        text = Grants::withdraw(&text, &withdrawal).map_err(ShadowError::Written)?;
        home.replace_text(Grants::FILE, &text)?;
    } else if digest.is_none() && !home.candidates()?.contains(module) {
        return Err(ShadowError::NoCandidate(module.clone()));
    }
    let left = Written::of(text)?;
    let has = |tenant: &TenantId| digest.is_some_and(|d| left.has(tenant, module, d));
    if !all.iter().any(has) {
        home.remove_candidate(module)?;
    }
    Ok(tenants)
}
