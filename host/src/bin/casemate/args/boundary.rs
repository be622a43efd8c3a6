//! `casemate boundary`.

use super::{instant, tenant};
use casemate::model::{Instant, TenantId};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Boundary {
    /// Check the boundary files of all tenants, or of one, and the home's defaults
    Check {
        /// Only this tenant's
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: Option<TenantId>,
    },
    /// Print what is in effect for a tenant, with the line of a file that decides each thing
    Explain(Explain),
    /// Say in words what a file would change; 1 where something would
    Diff(Diff),
    /// Put a file in the place of a tenant's boundary, or of the defaults, and record it
    Apply(Apply),
    /// The fields that boundaries and manifests name
    Fields,
}

#[derive(Args)]
pub(crate) struct Explain {
    /// The tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: TenantId,
    /// Also what this module asks for, and what of it it gets
    #[arg(long, value_name = "MODULE")]
    pub module: Option<String>,
    /// As of this time: it decides which exclusions are in force [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Instant>,
}

#[derive(Args)]
pub(crate) struct Diff {
    /// Against what is in effect for this tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant, required_unless_present = "defaults")]
    pub tenant: Option<TenantId>,
    /// As the home's defaults, over all tenants
    #[arg(long, conflicts_with = "tenant")]
    pub defaults: bool,
    /// The file; `-` is standard input
    pub file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Apply {
    /// The tenant; with --defaults one that has them first, and may be repeated
    #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant, required_unless_present = "defaults")]
    pub tenants: Vec<TenantId>,
    /// As the home's defaults: for all tenants, or first for those that are named
    #[arg(long)]
    pub defaults: bool,
    /// The operator of the roster who does it
    #[arg(long, value_name = "PERSON")]
    pub by: String,
    /// The operator's signature over the file, as `ssh-keygen -Y sign` makes it
    #[arg(long, value_name = "FILE.sig")]
    pub signature: Option<PathBuf>,
    /// Show the difference, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The file; `-` is standard input
    pub file: PathBuf,
}
