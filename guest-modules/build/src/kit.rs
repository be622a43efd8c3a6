//! What a module outside this tree is written with: the SDK and the contract, as they stand in the
//! tree this program was built from.

/// The files, by their path in the tree.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("LICENSE", include_str!("../../../LICENSE")),
    (
        "guest-modules/sdk/Cargo.toml",
        include_str!("../../sdk/Cargo.toml"),
    ),
    (
        "guest-modules/sdk/src/arena.rs",
        include_str!("../../sdk/src/arena.rs"),
    ),
    (
        "guest-modules/sdk/src/batch.rs",
        include_str!("../../sdk/src/batch.rs"),
    ),
    (
        "guest-modules/sdk/src/bindings.rs",
        include_str!("../../sdk/src/bindings.rs"),
    ),
    (
        "guest-modules/sdk/src/builder.rs",
        include_str!("../../sdk/src/builder.rs"),
    ),
    (
        "guest-modules/sdk/src/capability.rs",
        include_str!("../../sdk/src/capability.rs"),
    ),
    (
        "guest-modules/sdk/src/field.rs",
        include_str!("../../sdk/src/field.rs"),
    ),
    (
        "guest-modules/sdk/src/kind.rs",
        include_str!("../../sdk/src/kind.rs"),
    ),
    (
        "guest-modules/sdk/src/lib.rs",
        include_str!("../../sdk/src/lib.rs"),
    ),
    (
        "guest-modules/sdk/src/settings.rs",
        include_str!("../../sdk/src/settings.rs"),
    ),
    (
        "guest-modules/sdk/src/start.rs",
        include_str!("../../sdk/src/start.rs"),
    ),
    (
        "guest-modules/sdk/src/text.rs",
        include_str!("../../sdk/src/text.rs"),
    ),
    ("wit/assets.wit", include_str!("../../../wit/assets.wit")),
    ("wit/drafter.wit", include_str!("../../../wit/drafter.wit")),
    (
        "wit/enricher.wit",
        include_str!("../../../wit/enricher.wit"),
    ),
    ("wit/grouper.wit", include_str!("../../../wit/grouper.wit")),
    (
        "wit/known-good.wit",
        include_str!("../../../wit/known-good.wit"),
    ),
    ("wit/log.wit", include_str!("../../../wit/log.wit")),
    ("wit/memory.wit", include_str!("../../../wit/memory.wit")),
    ("wit/types.wit", include_str!("../../../wit/types.wit")),
];

/// The tree's own `Cargo.toml`.
const ROOT: &str = include_str!("../../../Cargo.toml");

/// The `Cargo.toml` of the folder that the files are in: what the SDK's own inherits, and no more.
pub(crate) fn workspace() -> String {
    let mut text = "[workspace]\nresolver = \"3\"\nmembers = [\"guest-modules/sdk\"]\n".to_owned();
    for name in [
        "[workspace.package]",
        "[workspace.lints.rust]",
        "[workspace.lints.clippy]",
    ] {
        text.push('\n');
        text.push_str(section(name));
    }
    text
}

/// A section of the tree's `Cargo.toml`, to the next empty line.
fn section(name: &str) -> &'static str {
    let start = ROOT.find(name).unwrap_or(ROOT.len());
    let rest = ROOT.get(start..).unwrap_or_default();
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn below(folder: &Path, path: &str, found: &mut BTreeSet<String>) {
        for entry in folder.join(path).read_dir().unwrap() {
            let entry = entry.unwrap();
            let path = format!("{path}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                below(folder, &path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn an_author_gets_every_file_of_the_sdk_and_the_contract() {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut there = BTreeSet::from(["LICENSE".to_owned()]);
        below(&tree, "guest-modules/sdk", &mut there);
        below(&tree, "wit", &mut there);
        let carried: BTreeSet<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(carried, there, "list them in `FILES`");
        for (path, text) in FILES {
            let in_tree = std::fs::read_to_string(tree.join(path)).unwrap();
            assert_eq!(*text, in_tree, "{path}");
        }
    }

    #[test]
    fn what_the_sdk_inherits_is_there() {
        let text = workspace();
        let table: toml::Table = toml::from_str(&text).unwrap();
        let workspace = table["workspace"].as_table().unwrap();
        assert!(workspace["package"]["edition"].is_str());
        assert!(workspace["lints"]["rust"].is_table());
        assert!(workspace["lints"]["clippy"].is_table());
        assert!(!text.contains("[workspace.dependencies]"));
    }
}
