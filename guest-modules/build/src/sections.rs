//! What a component is made of, for those who compare two: its sections, those of the core modules
//! in it, and the tools that it says made it.

use std::fmt;

/// A tool that a component says took part in making it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// Its part: `language`, `processed-by` or `sdk`.
    pub part: String,
    /// Its name, for example `rustc`.
    pub name: String,
    /// Its version, in its own words; may be empty.
    pub version: String,
}

/// Something in which two components differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The section, for example `core module 1, code`.
    pub section: String,
    /// Its bytes in the first; none where it has no such section.
    pub first: Option<usize>,
    /// Its bytes in the second; none where it has no such section.
    pub second: Option<usize>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            section,
            first,
            second,
        } = self;
        match (first, second) {
            (Some(a), Some(b)) if a == b => {
                write!(f, "{section}: {a} bytes in both, and not the same ones")
            }
            (Some(a), Some(b)) => write!(f, "{section}: {a} bytes, and {b} in the other"),
            (Some(a), None) => write!(f, "{section}: {a} bytes, and not in the other"),
            (None, Some(b)) => write!(f, "{section}: only in the other, {b} bytes"),
            (None, None) => write!(f, "{section}"),
        }
    }
}

/// The sections in which two components differ, in their order; bytes that are no component are one
/// section.
pub fn differences(first: &[u8], second: &[u8]) -> Vec<Difference> {
    let (a, b) = (named(first), named(second));
    let find = |list: &[(String, &[u8])], name: &str| {
        let found = list.iter().find(|(other, _)| other == name);
        found.map(|(_, bytes)| bytes.to_vec())
    };
    let mut found = Vec::new();
    for (section, bytes) in &a {
        let other = find(&b, section);
        if other.as_deref() != Some(bytes) {
            found.push(Difference {
                section: section.clone(),
                first: Some(bytes.len()),
                second: other.map(|bytes| bytes.len()),
            });
        }
    }
    for (section, bytes) in &b {
        if find(&a, section).is_none() {
            found.push(Difference {
                section: section.clone(),
                first: None,
                second: Some(bytes.len()),
            });
        }
    }
    found
}

/// The tools that a component says made it, each once.
pub fn producers(component: &[u8]) -> Vec<Producer> {
    let mut found: Vec<Producer> = named(component)
        .iter()
        .filter(|(section, _)| section.ends_with("custom `producers`"))
        .filter_map(|(_, bytes)| read_producers(bytes))
        .flatten()
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Every section with a name that no other has, those of nested core modules in place of the module.
fn named(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut all = Vec::new();
    if walk(bytes, "", &mut all).is_none() {
        return vec![("the file, which is no component".to_owned(), bytes)];
    }
    all
}

fn walk<'a>(bytes: &'a [u8], before: &str, all: &mut Vec<(String, &'a [u8])>) -> Option<()> {
    let header = bytes.get(..8)?;
    let is_core = match header {
        b"\0asm\x01\0\0\0" => true,
        b"\0asm\x0d\0\x01\0" => false,
        _ => return None,
    };
    let mut rest = bytes.get(8..)?;
    let mut modules = 0;
    while let Some((&id, after)) = rest.split_first() {
        let (length, after) = number(after)?;
        let content = after.get(..length)?;
        rest = after.get(length..)?;
        // A nested core module of a component.
        if !is_core && id == 1 {
            modules += 1;
            walk(content, &format!("{before}core module {modules}, "), all)?;
            continue;
        }
        let (name, content) = match id {
            0 => {
                let (name, content) = text(content)?;
                (format!("custom `{}`", name.escape_debug()), content)
            }
            _ => (section_name(is_core, id).to_owned(), content),
        };
        let base = format!("{before}{name}");
        let taken = |name: &str| all.iter().any(|(other, _)| other == name);
        let mut whole = base.clone();
        let mut count = 1;
        while taken(&whole) {
            count += 1;
            whole = format!("{base} ({count})");
        }
        all.push((whole, content));
    }
    Some(())
}

/// github.com/WebAssembly/component-model, design/mvp/Binary.md; the core specification, 5.5.
fn section_name(is_core: bool, id: u8) -> &'static str {
    const CORE: [&str; 14] = [
        "custom",
        "types",
        "imports",
        "functions",
        "tables",
        "memories",
        "globals",
        "exports",
        "start",
        "elements",
        "code",
        "data",
        "data count",
        "tags",
    ];
    const COMPONENT: [&str; 13] = [
        "custom",
        "core module",
        "core instances",
        "core types",
        "component",
        "instances",
        "aliases",
        "types",
        "canonical functions",
        "start",
        "imports",
        "exports",
        "values",
    ];
    let names: &[&str] = if is_core { &CORE } else { &COMPONENT };
    names.get(usize::from(id)).copied().unwrap_or("unknown")
}

/// LEB128.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = number(bytes)?;
    let text = String::from_utf8_lossy(rest.get(..length)?).into_owned();
    Some((text, rest.get(length..)?))
}

/// github.com/WebAssembly/tool-conventions, ProducersSection.md.
fn read_producers(bytes: &[u8]) -> Option<Vec<Producer>> {
    let (fields, mut rest) = number(bytes)?;
    let mut found = Vec::new();
    for _ in 0..fields {
        let (part, after) = text(rest)?;
        let (values, after) = number(after)?;
        rest = after;
        for _ in 0..values {
            let (name, after) = text(rest)?;
            let (version, after) = text(after)?;
            rest = after;
            found.push(Producer {
                part: part.clone(),
                name,
                version,
            });
        }
    }
    Some(found)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        let mut all = vec![id, u8::try_from(content.len()).unwrap()];
        all.extend_from_slice(content);
        all
    }

    fn component(code: &[u8], version: &str) -> Vec<u8> {
        let mut producers = b"\x09producers\x01\x0cprocessed-by\x01\x05rustc".to_vec();
        producers.push(u8::try_from(version.len()).unwrap());
        producers.extend_from_slice(version.as_bytes());
        let core = [
            b"\0asm\x01\0\0\0".to_vec(),
            section(10, code),
            section(0, &producers),
        ];
        let parts = [
            b"\0asm\x0d\0\x01\0".to_vec(),
            section(1, &core.concat()),
            section(8, b"x"),
            section(8, b"y"),
        ];
        parts.concat()
    }

    #[test]
    fn what_differs_is_named_by_its_section() {
        let (a, b) = (component(b"code", "1.96"), component(b"codes", "1.97"));
        assert_eq!(differences(&a, &a), []);
        let said: Vec<String> = differences(&a, &b)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "core module 1, code: 4 bytes, and 5 in the other",
                "core module 1, custom `producers`: 26 bytes in both, and not the same ones",
            ]
        );
        let shorter = a.get(..a.len() - 3).unwrap();
        let said: Vec<String> = differences(&a, shorter)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            ["canonical functions (2): 1 bytes, and not in the other"]
        );
    }

    #[test]
    fn bytes_that_are_cut_anywhere_are_told_and_do_no_harm() {
        let whole = component(b"code", "1.96");
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap();
            assert!(!differences(cut, &whole).is_empty(), "{end}");
            assert!(producers(cut).len() <= 1);
        }
    }

    #[test]
    fn the_compiler_is_read_from_the_component() {
        let found = producers(&component(b"code", "1.96.0 (ac68faa20 2026-05-25)"));
        let rustc = Producer {
            part: "processed-by".to_owned(),
            name: "rustc".to_owned(),
            version: "1.96.0 (ac68faa20 2026-05-25)".to_owned(),
        };
        assert_eq!(found, [rustc]);
    }
}
