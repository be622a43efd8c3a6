//! `casemate trail`.

use super::tenant;
use casemate::model::TenantId;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Trail {
    /// The entries of a tenant's trail, oldest first
    Show(ShowTrail),
    /// Check trails against their keys, and against what was seen of them before
    ///
    /// Of the home's tenants, or of a folder that somebody exported, which needs no home. Reads every
    /// entry and every tile, and names the first thing that is wrong and where. Ends with 4 where
    /// something is.
    Verify(VerifyTrail),
    /// The last checkpoint of a tenant's trail, and the key that signed it
    Head {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
    },
    /// Print a proof that an entry stands in a tenant's trail, which whoever has the key checks without
    /// asking anybody
    Prove {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// The number of the entry, as `trail show` prints it
        number: u64,
    },
    /// Copy what a stranger needs to check a tenant's trail into an empty or a new folder
    Export {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the client's file: the name of the log, its key, the people who may sign, and a first
    /// checkpoint
    Checkpoint {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
    },
    /// Begin a new log for a tenant whose folder was put back to an earlier state
    ///
    /// Its first entry names the last checkpoint that is known of the old log, which is kept beside it
    /// as it is.
    GoOn {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// The person of the roster who does it
        #[arg(long, value_name = "PERSON")]
        by: String,
    },
}

#[derive(Args)]
pub(crate) struct ShowTrail {
    /// The tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: TenantId,
    /// Only entries from this number on
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<u64>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub most: Option<usize>,
    /// Only the entries of this run
    #[arg(long, value_name = "NUMBER")]
    pub run: Option<u64>,
    /// A log that another one goes on after, as `trail go-on` named it
    #[arg(long, value_name = "LOG")]
    pub log: Option<String>,
}

#[derive(Args)]
pub(crate) struct VerifyTrail {
    /// Only this tenant's
    #[arg(long, value_name = "TENANT", value_parser = tenant, conflicts_with = "folder")]
    pub tenant: Option<TenantId>,
    /// A folder that `trail export` made, or the `trail` folder of a tenant
    #[arg(long, value_name = "DIR", requires = "key")]
    pub folder: Option<PathBuf>,
    /// The key of the folder's log: `NAME+ID+KEY`, as `trail head` prints it
    #[arg(long, value_name = "KEY", requires = "folder")]
    pub key: Option<String>,
    /// A file with the last checkpoint that was seen of this log: the trail must follow from it. Where
    /// it does, its own checkpoint takes the place. Made where it is not there
    #[arg(long, value_name = "FILE")]
    pub seen: Option<PathBuf>,
}
