//! What an author of a module has: begin one outside this tree, build it, run it in the sandbox, grant
//! it to some tenants, and let somebody else rebuild it. Through the program, as a user has it.
#![expect(
    clippy::disallowed_methods,
    reason = "what a person or a broken disk does to files, the tests do"
)]

use crate::support::{Folder, made, said, written};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where modules are compiled here: beside those of the tree, whose dependencies are built already.
fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// The program in a folder: its exit code and what it said.
fn in_folder(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_casemate"))
        .env("CARGO_TARGET_DIR", target())
        .env_remove("CASEMATE_HOME")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn begin(folder: &Path, kind: &str, name: &str) {
    let (code, _, stderr) = in_folder(folder, &["module", "new", "--kind", kind, name]);
    assert_eq!(code, 0, "{stderr}");
}

/// Each check of a test with its verdict.
fn verdicts(report: &Value) -> Vec<(String, String)> {
    let checks = report["checks"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks
        .map(|check| (text(&check["check"]), text(&check["verdict"])))
        .collect()
}

fn change(file: &Path, this: &str, instead_of: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(instead_of), "{text}");
    std::fs::write(file, text.replace(instead_of, this)).unwrap();
}

#[test]
fn a_new_module_of_each_kind_passes_its_own_test_and_one_that_is_changed_does_not() {
    let folder = Folder::new();
    for kind in ["grouper", "enricher", "drafter"] {
        let name = format!("mine-{kind}");
        begin(folder.path(), kind, &name);
        let test = ["module", "test", &name, "--format", "json"];
        let (code, stdout, stderr) = in_folder(folder.path(), &test);
        assert_eq!(code, 0, "{stdout}{stderr}");
        let report = json(&stdout);
        assert_eq!(report["schema"], "casemate.module-test/v1");
        assert_eq!(report["kind"], kind);
        assert!(!report["answers"].as_array().unwrap().is_empty());
        for (check, verdict) in verdicts(&report) {
            assert_eq!(verdict, "passed", "{kind}: {check}");
        }
        let (again, _, _) = in_folder(folder.path(), &["module", "new", "--kind", kind, &name]);
        assert_ne!(again, 0, "what is there was overwritten");
    }

    // Asks for more than it calls, says something else, and places by where the stream is cut.
    let enricher = folder.path().join("mine-enricher");
    change(
        &enricher.join("module.toml"),
        "[\"assets\", \"known-good\"]",
        "[\"assets\"]",
    );
    change(
        &enricher.join("src/lib.rs"),
        "has criticality",
        "is of criticality",
    );
    let test = ["module", "test", "mine-enricher", "--format", "json"];
    let (code, stdout, _) = in_folder(folder.path(), &test);
    assert_eq!(code, 1);
    let report = json(&stdout);
    assert_eq!(
        report["asked"]["not_imported"],
        serde_json::json!(["known-good"])
    );
    let not_passed: Vec<_> = verdicts(&report)
        .into_iter()
        .filter(|(_, verdict)| verdict != "passed")
        .collect();
    let said = |check: &str, verdict: &str| (check.to_owned(), verdict.to_owned());
    assert_eq!(
        not_passed,
        [
            said("it asks for nothing that it does not import", "warned"),
            said("its answers are those of expected.json", "failed"),
        ]
    );

    // One that forgets what it knew groups by where the stream is cut.
    let grouper = folder.path().join("mine-grouper/src/lib.rs");
    change(
        &grouper,
        "notes: notes.take(0).collect()",
        "notes: notes.collect()",
    );
    let test = ["module", "test", "mine-grouper", "--format", "json"];
    let (code, stdout, _) = in_folder(folder.path(), &test);
    assert_eq!(code, 1);
    let cut = said("it makes no difference where the stream is cut", "failed");
    assert!(verdicts(&json(&stdout)).contains(&cut), "{stdout}");
}

#[test]
fn a_module_from_outside_runs_for_the_tenants_it_is_granted_to_and_is_in_the_drafts_of_no_other() {
    let (folder, home) = made();
    let path = folder.path();
    begin(path, "enricher", "web-site");
    let (code, stdout, stderr) = in_folder(path, &["module", "build", "web-site"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("asks for  assets"), "{stdout}");
    let built = path.join("web-site/target/module/web-site");
    let call = |arguments: &[&str]| {
        let (code, stdout, stderr) = said(&home, arguments);
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        stdout
    };
    call(&["module", "add", built.to_str().unwrap()]);
    let person = "ada@mssp.example";
    for tenant in ["globex", "initech"] {
        call(&[
            "tenant",
            "add",
            tenant,
            "--accountable",
            person,
            "--grant-modules",
        ]);
    }
    call(&[
        "module", "revoke", "web-site", "--tenant", "globex", "--by", person,
    ]);
    call(&[
        "module", "grant", "web-site", "--tenant", "acme", "--by", person,
    ]);
    let alerts = std::fs::read(path.join("web-site/samples/alerts.ndjson")).unwrap();
    let alerts = written(&folder, "alerts.ndjson", &alerts);
    for (tenant, sees) in [("acme", true), ("globex", false), ("initech", true)] {
        let assets = path.join("web-site/samples/assets.csv");
        let knowledge = home
            .join("tenants")
            .join(tenant)
            .join("knowledge/assets.csv");
        std::fs::copy(assets, knowledge).unwrap();
        // A module that was withdrawn is told, and nothing else is wrong.
        let (code, _, stderr) = said(&home, &["run", "--tenant", tenant, &alerts]);
        assert_eq!(code, i32::from(!sees), "{tenant}: {stderr}");
        let case = call(&["case", "show", &format!("{tenant}/1")]);
        assert_eq!(
            case.contains("is of criticality “high”"),
            sees,
            "{tenant}: {case}"
        );
    }
}

#[test]
fn the_same_source_gives_the_same_bytes_in_another_folder_and_other_source_is_told_from_it() {
    let folder = Folder::new();
    let deep = folder.path().join("a folder/with a/longer name");
    std::fs::create_dir_all(&deep).unwrap();
    begin(folder.path(), "drafter", "mine-twice");
    begin(&deep, "drafter", "mine-twice");
    let build = |folder: &Path| {
        let arguments = ["module", "build", "mine-twice", "--format", "json"];
        let (code, stdout, stderr) = in_folder(folder, &arguments);
        assert_eq!(code, 0, "{stderr}");
        json(&stdout)
    };
    let (one, other) = (build(folder.path()), build(&deep));
    assert_ne!(one["folder"], other["folder"]);
    for same in ["digest", "component_sha256", "component_bytes", "compiler"] {
        assert_eq!(one[same], other[same], "{same}");
    }
    let component = folder
        .path()
        .join("mine-twice/target/module/mine-twice/module.wasm");
    let bytes = std::fs::read(&component).unwrap();
    for place in [folder.path(), &target()] {
        let place = place.to_str().unwrap();
        assert!(!crate::support::contains(&bytes, place), "{place} is in it");
    }

    let against = component.parent().unwrap().to_str().unwrap();
    let verify = |against: &str| {
        let arguments = ["module", "verify-build", "mine-twice", "--against", against];
        in_folder(&deep, &[&arguments[..], &["--format", "json"]].concat())
    };
    for same in [
        against,
        component.to_str().unwrap(),
        one["digest"].as_str().unwrap(),
    ] {
        let (code, stdout, stderr) = verify(same);
        assert_eq!(code, 0, "{same}: {stdout}{stderr}");
        assert_eq!(json(&stdout)["same"], true);
    }
    let source = deep.join("mine-twice/src/lib.rs");
    change(&source, "unknown: {}", "Not known: {}");
    let (code, stdout, _) = verify(against);
    assert_eq!(code, 4);
    let differences = json(&stdout)["differences"].to_string();
    assert!(differences.contains("core module 1, data"), "{differences}");
    assert!(!differences.contains("made by"), "{differences}");
    assert_eq!(verify("sha256:12").0, 2);
    assert_eq!(verify("no such thing").0, 2);
}

#[test]
fn a_modules_panic_is_shown_to_its_author_with_its_message() {
    let folder = Folder::new();
    begin(folder.path(), "enricher", "mine-panics");
    let source = folder.path().join("mine-panics/src/lib.rs");
    change(
        &source,
        "let host = alert.get(Field::HostName);\n        assert!(host != \"ws-12\", \"no workstations here\");",
        "let host = alert.get(Field::HostName);",
    );
    let (code, stdout, _) = in_folder(folder.path(), &["module", "test", "mine-panics"]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("no workstations here"), "{stdout}");
    let (code, stdout, stderr) = in_folder(folder.path(), &["module", "run", "mine-panics"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("no workstations here"), "{stderr}");
    let (code, _, stderr) = in_folder(
        folder.path(),
        &["module", "bench", "mine-panics", "--runs", "1"],
    );
    assert_eq!(code, 1, "{stderr}");
}
