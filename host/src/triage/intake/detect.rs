//! What a document is, from its own keys and nothing else.

use super::json::{Value, is_object, keys, part, text};
use super::reason::Reason;
use crate::model::{Source, Text};
use serde_json::value::RawValue;

keys! {
    Top {
        // OCSF
        class_uid, time, time_dt, metadata, finding_info, severity, severity_id, message, device,
        actor, process, evidences, src_endpoint, dst_endpoint, connection_info, observables,
        resources, file, attacks,
        // Suricata EVE
        event_type, src_ip, src_port, dest_ip, dest_port, proto, app_proto, alert, http, dns, tls,
        fileinfo, files,
        // Wazuh
        rule, agent, manager, location, full_log, data, syscheck,
        // several
        timestamp, id,
    }
    Level { level, }
}

/// The forms a document has the keys of.
pub(super) fn forms(top: &Top<'_>) -> impl Iterator<Item = Source> {
    let ocsf = top.class_uid.is_some();
    let eve = top.event_type.is_some() && top.timestamp.is_some();
    let wazuh = is_object(top.rule)
        && (top.agent.is_some() || top.manager.is_some() || top.location.is_some())
        && part::<Level<'_>>(top.rule).map_or(true, |rule| rule.level.is_some());
    [
        (ocsf, Source::Ocsf),
        (wazuh, Source::Wazuh),
        (eve, Source::Eve),
    ]
    .into_iter()
    .filter_map(|(is, source)| is.then_some(source))
}

/// What the document is to be read as.
///
/// # Errors
/// When it is of no form we take, or of two.
pub(super) fn detect(top: &Top<'_>, document: &str) -> Result<Source, Reason> {
    let mut forms = forms(top);
    match (forms.next(), forms.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => Err(Reason::Ambiguous { one, other }),
        (None, _) => Err(unknown(document)),
    }
}

/// Whether the bytes begin with a whole object, perhaps the first of an array, of a form we know.
pub(super) fn begins_with_alert(bytes: &[u8]) -> bool {
    let start = bytes
        .iter()
        .position(|b| *b != b'[' && !b.is_ascii_whitespace());
    let bytes = bytes.get(start.unwrap_or_default()..).unwrap_or_default();
    if bytes.first() != Some(&b'{') {
        return false;
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    <Top<'_> as serde::Deserialize>::deserialize(&mut reader)
        .is_ok_and(|top| forms(&top).next().is_some())
}

/// How many keys a reason names.
const NAMED_KEYS: usize = 24;

/// Every key of an object with its value, in order, also where one occurs twice.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    if all.len() < 256 {
                        all.push(entry);
                    }
                }
                Ok(Entries(all))
            }
        }
        from.deserialize_map(Visitor)
    }
}

impl<'a> Entries<'a> {
    fn of(document: &'a str) -> Self {
        serde_json::from_str(document).unwrap_or(Self(Vec::new()))
    }

    fn get(&self, key: &str) -> Value<'a> {
        let found = self.0.iter().find(|(k, _)| k.eq_ignore_ascii_case(key));
        found.map(|(_, value)| *value)
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn begins(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k.starts_with(key))
    }
}

/// The name of a form we know and do not take. Keys are compared without regard to case, since
/// pipelines change it.
fn named(it: &Entries<'_>) -> Option<&'static str> {
    let all = |keys: &[&str]| keys.iter().all(|key| it.has(key));
    let table: [(&str, bool); 14] = [
        ("an Elasticsearch search hit", all(&["_index", "_source"])),
        ("a Wazuh 5 event (ECS)", all(&["wazuh", "@timestamp"])),
        (
            "an Elastic Security alert (ECS)",
            it.begins("kibana.alert.") || all(&["kibana", "@timestamp"]),
        ),
        (
            "an ECS event",
            all(&["@timestamp", "event"]) || it.has("ecs"),
        ),
        (
            "a CrowdStrike Falcon detection",
            it.has("composite_id") || it.has("CompositeId") || it.has("ExternalApiType"),
        ),
        (
            "a CrowdStrike Falcon telemetry record (FDR), context and not an alert",
            it.has("event_simpleName") || it.has("fdr_event_type"),
        ),
        (
            "a SentinelOne threat",
            it.has("threatInfo") || it.has("agentDetectionInfo"),
        ),
        (
            "a SentinelOne activity record",
            all(&["activityType", "accountId"]) || it.has("activityUuid"),
        ),
        (
            "a Microsoft Graph security alert",
            all(&["createdDateTime", "severity"])
                && (it.has("detectionSource") || it.has("serviceSource")),
        ),
        (
            "a Microsoft 365 audit record",
            all(&["CreationTime", "Operation", "RecordType"]),
        ),
        (
            "an AWS GuardDuty finding",
            all(&["schemaVersion", "arn", "service", "type"]),
        ),
        (
            "an Okta system log record",
            it.has("eventType") && (it.has("published") || it.has("displayMessage")),
        ),
        (
            "a Carbon Black Cloud alert",
            it.has("alert_notes_present") || all(&["backend_timestamp", "device_id"]),
        ),
        (
            "a Carbon Black Cloud audit record",
            all(&["eventId", "eventTime", "orgName"]),
        ),
    ];
    table.into_iter().find_map(|(name, is)| is.then_some(name))
}

/// Why a document of none of our forms is not taken: by its name if it has one, by the name of what
/// it wraps, by what another tool wrote into it as its kind, else by its keys.
fn unknown(document: &str) -> Reason {
    let it = Entries::of(document);
    if let Some(name) = named(&it) {
        return Reason::NotTakenYet {
            format: Text::capped(name, 200),
        };
    }
    let keys: Vec<_> = it.0.iter().map(|(key, _)| format!("`{key}`")).collect();
    let mut shown = keys
        .iter()
        .take(NAMED_KEYS)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    if keys.is_empty() {
        shown = "none".to_owned();
    }
    if keys.len() > NAMED_KEYS {
        shown.push_str(&format!(" and {} more", keys.len() - NAMED_KEYS));
    }
    if let Some(kind) = text(it.get("p_log_type")) {
        return Reason::NotTakenYet {
            format: Text::capped(&format!("a Panther record of log type `{kind}`"), 200),
        };
    }
    for wrapper in [
        "_source", "raw", "event", "detail", "data", "result", "alert",
    ] {
        let inner = it.get(wrapper).filter(|value| is_object(Some(value)));
        let Some(inner) = inner.map(|value| value.get()) else {
            continue;
        };
        let found = named(&Entries::of(inner)).or_else(|| {
            let top = serde_json::from_str::<Top<'_>>(inner).ok()?;
            forms(&top).next().map(super::reason::name)
        });
        if let Some(found) = found {
            let format = format!("an object whose `{wrapper}` looks like {found}; keys: {shown}");
            return Reason::NotTakenYet {
                format: Text::capped(&format, 1024),
            };
        }
    }
    Reason::Unknown {
        keys: Text::capped(&shown, 1024),
    }
}
