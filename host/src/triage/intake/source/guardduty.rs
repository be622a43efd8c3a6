//! AWS GuardDuty findings: as EventBridge and the export to S3 write them, with keys in `camelCase`, and
//! as the API answers, with the same keys in `PascalCase`.
//!
//! A finding is updated while its activity goes on; its ARN and `eventFirstSeen` stay the same. The
//! rule is the finding's type, such as `Trojan:EC2/DNSDataExfiltration`, the category the threat
//! purpose before its colon.

use super::aws;
use crate::model::{Field, ObservableKind, Source};
use crate::triage::intake::detect::Top;
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, any, each, field, process, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::GuardDuty,
    origin: "docs.aws.amazon.com, GuardDuty API reference, \"Finding\"; user guide, \"Finding details\"",
    because: "`schemaVersion`, `arn`, `type` and `service`",
    is,
    checks: &[],
    check: any,
    product: Some("Amazon GuardDuty"),
    rows: &[
        take(To::Id, &["arn", "id"]),
        take(
            To::Event,
            &["service.eventFirstSeen", "service.eventLastSeen"],
        ),
        take(To::Observed, &["createdAt", "updatedAt"]),
        take(To::Severity(severity::guardduty), &["severity"]),
        field(Field::RuleId, &["type"]),
        field(Field::RuleName, &["title", "type"]),
        Row::Call(&["type"], purpose),
        Row::Call(
            &[
                "service.detection.sequence.sequenceIndicators.key",
                "service.detection.sequence.sequenceIndicators.values",
            ],
            techniques,
        ),
        field(Field::Message, &["description"]),
        each("resource.instanceDetails", INSTANCE),
        field(
            Field::HostName,
            &["resource.rdsDbInstanceDetails.dbInstanceIdentifier"],
        ),
        process("service.runtimeDetails", RUNTIME),
        field(
            Field::UserName,
            &[
                "resource.kubernetesDetails.kubernetesUserDetails.username",
                "resource.rdsDbUserDetails.user",
                "resource.accessKeyDetails.userName",
                "service.runtimeDetails.process.user",
                "service.detection.sequence.actors.user.name",
            ],
        ),
        each("service.action", aws::ACTION),
        each("service.detection.sequence.endpoints", ENDPOINT),
        field(
            Field::FilePath,
            &[
                "service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames.filePaths.filePath",
                "service.malwareScanDetails.threats.itemPaths.nestedItemPath",
                "service.runtimeDetails.context.threatFilePath",
                "service.runtimeDetails.context.scriptPath",
            ],
        ),
        field(
            Field::FileHash,
            &[
                "service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames.filePaths.hash",
                "service.malwareScanDetails.threats.itemPaths.hash",
            ],
        ),
        take(
            To::Seen(ObservableKind::Hash),
            &["service.runtimeDetails.context.moduleSha256"],
        ),
    ],
};

/// Keys of a finding, in either case; a finding in Security Hub's form has another ARN.
fn is(top: &Top<'_>) -> bool {
    let all = |keys: [&str; 4]| keys.iter().all(|key| top.has(key));
    all(["schemaVersion", "arn", "type", "service"])
        || all(["SchemaVersion", "Arn", "Type", "Service"])
}

const INSTANCE: &[Row] = &[
    field(Field::HostName, &["instanceId"]),
    field(
        Field::HostIp,
        &[
            "networkInterfaces.privateIpAddress",
            "networkInterfaces.privateIpAddresses.privateIpAddress",
            "networkInterfaces.ipv6Addresses",
        ],
    ),
    take(
        To::Seen(ObservableKind::Ip),
        &["networkInterfaces.publicIp"],
    ),
];

const RUNTIME: &[Row] = &[
    field(Field::ProcessName, &["process.name"]),
    take(
        To::FileName(Field::ProcessName),
        &["process.executablePath"],
    ),
    field(Field::ProcessPath, &["process.executablePath"]),
    field(Field::ProcessHash, &["process.executableSha256"]),
    field(Field::ProcessCommandLine, &["context.commandLineExample"]),
    Row::Call(
        &[
            "process.parentUuid",
            "process.lineage.uuid",
            "process.lineage.name",
            "process.lineage.executablePath",
        ],
        parent,
    ),
];

/// An attack sequence's endpoints: who came from where.
const ENDPOINT: &[Row] = &[
    take(To::Seen(ObservableKind::Ip), &["ip"]),
    take(To::Seen(ObservableKind::Domain), &["domain"]),
];

fn purpose(document: &Object<'_>, it: &mut Gathered) {
    let kind = document.text("type").and_then(|kind| kind.split_once(':'));
    it.set(Field::RuleCategory, kind.map(|(purpose, _)| purpose));
}

/// Of an attack sequence's indicators, those that are techniques.
fn techniques(document: &Object<'_>, it: &mut Gathered) {
    let of = |indicator: &&Object<'_>| indicator.text("key") == Some("ATTACK_TECHNIQUE");
    let all = document.objects("service.detection.sequence.sequenceIndicators");
    let values: Vec<_> = all
        .into_iter()
        .filter(of)
        .flat_map(|indicator| indicator.texts("values"))
        .collect();
    it.set(Field::RuleTechnique, Some(values.join(" ")));
}

/// The one of the process's ancestors that is its parent.
fn parent(runtime: &Object<'_>, it: &mut Gathered) {
    let Some(parent) = runtime.text("process.parentUuid") else {
        return;
    };
    let lineage = runtime.objects("process.lineage");
    let found = lineage.iter().find(|one| one.text("uuid") == Some(parent));
    it.set(Field::ProcessParent, found.and_then(|one| one.text("name")));
}
