//! Finds, or makes, a compiler that has the standard library for modules.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::compiler::{Compiler, TARGET, linker};
use crate::debian;
use crate::process::{self, Missing, say};
use crate::workspace::{Release, Workspace};

/// Names the compiler to use, whatever else is there.
const EXPLICIT: &str = "CASEMATE_GUEST_RUSTC";

/// A compiler and a linker that can build modules.
#[derive(Debug)]
pub(crate) struct Toolchain {
    way: String,
    /// What `RUSTC` must be.
    pub(crate) rustc: OsString,
    /// Its own words, for example `rustc 1.96.0 (ac68faa20 2026-05-25)`.
    pub(crate) version: String,
    /// Where its libraries are.
    pub(crate) sysroot: PathBuf,
    /// A linker for wasm.
    pub(crate) linker: PathBuf,
    commit: Option<String>,
}

/// The ways to a compiler, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// The user named this one.
    Explicit(OsString),
    /// The one that builds everything else.
    Active,
    /// The private one, made earlier.
    Cached(PathBuf),
    /// The active one, once rustup has added the target.
    Rustup,
    /// A private one from Debian's packages, made in this folder.
    Debian(PathBuf),
}

/// What this machine has, as far as the choice depends on it.
#[derive(Debug, Default, Clone)]
struct Present {
    explicit: Option<OsString>,
    /// The active compiler has the target.
    active: bool,
    cached: Option<PathBuf>,
    rustup: bool,
    /// rustup may download: `RUSTUP_AUTO_INSTALL` isn't `0`.
    auto_install: bool,
    /// Debian's tools are here, and a toolchain may be made in this folder.
    debian: Option<PathBuf>,
}

/// The ways worth trying here. Where something is already there, nothing is downloaded.
fn ways(present: Present) -> Vec<Way> {
    if let Some(rustc) = present.explicit {
        return vec![Way::Explicit(rustc)];
    }
    if present.active {
        return vec![Way::Active];
    }
    if let Some(rustc) = present.cached {
        return vec![Way::Cached(rustc)];
    }
    let rustup = (present.rustup && present.auto_install).then_some(Way::Rustup);
    let debian = present.debian.map(Way::Debian);
    rustup.into_iter().chain(debian).collect()
}

/// Finds the compiler for modules; makes one where there is none.
///
/// # Errors
///
/// [`Missing`] where the user has to do something first; the text says what.
pub(crate) fn find(workspace: &Workspace) -> Result<Toolchain> {
    let root = &workspace.root;
    let rustc = process::set("RUSTC").unwrap_or_else(|| "rustc".into());
    let active = Compiler::ask(&rustc, root).context("asking the active compiler")?;
    let cache = cache();
    let mut ways = ways(Present {
        explicit: process::set(EXPLICIT),
        active: active.has_std,
        cached: cache
            .as_deref()
            .and_then(|cache| debian::made(cache, workspace.needs)),
        rustup: process::on_path("rustup").is_some(),
        auto_install: std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0"),
        debian: cache.filter(|_| debian::is_here()),
    })
    .into_iter()
    .peekable();

    let mut tried = Vec::new();
    while let Some(way) = ways.next() {
        let found = match &way {
            Way::Explicit(rustc) => Ok(rustc.clone()),
            Way::Active => Ok(rustc.clone()),
            Way::Cached(rustc) => Ok(rustc.clone().into_os_string()),
            Way::Rustup => add_target(root).map(|()| rustc.clone()),
            Way::Debian(cache) => linker(&[&active.sysroot])
                .and_then(|linker| debian::make(cache, workspace, &linker))
                .map(PathBuf::into_os_string),
        };
        match found.and_then(|rustc| complete(&way, rustc, root, &active.sysroot)) {
            Ok(toolchain) => return Ok(toolchain),
            // Another compiler would lack a linker too.
            Err(error) if error.is::<Missing>() => return Err(error),
            Err(error) => tried.push(format!("{way}: {error:#}")),
        }
        if let (Some(line), Some(next)) = (tried.last(), ways.peek()) {
            say(&format!("{line}\nnow trying {next} ..."));
        }
    }
    Err(Missing(advice(&tried, workspace.needs)).into())
}

