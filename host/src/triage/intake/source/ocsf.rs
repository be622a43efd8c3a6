//! OCSF Detection Finding, class 2004, and Security Finding, class 2001, which came before it.
//!
//! Where the finding itself and its evidences both name a thing, the finding's word is taken, then
//! that of the first evidence that has one.

use crate::model::Source;
use crate::model::{Field, ObservableKind, Text};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, each, field, process, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Ocsf,
    origin: "schema.ocsf.io 1.1 to 1.8, classes Detection Finding (2004) and Security Finding (2001)",
    because: "`class_uid`",
    is: |top| top.has("class_uid"),
    checks: &["class_uid", "metadata.version"],
    check,
    product: None,
    rows: &[
        take(
            To::Product,
            &["metadata.product.name", "metadata.product.vendor_name"],
        ),
        take(To::Id, &["finding_info.uid", "finding.uid"]),
        take(To::Event, &["time"]),
        take(To::Event, &["time_dt"]),
        take(
            To::Observed,
            &[
                "metadata.logged_time",
                "metadata.logged_time_dt",
                "metadata.processed_time",
            ],
        ),
        take(To::SeverityText, &["severity"]),
        take(To::Severity(severity::ocsf), &["severity_id"]),
        field(
            Field::RuleId,
            &[
                "finding_info.analytic.uid",
                "analytic.uid",
                "finding_info.analytic.name",
                "analytic.name",
            ],
        ),
        Row::Call(&["finding_info.types"], finding_type),
        field(Field::RuleId, &["finding_info.title", "finding.title"]),
        field(
            Field::RuleName,
            &[
                "finding_info.title",
                "finding.title",
                "finding_info.analytic.name",
                "analytic.name",
            ],
        ),
        field(
            Field::RuleCategory,
            &["finding_info.analytic.category", "analytic.category"],
        ),
        take(
            To::Words(Field::RuleCategory),
            &["finding_info.types", "finding.types"],
        ),
        Row::Call(
            &[
                "finding_info.attacks.technique.uid",
                "finding_info.attacks.sub_technique.uid",
                "attacks.technique.uid",
                "attacks.sub_technique.uid",
            ],
            techniques,
        ),
        field(
            Field::Message,
            &["message", "finding_info.desc", "finding.desc"],
        ),
        each("device", DEVICE),
        each("actor", ACTOR),
        process("process", PROCESS),
        each("file", FILE),
        each("src_endpoint", SOURCE),
        each("dst_endpoint", DESTINATION),
        field(Field::Protocol, &["connection_info.protocol_name"]),
        each("evidences", EVIDENCE),
        Row::Call(
            &[
                "resources.name",
                "resources.hostname",
                "resources.ip",
                "resources.type",
            ],
            resources,
        ),
        Row::Call(
            &[
                "observables.name",
                "observables.type_id",
                "observables.value",
            ],
            observables,
        ),
    ],
};

const DEVICE: &[Row] = &[
    field(Field::HostName, &["hostname", "name"]),
    field(Field::HostIp, &["ip"]),
];

const USER: &[Row] = &[field(Field::UserName, &["name", "email_addr", "uid"])];

const ACTOR: &[Row] = &[each("user", USER), process("process", PROCESS)];

const PROCESS: &[Row] = &[
    field(Field::ProcessName, &["name"]),
    take(To::FileName(Field::ProcessName), &["file.path", "path"]),
    field(Field::ProcessPath, &["file.path", "path"]),
    take(To::Words(Field::ProcessHash), &["file.hashes.value"]),
    field(Field::ProcessCommandLine, &["cmd_line"]),
    each("user", USER),
    field(Field::ProcessParent, &["parent_process.name"]),
    take(
        To::FileName(Field::ProcessParent),
        &["parent_process.file.path"],
    ),
];

const FILE: &[Row] = &[
    field(Field::FilePath, &["path", "name"]),
    take(To::Words(Field::FileHash), &["hashes.value"]),
];

const SOURCE: &[Row] = &[
    take(To::Endpoint(Field::SourceIp, Field::SourcePort), &["ip"]),
    field(Field::SourcePort, &["port"]),
];

