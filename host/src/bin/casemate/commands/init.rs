use super::{not_set_up, open_home};
use crate::ambient;
use crate::args::{Init, Shared};
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::model::ModuleName;
use casemate::sandbox::GrantedTenants;
use casemate::setup;
use casemate::store::{Dir, Home, StoreError, read_file, read_text_file};
use casemate::store::{MAX_COMPONENT_BYTES, MAX_TEXT_BYTES};

pub(crate) fn run(shared: &Shared, args: &Init) -> Result<Exit, Failure> {
    // What can be wrong is looked at before anything is made.
    let folder = args.modules.as_deref().map(ambient::open_dir).transpose()?;
    let mut tenants = args.tenants.clone();
    tenants.sort();
    tenants.dedup();
    let root = ambient::make_dir(&shared.home)?;
    let home = setup::create(root, &args.operator).map_err(|e| {
        if !matches!(e, setup::SetupError::Store(StoreError::HomeExists)) {
            return Failure::new(Exit::Environment, e);
        }
        Failure::new(Exit::Environment, e)
            .help("`--home DIR` names another folder; `casemate tenant add` adds tenants")
    })?;
    output::say(&format!(
        "made the home `{}`, with operator {}",
        shared.home.display(),
        args.operator
    ));
    let modules = match &folder {
        Some(folder) => setup::install_folder(&home, folder)?,
        None => Vec::new(),
    };
    for module in &modules {
        output::say(&format!("installed module `{module}`"));
    }
    for tenant in &tenants {
        setup::add_tenant(&home, tenant, &args.operator).map_err(not_set_up)?;
        output::say(&format!(
            "made tenant `{tenant}`: read and change its five statements in {}",
            shared
                .home
                .join("tenants")
                .join(tenant.as_str())
                .join("boundary.toml")
                .display()
        ));
    }
    if !tenants.is_empty() {
        for module in &modules {
            let tenants = GrantedTenants::These(tenants.clone());
            setup::grant(&home, module, tenants, &args.operator, ambient::now())
                .map_err(not_set_up)?;
        }
    }
    if args.modules.is_none() {
        output::say("no module is installed yet: `casemate module add FOLDER` installs one");
    }
    drop(open_home(shared)?);
    Ok(Exit::Ok)
}

/// Installs the module of one folder.
pub(crate) fn install_one(home: &Home, folder: &Dir, name: &str) -> anyhow::Result<ModuleName> {
    let component = read_file(folder, "module.wasm", MAX_COMPONENT_BYTES)
        .with_context(|| format!("`{name}/module.wasm`"))?;
    let manifest = read_text_file(folder, "module.toml", MAX_TEXT_BYTES)
        .with_context(|| format!("`{name}/module.toml`"))?;
    Ok(setup::install(home, name, &component, &manifest)?)
}
