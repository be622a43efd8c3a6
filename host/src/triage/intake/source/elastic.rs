//! Elastic Security alerts, and other ECS documents that are alerts: what Elastic's integrations make
//! of a vendor's alert, and Wazuh 5's findings.
//!
//! A detection rule copies the fields of the event it found into its alert, so what `kibana.alert`
//! says comes before what ECS says. `@timestamp` is then when the rule ran, and the event's own time
//! is `kibana.alert.original_time`; an alert of a whole sequence may have none. An ECS document's
//! `@timestamp` is the time of its event. One event can be several findings of Wazuh 5, which have no
//! id in the document, so their identity is the digest.

use crate::model::{Field, ObservableKind, Source, Text};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::observables::tells_machine;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{ANY, Row, Table, To, each, each_when, field, process, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Elastic,
    origin: "elastic.co, \"Detection alert schema\" and the ECS field reference, 8 and 9; documentation.wazuh.com, 5.0, \"WCS field reference\"",
    because: "`kibana.alert`, or `@timestamp` with `event.kind` or `wazuh.rule`",
    is: |top| {
        let of_kibana = top.begins("kibana.alert.") || top.is_object("kibana.alert");
        let ecs = ["event.kind", "wazuh.rule.id", "wazuh.rule.title"];
        of_kibana || (top.has("@timestamp") && ecs.iter().any(|path| top.has(path)))
    },
    checks: &[
        "event.kind",
        "event.dataset",
        "kibana.alert.uuid",
        "kibana.alert.rule.uuid",
        "wazuh.rule.id",
        "wazuh.rule.title",
        "rule.id",
        "rule.uuid",
        "rule.name",
        "event.code",
        "event.action",
    ],
    check,
    product: Some("Elastic Security"),
    rows: &[
        Row::Call(
            &[
                "kibana.alert.uuid",
                "kibana.alert.rule.uuid",
                "wazuh.rule.id",
                "wazuh.rule.title",
                "event.kind",
                "event.id",
                "event.module",
                "event.dataset",
                "observer.product",
            ],
            identity,
        ),
        take(
            To::Event,
            &["kibana.alert.original_time", "signal.original_time"],
        ),
        each_when("", "kibana.alert.uuid", ANY, RULE_RAN),
        each_when("", "event.kind", &["signal"], RULE_RAN),
        each_when("", "event.kind", &["alert"], HAPPENED),
        each_when("", "wazuh.rule.id", ANY, HAPPENED),
        each_when("", "wazuh.rule.title", ANY, HAPPENED),
        take(
            To::Severity(severity::word),
            &[
                "kibana.alert.severity",
                "kibana.alert.rule.severity",
                "signal.rule.severity",
                "wazuh.rule.level",
            ],
        ),
        each_when(
            "",
            "event.module",
            &["suricata"],
            &[take(
                To::Severity(severity::suricata),
                &["event.severity", "suricata.eve.alert.severity"],
            )],
        ),
        take(To::Severity(severity::ecs), &["event.severity"]),
        field(
            Field::RuleId,
            &[
                "kibana.alert.rule.rule_id",
                "kibana.alert.rule.uuid",
                "signal.rule.rule_id",
                "signal.rule.id",
                "wazuh.rule.id",
                "wazuh.rule.title",
            ],
        ),
        field(Field::RuleId, RULES),
        field(
            Field::RuleName,
            &[
                "kibana.alert.rule.name",
                "signal.rule.name",
                "wazuh.rule.title",
                "rule.name",
            ],
        ),
        take(
            To::Words(Field::RuleCategory),
            &[
                "kibana.alert.rule.threat.tactic.name",
                "signal.rule.threat.tactic.name",
                "wazuh.rule.mitre.tactic.name",
                "wazuh.integration.category",
                "rule.category",
                "threat.tactic.name",
                "event.category",
            ],
        ),
        Row::Call(TECHNIQUES, techniques),
        field(
            Field::HostName,
            &["host.name", "host.hostname", "wazuh.agent.name"],
        ),
        Row::Call(&["host.ip", "wazuh.agent.host.ip"], host_ip),
        field(
            Field::UserName,
            &[
                "user.name",
                "user.email",
                "source.user.name",
                "client.user.name",
                "destination.user.name",
            ],
        ),
        process("process", PROCESS),
        each("source", SOURCE),
        Row::Of {
            at: "client",
            when: None,
            unless: &[Field::SourceIp],
            rows: SOURCE,
        },
        each("destination", DESTINATION),
        Row::Of {
            at: "server",
            when: None,
            unless: &[Field::DestinationIp],
            rows: DESTINATION,
        },
        field(Field::Protocol, &["network.protocol", "network.transport"]),
        field(Field::Url, &["url.full", "url.original"]),
        field(
            Field::Domain,
            &[
                "url.domain",
                "dns.question.name",
                "destination.domain",
                "tls.client.server_name",
            ],
        ),
        field(Field::FilePath, &["file.path", "file.name"]),
        field(
            Field::FileHash,
            &[
                "file.hash.sha256",
                "file.hash.sha1",
                "file.hash.md5",
                "threat.indicator.file.hash.sha256",
                "threat.indicator.file.hash.sha1",
                "threat.indicator.file.hash.md5",
            ],
        ),
        field(Field::Message, &["kibana.alert.reason", "signal.reason"]),
        each_when(
            "",
            "wazuh.rule.id",
            ANY,
            &[field(Field::Message, &["event.original"])],
        ),
        field(Field::Message, &["message", "event.reason"]),
        take(To::Seen(ObservableKind::Ip), &["related.ip"]),
        take(To::Seen(ObservableKind::Host), &["related.hosts"]),
        take(To::Seen(ObservableKind::User), &["related.user"]),
        take(To::Seen(ObservableKind::Hash), &["related.hash"]),
        // What an indicator match rule matched.
        take(
            To::Seen(ObservableKind::Ip),
            &["threat.enrichments.indicator.ip"],
        ),
        take(
            To::Seen(ObservableKind::Url),
            &["threat.enrichments.indicator.url.full"],
        ),
        take(
            To::Seen(ObservableKind::Domain),
            &["threat.enrichments.indicator.url.domain"],
        ),
        take(
            To::Seen(ObservableKind::Hash),
            &["threat.enrichments.indicator.file.hash.sha256"],
        ),
    ],
};

