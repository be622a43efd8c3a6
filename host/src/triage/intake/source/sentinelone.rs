//! SentinelOne: threats, alerts of custom detection rules (STAR), and alerts of the unified alert
//! management, among them those of Singularity Identity.
//!
//! A threat has a confidence and no severity, an engine and no rule. Its file is what was found; where
//! it was running, which its arguments say, it is the acting process and `originatorProcess` is its
//! parent, else `originatorProcess` is who wrote or opened it.

use crate::model::{Field, ObservableKind, Source};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::severity;
use crate::triage::intake::table::{
    ANY, Row, Table, To, any, each, each_when, field, process, process_when, take,
};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::SentinelOne,
    origin: "SentinelOne Management API 2.1, `threats` and `cloud-detection/alerts`; Unified Alert Management GraphQL schema",
    because: "`threatInfo`, `alertInfo` with `ruleInfo`, or `detectionSource` with `attackSurfaces`",
    is: |top| {
        top.has("threatInfo")
            || (top.has("alertInfo") && top.has("ruleInfo"))
            || (top.is_object("detectionSource") && top.has("attackSurfaces"))
    },
    checks: &[],
    check: any,
    product: Some("SentinelOne"),
    rows: &[
        take(To::Id, &["threatInfo.threatId", "alertInfo.alertId", "id"]),
        take(
            To::Event,
            &[
                "threatInfo.identifiedAt",
                "alertInfo.createdAt",
                "detectedAt",
                "firstSeenAt",
            ],
        ),
        take(
            To::Observed,
            &["threatInfo.createdAt", "alertInfo.reportedAt", "createdAt"],
        ),
        take(
            To::Severity(severity::word),
            &["ruleInfo.severity", "severity"],
        ),
        take(To::Severity(severity::ocsf), &["rawData.severity_id"]),
        take(
            To::Severity(severity::sentinelone_confidence),
            &["threatInfo.confidenceLevel", "confidenceLevel"],
        ),
        field(
            Field::RuleId,
            &[
                "ruleInfo.id",
                "ruleInfo.name",
                "threatInfo.detectionEngines.key",
                "threatInfo.engines",
                "threatInfo.classification",
                "analytics.uid",
                "analytics.name",
                "name",
            ],
        ),
        field(
            Field::RuleName,
            &[
                "ruleInfo.name",
                "threatInfo.detectionEngines.title",
                "threatInfo.engines",
                "name",
            ],
        ),
        field(
            Field::RuleCategory,
            &[
                "threatInfo.classification",
                "alertInfo.indicatorCategory",
                "alertInfo.eventType",
            ],
        ),
        Row::Call(&["classification", "analytics.category"], category),
        Row::Call(
            &[
                "indicators.tactics.techniques.name",
                "rawData.finding_info.attacks.technique.uid",
                "rawData.finding_info.attacks.sub_technique.uid",
            ],
            techniques,
        ),
        Row::Call(
            &["threatInfo.threatName", "indicators.description"],
            message,
        ),
        field(
            Field::Message,
            &[
                "ruleInfo.description",
                "alertInfo.indicatorDescription",
                "description",
            ],
        ),
        field(
            Field::HostName,
            &[
                "agentRealtimeInfo.agentComputerName",
                "agentDetectionInfo.name",
                "agentRealtimeInfo.name",
                "assets.name",
                "asset.name",
            ],
        ),
        field(
            Field::HostIp,
            &[
                "agentDetectionInfo.agentIpV4",
                "agentRealtimeInfo.networkInterfaces.inet",
                "alertInfo.srcMachineIp",
                "agentDetectionInfo.agentIpV6",
                "detectionTime.assets.asset.ipV4",
                "detectionTime.assets.asset.ipV6",
            ],
        ),
        field(
            Field::UserName,
            &[
                "threatInfo.processUser",
                "sourceProcessInfo.user",
                "alertInfo.loginsUserName",
                "detectionTime.targetUser.name",
                "detectionTime.targetUser.emailAddress",
                "rawData.evidences.actor.user.name",
                "agentDetectionInfo.agentLastLoggedInUserName",
            ],
        ),
        process("sourceProcessInfo", STAR_PROCESS),
        field(Field::ProcessParent, &["sourceParentProcessInfo.name"]),
        process_when(
            "threatInfo",
            "maliciousProcessArguments",
            ANY,
            THREAT_RUNNING,
        ),
        process(
            "threatInfo",
            &[Row::Call(&["originatorProcess"], originator)],
        ),
        process_when("process", "cmdLine", ANY, UNIFIED_PROCESS),
        each(
            "threatInfo",
            &[
                field(Field::FilePath, &["filePath"]),
                field(Field::FileHash, &["sha256", "sha1", "md5"]),
            ],
        ),
        each(
            "process.file",
            &[
                field(Field::FilePath, &["path", "name"]),
                field(Field::FileHash, &["sha256", "sha1", "md5"]),
            ],
        ),
        each(
            "targetProcessInfo",
            &[
                field(Field::FilePath, &["tgtFilePath"]),
                field(Field::FileHash, &["tgtFileHashSha256", "tgtFileHashSha1"]),
                take(To::Seen(ObservableKind::Process), &["tgtProcName"]),
            ],
        ),
        take(
            To::Endpoint(Field::SourceIp, Field::SourcePort),
            &[
                "alertInfo.srcIp",
                "detectionTime.attacker.ip",
                "rawData.evidences.src_endpoint.ip",
            ],
        ),
        field(Field::SourcePort, &["alertInfo.srcPort"]),
        take(
            To::Endpoint(Field::DestinationIp, Field::DestinationPort),
            &["alertInfo.dstIp", "rawData.evidences.dst_endpoint.ip"],
        ),
        field(Field::DestinationPort, &["alertInfo.dstPort"]),
        field(Field::Domain, &["alertInfo.dnsRequest"]),
        take(
            To::Seen(ObservableKind::Ip),
            &["agentDetectionInfo.externalIp"],
        ),
        take(
            To::Seen(ObservableKind::Host),
            &["detectionTime.attacker.host"],
        ),
        take(
            To::Seen(ObservableKind::User),
            &[
                "detectionTime.targetUser.emailAddress",
                "agentDetectionInfo.agentLastLoggedInUserName",
            ],
        ),
        take(To::Seen(ObservableKind::Hash), &["alertInfo.moduleSha1"]),
        each_when(
            "alertInfo",
            "tiIndicatorType",
            &["ipv4", "ipv6", "ip"],
            &[take(To::Seen(ObservableKind::Ip), &["tiIndicatorValue"])],
        ),
        each_when(
            "alertInfo",
            "tiIndicatorType",
            &["domain", "dns"],
            &[take(
                To::Seen(ObservableKind::Domain),
                &["tiIndicatorValue"],
            )],
        ),
        each_when(
            "alertInfo",
            "tiIndicatorType",
            &["url"],
            &[take(To::Seen(ObservableKind::Url), &["tiIndicatorValue"])],
        ),
        each_when(
            "alertInfo",
            "tiIndicatorType",
            &["sha1", "sha256", "md5"],
            &[take(To::Seen(ObservableKind::Hash), &["tiIndicatorValue"])],
        ),
    ],
};

