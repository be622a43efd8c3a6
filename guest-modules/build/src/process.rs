//! Running other programs, and telling the user what takes long.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Something this machine lacks; the text says what to type. Ends in exit code 5.
#[derive(Debug)]
pub struct Missing(pub(crate) String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// A line for the user, on stderr: stdout belongs to what is run at the end.
#[expect(
    clippy::print_stderr,
    reason = "the one place where this command line tool speaks"
)]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// Says what is being done and what to expect, does it, and says how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    say(&format!("{what} ..."));
    let started = Instant::now();
    let done = work()?;
    say(&format!(
        "  done in {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(done)
}

/// Runs a program that speaks to the user itself; a failure names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!(
            "{} failed ({status}); its message stands above",
            line(command)
        );
    }
    Ok(())
}

/// Runs a program quietly and returns what it wrote to stdout; a failure carries its stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed ({}):\n{}",
            line(command),
            output.status,
            said.trim_end()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} is not UTF-8", line(command)))
}

/// Becomes the other program where the system can, else runs it; its exit code is ours.
#[cfg(unix)]
pub(crate) fn hand_over(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", line(command)))
}

/// Becomes the other program where the system can, else runs it; its exit code is ours.
#[cfg(not(unix))]
pub(crate) fn hand_over(command: &mut Command) -> Result<ExitCode> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", line(command)))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// Takes out of a cargo call what a user's environment could change about the bytes it makes.
/// `CARGO_BUILD_JOBS` stays: it says how much of the machine may be used.
pub(crate) fn forget_inherited(cargo: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(changes_bytes) {
            cargo.env_remove(name);
        }
    }
    // Empty, so that a wrapper named in the user's cargo configuration is left out too.
    cargo
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
}

fn changes_bytes(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_INCREMENTAL",
    ];
    const BEGINNINGS: [&str; 4] = [
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
        "CARGO_UNSTABLE_",
    ];
    name != "CARGO_BUILD_JOBS"
        && (NAMES.contains(&name) || BEGINNINGS.iter().any(|start| name.starts_with(start)))
}

/// Where a program stands on `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(&file))
        .find(|file| file.is_file())
}

/// An environment variable that is set to something.
pub(crate) fn set(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The command as somebody would type it, its beginning where it is long.
fn line(command: &Command) -> String {
    const WORDS: usize = 8;
    let all = std::iter::once(command.get_program()).chain(command.get_args());
    let mut words: Vec<_> = all.take(WORDS).map(OsStr::to_string_lossy).collect();
    if command.get_args().len() >= WORDS {
        words.push("…".into());
    }
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_settings_of_the_user_do_not_reach_a_module() {
        for name in [
            "RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_PROFILE_MODULE_LTO",
        ] {
            assert!(changes_bytes(name), "{name}");
        }
    }

    #[test]
    fn where_cargo_keeps_things_and_how_many_jobs_it_runs_stay_the_users() {
        for name in [
            "CARGO_HOME",
            "CARGO_BUILD_JOBS",
            "CARGO_NET_OFFLINE",
            "PATH",
        ] {
            assert!(!changes_bytes(name), "{name}");
        }
    }

    #[test]
    fn a_failed_program_is_named_with_what_it_said() {
        let error =
            output(Command::new("rustc").arg("--no-such-option")).map_err(|e| e.to_string());
        assert!(
            error
                .as_ref()
                .is_err_and(|e| e.contains("`rustc --no-such-option` failed")),
            "{error:?}"
        );
        assert!(error.is_err_and(|e| e.contains("'no-such-option'")));
    }
}
