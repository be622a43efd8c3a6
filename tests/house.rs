//! The rules of the house that no compiler knows: which part may use which, what is reached in one
//! place only, how large a file gets, and that a capability has one name everywhere.

use crate::support::{Bench, project};
use casemate::boundary::EnrichmentSource;
use casemate::model::{Capability, Field, ModuleKind};
use casemate::store::Dir;
use std::collections::BTreeSet;

/// A file of the project: its path with `/` between, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Its text without comments and without what stands in a test module at its end.
    fn code(&self) -> String {
        let code = self
            .text
            .split("\n#[cfg(test)]\nmod tests {")
            .next()
            .unwrap();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        lines.map(|line| format!("{line}\n")).collect()
    }

    fn is_test(&self) -> bool {
        self.path.contains("tests")
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }
}

/// Every file of the project below these folders, by path.
fn files(folders: &[&str]) -> Vec<String> {
    fn below(dir: &Dir, path: &str, found: &mut Vec<String>) {
        for entry in dir.read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{path}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                below(dir, &path, found);
            } else {
                found.push(path);
            }
        }
    }
    let project = project();
    let mut found = Vec::new();
    for folder in folders {
        below(&project, folder, &mut found);
    }
    found.sort();
    found
}

const FOLDERS: &[&str] = &["host", "guest-modules", "tests", "wit"];

fn sources(folders: &[&str]) -> Vec<Source> {
    let project = project();
    let rust = files(folders)
        .into_iter()
        .filter(|path| path.ends_with(".rs"));
    let sources: Vec<_> = rust
        .map(|path| Source {
            text: project.read_to_string(&path).unwrap(),
            path,
        })
        .collect();
    assert!(!sources.is_empty(), "nothing to look at in {folders:?}");
    sources
}

/// Whether a word stands in the code by itself; one that ends with `::`, with what follows it.
fn has_word(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let after = &code[at + word.len()..];
        !code[..at].ends_with(is_part) && (word.ends_with("::") || !after.starts_with(is_part))
    })
}

/// What may be named in which places only.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("wasmtime::", &["host/src/sandbox/"]),
    ("wasmparser::", &["host/src/sandbox/inspect/"]),
    ("redb::", &["host/src/store/"]),
    ("cap_std::", &["host/src/store/"]),
    ("getrandom::", &["host/src/store/random.rs"]),
    ("ambient_authority", &["host/src/store/ambient.rs"]),
    ("SystemTime", &[]),
    ("Timestamp::now", &["host/src/ambient.rs"]),
    ("casemate::ambient", &["host/src/bin/casemate/ambient.rs"]),
    ("crate::ambient", &["host/src/bin/"]),
    // What runs a compiler: the library does not.
    (
        "casemate_build",
        &["host/src/bin/casemate/commands/module/author/"],
    ),
    ("Zoned::now", &[]),
    ("std::net::TcpStream", &[]),
    ("std::net::UdpSocket", &[]),
    ("TcpListener", &[]),
    ("unsafe", &["host/src/sandbox/aot.rs"]),
    ("static mut", &[]),
    ("thread_local", &[]),
];

#[test]
fn what_is_reached_in_one_place_is_named_nowhere_else() {
    let sources = sources(&["host/src"]);
    for (word, places) in ONLY_IN {
        for source in sources.iter().filter(|s| !s.is_in(places)) {
            assert!(
                !has_word(&source.code(), word),
                "`{}` names `{word}`, which belongs to {places:?}",
                source.path
            );
        }
        for place in *places {
            let there = sources.iter().filter(|s| s.path.starts_with(place));
            assert!(
                there.map(Source::code).any(|code| has_word(&code, word)),
                "`{word}` is not in {place} any more: take it out of the table"
            );
        }
    }
}

#[test]
fn only_the_modules_memory_is_unsafe_in_the_kit() {
    for source in sources(&["guest-modules", "tests"]) {
        let may = source.is_in(&["guest-modules/sdk/src/arena.rs", "tests/house.rs"]);
        let code = source.code().replace("unsafe_code", "");
        // What is spelled in a list of attributes of generated code is not written by us.
        let code = code.replace("#[unsafe(", "");
        assert!(may || !has_word(&code, "unsafe"), "{}", source.path);
    }
}

/// The parts of the host, each with those it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("written", &["model"]),
    ("boundary", &["model", "written"]),
    ("knowledge", &["model", "written"]),
    ("custody", &["model"]),
    ("trail", &["model"]),
    ("store", &["custody", "model", "trail"]),
    (
        "sandbox",
        // `triage` for one thing: `Why::Answer` holds its fault.
        &[
            "boundary",
            "knowledge",
            "model",
            "store",
            "trail",
            "triage",
            "written",
        ],
    ),
    (
        "triage",
        &[
            "boundary",
            "knowledge",
            "model",
            "sandbox",
            "seat",
            "store",
            "trail",
            "written",
        ],
    ),
];

