//! AWS Security Hub findings in the AWS Security Finding Format. Those that Security Hub writes as OCSF
//! are read as OCSF.
//!
//! `GeneratorId` is the rule for Security Hub's own controls and for most products, but the detector
//! for GuardDuty, whose finding type stands behind the last slash of `Types`. A control that passed or
//! could not be checked is no alert.

use super::aws;
use crate::model::{Field, ObservableKind, Source, Text};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::observables::file_name;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, each, field, process, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::SecurityHub,
    origin: "docs.aws.amazon.com, Security Hub user guide, \"AWS Security Finding Format (ASFF)\"",
    because: "`ProductArn` with `AwsAccountId` or `GeneratorId`",
    is: |top| top.has("ProductArn") && (top.has("AwsAccountId") || top.has("GeneratorId")),
    checks: &["compliance.status"],
    check,
    product: None,
    rows: &[
        take(
            To::Product,
            &[
                "productName",
                "productFields.aws/securityhub/ProductName",
                "productArn",
            ],
        ),
        take(To::Id, &["id"]),
        take(To::Event, &["firstObservedAt", "lastObservedAt"]),
        take(To::Observed, &["createdAt", "updatedAt"]),
        take(
            To::Severity(severity::securityhub),
            &[
                "severity.label",
                "findingProviderFields.severity.label",
                "severity.normalized",
            ],
        ),
        Row::Call(
            &["productName", "types", "compliance.securityControlId"],
            rule,
        ),
        field(Field::RuleId, &["generatorId"]),
        field(Field::RuleName, &["title"]),
        take(
            To::Words(Field::RuleCategory),
            &["types", "findingProviderFields.types"],
        ),
        field(Field::Message, &["description"]),
        process("process", PROCESS),
        Row::Call(
            &[
                "resources.type",
                "resources.id",
                "resources.details.AwsEc2Instance.ipV4Addresses",
                "resources.details.AwsIamAccessKey.principalName",
                "resources.details.AwsIamUser.userName",
            ],
            resources,
        ),
        each("network", NETWORK),
        each("action", aws::ACTION),
        field(
            Field::FilePath,
            &["malware.path", "threats.filePaths.filePath"],
        ),
        field(Field::FileHash, &["threats.filePaths.hash"]),
        take(To::Seen(ObservableKind::Hash), &["threats.filePaths.hash"]),
        Row::Call(
            &["threatIntelIndicators.type", "threatIntelIndicators.value"],
            indicators,
        ),
    ],
};

fn check(document: &Object<'_>) -> Result<(), Reason> {
    match document.text("compliance.status") {
        Some(status @ ("PASSED" | "NOT_AVAILABLE")) => Err(Reason::NoAlert {
            what: Text::capped(
                &format!("an AWS Security Hub control check with status `{status}`"),
                200,
            ),
        }),
        Some(_) | None => Ok(()),
    }
}

const PROCESS: &[Row] = &[
    field(Field::ProcessName, &["name"]),
    take(To::FileName(Field::ProcessName), &["path"]),
    field(Field::ProcessPath, &["path"]),
];

const NETWORK: &[Row] = &[
    field(Field::SourceIp, &["sourceIpV4", "sourceIpV6"]),
    field(Field::SourcePort, &["sourcePort"]),
    field(
        Field::DestinationIp,
        &["destinationIpV4", "destinationIpV6"],
    ),
    field(Field::DestinationPort, &["destinationPort"]),
    field(Field::Protocol, &["protocol"]),
    field(Field::Domain, &["destinationDomain", "sourceDomain"]),
];

fn rule(document: &Object<'_>, it: &mut Gathered) {
    it.set(Field::RuleId, document.text("compliance.securityControlId"));
    if document.text("productName") == Some("GuardDuty") {
        it.set(Field::RuleId, aws::finding_type(document.text("types")));
    }
}

/// The machine, and the account.
fn resources(document: &Object<'_>, it: &mut Gathered) {
    for resource in document.objects("resources") {
        let id = resource.text("id");
        match resource.text("type") {
            Some("AwsEc2Instance") => {
                it.set(Field::HostName, id.map(file_name));
                for ip in resource.texts("details.AwsEc2Instance.ipV4Addresses") {
                    it.set(Field::HostIp, Some(ip));
                    it.list(ObservableKind::Ip, ip);
                }
            }
            Some("AwsIamUser") => {
                let name = resource.text("details.AwsIamUser.userName");
                it.set(Field::UserName, name.or(id.map(file_name)));
            }
            Some("AwsIamAccessKey") => it.set(
                Field::UserName,
                resource.text("details.AwsIamAccessKey.principalName"),
            ),
            Some(_) | None => {}
        }
    }
}

fn indicators(document: &Object<'_>, it: &mut Gathered) {
    for indicator in document.objects("threatIntelIndicators") {
        let kind = match indicator.text("type") {
            Some("DOMAIN") => ObservableKind::Domain,
            Some("EMAIL_ADDRESS") => ObservableKind::User,
            Some("IPV4_ADDRESS" | "IPV6_ADDRESS") => ObservableKind::Ip,
            Some("PROCESS") => ObservableKind::Process,
            Some("URL") => ObservableKind::Url,
            Some(kind) if kind.starts_with("HASH_") => ObservableKind::Hash,
            Some(_) | None => continue,
        };
        if let Some(value) = indicator.text("value") {
            it.list(kind, value);
        }
    }
}
