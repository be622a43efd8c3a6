//! Builds the modules of Casemate's own tree as components, then runs the main job or the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    casemate_build::tree::main(std::env::args_os().skip(1))
}
