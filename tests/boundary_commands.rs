//! Boundaries on the command line: explained, compared, applied, and met with what was meant.

use crate::boundaries::{DEFAULTS, edited, without_memory};
use crate::support::{
    Bench, Finding, Folder, PERSON, casemate, made, ndjson, said, tenant, written,
};
use casemate::boundary::{Applications, Defaults, Rollout};
use serde_json::Value;

#[test]
fn defaults_that_do_not_hold_stop_every_tenant_and_are_told_once() {
    let (folder, home) = made();
    let add = ["tenant", "add", "bolt", "--accountable", PERSON];
    assert_eq!(said(&home, &add).0, 0);
    edited(&home, Defaults::FILE, "version = 1\nmemry = true\n");
    let file = written(&folder, "a.ndjson", &ndjson([&Finding::new("1", "r", "h")]));
    for id in ["acme", "bolt"] {
        let (code, _, err) = said(&home, &["run", "--tenant", id, &file]);
        assert_eq!(code, 3, "{err}");
        assert!(
            err.contains("defaults/boundary.toml:1:1: `fields` is missing"),
            "{err}"
        );
    }
    let (code, out, _) = said(&home, &["boundary", "check"]);
    assert_eq!(code, 1);
    assert_eq!(out.matches("unknown key `memry`").count(), 1, "{out}");
    assert_eq!(out.matches("see the defaults").count(), 2, "{out}");
    let (code, out, _) = said(&home, &["doctor"]);
    assert_eq!(code, 1);
    assert_eq!(out.matches("do not hold").count(), 1, "{out}");
    // What decides who has others first counts as much.
    edited(&home, Defaults::FILE, DEFAULTS);
    assert_eq!(said(&home, &["boundary", "check"]).0, 0);
    edited(&home, Rollout::FILE, "version = 1\n");
    let (code, _, err) = said(&home, &["run", "--tenant", "acme", &file]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("defaults/rollout.toml:1:1"), "{err}");
    // Applying defaults for all mends it.
    let path = written(&folder, "defaults.toml", DEFAULTS.as_bytes());
    let apply = ["boundary", "apply", &path, "--defaults", "--by", PERSON];
    let (code, _, err) = said(&home, &apply);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = said(&home, &["run", "--tenant", "acme", &file]);
    assert!(code <= 1, "{err}");
}

#[test]
fn the_command_line_compares_applies_and_explains() {
    let (folder, home) = made();
    let text = Bench::allowing().replace("\"process\",", "");
    let path = written(&folder, "acme.toml", text.as_bytes());
    let diff = ["boundary", "diff", "--tenant", "acme", &path];
    let (code, out, err) = said(&home, &diff);
    assert_eq!(code, 1, "{err}");
    assert!(
        out.contains("MORE   fields for modules: message: visible"),
        "{out}"
    );
    assert!(
        out.contains("LESS   fields for modules: process.name"),
        "{out}"
    );
    let apply = [
        "boundary", "apply", &path, "--tenant", "acme", "--by", PERSON,
    ];
    let dry = [&apply[..], &["--dry-run"]].concat();
    assert_eq!(said(&home, &dry).0, 0);
    assert_eq!(said(&home, &diff).0, 1, "nothing was done");
    let (code, out, err) = said(&home, &apply);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("LESS ") && err.contains("its trail says"),
        "{out}{err}"
    );
    assert_eq!(said(&home, &diff).0, 0, "nothing to change any more");
    let defaults = format!(
        "{DEFAULTS}\n[widen]\nmemory = true\n[[exclusions]]\nclause = \"house rule 4\"\ndeny = [\"url\"]\nuntil = 2026-01-31\n"
    );
    let defaults = defaults.replace("exclusions = []\n", "");
    let path = written(&folder, "defaults.toml", defaults.as_bytes());
    let apply = ["boundary", "apply", &path, "--defaults", "--by", PERSON];
    let (code, out, err) = said(&home, &apply);
    assert_eq!(code, 0, "{out}{err}");
    let explain = [
        "boundary", "explain", "--tenant", "acme", "--module", "grouper",
    ];
    let (code, out, err) = said(&home, &explain);
    assert_eq!(code, 0, "{err}");
    let has = |line: &[&str]| {
        out.lines()
            .any(|l| line.iter().all(|word| l.contains(word)))
    };
    assert!(
        has(&[
            "capability memory",
            "allowed",
            "with defaults/boundary.toml:"
        ]),
        "{out}"
    );
    assert!(has(&["house rule 4", "url", "2026-01-31", "over"]), "{out}");
    assert!(
        has(&["field process.name", "withheld", "boundary.toml:10"]),
        "{out}"
    );
    let then = [&explain[..], &["--as-of", "2026-01-15", "--format", "json"]].concat();
    let (_, out, _) = said(&home, &then);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["schema"], "casemate.boundary-explained/v1");
    assert_eq!(report["exclusions"][0]["in_force"], true);
    let lines = report["lines"].as_array().unwrap();
    let url = lines
        .iter()
        .find(|line| line["subject"] == "field url")
        .unwrap();
    assert_eq!(url["by"]["clause"], "house rule 4");
    assert_eq!(url["by"]["file"], "defaults/boundary.toml");
    let (code, out, _) = said(&home, &["boundary", "fields"]);
    assert!(code == 0 && out.contains("source.ip"), "{out}");
    assert_eq!(said(&home, &["doctor"]).0, 0);
}

