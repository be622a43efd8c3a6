//! A home copied and made again: trail and store of one moment, nothing restored that is not what was
//! backed up.

use crate::support::{
    Bench, Folder, PERSON, ndjson, open, said, start, state, stream, tenant, trail,
};
use casemate::Casemate;
use casemate::store::{BackedUp, BackupError, Home, StoreError, SystemRandom};
use casemate::trail::{Entries, Entry};
use casemate::triage::intake::From;
use std::path::Path;
use std::process::Command;

const NOW: casemate::model::Instant = crate::support::NOW;

/// A home with two tenants that have worked, and a third that never has.
fn worked() -> (Bench, Casemate) {
    let bench = Bench::ordinary(&["acme", "bolt", "cord"]);
    let casemate = bench.open();
    for (id, seed) in [("acme", 1), ("bolt", 2)] {
        let mut session = start(&casemate, &tenant(id));
        let input = ndjson(&stream(120, seed));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    casemate
        .suspend(&tenant("bolt"), PERSON, "a reason")
        .unwrap();
    (bench, casemate)
}

fn back_up(bench: &Bench, to: &Folder) -> Result<BackedUp, BackupError> {
    bench.home().backup(&to.dir(), NOW, &mut |_| {})
}

fn restore(from: &Folder, to: &Folder) -> Result<(), BackupError> {
    Home::restore(&from.dir(), to.dir(), &SystemRandom, NOW).map(drop)
}

fn damage(error: Result<(), BackupError>) -> String {
    match error {
        Err(BackupError::Damaged(what)) => what.join("\n"),
        Err(error) => panic!("{error}"),
        Ok(()) => panic!("it was restored"),
    }
}

#[test]
fn a_restored_home_is_the_one_that_was_backed_up_and_says_so_in_each_trail() {
    let (bench, casemate) = worked();
    let (backup, new) = (Folder::new(), Folder::new());
    let made = back_up(&bench, &backup).unwrap();
    assert_eq!(made.tenants, 3);
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(backup.path())
        .status();
    assert!(sums.unwrap().success());
    assert!(!backup.path().join("cache").exists());
    assert!(!backup.path().join("tenants/acme/lock").exists());
    restore(&backup, &new).unwrap();
    let again = Bench::of(new);
    let restored = again.open();
    for id in ["acme", "bolt"] {
        let id = tenant(id);
        assert_eq!(state(&restored, &id), state(&casemate, &id));
        // A new log, which names the last checkpoint of the one that was backed up.
        let old = trail(&casemate, &id);
        let scope = casemate.home().tenant(&id).unwrap();
        let known = scope.known_checkpoint().unwrap().unwrap();
        let [first] = trail(&restored, &id).try_into().unwrap();
        let Entry::Restore(entry) = first.entry else {
            panic!("the trail of {id} does not say that it was restored");
        };
        assert_eq!(first.seq, old.len() as u64);
        assert_eq!((entry.backup, entry.taken), (Some(made.digest), Some(NOW)));
        let before = entry.before.unwrap();
        assert_eq!(before.log.name(), known.origin());
        assert_eq!((before.size, before.root), (known.size(), known.root()));
        // The old one lies beside it as it was.
        let scope = restored.home().tenant(&id).unwrap();
        let aside = scope.read_trail_before(&before.log.to_string());
        let aside = Entries::new(aside.unwrap().unwrap()).unwrap();
        let aside: Vec<_> = aside.map(|found| found.unwrap().stamped).collect();
        assert_eq!(aside, old);
    }
    assert!(
        restored
            .suspensions()
            .unwrap()
            .suspended(&tenant("bolt"))
            .is_some()
    );
    // It goes on: what was there is known, and the tenant that never worked begins.
    let mut session = start(&restored, &tenant("acme"));
    let input = ndjson(&stream(121, 1));
    let done = session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    assert_eq!((done.duplicates, done.new), (120, 1));
    drop(start(&restored, &tenant("cord")));
}

#[test]
fn nothing_is_restored_from_a_backup_that_was_changed() {
    let (bench, _) = worked();
    let backup = Folder::new();
    back_up(&bench, &backup).unwrap();
    let dir = backup.dir();
    let path = "tenants/acme/trail/journal";
    let sound = dir.read(path).unwrap();
    let new = Folder::new();
    let untouched = |new: &Folder| std::fs::read_dir(new.path()).unwrap().next().is_none();
    let mut flipped = sound.clone();
    flipped[100] ^= 1;
    dir.write(path, &flipped).unwrap();
    let said = damage(restore(&backup, &new));
    assert!(
        said.contains("`tenants/acme/trail/journal` is not the file"),
        "{said}"
    );
    dir.remove_file(path).unwrap();
    let said = damage(restore(&backup, &new));
    assert!(said.contains("`tenants/acme/trail/journal`: "), "{said}");
    dir.write(path, &sound).unwrap();
    dir.write("tenants/acme/more", "x").unwrap();
    let said = damage(restore(&backup, &new));
    assert!(
        said.contains("`tenants/acme/more` was not backed up"),
        "{said}"
    );
    dir.remove_file("tenants/acme/more").unwrap();
    let sums = dir.read_to_string("SHA256SUMS").unwrap();
    let digest = "0".repeat(64);
    dir.write("SHA256SUMS", format!("{sums}{digest}  ../outside\n"))
        .unwrap();
    let said = damage(restore(&backup, &new));
    assert!(said.contains("is no sum of a file in it"), "{said}");
    dir.remove_file("SHA256SUMS").unwrap();
    assert!(matches!(restore(&backup, &new), Err(BackupError::NotWhole)));
    dir.remove_file("backup.toml").unwrap();
    assert!(matches!(restore(&backup, &new), Err(BackupError::NoBackup)));
    assert!(untouched(&new), "something was written");
    dir.write("SHA256SUMS", &sums).unwrap();
    assert!(matches!(
        back_up(&bench, &backup),
        Err(BackupError::NotEmpty(_))
    ));
}

#[test]
fn a_home_is_not_overwritten_by_a_backup() {
    let (bench, _) = worked();
    let backup = Folder::new();
    back_up(&bench, &backup).unwrap();
    let over = restore(&backup, bench.folder());
    assert!(matches!(
        over,
        Err(BackupError::Store(StoreError::HomeExists))
    ));
    let full = Folder::new();
    full.dir().write("something", "x").unwrap();
    assert!(matches!(
        restore(&backup, &full),
        Err(BackupError::NotEmpty(_))
    ));
}

#[test]
fn a_backup_waits_for_a_writer_and_then_says_who_it_is() {
    let (bench, casemate) = worked();
    let session = start(&casemate, &tenant("acme"));
    let backup = Folder::new();
    let to = backup.path().join("new");
    let (code, _, err) = said(bench.path(), &["backup", to.to_str().unwrap()]);
    assert_eq!(code, 75, "{err}");
    let process = format!("(process {})", std::process::id());
    assert!(
        err.contains("tenant `acme`") && err.contains(&process),
        "{err}"
    );
    drop(session);
    // What it left is no backup.
    let home = backup.path().join("home");
    let home = home.to_str().unwrap();
    let left = ["restore", to.to_str().unwrap(), "--home", home];
    let (code, _, err) = said(Path::new(home), &left[..2]);
    assert!(code == 4 && err.contains("not whole"), "{err}");
    let to = backup.path().join("whole");
    assert_eq!(said(bench.path(), &["backup", to.to_str().unwrap()]).0, 0);
    let (code, out, err) = said(Path::new(home), &["restore", to.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("of 3 tenants"), "{out}");
    assert_eq!(said(Path::new(home), &["doctor"]).0, 0);
    assert!(Home::open(open(Path::new(home)).unwrap()).is_ok());
}
