//! Suricata EVE: records with `event_type` `alert`.
//!
//! An EVE alert has no id of its own: `flow_id` is that of the flow, which can raise many alerts, so
//! the digest of the bytes is the identity. Its `host` is the name of the sensor, not of a machine
//! the alert is about, so `host.name` and `host.ip` stay empty: who was attacked is in
//! `destination.ip`, or for traffic from inside in `source.ip`.

use crate::model::{Field, Source, Text};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, field, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Eve,
    origin: "docs.suricata.io, \"Eve JSON Format\"; Suricata's own etc/schema.json",
    because: "`event_type` and `timestamp`",
    is: |top| top.has("event_type") && top.has("timestamp"),
    checks: &["event_type"],
    check: |document| match document.text("event_type") {
        Some("alert") => Ok(()),
        other => Err(Reason::SuricataRecord {
            event_type: Text::capped(other.unwrap_or_default(), 80),
        }),
    },
    product: Some("Suricata"),
    rows: &[
        take(To::Event, &["timestamp"]),
        take(To::Severity(severity::suricata), &["alert.severity"]),
        Row::Call(&["alert.gid", "alert.signature_id"], rule_id),
        field(Field::RuleId, &["alert.signature_id"]),
        field(Field::RuleName, &["alert.signature"]),
        field(Field::RuleCategory, &["alert.category"]),
        take(
            To::Words(Field::RuleTechnique),
            &["alert.metadata.mitre_technique_id"],
        ),
        take(
            To::Endpoint(Field::SourceIp, Field::SourcePort),
            &["src_ip"],
        ),
        field(Field::SourcePort, &["src_port"]),
        take(
            To::Endpoint(Field::DestinationIp, Field::DestinationPort),
            &["dest_ip"],
        ),
        field(Field::DestinationPort, &["dest_port"]),
        Row::Call(&["app_proto"], application_protocol),
        field(Field::Protocol, &["proto"]),
        Row::Call(&["http.hostname", "http.url", "http.http_port"], url),
        field(
            Field::Domain,
            &[
                "http.hostname",
                "tls.sni",
                "dns.query.rrname",
                "dns.queries.rrname",
                "dns.rrname",
            ],
        ),
        field(Field::FilePath, &["fileinfo.filename", "files.filename"]),
        field(
            Field::FileHash,
            &[
                "fileinfo.sha256",
                "fileinfo.sha1",
                "fileinfo.md5",
                "files.sha256",
                "files.sha1",
                "files.md5",
            ],
        ),
    ],
};

/// Signature ids are unique within a generator; all but a few rules are of generator 1.
fn rule_id(document: &Object<'_>, it: &mut Gathered) {
    if let (Some(gid), Some(id)) = (
        document.text("alert.gid"),
        document.text("alert.signature_id"),
    ) && gid != "1"
    {
        it.set(Field::RuleId, Some(format!("{gid}:{id}")));
    }
}

/// The application protocol says more than TCP; `failed` is "could not be told".
fn application_protocol(document: &Object<'_>, it: &mut Gathered) {
    let name = document.text("app_proto");
    it.set(
        Field::Protocol,
        name.filter(|name| !matches!(*name, "failed" | "unknown")),
    );
}

fn url(document: &Object<'_>, it: &mut Gathered) {
    let Some(path) = document.text("http.url") else {
        return;
    };
    let url = match document.text("http.hostname") {
        Some(host) if path.starts_with('/') => match document.text("http.http_port") {
            Some(port) if port != "80" && !host.contains(':') => {
                format!("http://{host}:{port}{path}")
            }
            Some(_) | None => format!("http://{host}{path}"),
        },
        Some(_) | None => path.to_owned(),
    };
    it.set(Field::Url, Some(url));
}
