//! Casemate's own tree: builds its modules, then runs the main job or the tests.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::process::{self, Missing, say};
use crate::workspace::Workspace;
use crate::{component, toolchain};

/// The command line is built with this, so that it has the commands for those who write modules.
const FEATURES: [&str; 2] = ["--features", "casemate/author"];

const USAGE: &str = "\
usage: casemate-build <command>

  modules [--hostile] [--out DIR]   build the modules (default: into target/modules)
  demo [ARGS...]                    build the modules and the host, then run `casemate demo ARGS`
  tests [ARGS...]                   build every module, then run `cargo test --workspace ARGS`
  toolchain                         find or make the compiler for modules, and say which one it is";

/// A command line that has been understood.
#[derive(Debug, PartialEq)]
enum Task {
    Modules { hostile: bool, out: Option<PathBuf> },
    Demo(Vec<OsString>),
    Tests(Vec<OsString>),
    Toolchain,
}

/// Does what the arguments say, and gives the program's exit code.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(task) = parse(arguments) else {
        say(USAGE);
        return ExitCode::from(2);
    };
    match run(task) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            let environment = error.chain().any(|cause| cause.is::<Missing>());
            ExitCode::from(if environment { 5 } else { 1 })
        }
    }
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Task> {
    let mut arguments = arguments;
    let command = arguments.next()?;
    match command.to_str()? {
        "modules" => {
            let (mut hostile, mut out) = (false, None);
            while let Some(argument) = arguments.next() {
                match argument.to_str()? {
                    "--hostile" => hostile = true,
                    "--out" => out = Some(PathBuf::from(arguments.next()?)),
                    _ => return None,
                }
            }
            Some(Task::Modules { hostile, out })
        }
        "demo" => Some(Task::Demo(arguments.collect())),
        "tests" => Some(Task::Tests(arguments.collect())),
        "toolchain" if arguments.next().is_none() => Some(Task::Toolchain),
        _ => None,
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match task {
        Task::Modules { hostile, out } => {
            build_modules(&workspace, hostile, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Demo(arguments) => {
            let modules = build_modules(&workspace, false, None)?;
            demo(&workspace, &modules, &arguments)
        }
        Task::Tests(arguments) => {
            build_modules(&workspace, true, None)?;
            let mut cargo = Command::new(&workspace.cargo);
            cargo
                .args(["test", "--release", "--workspace"])
                .args(FEATURES)
                .args(arguments);
            process::hand_over(cargo.current_dir(&workspace.root))
        }
        Task::Toolchain => {
            let toolchain = toolchain::find(&workspace)?;
            writeln!(std::io::stdout(), "{toolchain}")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Builds the modules we ship and, if asked, the hostile ones; returns the folder of the former.
fn build_modules(workspace: &Workspace, hostile: bool, out: Option<PathBuf>) -> Result<PathBuf> {
    let ours = workspace.modules("guest-modules")?;
    let theirs = if hostile {
        workspace.modules("tests/hostile")?
    } else {
        Vec::new()
    };
    if ours.is_empty() && theirs.is_empty() {
        bail!(
            "no folder of `{}` holds a `module.toml`",
            workspace.root.join("guest-modules").display()
        );
    }
    let started = Instant::now();
    let toolchain = toolchain::find(workspace)?;
    let standard = workspace.root.join("target/modules");
    let folder = match out {
        Some(folder) => std::path::absolute(folder)?,
        None => standard.clone(),
    };
    let hostile_folder = workspace.root.join("target/hostile");
    let mut changed = 0_usize;
    for (modules, folder) in [(&ours, &folder), (&theirs, &hostile_folder)] {
        for module in modules {
            changed += usize::from(component::build(workspace, &toolchain, module, folder)?);
        }
    }
    if folder == standard {
        component::remove_others(&folder, &ours)?;
    }
    if hostile {
        component::remove_others(&hostile_folder, &theirs)?;
    }
    say(&format!(
        "{changed} of {} modules changed, in {} ({}; {:.1} s)",
        ours.len() + theirs.len(),
        shown(&folder),
        toolchain.version,
        started.elapsed().as_secs_f64()
    ));
    Ok(folder)
}

fn demo(workspace: &Workspace, modules: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let program = format!("release/casemate{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target.join(program);
    let mut cargo = Command::new(&workspace.cargo);
    cargo
        .args(["build", "--release", "--workspace", "--bin", "casemate"])
        .args(FEATURES)
        .current_dir(&workspace.root);
    if !program.exists() {
        say("compiling the host (a few minutes, once) ...");
    }
    process::run(&mut cargo)?;
    let mut casemate = Command::new(shown_path(&program));
    casemate
        .args(["demo", "--modules"])
        .arg(shown_path(modules));
    let names_home = |a: &OsString| a.to_string_lossy().starts_with("--home");
    if !arguments.iter().any(names_home) {
        casemate
            .arg("--home")
            .arg(shown_path(&workspace.root.join("target/demo-home")));
    }
    casemate.args(arguments);
    process::hand_over(&mut casemate)
}

fn shown(path: &Path) -> String {
    shown_path(path).display().to_string()
}

/// The path as a user would type it from where they stand.
fn shown_path(path: &Path) -> &Path {
    std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok())
        .filter(|rest| !rest.as_os_str().is_empty())
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Task> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn what_follows_demo_and_tests_is_passed_on() {
        let rest = vec![OsString::from("--format"), OsString::from("json")];
        assert_eq!(parsed("demo --format json"), Some(Task::Demo(rest.clone())));
        assert_eq!(parsed("tests --format json"), Some(Task::Tests(rest)));
    }

    #[test]
    fn modules_takes_its_two_options_in_any_order() {
        let task = Task::Modules {
            hostile: true,
            out: Some(PathBuf::from("x")),
        };
        assert_eq!(parsed("modules --out x --hostile"), Some(task));
    }

    #[test]
    fn an_unknown_command_or_option_is_a_usage_error() {
        for line in [
            "",
            "module",
            "modules --all",
            "modules --out",
            "toolchain x",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }
}
