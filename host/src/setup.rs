//! Setting up a home: its files, its tenants, its grants.

use crate::boundary::{Boundary, NotSigned, Purpose, RequireSigned, Role, Roster};
use crate::knowledge::{Assets, KnownGood};
use crate::model::{Capability, Instant, ModuleKind, ModuleName, TenantId, Text};
use crate::sandbox::inspect::{Finding, Inspection, Level};
use crate::sandbox::{
    Grant, GrantedLimits, GrantedSettings, GrantedTenants, Grants, Manifest, WantedLimits,
    WantedSettings, Withdrawal, WrongSetting, failure_name, module_digest,
};
use crate::seat::{Held, WrongSeat};
use crate::store::{self, Dir, Home, StoreError, TenantScope};
use crate::store::{MAX_COMPONENT_BYTES, MAX_TEXT_BYTES};
use crate::triage::NotStarted;
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
    /// A boundary that was to be applied does not hold.
    #[error("nothing was changed, for this boundary does not hold:\n{0}")]
    Boundary(Problems),
    /// What is in effect is not what the change was shown against.
    #[error(
        "what is in effect changed meanwhile, and nothing was done: look at the difference again"
    )]
    ChangedMeanwhile,
    /// A file of the home stands in the way.
    #[error(transparent)]
    InHome(Box<NotStarted>),
    /// There is such a tenant already.
    #[error("tenant `{0}` is in this home already")]
    TenantExists(TenantId),
    /// The tenant is suspended already.
    #[error("tenant `{0}` is suspended already")]
    SuspendedAlready(TenantId),
    /// The tenant is not suspended.
    #[error("tenant `{0}` is not suspended")]
    NotSuspended(TenantId),
    /// The tenant was erased.
    #[error("tenant `{0}` was erased at {1}: what is left of it is its trail")]
    Erased(TenantId, Instant),
    /// A tenant that is to be erased is not suspended.
    #[error("tenant `{0}` works: suspend it first, which can be taken back; an erasure cannot")]
    WorksYet(TenantId),
    /// There is no such module.
    #[error("module `{0}` is not installed in this home")]
    NoModule(ModuleName),
    /// A text to be signed is no grant of what is installed now.
    #[error("{0}; write it anew with `casemate module grant … --to-sign FILE`")]
    NotThisGrant(&'static str),
    /// There is nothing to withdraw.
    #[error("module `{0}` is not granted to tenant `{1}`")]
    NotGranted(ModuleName, TenantId),
    /// The person may not grant and withdraw.
    #[error("`{0}` is no operator in `roster.toml`: operators grant, withdraw and apply")]
    NotAnOperator(Text),
    /// Boundaries have to be signed.
    #[error(
        "boundaries have to be signed here: `ssh-keygen -Y sign -n {0} -f KEY FILE` makes `FILE.sig`, \
         and `--signature FILE.sig` hands it over"
    )]
    BoundaryNeedsSignature(Purpose),
    /// The home wants grants signed.
    #[error(
        "grants have to be signed here, and that of module `{0}` is not: `--to-sign FILE` writes what \
         is to be signed"
    )]
    NeedsSignature(ModuleName),
    /// The signature is not the operator's over this text.
    #[error("{0}")]
    NotSigned(NotSigned),
    /// The module does not ask for the capability.
    #[error("module `{0}` does not ask for capability `{1}`, so it cannot be granted")]
    NotAskedFor(ModuleName, Capability),
    /// There is nothing to withdraw from anybody.
    #[error("module `{0}` is granted to no tenant")]
    GrantedToNobody(ModuleName),
    /// The module cannot be set so; each setting with what would be right, never none.
    #[error("module `{module}`: {}", each(wrong))]
    Settings {
        /// The module.
        module: ModuleName,
        /// What is wrong.
        wrong: Vec<WrongSetting>,
    },
    /// The grant would put a second module where a tenant has one.
    #[error(transparent)]
    Seat(#[from] WrongSeat),
    /// The module cannot run here; each error with what it is about, never none.
    #[error(
        "module `{module}` cannot run here, so it is neither installed nor granted: {}",
        said(errors)
    )]
    Faulty {
        /// The module.
        module: ModuleName,
        /// What is wrong.
        errors: Vec<Finding>,
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
    if Roster::parse(&roster).is_err() {
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
/// When its manifest does not hold, the component has an error ([`Level::Error`]), or the files cannot
/// be written.
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
    let inspection = Inspection::of(component, Some(manifest)).map_err(SetupError::Written)?;
    without_errors(parsed.name(), &inspection, None)?;
    let _alone = home.lock()?;
    home.forget_compiled(&failure_name(component))?;
    home.install_module(parsed.name(), component, manifest)?;
    Ok(parsed.name().clone())
}

/// Refuses a module that cannot run within the limits that it is granted. Nothing overrides this.
pub(crate) fn without_errors(
    module: &ModuleName,
    inspection: &Inspection,
    granted: Option<GrantedLimits>,
) -> Result<(), SetupError> {
    let found = inspection.findings.iter();
    let errors = found.filter(|found| found.level == Level::Error).cloned();
    let mut errors: Vec<Finding> = errors.collect();
    if errors.is_empty() {
        errors.extend(granted.and_then(|limits| inspection.over_memory(limits)));
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(SetupError::Faulty {
            module: module.clone(),
            errors,
        }),
    }
}

fn said(errors: &[Finding]) -> String {
    let one = |found: &Finding| format!("{} ({})", found.message, found.rule.id());
    let all: Vec<String> = errors.iter().map(one).collect();
    all.join("; ")
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
    let roster = Roster::parse(&roster).map_err(SetupError::Written)?;
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

pub(crate) fn wrong_settings(module: &ModuleName, wrong: Vec<WrongSetting>) -> SetupError {
    let module = module.clone();
    SetupError::Settings { module, wrong }
}

fn each(wrong: &[WrongSetting]) -> String {
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    wrong.join("; ")
}

/// Grants an installed module, as it is now, everything it asks for, for these tenants. The
/// boundary of each still decides what of it is allowed. [`crate::consent::Consent`] shows that, and
/// what is known of the module, before anything is written.
///
/// # Errors
/// When there is no such module, `by` is no operator of the roster, or the file of grants does not
/// hold or cannot be written.
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
    let inspection = Inspection::of(&component, Some(&manifest)).map_err(SetupError::Written)?;
    without_errors(module, &inspection, None)?;
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
        replaces: None,
        settings,
    };
    operator(home, by)?;
    // One that is not signed would take the place of one that is.
    let required = RequireSigned::parse(home.text(RequireSigned::FILE)?.as_deref());
    if required.map_err(SetupError::Written)?.grants {
        return Err(SetupError::NeedsSignature(module.clone()));
    }
    append_to_grants(home, |text| {
        has_seat(home, text, &grant, parsed.kind())?;
        Grants::add(text, &grant).map_err(SetupError::Written)
    })?;
    Ok(grant)
}

