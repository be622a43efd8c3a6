//! A tenant's trail, its head and its store agree, or the tenant is wrong: in every command, and to all.

use crate::support::{
    Bench, Folder, NOW, PERSON, casemate, ndjson, said, start, stream, tenant, trail,
};
use casemate::Healthy;
use casemate::model::TenantId;
use casemate::trail::Entry;
use casemate::triage::intake::From;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of a home whose tenants `acme` and `bolt` have both worked.
fn worked() -> Bench {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        submit(&casemate, &tenant(id), 40);
    }
    drop(casemate);
    bench
}

fn submit(casemate: &casemate::Casemate, tenant: &TenantId, count: usize) {
    let mut session = start(casemate, tenant);
    let input = ndjson(&stream(count, 17));
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    session.end().unwrap();
}

fn copied(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

/// That no command takes acme for sound, and every one takes bolt for it.
fn is_wrong(bench: &Bench, what: &str) {
    let home = bench.path();
    let commands: [&[&str]; 4] = [
        &["trail", "verify"],
        &["trail", "verify", "--tenant", "acme"],
        &["doctor"],
        &["audit", "capabilities", "--tenant", "acme"],
    ];
    for command in commands {
        let (code, out, err) = said(home, command);
        assert_eq!(code, 4, "{what}: {command:?}\n{out}{err}");
    }
    for command in ["head", "checkpoint"] {
        let (code, out, err) = said(home, &["trail", command, "--tenant", "acme"]);
        assert_eq!((code, out.as_str()), (4, ""), "{what}: {command}\n{err}");
    }
    let (_, out, _) = said(home, &["trail", "verify"]);
    assert!(out.contains("tenant acme: WRONG"), "{what}: {out}");
    assert!(out.contains("tenant bolt: ok"), "{what}: {out}");
    let casemate = bench.open();
    let error = casemate.start(&tenant("acme"), NOW).map(drop);
    assert!(error.is_err(), "{what}: it starts");
    assert_eq!(error.unwrap_err().kind().exit_code(), 4, "{what}");
    drop(start(&casemate, &tenant("bolt")));
}

#[test]
fn whatever_of_a_tenants_record_is_missing_stops_it_and_no_other() {
    let bench = worked();
    let whole = Folder::new();
    copied(bench.path(), whole.path());
    let home = |path: &str| bench.path().join(path);
    let gone: [(&str, &[&str]); 6] = [
        ("the trail", &["tenants/acme/trail"]),
        ("the head", &["heads/acme"]),
        ("the store", &["tenants/acme/store.redb"]),
        ("the journal", &["tenants/acme/trail/journal"]),
        ("trail and head", &["tenants/acme/trail", "heads/acme"]),
        (
            "what is signed",
            &[
                "tenants/acme/trail/checkpoint",
                "tenants/acme/trail/tile",
                "heads/acme",
            ],
        ),
    ];
    for (what, paths) in gone {
        for path in paths {
            let removed = match home(path).is_dir() {
                true => std::fs::remove_dir_all(home(path)),
                false => std::fs::remove_file(home(path)),
            };
            removed.unwrap();
        }
        is_wrong(&bench, what);
        put_back(&bench, &whole);
    }
    assert_eq!(said(bench.path(), &["trail", "verify"]).0, 0);
}

fn put_back(bench: &Bench, whole: &Folder) {
    let kept = whole.path().join(bench.path().file_name().unwrap());
    for path in ["tenants/acme", "heads/acme", "keys/acme"] {
        let path = Path::new(path);
        let to: PathBuf = bench.path().join(path);
        match to.is_dir() {
            true => std::fs::remove_dir_all(&to).unwrap(),
            false => drop(std::fs::remove_file(&to)),
        }
        copied(&kept.join(path), to.parent().unwrap());
    }
}

#[test]
fn a_folder_that_is_gone_or_a_link_has_a_line_as_well() {
    let bench = worked();
    let whole = Folder::new();
    copied(bench.path(), whole.path());
    let at = |path: &str| bench.path().join(path);
    let folder = at("tenants/acme");
    let wrong = |what: &str| {
        for command in [
            &["trail", "verify"][..],
            &["doctor"],
            &["audit", "capabilities"],
            &["queue"],
            &["tenant", "list"],
        ] {
            let (code, out, err) = said(bench.path(), command);
            assert_eq!(code, 4, "{what}: {command:?}\n{out}{err}");
            assert!(out.contains("acme"), "{what}: {command:?}\n{out}");
            assert!(
                out.contains("bolt") || command[0] == "doctor",
                "{what}: {out}"
            );
        }
        for command in ["head", "checkpoint"] {
            let (code, out, err) = said(bench.path(), &["trail", command, "--tenant", "acme"]);
            assert_eq!((code, out.as_str()), (4, ""), "{what}: {command}\n{err}");
            assert!(err.contains("tenants/acme"), "{what}: {command}\n{err}");
        }
    };
    std::fs::remove_dir_all(&folder).unwrap();
    wrong("removed");
    std::os::unix::fs::symlink("bolt", &folder).unwrap();
    wrong("a link");
    std::fs::remove_file(&folder).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    wrong("a file");
    std::fs::remove_file(&folder).unwrap();
    std::fs::remove_dir_all(at("keys/acme")).unwrap();
    wrong("only its head");
    put_back(&bench, &whole);
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::remove_file(at("heads/acme")).unwrap();
    wrong("only its keys");
    // What nothing names is nobody.
    std::fs::remove_dir_all(at("keys/acme")).unwrap();
    let (code, _, err) = said(bench.path(), &["trail", "head", "--tenant", "acme"]);
    assert_eq!(code, 5, "{err}");
    let (code, out, err) = said(bench.path(), &["trail", "verify"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn a_folder_that_cannot_be_listed_has_a_line_as_well() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let bench = worked();
    let owner = Command::new("chown")
        .args(["-R", "65534"])
        .arg(bench.path())
        .output();
    // Root reads everything, so the home is somebody else's; only root may become somebody else.
    let is_given = owner.is_ok_and(|output| output.status.success());
    let mut probe = casemate(bench.path(), &["trail", "verify"]);
    if !is_given || probe.uid(NOBODY).gid(NOBODY).output().is_err() {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("skipped: this account may not run the program as another user");
        }
        return;
    }
    let folder = bench.path().join("tenants/acme");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o000)).unwrap();
    for command in [
        &["trail", "verify"][..],
        &["doctor"],
        &["audit", "capabilities"],
        &["queue"],
        &["tenant", "list"],
    ] {
        let mut program = casemate(bench.path(), command);
        let output = program.uid(NOBODY).gid(NOBODY).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{command:?}\n{out}{err}");
        assert!(out.contains("acme"), "{command:?}\n{out}");
    }
}

