//! One alert as an operator sees it: its times, what wrapped it, its document.

use crate::support::{AS_OF, made, said, written};

const EVE: &str = r#"{"timestamp":"2017-11-04T12:48:35","flow_id":1,"event_type":"alert","src_ip":"192.0.2.7","dest_ip":"192.0.2.8","proto":"TCP","alert":{"gid":1,"signature_id":2010937,"signature":"A rule","severity":2}}"#;

#[test]
fn an_alert_says_what_its_time_rests_on_and_what_wrapped_it() {
    let (folder, home) = made();
    let ahead = EVE
        .replace("2017-11-04T12:48:35", "2199-11-04T12:48:35Z")
        .replace("2010937", "7");
    let wrapped = format!("{{\"topic\":\"ids\",\"partition\":3,\"value\":{EVE}}}\n{ahead}\n");
    let file = written(&folder, "alerts.ndjson", wrapped.as_bytes());
    let run = ["run", "--tenant", "acme", "--as-of", AS_OF, &file];
    assert_eq!(said(&home, &run).0, 0);
    let (code, text, err) = said(&home, &["alert", "show", "acme/1"]);
    assert_eq!(code, 0, "{err}");
    for part in [
        "Suricata EVE alert of Suricata",
        "2017-11-04T12:48:35Z, written without a zone: UTC is assumed",
        "late by ",
        r#"{"topic":"ids","partition":3,"value":null}"#,
        EVE,
        "group 1, case acme/1",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    let (code, json, _) = said(&home, &["alert", "show", "acme/2", "--format", "json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["schema"], "casemate.alert/v1");
    assert_eq!(json["timing"]["is"], "ahead");
    assert_eq!(json["frame"], serde_json::Value::Null);
    assert_eq!(json["alert"]["basis"], "event");
    let (code, _, err) = said(&home, &["alert", "show", "acme/3"]);
    assert_eq!(code, 2);
    assert!(err.contains("has no alert 3"), "{err}");
}

#[test]
fn an_alert_that_was_delivered_again_with_other_bytes_shows_both() {
    let (folder, home) = made();
    let ocsf = r#"{"class_uid":2004,"time":1642204800000,"severity_id":2,"metadata":{"product":{"name":"P"}},"finding_info":{"uid":"x","analytic":{"uid":"A"}}}"#;
    let later = ocsf.replace("\"severity_id\":2", "\"severity_id\":5");
    let file = written(
        &folder,
        "alerts.ndjson",
        format!("{ocsf}\n{later}\n").as_bytes(),
    );
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let (_, text, _) = said(&home, &["alert", "show", "acme/1"]);
    assert!(text.contains("low (the source wrote `2`)"), "{text}");
    assert!(text.contains(ocsf) && text.contains(&later), "{text}");
    assert!(text.contains("delivered again, 1"), "{text}");
}

#[test]
fn doctor_says_what_is_nobodys_and_which_owners_do_not_hold() {
    let (folder, home) = made();
    let owners = "version = 1\n[[owner]]\ntenant = \"acme\"\npath = \"host\"\nvalues = [\"s1\"]\n";
    let write = |text: &str| folder.dir().write("home/owners.toml", text).unwrap();
    write(owners);
    let file = written(&folder, "alerts.ndjson", EVE.as_bytes());
    assert_eq!(said(&home, &["run", &file]).0, 1);
    let (code, text, _) = said(&home, &["doctor"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("1 documents are nobody's"), "{text}");
    assert!(text.contains("`owners.toml` holds"), "{text}");
    write(&owners.replace("acme", "initech"));
    let (_, text, _) = said(&home, &["doctor"]);
    assert!(
        text.contains("names `initech`, which is not in this home"),
        "{text}"
    );
    write("version = 9\n");
    let (_, text, _) = said(&home, &["doctor"]);
    assert!(text.contains("`owners.toml` does not hold"), "{text}");
}
