//! `casemate module`: one file a command that has more to say.

mod list;
mod shadow;

use super::{init, not_set_up, open_home};
use crate::ambient;
use crate::args::{Module as Args, Shared};
use crate::output::{self, Exit, Failure};
use casemate::sandbox::GrantedTenants;
use casemate::setup;

pub(crate) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::List => list::list(shared),
        Args::Shadow(args) => shadow::run(shared, args),
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
        Args::Grant {
            module,
            tenants,
            by,
            set,
        } => {
            let home = open_home(shared)?;
            let tenants = GrantedTenants::These(tenants.clone());
            let settings = setup::settings_of(&home, module, set).map_err(not_set_up)?;
            let grant = setup::grant_with(&home, module, tenants, settings, by, ambient::now())
                .map_err(not_set_up)?;
            output::say(&format!(
                "granted module `{module}`, sha256:{}, in grants.toml",
                grant.digest
            ));
            Ok(Exit::Ok)
        }
        Args::Revoke {
            module,
            tenants,
            by,
        } => {
            let home = open_home(shared)?;
            let tenants = GrantedTenants::These(tenants.clone());
            setup::revoke(&home, module, tenants, by, ambient::now()).map_err(not_set_up)?;
            output::say(&format!(
                "withdrew module `{module}` in grants.toml: it does not run for them from their next start on"
            ));
            Ok(Exit::Ok)
        }
    }
}
