//! One module: cargo makes a core module of it, `wit-component` makes that a component.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};

use crate::compiler::TARGET;
use crate::process;
use crate::toolchain::Toolchain;
use crate::workspace::{Module, Workspace};

/// What a module may import, and nothing else.
const OURS: &str = "casemate:soc/";

/// Enough for the modules we ship; the default of 1 MiB would be counted against every run's memory.
const STACK_BYTES: u32 = 65_536;

/// How a module is compiled, whatever its own `Cargo.toml` says of profiles: small, and identical
/// bytes for identical source.
const PROFILE: [&str; 10] = [
    "inherits=\"release\"",
    "opt-level=3",
    "lto=\"fat\"",
    "codegen-units=1",
    "panic=\"abort\"",
    "strip=true",
    "debug=false",
    "incremental=false",
    "overflow-checks=true",
    "debug-assertions=false",
];

/// A component as it was made, with what it says of itself.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) component: Vec<u8>,
    /// The interfaces it imports, by name.
    pub(crate) imports: Vec<String>,
}

/// Compiles one module and makes its component. `locked` fails where `Cargo.lock` does not name every
/// dependency already.
pub(crate) fn make(
    workspace: &Workspace,
    toolchain: &Toolchain,
    module: &Module,
    locked: bool,
) -> Result<Made> {
    let core = workspace
        .guest
        .join(TARGET)
        .join("module")
        .join(format!("{}.wasm", module.library));
    // One package per call: cargo unifies features over the packages of one call, and a module must
    // not get the world of another one.
    let mut cargo = Command::new(&workspace.cargo);
    process::forget_inherited(&mut cargo);
    cargo.args(["build", "--profile", "module", "--target", TARGET]);
    cargo.args(["-p", &module.package, "--lib"]);
    for setting in PROFILE {
        cargo
            .arg("--config")
            .arg(format!("profile.module.{setting}"));
    }
    if locked {
        cargo.arg("--locked");
    }
    cargo
        .arg("--target-dir")
        .arg(&workspace.guest)
        .current_dir(&workspace.root)
        .env("RUSTC", &toolchain.rustc)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            flags(&places(workspace, toolchain)?),
        )
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
            &toolchain.linker,
        );
    let problem = || format!("building module `{}`", module.name);
    if core.exists() {
        process::run(cargo.arg("--quiet")).with_context(problem)?;
    } else {
        let what = format!(
            "building module `{}` (the first one takes about a minute)",
            module.name
        );
        process::step(&what, || process::run(&mut cargo)).with_context(problem)?;
    }
    let core = std::fs::read(&core).with_context(|| format!("reading `{}`", core.display()))?;
    encode(&core).with_context(|| {
        format!(
            "module `{}`, package `{}`, as a component",
            module.name, module.package
        )
    })
}

/// Builds one module into `<folder>/<name>/`; true if that changed the component or its manifest.
pub(crate) fn build(
    workspace: &Workspace,
    toolchain: &Toolchain,
    module: &Module,
    folder: &Path,
) -> Result<bool> {
    let made = make(workspace, toolchain, module, false)?;
    put(&made, module, &folder.join(&module.name))
}

/// Writes a module's two files into a folder; true if that changed one of them.
pub(crate) fn put(made: &Made, module: &Module, folder: &Path) -> Result<bool> {
    let manifest = std::fs::read(&module.manifest)
        .with_context(|| format!("reading `{}`", module.manifest.display()))?;
    let wasm_changed = write(&folder.join("module.wasm"), &made.component)?;
    Ok(write(&folder.join("module.toml"), &manifest)? || wasm_changed)
}

/// Removes the folders of modules that are no longer there, so that nobody runs one of them.
pub(crate) fn remove_others(folder: &Path, modules: &[Module]) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in folder
        .read_dir()
        .with_context(|| format!("reading `{}`", folder.display()))?
    {
        let entry = entry?;
        let known = modules
            .iter()
            .any(|module| entry.file_name() == module.name.as_str());
        if !known && entry.path().join("module.wasm").is_file() {
            std::fs::remove_dir_all(entry.path())
                .with_context(|| format!("removing `{}`", entry.path().display()))?;
        }
    }
    Ok(())
}

