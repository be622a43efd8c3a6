//! Wazuh 4 `alerts.json`.
//!
//! The identity is the alert's `id` with the manager's name behind it: Wazuh makes `id` of the second
//! and of the offset in the log of that manager (analysisd, `__crt_ftell`), so it is unique only
//! within one manager, and a cluster has several. The machine is the agent's: a host name in a log
//! line could have been written by anyone who can write a line.

use super::detect::Top;
use super::json::{keys, part, text, words};
use super::observables::{Gathered, file_name};
use super::reason::Reason;
use super::{Essence, severity, time};
use crate::model::{Field, ObservableKind, Source, Text};

keys! {
    Rule { level, id, description, groups, mitre, }
    Mitre { id, }
    Agent { name, ip, }
    Data {
        srcip, srcport, dstip, dstport, src_ip, src_port, dest_ip, dest_port, srcuser, dstuser,
        protocol, proto, app_proto, url, http, win, command, file, sha256, sha1, md5, hostname,
    }
    Http { hostname, url, }
    Win { eventdata, }
    EventData {
        target_user_name = "targetUserName", user, subject_user_name = "subjectUserName", image,
        new_process_name = "newProcessName", process_name = "processName",
        command_line = "commandLine", parent_image = "parentImage",
        parent_process_name = "parentProcessName", hashes, ip_address = "ipAddress",
        ip_port = "ipPort", source_ip = "sourceIp", source_port = "sourcePort",
        destination_ip = "destinationIp", destination_port = "destinationPort",
        destination_hostname = "destinationHostname", query_name = "queryName", protocol,
        target_filename = "targetFilename",
    }
    Syscheck { path, sha256_after, sha1_after, md5_after, }
}

pub(super) fn read(top: &Top<'_>) -> Result<Essence, Reason> {
    let missing = |field| Reason::Missing {
        source: Source::Wazuh,
        field,
    };
    let of_json = |e| Reason::of_json(&e);
    let rule: Rule<'_> = part(top.rule).map_err(of_json)?;
    let rule_id = text(rule.id).ok_or_else(|| missing("rule.id"))?;
    let level = text(rule.level).ok_or_else(|| missing("rule.level"))?;
    let written = text(top.timestamp).ok_or_else(|| missing("timestamp"))?;
    let time = time::written("timestamp", &written)?;
    let manager: Agent<'_> = part(top.manager).map_err(of_json)?;
    let id = text(top.id).map(|id| match text(manager.name) {
        Some(manager) => Text::capped(&format!("{id}@{manager}"), 512),
        None => Text::capped(&id, 512),
    });

    let mut it = Gathered::default();
    it.set(Field::Product, Some("Wazuh"));
    it.set(Field::RuleId, Some(rule_id));
    it.set(Field::RuleName, text(rule.description));
    it.set(Field::RuleCategory, words(rule.groups));
    let mitre: Mitre<'_> = part(rule.mitre).map_err(of_json)?;
    it.set(Field::RuleTechnique, words(mitre.id));
    let agent: Agent<'_> = part(top.agent).map_err(of_json)?;
    it.set(Field::HostName, text(agent.name));
    it.set(Field::HostIp, text(agent.ip));
    it.set(Field::Message, text(top.full_log));

    let data: Data<'_> = part(top.data).map_err(of_json)?;
    windows(&mut it, &data).map_err(of_json)?;
    for (ip, port) in [(data.srcip, data.srcport), (data.src_ip, data.src_port)] {
        it.set_endpoint(Field::SourceIp, Field::SourcePort, text(ip));
        it.set(Field::SourcePort, text(port));
    }
    for (ip, port) in [(data.dstip, data.dstport), (data.dest_ip, data.dest_port)] {
        it.set_endpoint(Field::DestinationIp, Field::DestinationPort, text(ip));
        it.set(Field::DestinationPort, text(port));
    }
    // Who acted, before whom it was done to: for `sudo` the latter is nearly always root.
    for user in [data.srcuser, data.dstuser] {
        it.set(Field::UserName, text(user));
        if let Some(user) = text(user) {
            it.list(ObservableKind::User, &user);
        }
    }
    let app_proto = text(data.app_proto).filter(|p| p != "failed");
    for protocol in [app_proto, text(data.protocol), text(data.proto)] {
        it.set(Field::Protocol, protocol);
    }
    it.set(Field::ProcessCommandLine, text(data.command));
    it.set(Field::Url, text(data.url));
    let http: Http<'_> = part(data.http).map_err(of_json)?;
    it.set(
        Field::Url,
        match (text(http.hostname), text(http.url)) {
            (Some(host), Some(path)) if path.starts_with('/') => {
                Some(format!("http://{host}{path}"))
            }
            (_, path) => path.map(|path| path.into_owned()),
        },
    );
    it.set(Field::Domain, text(http.hostname));
    it.set(Field::Domain, text(data.hostname));

    let syscheck: Syscheck<'_> = part(top.syscheck).map_err(of_json)?;
    it.set(Field::FilePath, text(syscheck.path));
    it.set(Field::FilePath, text(data.file));
    for hash in [
        syscheck.sha256_after,
        syscheck.sha1_after,
        syscheck.md5_after,
        data.sha256,
        data.sha1,
        data.md5,
    ] {
        it.set(Field::FileHash, text(hash));
    }
    Ok(Essence {
        product: Text::capped("Wazuh", 512),
        id,
        time,
        severity: severity::wazuh(&level),
        source_severity: Text::capped(&level, 80),
        gathered: it,
    })
}

/// What Windows and Sysmon events name, as Wazuh's decoder writes them.
fn windows(it: &mut Gathered, data: &Data<'_>) -> serde_json::Result<()> {
    if data.win.is_none() {
        return Ok(());
    }
    let win: Win<'_> = part(data.win)?;
    let event: EventData<'_> = part(win.eventdata)?;
    for user in [event.target_user_name, event.user, event.subject_user_name] {
        it.set(Field::UserName, text(user));
    }
    for path in [event.image, event.new_process_name, event.process_name] {
        it.set(Field::ProcessName, text(path).as_deref().map(file_name));
        it.set(Field::ProcessPath, text(path));
    }
    it.set(Field::ProcessHash, text(event.hashes));
    it.set(Field::ProcessCommandLine, text(event.command_line));
    for path in [event.parent_image, event.parent_process_name] {
        it.set(Field::ProcessParent, text(path).as_deref().map(file_name));
    }
    it.set(Field::SourceIp, text(event.source_ip));
    it.set(Field::SourcePort, text(event.source_port));
    it.set(Field::SourceIp, text(event.ip_address));
    it.set(Field::SourcePort, text(event.ip_port));
    it.set(Field::DestinationIp, text(event.destination_ip));
    it.set(Field::DestinationPort, text(event.destination_port));
    it.set(Field::Domain, text(event.destination_hostname));
    it.set(Field::Domain, text(event.query_name));
    it.set(Field::Protocol, text(event.protocol));
    it.set(Field::FilePath, text(event.target_filename));
    Ok(())
}
