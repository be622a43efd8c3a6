//! `casemate boundary`.

use super::tenant;
use casemate::model::TenantId;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Boundary {
    /// Check the boundary files of all tenants, or of one
    Check {
        /// Only this tenant's
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: Option<TenantId>,
    },
}