/// Whether a grant may be written behind what is there: it names whom it replaces.
pub(crate) fn has_seat(
    home: &Home,
    text: &str,
    grant: &Grant,
    kind: ModuleKind,
) -> Result<Held, SetupError> {
    let grants = Grants::parse(text).map_err(SetupError::Written)?;
    let held = Held::read(home, &grants, grant, kind)?;
    held.give_way_to(grant)?;
    Ok(held)
}

/// Whether somebody may grant and withdraw: a person of the roster who is an operator.
pub(crate) fn operator(home: &Home, by: &str) -> Result<(), SetupError> {
    let text = home.text(Roster::FILE)?.unwrap_or_default();
    let roster = Roster::parse(&text).map_err(SetupError::Written)?;
    let shown = || Text::capped(by, 100);
    match roster.person(by) {
        None => Err(SetupError::NotInRoster(shown())),
        Some(person) if person.is(Role::Operator) => Ok(()),
        Some(_) => Err(SetupError::NotAnOperator(shown())),
    }
}

/// Writes the file of grants with a row more: the one place that does. What stands in it is read while
/// nobody else writes it.
pub(crate) fn append_to_grants(
    home: &Home,
    add: impl FnOnce(&str) -> Result<String, SetupError>,
) -> Result<(), SetupError> {
    let _alone = home.lock()?;
    let text = home.text(Grants::FILE)?;
    let text = add(&text.unwrap_or_else(|| "version = 1\n".to_owned()))?;
    Ok(home.replace_text(Grants::FILE, &text)?)
}

/// Withdraws a module for these tenants, whatever its bytes: from the next start on it does not run
/// for them. What was granted before stays in the file, to be read.
///
/// # Errors
/// When no grant names the module for one of the tenants (of all: for any), `by` is no operator of the
/// roster, or the file of grants does not hold or cannot be written.
pub fn revoke(
    home: &Home,
    module: &ModuleName,
    tenants: GrantedTenants,
    by: &str,
    at: Instant,
) -> Result<Withdrawal, SetupError> {
    operator(home, by)?;
    let withdrawal = Withdrawal {
        module: module.clone(),
        tenants,
        by: Text::capped(by, 200),
        at,
        shadow: false,
    };
    append_to_grants(home, |text| {
        let grants = Grants::parse(text).map_err(SetupError::Written)?;
        let granted = |tenant: &TenantId| {
            let mut in_effect = grants.in_effect(tenant).into_iter();
            in_effect.any(|grant| grant.module == *module)
        };
        match &withdrawal.tenants {
            GrantedTenants::These(ids) => {
                if let Some(tenant) = ids.iter().find(|tenant| !granted(tenant)) {
                    return Err(SetupError::NotGranted(module.clone(), tenant.clone()));
                }
            }
            // Of all tenants, one that has it is enough: nobody lists those who do not.
            GrantedTenants::All => {
                let ids = home.tenants()?.0;
                let for_later = grants
                    .history(&[])
                    .iter()
                    .any(|row| row.module == *module && row.for_later && !row.withdrawn);
                if !for_later && !ids.iter().any(granted) {
                    return Err(SetupError::GrantedToNobody(module.clone()));
                }
            }
        }
        Grants::withdraw(text, &withdrawal).map_err(SetupError::Written)
    })?;
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
        let component =
            store::read_file(folder, &wasm, MAX_COMPONENT_BYTES).map_err(failed(&wasm))?;
        let manifest =
            store::read_text_file(folder, &toml, MAX_TEXT_BYTES).map_err(failed(&toml))?;
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
