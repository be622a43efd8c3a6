//! `casemate trail`.

use super::tenant;
use casemate::model::TenantId;
use clap::{ArgGroup, Args, Subcommand};
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
    /// Check a proof that `trail prove` printed, with the key from the client's file; needs no home
    CheckProof(CheckProof),
    /// Print a proof that a log grew from an earlier size: a C2SP add-checkpoint request
    Consistency(Consistency),
    /// Check a proof that `trail consistency` printed against a checkpoint that was kept; needs no home
    CheckConsistency(CheckConsistency),
    /// Print a proof that an entry stands in a tenant's trail, which whoever has the key checks without
    /// asking anybody
    Prove {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// An earlier log, which another one goes on after, as `trail go-on` named it
        #[arg(long, value_name = "LOG")]
        log: Option<String>,
        /// The number of the entry, as `trail show` prints it
        number: u64,
    },
    /// Copy what a stranger needs to check a tenant's trail into an empty or a new folder
    Export {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// An earlier log, which another one goes on after, as `trail go-on` named it
        #[arg(long, value_name = "LOG")]
        log: Option<String>,
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
    /// Begin a new log for a tenant whose trail or store is missing or was put back to an earlier state
    ///
    /// Its first entry names the last checkpoint that is known of the old log, which is kept beside it
    /// as it is.
    GoOn {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// The operator of the roster who does it
        #[arg(long, value_name = "PERSON")]
        by: String,
        /// End a log that is sound: without this, only one that cannot be continued is ended
        #[arg(long)]
        yes_end_a_healthy_log: bool,
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
#[command(group(ArgGroup::new("known").args(["key", "client"])))]
pub(crate) struct VerifyTrail {
    /// Only this tenant's
    #[arg(long, value_name = "TENANT", value_parser = tenant, conflicts_with = "folder")]
    pub tenant: Option<TenantId>,
    /// An earlier log of the tenant, which another one goes on after, as `trail go-on` named it
    #[arg(long, value_name = "LOG", requires = "tenant", conflicts_with_all = ["folder", "client"])]
    pub log: Option<String>,
    /// A folder that `trail export` made, or the `trail` folder of a tenant
    #[arg(long, value_name = "DIR", requires = "known")]
    pub folder: Option<PathBuf>,
    /// The key of the folder's log: `NAME+ID+KEY`, as the client's file has it
    #[arg(long, value_name = "KEY", requires = "folder")]
    pub key: Option<String>,
    /// The client's file, as `trail checkpoint` prints it: its key checks the trail, which must follow
    /// from its checkpoint, through earlier logs if need be
    #[arg(long, value_name = "FILE", conflicts_with = "seen")]
    pub client: Option<PathBuf>,
    /// A file with the last checkpoint that was seen of this log: the trail must follow from it. Where
    /// it does, its own checkpoint takes the place. Made where it is not there
    #[arg(long, value_name = "FILE")]
    pub seen: Option<PathBuf>,
}

#[derive(Args)]
#[command(group(ArgGroup::new("known").args(["key", "client"]).required(true)))]
pub(crate) struct CheckProof {
    /// The proof: a C2SP tlog-proof
    #[arg(value_name = "FILE")]
    pub proof: PathBuf,
    /// A file with the entry's exact bytes; a line feed at its end is passed over
    #[arg(long, value_name = "FILE")]
    pub entry: PathBuf,
    /// The key of the log: `NAME+ID+KEY`
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The client's file instead, which has the key
    #[arg(long, value_name = "FILE")]
    pub client: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Consistency {
    /// The tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: TenantId,
    /// An earlier log, which another one goes on after, as `trail go-on` named it
    #[arg(long, value_name = "LOG")]
    pub log: Option<String>,
    /// How many entries the log had before: the second line of a checkpoint
    #[arg(value_name = "SIZE")]
    pub old: u64,
    /// A file with the later checkpoint; the log's last one where it is left out
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Args)]
#[command(group(ArgGroup::new("known").args(["key", "client"]).required(true)))]
pub(crate) struct CheckConsistency {
    /// The proof
    #[arg(value_name = "FILE")]
    pub proof: PathBuf,
    /// The key of the log: `NAME+ID+KEY`
    #[arg(long, value_name = "KEY", requires = "seen")]
    pub key: Option<String>,
    /// The client's file instead, which has the key and a checkpoint
    #[arg(long, value_name = "FILE")]
    pub client: Option<PathBuf>,
    /// A file with the earlier checkpoint; that of the client's file where it is left out
    #[arg(long, value_name = "FILE")]
    pub seen: Option<PathBuf>,
}
