//! Disks that are full or rotten: an error that says where and what to do, the right exit code,
//! nothing acknowledged lost, and never a panic across the library's edge.

use crate::support::{
    Bench, Folder, NOW, Numbers, casemate, made, ndjson, said, start, stream, tenant, written,
};
use casemate::store::{StoreError, View};
use casemate::triage::NotStarted;
use casemate::triage::intake::From;
use std::path::Path;
use std::process::Command;

/// Reads all that a store holds.
fn read_all(view: &View) -> Result<(), StoreError> {
    let alerts = view.alert_count()?.min(10_000);
    view.alerts(1, alerts)?;
    view.placements(1, alerts)?;
    for number in 1..=alerts {
        view.bytes(number)?;
    }
    for row in view.groups()? {
        view.members(row.group.number)?;
        view.enrichments(row.group.number)?;
    }
    for case in view.cases()? {
        view.draft(case.number)?;
    }
    view.rejects()?;
    view.notices()?;
    view.boundary_digest()?;
    view.deletions().map(drop)
}

fn is_known(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Damaged { .. }
            | StoreError::Record { .. }
            | StoreError::NotSealed { .. }
            | StoreError::NotInVault { .. }
            | StoreError::OtherKey { .. }
            | StoreError::Database { .. }
            | StoreError::OldStore { .. }
            | StoreError::NewerStore { .. }
    )
}

#[test]
fn a_rotten_store_is_an_error_and_no_panic() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    let input = ndjson(&stream(200, 5));
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    session.draft().unwrap();
    drop(session);
    let folder = bench.folder().dir();
    let path = "tenants/acme/store.redb";
    let sound = folder.read(path).unwrap();
    let mut numbers = Numbers(11);
    let mut damaged = 0;
    for round in 0..60 {
        let mut bytes = sound.clone();
        let at = numbers.below(bytes.len() as u64) as usize;
        let page = at & !4095;
        let end = (page + 4096).min(bytes.len());
        match round % 4 {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[page..end].fill(0),
            2 => bytes[page..end].fill_with(|| numbers.below(256) as u8),
            _ => bytes.truncate(at),
        }
        folder.write(path, &bytes).unwrap();
        let read = casemate.view(&acme).and_then(|view| match view {
            Some(view) => read_all(&view),
            None => Ok(()),
        });
        if let Err(error) = &read {
            assert!(is_known(error), "{error}");
            assert!(error.to_string().contains(path), "{error}");
            let is_damage = error.kind() == casemate::ErrorKind::Integrity;
            damaged += usize::from(is_damage);
        }
        folder.write(path, &bytes).unwrap();
        match casemate.start(&acme, NOW) {
            Ok(mut session) => {
                let more = ndjson(&stream(220, 5));
                let _ = session.submit(more.as_slice(), From::Auto, "test");
            }
            Err(NotStarted::Store(error)) => assert!(is_known(&error), "{error}"),
            Err(NotStarted::Trail { .. }) => (),
            Err(error) => panic!("{error}"),
        }
        // The trail of such a start is not the one that goes with the sound store.
        folder.write(path, &sound).unwrap();
    }
    assert!(damaged > 10, "{damaged} of 60 were found");
}

