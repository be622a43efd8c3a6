//! Tenants that are suspended and resumed, and what is shown of one.

use crate::support::{
    Bench, Finding, NOW, PERSON, casemate, made, ndjson, said, start, state, tenant, trail, written,
};
use casemate::setup::SetupError;
use casemate::trail::{Commitment, Entry, Salt, SuspensionVerb};
use casemate::triage::NotStarted;
use casemate::triage::intake::From;
use serde_json::Value;

fn alerts() -> Vec<u8> {
    ndjson([&Finding::new("1", "rule", "web-1")])
}

#[test]
fn a_suspended_tenant_takes_nothing_in_and_can_be_read() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    let input = alerts();
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    drop(session);
    let before = state(&casemate, &acme);
    let changed = casemate
        .suspend(&acme, PERSON, "the contract ended")
        .unwrap();
    assert!(changed.not_recorded.is_none());
    // Another process, opened before, knows of it too.
    for casemate in [&casemate, &bench.open()] {
        let started = casemate.start(&acme, NOW).map(drop);
        assert!(matches!(started, Err(NotStarted::Suspended(id)) if id == acme));
        assert_eq!(state(casemate, &acme), before);
        drop(start(casemate, &tenant("bolt")));
    }
    let again = casemate.suspend(&acme, PERSON, "again");
    assert!(matches!(again, Err(SetupError::SuspendedAlready(_))));
    let nobody = casemate.resume(&acme, "eve@elsewhere.example", "let me in");
    assert!(matches!(nobody, Err(SetupError::NotInRoster(_))));
    casemate.resume(&acme, PERSON, "it goes on").unwrap();
    drop(start(&casemate, &acme));
    let again = casemate.resume(&acme, PERSON, "again");
    assert!(matches!(again, Err(SetupError::NotSuspended(_))));
}

#[test]
fn a_change_of_standing_is_in_the_trail_once_with_who_and_why_committed_to() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    casemate
        .suspend(&acme, PERSON, "the contract ended")
        .unwrap();
    casemate.resume(&acme, PERSON, "it goes on").unwrap();
    drop(start(&casemate, &acme));
    let view = casemate.view(&acme).unwrap().unwrap();
    let told: Vec<_> = trail(&casemate, &acme)
        .into_iter()
        .filter_map(|stamped| {
            let Entry::Suspension(change) = stamped.entry else {
                return None;
            };
            Some((stamped.seq, change))
        })
        .collect();
    let verbs: Vec<_> = told.iter().map(|(_, change)| change.change).collect();
    assert_eq!(verbs, [SuspensionVerb::Suspended, SuspensionVerb::Resumed]);
    for ((seq, change), reason) in told.iter().zip(["the contract ended", "it goes on"]) {
        let kept = view.material(*seq).unwrap().unwrap();
        let salt = Salt::from_bytes(kept.salt);
        assert_eq!(change.reason, Commitment::of(&salt, reason.as_bytes()));
        assert_eq!(change.by, Commitment::of(&salt, PERSON.as_bytes()));
        assert_eq!(kept.batch, reason.as_bytes());
    }
}

#[test]
fn a_tenant_that_is_being_written_is_suspended_and_the_entry_follows() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let session = start(&casemate, &acme);
    let changed = casemate.suspend(&acme, PERSON, "at once").unwrap();
    assert!(changed.not_recorded.is_some());
    drop(session);
    assert!(casemate.start(&acme, NOW).is_err());
    casemate.resume(&acme, PERSON, "all is well").unwrap();
    let told = trail(&casemate, &acme).into_iter();
    let told = told.filter(|s| matches!(s.entry, Entry::Suspension(_)));
    assert_eq!(told.count(), 2);
}

#[test]
fn the_command_line_suspends_shows_and_resumes() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &alerts());
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let by = ["--by", PERSON, "--reason", "the contract ended"];
    let suspend = [&["tenant", "suspend", "acme"][..], &by].concat();
    assert_eq!(said(&home, &suspend).0, 0);
    let (code, _, err) = said(&home, &["run", "--tenant", "acme", &file]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("suspended"), "{err}");
    assert_eq!(said(&home, &["queue", "--tenant", "acme"]).0, 0);
    let (code, out, _) = said(&home, &["tenant", "show", "acme", "--format", "json"]);
    assert_eq!(code, 0);
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["suspended"]["reason"], "the contract ended");
    assert_eq!((&shown["alerts"], &shown["groups"]), (&1.into(), &1.into()));
    assert!(shown["trail_entries"].as_u64() > Some(3), "{shown}");
    assert!(shown["disk_bytes"].as_u64() > Some(10_000), "{shown}");
    assert!(shown["last_intake"].is_i64(), "{shown}");
    assert!(
        shown["modules"]
            .as_array()
            .unwrap()
            .iter()
            .all(|m| m["runs"] == true)
    );
    let (_, table, _) = said(&home, &["tenant", "show", "acme"]);
    assert!(table.contains("suspended since"), "{table}");
    assert!(said(&home, &["tenant", "list"]).1.contains("suspended"));
    let resume = [&["tenant", "resume", "acme"][..], &by].concat();
    assert_eq!(said(&home, &resume).0, 0);
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    assert_eq!(said(&home, &["doctor"]).0, 0);
}

#[test]
fn a_new_tenant_is_told_that_nothing_is_granted_and_its_files_hold() {
    let (folder, home) = made();
    let add = ["tenant", "add", "bolt", "--accountable", PERSON];
    let (code, _, err) = said(&home, &add);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("nothing is granted to it"), "{err}");
    assert!(err.contains("casemate module grant"), "{err}");
    assert_eq!(said(&home, &["doctor"]).0, 0);
    let file = written(&folder, "alerts.ndjson", &alerts());
    let (code, out, err) = said(&home, &["run", "--tenant", "bolt", &file]);
    assert!(code == 1 && out.contains("1 wait"), "{out}{err}");
    let broken = home.join("tenants.toml");
    assert!(!broken.exists());
    let mut child = casemate(&home, &["tenant", "suspend", "bolt", "--by", PERSON]);
    assert_eq!(
        child.output().unwrap().status.code(),
        Some(2),
        "without a reason"
    );
}