fn encode(core: &[u8]) -> Result<Made> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(core)?
        .encode()?;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&component)? else {
        bail!("it came out as a WIT package");
    };
    let world = resolve.worlds.get(world).context("it has no world")?;
    let imports: Vec<String> = world
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    if let Some(import) = foreign(&imports) {
        bail!(
            "it imports `{import}`; a module may import `{OURS}*` only, so take out what brought that in"
        );
    }
    let mut exports = world.exports.keys().map(|key| resolve.name_world_key(key));
    if !exports.any(|export| export.starts_with(OURS)) {
        bail!("it exports nothing of `{OURS}`, so nobody can call it; `export!` is missing");
    }
    Ok(Made { component, imports })
}

fn foreign(imports: &[String]) -> Option<&String> {
    imports.iter().find(|import| !import.starts_with(OURS))
}

/// Folders of this machine that a compiler would write into a module, and what stands for each.
/// A later entry wins over an earlier one that contains it.
fn places(workspace: &Workspace, toolchain: &Toolchain) -> Result<Vec<(PathBuf, String)>> {
    let mut places = match workspace.root.join("guest-modules").is_dir() {
        true => vec![(workspace.root.clone(), "/casemate".to_owned())],
        // A module of its own, with the kit beside it.
        false => vec![
            (workspace.root.clone(), "/module".to_owned()),
            (workspace.root.join("casemate"), "/casemate".to_owned()),
        ],
    };
    if let Some(home) = cargo_home() {
        places.push((home.clone(), "/cargo".to_owned()));
        // The folder of an index is named after its address, which a mirror changes.
        let sources = home.join("registry/src");
        if sources.is_dir() {
            let mut indexes = Vec::new();
            for entry in sources
                .read_dir()
                .context("reading cargo's `registry/src`")?
            {
                indexes.push(entry?.path());
            }
            indexes.sort();
            places.extend(
                indexes
                    .into_iter()
                    .map(|index| (index, "/cargo/registry".to_owned())),
            );
        }
    }
    places.push((toolchain.sysroot.clone(), "/sysroot".to_owned()));
    let source = toolchain.sysroot.join("lib/rustlib/src/rust");
    places.push((source, toolchain.source_name()));
    Ok(places)
}

fn cargo_home() -> Option<PathBuf> {
    let home = process::set("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    std::path::absolute(home).ok()
}

/// The flags for a module, as cargo wants them in `CARGO_ENCODED_RUSTFLAGS`.
fn flags(places: &[(PathBuf, String)]) -> String {
    let mut flags: Vec<String> = places
        .iter()
        .map(|(place, name)| format!("--remap-path-prefix={}={name}", place.display()))
        .collect();
    flags.push(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    // It names the compiler, so that whoever rebuilds a module knows which to take.
    flags.push("-Clink-arg=--keep-section=producers".to_owned());
    flags.join("\u{1f}")
}

/// Writes a file if its bytes changed, under a temporary name first; true if it wrote.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<bool> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let problem = || format!("writing `{}`", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(problem)?;
    }
    let beside = path.with_added_extension(format!("{}.part", std::process::id()));
    std::fs::write(&beside, bytes).with_context(problem)?;
    std::fs::rename(&beside, path).with_context(problem)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn only_our_own_interfaces_may_be_imported() {
        assert_eq!(
            foreign(&names(&[
                "casemate:soc/log@0.1.0",
                "casemate:soc/memory@0.1.0"
            ])),
            None
        );
        for import in [
            "wasi:cli/environment@0.2.6",
            "casemate:social/x",
            "env",
            "casemate:soc",
        ] {
            let imports = names(&["casemate:soc/log@0.1.0", import]);
            assert_eq!(foreign(&imports).map(String::as_str), Some(import));
        }
    }

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        assert!(encode(b"not wasm").is_err());
    }

    #[test]
    fn a_file_is_written_only_when_its_bytes_changed_and_strangers_are_left_alone() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("casemate-build-{}", std::process::id()));
        let wasm = folder.join("old/module.wasm");
        assert!(write(&wasm, b"1")?);
        assert!(!write(&wasm, b"1")?);
        assert!(write(&wasm, b"2")?);
        write(&folder.join("notes/a.txt"), b"mine")?;
        remove_others(&folder, &[])?;
        assert!(!wasm.exists());
        assert!(folder.join("notes/a.txt").exists());
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }

    #[test]
    fn flags_keep_their_order_and_may_hold_spaces() {
        let places = [
            (PathBuf::from("/a b"), "/x".to_owned()),
            (PathBuf::from("/c"), "/y".to_owned()),
        ];
        assert_eq!(
            flags(&places),
            "--remap-path-prefix=/a b=/x\u{1f}--remap-path-prefix=/c=/y\u{1f}-Clink-arg=-zstack-size=65536\u{1f}-Clink-arg=--keep-section=producers"
        );
    }
}
