//! Wrong files and what is said about them, side by side: `name.toml` and `name.err`.

use super::Problems;
use std::path::Path;

/// Compares what `parse` says about each file of a folder of `tests/fixtures` with what stands
/// beside it.
#[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
pub(crate) fn each(folder: &str, parse: impl Fn(&str) -> Option<Problems>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let said = parse(&text).map_or("nothing is wrong".to_owned(), |p| p.to_string());
        let want = std::fs::read_to_string(path.with_extension("err")).unwrap_or_default();
        assert_eq!(
            said.trim_end(),
            want.trim_end(),
            "\n{}:\n{said}\n",
            path.display()
        );
        seen += 1;
    }
    assert!(seen > 0, "no fixtures in {folder}");
}
