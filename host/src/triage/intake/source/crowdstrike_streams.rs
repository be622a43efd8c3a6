//! CrowdStrike Falcon's event streams, and what Falcon Data Replicator writes of them.

use crate::model::{Field, ObservableKind, Text};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{ANY, Row, To, each, each_when, field, process_when, take};
use crate::triage::intake::tree::Object;

/// What one connection fills; others are not mixed into it.
pub(super) const NETWORK: &[Field] = &[Field::SourceIp, Field::DestinationIp];

/// An event of the streams.
pub(super) const STREAM: &[Row] = &[
    take(
        To::Event,
        &[
            "ContextTimeStamp",
            "EventTimestamp",
            "EventCreatedTimestamp",
            "SignalStartTimestamp",
            "StartTimeEpoch",
            "StartTime",
            "Timestamp",
        ],
    ),
    take(To::Observed, &["UTCTimestamp", "timestamp"]),
    take(
        To::Severity(severity::crowdstrike),
        &["SeverityName", "Severity"],
    ),
    Row::Call(&["LeadId", "Name"], lead),
    field(
        Field::RuleId,
        &[
            "RuleId",
            "PolicyId",
            "PatternId",
            "PatternID",
            "Name",
            "DetectName",
        ],
    ),
    field(
        Field::RuleName,
        &["DisplayName", "Name", "DetectName", "PolicyStatement"],
    ),
    field(Field::RuleCategory, &["Tactic", "Tactics"]),
    take(To::Words(Field::RuleCategory), &["MitreAttack.Tactic"]),
    Row::Call(
        &["TechniqueId", "TechniqueIds", "MitreAttack.TechniqueID"],
        techniques,
    ),
    field(Field::Message, &["Description", "DetectDescription"]),
    field(
        Field::HostName,
        &[
            "Hostname",
            "ComputerName",
            "SourceEndpointHostName",
            "ThreatgraphIndicators.Hostname",
        ],
    ),
    field(Field::HostIp, &["LocalIP", "LocalIPv6"]),
    field(
        Field::UserName,
        &[
            "UserName",
            "SourceAccountSamAccountName",
            "SourceAccountName",
            "SourceAccountUpn",
        ],
    ),
    process_when("", "ProcessId", ANY, STREAM_PROCESS),
    Row::Of {
        at: "",
        when: None,
        unless: &[Field::ProcessName],
        rows: &[
            Row::Call(&["FilePath", "FileName"], |it, to| {
                to.set(Field::FilePath, path(it));
            }),
            field(Field::FilePath, &["Filename"]),
            field(
                Field::FileHash,
                &["SHA256String", "SHA1String", "MD5String"],
            ),
        ],
    },
    take(
        To::Endpoint(Field::SourceIp, Field::SourcePort),
        &["SourceEndpointIpAddress", "UserSourceIp"],
    ),
    Row::Of {
        at: "NetworkAccesses",
        when: Some(("ConnectionDirection", &["outbound", "0"])),
        unless: NETWORK,
        rows: STREAM_OUTWARD,
    },
    Row::Of {
        at: "NetworkAccesses",
        when: Some(("ConnectionDirection", &["inbound", "1"])),
        unless: NETWORK,
        rows: STREAM_INWARD,
    },
    Row::Of {
        at: "MobileNetworkConnections",
        when: Some(("ConnectionDirection", &["outbound", "0"])),
        unless: NETWORK,
        rows: STREAM_OUTWARD,
    },
    field(Field::Url, &["MobileNetworkConnections.Url"]),
    each(
        "Destination.Web",
        &[
            field(Field::Url, &["URL"]),
            field(Field::Domain, &["Hostname"]),
        ],
    ),
    each_when(
        "",
        "IOCType",
        &["domain"],
        &[field(Field::Domain, &["IOCValue"])],
    ),
    take(
        To::Seen(ObservableKind::Ip),
        &["NetworkAccesses.RemoteAddress"],
    ),
    take(
        To::Seen(ObservableKind::Domain),
        &["DnsRequests.DomainName"],
    ),
    take(To::Seen(ObservableKind::Host), &["TargetEndpointHostName"]),
    take(
        To::Seen(ObservableKind::User),
        &["SourceAccountUpn", "TargetAccountName"],
    ),
    each_when(
        "",
        "IOCType",
        &["hash_sha256", "hash_md5"],
        &[take(To::Seen(ObservableKind::Hash), &["IOCValue"])],
    ),
    take(To::Seen(ObservableKind::Hash), &["SHA256Hashes"]),
];

