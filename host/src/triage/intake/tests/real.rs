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

/// What became of the documents of a vendor: how many were taken, how many were not though their
/// form was named, and the reasons that name none.
fn vendor(name: &str, taken_as: Option<Source>) -> Option<(usize, usize, Vec<String>)> {
    let input = data(&format!("edr/panther_{name}_rules.ndjson"))?;
    let lines = input.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let (mut taken, mut named, mut unnamed) = (0, 0, Vec::new());
    let all = read(&input);
    assert_eq!(all.len(), lines.count(), "{name}");
    for document in all {
        match document {
            Document::Alert(it) => {
                assert!(taken_as.is_none_or(|source| it.alert.format == source));
                taken += 1;
            }
            Document::Reject(reject) => {
                let reason = reject.reason.to_string();
                let inside = reason.strip_prefix("in a record around its raw event: ");
                if inside
                    .is_some_and(|r| !r.starts_with("of no known form") && !r.starts_with("no "))
                {
                    named += 1;
                } else {
                    unnamed.push(reason);
                }
            }
        }
    }
    Some((taken, named, unnamed))
}

#[test]
fn every_vendor_document_is_taken_as_what_it_is_or_rejected_by_its_name() {
    for (name, source, want) in [
        ("aws_guardduty", Source::GuardDuty, (8, 0)),
        // Graph's alerts; the rest are audit records of Microsoft 365 and of Windows.
        ("microsoft", Source::Graph, (4, 21)),
    ] {
        if let Some((taken, named, unnamed)) = vendor(name, Some(source)) {
            assert!(unnamed.is_empty(), "{name}: {unnamed:?}");
            assert_eq!((taken, named), want, "{name}");
        }
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
