//! Makes a compiler of unpacked packages: a wrapper that runs it, and the standard library for modules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::compiler::{Compiler, TARGET};
use crate::debian::remove;
use crate::process::{self, output};
use crate::workspace::Workspace;

/// The unpacked compiler finds its libraries only if told where they are.
pub(crate) fn write_wrapper(folder: &Path, wrapper: &Path) -> Result<()> {
    let libraries = folders_in(&folder.join("usr/lib"))?
        .into_iter()
        .find(|path| {
            path.read_dir().is_ok_and(|files| {
                files.flatten().any(|f| {
                    f.file_name()
                        .to_string_lossy()
                        .starts_with("librustc_driver")
                })
            })
        })
        .context("no `librustc_driver` in the packages")?;
    let libraries = libraries.strip_prefix(folder)?.display().to_string();
    let compiler = folder.join("usr/bin/rustc");
    fs::create_dir_all(folder.join("bin"))?;
    fs::write(
        wrapper,
        format!(
            "#!/bin/sh\n\
             here=${{0%/*}}/..\n\
             LD_LIBRARY_PATH=$here/{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}} \\\n\
             exec \"$here/usr/bin/rustc\" \"$@\"\n"
        ),
    )?;
    fs::set_permissions(wrapper, fs::metadata(compiler)?.permissions())?;
    Ok(())
}

/// Builds the standard library from the packages alone, and moves it to where the compiler looks.
pub(crate) fn build(
    folder: &Path,
    rustc: &Path,
    workspace: &Workspace,
    linker: &Path,
) -> Result<()> {
    let compiler = Compiler::ask(rustc.as_os_str(), &workspace.root)?;
    let source = compiler.sysroot.join("lib/rustlib/src/rust");
    let real = source
        .canonicalize()
        .context("the standard library's source")?;
    let name = Compiler::source_name(compiler.commit.as_deref());
    let mut flags = vec!["-Cembed-bitcode=yes".to_owned()]; // without it, fat LTO of a module fails
    for place in [&source, &real] {
        flags.push(format!("--remap-path-prefix={}={name}", place.display()));
    }

    let empty = folder.join("std");
    fs::create_dir_all(empty.join("src"))?;
    fs::write(
        empty.join("Cargo.toml"),
        "[package]\nname = \"needs-std\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    fs::write(empty.join("src/lib.rs"), "")?;
    let vendored = format!(
        "source.vendored.directory={:?}",
        source.join("library/vendor")
    );
    let mut cargo = Command::new(&workspace.cargo);
    process::forget_inherited(&mut cargo)
        .args([
            "build",
            "-Zbuild-std=std,panic_abort",
            "--release",
            "--target",
            TARGET,
        ])
        .args([
            "--offline",
            "--config",
            "source.crates-io.replace-with='vendored'",
        ])
        .args(["--config", &vendored, "--target-dir", "target"])
        .current_dir(&empty)
        .env("RUSTC", rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    output(&mut cargo)?;

    fs::create_dir_all(&compiler.libraries)?;
    for entry in empty
        .join("target")
        .join(TARGET)
        .join("release/deps")
        .read_dir()?
    {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libneeds_std-") {
            fs::rename(entry.path(), compiler.libraries.join(&name))?;
        }
    }
    Ok(())
}

/// Leaves what compiling a module needs.
pub(crate) fn remove_what_is_done_with(folder: &Path) -> Result<()> {
    for part in [
        "std",
        "usr/src",
        "usr/lib/rustlib/src",
        "usr/share",
        "usr/libexec",
    ] {
        remove(&folder.join(part))?;
    }
    Ok(())
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder
        .read_dir()
        .with_context(|| format!("reading `{}`", folder.display()))?;
    Ok(entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect())
}
