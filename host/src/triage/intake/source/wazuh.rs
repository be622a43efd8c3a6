//! Wazuh 4 `alerts.json`.
//!
//! The identity is the alert's `id` with the manager's name behind it: Wazuh makes `id` of the second
//! and of the offset in the log of that manager (analysisd, `__crt_ftell`), so it is unique only
//! within one manager, and a cluster has several. The machine is the agent's: a host name in a log
//! line could have been written by anyone who can write a line.

use crate::model::{Field, ObservableKind, Source};
use crate::triage::intake::gathered::Gathered;
use crate::triage::intake::reason::Reason;
use crate::triage::intake::severity;
use crate::triage::intake::table::{Row, Table, To, each, field, process, take};
use crate::triage::intake::tree::Object;

pub(super) const TABLE: Table = Table {
    source: Source::Wazuh,
    origin: "documentation.wazuh.com, 4.x, \"Alert management\"; Sysmon's and Windows' own field names below `data.win.eventdata`",
    because: "`rule.level` with `agent`, `manager` or `location`",
    is: |top| {
        top.is_object("rule")
            && ["agent", "manager", "location"]
                .iter()
                .any(|key| top.has(key))
            && top.has("rule.level")
    },
    checks: &["rule.level"],
    check: |document| match document.text("rule.level") {
        Some(_) => Ok(()),
        None => Err(Reason::Missing {
            source: Source::Wazuh,
            field: "rule.level",
        }),
    },
    product: Some("Wazuh"),
    rows: &[
        Row::Call(&["id", "manager.name"], id),
        take(To::Event, &["timestamp"]),
        take(To::Severity(severity::wazuh), &["rule.level"]),
        field(Field::RuleId, &["rule.id"]),
        field(Field::RuleName, &["rule.description"]),
        take(To::Words(Field::RuleCategory), &["rule.groups"]),
        take(To::Words(Field::RuleTechnique), &["rule.mitre.id"]),
        field(Field::HostName, &["agent.name"]),
        field(Field::HostIp, &["agent.ip"]),
        field(Field::Message, &["full_log", "data.win.system.message"]),
        each("data.win.eventdata", WINDOWS),
        process(
            "data.audit",
            &[
                field(Field::ProcessName, &["command"]),
                take(To::FileName(Field::ProcessName), &["exe"]),
                field(Field::ProcessPath, &["exe"]),
            ],
        ),
        take(
            To::Endpoint(Field::SourceIp, Field::SourcePort),
            &["data.srcip", "data.src_ip"],
        ),
        field(Field::SourcePort, &["data.srcport", "data.src_port"]),
        take(
            To::Endpoint(Field::DestinationIp, Field::DestinationPort),
            &["data.dstip", "data.dest_ip"],
        ),
        field(Field::DestinationPort, &["data.dstport", "data.dest_port"]),
        // Who acted, before whom it was done to: for `sudo` the latter is nearly always root.
        field(Field::UserName, &["data.srcuser", "data.dstuser"]),
        take(
            To::Seen(ObservableKind::User),
            &["data.srcuser", "data.dstuser"],
        ),
        Row::Call(&["data.app_proto", "data.protocol", "data.proto"], protocol),
        field(Field::ProcessCommandLine, &["data.command"]),
        field(Field::Url, &["data.url"]),
        Row::Call(&["data.http.hostname", "data.http.url"], http),
        field(Field::Domain, &["data.http.hostname", "data.hostname"]),
        field(Field::FilePath, &["syscheck.path", "data.file"]),
        field(
            Field::FileHash,
            &[
                "syscheck.sha256_after",
                "syscheck.sha1_after",
                "syscheck.md5_after",
                "data.sha256",
                "data.sha1",
                "data.md5",
            ],
        ),
    ],
};

/// What Windows and Sysmon events name, as Wazuh's decoder writes them.
const WINDOWS: &[Row] = &[
    Row::Call(
        &[
            "targetUserName",
            "user",
            "subjectUserName",
            "image",
            "newProcessName",
            "processName",
            "commandLine",
            "targetFilename",
        ],
        windows,
    ),
    take(
        To::FileName(Field::ProcessName),
        &["image", "newProcessName", "processName"],
    ),
    field(Field::ProcessHash, &["hashes"]),
    take(
        To::FileName(Field::ProcessParent),
        &["parentImage", "parentProcessName"],
    ),
    take(
        To::Endpoint(Field::SourceIp, Field::SourcePort),
        &["sourceIp", "ipAddress"],
    ),
    field(Field::SourcePort, &["sourcePort", "ipPort"]),
    take(
        To::Endpoint(Field::DestinationIp, Field::DestinationPort),
        &["destinationIp"],
    ),
    field(Field::DestinationPort, &["destinationPort"]),
    field(Field::Domain, &["destinationHostname", "queryName"]),
    field(Field::Protocol, &["protocol"]),
];

/// Wazuh's agent escapes the backslashes and quotes of a Windows event once before they become JSON.
fn windows(event: &Object<'_>, it: &mut Gathered) {
    let take: [(Field, &[&str]); 4] = [
        (
            Field::UserName,
            &["targetUserName", "user", "subjectUserName"],
        ),
        (
            Field::ProcessPath,
            &["image", "newProcessName", "processName"],
        ),
        (Field::ProcessCommandLine, &["commandLine"]),
        (Field::FilePath, &["targetFilename"]),
    ];
    for (field, paths) in take {
        let text = paths.iter().find_map(|path| event.text(path));
        it.set(field, text.map(unescaped));
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let escaped = rest.next_if(|next| c == '\\' && matches!(next, '\\' | '"'));
        out.push(escaped.unwrap_or(c));
    }
    out
}

fn id(document: &Object<'_>, it: &mut Gathered) {
    if let Some(id) = document.text("id") {
        match document.text("manager.name") {
            Some(manager) => it.set_id(&format!("{id}@{manager}")),
            None => it.set_id(id),
        }
    }
}

/// `failed` is Suricata's "could not be told", and what Wazuh's decoders of web servers' logs call the
/// protocol is the method.
fn protocol(document: &Object<'_>, it: &mut Gathered) {
    let application = document.text("data.app_proto");
    it.set(
        Field::Protocol,
        application.filter(|name| *name != "failed"),
    );
    let methods = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    let name = document.text("data.protocol");
    it.set(
        Field::Protocol,
        name.map(|name| {
            if methods.contains(&name) {
                "http"
            } else {
                name
            }
        }),
    );
    it.set(Field::Protocol, document.text("data.proto"));
}

fn http(document: &Object<'_>, it: &mut Gathered) {
    match (
        document.text("data.http.hostname"),
        document.text("data.http.url"),
    ) {
        (Some(host), Some(path)) if path.starts_with('/') => {
            it.set(Field::Url, Some(format!("http://{host}{path}")));
        }
        (_, path) => it.set(Field::Url, path),
    }
}
