//! CrowdStrike Falcon: alerts as the Alerts API gives them, detections as the Detects API did before,
//! and detections of the event streams, which Falcon Data Replicator writes without their envelope.
//!
//! The identity of an alert is its `composite_id`, which stays over all its updates and is the same in
//! the event streams. Its rule is the pattern that matched; for rules of one's own, the rule. What the
//! event streams call a process's start says when that began, not when something was seen, so there
//! the time is that of the context, or else that at which the event was made.

use super::crowdstrike_streams::{NETWORK, STREAM, check};
use crate::model::{Field, ObservableKind, Source};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::severity;
use crate::triage::intake::table::{
    ANY, Row, Table, To, each, each_when, field, process, process_when, take,
};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Crowdstrike,
    origin: "developer.crowdstrike.com, Alerts API v2, Detects API v1, \"Streaming API Event Dictionary\"",
    because: "`composite_id`, `detection_id` with `behaviors`, `metadata.eventType` with `event`, or `ExternalApiType`",
    is: |top| {
        top.has("composite_id")
            || (top.has("detection_id") && top.has("behaviors"))
            || (top.has("metadata.eventType") && top.is_object("event"))
            || top.has("ExternalApiType")
            || top.has("event.ExternalApiType")
    },
    checks: &[
        "composite_id",
        "detection_id",
        "metadata.eventType",
        "event.ExternalApiType",
        "ExternalApiType",
    ],
    check,
    product: Some("CrowdStrike Falcon"),
    rows: &[
        take(
            To::Id,
            &[
                "composite_id",
                "detection_id",
                "event.CompositeId",
                "event.DetectId",
                "CompositeId",
                "DetectId",
            ],
        ),
        take(
            To::Event,
            &[
                "context_timestamp",
                "signal_start_timestamp",
                "start_time",
                "first_behavior",
            ],
        ),
        each_when("", "composite_id", ANY, &[take(To::Event, &["timestamp"])]),
        take(To::Observed, &["created_timestamp"]),
        take(
            To::Severity(severity::crowdstrike),
            &[
                "severity_name",
                "severity",
                "max_severity_displayname",
                "max_severity",
            ],
        ),
        field(Field::RuleId, &["correlation_rule_id", "pattern_id"]),
        // A lead is named after its machine and time.
        each_when(
            "",
            "type",
            &["automated-lead"],
            &[
                field(Field::RuleName, &["source_products"]),
                field(Field::Message, &["display_name", "name"]),
            ],
        ),
        field(Field::RuleName, &["display_name", "name"]),
        take(To::Words(Field::RuleCategory), &["tactic"]),
        take(To::Words(Field::RuleCategory), &["mitre_attack.tactic"]),
        Row::Call(
            &[
                "technique_id",
                "mitre_attack.technique_id",
                "behaviors.technique_id",
            ],
            techniques,
        ),
        field(Field::Message, &["description"]),
        each("device", DEVICE),
        field(
            Field::HostName,
            &[
                "source_endpoint_host_name",
                "host_names",
                "threatgraph_indicators.hostname",
            ],
        ),
        field(
            Field::UserName,
            &[
                "user_name",
                "source_account_sam_account_name",
                "source_account_name",
                "source_account_upn",
                "user_names",
            ],
        ),
        process_when("", "process_id", ANY, PROCESS),
        // What was found at rest, by a scan, is a file and no process.
        Row::Of {
            at: "",
            when: None,
            unless: &[Field::ProcessName],
            rows: &[
                field(Field::FilePath, &["filepath", "filename"]),
                field(Field::FileHash, &["sha256", "sha1", "md5"]),
            ],
        },
        Row::Of {
            at: "quarantined_files",
            when: None,
            unless: &[Field::FilePath],
            rows: &[
                field(Field::FilePath, &["filename"]),
                field(Field::FileHash, &["sha256"]),
            ],
        },
        take(
            To::Endpoint(Field::SourceIp, Field::SourcePort),
            &["source_endpoint_ip_address", "source_ips"],
        ),
        take(
            To::Endpoint(Field::DestinationIp, Field::DestinationPort),
            &["target_endpoint_ip_address", "destination_ips"],
        ),
        Row::Of {
            at: "network_accesses",
            when: Some(("connection_direction", &["outbound", "0"])),
            unless: NETWORK,
            rows: OUTWARD,
        },
        Row::Of {
            at: "network_accesses",
            when: Some(("connection_direction", &["inbound", "1"])),
            unless: NETWORK,
            rows: INWARD,
        },
        each_when(
            "",
            "ioc_type",
            &["domain"],
            &[field(Field::Domain, &["ioc_value"])],
        ),
        take(
            To::Seen(ObservableKind::Ip),
            &[
                "network_accesses.remote_address",
                "source_ips",
                "destination_ips",
            ],
        ),
        take(
            To::Seen(ObservableKind::Hash),
            &["ioc_context.sha256", "quarantined_files.sha256"],
        ),
        take(
            To::Seen(ObservableKind::Host),
            &[
                "target_endpoint_host_name",
                "target_domain_controller_host_name",
                "source_hosts",
                "destination_hosts",
            ],
        ),
        take(
            To::Seen(ObservableKind::User),
            &["source_account_upn", "target_account_name", "user_names"],
        ),
        // The Detects API: what each behaviour says.
        Row::Of {
            at: "behaviors",
            when: None,
            unless: &[Field::RuleId],
            rows: BEHAVIOR,
        },
        process("behaviors", BEHAVING),
        take(To::Seen(ObservableKind::Hash), &["behaviors.sha256"]),
        take(To::Seen(ObservableKind::User), &["behaviors.user_name"]),
        each_when(
            "behaviors",
            "ioc_type",
            &["domain"],
            &[field(Field::Domain, &["ioc_value"])],
        ),
        // The event streams.
        each("event", STREAM),
        each_when("", "ExternalApiType", ANY, STREAM),
        take(To::Observed, &["metadata.eventCreationTime"]),
    ],
};

