//! Setting up a home: its files, its tenants, its grants.

use crate::boundary::Boundary;
use crate::knowledge::{Assets, KnownGood};
use crate::model::{Instant, ModuleName, TenantId, Text};
use crate::sandbox::{
    Grant, GrantedSettings, GrantedTenants, Grants, Manifest, WantedLimits, WantedSettings,
    Withdrawal, WrongSetting, module_digest,
};
use crate::store::{Dir, Home, StoreError, TenantScope};
use crate::written::Problems;

/// Why something was not set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file does not hold.
    #[error("{0}")]
    Written(Problems),
    /// The operator's id is not one.
    #[error("`{0}` is not a person's id: write one such as `first.last@mssp.example`")]
    NotAPerson(Text),
    /// The person is not in the roster.
    #[error("`{0}` is no person of `roster.toml`: write them there first")]
    NotInRoster(Text),
    /// There is such a tenant already.
    #[error("tenant `{0}` is in this home already")]
    TenantExists(TenantId),
    /// The tenant is suspended already.
    #[error("tenant `{0}` is suspended already")]
    SuspendedAlready(TenantId),
    /// The tenant is not suspended.
    #[error("tenant `{0}` is not suspended")]
    NotSuspended(TenantId),
    /// There is no such module.
    #[error("module `{0}` is not installed in this home")]
    NoModule(ModuleName),
    /// There is nothing to withdraw.
    #[error("module `{0}` is not granted to tenant `{1}`")]
    NotGranted(ModuleName, TenantId),
    /// The module cannot be set so; each setting with what would be right, never none.
    #[error("module `{module}`: {}", each(wrong))]
    Settings {
        /// The module.
        module: ModuleName,
        /// What is wrong.
        wrong: Vec<WrongSetting>,
    },
    /// A module's files do not belong together.
    #[error("the folder is that of module `{folder}` and its module.toml names `{name}`")]
    OtherName {
        /// The folder's name.
        folder: String,
        /// The name in `module.toml`.
        name: ModuleName,
    },
}

/// Makes a home whose roster has one person: the operator.
///
/// # Errors
/// When the folder is a home already, cannot be written, or the id is not one.
pub fn create(root: Dir, operator: &str) -> Result<Home, SetupError> {
    let roster = format!(
        "version = 1\n\n[[people]]\nid = {}\nname = {}\nroles = [\"operator\", \"analyst\"]\n",
        quoted(operator),
        quoted(operator.split('@').next().unwrap_or(operator)),
    );
    if crate::boundary::Roster::parse(&roster).is_err() {
        return Err(SetupError::NotAPerson(Text::capped(operator, 100)));
    }
    let home = Home::create(root)?;
    home.replace_text("roster.toml", &roster)?;
    home.replace_text(
        "grants.toml",
        "# Which module may run for which tenant, with what. Newest last.\nversion = 1\n",
    )?;
    Ok(home)
}

/// Installs a module from its two files. It runs for nobody until it is granted.
///
/// # Errors
/// When its manifest does not hold or the files cannot be written.
pub fn install(
    home: &Home,
    folder: &str,
    component: &[u8],
    manifest: &str,
) -> Result<ModuleName, SetupError> {
    let parsed = Manifest::parse(manifest).map_err(SetupError::Written)?;
    if parsed.name().as_str() != folder {
        return Err(SetupError::OtherName {
            folder: folder.to_owned(),
            name: parsed.name().clone(),
        });
    }
    let _alone = home.lock()?;
    home.install_module(parsed.name(), component, manifest)?;
    Ok(parsed.name().clone())
}

/// Makes a tenant with a boundary file to be read and changed: modules may see every field but the
/// source's own message; no model. Its files of knowledge are there and say nothing yet; nothing is
/// granted to it.
///
/// # Errors
/// When the tenant is there already, the person is not in the roster, or the folder cannot be
/// written.
pub fn add_tenant(
    home: &Home,
    tenant: &TenantId,
    accountable: &str,
) -> Result<TenantScope, SetupError> {
    let _alone = home.lock()?;
    let roster = home.text("roster.toml")?.unwrap_or_default();
    let roster = crate::boundary::Roster::parse(&roster).map_err(SetupError::Written)?;
    if roster.person(accountable).is_none() {
        return Err(SetupError::NotInRoster(Text::capped(accountable, 100)));
    }
    if home.tenants()?.0.contains(tenant) {
        return Err(SetupError::TenantExists(tenant.clone()));
    }
    let scope = home.add_tenant(tenant)?;
    scope.replace_knowledge(Assets::FILE, Assets::TEMPLATE.as_bytes())?;
    scope.replace_knowledge(KnownGood::FILE, KnownGood::TEMPLATE.as_bytes())?;
    // Last: without it the tenant does not start.
    scope.replace_boundary(&Boundary::template(accountable, &[]))?;
    Ok(scope)
}