const STREAM_PROCESS: &[Row] = &[
    field(Field::ProcessName, &["FileName"]),
    take(To::FileName(Field::ProcessName), &["FilePath"]),
    Row::Call(&["FilePath", "FileName"], |it, to| {
        to.set(Field::ProcessPath, path(it));
    }),
    field(
        Field::ProcessHash,
        &["SHA256String", "SHA1String", "MD5String"],
    ),
    field(Field::ProcessCommandLine, &["CommandLine"]),
    take(
        To::FileName(Field::ProcessParent),
        &["ParentImageFileName", "ParentImageFilePath"],
    ),
];

const STREAM_OUTWARD: &[Row] = &[
    take(
        To::Endpoint(Field::SourceIp, Field::SourcePort),
        &["LocalAddress"],
    ),
    field(Field::SourcePort, &["LocalPort"]),
    take(
        To::Endpoint(Field::DestinationIp, Field::DestinationPort),
        &["RemoteAddress"],
    ),
    field(Field::DestinationPort, &["RemotePort"]),
    field(Field::Protocol, &["Protocol"]),
];

const STREAM_INWARD: &[Row] = &[
    take(
        To::Endpoint(Field::SourceIp, Field::SourcePort),
        &["RemoteAddress"],
    ),
    field(Field::SourcePort, &["RemotePort"]),
    take(
        To::Endpoint(Field::DestinationIp, Field::DestinationPort),
        &["LocalAddress"],
    ),
    field(Field::DestinationPort, &["LocalPort"]),
    field(Field::Protocol, &["Protocol"]),
];

/// The streams and the replicator carry all that Falcon does; detections have names that end alike.
pub(super) fn check(document: &Object<'_>) -> Result<(), Reason> {
    let kind = [
        "metadata.eventType",
        "event.ExternalApiType",
        "ExternalApiType",
    ];
    let Some(kind) = kind.iter().find_map(|path| document.text(path)) else {
        return Ok(());
    };
    let lower = kind.to_ascii_lowercase();
    let detects = [
        "detectionsummaryevent",
        "automatedleadsummaryevent",
        "cspmioastreamingevent",
    ];
    if detects.iter().any(|end| lower.ends_with(end)) {
        return Ok(());
    }
    let what = if lower.contains("incident") || lower == "identityprotectionevent" {
        "which groups detections and is none itself"
    } else if lower.ends_with("auditevent") {
        "an audit record and not an alert"
    } else {
        "a record of activity and not an alert"
    };
    Err(Reason::NotTakenYet {
        format: Text::capped(&format!("a CrowdStrike Falcon `{kind}`, {what}"), 200),
    })
}

fn techniques(event: &Object<'_>, it: &mut Gathered) {
    let mut ids = event.texts("TechniqueId");
    ids.extend(event.texts("TechniqueIds"));
    ids.extend(event.texts("MitreAttack.TechniqueID"));
    it.set(Field::RuleTechnique, Some(ids.join(" ")));
}

/// A lead is named after its machine and time, and has no pattern.
fn lead(event: &Object<'_>, it: &mut Gathered) {
    if event.text("LeadId").is_some() {
        it.set(Field::RuleId, Some("automated-lead"));
        it.set(Field::RuleName, Some("Automated Leads"));
        it.set(Field::Message, event.text("Name"));
    }
}

/// `FilePath` is the whole path in newer events and the folder in older ones.
fn path(event: &Object<'_>) -> Option<String> {
    let (path, name) = (event.text("FilePath"), event.text("FileName"));
    let (Some(path), Some(name)) = (path, name) else {
        return path.or(name).map(str::to_owned);
    };
    if path.ends_with(name) {
        return Some(path.to_owned());
    }
    let folder = path.trim_end_matches(['/', '\\']);
    let between = if path.contains('\\') { '\\' } else { '/' };
    Some(format!("{folder}{between}{name}"))
}
