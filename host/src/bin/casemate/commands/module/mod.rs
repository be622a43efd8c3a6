//! `casemate module`: one file a command that has more to say.

mod author;
mod diff;
mod failures;
mod grant;
mod grants;
mod inspect;
mod list;
mod shadow;

pub(crate) use inspect::findings;

use super::{init, not_set_up, open_home, store};
use crate::ambient;
use crate::args::{Module as Args, Shared, Tenants};
use crate::output::{self, Exit, Failure};
use casemate::consent::{nearest_module, nearest_tenant};
use casemate::model::{ModuleName, TenantId};
use casemate::sandbox::GrantedTenants;
use casemate::setup;
use casemate::store::Home;

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::List => list::list(shared),
        Args::Shadow(args) => shadow::run(shared, args),
        Args::Author(args) => author::run(shared, args),
        Args::Add { folder } => {
            let home = open_home(shared)?;
            let name = folder
                .file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default();
            let module = init::install_one(&home, &ambient::open_dir(folder)?, &name)?;
            output::say(&format!(
                "installed module `{module}`; it runs for nobody until it is granted: `casemate module grant {module} --tenant T --by PERSON`"
            ));
            Ok(Exit::Ok)
        }
        Args::Inspect { module, fail_on } => inspect::inspect(shared, module, fail_on),
        Args::Diff { old, new } => diff::diff(shared, old, new),
        Args::Grant(args) => grant::grant(shared, args),
        Args::GrantSigned { file } => grant::grant_signed(shared, file),
        Args::Failures { tenant, module } => failures::failures(shared, tenant, module.as_ref()),
        Args::Revoke {
            module,
            tenants,
            by,
        } => {
            let home = open_home(shared)?;
            known(&home, Some(module), &tenants.tenants)?;
            setup::revoke(&home, module, these(tenants), by, ambient::now()).map_err(not_set_up)?;
            output::say(&format!(
                "withdrew module `{module}` in grants.toml: it does not run for them from their next start on"
            ));
            Ok(Exit::Ok)
        }
        Args::Grants {
            tenant,
            module,
            history,
        } => grants::grants(shared, tenant.as_ref(), module.as_ref(), *history),
    }
}

fn these(tenants: &Tenants) -> GrantedTenants {
    match tenants.all {
        true => GrantedTenants::All,
        false => {
            let mut ids = tenants.tenants.clone();
            ids.sort();
            ids.dedup();
            GrantedTenants::These(ids)
        }
    }
}

/// Whether the home has what is named; says what was probably meant where it has not.
pub(crate) fn known(
    home: &Home,
    module: Option<&ModuleName>,
    tenants: &[TenantId],
) -> Result<(), Failure> {
    let meant = |near: Option<String>, list: &str| match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`casemate {list}` shows what there is"),
    };
    if let Some(module) = module
        && !home.modules().map_err(store)?.contains(module)
    {
        let near = nearest_module(home, module.as_str()).map_err(store)?;
        let error = setup::SetupError::NoModule(module.clone());
        return Err(not_set_up(error).help(meant(near, "module list")));
    }
    for tenant in tenants {
        if let Err(error) = home.tenant(tenant) {
            let near = nearest_tenant(home, tenant.as_str()).map_err(store)?;
            return Err(store(error).help(meant(near, "tenant list")));
        }
    }
    Ok(())
}
