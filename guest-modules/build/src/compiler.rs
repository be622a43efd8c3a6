//! A Rust compiler as it describes itself, and the linker that belongs to it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{self, Missing};

/// What modules are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What a compiler says about itself.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// Its own words, for example `rustc 1.96.0 (ac68faa20 2026-05-25)`.
    pub(crate) version: String,
    /// The commit of Rust it was built from.
    pub(crate) commit: Option<String>,
    /// Where its libraries are.
    pub(crate) sysroot: PathBuf,
    /// Where the standard library for modules is, or would be.
    pub(crate) libraries: PathBuf,
    /// Whether that has the standard library.
    pub(crate) has_std: bool,
}

impl Compiler {
    /// Asks in the workspace's folder, because `rust-toolchain.toml` there decides what `rustc` is.
    pub(crate) fn ask(rustc: &OsStr, root: &Path) -> Result<Self> {
        let about = process::output(Command::new(rustc).arg("-vV").current_dir(root))?;
        let print = [
            "--print",
            "sysroot",
            "--print",
            "target-libdir",
            "--target",
            TARGET,
        ];
        let folders = process::output(Command::new(rustc).args(print).current_dir(root))?;
        let mut folders = folders.lines().map(PathBuf::from);
        let (Some(sysroot), Some(libraries)) = (folders.next(), folders.next()) else {
            bail!("`{}` did not say where its libraries are", rustc.display());
        };
        let has_std = libraries.read_dir().is_ok_and(|files| {
            files.flatten().any(|file| {
                let name = file.file_name();
                let name = name.to_string_lossy();
                name.starts_with("libstd-") && name.ends_with(".rlib")
            })
        });
        Ok(Self {
            version: about.lines().next().unwrap_or_default().to_owned(),
            commit: about
                .lines()
                .find_map(|line| line.strip_prefix("commit-hash: "))
                .map(str::to_owned),
            sysroot,
            libraries,
            has_std,
        })
    }

    /// What stands for the folder of the standard library's source in what is built: the name
    /// Rust's own releases use.
    pub(crate) fn source_name(commit: Option<&str>) -> String {
        format!("/rustc/{}", commit.unwrap_or("unknown"))
    }
}

/// The linker that comes with one of these toolchains, else `wasm-ld`.
pub(crate) fn linker(sysroots: &[&Path]) -> Result<PathBuf> {
    let file = format!("rust-lld{}", std::env::consts::EXE_SUFFIX);
    let beside = sysroots
        .iter()
        .filter_map(|sysroot| sysroot.join("lib/rustlib").read_dir().ok())
        .flat_map(|targets| targets.flatten())
        .map(|target| target.path().join("bin").join(&file))
        .find(|linker| linker.is_file());
    match beside.or_else(|| process::on_path("wasm-ld")) {
        Some(linker) => Ok(linker),
        None => Err(Missing(
            "no linker for wasm: neither `rust-lld` in the toolchain nor `wasm-ld` on `PATH`; \
             install LLVM's lld (on Debian: `sudo apt-get install lld`) and run this again"
                .to_owned(),
        )
        .into()),
    }
}
