//! `casemate module` for those who write modules. What runs a compiler is there with the feature
//! `author` only.

#[cfg(feature = "author")]
mod build;
mod measure;
#[cfg(feature = "author")]
mod new;
mod piece;
mod run;
mod test;
#[cfg(feature = "author")]
mod verify;

use crate::args::{Author as Args, Shared};
use crate::output::{Exit, Failure};
use casemate::workbench::WorkbenchError;

pub(super) fn run(shared: &Shared, args: &Args) -> Result<Exit, Failure> {
    match args {
        #[cfg(feature = "author")]
        Args::New { kind, name, dir } => new::new(*kind, name, dir.as_deref()),
        #[cfg(feature = "author")]
        Args::Build { folder, out } => build::build(shared, folder, out.as_deref()),
        #[cfg(feature = "author")]
        Args::VerifyBuild { source, against } => verify::verify(shared, source, against),
        #[cfg(not(feature = "author"))]
        Args::New { .. } | Args::Build { .. } | Args::VerifyBuild { .. } => Err(no_compiler()),
        Args::Test {
            bench,
            write_expected,
        } => test::test(shared, bench, *write_expected),
        Args::Run { bench, alerts } => run::run(shared, bench, alerts.as_deref()),
        Args::Bench {
            bench,
            alerts,
            batch,
            runs,
        } => measure::measure(shared, bench, alerts.as_deref(), *batch, *runs),
    }
}

/// How the program ends where it would have to run a compiler and was built without that.
#[cfg(not(feature = "author"))]
fn no_compiler() -> Failure {
    let error = anyhow::anyhow!("this program was built without what runs a compiler");
    Failure::new(Exit::Environment, error).help(
        "in Casemate's folder: `cargo build --release -p casemate --features author`; a module that \
         is built already needs none of it",
    )
}

/// How the program ends where a compiler or what it makes is at fault.
#[cfg(feature = "author")]
fn not_built(error: anyhow::Error) -> Failure {
    let missing = error
        .chain()
        .any(|cause| cause.is::<casemate_build::Missing>());
    let exit = if missing {
        Exit::Environment
    } else {
        Exit::Usage
    };
    Failure::new(exit, error)
}

/// How the program ends where a module cannot be tried.
fn not_tried(error: WorkbenchError) -> Failure {
    Failure::new(error.kind().into(), error)
}
