//! What is told of a module before it is granted, and of a new version of it.

use crate::support::{Built, PERSON, laden, made, of_text, open, said};
use casemate::model::Capability;
use casemate::sandbox::inspect::{Difference, Import, Inspection};
use serde_json::Value;
use std::path::Path;

/// A folder with a module's two files.
fn folder(at: &Path, name: &str, module: &Built) -> String {
    let folder = at.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, bytes) in [
        ("module.wasm", module.wasm.as_slice()),
        ("module.toml", module.toml.as_bytes()),
    ] {
        open(&folder).unwrap().write(file, bytes).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

#[test]
fn our_modules_are_looked_at_without_a_finding_and_say_what_they_import() {
    for (name, imports) in [
        ("grouper", Some(Capability::Memory)),
        ("assets", Some(Capability::Assets)),
        ("known-good", Some(Capability::KnownGood)),
        ("drafter", None),
    ] {
        let built = Built::read(name);
        let found = Inspection::of(&built.wasm, Some(&built.toml)).unwrap();
        assert_eq!(found.findings, [], "{name}");
        assert_eq!(found.digest, Some(built.digest()));
        let capabilities: Vec<_> = found.capabilities.iter().map(|c| c.capability).collect();
        assert_eq!(capabilities, imports.into_iter().collect::<Vec<_>>());
        let interface = found.imports.iter().find(|i| i.is.capability().is_some());
        assert_eq!(interface.and_then(|i| i.is.capability()), imports);
        assert!(found.imports.iter().all(|i| i.is != Import::Unknown));
        assert!(
            found.exports[0].functions[0]
                .as_str()
                .contains("func(as-of: instant")
        );
        assert!(found.contents.built_with().contains("wit-component"));
        assert!(Difference::between(&found, &found).formality);
    }
}

#[test]
fn the_command_line_looks_at_modules_compares_them_and_ends_by_what_it_found() {
    let (temp, home) = made();
    let (code, page, _) = said(&home, &["module", "inspect", "assets"]);
    assert_eq!(code, 0, "{page}");
    assert!(
        page.contains("casemate:soc/assets@0.1.0  capability `assets`"),
        "{page}"
    );
    assert!(
        page.contains("lookup: func(keys: list<string>) -> result<list<list<asset>>, refusal>")
    );
    let wasi = "(component (import \"wasi:cli/environment@0.2.0\" (instance)))";
    let wasi = folder(
        temp.path(),
        "wasi",
        &of_text("wasi", "enricher", "\"assets\"", wasi),
    );
    let (code, page, _) = said(&home, &["module", "inspect", &wasi]);
    assert!(
        code == 1 && page.contains("wasi-import") && page.contains("asks-more"),
        "{page}"
    );
    let (code, sarif, _) = said(&home, &["module", "inspect", &wasi, "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert!(code == 1 && sarif["runs"][0]["results"][0]["level"] == "error");
    let more = Built::read("drafter")
        .saying("kind = \"enricher\"", "kind = \"drafter\"")
        .saying("capabilities = [\"assets\"]", "capabilities = []");
    let more = folder(temp.path(), "more", &more);
    let wasm = format!("{more}/module.wasm");
    assert_eq!(said(&home, &["module", "inspect", &wasm]).0, 1);
    for (fail_on, want) in [("no-toolchain", 0), ("no-manifest,asks-more", 1)] {
        let drafter = folder(temp.path(), "plain", &Built::read("drafter"));
        std::fs::remove_file(format!("{drafter}/module.toml")).unwrap();
        let file = format!("{drafter}/module.wasm");
        let (code, _, err) = said(&home, &["module", "inspect", &file, "--fail-on", fail_on]);
        assert_eq!(code, want, "{fail_on} {err}");
    }
    let (code, _, err) = said(
        &home,
        &["module", "inspect", "assets", "--fail-on", "ask-more"],
    );
    assert!(
        code == 2 && err.contains("did you mean `asks-more`?"),
        "{err}"
    );
    let (code, _, err) = said(&home, &["module", "inspect", "asets"]);
    assert!(code == 2 && err.contains("did you mean `assets`?"), "{err}");

    let newer = Built::read("assets").saying("version = \"0.1.1\"", "version = \"0.1.0\"");
    let newer = folder(temp.path(), "newer", &newer);
    let (code, page, _) = said(&home, &["module", "diff", "assets", &newer]);
    assert!(code == 0 && page.contains("a formality"), "{page}");
    let (code, page, _) = said(&home, &["module", "diff", "drafter", &more]);
    assert!(
        code == 1 && page.contains("MORE  capability  assets"),
        "{page}"
    );
    assert!(page.contains("needs a fresh look"), "{page}");
}

#[test]
fn the_command_line_shows_a_grant_before_it_writes_it() {
    let (temp, home) = made();
    let (code, _, err) = said(
        &home,
        &["tenant", "add", "bolt-works", "--accountable", PERSON],
    );
    assert_eq!(code, 0, "{err}");
    let files = open(&home).unwrap();
    let before = files.read("grants.toml").unwrap();
    let grant = |more: &[&str]| {
        let all = [&["module", "grant", "assets", "--by", PERSON][..], more].concat();
        said(&home, &all)
    };
    let (code, page, err) = grant(&["--tenant", "bolt-works", "--memory-mib", "8", "--dry-run"]);
    assert!(
        code == 0 && page.contains("8 MiB") && page.contains("assets"),
        "{page} {err}"
    );
    assert!(err.contains("nothing was written"), "{err}");
    assert_eq!(files.read("grants.toml").unwrap(), before);
    let (code, _, err) = grant(&["--tenant", "bolt-work"]);
    assert!(
        code == 5 && err.contains("did you mean `bolt-works`?"),
        "{err}"
    );
    let (code, _, err) = grant(&["--tenant", "bolt-works", "--capability", "memory"]);
    assert!(
        code == 2 && err.contains("does not ask for capability `memory`"),
        "{err}"
    );
    assert_eq!(grant(&[]).0, 2);
    assert_eq!(grant(&["--all", "--tenant", "acme"]).0, 2);
    let stranger = [
        "module",
        "grant",
        "assets",
        "--all",
        "--by",
        "eve@elsewhere.example",
    ];
    assert_eq!(said(&home, &stranger).0, 2);
    assert_eq!(files.read("grants.toml").unwrap(), before);
    let (code, _, err) = grant(&["--all"]);
    assert_eq!(code, 0, "{err}");
    let (code, list, _) = said(&home, &["module", "grants", "--module", "assets"]);
    assert!(
        code == 0 && list.contains("all 2") && list.lines().count() == 2,
        "{list}"
    );
    let (_, list, _) = said(
        &home,
        &["module", "grants", "--module", "assets", "--history"],
    );
    assert!(list.contains("replaced for acme by line"), "{list}");
    let revoke = ["module", "revoke", "assets", "--all", "--by", PERSON];
    assert_eq!(said(&home, &revoke).0, 0);
    assert_eq!(said(&home, &revoke).0, 2);
    let (_, list, _) = said(&home, &["module", "grants", "--module", "assets"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    let (_, json, _) = said(
        &home,
        &["module", "grants", "--history", "--format", "json"],
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    let rows = json["grants"].as_array().unwrap();
    assert!(rows.iter().any(|r| r["withdrawn"] == true
        && r["in_effect_for"] == serde_json::json!(["acme", "bolt-works"])));

    // A word of another tenant, compiled into a module.
    let list = "tenants/bolt-works/knowledge/assets.csv";
    files.write(list, "name\nturbine-hall-3\n").unwrap();
    let word = "(component (core module (memory 1) (data (i32.const 0) \"see Turbine-Hall-3\")))";
    let ours = Built::read("drafter").saying("name = \"leaky\"", "name = \"drafter\"");
    let leaky = folder(temp.path(), "leaky", &laden(&ours, word));
    assert_eq!(said(&home, &["module", "add", &leaky]).0, 0);
    let grant = [
        "module",
        "grant",
        "leaky",
        "--tenant",
        "acme",
        "--by",
        PERSON,
        "--replaces",
        "drafter",
        "--dry-run",
    ];
    let (_, page, err) = said(&home, &grant);
    assert!(
        page.contains("tenant-data") && page.contains("`turbine-hall-3` of tenant `bolt-works`"),
        "{page} {err}"
    );
    assert!(page.contains("data segment 0 of core module"), "{page}");
}
