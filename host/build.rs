//! Says which compiler made the program, for `casemate doctor`.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by the environment"
)]

use std::process::Command;

fn main() {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(compiler).arg("--version").output();
    let version = told.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version = version.unwrap_or_else(|_| "an unknown compiler".to_owned());
    println!("cargo::rustc-env=CASEMATE_RUSTC={version}");
    println!("cargo::rerun-if-changed=build.rs");
}
