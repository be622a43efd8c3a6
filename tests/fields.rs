//! A field that the boundary withholds is in nothing that a module is handed.

use crate::support::{Bench, Built, NOW, Run, contains, materials, runs, start, tenant, trail};
use casemate::model::Field;
use casemate::triage::intake::From;
use serde_json::json;

/// The value that stands in an alert for each field, and nowhere else in it.
fn value_of(field: Field) -> &'static str {
    match field {
        Field::Product => "zq-product",
        Field::Severity => "critical",
        Field::RuleId => "zq-rule-uid",
        Field::RuleName => "zq-rule-title",
        Field::RuleCategory => "zq-category",
        Field::RuleTechnique => "T1959.042",
        Field::HostName => "zq-host",
        Field::HostIp => "192.0.2.11",
        Field::UserName => "zq-user",
        Field::ProcessName => "zq-process",
        Field::ProcessPath => "/opt/zq-path",
        Field::ProcessHash => "0123456789abcdef0123456789abcdef",
        Field::ProcessCommandLine => "zq-command --line",
        Field::ProcessParent => "zq-parent",
        Field::SourceIp => "192.0.2.21",
        Field::SourcePort => "49777",
        Field::DestinationIp => "192.0.2.31",
        Field::DestinationPort => "48999",
        Field::Protocol => "zq-protocol",
        Field::Url => "https://zq-url.example/where",
        Field::Domain => "zq-domain.example",
        Field::FilePath => "/srv/zq-file",
        Field::FileHash => "fedcba9876543210fedcba9876543210",
        Field::Message => "zq-message",
        Field::Observables => "zq-listed-user",
    }
}

/// An alert that has every field.
fn whole_alert() -> Vec<u8> {
    let v = value_of;
    let finding = json!({
        "class_uid": 2004,
        "severity_id": 5,
        "time": NOW.millis() - 3_600_000,
        "message": v(Field::Message),
        "metadata": { "version": "1.1.0", "product": { "name": v(Field::Product) } },
        "finding_info": {
            "uid": "id-1",
            "title": v(Field::RuleName),
            "analytic": { "uid": v(Field::RuleId), "category": v(Field::RuleCategory) },
            "attacks": [{ "technique": { "uid": v(Field::RuleTechnique) } }],
        },
        "device": { "hostname": v(Field::HostName), "ip": v(Field::HostIp) },
        "actor": {
            "user": { "name": v(Field::UserName) },
            "process": {
                "name": v(Field::ProcessName),
                "file": { "path": v(Field::ProcessPath), "hashes": [{ "value": v(Field::ProcessHash) }] },
                "cmd_line": v(Field::ProcessCommandLine),
                "parent_process": { "name": v(Field::ProcessParent) },
            },
        },
        "src_endpoint": { "ip": v(Field::SourceIp), "port": 49777 },
        "dst_endpoint": {
            "ip": v(Field::DestinationIp), "port": 48999, "domain": v(Field::Domain),
        },
        "connection_info": { "protocol_name": v(Field::Protocol) },
        "file": { "path": v(Field::FilePath), "hashes": [{ "value": v(Field::FileHash) }] },
        "evidences": [{ "url": { "url_string": v(Field::Url) } }],
        // The source's own list repeats what stands in fields.
        "observables": [
            { "type_id": 4, "value": v(Field::Observables) },
            { "type_id": 1, "name": "device.hostname", "value": v(Field::HostName) },
            { "type_id": 2, "value": v(Field::HostIp) },
            { "type_id": 4, "value": v(Field::UserName) },
            { "type_id": 9, "value": v(Field::ProcessName) },
            { "type_id": 6, "value": v(Field::Url) },
            { "type_id": 8, "value": v(Field::FileHash) },
        ],
    });
    format!("{finding}\n").into_bytes()
}

/// A boundary that shows modules every field but this one.
fn withholding(field: Option<Field>) -> String {
    let shown = Field::ALL.iter().filter(|f| Some(**f) != field);
    let shown: Vec<_> = shown.map(|f| format!("\"{f}\"")).collect();
    let text = Bench::allowing();
    let (before, rest) = text.split_once("modules = [").unwrap();
    let (_, after) = rest.split_once("\n]").unwrap();
    format!("{before}modules = [\n{}\n]{after}", shown.join(",\n"))
}

/// A module that asks for every field there is.
fn curious(name: &str) -> Built {
    let all: Vec<_> = Field::ALL.iter().map(|f| format!("\"{f}\"")).collect();
    Built::read(name).with(|toml| {
        let (before, rest) = toml.split_once("fields = [").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        format!("{before}fields = [{}]{after}", all.join(", "))
    })
}

#[test]
fn a_withheld_field_is_in_nothing_that_a_module_is_handed() {
    let bench = Bench::new();
    for name in ["grouper", "assets", "known-good", "drafter"] {
        bench.whole(&curious(name));
    }
    let id = |field: &Field| format!("without-{}", field.name().replace('.', "-"));
    bench.tenant_with("whole", &withholding(None));
    for field in Field::ALL {
        bench.tenant_with(&id(field), &withholding(Some(*field)));
    }
    let casemate = bench.open();
    let handed = |id: &str| -> Vec<(String, Vec<u8>)> {
        let mut session = start(&casemate, &tenant(id));
        let submitted = session.submit(whole_alert().as_slice(), From::Auto, "test");
        let submitted = submitted.unwrap();
        assert_eq!(
            (submitted.new, submitted.placed),
            (1, 1),
            "{id}: {submitted:?}"
        );
        let drafted = session.draft().unwrap();
        assert!(drafted.failures.is_empty(), "{id}: {drafted:?}");
        drop(session);
        let entries = trail(&casemate, &tenant(id));
        let view = casemate.view(&tenant(id)).unwrap().unwrap();
        let materials = materials(&view, &entries);
        let of_run = |run: &Run| {
            let (_, material) = materials.iter().find(|(n, _)| *n == run.number).unwrap();
            let mut bytes = material.batch.clone();
            for call in &material.calls {
                bytes.extend_from_slice(&call.question);
                bytes.extend_from_slice(&call.answer);
            }
            bytes.extend_from_slice(&material.answer);
            (run.module().to_owned(), bytes)
        };
        let runs = runs(&entries);
        assert_eq!(runs.len(), 4);
        for run in &runs {
            let withheld: Vec<_> = run
                .start
                .withheld
                .iter()
                .map(|f| format!("without-{}", f.name().replace('.', "-")))
                .collect();
            let want: &[String] = if id == "whole" { &[] } else { &[id.to_owned()] };
            assert_eq!(withheld, want);
        }
        runs.iter().map(of_run).collect()
    };
    for (module, bytes) in handed("whole") {
        for field in Field::ALL {
            let value = value_of(*field);
            assert!(contains(&bytes, value), "{module} is not handed {field}");
        }
    }
    for field in Field::ALL {
        let value = value_of(*field);
        for (module, bytes) in handed(&id(field)) {
            assert!(!contains(&bytes, value), "{module} is handed {field}");
            let others = Field::ALL.iter().filter(|other| *other != field);
            for other in others {
                let shown = contains(&bytes, value_of(*other));
                assert!(shown, "without {field}, {module} is not handed {other}");
            }
        }
    }
}
