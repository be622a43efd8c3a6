//! What wraps a source's document on its way: exports, search hits, queues, answers of vendors'
//! interfaces. The document inside is the alert; what is around it, the frame, is kept beside it.

use super::MOST_INSIDE;
use super::detect::Top;
use super::json::{Value, first_byte, list};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A kind of envelope.
struct Envelope {
    name: &'static str,
    /// Keys and paths it is recognised by.
    has: &'static [&'static str],
    /// A key by which it is something else.
    but: Option<&'static str>,
    /// Where the documents inside are: an object, an array of them, or text.
    inside: &'static str,
    /// Where the document is in each of them; empty where it is the element itself.
    each: &'static str,
}

const fn around(
    name: &'static str,
    has: &'static [&'static str],
    inside: &'static str,
) -> Envelope {
    each_around(name, has, inside, "")
}

const fn each_around(
    name: &'static str,
    has: &'static [&'static str],
    inside: &'static str,
    each: &'static str,
) -> Envelope {
    Envelope {
        name,
        has,
        but: None,
        inside,
        each,
    }
}

/// What Splunk sends and is sent; an ECS document has the same keys and a `@timestamp`.
const fn splunk(has: &'static [&'static str]) -> Envelope {
    Envelope {
        name: "Splunk event",
        has,
        but: Some("@timestamp"),
        inside: "event",
        each: "",
    }
}

/// From the most exact to the least; the first that fits and has documents inside is opened.
const ALL: &[Envelope] = &[
    each_around(
        "Elasticsearch search response",
        &["hits.hits"],
        "hits.hits",
        "_source",
    ),
    around("Elasticsearch hit", &["_index", "_source"], "_source"),
    around("Elasticsearch hit", &["_index", "fields"], "fields"),
    around("Splunk export", &["result._raw"], "result._raw"),
    around("Splunk export", &["preview", "result"], "result"),
    splunk(&["event", "sourcetype"]),
    splunk(&["event", "host"]),
    splunk(&["event", "index"]),
    splunk(&["event", "time"]),
    around("Splunk answer", &["preview", "results"], "results"),
    around("Kafka Connect record", &["schema", "payload"], "payload"),
    around("Kafka record", &["topic", "partition", "value"], "value"),
    around(
        "EventBridge event",
        &["detail-type", "detail.findings"],
        "detail.findings",
    ),
    around("EventBridge event", &["detail-type", "detail"], "detail"),
    around("SNS notification", &["TopicArn", "Message"], "Message"),
    each_around("SQS messages", &["Records"], "Records", "body"),
    each_around("SQS messages", &["Messages"], "Messages", "Body"),
    around("AWS list of findings", &["Findings"], "Findings"),
    around("Microsoft list", &["@odata.context", "value"], "value"),
    around("Microsoft list", &["value"], "value"),
    around(
        "Sentinel trigger",
        &["object.object.properties"],
        "object.object",
    ),
    around("Sentinel trigger", &["object.properties"], "object"),
    around("Sentinel trigger", &["body.object"], "body.object"),
    around("Azure event hub records", &["records"], "records"),
    around("CrowdStrike list", &["resources", "meta"], "resources"),
    around("SentinelOne list", &["data", "pagination"], "data"),
    each_around(
        "SentinelOne GraphQL answer",
        &["data.alerts.edges"],
        "data.alerts.edges",
        "node",
    ),
    around("SentinelOne GraphQL answer", &["data.alert"], "data.alert"),
    around("Beats event", &["@timestamp", "message"], "message"),
    around("Fluent record", &["log"], "log"),
    around(
        "GELF message",
        &["short_message", "version"],
        "short_message",
    ),
    around("list of alerts", &["alerts"], "alerts"),
    around("record around its raw event", &["raw"], "raw"),
    around("Panther record", &["unknown_payload"], "unknown_payload"),
];

/// An opened envelope.
pub(super) struct Opened<'a> {
    pub(super) name: &'static str,
    /// The envelope with `null` where its documents were.
    pub(super) frame: String,
    /// The documents and where in the envelope each begins. One that stood there as text is that
    /// text, without JSON's escapes.
    pub(super) inner: Vec<(Cow<'a, str>, usize)>,
    /// Whether there are more than [`MOST_INSIDE`] of them.
    pub(super) too_many: bool,
}

/// Opens an envelope, if the document is one.
pub(super) fn open<'a>(top: &Top<'a>, document: &'a str) -> Option<Opened<'a>> {
    ALL.iter()
        .filter(|envelope| envelope.has.iter().all(|path| top.holds(path)))
        .filter(|envelope| !envelope.but.is_some_and(|key| top.has(key)))
        .find_map(|envelope| take_out(envelope, top, document))
}

fn take_out<'a>(envelope: &Envelope, top: &Top<'a>, document: &'a str) -> Option<Opened<'a>> {
    let (mut inner, mut frame, mut done) = (Vec::new(), String::new(), 0);
    let elements = list(top.get(envelope.inside), MOST_INSIDE + 1);
    let too_many = elements.len() > MOST_INSIDE;
    for element in elements {
        let Some(raw) = below(element, envelope.each) else {
            continue;
        };
        let Some(text) = document_in(raw) else {
            continue;
        };
        // A value is a part of the document, so its place is the distance of the two.
        let at = (raw.get().as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
        frame.push_str(document.get(done..at)?);
        frame.push_str("null");
        done = at + raw.get().len();
        inner.push((text, at));
    }
    frame.push_str(document.get(done..)?);
    (too_many || !inner.is_empty()).then_some(Opened {
        name: envelope.name,
        frame,
        inner,
        too_many,
    })
}

fn below<'a>(element: &'a RawValue, path: &str) -> Value<'a> {
    if path.is_empty() {
        return Some(element);
    }
    if first_byte(element) != b'{' {
        return None;
    }
    Top::parse(element.get()).ok()?.get(path)
}

/// The document that a value is: an object, or text in which an object or a known line stands.
fn document_in(raw: &RawValue) -> Option<Cow<'_, str>> {
    match first_byte(raw) {
        b'{' => Some(Cow::Borrowed(raw.get())),
        b'"' => {
            let text: String = serde_json::from_str(raw.get()).ok()?;
            let trimmed = text.trim();
            let known = trimmed.starts_with('{') || super::line::named(trimmed).is_some();
            known.then(|| Cow::Owned(trimmed.to_owned()))
        }
        _ => None,
    }
}
