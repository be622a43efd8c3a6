use crate::sandbox::inspect::{Finding, Rule, Spot};
use serde_json::{Map, Value, json};

/// Where the version of SARIF is described.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Findings as SARIF 2.1.0: every rule, and one result a finding, in their order. Paths are relative to
/// the home.
pub fn sarif(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id(),
                "shortDescription": { "text": rule.says() },
                "defaultConfiguration": { "level": rule.level().word() },
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "casemate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "HOME": { "description": { "text": "The folder of the home, or of the module." } },
            },
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let mut logical = Vec::new();
    if let Some(tenant) = &finding.tenant {
        logical.push(json!({ "name": tenant.as_str(), "kind": "namespace" }));
    }
    if let Some(module) = &finding.module {
        logical.push(json!({ "name": module.as_str(), "kind": "module" }));
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), physical(&finding.place));
    if !logical.is_empty() {
        location.insert("logicalLocations".to_owned(), Value::Array(logical));
    }
    let at = Rule::ALL.iter().position(|rule| *rule == finding.rule);
    json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": at,
        "level": finding.level.word(),
        "message": { "text": finding.message },
        "locations": [location],
    })
}

fn physical(spot: &Spot) -> Value {
    let mut place = Map::new();
    let artifact = json!({ "uri": uri(&spot.file), "uriBaseId": "HOME" });
    place.insert("artifactLocation".to_owned(), artifact);
    let region = match (spot.line, spot.byte) {
        (Some(line), _) => Some(json!({ "startLine": line })),
        (None, Some(byte)) => Some(json!({ "byteOffset": byte, "byteLength": 0 })),
        (None, None) => None,
    };
    if let Some(region) = region {
        place.insert("region".to_owned(), region);
    }
    Value::Object(place)
}

/// The path as a reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
