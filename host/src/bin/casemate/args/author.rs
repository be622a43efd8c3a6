//! `casemate module` for those who write modules.

use super::{instant, module};
use casemate::model::{Instant, ModuleName};
use clap::{Args, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Author {
    /// Begin a module: a crate of its own that builds in any folder, with samples and a test
    New {
        /// What it does
        #[arg(long, value_enum)]
        kind: Kind,
        /// Its name: a-z, 0-9 and `-`
        #[arg(value_parser = module)]
        name: ModuleName,
        /// The folder to write; it must not be there yet [default: NAME]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Compile a module, make it a component, and say what it imports and asks for
    Build {
        /// The module's source, with Cargo.toml and module.toml
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Where module.wasm and module.toml go [default: FOLDER/target/module/NAME]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Build a module's source again in a fresh folder and compare it with what is there; exit code 4
    /// where it differs
    VerifyBuild {
        /// The module's source
        source: PathBuf,
        /// What it is compared with: a folder with module.wasm and module.toml, a module.wasm,
        /// a digest as a grant names it, or the name of a module of the home
        #[arg(long, value_name = "WHAT")]
        against: String,
    },
    /// Run a module in the sandbox over its samples: its answers, what it was given and refused, what
    /// it cost, whether it keeps to the contract; exit code 1 where a check fails
    Test {
        #[command(flatten)]
        bench: OnBench,
        /// Write what it answers as what is expected of it from now on
        #[arg(long)]
        write_expected: bool,
    },
    /// Run a module in the sandbox once over alerts, and print its answers, one JSON document a line
    Run {
        #[command(flatten)]
        bench: OnBench,
        /// The alerts, in any format that is taken; `-` is standard input [default: the samples]
        alerts: Option<PathBuf>,
    },
    /// Measure what runs of a module take
    Bench {
        #[command(flatten)]
        bench: OnBench,
        /// The alerts [default: the samples]
        #[arg(long, value_name = "FILE")]
        alerts: Option<PathBuf>,
        /// Alerts handed over at once, at most
        #[arg(long, value_name = "N", default_value = "1000")]
        batch: NonZeroUsize,
        /// How often all of them are run over
        #[arg(long, value_name = "N", default_value = "20")]
        runs: NonZeroUsize,
    },
}

/// A module on the workbench: what it is and what it works on.
#[derive(Args)]
pub(crate) struct OnBench {
    /// The module: its source, which is built first, or a folder with module.wasm and module.toml
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// The folder of samples: alerts.ndjson, assets.csv, known-good.toml, boundary.toml,
    /// expected.json [default: FOLDER/samples]
    #[arg(long, value_name = "DIR")]
    pub samples: Option<PathBuf>,
    /// A further module that works beside it, for example a grouper; may be repeated
    #[arg(long = "with", value_name = "DIR")]
    pub with: Vec<PathBuf>,
    /// A setting of the module, where it is not to be its default; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// The time of decision [default: that of the latest alert]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<Instant>,
}

/// What a module does.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Groups alerts
    Grouper,
    /// Adds facts to alerts
    Enricher,
    /// Drafts the summary of a case
    Drafter,
}
