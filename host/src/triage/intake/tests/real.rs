//! Real documents, which are not part of the project: skipped where they are absent.

use super::*;
use crate::model::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A file of the shared data; unpacked where it is packed.
#[expect(clippy::disallowed_methods, reason = "a test reads its own data")]
fn data(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("CASEMATE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if !path.exists() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: no {}", path.display());
        }
        return None;
    }
    if name.ends_with(".gz") {
        let out = std::process::Command::new("gunzip")
            .arg("-c")
            .arg(&path)
            .output()
            .unwrap();
        assert!(out.status.success());
        return Some(out.stdout);
    }
    Some(std::fs::read(path).unwrap())
}

fn all_taken(name: &str, count: usize, source: Source) -> Vec<Taken> {
    let Some(input) = data(name) else {
        return Vec::new();
    };
    let taken: Vec<_> = read(&input)
        .into_iter()
        .map(|d| match d {
            Document::Alert(taken) => taken,
            Document::Reject(r) => panic!("{name} at {}: {}", r.offset, r.reason),
        })
        .collect();
    assert_eq!(taken.len(), count, "{name}");
    assert!(taken.iter().all(|t| t.alert.format == source));
    let keys: BTreeSet<_> = taken.iter().map(|t| t.alert.key()).collect();
    assert_eq!(
        keys.len(),
        count,
        "{name}: two documents under one identity"
    );
    taken
}

#[test]
fn every_real_suricata_and_wazuh_alert_is_taken_and_none_is_another() {
    let eve = all_taken("cptc2017-suricata/eve.ndjson.gz", 47_876, Source::Eve);
    all_taken("suricata-wrccdc/wrccdc-2017.json", 161, Source::Eve);
    all_taken("suricata-wrccdc/wrccdc-2018.json", 207, Source::Eve);
    let mut wazuh = all_taken("wazuh/ossec_insect.json", 497, Source::Wazuh);
    wazuh.extend(all_taken("wazuh/ossec_spiral.json", 865, Source::Wazuh));
    let ids: BTreeSet<_> = wazuh.iter().map(|t| t.alert.own_id()).collect();
    assert_eq!(ids.len(), wazuh.len());
    for taken in eve.iter().chain(&wazuh) {
        let has = |field| taken.alert.field(field).is_some();
        assert!(has(Field::RuleId) && has(Field::RuleName));
        assert!(taken.alert.severity != Severity::Unknown);
    }
}

#[test]
fn every_vendor_document_is_rejected_by_its_name_or_its_keys() {
    let unnamed: BTreeMap<&str, usize> = BTreeMap::from([
        ("aws_guardduty", 0),
        ("carbonblack", 0),
        ("crowdstrike", 18),
        ("microsoft", 2),
        ("okta", 34),
        ("sentinelone", 0),
    ]);
    for (vendor, most) in unnamed {
        let Some(input) = data(&format!("edr/panther_{vendor}_rules.ndjson")) else {
            return;
        };
        let lines = input
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .count();
        let all = told(&input);
        assert_eq!(all.len(), lines, "{vendor}");
        let unknown = all
            .iter()
            .filter(|t| t.starts_with("of no known form (keys: `src`"))
            .count();
        assert!(unknown <= most + 1, "{vendor}: {unknown}");
        let rest = all
            .iter()
            .filter(|t| t.starts_with("an object whose `raw` looks like "))
            .count();
        assert_eq!(rest + unknown, lines, "{vendor}");
    }
}
