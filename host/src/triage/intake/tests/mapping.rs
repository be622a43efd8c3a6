use super::*;
use crate::model::Field;
use crate::model::Severity;

fn alert(document: &str) -> Alert {
    match read(document.as_bytes()).remove(0) {
        Document::Alert(taken) => taken.alert,
        Document::Reject(reject) => panic!("{}", reject.reason),
    }
}

fn fields(alert: &Alert) -> Vec<(&str, &str)> {
    alert
        .fields
        .iter()
        .map(|(f, t)| (f.name(), t.as_str()))
        .collect()
}

fn observables(alert: &Alert) -> Vec<String> {
    let one = |o: &crate::model::Observable| {
        let field = o.field.map_or("-", Field::name);
        format!("{:?} {} {field}", o.kind, o.value)
    };
    alert.observables.iter().map(one).collect()
}

#[test]
fn an_eve_alert_says_what_it_says() {
    let it = alert(EVE);
    assert_eq!(it.digest, Digest::of(EVE.as_bytes()));
    assert_eq!(
        (it.identity.product.as_str(), &it.identity.id),
        ("Suricata", &None)
    );
    assert_eq!(
        (it.severity, it.source_severity.as_str()),
        (Severity::Medium, "2")
    );
    assert_eq!(
        fields(&it),
        [
            ("product", "Suricata"),
            ("rule.id", "2010937"),
            ("rule.name", "ET POLICY {x}"),
            ("rule.category", "Potentially Bad Traffic"),
            ("source.ip", "10.0.254.30"),
            ("source.port", "61038"),
            ("destination.ip", "10.0.0.101"),
            ("destination.port", "80"),
            ("protocol", "TCP"),
            ("url", "http://a.example/x?\"}"),
            ("domain", "a.example"),
        ]
    );
    assert_eq!(
        observables(&it),
        [
            "Ip 10.0.254.30 source.ip",
            "Ip 10.0.0.101 destination.ip",
            "Url http://a.example/x?\"} url",
            "Domain a.example domain",
        ]
    );
    let more = EVE
        .replace("\"gid\":1", "\"gid\":3,\"metadata\":{\"mitre_technique_id\":[\"T1190\",\"T1059\"]}")
        .replace("\"http\":{\"hostname\":\"a.example\",", "\"host\":\"sensor-1\",\"app_proto\":\"dns\",\"dns\":{\"query\":[{\"rrname\":\"q.example\"}]},\"fileinfo\":{\"filename\":\"/x\",\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"},\"x\":{");
    let it = alert(&more);
    assert_eq!(it.field(Field::RuleId), Some("3:2010937"));
    assert_eq!(it.field(Field::RuleTechnique), Some("T1190 T1059"));
    assert_eq!(it.field(Field::Protocol), Some("dns"));
    assert_eq!(it.field(Field::Domain), Some("q.example"));
    assert_eq!(
        it.field(Field::FileHash),
        Some("d41d8cd98f00b204e9800998ecf8427e")
    );
    // The sensor is not what the alert is about.
    assert_eq!(it.field(Field::HostName), None);
}

