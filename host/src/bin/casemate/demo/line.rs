//! An alert as its sensor writes it: an OCSF 1.3 Detection Finding (schema.ocsf.io/1.3.0).

use super::Label;
use super::night::Happening;
use super::rng::Rng;
use super::templates::{Machine, Wire};
use casemate::model::Digest;
use serde_json::{Value, json};

/// The sensor's own id of an alert, in the sensor's manner, from the digest of what is its own.
pub(super) fn uid(machine: Machine, of: &Digest) -> String {
    let hex = of.to_string();
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    match machine {
        Machine::Workstation => format!("SE-{}", part(0, 16).to_uppercase()),
        Machine::Server => format!(
            "{}-{}-4{}-9{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 15),
            part(15, 18),
            part(18, 30)
        ),
        Machine::Linux => format!("lq:{}", part(0, 20)),
    }
}

/// The finding of one alert of a happening.
pub(super) fn finding(rng: &mut Rng, of: &Happening, uid: &str, time: i64) -> Value {
    let template = of.template;
    let machine = template.machine;
    let mut finding = json!({
        "activity_id": 1,
        "category_uid": 2,
        "class_uid": 2004,
        "type_uid": 200_401,
        "time": time,
        "severity_id": template.severity,
        "severity": word(template.severity),
        "status_id": 1,
        "metadata": {
            "version": "1.3.0",
            "profiles": ["host"],
            "product": {
                "name": machine.product(),
                "vendor_name": machine.vendor(),
                "version": machine.version(),
            },
        },
        "finding_info": {
            "uid": uid,
            "title": template.title,
            "analytic": {
                "uid": template.rule,
                "name": template.title,
                "category": template.category,
                "type": "Rule",
                "type_id": 1,
            },
            "attacks": [{ "version": "15.1", "technique": { "uid": template.technique } }],
        },
        "device": {
            "hostname": of.host.name,
            "ip": of.host.ip,
            "type_id": if machine == Machine::Workstation { 2 } else { 1 },
            "os": system(machine),
        },
        "actor": {
            "user": { "name": of.user },
            "process": {
                "pid": rng.within(300, 30_000),
                "name": name(template.process),
                "cmd_line": of.command,
                "file": {
                    "name": name(template.process),
                    "path": template.process,
                    "type_id": 1,
                    "hashes": [sha256(&of.binary)],
                },
                "parent_process": {
                    "pid": rng.within(300, 30_000),
                    "name": name(template.parent),
                    "file": {
                        "name": name(template.parent),
                        "path": template.parent,
                        "type_id": 1,
                    },
                },
            },
        },
    });
    if let Some(evidence) = evidence(rng, of)
        && let Some(finding) = finding.as_object_mut()
    {
        finding.insert("evidences".to_owned(), json!([evidence]));
    }
    finding
}

/// What the sensor adds: the traffic, and the file that came with an attack.
fn evidence(rng: &mut Rng, of: &Happening) -> Option<Value> {
    let mut evidence = serde_json::Map::new();
    let mut add = |key: &str, value| evidence.insert(key.to_owned(), value);
    let here = json!({ "ip": of.host.ip, "port": rng.within(49_152, 65_535) });
    let there = json!({ "ip": of.peer.ip, "port": rng.within(49_152, 65_535) });
    match of.template.wire {
        Wire::Quiet => {}
        Wire::Out => {
            let domain = of.peer.domain.as_deref().unwrap_or("a.example");
            let second = of.peer.second.as_ref();
            let second = second.filter(|_| of.label == Label::Duplicate && rng.chance(30));
            add("src_endpoint", here);
            add(
                "dst_endpoint",
                json!({ "ip": second.unwrap_or(&of.peer.ip), "port": 443, "domain": domain }),
            );
            add(
                "url",
                json!({ "hostname": domain, "url_string": format!("https://{domain}/s/") }),
            );
        }
        Wire::Across => {
            add("src_endpoint", here);
            add("dst_endpoint", json!({ "ip": of.peer.ip, "port": 445 }));
        }
        Wire::Scanner | Wire::In => {
            add("src_endpoint", there);
            add(
                "dst_endpoint",
                json!({ "ip": of.host.ip, "port": rng.within(20, 9_000) }),
            );
        }
    }
    if let Some(file) = &of.file {
        let hash = sha256(file);
        let short = hash.get("value").and_then(Value::as_str);
        let name = format!("{}.bin", short.and_then(|s| s.get(..8)).unwrap_or("file"));
        add(
            "file",
            json!({ "name": name, "type_id": 1, "hashes": [hash] }),
        );
    }
    (!evidence.is_empty()).then_some(Value::Object(evidence))
}

fn sha256(of: &str) -> Value {
    let value = Digest::of(of.as_bytes()).to_string();
    json!({ "algorithm": "SHA-256", "algorithm_id": 3, "value": value })
}

fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

const fn word(severity: u8) -> &'static str {
    match severity {
        1 => "Informational",
        2 => "Low",
        3 => "Medium",
        4 => "High",
        5 => "Critical",
        _ => "Unknown",
    }
}

fn system(machine: Machine) -> Value {
    match machine {
        Machine::Workstation => json!({ "name": "Windows 11", "type_id": 100 }),
        Machine::Server => json!({ "name": "Windows Server 2022", "type_id": 100 }),
        Machine::Linux => json!({ "name": "Debian 13", "type_id": 200 }),
    }
}
