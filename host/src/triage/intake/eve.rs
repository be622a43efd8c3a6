//! Suricata EVE (docs.suricata.io, "Eve JSON Format"): records with `event_type` `alert`.
//!
//! An EVE alert has no id of its own: `flow_id` is that of the flow, which can raise many alerts, so
//! the digest of the bytes is the identity. Its `host` is the name of the sensor, not of a machine
//! the alert is about, so `host.name` and `host.ip` stay empty: who was attacked is in
//! `destination.ip`, or for traffic from inside in `source.ip`.

use super::detect::Top;
use super::json::{keys, part, text, words};
use super::observables::{Gathered, best_hash};
use super::reason::Reason;
use super::{Essence, severity, time};
use crate::model::{Field, Source, Text};

keys! {
    Signature { signature_id, signature, category, severity, gid, metadata, }
    Metadata { mitre_technique_id, }
    Http { hostname, url, http_port, }
    Dns { rrname, query, queries, }
    Query { rrname, }
    Tls { sni, }
    File { filename, sha256, sha1, md5, }
}

pub(super) fn read(top: &Top<'_>) -> Result<Essence, Reason> {
    let source = Source::Eve;
    let event_type = text(top.event_type).unwrap_or_default();
    if event_type != "alert" {
        return Err(Reason::SuricataRecord {
            event_type: Text::capped(&event_type, 80),
        });
    }
    let missing = |field| Reason::Missing { source, field };
    let of_json = |e| Reason::of_json(&e);
    let alert: Signature<'_> = part(top.alert).map_err(of_json)?;
    let id = text(alert.signature_id).ok_or_else(|| missing("alert.signature_id"))?;
    let written = text(top.timestamp).ok_or_else(|| missing("timestamp"))?;
    let time = time::written("timestamp", &written)?;

    let mut it = Gathered::default();
    it.set(Field::Product, Some("Suricata"));
    // Signature ids are unique within a generator; all but a few rules are of generator 1.
    match text(alert.gid).filter(|gid| gid != "1") {
        Some(gid) => it.set(Field::RuleId, Some(format!("{gid}:{id}"))),
        None => it.set(Field::RuleId, Some(id)),
    }
    it.set(Field::RuleName, text(alert.signature));
    it.set(Field::RuleCategory, text(alert.category));
    let metadata: Metadata<'_> = part(alert.metadata).map_err(of_json)?;
    it.set(Field::RuleTechnique, words(metadata.mitre_technique_id));
    it.set_endpoint(Field::SourceIp, Field::SourcePort, text(top.src_ip));
    it.set(Field::SourcePort, text(top.src_port));
    it.set_endpoint(
        Field::DestinationIp,
        Field::DestinationPort,
        text(top.dest_ip),
    );
    it.set(Field::DestinationPort, text(top.dest_port));
    // The application protocol says more than TCP; `failed` is "could not be told".
    it.set(
        Field::Protocol,
        text(top.app_proto).filter(|p| p != "failed" && p != "unknown"),
    );
    it.set(Field::Protocol, text(top.proto));

    let http: Http<'_> = part(top.http).map_err(of_json)?;
    let hostname = text(http.hostname);
    if let Some(path) = text(http.url) {
        it.set(
            Field::Url,
            Some(match &hostname {
                Some(host) if path.starts_with('/') => match text(http.http_port) {
                    Some(port) if port != "80" && !host.contains(':') => {
                        format!("http://{host}:{port}{path}")
                    }
                    Some(_) | None => format!("http://{host}{path}"),
                },
                Some(_) | None => path.into_owned(),
            }),
        );
    }
    let dns: Dns<'_> = part(top.dns).map_err(of_json)?;
    let query: Query<'_> = part(dns.query.or(dns.queries)).map_err(of_json)?;
    let tls: Tls<'_> = part(top.tls).map_err(of_json)?;
    for name in [
        hostname,
        text(tls.sni),
        text(query.rrname),
        text(dns.rrname),
    ] {
        it.set(Field::Domain, name);
    }
    let file: File<'_> = part(top.fileinfo.or(top.files)).map_err(of_json)?;
    it.set(Field::FilePath, text(file.filename));
    let hash = [file.sha256, file.sha1, file.md5];
    it.set(
        Field::FileHash,
        hash.into_iter()
            .filter_map(text)
            .find(|hash| best_hash(hash).is_some()),
    );
    let priority = text(alert.severity).unwrap_or_default();
    Ok(Essence {
        product: Text::capped("Suricata", 512),
        id: None,
        time,
        severity: severity::suricata(&priority),
        source_severity: Text::capped(&priority, 80),
        gathered: it,
    })
}
