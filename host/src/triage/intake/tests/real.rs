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
    let unnamed: BTreeMap<&str, usize> = BTreeMap::from([("aws_guardduty", 0), ("microsoft", 2)]);
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

/// What becomes of a vendor's documents, and how often.
fn become_of(vendor: &str) -> Option<BTreeMap<String, usize>> {
    let input = data(&format!("edr/panther_{vendor}_rules.ndjson"))?;
    let mut all = BTreeMap::new();
    for told in told(&input) {
        let what = told
            .replace("in a record around its raw event: ", "")
            .replace("in a Panther record: ", "");
        let end = what.find([',', ';', '(']).unwrap_or(what.len());
        *all.entry(what[..end].trim().to_owned()).or_insert(0) += 1;
    }
    Some(all)
}

#[test]
fn every_document_of_an_edr_is_taken_or_called_what_it_is() {
    let vendors: [(&str, &[(&str, usize)]); 4] = [
        (
            "crowdstrike",
            &[
                ("Crowdstrike", 2),
                (
                    "a CrowdStrike Falcon `Event_RemoteResponseSessionEndEvent`",
                    2,
                ),
                (
                    "a CrowdStrike Falcon `Event_RemoteResponseSessionStartEvent`",
                    2,
                ),
                ("a CrowdStrike Falcon `something else`", 1),
                ("a CrowdStrike Falcon telemetry record", 59),
                ("a Panther record of log type `Crowdstrike.FDREvent`", 1),
                // A device's id, a file's name, or nothing: no vendor writes that.
                ("of no known form", 16),
            ],
        ),
        ("sentinelone", &[("a SentinelOne activity record", 11)]),
        (
            "carbonblack",
            &[
                ("a Carbon Black Cloud alert", 2),
                ("a Carbon Black Cloud audit record", 13),
            ],
        ),
        (
            "okta",
            &[
                ("an Okta system log record", 66),
                ("an anomaly of an Okta rule of Panther", 34),
            ],
        ),
    ];
    for (vendor, want) in vendors {
        let Some(all) = become_of(vendor) else { return };
        let all: Vec<_> = all.iter().map(|(what, n)| (what.as_str(), *n)).collect();
        assert_eq!(all, want, "{vendor}");
    }
}