/// What a rule raised when it ran.
const RULE_RAN: &[Row] = &[take(To::Observed, &["@timestamp"])];

/// What a source raised as it happened.
const HAPPENED: &[Row] = &[
    take(To::Event, &["@timestamp"]),
    take(To::Observed, &["event.created", "event.ingested"]),
];

const PROCESS: &[Row] = &[
    field(Field::ProcessName, &["name"]),
    take(To::FileName(Field::ProcessName), &["executable"]),
    field(Field::ProcessPath, &["executable"]),
    field(
        Field::ProcessHash,
        &["hash.sha256", "hash.sha1", "hash.md5"],
    ),
    field(Field::ProcessCommandLine, &["command_line"]),
    field(Field::ProcessParent, &["parent.name"]),
    take(To::FileName(Field::ProcessParent), &["parent.executable"]),
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
];

fn is_kibanas(document: &Object<'_>) -> bool {
    let of_kibana = ["kibana.alert.uuid", "kibana.alert.rule.uuid"];
    of_kibana.iter().any(|path| document.text(path).is_some())
}

fn is_wazuhs(document: &Object<'_>) -> bool {
    let of_wazuh = ["wazuh.rule.id", "wazuh.rule.title"];
    of_wazuh.iter().any(|path| document.text(path).is_some())
}

/// What says which rule an ECS alert is of; without one, `event` says what kind of alert it is, such as
/// `malicious_file`.
const RULES: &[&str] = &[
    "rule.id",
    "rule.uuid",
    "rule.name",
    "event.code",
    "event.action",
    "event.dataset",
];

/// ECS's `event.kind` says what a document is ("Categorization field: event.kind").
fn check(document: &Object<'_>) -> Result<(), Reason> {
    if is_kibanas(document) || is_wazuhs(document) {
        return Ok(());
    }
    let kind = document.text("event.kind").unwrap_or_default();
    if kind == "signal" {
        return Ok(());
    }
    if kind == "alert" {
        let said = RULES.iter().any(|path| document.text(path).is_some());
        return said.then_some(()).ok_or(Reason::Missing {
            source: Source::Elastic,
            field: "rule.id",
        });
    }
    let of = match document.text("event.dataset") {
        Some(dataset) => format!(" of `{dataset}`"),
        None => String::new(),
    };
    let what = format!("an ECS document{of} whose `event.kind` is `{kind}`, and so no alert");
    Err(Reason::NotTakenYet {
        format: Text::capped(&what, 200),
    })
}

/// Kibana's alert has an id of its own; the event's id and product in it are of what it found.
fn identity(document: &Object<'_>, it: &mut Gathered) {
    let mut id = document.text("kibana.alert.uuid");
    let mut product = None;
    if is_wazuhs(document) {
        product = Some("Wazuh");
    } else if !is_kibanas(document) && document.text("event.kind") == Some("alert") {
        id = document.text("event.id");
        product = document
            .text("observer.product")
            .or_else(|| document.text("event.module"))
            .or_else(|| document.text("event.dataset")?.split('.').next());
    }
    if let Some(id) = id {
        it.set_id(id);
    }
    if let Some(product) = product {
        it.product = Some(Text::capped(product, 512));
    }
}

/// A rule's own, before those of the event it found.
const TECHNIQUES: &[&str] = &[
    "kibana.alert.rule.threat.technique.id",
    "kibana.alert.rule.threat.technique.subtechnique.id",
    "signal.rule.threat.technique.id",
    "signal.rule.threat.technique.subtechnique.id",
    "wazuh.rule.mitre.technique.id",
    "wazuh.rule.mitre.subtechnique.id",
    "threat.technique.id",
    "threat.technique.subtechnique.id",
];

fn techniques(document: &Object<'_>, it: &mut Gathered) {
    for pair in TECHNIQUES.chunks(2) {
        let mut ids: Vec<&str> = Vec::new();
        for path in pair {
            ids.extend(document.texts(path));
        }
        it.set(Field::RuleTechnique, Some(ids.join(" ")));
    }
}

/// An agent lists every address of its machine, in no order.
fn host_ip(document: &Object<'_>, it: &mut Gathered) {
    for path in ["host.ip", "wazuh.agent.host.ip"] {
        for ip in document.texts(path) {
            if tells_machine(ip) {
                it.set(Field::HostIp, Some(ip));
                it.list(ObservableKind::Ip, ip);
            }
        }
    }
}
