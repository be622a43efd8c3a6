//! `casemate module shadow`.

use super::{module, tenant};
use casemate::model::{ModuleName, TenantId};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Shadow {
    /// Run a candidate beside the installed module of its name: recorded and compared, it never counts
    Start {
        /// The candidate's folder, with `module.wasm` and `module.toml`
        folder: PathBuf,
        /// A tenant; may be repeated
        #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant, required = true)]
        tenants: Vec<TenantId>,
        /// The operator of the roster who grants it
        #[arg(long, value_name = "PERSON")]
        by: String,
    },
    /// The candidates of the home, and what each is to which tenant
    List,
    /// In what candidates differ from what counts, and what they cost
    Report {
        /// This module only
        #[arg(long, value_parser = module)]
        module: Option<ModuleName>,
        /// This tenant only
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: Option<TenantId>,
    },
    /// Stop a candidate; what was counted stays to be read
    Stop {
        /// The module
        #[arg(value_parser = module)]
        module: ModuleName,
        /// A tenant; may be repeated [default: all that it runs beside the module for]
        #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant)]
        tenants: Vec<TenantId>,
        /// The operator of the roster who stops it
        #[arg(long, value_name = "PERSON")]
        by: String,
    },
    /// Let a candidate count in the place of the old version, for some tenants or all that have that
    Accept {
        /// The module
        #[arg(value_parser = module)]
        module: ModuleName,
        /// A tenant; may be repeated [default: all that have the old version]
        #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant)]
        tenants: Vec<TenantId>,
        /// The operator of the roster who accepts it
        #[arg(long, value_name = "PERSON")]
        by: String,
        /// Show what would change, to the row, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
}
