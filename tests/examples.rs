//! The examples run, and what the documentation shows is enough for a program outside this tree.

use crate::support::{Folder, project};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// This folder, by its path.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds and runs with the modules that ship and a home of its own; it must end well. Gives what it
/// printed.
fn ran(mut cargo: Command, home: &Folder) -> String {
    let modules = root().join("target/modules");
    assert!(
        modules.exists(),
        "run `cargo tests`, which builds the modules"
    );
    cargo.arg("--").arg(home.path().join("home")).arg(modules);
    let Output {
        status,
        stdout,
        stderr,
    } = cargo.output().unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{stdout}\n{stderr}");
    stdout.into_owned()
}

fn example(name: &str) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    cargo.args([
        "run",
        "--release",
        "--quiet",
        "--offline",
        "-p",
        "casemate",
        "--example",
        name,
    ]);
    ran(cargo, &Folder::new())
}

#[test]
fn the_examples_do_what_they_say() {
    let said = example("embed");
    assert!(said.contains("2 new alerts, 1 cases drafted"), "{said}");
    assert!(said.contains("cited]"), "{said}");
    let said = example("clock_and_identity");
    assert!(
        said.contains("grouper granted by kim@siem.example at 2026-11-20"),
        "{said}"
    );
    assert!(
        said.contains("the account `root` is nobody's here (Denied)"),
        "{said}"
    );
    assert!(
        said.contains("1 documents, 1 drafts, 0 failed runs"),
        "{said}"
    );
    let said = example("bounded_queue");
    assert!(said.contains("2000 documents taken in, 2000 new"), "{said}");
    let (_, waited) = said.split_once("waited for the host ").unwrap();
    let waited: u64 = waited.split(' ').next().unwrap().parse().unwrap();
    assert!(waited > 5, "{said}");
}

/// The program that the crate's documentation shows: what an embedder reads, and nothing else.
fn documented() -> String {
    let lib = project().read_to_string("host/src/lib.rs").unwrap();
    let docs = lib.lines().filter_map(|line| line.strip_prefix("//!"));
    let docs: Vec<&str> = docs
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let docs = docs.join("\n");
    let (_, example) = docs.split_once("```no_run\n").unwrap();
    let (example, _) = example.split_once("\n```").unwrap();
    let lines = example
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_program_outside_the_tree_embeds_the_host_by_its_documentation() {
    let folder = Folder::new();
    let outside = folder.path().join("outside");
    std::fs::create_dir_all(outside.join("src")).unwrap();
    let host = root().join("host").canonicalize().unwrap();
    // The profile and the lock are this project's, so that what is compiled here is used again.
    let project_toml = project().read_to_string("Cargo.toml").unwrap();
    let (_, profile) = project_toml.split_once("[profile.release]").unwrap();
    let (profile, _) = profile.split_once("\n\n").unwrap();
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ncasemate = {{ path = {:?} }}\n\n[profile.release]{profile}\n",
        host.display().to_string()
    );
    let dir = folder.dir();
    dir.write("outside/Cargo.toml", manifest).unwrap();
    dir.write("outside/src/main.rs", documented()).unwrap();
    let lock = project().read("Cargo.lock").unwrap();
    dir.write("outside/Cargo.lock", lock).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(&outside)
        .env("CARGO_TARGET_DIR", root().join("target"));
    cargo.args(["run", "--release", "--quiet", "--offline"]);
    let said = ran(cargo, &folder);
    assert!(said.contains("1 new alerts"), "{said}");
    assert!(said.contains("drafted"), "{said}");
}
