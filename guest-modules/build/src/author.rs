//! A module of an author's own: any cargo package with a `module.toml`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::component::{self, Made};
use crate::toolchain::{self, Toolchain};
use crate::workspace::{Module, Workspace};

/// A module that was built.
#[derive(Debug)]
#[non_exhaustive]
pub struct Built {
    /// The `name` of its `module.toml`.
    pub name: String,
    /// Where its two files are.
    pub folder: PathBuf,
    /// The component.
    pub component: Vec<u8>,
    /// The interfaces that the component imports, by name.
    pub imports: Vec<String>,
    /// The compiler, in its own words.
    pub compiler: String,
    /// Whether one of the two files is other than before.
    pub changed: bool,
}

/// Builds the module whose package is in a folder. Its two files, `module.wasm` and `module.toml`, go
/// to `out`; without one, to `target/module/NAME` below the folder.
///
/// # Errors
/// When the folder holds no module, it does not compile, or what it compiles to is none. [`Missing`]
/// stands in the chain where the machine has no compiler for modules.
///
/// [`Missing`]: crate::Missing
pub fn build(source: &Path, out: Option<&Path>) -> Result<Built> {
    let source = folder(source)?;
    let (workspace, module) = find(&source)?;
    let (toolchain, made) = compile(&workspace, &module, false)?;
    let folder = match out {
        Some(out) => std::path::absolute(out)?,
        None => source.join("target/module").join(&module.name),
    };
    let changed = component::put(&made, &module, &folder)?;
    Ok(Built {
        name: module.name,
        folder,
        component: made.component,
        imports: made.imports,
        compiler: toolchain.version,
        changed,
    })
}

/// A folder as cargo names it: whole, and without links in it.
pub(crate) fn folder(source: &Path) -> Result<PathBuf> {
    let whole = source.canonicalize();
    whole.with_context(|| format!("the folder `{}`", source.display()))
}

/// The module of a folder, and the workspace around it.
pub(crate) fn find(source: &Path) -> Result<(Workspace, Module)> {
    let manifest = source.join("module.toml");
    if !manifest.is_file() {
        bail!(
            "`{}` has no `module.toml`, so it is no module; `casemate module new` begins one",
            source.display()
        );
    }
    if !source.join("Cargo.toml").is_file() {
        bail!(
            "`{}` has no `Cargo.toml`, so there is nothing to build",
            source.display()
        );
    }
    let workspace = Workspace::around(source)?;
    let module = workspace.module(&manifest);
    let module = module.with_context(|| format!("in `{}`", manifest.display()))?;
    Ok((workspace, module))
}

pub(crate) fn compile(
    workspace: &Workspace,
    module: &Module,
    locked: bool,
) -> Result<(Toolchain, Made)> {
    let toolchain = toolchain::find(workspace)?;
    let made = component::make(workspace, &toolchain, module, locked)?;
    Ok((toolchain, made))
}
