//! `casemate module`.

use super::audit::{FailOn, fail_on};
use super::{Author, module, tenant};
use casemate::model::{Capability, ModuleName, TenantId};
use casemate::sandbox::WantedLimits;
use clap::{Args, Subcommand};
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
    /// What a module is, imports and asks for, exactly, and what of that to look at
    ///
    /// Nothing of it is run. Exit codes: 0; 1 where it cannot run here, or where `--fail-on` names
    /// something that is found.
    Inspect {
        /// An installed module by its name, a folder with `module.wasm` and `module.toml`, or a file
        /// of a component; a folder of the present one is written `./NAME`
        #[arg(value_name = "MODULE|FOLDER|FILE")]
        module: PathBuf,
        /// End with 1 where one of these is found: ids of rules, `error`, `warning` (or worse), `any`
        #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = fail_on)]
        fail_on: Vec<FailOn>,
    },
    /// What changed between two versions, and whether consent to the new one is a formality
    ///
    /// Exit codes: 0 a formality; 1 it needs a fresh look.
    Diff {
        /// The version that is approved: named as for `inspect`
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The version that is asked about
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
    /// Grant a module, as it is now, for tenants; shows first what that gives to each
    Grant(Grant),
    /// The latest runs that failed for a tenant: what each module said, and where it stood
    Failures {
        /// The tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// Only this module's
        #[arg(long, value_name = "MODULE", value_parser = module)]
        module: Option<ModuleName>,
    },
    /// Grant what `grant --to-sign FILE` wrote, with the signature of the operator it names over it
    ///
    /// `ssh-keygen -Y sign -n casemate-grant -f KEY FILE` makes the signature.
    GrantSigned {
        /// The file that was signed; its signature is beside it, in FILE.sig
        file: PathBuf,
    },
    /// Withdraw a module for tenants; what was granted stays in grants.toml, to be read
    Revoke {
        /// The module
        #[arg(value_parser = module)]
        module: ModuleName,
        #[command(flatten)]
        tenants: Tenants,
        /// The operator of the roster who withdraws it
        #[arg(long, value_name = "PERSON")]
        by: String,
    },
    /// Try a new version beside the one that counts
    #[command(subcommand)]
    Shadow(super::Shadow),
    /// Which grants are in effect, who gave them and when
    Grants {
        /// Only those for this tenant
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        tenant: Option<TenantId>,
        /// Only those of this module
        #[arg(long, value_name = "MODULE", value_parser = module)]
        module: Option<ModuleName>,
        /// Also those that are not in effect any more, and what took their place
        #[arg(long)]
        history: bool,
    },
    #[command(flatten)]
    Author(Author),
}

#[derive(Args)]
pub(crate) struct Grant {
    /// The module
    #[arg(value_parser = module)]
    pub module: ModuleName,
    #[command(flatten)]
    pub tenants: Tenants,
    /// The operator of the roster who grants it
    #[arg(long, value_name = "PERSON")]
    pub by: String,
    /// Grant this capability only; may be repeated [default: everything that it asks for]
    #[arg(long = "capability", value_name = "CAPABILITY", value_parser = capability)]
    pub capabilities: Vec<Capability>,
    /// A setting of the module, where it is not to be its default; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// The tenants' grouper or drafter, which it takes the place of
    #[arg(long, value_name = "MODULE", value_parser = module)]
    pub replaces: Option<ModuleName>,
    /// At most so much linear memory, in MiB
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=512))]
    pub memory_mib: Option<u32>,
    /// At most so long a run, in milliseconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub deadline_ms: Option<u32>,
    /// At most so many calls in a run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub host_calls: Option<u32>,
    /// Show what would be granted, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write what is to be signed into a new file, and grant nothing yet
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub to_sign: Option<PathBuf>,
}

impl Grant {
    pub(crate) fn limits(&self) -> WantedLimits {
        WantedLimits {
            memory_mib: self.memory_mib,
            deadline_ms: self.deadline_ms,
            host_calls: self.host_calls,
        }
    }
}

/// For whom.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Tenants {
    /// A tenant; may be repeated
    #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant)]
    pub tenants: Vec<TenantId>,
    /// Every tenant of the home, also later ones
    #[arg(long)]
    pub all: bool,
}

fn capability(text: &str) -> Result<Capability, String> {
    let names = Capability::ALL.map(Capability::name);
    Capability::parse(text).ok_or_else(|| format!("one of: {}", names.join(", ")))
}
