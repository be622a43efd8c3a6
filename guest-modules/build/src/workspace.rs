//! What cargo knows about a workspace, and which modules stand in it: Casemate's own, or an author's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process;

/// The workspace as cargo reports it.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds for this machine.
    pub(crate) target: PathBuf,
    /// Where modules are compiled.
    pub(crate) guest: PathBuf,
    /// The cargo that runs us.
    pub(crate) cargo: OsString,
    /// The oldest compiler the packages accept.
    pub(crate) needs: Release,
    packages: Vec<Package>,
}

/// Major and minor version of a compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(pub(crate) u32, pub(crate) u32);

/// A module's source: a cargo package beside a `module.toml`.
#[derive(Debug)]
pub(crate) struct Module {
    /// The `name` of `module.toml`; safe as the name of a folder.
    pub(crate) name: String,
    /// The cargo package.
    pub(crate) package: String,
    /// The package's library, as cargo names its file (without `.wasm`).
    pub(crate) library: String,
    /// Where `module.toml` stands.
    pub(crate) manifest: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    rust_version: Option<String>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ModuleToml {
    name: String,
}

impl Workspace {
    /// Casemate's own workspace, around the current folder.
    pub(crate) fn find() -> Result<Self> {
        let mut workspace = Self::around(Path::new("."))?;
        if !workspace.root.join("guest-modules").is_dir() {
            bail!(
                "`{}` has no `guest-modules`; run this inside Casemate's folder",
                workspace.root.display()
            );
        }
        workspace.guest = workspace.root.join("target/guest");
        Ok(workspace)
    }

    /// The workspace around a folder: a package alone is one too.
    pub(crate) fn around(folder: &Path) -> Result<Self> {
        let cargo = process::set("CARGO").unwrap_or_else(|| "cargo".into());
        let text = process::output(
            Command::new(&cargo)
                .args(["metadata", "--no-deps", "--format-version", "1"])
                .current_dir(folder),
        )?;
        let metadata: Metadata = serde_json::from_str(&text).context("reading cargo's metadata")?;
        let needs = metadata
            .packages
            .iter()
            .filter_map(|package| Release::of(package.rust_version.as_deref()?))
            .max()
            .unwrap_or(Release(1, 0));
        Ok(Self {
            root: metadata.workspace_root,
            guest: metadata.target_directory.join("guest"),
            target: metadata.target_directory,
            cargo,
            needs,
            packages: metadata.packages,
        })
    }

    /// The modules below a folder of the workspace, by name. A folder that isn't there has none.
    pub(crate) fn modules(&self, below: &str) -> Result<Vec<Module>> {
        let below = self.root.join(below);
        let mut modules = Vec::new();
        if !below.is_dir() {
            return Ok(modules);
        }
        let entries = below
            .read_dir()
            .with_context(|| format!("reading `{}`", below.display()))?;
        for entry in entries {
            let manifest = entry?.path().join("module.toml");
            if manifest.is_file() {
                let problem = || format!("in `{}`", manifest.display());
                modules.push(self.module(&manifest).with_context(problem)?);
            }
        }
        modules.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some((a, b)) = modules
            .iter()
            .zip(modules.iter().skip(1))
            .find(|(a, b)| a.name == b.name)
        {
            bail!(
                "`{}` and `{}` have the same name `{}`; each module needs its own",
                a.manifest.display(),
                b.manifest.display(),
                a.name
            );
        }
        Ok(modules)
    }

    /// The module whose `module.toml` this is.
    pub(crate) fn module(&self, manifest: &Path) -> Result<Module> {
        let text = std::fs::read_to_string(manifest)?;
        let ModuleToml { name } = toml::from_str(&text)?;
        if !is_module_name(&name) {
            bail!(
                "the name `{}` is not 1 to 64 of a-z, 0-9 and `-`, a letter first",
                name.escape_debug()
            );
        }
        let folder = manifest.parent().context("no folder")?;
        let package = self
            .packages
            .iter()
            .find(|package| package.manifest_path.parent() == Some(folder))
            .with_context(|| {
                format!(
                    "its folder holds no package of the workspace `{}`; list it there under `members`",
                    self.root.display()
                )
            })?;
        let mut libraries = package
            .targets
            .iter()
            .filter(|target| target.crate_types.iter().any(|t| t == "cdylib"));
        let (Some(library), None) = (libraries.next(), libraries.next()) else {
            bail!(
                "package `{}` has no `cdylib`; its Cargo.toml needs `[lib]` with `crate-type = [\"cdylib\"]`",
                package.name
            );
        };
        Ok(Module {
            name,
            package: package.name.clone(),
            library: library.name.replace('-', "_"),
            manifest: manifest.to_owned(),
        })
    }
}

impl Release {
    /// Reads `1.95` at the start of a version such as `1.95.0` or `1.96.0+dfsg1-1`.
    pub(crate) fn of(version: &str) -> Option<Self> {
        let mut numbers = version.split(|c: char| !c.is_ascii_digit());
        Some(Self(
            numbers.next()?.parse().ok()?,
            numbers.next()?.parse().ok()?,
        ))
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Whether a name can be a module's, and a folder's.
pub(crate) fn is_module_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_the_first_two_numbers() {
        assert_eq!(Release::of("1.96.0+dfsg1-1~deb12u2"), Some(Release(1, 96)));
        assert_eq!(Release::of("1.95"), Some(Release(1, 95)));
        assert_eq!(Release::of("(none)"), None);
        assert!(Release(1, 100) > Release(1, 96));
    }

    #[test]
    fn a_module_name_cannot_leave_its_folder() {
        assert!(is_module_name("burst-grouper2"));
        for name in ["", "..", "../x", "a/b", "A", "-a", "a b", "a\u{301}"] {
            assert!(!is_module_name(name), "{name}");
        }
    }
}
