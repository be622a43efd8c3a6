//! What the command line takes.

mod audit;
mod author;
mod boundary;
mod module;
mod shadow;
mod trail;

pub(crate) use audit::{Audit, FailOn};
#[cfg(feature = "author")]
pub(crate) use author::Kind;
pub(crate) use author::{Author, OnBench};
pub(crate) use boundary::{Apply, Boundary, Diff, Explain};
pub(crate) use module::{Grant, Module, Tenants};
pub(crate) use shadow::Shadow;
pub(crate) use trail::{CheckConsistency, CheckProof, Consistency, ShowTrail, Trail, VerifyTrail};

use casemate::model::{Instant, ModuleName, TenantId};
use casemate::triage::intake::From;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Runs sandboxed modules over security alerts, one tenant at a time, with a record of every call.
///
/// Data goes to standard output, everything else to standard error. Exit codes: 0 done; 1 done, with
/// rejects, refusals or findings; 2 the command line is wrong; 3 denied by boundary or grant; 4 a
/// trail or store is damaged; 5 the machine or the home cannot be used; 75 try again later.
#[derive(Parser)]
#[command(name = "casemate", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub shared: Shared,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args)]
pub(crate) struct Shared {
    /// The folder of the home
    #[arg(
        long,
        global = true,
        env = "CASEMATE_HOME",
        value_name = "DIR",
        default_value = "casemate-home"
    )]
    pub home: PathBuf,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// How many tenants are worked on at once [default: as many as the machine has cores]
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Take the memory of runs from a pool instead of fresh from the kernel
    #[arg(long, global = true)]
    pub pooled_memory: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// One JSON document a line
    Ndjson,
    /// Comma-separated values, where a command has them
    Csv,
    /// SARIF 2.1.0 for code scanning and pipelines, where a command has it
    Sarif,
    /// One page that prints well and needs nothing else, where a command has it
    Html,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a home: a roster with its operator, an empty file of grants, modules
    Init(Init),
    /// Tenants of the home
    #[command(subcommand)]
    Tenant(Tenant),
    /// Make a home with forty tenants, run a night shift's queue through it, check the result
    Demo(Demo),
    /// Take alerts in, group, enrich and draft them
    Run(Run),
    /// Take alerts in from standard input and write what becomes of them to standard output, one JSON
    /// document a line, until the input ends
    Pipe(Pipe),
    /// How documents are understood, and whose they are
    #[command(subcommand)]
    Intake(Intake),
    /// Documents that are nobody's
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// What the analysts have in front of them
    Queue(Queue),
    /// One case
    #[command(subcommand)]
    Case(Case),
    /// One alert
    #[command(subcommand)]
    Alert(Alert),
    /// The five written statements of tenants
    #[command(subcommand)]
    Boundary(Boundary),
    /// Modules of the home
    #[command(subcommand)]
    Module(Module),
    /// What can be answered to whoever asks what is done with their data
    #[command(subcommand)]
    Audit(Audit),
    /// The record of every call, and proofs of it
    #[command(subcommand)]
    Trail(Trail),
    /// Which alert is in which group
    Group(Group),
    /// What came and could not be taken, with the reason
    Rejects(Group),
    /// Delete what is past the time that a tenant's boundary states, each deletion recorded first
    Retain(Retain),
    /// Copy the whole home into a folder, with a list of sums that `sha256sum -c` checks
    Backup(Backup),
    /// Make a home of a backup, where `--home` says; every file is checked first
    Restore(Restore),
    /// Bring a home that an earlier Casemate made to this one's version
    Upgrade,
    /// What of this machine and this home is as it should be
    Doctor,
    /// Print a shell's script that completes commands and options
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder
    Man {
        /// The folder; made where it is not there
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct Init {
    /// The person who operates the home, for its roster: `first.last@mssp.example`
    #[arg(long, value_name = "PERSON")]
    pub operator: String,
    /// A folder of modules to install: one folder each, with `module.wasm` and `module.toml`
    #[arg(long, value_name = "DIR")]
    pub modules: Option<PathBuf>,
    /// A tenant to make, with the operator accountable and every module granted; may be repeated
    #[arg(long = "tenant", value_name = "TENANT", value_parser = tenant)]
    pub tenants: Vec<TenantId>,
}

#[derive(Subcommand)]
pub(crate) enum Tenant {
    /// Make a tenant with a boundary file to be read and changed
    Add {
        /// Its id: a-z, 0-9 and `-`
        #[arg(value_parser = tenant)]
        tenant: TenantId,
        /// The person of the roster who is accountable
        #[arg(long, value_name = "PERSON")]
        accountable: String,
        /// Grant it every installed module, in the accountable person's name
        #[arg(long)]
        grant_modules: bool,
    },
    /// List the tenants
    List,
    /// What its boundary says, which modules run for it, what is held of it
    Show {
        /// The tenant
        #[arg(value_parser = tenant)]
        tenant: TenantId,
    },
    /// Take nothing more in for a tenant and run no module; reading goes on
    Suspend(Standing),
    /// Let a suspended tenant work again
    Resume(Standing),
    /// Destroy everything of a suspended tenant but its trail, for good
    Erase {
        /// Who does it to which tenant, and why
        #[command(flatten)]
        standing: Standing,
        /// The tenant's id once more; without it this only says what would be destroyed
        #[arg(long, value_name = "TENANT", value_parser = tenant)]
        confirm: Option<TenantId>,
    },
}

#[derive(Args)]
pub(crate) struct Standing {
    /// The tenant
    #[arg(value_parser = tenant)]
    pub tenant: TenantId,
    /// The person of the roster who does it
    #[arg(long, value_name = "PERSON")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Args)]
pub(crate) struct Retain {
    /// Only this tenant's
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: Option<TenantId>,
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
    /// As of this time, not a later one than now but with --dry-run [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Instant>,
}

#[derive(Args)]
pub(crate) struct Backup {
    /// An empty or a new folder
    pub folder: PathBuf,
}

#[derive(Args)]
pub(crate) struct Restore {
    /// The folder of the backup
    pub folder: PathBuf,
}

#[derive(Args)]
pub(crate) struct Demo {
    /// A folder of modules to install
    #[arg(long, value_name = "DIR")]
    pub modules: PathBuf,
    /// Decides the queue: the same seed, the same alerts
    #[arg(long, default_value_t = crate::demo::SEED)]
    pub seed: u64,
}

#[derive(Args)]
pub(crate) struct Run {
    /// The tenant whose alerts these are; else `owners.toml` of the home says it of each
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: Option<TenantId>,
    /// What the documents are read as; `casemate intake formats` lists the words
    #[arg(long, default_value = "auto", value_parser = from)]
    pub from: From,
    /// The time of decision: RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Instant>,
    /// Files of alerts; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub files: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Pipe {
    /// The tenant whose alerts these are; else `owners.toml` of the home says it of each
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: Option<TenantId>,
    /// What the documents are read as; `casemate intake formats` lists the words
    #[arg(long, default_value = "auto", value_parser = from)]
    pub from: From,
}

#[derive(Subcommand)]
pub(crate) enum Intake {
    /// Tell of each document of a file why it was taken as what it is, where each field came from, and
    /// what else is in it. Needs no home and keeps nothing
    Explain {
        /// What the documents are read as
        #[arg(long, default_value = "auto", value_parser = from)]
        from: From,
        /// At most so many documents
        #[arg(long, value_name = "N", default_value_t = 3)]
        most: usize,
        /// A file of alerts; `-` is standard input
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
    },
    /// The formats that are taken, by what each is recognised, and where its mapping comes from
    Formats,
    /// Check `owners.toml`, which says whose documents are
    Owners,
}

#[derive(Subcommand)]
pub(crate) enum Quarantine {
    /// What is in it
    List {
        /// Also what has gone to its tenant since
        #[arg(long)]
        all: bool,
    },
    /// One document as it came
    Show {
        /// Its number
        number: u64,
    },
    /// Bring what has an owner by now to its tenant
    Retry,
}

#[derive(Args)]
pub(crate) struct Queue {
    /// Only this tenant's
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: Option<TenantId>,
}

#[derive(Subcommand)]
pub(crate) enum Case {
    /// Its groups, what was added to them, its draft with what each sentence rests on
    Show {
        /// The case as the queue names it: `TENANT/NUMBER`
        #[arg(value_parser = case)]
        case: CaseId,
    },
}

#[derive(Subcommand)]
pub(crate) enum Alert {
    /// What was taken from it, when it came, where it was placed, and its document as it came
    Show {
        /// The alert: `TENANT/NUMBER`
        #[arg(value_parser = alert)]
        alert: CaseId,
    },
}

#[derive(Args)]
pub(crate) struct Group {
    /// The tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    pub tenant: TenantId,
}

/// A case or an alert, as the queue and drafts name them.
#[derive(Clone)]
pub(crate) struct CaseId {
    pub tenant: TenantId,
    pub number: u64,
}

fn tenant(text: &str) -> Result<TenantId, casemate::model::InvalidTenantId> {
    TenantId::parse(text)
}

fn module(text: &str) -> Result<ModuleName, casemate::model::InvalidModuleName> {
    ModuleName::parse(text)
}

fn from(text: &str) -> Result<From, String> {
    From::parse(text)
        .ok_or_else(|| format!("one of: {}", From::words().collect::<Vec<_>>().join(", ")))
}

fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .ok_or_else(|| "a time such as `2026-11-23T08:00:00Z`, or a date".to_owned())
}

fn case(text: &str) -> Result<CaseId, String> {
    numbered(
        text,
        "a case such as `acme/17`, as `casemate queue` names it",
    )
}

fn alert(text: &str) -> Result<CaseId, String> {
    numbered(text, "an alert such as `acme/17`, as drafts cite it")
}

fn numbered(text: &str, what: &str) -> Result<CaseId, String> {
    let wrong = || what.to_owned();
    let (tenant, number) = text.split_once('/').ok_or_else(wrong)?;
    let tenant = TenantId::parse(tenant).map_err(|e| e.to_string())?;
    Ok(CaseId {
        tenant,
        number: number.parse().map_err(|_| wrong())?,
    })
}
