//! The command line as a user has it: its own process, killed, piped, wrongly called.

use crate::support::{AS_OF, Folder, casemate, made, ndjson, said, stream, written};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Placements and every case with its draft, as the command line shows them.
fn shown(home: &Path) -> (String, Vec<String>) {
    let (code, groups, _) = said(home, &["group", "--tenant", "acme", "--format", "csv"]);
    assert_eq!(code, 0);
    let (_, queue, _) = said(home, &["queue", "--tenant", "acme", "--format", "json"]);
    let queue: serde_json::Value = serde_json::from_str(&queue).unwrap();
    let rows =
        ["cases", "known_good"].map(|rows| queue["queues"][0][rows].as_array().unwrap().clone());
    let case = |row: &serde_json::Value| {
        let (code, file, _) = said(
            home,
            &[
                "case",
                "show",
                &format!("acme/{}", row["case"]),
                "--format",
                "json",
            ],
        );
        assert_eq!(code, 0);
        file
    };
    (groups, rows.concat().iter().map(case).collect())
}

fn killed_after(mut child: Child, wait: Duration) -> bool {
    std::thread::sleep(wait);
    let was_running = child.try_wait().unwrap().is_none();
    // SIGKILL; one that has just ended by itself is no failure.
    let _ = child.kill();
    child.wait().unwrap();
    was_running
}

#[test]
fn killed_at_any_moment_and_called_again_it_ends_as_undisturbed() {
    let lines = ndjson(&stream(3_000, 7));
    let (folder, undisturbed) = made();
    let file = written(&folder, "alerts.ndjson", &lines);
    let run = ["run", "--tenant", "acme", "--as-of", AS_OF, &file];
    let begun = std::time::Instant::now();
    let (code, _, stderr) = said(&undisturbed, &run);
    let whole = begun.elapsed();
    assert_eq!(code, 0, "{stderr}");
    let want = shown(&undisturbed);
    assert!(want.1.iter().any(|case| case.contains("\"sentences\"")));
    let (_other, disturbed) = made();
    let mut killed = 0;
    for part in 1..=8_u32 {
        let child = casemate(&disturbed, &run).spawn().unwrap();
        killed += u32::from(killed_after(child, whole * part / 10));
    }
    assert!(killed >= 1, "none of 8 was killed before it ended");
    let (code, _, stderr) = said(&disturbed, &run);
    assert_eq!(code, 0, "{stderr}");
    let got = shown(&disturbed);
    assert_eq!(got.0, want.0, "placements");
    assert_eq!(got.1, want.1, "cases and drafts");
    let (code, findings, _) = said(&disturbed, &["doctor"]);
    assert_eq!(code, 0, "{findings}");
}

#[test]
fn each_way_to_end_has_its_own_code() {
    let (folder, home) = made();
    let missing = folder.path().join("nowhere");
    assert_eq!(said(&missing, &["queue"]).0, 5);
    assert_eq!(said(&home, &["queue", "--tenant", "nobody"]).0, 5);
    assert_eq!(said(&home, &["run", "--tenant", "Not An Id"]).0, 2);
    assert_eq!(said(&home, &["case", "show", "acme"]).0, 2);
    let rejects = written(&folder, "broken.ndjson", b"{\"a\":1}\n");
    assert_eq!(said(&home, &["run", "--tenant", "acme", &rejects]).0, 1);
    let boundary = home.join("tenants/acme/boundary.toml");
    std::fs::File::options()
        .write(true)
        .truncate(true)
        .open(&boundary)
        .unwrap()
        .write_all(b"version = 1\n")
        .unwrap();
    let (code, _, stderr) = said(&home, &["run", "--tenant", "acme", &rejects]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("boundary.toml:1:1"), "{stderr}");
    assert_eq!(said(&home, &["boundary", "check"]).0, 1);
}