#[test]
fn a_wazuh_alert_says_what_it_says() {
    let it = alert(WAZUH);
    assert_eq!(it.identity.product.as_str(), "Wazuh");
    assert_eq!(it.own_id(), "1588001006.9628221@wm");
    assert_eq!(
        (it.severity, it.source_severity.as_str()),
        (Severity::Medium, "8")
    );
    assert_eq!(
        fields(&it),
        [
            ("product", "Wazuh"),
            ("rule.id", "20100"),
            ("rule.name", "First time"),
            ("rule.category", "ids fts"),
            ("rule.technique", "T1110"),
            ("host.name", "srv"),
            ("host.ip", "10.1.1.1"),
            ("user.name", "violet"),
            ("source.ip", "192.168.10.18"),
            ("destination.ip", "192.168.10.21"),
            ("destination.port", "80"),
            ("message", "a [b] {c}"),
        ]
    );
    let windows = WAZUH.replace("\"srcuser\":\"violet\"", r#""win":{"eventdata":{"targetUserName":"-","user":"ACME\\bob","image":"C:\\Windows\\cmd.exe","commandLine":"cmd /c whoami","parentImage":"C:\\a\\b.exe","hashes":"MD5=d41d8cd98f00b204e9800998ecf8427e,IMPHASH=272245E2988E1E430500B852C4FB5E18"}}"#);
    let it = alert(&windows);
    for (field, want) in [
        (Field::UserName, "ACME\\bob"),
        (Field::ProcessName, "cmd.exe"),
        (Field::ProcessPath, "C:\\Windows\\cmd.exe"),
        (Field::ProcessCommandLine, "cmd /c whoami"),
        (Field::ProcessParent, "b.exe"),
        (Field::ProcessHash, "d41d8cd98f00b204e9800998ecf8427e"),
    ] {
        assert_eq!(it.field(field), Some(want));
    }
}

#[test]
fn the_same_wazuh_id_of_two_managers_is_two_alerts() {
    let other = WAZUH.replace("\"wm\"", "\"wm2\"");
    assert_ne!(alert(WAZUH).key(), alert(&other).key());
    assert_eq!(
        alert(WAZUH).key(),
        alert(&WAZUH.replace("a [b]", "b [b]")).key()
    );
}

#[test]
fn an_ocsf_finding_says_what_it_says() {
    let it = alert(OCSF);
    assert_eq!(
        (it.identity.product.as_str(), it.own_id().as_str()),
        ("AMiner", "fox:1")
    );
    assert_eq!(
        (it.severity, it.source_severity.as_str()),
        (Severity::High, "4")
    );
    assert_eq!(
        fields(&it),
        [
            ("product", "AMiner"),
            ("rule.id", "A-1"),
            ("rule.name", "New path"),
            ("host.name", "web"),
        ]
    );
    let full = r#"{"class_uid":2004,"time_dt":"2026-01-01T00:00:00Z","severity_id":99,"severity":"Odd","message":"m",
      "metadata":{"product":{"name":"P","vendor_name":"V"},"version":"1.8.0"},
      "finding_info":{"title":"T","types":["x","y"],"attacks":[{"technique":{"uid":"T1059"},"sub_technique":{"uid":"T1059.001"}},{"technique":{"uid":"T1105"}}]},
      "evidences":[{"device":{"ip":"10.0.0.5"},"actor":{"user":{"name":"bob"},"process":{"cmd_line":"ps -x","file":{"path":"/bin/ps","hashes":[{"value":"d41d8cd98f00b204e9800998ecf8427e","algorithm_id":1}]},"parent_process":{"name":"sh"}}},
        "process":{"name":"other","cmd_line":"other"},"url":{"url_string":"https://e.example/p"},"src_endpoint":{"ip":"1.2.3.4","port":5},"dst_endpoint":{"ip":"5.6.7.8","port":443},"connection_info":{"protocol_name":"tcp"}},{"actor":{"user":{"name":"eve"}}}],
      "resources":[{"type":"host","name":"r1"}],"file":{"name":"f.exe"},
      "observables":[{"name":"device.hostname","type_id":1,"value":"r1"},{"name":"x","type_id":1,"value":"c2.example"},{"type_id":2,"value":"1.2.3.4"},{"type_id":2,"value":"9.9.9.9"},{"type_id":8,"value":"MD5: d41d8cd98f00b204e9800998ecf8427f"},{"type_id":99,"value":"?"}]}"#;
    let it = alert(full);
    assert_eq!(
        (it.severity, it.source_severity.as_str()),
        (Severity::Unknown, "Odd")
    );
    assert_eq!(it.identity.id, None);
    assert_eq!(
        fields(&it),
        [
            ("product", "P"),
            ("rule.id", "T"),
            ("rule.name", "T"),
            ("rule.category", "x y"),
            ("rule.technique", "T1059.001 T1105"),
            ("host.name", "r1"),
            ("host.ip", "10.0.0.5"),
            ("user.name", "bob"),
            ("process.name", "ps"),
            ("process.path", "/bin/ps"),
            ("process.hash", "d41d8cd98f00b204e9800998ecf8427e"),
            ("process.command-line", "ps -x"),
            ("process.parent", "sh"),
            ("source.ip", "1.2.3.4"),
            ("source.port", "5"),
            ("destination.ip", "5.6.7.8"),
            ("destination.port", "443"),
            ("protocol", "tcp"),
            ("url", "https://e.example/p"),
            ("domain", "e.example"),
            ("file.path", "f.exe"),
            ("message", "m"),
        ]
    );
    let listed: Vec<_> = observables(&it)
        .into_iter()
        .filter(|o| o.ends_with(" -"))
        .collect();
    assert_eq!(
        listed,
        [
            "Domain c2.example -",
            "Ip 9.9.9.9 -",
            "Hash d41d8cd98f00b204e9800998ecf8427f -"
        ]
    );
}

#[test]
fn text_is_bounded_and_visible() {
    let long = EVE
        .replace("ET POLICY {x}", &"é".repeat(4000))
        .replace("Potentially Bad Traffic", "a\\u001b[31m\\u202eb");
    let it = alert(&long);
    assert!(it.field(Field::RuleName).unwrap().len() < TEXT_BYTES + 60);
    assert_eq!(
        it.field(Field::RuleCategory),
        Some("a\\u{1b}[31m\\u{202e}b")
    );
}

#[test]
fn a_time_that_stands_for_not_set_hides_no_other() {
    let graph = r##"{"@odata.type":"#microsoft.graph.security.alert","id":"a1","title":"T","severity":"high","detectionSource":"x","createdDateTime":"2026-11-20T08:00:00Z","firstActivityDateTime":"0001-01-01T00:00:00Z"}"##;
    let it = alert(graph);
    assert_eq!(it.time.to_string(), "2026-11-20T08:00:00Z");
    assert_eq!(it.basis, TimeBasis::Observed);
    let seconds = OCSF.replace("1642204800000", "1642204800");
    assert_eq!(alert(&seconds).time, alert(OCSF).time);
}