/// Checks that a compiler can do it and adds the linker.
fn complete(way: &Way, rustc: OsString, root: &Path, active: &Path) -> Result<Toolchain> {
    let rustc = match Path::new(&rustc).components().count() {
        0 | 1 => rustc,
        _ => std::path::absolute(&rustc)?.into_os_string(),
    };
    let compiler = Compiler::ask(&rustc, root)?;
    if !compiler.has_std {
        bail!(
            "`{}` has no standard library for {TARGET} below `{}`",
            rustc.display(),
            compiler.sysroot.display()
        );
    }
    let linker = linker(&[&compiler.sysroot, active])?;
    let Compiler {
        version,
        commit,
        sysroot,
        ..
    } = compiler;
    Ok(Toolchain {
        way: way.to_string(),
        rustc,
        version,
        sysroot,
        linker,
        commit,
    })
}

fn add_target(root: &Path) -> Result<()> {
    process::step(&format!("rustup adds {TARGET} (about 20 MB, once)"), || {
        process::output(
            Command::new("rustup")
                .args(["target", "add", TARGET])
                .current_dir(root),
        )
    })?;
    Ok(())
}

/// Where the private toolchain is kept: shared by all clones of one user.
fn cache() -> Option<PathBuf> {
    let named = process::set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let folder = named.or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    folder.is_absolute().then(|| folder.join("casemate"))
}

fn advice(tried: &[String], needs: Release) -> String {
    let mut text = format!("no compiler to build modules with: it needs the target {TARGET}");
    for line in tried {
        text.push_str("\n  ");
        text.push_str(&line.replace('\n', "\n  "));
    }
    let ways = [
        (
            format!("rustup target add {TARGET}"),
            "with rustup and a network".to_owned(),
        ),
        (
            "sudo apt-get update".to_owned(),
            "on Debian; the rest then needs no root".to_owned(),
        ),
        (
            format!("export {EXPLICIT}=RUSTC"),
            format!("any rustc from {needs} on with that target"),
        ),
    ];
    text.push_str("\nhelp: do one of these, then run the same command again");
    for (typed, when) in ways {
        text.push_str(&format!("\n  {typed:42} {when}"));
    }
    text
}

impl Toolchain {
    /// See [`Compiler::source_name`].
    pub(crate) fn source_name(&self) -> String {
        Compiler::source_name(self.commit.as_deref())
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.version, self.way)?;
        writeln!(f, "  rustc    {}", self.rustc.display())?;
        writeln!(f, "  sysroot  {}", self.sysroot.display())?;
        write!(f, "  linker   {}", self.linker.display())
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explicit(_) => EXPLICIT,
            Self::Active => "the active compiler",
            Self::Cached(_) => "the private compiler",
            Self::Rustup => "rustup",
            Self::Debian(_) => "a private compiler from Debian's packages",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Present {
        Present {
            explicit: Some("mine".into()),
            active: true,
            cached: Some("cached".into()),
            rustup: true,
            auto_install: true,
            debian: Some("cache".into()),
        }
    }

    #[test]
    fn a_compiler_the_user_named_is_never_replaced_by_another() {
        assert_eq!(ways(everything()), [Way::Explicit("mine".into())]);
    }

    #[test]
    fn what_is_already_there_comes_before_any_download() {
        let mut present = everything();
        present.explicit = None;
        assert_eq!(ways(present.clone()), [Way::Active]);
        present.active = false;
        assert_eq!(ways(present.clone()), [Way::Cached("cached".into())]);
        present.cached = None;
        assert_eq!(ways(present), [Way::Rustup, Way::Debian("cache".into())]);
    }

    #[test]
    fn rustup_is_left_alone_where_it_may_not_install() {
        let present = Present {
            rustup: true,
            debian: Some("cache".into()),
            ..Present::default()
        };
        assert_eq!(ways(present), [Way::Debian("cache".into())]);
    }

    #[test]
    fn a_machine_with_nothing_is_told_what_to_type() {
        assert_eq!(ways(Present::default()), []);
        let text = advice(&["rustup: no network".to_owned()], Release(1, 95));
        for part in [
            "rustup target add",
            "apt-get update",
            EXPLICIT,
            "1.95",
            "no network",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
