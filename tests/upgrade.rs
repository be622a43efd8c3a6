//! A home that an earlier version made, brought to this one.

use crate::support::{AS_OF, Bench, Folder, casemate, open, said, tenant};
use casemate::model::{Source, TimeBasis};
use casemate::store::{Home, StoreError, VERSION};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const FIXTURE: &str = "../tests/fixtures/home-v1/home-v1.tar.gz";
const FIXTURE_2: &str = "../tests/fixtures/home-v2/home-v2.tar.gz";

/// A home of an earlier version with what its host said of it.
struct Old {
    folder: Folder,
    home: PathBuf,
}

impl Old {
    fn unpacked() -> Self {
        Self::unpacked_of(FIXTURE)
    }

    fn unpacked_of(fixture: &str) -> Self {
        let folder = Folder::new();
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
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
fn a_home_of_version_1_is_brought_to_this_one_with_all_that_is_in_it() {
    let old = Old::unpacked();
    let (code, _, err) = said(&old.home, &["queue"]);
    assert_eq!(code, 5);
    assert!(err.contains("`casemate upgrade`"), "{err}");
    let trails = ["acme", "bolt"].map(|id| (id, earlier_entries(&old.home, id)));
    let (code, out, err) = said(&old.home, &["upgrade"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("was of version 1"), "{out}");
    assert!(err.contains("27 alerts rewritten"), "{err}");
    assert_eq!(old.version(), format!("version = {VERSION}\n"));

    shows_what_it_showed(&old);
    let (code, out, _) = said(&old.home, &["trail", "verify"]);
    assert_eq!((code, out.matches(": ok: ").count()), (0, 2), "{out}");
    for (id, (name, entries)) in trails {
        let head = old.json(&["trail", "head", "--tenant", id]);
        assert_eq!(
            head["log"],
            format!("casemate-trail/{name}"),
            "the name it had"
        );
        assert!(entries.len() > 10);
        for (number, entry) in entries.iter().enumerate() {
            // Byte for byte.
            let number = number.to_string();
            let proven = old.json(&["trail", "prove", "--tenant", id, &number]);
            assert_eq!(proven["entry"], *entry, "{id}, entry {number}");
        }
        assert!(!old.home.join(format!("tenants/{id}/trail/log")).exists());
    }
}

/// The name and the entries of a trail of the earlier format: a header of 40 bytes, then frames of 12
/// bytes and an entry.
fn earlier_entries(home: &Path, tenant: &str) -> (String, Vec<String>) {
    let home = open(home).unwrap();
    let bytes = home.read(format!("tenants/{tenant}/trail/log")).unwrap();
    let (mut at, mut entries) = (40, Vec::new());
    while at < bytes.len() {
        let length = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        entries.push(String::from_utf8(bytes[at + 12..at + 12 + length].to_vec()).unwrap());
        at += 12 + length;
    }
    (hex::encode(&bytes[16..32]), entries)
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
fn what_was_submitted_to_version_1_is_delivered_before() {
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
fn an_old_alert_gets_its_form_from_its_document() {
    let old = Old::unpacked();
    let mut done = Vec::new();
    let from = Home::upgrade(open(&old.home).unwrap(), 1 << 20, &mut |one| {
        done.push((one.tenant.to_string(), one.from, one.alerts));
    });
    assert_eq!(from.unwrap(), 1);
    let want = [("acme", 27), ("bolt", 3)];
    assert_eq!(done, want.map(|(id, n)| (id.to_owned(), Some(1), n)));
    let home = Home::open(open(&old.home).unwrap()).unwrap();
    let scope = home.tenant(&tenant("acme")).unwrap();
    let view = scope.read_records(1 << 20).unwrap().unwrap();
    let alerts = view.alerts(1, u64::MAX).unwrap();
    let count = |form| alerts.iter().filter(|s| s.alert.format == form).count();
    let forms = [Source::Ocsf, Source::Wazuh, Source::Eve].map(count);
    assert_eq!(forms, [15, 6, 6]);
    assert!(alerts.iter().all(|s| s.alert.basis == TimeBasis::Event));
    for stored in &alerts {
        let document = view.bytes(stored.number).unwrap().unwrap();
        let digest = casemate::model::Digest::of(&document);
        assert_eq!(digest, stored.alert.digest, "alert {}", stored.number);
    }
}

#[test]
fn an_upgrade_that_was_stopped_goes_on() {
    let old = Old::unpacked();
    // Somebody works on the second tenant: the first is done, the home is of version 1 still.
    let lock = open(&old.home).unwrap();
    let lock = lock.create("tenants/bolt/lock").unwrap().into_std();
    lock.lock().unwrap();
    let mut child = casemate(&old.home, &["upgrade"]).spawn().unwrap();
    let mut first = String::new();
    let mut said_by = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut said_by, &mut first).unwrap();
    assert!(first.contains("`acme` was of version 1"), "{first}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(old.version(), "version = 1\n");
    assert_eq!(said(&old.home, &["queue"]).0, 5);
    drop(lock);
    let (code, _, err) = said(&old.home, &["upgrade"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("`acme` is of version 3 already"), "{err}");
    assert!(err.contains("`bolt` was of version 1: 3 alerts"), "{err}");
    let (code, _, err) = said(&old.home, &["upgrade"]);
    assert!(code == 0 && !err.contains("rewritten"), "{err}");
    assert_eq!(said(&old.home, &["doctor"]).0, 0);
}

#[test]
fn a_home_of_a_later_version_is_left_as_it_is() {
    let bench = Bench::ordinary(&["acme"]);
    let folder = bench.folder().dir();
    let state = |text: &str| folder.write("home.toml", text).unwrap();
    state("version = 4\n");
    let opened = || Home::open(bench.folder().dir()).map(drop);
    assert!(matches!(opened(), Err(StoreError::NewerHome { found: 4 })));
    let upgraded = Home::upgrade(bench.folder().dir(), 1 << 20, &mut |_| {});
    assert!(matches!(upgraded, Err(StoreError::NewerHome { found: 4 })));
    state("versi");
    let error = opened().unwrap_err().to_string();
    assert!(error.contains("`versi`, not `version = 3`"), "{error}");
    let again = Home::create(bench.folder().dir()).map(drop);
    assert!(matches!(again, Err(StoreError::HomeExists)));
}

/// What stands in the alerts, the knowledge and the boundary of the home of version 2.
const PLAIN: [&str; 6] = [
    "title of scan",
    "web-1",
    "user-1",
    "192.0.2.10",
    "brute force",
    "Test Sensor",
];

fn store_of(home: &Path, tenant: &str) -> Vec<u8> {
    let home = open(home).unwrap();
    home.read(format!("tenants/{tenant}/store.redb")).unwrap()
}

fn plain_in(bytes: &[u8]) -> Vec<&'static str> {
    let is_in = |text: &&str| crate::support::contains(bytes, text);
    PLAIN.into_iter().filter(is_in).collect()
}

#[test]
fn a_home_of_version_2_is_sealed_with_all_that_is_in_it() {
    let old = Old::unpacked_of(FIXTURE_2);
    for id in ["acme", "bolt"] {
        assert!(plain_in(&store_of(&old.home, id)).len() > 2, "it is plain");
    }
    // A stop in the middle left half of a new store.
    let half = open(&old.home).unwrap();
    half.write("tenants/acme/.store.redb.new", b"half of one")
        .unwrap();
    let (code, out, err) = said(&old.home, &["upgrade"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("was of version 2"), "{out}");
    assert!(err.contains("27 alerts rewritten"), "{err}");
    assert_eq!(old.version(), format!("version = {VERSION}\n"));
    for id in ["acme", "bolt"] {
        assert_eq!(plain_in(&store_of(&old.home, id)), [""; 0]);
        let folder = old.home.join("tenants").join(id);
        assert!(!folder.join(".store.redb.new").exists());
    }
    shows_what_it_showed(&old);
    // What was kept of runs is in the vault, and what was submitted is known.
    let home = Home::open(open(&old.home).unwrap()).unwrap();
    let scope = home.tenant(&tenant("acme")).unwrap();
    let view = scope.read_records(1 << 20).unwrap().unwrap();
    let kept = (0..200).filter(|run| view.material(*run).unwrap().is_some());
    assert!(kept.count() > 5);
    assert!(view.boundary_digest().unwrap().is_some());
    drop(view);
    // By the names that they were submitted under.
    let run = ["run", "--tenant", "acme", "--as-of", AS_OF];
    let files = ["alerts.ndjson", "reject.ndjson", "--format", "json"];
    let mut again = casemate(&old.home, &[&run[..], &files].concat());
    let again = again.current_dir(old.folder.path()).output().unwrap();
    let done: Value = serde_json::from_slice(&again.stdout).unwrap();
    let intake = &done["tenants"][0]["intake"];
    assert_eq!(intake["new"], 0, "{intake}");
    assert_eq!(intake["duplicates"], 27, "{intake}");
    let rejects = ["rejects", "--tenant", "acme", "--format", "ndjson"];
    assert_eq!(said(&old.home, &rejects).1.lines().count(), 2);
}