#[test]
fn a_tenant_that_is_being_written_is_to_be_tried_again_and_can_be_read() {
    let (_folder, home) = made();
    let mut writer = casemate(&home, &["run", "--tenant", "acme"]);
    let mut writer = writer.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = writer.stdin.take().unwrap();
    input.write_all(&ndjson(&stream(600, 3))).unwrap();
    input.flush().unwrap();
    let second = || said(&home, &["run", "--tenant", "acme", "--format", "json"]);
    let waited = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let (code, _, stderr) = second();
        (code == 75).then_some(stderr)
    });
    assert!(
        waited
            .unwrap()
            .contains("is being written by another process")
    );
    assert_eq!(said(&home, &["queue"]).0, 0);
    drop(input);
    assert!(writer.wait_with_output().unwrap().status.success());
    assert_eq!(second().0, 0);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(3_000, 9)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let mut child = casemate(&home, &["group", "--tenant", "acme", "--format", "csv"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn machine_output_names_its_schema_and_has_no_colour() {
    let (_folder, home) = made();
    for (arguments, schema) in [
        (&["queue"][..], "casemate.queue/v1"),
        (&["module", "list"], "casemate.modules/v1"),
        (&["boundary", "check"], "casemate.boundaries/v1"),
        (&["doctor"], "casemate.doctor/v1"),
        (&["tenant", "list"], "casemate.tenants/v1"),
    ] {
        let (_, stdout, _) = said(&home, &[arguments, &["--format", "json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["schema"], schema);
        assert!(!said(&home, arguments).1.contains('\u{1b}'));
    }
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, stderr) = said(folder.path(), &["completions", shell]);
        assert_eq!(code, 0, "{shell}: {stderr}");
        for word in ["boundary", "doctor", "pooled-memory", "as-of"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(said(folder.path(), &["completions", "tcsh"]).0, 2);
}

#[test]
fn every_command_has_a_manual_page_that_is_one() {
    let folder = Folder::new();
    let pages = folder.path().join("man");
    let (code, _, stderr) = said(folder.path(), &["man", pages.to_str().unwrap()]);
    assert_eq!(code, 0, "{stderr}");
    let names: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in [
        "casemate.1",
        "casemate-run.1",
        "casemate-case-show.1",
        "casemate-module-grant.1",
    ] {
        assert!(
            names.iter().any(|n| n == name),
            "{name} is not in {names:?}"
        );
    }
    // Where there is a checker of pages, it has nothing to say.
    let checker = |name: &str| match name {
        "groff" => ["-man", "-ww", "-z", "-Tutf8"].as_slice(),
        _ => ["-T", "lint", "-W", "error"].as_slice(),
    };
    for program in ["groff", "mandoc"] {
        for name in &names {
            let mut command = Command::new(program);
            match command
                .args(checker(program))
                .arg(pages.join(name))
                .output()
            {
                Ok(told) => {
                    let said = String::from_utf8_lossy(&told.stderr).into_owned();
                    assert!(told.status.success() && said.is_empty(), "{name}: {said}");
                }
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
            }
        }
    }
}

#[test]
fn doctor_says_what_is_to_be_done_where_something_is_wrong() {
    let (_folder, home) = made();
    let (code, said_of, _) = said(&home, &["doctor", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&said_of).unwrap();
    let state = |found: &serde_json::Value, what: &str| {
        let all = found["findings"].as_array().unwrap().clone();
        let mut of = all.into_iter().filter(|f| f["what"] == what);
        of.next()
            .unwrap_or_else(|| panic!("nothing of `{what}` in {found}"))["state"]
            .clone()
    };
    for what in [
        "host",
        "advisories",
        "home",
        "writable",
        "disk",
        "clock",
        "files",
        "memory",
    ] {
        assert_eq!(state(&found, what), "ok", "{what}");
    }
    assert_eq!(code, 0);
    assert!(
        said_of.contains("rustc ") && said_of.contains("wasmtime "),
        "{said_of}"
    );
    let (code, pooled, _) = said(&home, &["doctor", "--pooled-memory"]);
    assert_eq!(code, 1);
    assert!(
        pooled.contains("attention") && pooled.contains("--pooled-memory"),
        "{pooled}"
    );
    let nowhere = home.join("nowhere");
    let (code, none, _) = said(&nowhere, &["doctor"]);
    assert_eq!(code, 1);
    assert!(none.contains("casemate init"), "{none}");
}
