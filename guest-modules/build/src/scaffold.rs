//! Begins a module: a package that builds by itself in any folder.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::is_module_name;
use crate::{kit, lock};

/// The kinds of module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It groups alerts.
    Grouper,
    /// It adds facts to alerts.
    Enricher,
    /// It drafts summaries.
    Drafter,
}

/// A module that was begun.
#[derive(Debug)]
#[non_exhaustive]
pub struct Begun {
    /// Its folder.
    pub folder: PathBuf,
    /// The author's own files in it, by their path; the kit is beside them in `casemate/`.
    pub files: Vec<String>,
}

/// The version a module begins with.
const VERSION: &str = "0.1.0";

const CARGO: &str = include_str!("../templates/Cargo.toml.txt");
const README: &str = include_str!("../templates/README.md");
const IGNORED: &str = "/target\n";
const ALERTS: &str = include_str!("../templates/alerts.ndjson");

/// What a kind's module begins with, by path.
const fn parts(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Grouper => &[
            (
                "module.toml",
                include_str!("../templates/grouper/module.toml"),
            ),
            ("src/lib.rs", include_str!("../templates/grouper/lib.rs")),
            (
                "samples/expected.json",
                include_str!("../templates/grouper/expected.json"),
            ),
        ],
        Kind::Enricher => &[
            (
                "module.toml",
                include_str!("../templates/enricher/module.toml"),
            ),
            ("src/lib.rs", include_str!("../templates/enricher/lib.rs")),
            (
                "samples/assets.csv",
                include_str!("../templates/enricher/assets.csv"),
            ),
            (
                "samples/expected.json",
                include_str!("../templates/enricher/expected.json"),
            ),
        ],
        Kind::Drafter => &[
            (
                "module.toml",
                include_str!("../templates/drafter/module.toml"),
            ),
            ("src/lib.rs", include_str!("../templates/drafter/lib.rs")),
            (
                "samples/expected.json",
                include_str!("../templates/drafter/expected.json"),
            ),
        ],
    }
}

/// Writes a new module of a kind into a folder that is not there yet. What it needs to be built is
/// written beside it.
///
/// # Errors
/// When the name cannot be a module's, the folder is there already, or it cannot be written.
pub fn begin(kind: Kind, name: &str, folder: &Path) -> Result<Begun> {
    if !is_module_name(name) || name == "casemate-sdk" {
        bail!(
            "`{}` cannot be a module's name: 1 to 64 of a-z, 0-9 and `-`, a letter first",
            name.escape_debug()
        );
    }
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{kind}}", kind.word())
            .replace("{{version}}", VERSION)
    };
    let mut files = vec![
        ("Cargo.toml".to_owned(), fill(CARGO)),
        ("Cargo.lock".to_owned(), lock::for_module(name, VERSION)?),
        ("README.md".to_owned(), fill(README)),
        (".gitignore".to_owned(), IGNORED.to_owned()),
        ("samples/alerts.ndjson".to_owned(), ALERTS.to_owned()),
    ];
    files.extend(
        parts(kind)
            .iter()
            .map(|(path, text)| ((*path).to_owned(), fill(text))),
    );
    files.sort();
    let own = files.iter().map(|(path, _)| path.clone()).collect();
    files.push(("casemate/Cargo.toml".to_owned(), kit::workspace()));
    files.extend(
        kit::FILES
            .iter()
            .map(|(path, text)| (format!("casemate/{path}"), (*text).to_owned())),
    );
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above).with_context(|| format!("making `{}`", above.display()))?;
    }
    // Made, not opened: what is there already is somebody's work.
    std::fs::create_dir(folder).with_context(|| {
        format!(
            "`{}` cannot be made; a module is begun in a folder that is not there yet",
            folder.display()
        )
    })?;
    for (path, text) in &files {
        let path = folder.join(path);
        let problem = || format!("writing `{}`", path.display());
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).with_context(problem)?;
        }
        std::fs::write(&path, text).with_context(problem)?;
    }
    Ok(Begun {
        folder: folder.to_owned(),
        files: own,
    })
}

impl Kind {
    /// The word for it in `module.toml`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grouper => "grouper",
            Self::Enricher => "enricher",
            Self::Drafter => "drafter",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_begun_in_a_folder_of_its_own_and_nowhere_else() {
        let above = std::env::temp_dir().join(format!("casemate-begin-{}", std::process::id()));
        let folder = above.join("deep/mine");
        for name in ["", "../up", "Mine", "a b", "casemate-sdk"] {
            assert!(begin(Kind::Enricher, name, &folder).is_err(), "{name}");
        }
        assert!(!above.exists());
        let begun = begin(Kind::Enricher, "mine", &folder).unwrap();
        assert!(begun.files.iter().any(|path| path == "samples/assets.csv"));
        for file in &begun.files {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            assert!(!text.is_empty() && !text.contains("{{"), "{file}: {text}");
        }
        std::fs::write(folder.join("src/lib.rs"), "my work").unwrap();
        let again = begin(Kind::Enricher, "mine", &folder).map_err(|e| format!("{e:#}"));
        assert!(again.is_err_and(|e| e.contains("not there yet")));
        assert_eq!(
            std::fs::read_to_string(folder.join("src/lib.rs")).unwrap(),
            "my work"
        );
        std::fs::remove_dir_all(above).unwrap();
    }
}