#[test]
fn a_slip_on_the_command_line_is_met_with_what_was_meant() {
    let (folder, home) = made();
    let path = written(&folder, "d.toml", Bench::allowing().as_bytes());
    for (arguments, code, words) in [
        (
            &["boundary", "explain", "--tenant", "acmee"][..],
            5,
            "did you mean `acme`?",
        ),
        (
            &["boundary", "check", "--tenant", "amce"],
            5,
            "did you mean `acme`?",
        ),
        (
            &["boundary", "diff", "--tenant", "acm", &path],
            5,
            "did you mean `acme`?",
        ),
        (
            &[
                "boundary", "explain", "--tenant", "acme", "--module", "gruoper",
            ],
            2,
            "did you mean `grouper`?",
        ),
        (
            &[
                "boundary", "apply", &path, "--tenant", "acme", "--by", "eve@x",
            ],
            3,
            "no person of `roster.toml`",
        ),
        // A tenant's own file is no file of defaults.
        (
            &["boundary", "diff", "--defaults", &path],
            2,
            "`accountable` is a tenant's own",
        ),
        (&["boundary", "diff", &path], 2, "--tenant"),
        (
            &["boundary", "diff", "--tenant", "acme", "/nowhere"],
            5,
            "/nowhere",
        ),
    ] {
        let (was, _, err) = said(&home, arguments);
        assert_eq!(was, code, "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
    let two = [
        "boundary", "apply", &path, "--tenant", "acme", "--tenant", "acme", "--by", PERSON,
    ];
    let (code, _, err) = said(&home, &two);
    assert!(code == 2 && err.contains("name one tenant"), "{err}");
}

#[test]
fn a_file_of_any_kind_is_an_error_that_says_so() {
    let (folder, home) = made();
    let binary = written(&folder, "binary", &[0xff, 0xfe, 0, 1]);
    let huge = written(&folder, "huge", &vec![b'#'; 5 << 20]);
    for path in [&binary, &huge] {
        let (code, _, err) = said(&home, &["boundary", "diff", "--tenant", "acme", path]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(path.as_str()) && err.len() < 500, "{err}");
    }
    // Whoever reads the difference may go away; what it says was applied is applied.
    let text = written(&folder, "acme.toml", without_memory().as_bytes());
    let apply = [
        "boundary", "apply", &text, "--tenant", "acme", "--by", PERSON,
    ];
    let mut child = casemate(&home, &apply).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    let applied = home.join(Applications::FILE).exists();
    assert_eq!(err.contains("applied to tenant"), applied, "{err}");
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn a_home_that_cannot_be_written_is_compared_and_not_changed() {
    let bench = Bench::ordinary(&["acme"]);
    let file = written(bench.folder(), "new.toml", without_memory().as_bytes());
    let mount = |arguments: &[&str]| {
        let done = std::process::Command::new("mount").args(arguments).output();
        done.is_ok_and(|output| output.status.success())
    };
    let at = Folder::new();
    let (from, to) = (bench.path().to_str().unwrap(), at.path().to_str().unwrap());
    if !mount(&["--bind", from, to]) || !mount(&["-o", "remount,ro,bind", to]) {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("skipped: this account may not mount a folder read-only");
        }
        return;
    }
    let diff = said(at.path(), &["boundary", "diff", "--tenant", "acme", &file]);
    let apply = [
        "boundary", "apply", &file, "--tenant", "acme", "--by", PERSON,
    ];
    let applied = said(at.path(), &apply);
    let unmounted = std::process::Command::new("umount").arg(to).status();
    assert!(unmounted.unwrap().success());
    assert_eq!(diff.0, 1, "{}", diff.2);
    assert_eq!(applied.0, 5, "{}", applied.2);
    assert!(applied.2.contains("Read-only"), "{}", applied.2);
    let scope = bench.home().tenant(&tenant("acme")).unwrap();
    assert_eq!(scope.boundary().unwrap().unwrap(), Bench::allowing());
}