#[test]
fn a_store_cut_short_is_damage_with_a_way_out() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(300, 5)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let store = home.join("tenants/acme/store.redb");
    let store = std::fs::File::options().write(true).open(store).unwrap();
    store.set_len(50_000).unwrap();
    for arguments in [&["queue"][..], &["run", "--tenant", "acme", &file]] {
        let (code, _, err) = said(&home, arguments);
        assert_eq!(code, 4, "{err}");
        assert!(err.contains("tenants/acme/store.redb"), "{err}");
        assert!(err.contains("restore the tenant from a backup"), "{err}");
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged_and_it_goes_on_later() {
    let (folder, home) = made();
    let first = written(&folder, "first.ndjson", &ndjson(&stream(300, 5)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &first]).0, 0);
    let all = written(&folder, "all.ndjson", &ndjson(&stream(6_000, 5)));
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    let largest = size(&home.join("tenants/acme/store.redb"));
    // No file may grow beyond this: as on a full disk, a write fails and says why.
    let blocks = largest / 512 + 600;
    let program = casemate(&home, &["run", "--tenant", "acme", &all]);
    let mut limited = Command::new("bash");
    limited
        .arg("-c")
        .arg(format!(
            "trap '' XFSZ; ulimit -f {}; exec \"$@\"",
            blocks / 2
        ))
        .arg("limited")
        .arg(program.get_program())
        .args(program.get_args())
        .env_remove("CASEMATE_HOME");
    let output = limited.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{err}");
    assert!(err.contains("File too large"), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    // What the tenant could not take in may wait in quarantine; nothing is damaged.
    let (_, findings, _) = said(&home, &["doctor"]);
    assert!(!findings.contains("wrong"), "{findings}");
    let held = |home: &Path| {
        let (_, csv, _) = said(home, &["group", "--tenant", "acme", "--format", "csv"]);
        csv.lines().count()
    };
    assert!(held(&home) > 300, "what was acknowledged is there");
    let (code, _, err) = said(&home, &["run", "--tenant", "acme", &all]);
    assert_eq!(code, 0, "{err}");
    let (_other, undisturbed) = made();
    assert_eq!(said(&undisturbed, &["run", "--tenant", "acme", &all]).0, 0);
    assert_eq!(held(&home), held(&undisturbed));
    assert_eq!(said(&home, &["quarantine", "retry"]).0, 0);
    assert_eq!(held(&home), held(&undisturbed), "nothing twice");
    assert_eq!(said(&home, &["doctor"]).0, 0);
}

#[test]
fn a_home_that_cannot_be_written_can_be_read_and_says_what_it_lacks() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(50, 5)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let mount = |arguments: &[&str]| {
        let done = Command::new("mount").args(arguments).output();
        done.is_ok_and(|output| output.status.success())
    };
    let at = Folder::new();
    let (from, to) = (home.to_str().unwrap(), at.path().to_str().unwrap());
    if !mount(&["--bind", from, to]) || !mount(&["-o", "remount,ro,bind", to]) {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("skipped: this account may not mount a folder read-only");
        }
        return;
    }
    let read = said(at.path(), &["queue"]);
    let run = said(at.path(), &["run", "--tenant", "acme", &file]);
    let grant = [
        "module",
        "revoke",
        "drafter",
        "--tenant",
        "acme",
        "--by",
        "ada@mssp.example",
    ];
    let grant = said(at.path(), &grant);
    let unmounted = Command::new("umount").arg(to).status().unwrap().success();
    assert!(unmounted);
    assert_eq!(read.0, 0, "{}", read.2);
    for (code, _, err) in [run, grant] {
        assert_eq!(code, 5, "{err}");
        assert!(err.contains("lock") && err.contains("Read-only"), "{err}");
    }
}

#[test]
fn a_home_of_another_user_is_an_error_that_says_so() {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(20, 5)));
    let mut run = casemate(&home, &["run", "--tenant", "acme", &file]);
    // Only root may become somebody else, and nobody must reach the program and the home.
    let Ok(output) = run.uid(NOBODY).gid(NOBODY).output() else {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("skipped: this account may not run the program as another user");
        }
        return;
    };
    let said_then = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said_then}");
    assert!(said_then.contains("Permission denied"), "{said_then}");
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
}

#[test]
fn what_a_stopped_process_left_half_written_is_not_read() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(50, 5)));
    let dir = folder.dir();
    dir.write("home/.grants.toml.1-0.new", "version = ")
        .unwrap();
    dir.write("home/tenants/acme/.boundary.toml.1-0.new", "vers")
        .unwrap();
    dir.write("home/tenants/acme/store.redb", "").unwrap();
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    assert_eq!(said(&home, &["doctor"]).0, 0);
    dir.write("home/home.toml", "versi").unwrap();
    let (code, _, err) = said(&home, &["queue"]);
    assert_eq!(code, 5, "{err}");
    assert!(
        err.contains("`home.toml` says `versi`") && err.contains("backup"),
        "{err}"
    );
}
