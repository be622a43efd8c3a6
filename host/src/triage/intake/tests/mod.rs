mod broken;
mod fixtures;
mod lines;
mod loose;
mod mapping;
mod real;

use super::*;

/// Whole EVE, Wazuh and OCSF alerts, one a line.
pub(super) const EVE: &str = r#"{"timestamp":"2017-11-04T12:48:35.198583+0000","flow_id":1,"event_type":"alert","src_ip":"10.0.254.30","src_port":61038,"dest_ip":"10.0.0.101","dest_port":80,"proto":"TCP","alert":{"action":"allowed","gid":1,"signature_id":2010937,"signature":"ET POLICY {x}","category":"Potentially Bad Traffic","severity":2},"http":{"hostname":"a.example","url":"/x?\"}"}}"#;
pub(super) const WAZUH: &str = r#"{"timestamp":"2020-03-04T13:55:05.224939+0000","rule":{"level":8,"description":"First time","id":"20100","groups":["ids","fts"],"mitre":{"id":["T1110"]}},"agent":{"id":"001","name":"srv","ip":"10.1.1.1"},"manager":{"name":"wm"},"id":"1588001006.9628221","full_log":"a [b] {c}","data":{"srcip":"192.168.10.18","dstip":"192.168.10.21:80","srcuser":"violet"},"location":"/var/log/x"}"#;
pub(super) const OCSF: &str = r#"{"class_uid":2004,"time":1642204800000,"severity_id":4,"metadata":{"version":"1.3.0","product":{"name":"AMiner"}},"finding_info":{"uid":"fox:1","title":"New path","analytic":{"uid":"A-1"}},"device":{"hostname":"web"}}"#;

pub(super) fn read(input: &[u8]) -> Vec<Document> {
    documents(input, From::Auto).map(|d| d.unwrap()).collect()
}

/// A reader that gives a few bytes at a time.
pub(super) struct Drip<'a>(pub(super) &'a [u8], pub(super) usize);