const DEVICE: &[Row] = &[
    field(Field::HostName, &["hostname"]),
    field(Field::HostIp, &["local_ip"]),
    take(To::Seen(ObservableKind::Ip), &["external_ip"]),
];

const PROCESS: &[Row] = &[
    field(Field::ProcessName, &["filename"]),
    take(To::FileName(Field::ProcessName), &["filepath"]),
    field(Field::ProcessPath, &["filepath"]),
    field(Field::ProcessHash, &["sha256", "sha1", "md5"]),
    field(Field::ProcessCommandLine, &["cmdline"]),
    take(
        To::FileName(Field::ProcessParent),
        &["parent_details.filename", "parent_details.filepath"],
    ),
];

const OUTWARD: &[Row] = &[
    take(
        To::Endpoint(Field::SourceIp, Field::SourcePort),
        &["local_address"],
    ),
    field(Field::SourcePort, &["local_port"]),
    take(
        To::Endpoint(Field::DestinationIp, Field::DestinationPort),
        &["remote_address"],
    ),
    field(Field::DestinationPort, &["remote_port"]),
    field(Field::Protocol, &["protocol"]),
];

const INWARD: &[Row] = &[
    take(
        To::Endpoint(Field::SourceIp, Field::SourcePort),
        &["remote_address"],
    ),
    field(Field::SourcePort, &["remote_port"]),
    take(
        To::Endpoint(Field::DestinationIp, Field::DestinationPort),
        &["local_address"],
    ),
    field(Field::DestinationPort, &["local_port"]),
    field(Field::Protocol, &["protocol"]),
];

const BEHAVIOR: &[Row] = &[
    field(Field::RuleId, &["behavior_id", "display_name", "scenario"]),
    field(Field::RuleName, &["display_name", "scenario"]),
    field(Field::RuleCategory, &["tactic"]),
    field(Field::Message, &["description"]),
];

const BEHAVING: &[Row] = &[
    field(Field::ProcessName, &["filename"]),
    take(To::FileName(Field::ProcessName), &["filepath"]),
    field(Field::ProcessPath, &["filepath"]),
    field(Field::ProcessHash, &["sha256", "md5"]),
    field(Field::ProcessCommandLine, &["cmdline"]),
    field(Field::UserName, &["user_name"]),
];

fn techniques(document: &Object<'_>, it: &mut Gathered) {
    let mut ids = document.texts("technique_id");
    ids.extend(document.texts("mitre_attack.technique_id"));
    ids.extend(document.texts("behaviors.technique_id"));
    it.set(Field::RuleTechnique, Some(ids.join(" ")));
}