#[test]
fn an_older_store_or_head_stops_its_tenant() {
    let bench = worked();
    let acme = tenant("acme");
    let earlier = Folder::new();
    copied(
        &bench.path().join("tenants/acme/store.redb"),
        earlier.path(),
    );
    copied(&bench.path().join("heads/acme"), earlier.path());
    let casemate = bench.open();
    submit(&casemate, &acme, 60);
    drop(casemate);
    let whole = Folder::new();
    copied(bench.path(), whole.path());
    for (name, path) in [
        ("store.redb", "tenants/acme/store.redb"),
        ("acme", "heads/acme"),
    ] {
        std::fs::copy(earlier.path().join(name), bench.path().join(path)).unwrap();
        is_wrong(&bench, name);
        put_back(&bench, &whole);
    }
    assert_eq!(said(bench.path(), &["trail", "verify"]).0, 0);
}

#[test]
fn a_tenant_that_never_had_an_entry_is_new_and_has_a_line() {
    let bench = Bench::ordinary(&["acme"]);
    let (code, out, _) = said(bench.path(), &["trail", "verify"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("tenant acme: ok: nothing signed yet"), "{out}");
}

#[test]
fn only_an_operator_ends_a_log_and_a_sound_one_only_where_that_is_meant() {
    let bench = worked();
    let casemate = bench.open();
    let acme = tenant("acme");
    let stranger = casemate.trail_go_on(&acme, "nobody@example.test", Healthy::End);
    assert_eq!(stranger.unwrap_err().kind().exit_code(), 2);
    let sound = casemate.trail_go_on(&acme, PERSON, Healthy::Keep);
    let sound = sound.unwrap_err();
    assert_eq!(sound.kind().exit_code(), 2);
    assert!(
        sound.to_string().contains("--yes-end-a-healthy-log"),
        "{sound}"
    );
    casemate.trail_go_on(&acme, PERSON, Healthy::End).unwrap();
    submit(&casemate, &acme, 60);
    assert!(matches!(
        trail(&casemate, &acme)[0].entry,
        Entry::Restore(_)
    ));
}
