//! A private compiler from Debian's packages: no root, and the installed Rust stays as it is.
//!
//! Debian's `rustc-web` is newer than its `rustc`, and `rust-web-src` carries every crate the standard
//! library needs. Packages are unpacked, not installed; the standard library for modules is built once
//! from the source that belongs to the compiler, because mixing versions does not work.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::compiler::TARGET;
use crate::debian_std;
use crate::process::{self, output, say, step};
use crate::workspace::{Release, Workspace};

/// Folders of finished toolchains begin so; Debian's version follows.
const FOLDER: &str = "guest-toolchain-";

/// In a finished toolchain: says how it was made, so that one made differently is made again.
const RECIPE_FILE: &str = "recipe";
const RECIPE: &str = "1\n";

/// The compiler's place in a toolchain.
const RUSTC: &str = "bin/rustc";

/// In an unfinished toolchain: the packages.
const DOWNLOADS: &str = "downloads";

/// Whether this is a machine with Debian's tools.
pub(crate) fn is_here() -> bool {
    ["apt-get", "apt-cache", "dpkg"]
        .iter()
        .all(|program| process::on_path(program).is_some())
}

/// The newest finished toolchain in the cache that is new enough: its `rustc`.
pub(crate) fn made(cache: &Path, needs: Release) -> Option<PathBuf> {
    let folders = cache.read_dir().ok()?.flatten();
    let finished = folders.filter_map(|entry| {
        let release = release_of_folder(entry.file_name().to_str()?)?;
        let recipe = fs::read_to_string(entry.path().join(RECIPE_FILE)).ok()?;
        (release >= needs && recipe == RECIPE).then(|| (release, entry.path()))
    });
    finished.max().map(|(_, folder)| folder.join(RUSTC))
}

fn release_of_folder(name: &str) -> Option<Release> {
    Release::of(name.strip_prefix(FOLDER)?)
}

/// Makes the toolchain in the cache and returns its `rustc`. Waits for another process that is
/// making it.
pub(crate) fn make(cache: &Path, workspace: &Workspace, linker: &Path) -> Result<PathBuf> {
    fs::create_dir_all(cache).with_context(|| format!("making `{}`", cache.display()))?;
    let lock = cache.join("guest-toolchain.lock");
    let lock = File::create(&lock).with_context(|| format!("opening `{}`", lock.display()))?;
    if lock.try_lock().is_err() {
        say("another process is making the private compiler; waiting for it ...");
        lock.lock().context("waiting for the lock")?;
    }
    if let Some(rustc) = made(cache, workspace.needs) {
        return Ok(rustc);
    }

    let unfinished = cache.join("making-guest-toolchain");
    remove(&unfinished)?;
    let made = fill(&unfinished, workspace, linker);
    if made.is_err() {
        remove(&unfinished)?;
    }
    let folder = cache.join(format!("{FOLDER}{}", made?));
    remove(&folder)?;
    fs::rename(&unfinished, &folder)
        .with_context(|| format!("renaming it to `{}`", folder.display()))?;
    say(&format!(
        "  the private compiler is in `{}`",
        folder.display()
    ));
    Ok(folder.join(RUSTC))
}

/// Makes a whole toolchain in an empty folder; returns Debian's version of it.
fn fill(folder: &Path, workspace: &Workspace, linker: &Path) -> Result<String> {
    let needs = workspace.needs;
    let version = available(needs)?;
    let version = match download(&version, folder) {
        Ok(()) => version,
        // Lists that are out of date name packages that are gone.
        Err(error) => {
            if !update_lists()? {
                return Err(
                    error.context("if the lists are out of date, `sudo apt-get update` helps")
                );
            }
            let version = available(needs)?;
            download(&version, folder)?;
            version
        }
    };
    step("unpacking it (about 850 MB, 480 MB once done)", || {
        let downloads = folder.join(DOWNLOADS);
        for entry in downloads.read_dir()? {
            output(
                Command::new("dpkg")
                    .arg("-x")
                    .arg(entry?.path())
                    .arg(folder),
            )?;
        }
        remove(&downloads)
    })?;
    let rustc = folder.join(RUSTC);
    debian_std::write_wrapper(folder, &rustc)?;
    let what = format!("building the standard library for {TARGET} (about 40 s, once)");
    step(&what, || {
        debian_std::build(folder, &rustc, workspace, linker)
    })?;
    debian_std::remove_what_is_done_with(folder)?;
    fs::write(folder.join(RECIPE_FILE), RECIPE)?;
    Ok(version)
}