impl io::Read for Drip<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(to.len());
        to[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// Each document in a word: the source, or why not.
pub(super) fn told(input: &[u8]) -> Vec<String> {
    read(input)
        .into_iter()
        .map(|d| match d {
            Document::Alert(taken) => format!("{:?}", taken.alert.format),
            Document::Reject(reject) => reject.reason.to_string(),
        })
        .collect()
}

/// The words, with a reject shortened to its text up to the first `;`, bracket or number.
pub(super) fn brief(input: &[u8]) -> String {
    let short = |s: &String| {
        let end = s.find([';', '(', '`']).unwrap_or(s.len());
        s[..end].split(" at ").next().unwrap().trim().to_owned()
    };
    told(input)
        .iter()
        .map(short)
        .collect::<Vec<_>>()
        .join(" | ")
}

fn pretty(document: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(document).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn every_form_of_input_gives_the_same_alerts() {
    let (p, q, r) = (pretty(EVE), pretty(WAZUH), pretty(OCSF));
    let array: serde_json::Value =
        serde_json::from_str(&format!("[{EVE},{WAZUH},{OCSF}]")).unwrap();
    let array = serde_json::to_string_pretty(&array).unwrap();
    let crlf = array.replace('\n', "\r\n");
    let inputs = [
        format!("{EVE}\n{WAZUH}\n{OCSF}\n"),
        format!("{EVE}\n{WAZUH}\n{OCSF}"),
        format!("\u{feff}{EVE}\r\n\r\n{WAZUH}\r\n  \r\n\r\n{OCSF}\r\n"),
        format!("[{EVE},{WAZUH},{OCSF}]"),
        format!("[\n{EVE},\n{WAZUH},\n{OCSF}\n]\n"),
        format!("{EVE}{WAZUH} {OCSF}"),
        format!("{p}{q}\n{r}"),
        format!("[{p}, {q}]\n[{r}]"),
        format!("[{p}\n,{q}]{OCSF}"),
        format!("\u{feff}{array}"),
        crlf,
        format!("[\n  {EVE}\n  , {q},\n{r}\n]"),
        format!("[{EVE}]\n[{WAZUH}]\n[]\n[\n]\n\u{feff}[{OCSF}]"),
    ];
    for input in &inputs {
        assert_eq!(brief(input.as_bytes()), "Eve | Wazuh | Ocsf", "{input}");
        let ids: Vec<_> = read(input.as_bytes())
            .into_iter()
            .map(|d| match d {
                Document::Alert(t) => t.alert.time.millis(),
                Document::Reject(_) => 0,
            })
            .collect();
        assert_eq!(
            ids,
            [1_509_799_715_198, 1_583_330_105_224, 1_642_204_800_000]
        );
    }
    for nothing in ["", " \n\r\n\t", "[]", "[\n]", "\u{feff}", "]", ",,"] {
        assert_eq!(brief(nothing.as_bytes()), "", "{nothing:?}");
    }
}

#[test]
fn a_documents_own_keys_say_what_it_is() {
    let wrap = |keys: &str| brief(format!("{{{keys}}}").as_bytes());
    for (keys, want) in [
        (
            r#""class_uid":2004,"rule":{"level":3},"agent":{}"#,
            "both an OCSF finding and a Wazuh 4 alert",
        ),
        (r#""class_uid":1001"#, "OCSF class"),
        (
            r#""class_uid":2004,"metadata":{"version":"2.0.0"}"#,
            "OCSF version",
        ),
        (
            r#""timestamp":"2020-01-01T00:00:00Z","event_type":"dns""#,
            "Suricata",
        ),
        (r#""event_type":"alert""#, "of no known form"),
        (r#""rule":{"level":3}"#, "of no known form"),
        (r#""rule":"level","agent":{}"#, "of no known form"),
        (r#""@timestamp":"x","kibana.alert.uuid":"y""#, "no"),
        (
            r#""@timestamp":"x","event":{"kind":"state"}"#,
            "an ECS document whose",
        ),
        (
            r#""class_uid":2004,"composite_id":"x""#,
            "both an OCSF finding and a CrowdStrike Falcon alert",
        ),
        (
            r#""metadata":{"eventType":"AuthActivityAuditEvent"},"event":{}"#,
            "a CrowdStrike Falcon",
        ),
        (
            r#""activityType":90,"accountId":"1""#,
            "a SentinelOne activity record, which is not taken",
        ),
        (r#""composite_id":"x""#, "no"),
        (r#""threatInfo":{}"#, "no"),
        (
            r#""createdDateTime":"2026-11-20T08:00:00Z","severity":"high","detectionSource":"y","title":"t""#,
            "Graph",
        ),
        (
            r#""schemaVersion":"2.0","arn":"a","service":{},"type":"t","createdAt":"2026-11-20T08:00:00Z""#,
            "GuardDuty",
        ),
        (
            r#""eventType":"user.session.start","published":"x""#,
            "an Okta system log record, which is not taken",
        ),
    ] {
        assert_eq!(wrap(keys), want, "{keys}");
    }
    assert_eq!(
        told(br#"{"timestamp":"2020-01-01T00:00:00Z","event_type":"dns"}"#),
        ["Suricata `dns` record: context, not an alert"]
    );
    let keys = told("{\"a\u{202e}b\":1,\"c\":{\"rule\":{}}}".as_bytes());
    assert!(keys[0].contains(r"(keys: `a\u{202e}b` `c`)"), "{keys:?}");
    assert!(told(b"CEF:0|v|p|1|2|n|5|a=b\n")[0].starts_with("no `start`"));
    assert!(told(b"LEEF:2.0|v|p|1|2|\n")[0].starts_with("no `devTime`"));
    assert!(told(b"x CEF:0|v|p|1|2|n|5|a=b\n")[0].starts_with("a line of CEF behind"));
}

#[test]
fn a_forced_source_is_read_as_that_and_nothing_else() {
    let both = EVE.replace("{\"timestamp\"", "{\"class_uid\":2004,\"timestamp\"");
    assert!(brief(both.as_bytes()).starts_with("both"));
    let forced = |source| {
        let mut all = documents(both.as_bytes(), From::Only(source));
        matches!(all.next(), Some(Ok(Document::Alert(t))) if t.alert.format == source)
    };
    assert!(forced(Source::Eve));
    assert!(!forced(Source::Ocsf) && !forced(Source::Wazuh));
    for word in From::words() {
        assert!(From::parse(word).is_some(), "{word}");
    }
    assert_eq!(From::parse("csv"), None);
}

#[test]
fn what_makes_an_alert_one_must_be_there() {
    for (from, to, want) in [
        (
            EVE,
            ("\"signature_id\"", "\"x\""),
            "no `alert.signature_id`",
        ),
        (
            EVE,
            ("12:48:35.198583+0000", "12:48"),
            "`timestamp` is `2017-11-04T12:48`",
        ),
        (EVE, ("2017-11", "1917-11"), "`timestamp` is `1917"),
        (WAZUH, ("\"id\":\"20100\"", "\"x\":1"), "no `rule.id`"),
        (WAZUH, ("{\"timestamp\"", "{\"t\""), "no `timestamp`"),
        (OCSF, ("\"time\"", "\"x\""), "no `time`"),
        (OCSF, ("1642204800000", "-5"), "`time` is `-5`"),
        (OCSF, ("\"product\"", "\"x\""), "no `metadata.product.name`"),
        (
            OCSF,
            ("\"title\":\"New path\",\"analytic\"", "\"x\""),
            "no `finding_info.analytic.uid`",
        ),
        (
            EVE,
            ("\"src_ip\"", "\"event_type\""),
            "the key `event_type` occurs twice",
        ),
        (
            EVE,
            ("\"gid\"", "\"si\\u0067nature_id\""),
            "the key `signature_id` occurs twice",
        ),
    ] {
        let document = from.replacen(to.0, to.1, 1);
        assert_ne!(document, from);
        let told = told(document.as_bytes());
        assert!(
            told.len() == 1 && told[0].starts_with(want),
            "{told:?}, not {want}"
        );
    }
    // Optional things may be missing or strange.
    for (from, to) in [
        ("\"http\":{", "\"http\":7,\"x\":{"),
        ("\"src_ip\":\"10.0.254.30\"", "\"src_ip\":{\"a\":[1]}"),
        ("\"severity\":2", "\"severity\":null"),
        ("\"severity\":2", "\"severity\":\"\\ud800\""),
    ] {
        let document = EVE.replacen(from, to, 1);
        assert_ne!(document, EVE);
        assert_eq!(brief(document.as_bytes()), "Eve", "{document}");
    }
}

#[test]
fn a_hostile_envelope_costs_no_more_than_a_small_multiple_of_its_length() {
    // Many documents and one that is an alert: none would be told of the others.
    let mut many = format!("{{\"alerts\":[{EVE}");
    many.push_str(&",{}".repeat(MOST_INSIDE + 1));
    many.push_str("]}");
    assert_eq!(
        told(many.as_bytes()),
        ["a list of alerts of more than 65536 documents; give them in smaller lots, or one a line"]
    );
    // A long frame around many envelopes, each with an alert.
    let inner = format!("{{\"topic\":\"t\",\"partition\":1,\"value\":{EVE}}}");
    let junk = "x".repeat(1 << 20);
    let outer = format!(
        "{{\"junk\":\"{junk}\",\"alerts\":[{}]}}",
        vec![inner; 2_000].join(",")
    );
    let mut bytes = 0;
    for document in read(outer.as_bytes()) {
        let Document::Alert(taken) = document else {
            panic!("a reject")
        };
        bytes += taken.wrapping.unwrap().stored().text.len();
    }
    assert!(bytes < 8 << 20, "{bytes}");
}
