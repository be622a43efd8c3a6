//! What a document is, from its own keys and nothing else.

use super::json::{Value, first_byte, text};
use super::reason::Reason;
use super::source::table;
use crate::model::{Source, Text};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The members of a document, not looked into yet.
pub(super) struct Top<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Top<'a> {
    /// # Errors
    /// When it is no JSON object.
    pub(super) fn parse(document: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(document)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// The value at a path, with dots in its keys or with objects in objects; null is none.
    pub(super) fn get(&self, path: &str) -> Value<'a> {
        let own = self.0.iter().find(|(key, _)| key == path);
        if let Some((_, value)) = own {
            return (first_byte(value) != b'n').then_some(*value);
        }
        let (first, rest) = path.split_once('.')?;
        let (_, below) = self.0.iter().find(|(key, _)| key == first)?;
        if first_byte(below) != b'{' {
            return None;
        }
        Self::parse(below.get()).ok()?.get(rest)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// Whether the key is there, also where it is null.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.has(path) || self.0.iter().any(|(key, _)| key == path)
    }

    pub(super) fn is_object(&self, path: &str) -> bool {
        self.get(path)
            .is_some_and(|value| first_byte(value) == b'{')
    }

    pub(super) fn text(&self, path: &str) -> Option<Cow<'a, str>> {
        text(self.get(path))
    }

    /// Whether a key begins with that.
    pub(super) fn begins(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k.starts_with(key))
    }

    /// Whether a key is there, whatever its case: pipelines change it.
    fn has_some(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k.eq_ignore_ascii_case(key))
    }
}

impl<'de> serde::Deserialize<'de> for Top<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Top<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut all = Vec::with_capacity(32);
                while let Some((Key(key), value)) = map.next_entry()? {
                    all.push((key, value));
                }
                Ok(Top(all))
            }
        }
        from.deserialize_map(Visitor)
    }
}

/// The forms a document has the keys of.
pub(super) fn forms(top: &Top<'_>) -> impl Iterator<Item = Source> {
    let all = Source::ALL.iter().copied();
    all.filter(|source| (table(*source).is)(top))
}

/// What the document is to be read as; none where it is of no form we take.
///
/// # Errors
/// When it is of two.
pub(super) fn detect(top: &Top<'_>) -> Result<Option<Source>, Reason> {
    let mut forms = forms(top);
    match (forms.next(), forms.next()) {
        (Some(one), Some(other)) => Err(Reason::Ambiguous { one, other }),
        (one, _) => Ok(one),
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

/// The name of a form we know and do not take.
fn named(it: &Top<'_>) -> Option<&'static str> {
    let has = |key: &str| it.has_some(key);
    let all = |keys: &[&str]| keys.iter().all(|key| has(key));
    let table: [(&str, bool); 13] = [
        (
            "a Microsoft Defender incident without its alerts",
            all(&["incidentWebUrl", "displayName"])
                || all(&["incidentId", "incidentName", "createdTime"]),
        ),
        (
            "an ECS event that is no alert",
            all(&["@timestamp", "event"]) || has("ecs"),
        ),
        (
            "a CrowdStrike Falcon telemetry record (FDR), context and not an alert",
            has("event_simpleName")
                || has("fdr_event_type")
                || all(&["aid", "cid"])
                || all(&["aid", "_time"]),
        ),
        (
            "a CrowdStrike Falcon incident, which groups detections and is none itself",
            all(&["incident_id", "host_ids", "fine_score"]),
        ),
        (
            "a SentinelOne Deep Visibility event, telemetry and not an alert",
            all(&["event.type", "dataSource.name"]) || it.begins("src.process."),
        ),
        (
            "a SentinelOne agent's record, an inventory and not an alert",
            all(&["computerName", "agentVersion", "activeThreats"]),
        ),
        (
            "an anomaly of an Okta rule of Panther, computed from a system log",
            has("anomaly_severity_score") || has("anomaly_type"),
        ),
        (
            "a SentinelOne activity record",
            all(&["activityType", "accountId"]) || has("activityUuid"),
        ),
        (
            "a Microsoft 365 audit record",
            all(&["CreationTime", "Operation", "RecordType"]),
        ),
        (
            "an Okta system log record",
            has("eventType") && (has("published") || has("displayMessage") || has("outcome")),
        ),
        (
            "a Carbon Black Cloud alert",
            has("alert_notes_present") || all(&["backend_timestamp", "device_id"]),
        ),
        (
            "a Carbon Black Cloud audit record",
            all(&["eventId", "eventTime", "orgName"]),
        ),
        (
            "an Elasticsearch search hit without its source",
            has("_index") && has("_id"),
        ),
    ];
    table.into_iter().find_map(|(name, is)| is.then_some(name))
}

/// Why a document of none of our forms is not taken: by its name if it has one, by the name of what
/// it wraps, by what another tool wrote into it as its kind, else by its keys.
pub(super) fn unknown(it: &Top<'_>) -> Reason {
    if let Some(name) = named(it) {
        return Reason::NotTakenYet {
            format: Text::capped(name, 200),
        };
    }
    let keys: Vec<_> = it
        .entries()
        .map(|(key, _)| format!("`{key}`"))
        .take(256)
        .collect();
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
    if let Some(kind) = it.text("p_log_type") {
        return Reason::NotTakenYet {
            format: Text::capped(&format!("a Panther record of log type `{kind}`"), 200),
        };
    }
    for wrapper in [
        "_source", "raw", "event", "detail", "data", "result", "alert",
    ] {
        let inner = it.get(wrapper).filter(|value| first_byte(value) == b'{');
        let Some(Ok(inner)) = inner.map(|value| Top::parse(value.get())) else {
            continue;
        };
        let found = named(&inner).or_else(|| forms(&inner).next().map(Source::name));
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