/// The version of `rustc-web` that apt would fetch.
fn available(needs: Release) -> Result<String> {
    if let Some(version) = candidate(needs)? {
        return Ok(version);
    }
    if !update_lists()? {
        bail!("apt knows no `rustc-web` from {needs} on; its lists are missing or out of date");
    }
    candidate(needs)?.with_context(|| format!("this Debian has no `rustc-web` from {needs} on"))
}

fn candidate(needs: Release) -> Result<Option<String>> {
    let text = output(apt("apt-cache").args(["policy", "rustc-web"]))?;
    Ok(candidate_in(&text, needs))
}

fn candidate_in(policy: &str, needs: Release) -> Option<String> {
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (Release::of(version)? >= needs).then(|| version.to_owned())
}

/// Fetches apt's lists, which only root may; false where we are not.
fn update_lists() -> Result<bool> {
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Ok(false);
    }
    step("apt-get update", || output(apt("apt-get").arg("update")))?;
    Ok(true)
}

fn download(version: &str, folder: &Path) -> Result<()> {
    let runtime = dependency("libstd-rust-web-dev", version, "libstd-rust-web-")?;
    let llvm = dependency(&runtime, version, "libllvm")?;
    let mut packages: Vec<String> = ["rustc-web", "libstd-rust-web-dev", "rust-web-src", &runtime]
        .iter()
        .map(|package| format!("{package}={version}"))
        .collect();
    packages.push(llvm);

    let downloads = folder.join(DOWNLOADS);
    remove(&downloads)?;
    fs::create_dir_all(&downloads)?;
    let what = format!("downloading Debian's rustc-web {version} (about 137 MB, once)");
    step(&what, || {
        output(
            apt("apt-get")
                .arg("download")
                .args(&packages)
                .current_dir(&downloads),
        )
    })?;
    Ok(())
}

/// The package a package depends on whose name begins so.
fn dependency(package: &str, version: &str, begins: &str) -> Result<String> {
    let text = output(
        apt("apt-cache")
            .arg("show")
            .arg(format!("{package}={version}")),
    )?;
    dependency_in(&text, begins)
        .with_context(|| format!("`{package}` {version} depends on no `{begins}...`"))
}

fn dependency_in(record: &str, begins: &str) -> Option<String> {
    let depends = record
        .lines()
        .find_map(|line| line.strip_prefix("Depends: "))?;
    let names = depends
        .split(',')
        .filter_map(|one| one.split_whitespace().next());
    names
        .map(str::to_owned)
        .find(|name| name.starts_with(begins))
}

/// apt's tools translate their output.
fn apt(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C");
    command
}

/// Removes a folder; one that isn't there is fine.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!("removing `{}`: {error}", folder.display())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n";

    #[test]
    fn a_candidate_counts_only_if_it_is_new_enough() {
        let version = candidate_in(POLICY, Release(1, 95));
        assert_eq!(version.as_deref(), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(candidate_in(POLICY, Release(1, 97)), None);
        assert_eq!(
            candidate_in("rustc-web:\n  Candidate: (none)\n", Release(1, 95)),
            None
        );
        assert_eq!(candidate_in("", Release(1, 95)), None);
    }

    #[test]
    fn a_dependency_is_found_by_how_its_name_begins() {
        let record = "Package: x\nDepends: libc6 (>= 2.34), libllvm22, libstdc++6 (>= 11)\n";
        assert_eq!(
            dependency_in(record, "libllvm").as_deref(),
            Some("libllvm22")
        );
        assert_eq!(dependency_in(record, "libstd-rust-web-"), None);
    }

    #[test]
    fn an_unfinished_or_foreign_folder_is_not_a_toolchain() {
        assert_eq!(
            release_of_folder("guest-toolchain-1.96.0+dfsg1"),
            Some(Release(1, 96))
        );
        assert_eq!(release_of_folder("making-guest-toolchain"), None);
        assert_eq!(release_of_folder("guest-toolchain.lock"), None);
    }
}