/// The settings that `name=value` says, for an installed module: see [`WrongSetting::parse`].
///
/// # Errors
/// When there is no such module, its manifest does not hold, or a setting is wrong.
pub fn settings_of(
    home: &Home,
    module: &ModuleName,
    written: &[String],
) -> Result<WantedSettings, SetupError> {
    let (_, manifest) = home
        .module(module)?
        .ok_or_else(|| SetupError::NoModule(module.clone()))?;
    let parsed = Manifest::parse(&manifest).map_err(SetupError::Written)?;
    let (mut settings, mut wrong) = (WantedSettings::default(), Vec::new());
    for one in written {
        match WrongSetting::parse(parsed.settings(), one) {
            Ok((name, value)) => settings.set(name, value),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() {
        Ok(settings)
    } else {
        Err(wrong_settings(module, wrong))
    }
}

fn wrong_settings(module: &ModuleName, wrong: Vec<WrongSetting>) -> SetupError {
    let module = module.clone();
    SetupError::Settings { module, wrong }
}

fn each(wrong: &[WrongSetting]) -> String {
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    wrong.join("; ")
}

/// Grants an installed module, as it is now, everything it asks for, for these tenants. The
/// boundary of each still decides what of it is allowed.
///
/// # Errors
/// When there is no such module, or the file of grants does not hold or cannot be written.
pub fn grant(
    home: &Home,
    module: &ModuleName,
    tenants: GrantedTenants,
    by: &str,
    at: Instant,
) -> Result<Grant, SetupError> {
    grant_with(home, module, tenants, WantedSettings::default(), by, at)
}

/// As [`grant`], with settings that are not to be the module's defaults.
///
/// # Errors
/// As [`grant`]; when the module does not declare a setting, cannot be set so, or requires one that is
/// not set.
pub fn grant_with(
    home: &Home,
    module: &ModuleName,
    tenants: GrantedTenants,
    settings: WantedSettings,
    by: &str,
    at: Instant,
) -> Result<Grant, SetupError> {
    let (component, manifest) = home
        .module(module)?
        .ok_or_else(|| SetupError::NoModule(module.clone()))?;
    let parsed = Manifest::parse(&manifest).map_err(SetupError::Written)?;
    GrantedSettings::resolve(parsed.settings(), &settings)
        .map_err(|wrong| wrong_settings(module, wrong))?;
    let grant = Grant {
        module: module.clone(),
        digest: module_digest(&component, manifest.as_bytes()),
        tenants,
        capabilities: parsed.capabilities().collect(),
        by: Text::capped(by, 200),
        at,
        limits: WantedLimits::default(),
        shadow: false,
        settings,
    };
    let _alone = home.lock()?;
    let text = home
        .text("grants.toml")?
        .unwrap_or_else(|| "version = 1\n".to_owned());
    let text = Grants::add(&text, &grant).map_err(SetupError::Written)?;
    home.replace_text("grants.toml", &text)?;
    Ok(grant)
}

/// Withdraws a module for these tenants, whatever its bytes: from the next start on it does not run
/// for them. What was granted before stays in the file, to be read.
///
/// # Errors
/// When no grant names the module for one of the tenants, or the file of grants does not hold or
/// cannot be written.
pub fn revoke(
    home: &Home,
    module: &ModuleName,
    tenants: GrantedTenants,
    by: &str,
    at: Instant,
) -> Result<Withdrawal, SetupError> {
    let _alone = home.lock()?;
    let text = home.text(Grants::FILE)?.unwrap_or_default();
    let grants = Grants::parse(&text).map_err(SetupError::Written)?;
    let ids = match &tenants {
        GrantedTenants::All => &home.tenants()?.0,
        GrantedTenants::These(ids) => ids,
    };
    for tenant in ids {
        let mut in_effect = grants.in_effect(tenant).into_iter();
        if !in_effect.any(|grant| grant.module == *module) {
            return Err(SetupError::NotGranted(module.clone(), tenant.clone()));
        }
    }
    let withdrawal = Withdrawal {
        module: module.clone(),
        tenants,
        by: Text::capped(by, 200),
        at,
        shadow: false,
    };
    let text = Grants::withdraw(&text, &withdrawal).map_err(SetupError::Written)?;
    home.replace_text(Grants::FILE, &text)?;
    Ok(withdrawal)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Installs every module of a folder: one folder each, named as the module, with `module.wasm` and
/// `module.toml`. Gives their names, in order. They run for nobody until they are granted.
///
/// # Errors
/// When one cannot be read or installed; those before it are.
pub fn install_folder(home: &Home, folder: &Dir) -> Result<Vec<ModuleName>, SetupError> {
    let failed = |path: &str| {
        let path = path.to_owned();
        move |error| SetupError::Store(StoreError::Io { path, error })
    };
    let mut names = Vec::new();
    for entry in folder.entries().map_err(failed("."))? {
        let entry = entry.map_err(failed("."))?;
        if entry.file_type().map_err(failed("."))?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let one = |name: &String| {
        let (wasm, toml) = (format!("{name}/module.wasm"), format!("{name}/module.toml"));
        let component = folder.read(&wasm).map_err(failed(&wasm))?;
        let manifest = folder.read_to_string(&toml).map_err(failed(&toml))?;
        install(home, name, &component, &manifest)
    };
    names.iter().map(one).collect()
}

/// As [`grant`], by somebody who was found in the roster.
///
/// # Errors
/// As [`grant`].
pub fn grant_by(
    home: &Home,
    module: &ModuleName,
    tenants: GrantedTenants,
    by: &crate::Caller,
    at: Instant,
) -> Result<Grant, SetupError> {
    grant(home, module, tenants, by.id(), at)
}