const STAR_PROCESS: &[Row] = &[
    field(Field::ProcessName, &["name"]),
    take(To::FileName(Field::ProcessName), &["filePath"]),
    field(Field::ProcessPath, &["filePath"]),
    field(
        Field::ProcessHash,
        &["fileHashSha256", "fileHashSha1", "fileHashMd5"],
    ),
    field(Field::ProcessCommandLine, &["commandline"]),
];

const THREAT_RUNNING: &[Row] = &[
    take(To::FileName(Field::ProcessName), &["filePath"]),
    field(Field::ProcessPath, &["filePath"]),
    field(Field::ProcessHash, &["sha256", "sha1", "md5"]),
    field(Field::ProcessCommandLine, &["maliciousProcessArguments"]),
    field(Field::ProcessParent, &["originatorProcess"]),
];

const UNIFIED_PROCESS: &[Row] = &[
    field(Field::ProcessName, &["file.name"]),
    take(To::FileName(Field::ProcessName), &["file.path"]),
    field(Field::ProcessPath, &["file.path"]),
    field(
        Field::ProcessHash,
        &["file.sha256", "file.sha1", "file.md5"],
    ),
    field(Field::ProcessCommandLine, &["cmdLine"]),
    field(Field::ProcessParent, &["parentName"]),
];

/// Where a threat came from another machine, `Lateral Movement ADDRESS USER` stands for the process.
fn originator(threat: &Object<'_>, it: &mut Gathered) {
    let Some(name) = threat.text("originatorProcess") else {
        return;
    };
    match name.strip_prefix("Lateral Movement ") {
        Some(from) => it.set(Field::SourceIp, from.split(' ').next()),
        None => it.set(Field::ProcessName, Some(name)),
    }
}

/// `UNKNOWN` is no class.
fn category(document: &Object<'_>, it: &mut Gathered) {
    let class = document.text("classification");
    let class = class.filter(|class| !class.eq_ignore_ascii_case("unknown"));
    it.set(
        Field::RuleCategory,
        class.or_else(|| document.text("analytics.category")),
    );
}

fn techniques(document: &Object<'_>, it: &mut Gathered) {
    let mut ids = document.texts("indicators.tactics.techniques.name");
    ids.extend(document.texts("rawData.finding_info.attacks.technique.uid"));
    ids.extend(document.texts("rawData.finding_info.attacks.sub_technique.uid"));
    it.set(Field::RuleTechnique, Some(ids.join(" ")));
}

/// A threat's name, and what it did.
fn message(document: &Object<'_>, it: &mut Gathered) {
    let Some(name) = document.text("threatInfo.threatName") else {
        return;
    };
    let mut text = name.to_owned();
    for (n, did) in document.texts("indicators.description").iter().enumerate() {
        text.push_str(if n == 0 { ": " } else { "; " });
        text.push_str(did.trim_end_matches('.'));
    }
    it.set(Field::Message, Some(text));
}
