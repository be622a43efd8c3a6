//! OCSF Detection Finding, class 2004 (schema.ocsf.io, 1.1 to 1.8).
//!
//! The product is `metadata.product.name`, or its vendor where it has no name. Where the finding
//! itself and its evidences both name a thing, the finding's word is taken, then the first evidence's.

use super::detect::Top;
use super::json::{keys, list, part, text, words};
use super::observables::{Gathered, MOST_OBSERVABLES, best_hash, file_name};
use super::reason::Reason;
use super::{Essence, severity, time};
use crate::model::{Field, ObservableKind, Source, Text};
use serde_json::value::RawValue;

keys! {
    Metadata { version, product, }
    Product { name, vendor_name, }
    Finding { uid, title, types, analytic, attacks, }
    Analytic { uid, name, category, }
    Attack { technique, sub_technique, }
    Technique { uid, }
    Endpoint { hostname, name, ip, port, domain, }
    Actor { user, process, }
    User { name, uid, email_addr, }
    Process { name, file, path, cmd_line, parent_process, user, }
    File { name, path, hashes, }
    Hash { value, }
    Evidence {
        actor, user, process, file, device, url, src_endpoint, dst_endpoint, connection_info, query,
    }
    Url { url_string, hostname, }
    Query { hostname, }
    Connection { protocol_name, }
    Resource { name, ip, hostname, r#type = "type", }
    Seen { name, type_id, value, }
}

pub(super) fn read(top: &Top<'_>) -> Result<Essence, Reason> {
    let class = text(top.class_uid).unwrap_or_default();
    if class != "2004" {
        return Err(Reason::OcsfClass {
            class: Text::capped(&class, 80),
        });
    }
    let missing = |field| Reason::Missing {
        source: Source::Ocsf,
        field,
    };
    let of_json = |e| Reason::of_json(&e);
    let metadata: Metadata<'_> = part(top.metadata).map_err(of_json)?;
    if let Some(version) = text(metadata.version)
        && !version.starts_with("1.")
    {
        return Err(Reason::OcsfVersion {
            version: Text::capped(&version, 80),
        });
    }
    let product: Product<'_> = part(metadata.product).map_err(of_json)?;
    let product = text(product.name)
        .or_else(|| text(product.vendor_name))
        .ok_or_else(|| missing("metadata.product.name"))?;
    let time = match (text(top.time), text(top.time_dt)) {
        (Some(ms), _) => time::millis("time", &ms)?,
        (None, Some(written)) => time::written("time_dt", &written)?,
        (None, None) => return Err(missing("time")),
    };
    let finding: Finding<'_> = part(top.finding_info).map_err(of_json)?;
    let analytic: Analytic<'_> = part(finding.analytic).map_err(of_json)?;

    let mut it = Gathered::default();
    it.set(Field::Product, Some(&product));
    let title = text(finding.title);
    for id in [text(analytic.uid), text(analytic.name), title.clone()] {
        it.set(Field::RuleId, id);
    }
    if !it.has(Field::RuleId) {
        return Err(missing("finding_info.analytic.uid"));
    }
    it.set(Field::RuleName, title);
    it.set(Field::RuleName, text(analytic.name));
    it.set(Field::RuleCategory, text(analytic.category));
    it.set(Field::RuleCategory, words(finding.types));
    let attacks = [finding.attacks, top.attacks]
        .into_iter()
        .find(Option::is_some);
    it.set(
        Field::RuleTechnique,
        techniques(&list(attacks.flatten(), 32)).map_err(of_json)?,
    );
    it.set(Field::Message, text(top.message));
    things(&mut it, top).map_err(of_json)?;
    for seen in list(top.observables, MOST_OBSERVABLES) {
        observable(&mut it, &part(Some(seen)).map_err(of_json)?);
    }
    let id = text(top.severity_id);
    let word = text(top.severity)
        .or_else(|| id.clone())
        .unwrap_or_default();
    Ok(Essence {
        product: Text::capped(&product, 512),
        id: text(finding.uid).map(|uid| Text::capped(&uid, 512)),
        time,
        severity: severity::ocsf(&id.unwrap_or_default()),
        source_severity: Text::capped(&word, 80),
        gathered: it,
    })
}

fn techniques(attacks: &[&RawValue]) -> serde_json::Result<Option<String>> {
    let mut ids: Vec<String> = Vec::new();
    for attack in attacks {
        let attack: Attack<'_> = part(Some(attack))?;
        for technique in [attack.sub_technique, attack.technique] {
            let technique: Technique<'_> = part(technique)?;
            if let Some(uid) = text(technique.uid)
                && !ids.iter().any(|id| *id == uid)
            {
                ids.push(uid.into_owned());
                break;
            }
        }
    }
    Ok((!ids.is_empty()).then(|| ids.join(" ")))
}

/// The machine, account, process, file and addresses: of the finding, then of the first evidence,
/// then of the first resource.
fn things(it: &mut Gathered, top: &Top<'_>) -> serde_json::Result<()> {
    let evidence: Evidence<'_> = part(top.evidences)?;
    for device in [top.device, evidence.device] {
        let device: Endpoint<'_> = part(device)?;
        it.set(
            Field::HostName,
            text(device.hostname).or_else(|| text(device.name)),
        );
        it.set(Field::HostIp, text(device.ip));
    }
    for actor in [top.actor, evidence.actor] {
        let actor: Actor<'_> = part(actor)?;
        user(it, part(actor.user)?);
        process(it, part(actor.process)?)?;
    }
    user(it, part(evidence.user)?);
    for one in [top.process, evidence.process] {
        process(it, part(one)?)?;
    }
    for one in [top.file, evidence.file] {
        let one: File<'_> = part(one)?;
        it.set(Field::FilePath, text(one.path).or_else(|| text(one.name)));
        it.set(Field::FileHash, hash(one.hashes)?);
    }
    for end in [top.src_endpoint, evidence.src_endpoint] {
        let end: Endpoint<'_> = part(end)?;
        it.set_endpoint(Field::SourceIp, Field::SourcePort, text(end.ip));
        it.set(Field::SourcePort, text(end.port));
    }
    let url: Url<'_> = part(evidence.url)?;
    it.set(Field::Url, text(url.url_string));
    let query: Query<'_> = part(evidence.query)?;
    for name in [url.hostname, query.hostname] {
        it.set(Field::Domain, text(name));
    }
    for end in [top.dst_endpoint, evidence.dst_endpoint] {
        let end: Endpoint<'_> = part(end)?;
        it.set_endpoint(Field::DestinationIp, Field::DestinationPort, text(end.ip));
        it.set(Field::DestinationPort, text(end.port));
        it.set(
            Field::Domain,
            text(end.domain).or_else(|| text(end.hostname)),
        );
    }
    for connection in [top.connection_info, evidence.connection_info] {
        let connection: Connection<'_> = part(connection)?;
        it.set(Field::Protocol, text(connection.protocol_name));
    }
    for resource in list(top.resources, 16) {
        let one: Resource<'_> = part(Some(resource))?;
        let kind = text(one.r#type).unwrap_or_default().to_ascii_lowercase();
        if kind.contains("user") || kind.contains("account") {
            it.set(Field::UserName, text(one.name));
        } else {
            it.set(
                Field::HostName,
                text(one.hostname).or_else(|| text(one.name)),
            );
            it.set(Field::HostIp, text(one.ip));
        }
    }
    Ok(())
}

fn user(it: &mut Gathered, user: User<'_>) {
    for name in [user.name, user.email_addr, user.uid] {
        it.set(Field::UserName, text(name));
    }
}

/// The first process named is the acting one; all its fields come from it, so that no two processes
/// are mixed.
fn process(it: &mut Gathered, process: Process<'_>) -> serde_json::Result<()> {
    if it.has(Field::ProcessName) || it.has(Field::ProcessPath) || it.has(Field::ProcessCommandLine)
    {
        return Ok(());
    }
    let file: File<'_> = part(process.file)?;
    let path = text(file.path).or_else(|| text(process.path));
    it.set(Field::ProcessName, text(process.name));
    it.set(Field::ProcessName, path.as_deref().map(file_name));
    it.set(Field::ProcessPath, path);
    it.set(Field::ProcessHash, hash(file.hashes)?);
    it.set(Field::ProcessCommandLine, text(process.cmd_line));
    user(it, part(process.user)?);
    let parent: Process<'_> = part(process.parent_process)?;
    let parent_file: File<'_> = part(parent.file)?;
    it.set(Field::ProcessParent, text(parent.name));
    it.set(
        Field::ProcessParent,
        text(parent_file.path).as_deref().map(file_name),
    );
    Ok(())
}

/// The longest of the first few hashes.
fn hash(hashes: Option<&RawValue>) -> serde_json::Result<Option<String>> {
    let mut best: Option<String> = None;
    for one in list(hashes, 16) {
        let one: Hash<'_> = part(Some(one))?;
        if let Some(value) = text(one.value).as_deref().and_then(best_hash)
            && best.as_ref().is_none_or(|b| b.len() < value.len())
        {
            best = Some(value.to_owned());
        }
    }
    Ok(best)
}

/// One entry of `observables[]`, by OCSF's `type_id`: 1 host name, 2 IP address, 4 user name,
/// 5 e-mail address, 6 URL string, 8 hash, 9 process name. The others name objects or things one
/// cannot pivot on here. A host name with a dot is a domain, unless `name` says that it is a
/// device's or a resource's.
fn observable(it: &mut Gathered, seen: &Seen<'_>) {
    let Some(value) = text(seen.value) else {
        return;
    };
    let kind = match text(seen.type_id).as_deref() {
        Some("1") => {
            let path = text(seen.name).unwrap_or_default();
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
        Some(_) | None => return,
    };
    it.list(kind, &value);
}
