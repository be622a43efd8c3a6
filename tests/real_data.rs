//! Real alerts, where they are: nothing is rejected, nothing is lost, and a second delivery changes
//! nothing. The data is no part of the project; `CASEMATE_DATA` says where it lies.

use crate::support::{Bench, session_state, start, tenant};
use casemate::triage::intake::From;
use std::path::{Path, PathBuf};
use std::process::Command;

#[expect(
    clippy::disallowed_methods,
    reason = "a test may be told where real data lies"
)]
fn folder() -> Option<PathBuf> {
    let folder = match std::env::var_os("CASEMATE_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
    };
    folder.is_dir().then_some(folder)
}

/// Takes a file in twice; gives how many alerts and groups there are then.
fn taken_in(file: &str) -> Option<(u64, u64)> {
    let Some(folder) = folder() else {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("skipped: no real data; set CASEMATE_DATA to its folder");
        }
        return None;
    };
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let mut submit = || {
        let path = folder.join(file);
        let reader = if file.ends_with(".gz") {
            "gunzip"
        } else {
            "cat"
        };
        let mut child = Command::new(reader)
            .args((reader == "gunzip").then_some("-c"))
            .arg(&path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdout.take().unwrap();
        let done = session.submit(input, From::Auto, file).unwrap();
        assert!(child.wait().unwrap().success());
        (done, session_state(&session))
    };
    let (first, before) = submit();
    assert_eq!(first.rejects, 0, "{first:?}");
    assert!(first.failures.is_empty(), "{first:?}");
    assert_eq!((first.placed, first.waiting), (first.new, 0));
    assert_eq!(before.alerts, first.new);
    let grouped: u64 = before.groups.iter().map(|row| row.group.count).sum();
    assert_eq!(grouped, first.new, "the sizes of the groups add up");
    for row in &before.groups {
        let variants: u64 = row.variants.iter().map(|v| v.count).sum();
        assert_eq!(variants + row.beyond, row.group.count);
    }
    let (second, after) = submit();
    assert_eq!((second.new, second.revisions, second.runs), (0, 0, 0));
    assert_eq!(second.duplicates, first.documents);
    assert!(after == before, "a second delivery changed something");
    Some((first.new + first.duplicates, before.groups.len() as u64))
}

#[test]
fn ten_teams_eve_alerts_are_all_taken_and_grouped() {
    if let Some((alerts, groups)) = taken_in("cptc2017-suricata/eve.ndjson.gz") {
        assert_eq!(alerts, 47_876);
        assert!(groups * 10 < alerts, "{groups} groups");
    }
}

#[test]
fn every_signatures_eve_alert_is_taken() {
    for file in ["wrccdc-2017.json", "wrccdc-2018.json"] {
        let taken = taken_in(&format!("suricata-wrccdc/{file}"));
        assert!(taken.is_none_or(|(alerts, _)| alerts > 100), "{taken:?}");
    }
}

#[test]
fn wazuh_alerts_are_all_taken() {
    let mut all = 0;
    for file in ["ossec_insect.json", "ossec_spiral.json"] {
        match taken_in(&format!("wazuh/{file}")) {
            Some((alerts, _)) => all += alerts,
            None => return,
        }
    }
    assert_eq!(all, 1_362);
}