fn used(code: &str) -> BTreeSet<String> {
    code.match_indices("crate::")
        .map(|(at, found)| {
            let rest = &code[at + found.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

#[test]
fn each_part_of_the_host_uses_only_those_below_it() {
    for (part, may) in EDGES {
        let folder = format!("host/src/{part}");
        for source in sources(&[&folder]) {
            if source.is_test() {
                continue;
            }
            for other in used(&source.code()) {
                let macro_or_own =
                    other == *part || other.is_empty() || other.chars().all(char::is_uppercase);
                assert!(
                    macro_or_own || may.contains(&other.as_str()),
                    "`{}` uses `{other}`; `{part}` may use {may:?}",
                    source.path
                );
            }
        }
    }
}

#[test]
fn the_sandbox_uses_of_the_flow_one_type_only() {
    for source in sources(&["host/src/sandbox"]) {
        let code = source.code();
        for (at, _) in code.match_indices("crate::triage::") {
            let rest = &code[at + "crate::triage::".len()..];
            assert!(rest.starts_with("AnswerFault"), "{}", source.path);
        }
    }
}

#[test]
fn the_engines_version_that_is_told_is_the_one_that_is_used() {
    let project = project();
    let cargo = project.read_to_string("host/Cargo.toml").unwrap();
    let (_, pinned) = cargo.split_once("wasmtime = { version = \"=").unwrap();
    let (pinned, _) = pinned.split_once('"').unwrap();
    for source in sources(&["host/src"]) {
        for (at, told) in source.text.match_indices("wasmtime 48.") {
            let rest = &source.text[at..];
            let whole = format!("wasmtime {pinned}");
            assert!(rest.starts_with(&whole), "{}: {told}", source.path);
        }
    }
}

#[test]
fn the_command_line_uses_the_public_api_only() {
    for source in sources(&["host/src/bin"]) {
        assert!(!source.text.contains("#[path"), "{}", source.path);
        assert!(!source.text.contains("include!("), "{}", source.path);
    }
}

/// Files that are longer because they are tables.
const TABLES: &[&str] = &[];

#[test]
fn no_file_is_longer_than_500_lines() {
    for source in sources(FOLDERS) {
        let lines = source.text.lines().count();
        assert!(
            lines <= 500 || TABLES.contains(&source.path.as_str()),
            "`{}` has {lines} lines: split it",
            source.path
        );
    }
}

#[test]
fn no_match_on_a_capability_has_an_arm_for_the_rest() {
    let mut looked_at = 0;
    for source in sources(&["host/src"]) {
        let code = source.code();
        let lines: Vec<&str> = code.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let arm = line.trim_start();
            if !(arm.starts_with("Capability::")
                || arm.starts_with("Self::") && source.path.ends_with("capability.rs"))
                || !arm.contains("=>")
            {
                continue;
            }
            looked_at += 1;
            let indent = line.len() - arm.len();
            // To the end of the match: the next line that is less indented.
            let rest = lines[number + 1..].iter();
            for other in
                rest.take_while(|l| l.is_empty() || l.len() - l.trim_start().len() >= indent)
            {
                let same = other.len() - other.trim_start().len() == indent;
                assert!(
                    !(same && other.trim_start().starts_with("_ ")),
                    "`{}` has `{}` beside `{arm}`",
                    source.path,
                    other.trim()
                );
            }
        }
    }
    assert!(looked_at >= 9, "{looked_at} arms were found");
}

/// The kinds of module that can ask for a capability.
fn kinds_with(capability: Capability) -> Vec<ModuleKind> {
    let all = ModuleKind::ALL.into_iter();
    all.filter(|kind| kind.may_ask_for().contains(&capability))
        .collect()
}

#[test]
fn a_capability_has_one_name_everywhere() {
    let project = project();
    let read = |path: &str| {
        project
            .read_to_string(path)
            .unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    for capability in Capability::ALL {
        let name = capability.name();
        let wit = read(&format!("wit/{name}.wit"));
        assert!(
            wit.contains(&format!("interface {name} {{")),
            "wit/{name}.wit"
        );
        assert_eq!(capability.interface(), format!("casemate:soc/{name}"));
        let file = name.replace('-', "_");
        let rust = read(&format!("host/src/sandbox/capability/{file}.rs"));
        assert!(
            rust.contains(&format!("impl {file}::Host for Run")),
            "{file}.rs"
        );
        let kinds = kinds_with(capability);
        assert!(!kinds.is_empty(), "{name} is in no world");
        for kind in ModuleKind::ALL {
            let world = read(&format!("wit/{kind}.wit"));
            let imports = world.contains(&format!("import {name};"));
            assert_eq!(
                imports,
                kinds.contains(&kind),
                "{name} in the world of a {kind}"
            );
        }
        // The boundary speaks of it by the same name; `memory` is a statement of its own there.
        let boundary = Bench::allowing();
        let stated =
            EnrichmentSource::parse(name).is_some() || boundary.contains(&format!("\n{name} = "));
        assert!(stated, "{name} is not in a boundary");
        if let Ok(readme) = project.read_to_string("README.md") {
            assert!(
                readme.contains(&format!("`{name}`")),
                "README.md does not speak of `{name}`"
            );
        }
    }
}

#[test]
fn every_interface_is_a_capability_or_part_of_every_world() {
    let known: BTreeSet<String> = Capability::ALL
        .into_iter()
        .map(|c| c.name().to_owned())
        .chain(["types".to_owned(), "log".to_owned()])
        .chain(ModuleKind::ALL.map(|kind| kind.word().to_owned()))
        .collect();
    let found = files(&["wit"]).into_iter().map(|path| {
        let file = path.rsplit('/').next().unwrap();
        file.strip_suffix(".wit").unwrap().to_owned()
    });
    assert_eq!(found.collect::<BTreeSet<_>>(), known);
    let below = files(&["host/src/sandbox/capability"])
        .into_iter()
        .map(|path| {
            let file = path.rsplit('/').next().unwrap();
            file.strip_suffix(".rs").unwrap().replace('_', "-")
        });
    let capabilities = Capability::ALL.into_iter().map(|c| c.name().to_owned());
    let want: BTreeSet<String> = capabilities
        .chain(["mod".to_owned(), "log".to_owned()])
        .collect();
    assert_eq!(below.collect::<BTreeSet<_>>(), want);
}

#[test]
fn every_field_is_in_the_contract_by_its_name() {
    let types = project().read_to_string("wit/types.wit").unwrap();
    let (_, list) = types.split_once("variant field {").unwrap();
    let (list, _) = list.split_once("\n    }").unwrap();
    let in_contract: BTreeSet<String> = list
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("///") && !line.is_empty())
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect();
    // Observables are a list of their own in a batch, and `other` is for later lists.
    let ours = Field::ALL
        .iter()
        .filter(|field| **field != Field::Observables);
    let ours: BTreeSet<String> = ours
        .map(|field| field.name().replace('.', "-"))
        .chain(["other(string)".to_owned()])
        .collect();
    assert_eq!(in_contract, ours);
}

#[test]
fn no_function_of_the_contract_can_name_a_tenant() {
    for path in files(&["wit"]) {
        let text = project().read_to_string(&path).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("///"))
        {
            for word in [
                "tenant",
                "path",
                "url",
                "token",
                "password",
                "secret",
                "credential",
            ] {
                let said = line.replace("process-path", "").replace("file-path", "");
                // The kinds of a field and of an observable, which carry no authority.
                let said = if said.trim() == "url," {
                    String::new()
                } else {
                    said
                };
                assert!(!said.contains(word), "{path}: {line}");
            }
        }
    }
}

#[test]
fn nothing_that_was_built_lies_in_the_tree() {
    for path in files(FOLDERS) {
        for ending in [".wasm", ".cwasm", ".redb", ".rlib", ".so", ".orig", ".rej"] {
            assert!(!path.ends_with(ending), "{path}");
        }
    }
}

#[test]
fn no_file_is_named_after_nothing() {
    const NAMES: &[&str] = &[
        "manager", "handler", "helper", "helpers", "util", "utils", "misc", "common", "core",
        "service", "context", "plugin",
    ];
    for path in files(FOLDERS) {
        let file = path.rsplit('/').next().unwrap();
        let stem = file.split('.').next().unwrap();
        for part in stem.split(['-', '_']) {
            assert!(!NAMES.contains(&part), "{path}");
        }
    }
}

#[test]
fn no_type_is_named_after_nothing() {
    for source in sources(FOLDERS) {
        for line in source.code().lines() {
            let declared = ["struct ", "enum ", "trait "].iter().find_map(|kind| {
                let (before, after) = line.split_once(kind)?;
                let plain = before.trim();
                (plain.is_empty() || plain.starts_with("pub")).then_some(after)
            });
            let Some(name) = declared else { continue };
            let name: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
            for ending in ["Manager", "Handler", "Helper", "Util", "Utils", "Service"] {
                assert!(!name.ends_with(ending), "{}: {line}", source.path);
            }
        }
    }
}

#[test]
fn a_lint_is_expected_with_a_reason_and_not_allowed() {
    for source in sources(FOLDERS) {
        if source.path == "tests/house.rs" {
            continue;
        }
        let code = source.code();
        for (at, _) in code.match_indices("[allow(") {
            let end = code[at..].find(")]").unwrap_or(0);
            assert!(code[at..at + end].contains("reason"), "{}", source.path);
        }
    }
}
