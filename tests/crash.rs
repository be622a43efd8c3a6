//! One call of the system fails in a real process: nothing acknowledged is lost, the process says so,
//! and once all is taken in the groups are those of an undisturbed run.

use crate::support::{AS_OF, Folder, casemate, made, ndjson, said, stream, written};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const ALERTS: usize = 2_600;

/// Whether calls can be made to fail here.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "whoever runs the tests says whether they may be passed over, and should know"
)]
fn has_strace() -> bool {
    let found = Command::new("strace").arg("-V").output();
    let is_here = found.is_ok_and(|output| output.status.success());
    let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(
        is_here || !is_ci,
        "strace is missing: `.ci/strace` installs it"
    );
    if !is_here {
        eprintln!("skipped: strace is missing");
    }
    is_here
}

/// A run under strace: its exit code and what it said on standard error.
fn traced(home: &Path, file: &str, options: &[&str]) -> (i32, String) {
    let program = casemate(home, &["run", "--tenant", "acme"]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q"]).args(options);
    strace.arg(program.get_program()).args(program.get_args());
    let output = strace
        .args(["--as-of", AS_OF, file])
        .env_remove("CASEMATE_HOME")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), err)
}

/// How often an undisturbed run makes this call.
fn count(folder: &Folder, home: &Path, file: &str, call: &str) -> u64 {
    let name = format!("calls-{call}");
    let calls = folder.path().join(&name);
    let (trace, to) = (format!("trace={call}"), calls.to_str().unwrap());
    let (code, err) = traced(home, file, &["-e", &trace, "-o", to]);
    assert_eq!(code, 0, "{err}");
    let calls = folder.dir().read_to_string(name).unwrap();
    let made = calls.lines().filter(|line| line.contains(call));
    made.filter(|line| !line.contains("resumed")).count() as u64
}

fn groups(home: &Path) -> String {
    let (code, csv, err) = said(home, &["group", "--tenant", "acme", "--format", "csv"]);
    assert_eq!(code, 0, "{err}");
    csv
}

/// Lets the call fail at these parts of a run, in thousandths, and checks what is left each time.
fn ends_as_undisturbed(call: &str, error: &str, parts: &[u64]) {
    if !has_strace() {
        return;
    }
    let (folder, undisturbed) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(ALERTS, 5)));
    let calls = count(&folder, &undisturbed, &file, call);
    let whole = groups(&undisturbed);
    for part in parts {
        let (_folder, home) = made();
        let when = (calls * part / 1_000).max(1);
        let inject = format!("inject={call}:error={error}:when={when}");
        let trace = format!("trace={call}");
        let options = ["-e", &trace, "-e", &inject, "-o", "/dev/null"];
        let (code, err) = traced(&home, &file, &options);
        let at = format!("{call} {when} of {calls} fails with {error}, code {code}: {err}");
        assert!(matches!(code, 0 | 5), "{at}");
        // What it took in is there before anything comes again.
        let (_, before, _) = said(&home, &["group", "--tenant", "acme", "--format", "csv"]);
        for line in before.lines() {
            assert!(
                whole.contains(line),
                "{line} is in no undisturbed run: {at}"
            );
        }
        let (again, _, err) = said(&home, &["run", "--tenant", "acme", "--as-of", AS_OF, &file]);
        assert_eq!(again, 0, "{err}\nafter {at}");
        assert!(groups(&home) == whole, "other groups after {at}");
        let (retried, _, err) = said(&home, &["quarantine", "retry"]);
        assert_eq!(retried, 0, "{err}\nafter {at}");
        assert!(groups(&home) == whole, "other groups, retried after {at}");
        let (sound, findings, _) = said(&home, &["doctor"]);
        assert_eq!(sound, 0, "{findings}\nafter {at}");
    }
}

#[test]
fn a_failed_write_loses_nothing_and_changes_no_group() {
    ends_as_undisturbed("pwrite64", "EIO", &[20, 120, 200]);
}

#[test]
fn a_full_disk_changes_no_group() {
    ends_as_undisturbed("pwrite64", "ENOSPC", &[80, 160, 500]);
}

#[test]
fn a_failed_sync_loses_nothing_and_changes_no_group() {
    ends_as_undisturbed("fdatasync", "EIO", &[200, 280, 340]);
}

#[test]
fn a_failed_sync_of_a_folder_loses_nothing_and_changes_no_group() {
    ends_as_undisturbed("fsync", "EIO", &[300, 700]);
}

#[test]
fn a_failed_rename_loses_nothing_and_changes_no_group() {
    ends_as_undisturbed("renameat", "EIO", &[400, 900]);
}

#[test]
fn a_tenant_whose_sync_failed_takes_nothing_in_until_the_next_process() {
    if !has_strace() {
        return;
    }
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(ALERTS, 5)));
    // From the first batch on every sync of the store fails.
    let inject = "inject=fdatasync:error=EIO:when=30+";
    let options = ["-e", "trace=fdatasync", "-e", inject, "-o", "/dev/null"];
    let (code, err) = traced(&home, &file, &options);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("error"), "{err}");
    assert_eq!(
        said(&home, &["run", "--tenant", "acme", "--as-of", AS_OF, &file]).0,
        0
    );
}

#[test]
fn a_run_whose_end_cannot_be_signed_does_not_end_with_zero_and_loses_nothing() {
    let (folder, home) = made();
    let lines = ndjson(&stream(600, 5));
    let mut run = casemate(&home, &["run", "--tenant", "acme", "--as-of", AS_OF]);
    let run = run.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut run = run.spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&lines).unwrap();
    input.flush().unwrap();
    // It works: its head is there. Then nothing can be kept beside it any more.
    let (heads, aside) = (home.join("heads"), home.join("heads.aside"));
    let begun = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        heads.join("acme").is_file()
    });
    assert!(begun);
    std::fs::rename(&heads, &aside).unwrap();
    std::fs::write(&heads, "no folder").unwrap();
    drop(input);
    let output = run.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{err}");
    assert!(err.contains("heads/acme"), "{err}");
    std::fs::remove_file(&heads).unwrap();
    std::fs::rename(&aside, &heads).unwrap();
    let file = written(&folder, "alerts.ndjson", &lines);
    let (code, _, err) = said(&home, &["run", "--tenant", "acme", "--as-of", AS_OF, &file]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(groups(&home).lines().count(), 601);
    let (code, findings, _) = said(&home, &["doctor"]);
    assert_eq!(code, 0, "{findings}");
}
