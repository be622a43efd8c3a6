//! Builds a module again in a folder of its own, so that its bytes can be compared with others.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::author::{compile, find, folder};

/// A module that was built again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rebuilt {
    /// The `name` of its `module.toml`.
    pub name: String,
    /// The component.
    pub component: Vec<u8>,
    /// Its `module.toml`.
    pub manifest: String,
    /// The compiler, in its own words.
    pub compiler: String,
}

/// Copies a module's source into a fresh folder, builds it there with exactly the dependencies that
/// its `Cargo.lock` names, and removes the folder. Nothing that was built before is used, unless
/// `CARGO_TARGET_DIR` names a folder of it.
///
/// # Errors
/// When the folder holds no module, its `Cargo.lock` is missing or does not name every dependency, or
/// it does not compile.
pub fn rebuild(source: &Path) -> Result<Rebuilt> {
    let source = folder(source)?;
    let (workspace, _) = find(&source)?;
    let root = folder(&workspace.root)?;
    if !root.join("Cargo.lock").is_file() {
        bail!(
            "`{}` has no `Cargo.lock`, so nobody can say what it was built from; build it once and keep that file with the source",
            root.display()
        );
    }
    let below = source.strip_prefix(&root).context("the module's folder")?;
    let fresh = Fresh::new()?;
    copy(&root, &fresh.0, &[&workspace.target, &workspace.guest])?;
    let (workspace, module) = find(&fresh.0.join(below))?;
    let (toolchain, made) = compile(&workspace, &module, true)?;
    Ok(Rebuilt {
        manifest: std::fs::read_to_string(&module.manifest)?,
        name: module.name,
        component: made.component,
        compiler: toolchain.version,
    })
}

/// A folder of nobody else's, gone with the value.
struct Fresh(PathBuf);

impl Fresh {
    fn new() -> Result<Self> {
        let parent = std::env::temp_dir().canonicalize()?;
        for attempt in 0_u32..1_000 {
            let name = format!("casemate-rebuild-{}-{attempt}", std::process::id());
            let path = parent.join(name);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => (),
                Err(error) => {
                    return Err(error).with_context(|| format!("making `{}`", path.display()));
                }
            }
        }
        bail!("no fresh folder below `{}`", parent.display())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Copies what a build reads: not what was built, and no history.
fn copy(from: &Path, to: &Path, but: &[&Path]) -> Result<()> {
    let problem = || format!("copying `{}`", from.display());
    for entry in from.read_dir().with_context(problem)? {
        let entry = entry.with_context(problem)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let left_out = [".git", ".hg", ".jj", "target"]
            .iter()
            .any(|name| entry.file_name() == *name);
        if left_out || but.contains(&from.as_path()) {
            continue;
        }
        let problem = || format!("copying `{}`", from.display());
        if from.is_dir() {
            std::fs::create_dir(&to).with_context(problem)?;
            copy(&from, &to, but)?;
        } else {
            std::fs::copy(&from, &to).with_context(problem)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_source_and_not_what_was_built_of_it() -> Result<()> {
        let (from, to) = (Fresh::new()?, Fresh::new()?);
        for folder in ["src/deep", "target/guest", "elsewhere", ".git"] {
            std::fs::create_dir_all(from.0.join(folder))?;
            std::fs::write(from.0.join(folder).join("file"), folder)?;
        }
        copy(&from.0, &to.0, &[&from.0.join("elsewhere")])?;
        let there = |path: &str| to.0.join(path).exists();
        assert!(there("src/deep/file"));
        assert!(!there("target") && !there("elsewhere") && !there(".git"));
        let gone = to.0.clone();
        drop(to);
        assert!(!gone.exists());
        Ok(())
    }
}