const DESTINATION: &[Row] = &[
    take(
        To::Endpoint(Field::DestinationIp, Field::DestinationPort),
        &["ip"],
    ),
    field(Field::DestinationPort, &["port"]),
    field(Field::Domain, &["domain", "hostname"]),
];

const EVIDENCE: &[Row] = &[
    each("device", DEVICE),
    each("actor", ACTOR),
    each("user", USER),
    process("process", PROCESS),
    each("file", FILE),
    each("src_endpoint", SOURCE),
    field(Field::Url, &["url.url_string"]),
    field(Field::Domain, &["url.hostname", "query.hostname"]),
    each("dst_endpoint", DESTINATION),
    field(Field::Protocol, &["connection_info.protocol_name"]),
];

fn check(document: &Object<'_>) -> Result<(), Reason> {
    let class = document.text("class_uid").unwrap_or_default();
    if !matches!(class, "2004" | "2001") {
        return Err(Reason::OcsfClass {
            class: Text::capped(&named(class), 80),
        });
    }
    match document.text("metadata.version") {
        Some(version) if !version.starts_with("1.") => Err(Reason::OcsfVersion {
            version: Text::capped(version, 80),
        }),
        Some(_) | None => Ok(()),
    }
}

/// A class by its number and, where it is another finding, its name.
fn named(class: &str) -> String {
    let name = match class {
        "2002" => "Vulnerability Finding",
        "2003" => "Compliance Finding",
        "2005" => "Incident Finding",
        "2006" => "Data Security Finding",
        "2007" => "Application Security Posture Finding",
        "2008" => "IAM Analysis Finding",
        other => return other.to_owned(),
    };
    format!("{class}, {name}")
}

/// What GuardDuty's findings say, whose titles name machines.
fn finding_type(document: &Object<'_>, it: &mut Gathered) {
    let kind = super::aws::finding_type(document.text("finding_info.types"));
    it.set(Field::RuleId, kind);
}

/// The most exact technique of each attack.
fn techniques(document: &Object<'_>, it: &mut Gathered) {
    let mut attacks = document.objects("finding_info.attacks");
    if attacks.is_empty() {
        attacks = document.objects("attacks");
    }
    let mut ids: Vec<&str> = Vec::new();
    for attack in attacks.into_iter().take(32) {
        let id = attack
            .text("sub_technique.uid")
            .or_else(|| attack.text("technique.uid"));
        ids.extend(id.filter(|id| !ids.contains(id)));
    }
    it.set(Field::RuleTechnique, Some(ids.join(" ")));
}

/// A resource is an account where its type says so, else a machine.
fn resources(document: &Object<'_>, it: &mut Gathered) {
    for resource in document.objects("resources").into_iter().take(16) {
        let kind = resource
            .text("type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if kind.contains("user") || kind.contains("account") {
            it.set(Field::UserName, resource.text("name"));
        } else {
            it.set(
                Field::HostName,
                resource.text("hostname").or_else(|| resource.text("name")),
            );
            it.set(Field::HostIp, resource.text("ip"));
        }
    }
}

/// By OCSF's `type_id`: 1 host name, 2 IP address, 4 user name, 5 e-mail address, 6 URL string,
/// 8 hash, 9 process name. The others name objects or things one cannot pivot on here. A host name
/// with a dot is a domain, unless `name` says that it is a device's or a resource's.
fn observables(document: &Object<'_>, it: &mut Gathered) {
    for seen in document.objects("observables") {
        let Some(value) = seen.text("value") else {
            continue;
        };
        let kind = match seen.text("type_id") {
            Some("1") => {
                let path = seen.text("name").unwrap_or_default();
                let own = path.starts_with("device") || path.starts_with("resource");
                if own || !value.contains('.') {
                    ObservableKind::Host
                } else {
                    ObservableKind::Domain
                }
            }
            Some("2") => ObservableKind::Ip,
            Some("4" | "5") => ObservableKind::User,
            Some("6") => ObservableKind::Url,
            Some("8") => ObservableKind::Hash,
            Some("9") => ObservableKind::Process,
            Some(_) | None => continue,
        };
        it.list(kind, value);
    }
}
