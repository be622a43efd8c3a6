//! A home that an earlier version made, brought to this one.

use crate::support::{AS_OF, Bench, Folder, NOW, casemate, open, said};
use casemate::store::{Home, StoreError, VERSION};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const FIXTURE: &str = "../tests/fixtures/home-v3/home-v3.tar.gz";

/// A home of an earlier version with what its host said of it.
struct Old {
    folder: Folder,
    home: PathBuf,
}

impl Old {
    fn unpacked() -> Self {
        let folder = Folder::new();
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURE);
        let unpacked = Command::new("tar")
            .arg("-xzf")
            .arg(packed)
            .arg("-C")
            .arg(folder.path())
            .status();
        assert!(unpacked.unwrap().success());
        let home = folder.path().join("home");
        Self { folder, home }
    }

    fn shown(&self, name: &str) -> String {
        let read = self.folder.dir().read_to_string(format!("shown/{name}"));
        read.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn version(&self) -> String {
        let home = open(&self.home).unwrap();
        home.read_to_string("home.toml").unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (code, out, err) = said(&self.home, &[arguments, &["--format", "json"]].concat());
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    }
}

/// That everything said before is said now; later versions may say more.
fn holds_all_of(now: &Value, before: &Value, at: &str) {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            for (key, value) in before {
                let now = now.get(key).unwrap_or_else(|| panic!("{at}.{key} is gone"));
                holds_all_of(now, value, &format!("{at}.{key}"));
            }
        }
        (Value::Array(now), Value::Array(before)) => {
            assert_eq!(now.len(), before.len(), "{at}");
            for (place, (now, before)) in now.iter().zip(before).enumerate() {
                holds_all_of(now, before, &format!("{at}[{place}]"));
            }
        }
        (now, before) => assert_eq!(now, before, "{at}"),
    }
}

#[test]
fn a_home_of_version_3_is_brought_to_this_one_with_all_that_is_in_it() {
    let old = Old::unpacked();
    let (code, _, err) = said(&old.home, &["queue"]);
    assert_eq!(code, 5);
    assert!(err.contains("`casemate upgrade`"), "{err}");
    let head = |id: &str| {
        open(&old.home)
            .unwrap()
            .read(format!("heads/{id}"))
            .unwrap()
    };
    let before = ["acme", "bolt"].map(head);
    let (code, out, err) = said(&old.home, &["upgrade"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("was of version 3"), "{out}");
    assert!(err.contains("27 alerts kept"), "{err}");
    assert_eq!(old.version(), format!("version = {VERSION}\n"));
    assert!(
        ["acme", "bolt"].map(head) == before,
        "nothing new is signed"
    );
    shows_what_it_showed(&old);
    let (code, out, _) = said(&old.home, &["trail", "verify"]);
    assert_eq!((code, out.matches(": ok: ").count()), (0, 2), "{out}");
    // The store knows its trail from now on.
    std::fs::remove_file(old.home.join("heads/acme")).unwrap();
    let (code, out, _) = said(&old.home, &["trail", "verify"]);
    assert_eq!((code, out.matches(": ok: ").count()), (4, 1), "{out}");
}

#[test]
fn a_trail_that_is_older_than_its_head_is_not_brought_along() {
    let old = Old::unpacked();
    std::fs::remove_dir_all(old.home.join("tenants/acme/trail")).unwrap();
    let (code, _, err) = said(&old.home, &["upgrade"]);
    assert_eq!(code, 4, "{err}");
    assert_eq!(old.version(), "version = 3\n");
}

/// That every command says what the earlier host's said.
fn shows_what_it_showed(old: &Old) {
    for id in ["acme", "bolt"] {
        let groups = said(&old.home, &["group", "--tenant", id, "--format", "csv"]);
        assert_eq!(groups.1, old.shown(&format!("group-{id}.csv")));
        for (what, arguments) in [
            ("queue", &["queue", "--tenant", id][..]),
            ("rejects", &["rejects", "--tenant", id]),
        ] {
            let before = serde_json::from_str(&old.shown(&format!("{what}-{id}.json"))).unwrap();
            holds_all_of(&old.json(arguments), &before, what);
        }
    }
    for case in ["acme-1", "acme-13", "acme-15", "acme-21", "bolt-1"] {
        let before: Value = serde_json::from_str(&old.shown(&format!("case-{case}.json"))).unwrap();
        assert!(before["draft"]["sentences"][0].is_object(), "{before}");
        let now = old.json(&["case", "show", &case.replace('-', "/")]);
        holds_all_of(&now, &before, case);
    }
    let (code, findings, _) = said(&old.home, &["doctor"]);
    assert_eq!(code, 0, "{findings}");
}

#[test]
fn what_was_submitted_to_version_3_is_delivered_before() {
    let old = Old::unpacked();
    assert_eq!(said(&old.home, &["upgrade"]).0, 0);
    let file = |name: &str| old.folder.path().join(name).to_str().unwrap().to_owned();
    let (alerts, revision) = (file("alerts.ndjson"), file("revision.ndjson"));
    let run = [
        "run", "--tenant", "acme", "--as-of", AS_OF, &alerts, &revision,
    ];
    let (code, out, err) = said(&old.home, &[&run[..], &["--format", "json"]].concat());
    assert_eq!(code, 1, "{err}");
    let done: Value = serde_json::from_str(&out).unwrap();
    let intake = &done["tenants"][0]["intake"];
    assert_eq!(intake["new"], 0, "{intake}");
    assert_eq!(intake["duplicates"], 28, "{intake}");
    assert_eq!(intake["revisions"], 0, "{intake}");
    assert_eq!(said(&old.home, &["doctor"]).0, 0);
}

#[test]
fn an_upgrade_that_was_stopped_goes_on() {
    let old = Old::unpacked();
    // Somebody works on the second tenant: the first is done, the home is of version 3 still.
    let lock = open(&old.home).unwrap();
    let lock = lock.create("tenants/bolt/lock").unwrap().into_std();
    lock.lock().unwrap();
    let mut child = casemate(&old.home, &["upgrade"]).spawn().unwrap();
    let mut first = String::new();
    let mut said_by = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut said_by, &mut first).unwrap();
    assert!(first.contains("`acme` was of version 3"), "{first}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(old.version(), "version = 3\n");
    assert_eq!(said(&old.home, &["queue"]).0, 5);
    drop(lock);
    let (code, _, err) = said(&old.home, &["upgrade"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("`acme` is of version 4 already"), "{err}");
    assert!(err.contains("`bolt` was of version 3: 3 alerts"), "{err}");
    let (code, _, err) = said(&old.home, &["upgrade"]);
    assert!(code == 0 && !err.contains("kept"), "{err}");
    assert_eq!(said(&old.home, &["doctor"]).0, 0);
}

#[test]
fn a_home_of_a_later_version_is_left_as_it_is() {
    let bench = Bench::ordinary(&["acme"]);
    let folder = bench.folder().dir();
    let state = |text: &str| folder.write("home.toml", text).unwrap();
    state("version = 5\n");
    let opened = || Home::open(bench.folder().dir()).map(drop);
    assert!(matches!(opened(), Err(StoreError::NewerHome { found: 5 })));
    let upgraded = Home::upgrade(bench.folder().dir(), 1 << 20, NOW, &mut |_| {});
    assert!(matches!(upgraded, Err(StoreError::NewerHome { found: 5 })));
    state("versi");
    let error = opened().unwrap_err().to_string();
    assert!(error.contains("`versi`, not `version = 4`"), "{error}");
    let again = Home::create(bench.folder().dir()).map(drop);
    assert!(matches!(again, Err(StoreError::HomeExists)));
}
