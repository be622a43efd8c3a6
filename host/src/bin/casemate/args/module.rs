//! `casemate module`.

use super::{module, tenant};
use casemate::model::{ModuleName, TenantId};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Module {
    /// What is installed, what it asks for, and for how many tenants it can run
    List,
    /// Install a module from its folder, replacing one of the same name
    Add {
        /// The folder, with `module.wasm` and `module.toml`
        folder: PathBuf,
    },
    /// Grant a module, as it is now, for tenants
    Grant {
        /// The module
        #[arg(value_parser = module)]
        module: ModuleName,
        /// A tenant; may be repeated
        #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant, required = true)]
        tenants: Vec<TenantId>,
        /// The person of the roster who grants it
        #[arg(long, value_name = "PERSON")]
        by: String,
        /// A setting of the module, where it is not to be its default; may be repeated
        #[arg(long = "set", value_name = "NAME=VALUE")]
        set: Vec<String>,
    },
    /// Withdraw a module for tenants; what was granted stays in grants.toml, to be read
    Revoke {
        /// The module
        #[arg(value_parser = module)]
        module: ModuleName,
        /// A tenant; may be repeated
        #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant, required = true)]
        tenants: Vec<TenantId>,
        /// The person of the roster who withdraws it
        #[arg(long, value_name = "PERSON")]
        by: String,
    },
    /// Try a new version beside the one that counts
    #[command(subcommand)]
    Shadow(super::Shadow),
}
