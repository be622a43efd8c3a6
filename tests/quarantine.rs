//! Documents of many tenants, and those that are nobody's: kept apart, told to the operator alone, and
//! brought home once.

use crate::pipe::{alerts_in, home_of, in_quarantine, of, owned_by, received};
use crate::support::{Bench, Finding, Pipe, casemate, code_of, contains, said, tenant, written};
use serde_json::{Value, json};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) fn finding(id: &str) -> Finding {
    Finding::new(id, "r", "h")
}

/// All of it in, and out again: exit code and lines.
pub(crate) fn through(
    bench: &Bench,
    arguments: &[&str],
    input: &[u8],
) -> (Option<i32>, Vec<Value>) {
    let mut pipe = Pipe::start(bench.path(), arguments);
    assert!(pipe.write(input));
    let (code, lines, _) = pipe.end();
    (code, lines)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let mut bytes = Vec::new();
            let mut file = std::fs::File::options().read(true).open(&path).unwrap();
            file.read_to_end(&mut bytes).unwrap();
            all.push((path, bytes));
        }
    }
    all
}

pub(crate) fn retried(bench: &Bench) -> (i32, Value) {
    let (code, said, stderr) = said(bench.path(), &["quarantine", "retry", "--format", "json"]);
    assert!(code <= 1, "{stderr}");
    (code, serde_json::from_str(&said).unwrap())
}

#[test]
fn a_tenant_that_does_not_start_stops_no_other_and_has_its_own_later() {
    let bench = home_of(&["acme", "globex", "initech"]);
    owned_by(&bench, &["acme", "globex", "initech", "ghost"]);
    let scope = bench.home().tenant(&tenant("globex")).unwrap();
    scope.replace_boundary("version = 1\n").unwrap();
    let store = bench.path().join("tenants/initech/store.redb");
    std::fs::create_dir_all(&store).unwrap();
    let all: String = (0..40)
        .map(|id| {
            let tenant = ["acme", "globex", "initech", "ghost"][id % 4];
            of(tenant, &finding(&format!("id-{id}")))
        })
        .collect();
    let (code, lines) = through(&bench, &[], all.as_bytes());
    // The store of `initech` cannot be opened: what comes for it waits in its order, and the end says so.
    assert_eq!(code, Some(5));
    let taken = received(&lines);
    assert_eq!(taken.len(), 40);
    let alerts = taken.iter().filter(|line| line["outcome"] == "alert");
    assert_eq!(alerts.count(), 10);
    let kept = in_quarantine(&bench, &[]);
    assert_eq!(kept.len(), 30);
    for (tenant, why) in [
        ("globex", "boundary.toml"),
        ("initech", "store.redb"),
        ("ghost", "tenant"),
    ] {
        let said = format!("it is of tenant `{tenant}`, which does not start:");
        let of_it = kept.iter().filter_map(|one| one["why"].as_str());
        let of_it: Vec<_> = of_it.filter(|one| one.starts_with(&said)).collect();
        assert_eq!(of_it.len(), 10, "{tenant}: {kept:?}");
        assert!(of_it[0].contains(why), "{}", of_it[0]);
    }
    scope.replace_boundary(&Bench::allowing()).unwrap();
    std::fs::remove_dir(&store).unwrap();
    let (code, first) = retried(&bench);
    assert_eq!((code, &first["stayed"]), (1, &json!(10)));
    bench.tenant("ghost");
    let (code, second) = retried(&bench);
    assert_eq!(
        (code, second["went"]["ghost"].as_array().unwrap().len()),
        (0, 10)
    );
    assert_eq!(retried(&bench).1["went"], json!({}));
    for tenant in ["acme", "globex", "initech", "ghost"] {
        assert_eq!(alerts_in(&bench, tenant), 10, "{tenant}");
    }
    assert!(in_quarantine(&bench, &[]).is_empty());
    assert_eq!(in_quarantine(&bench, &["--all"]).len(), 30);
}

#[test]
fn what_contradicts_the_tenant_it_was_delivered_for_is_nobodys() {
    let bench = home_of(&["acme", "globex"]);
    let silent = format!("{}\n", finding("c").value());
    let all = of("acme", &finding("a")) + &of("globex", &finding("b")) + &silent + "{\"a\":1}\n";
    let (code, lines) = through(&bench, &["--tenant", "acme"], all.as_bytes());
    assert_eq!(code, Some(1));
    let outcomes: Vec<_> = received(&lines)
        .iter()
        .map(|line| line["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["alert", "quarantined", "alert", "rejected"]);
    let kept = in_quarantine(&bench, &[]);
    assert_eq!(kept.len(), 1);
    assert_eq!(
        kept[0]["why"],
        "it is said to be of tenant `acme` and of tenant `globex`"
    );
    // Delivered for somebody else it stays nobody's, whatever else is tried.
    assert_eq!(retried(&bench).1["stayed"], 1);
    assert_eq!(alerts_in(&bench, "globex"), 0);
}

#[test]
fn a_retry_that_is_killed_anywhere_brings_each_document_home_once() {
    let bench = home_of(&["acme", "globex"]);
    owned_by(&bench, &["nobody-yet"]);
    let all: String = (0..2_400)
        .map(|id| of(["acme", "globex"][id % 2], &finding(&format!("id-{id}"))))
        .collect();
    let (code, lines) = through(&bench, &[], all.as_bytes());
    assert_eq!(code, Some(1));
    assert_eq!(received(&lines).len(), 2_400);
    assert_eq!(in_quarantine(&bench, &[]).len(), 2_400);
    owned_by(&bench, &["acme", "globex"]);
    for wait in [60, 150, 250, 400] {
        let mut child = casemate(bench.path(), &["quarantine", "retry"])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        code_of(&mut child);
    }
    let (code, last) = retried(&bench);
    assert_eq!((code, &last["stayed"]), (0, &json!(0)));
    assert!(in_quarantine(&bench, &[]).is_empty());
    for tenant in ["acme", "globex"] {
        assert_eq!(alerts_in(&bench, tenant), 1_200);
    }
    // The same documents again are known where they are now.
    let (code, lines) = through(&bench, &[], all.as_bytes());
    assert_eq!(code, Some(0));
    let known = |line: &&&Value| line["delivery"] == "duplicate";
    assert_eq!(received(&lines).iter().filter(known).count(), 2_400);
}

#[test]
fn what_is_nobodys_again_is_in_quarantine_again() {
    let bench = home_of(&["acme"]);
    let line = of("globex", &finding("a"));
    through(&bench, &[], line.as_bytes());
    bench.tenant("globex");
    owned_by(&bench, &["acme", "globex"]);
    assert_eq!(retried(&bench).0, 0);
    owned_by(&bench, &["acme"]);
    through(&bench, &[], line.as_bytes());
    through(&bench, &[], line.as_bytes());
    let kept = in_quarantine(&bench, &["--all"]);
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0]["number"], &kept[0]["released"]),
        (&json!(1), &Value::Null)
    );
}

#[test]
fn only_the_operator_sees_the_quarantine() {
    let bench = home_of(&["acme", "globex"]);
    let mut secret = finding("a");
    secret.message = "Kirschkern-4711".to_owned();
    let all = of("acme", &finding("b")) + &of("nobody", &secret) + &of("globex", &finding("c"));
    let (code, lines) = through(&bench, &[], all.as_bytes());
    assert_eq!(code, Some(1));
    assert!(
        lines
            .iter()
            .all(|line| !line.to_string().contains("Kirschkern"))
    );
    let file = bench.path().join("quarantine/store.redb");
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let all = files(bench.path());
    let holding: Vec<_> = all
        .iter()
        .filter(|(_, bytes)| contains(bytes, "Kirschkern-4711"))
        .map(|(path, _)| path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(holding.len(), 1, "{holding:?}");
    assert!(holding[0].ends_with("quarantine/store.redb"), "{holding:?}");
}

#[test]
fn two_hundred_tenants_in_one_stream_each_have_their_own() {
    let names: Vec<String> = (0..200).map(|n| format!("tenant-{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bench = home_of(&names);
    let mut all = String::new();
    for round in 0..2 {
        for name in &names {
            let mut finding = finding(&format!("id-{round}"));
            finding.message = format!("mark-of-{name}");
            all.push_str(&of(name, &finding));
        }
    }
    let (code, lines) = through(&bench, &[], all.as_bytes());
    assert_eq!(code, Some(0));
    let taken = received(&lines);
    assert_eq!(taken.len(), 400);
    for (line, name) in taken.iter().zip(names.iter().cycle()) {
        assert_eq!(line["tenant"], **name);
    }
    for name in &names {
        let is = |schema: &str| {
            lines
                .iter()
                .filter(|line| line["schema"] == *schema && line["tenant"] == **name)
                .count()
        };
        assert_eq!(is("casemate.placement/v1"), 2, "{name}");
        assert!(is("casemate.draft/v1") >= 1, "{name}");
    }
    for name in names.iter().step_by(20) {
        let folder = bench.path().join("tenants").join(name);
        for (path, bytes) in files(&folder) {
            for other in names.iter().filter(|other| *other != name) {
                let mark = format!("mark-of-{other}");
                assert!(!contains(&bytes, &mark), "{mark} in {}", path.display());
            }
        }
    }
}

#[test]
fn what_wraps_a_document_is_kept_and_can_say_whose_it_is() {
    let bench = home_of(&["acme", "globex", "initech"]);
    let owner = |tenant: &str, path: &str, value: &str| {
        format!("[[owner]]\ntenant = \"{tenant}\"\npath = \"{path}\"\nvalues = [\"{value}\"]\n")
    };
    let owners = "version = 1\n".to_owned()
        + &owner("acme", "envelope.result.index", "acme-siem")
        + &owner("globex", "envelope.topic", "alerts-globex")
        + &owner("initech", "envelope.cluster", "initech");
    bench.home().replace_text("owners.toml", &owners).unwrap();
    let alert = |id: &str| finding(id).value();
    let splunk = json!({ "preview": false, "result": {
        "_raw": alert("s").to_string(), "index": "acme-siem", "sourcetype": "edr" } });
    let kafka =
        |topic: &str| json!({ "topic": topic, "partition": 3, "offset": 9, "value": alert("k") });
    let hits: Vec<_> = (0..1_000)
        .map(|n| json!({ "_index": "alerts", "_id": n.to_string(), "_source": alert(&format!("e-{n}")) }))
        .collect();
    let search = json!({ "took": 4, "cluster": "initech", "hits": { "hits": hits } });
    let all = [
        splunk,
        kafka("alerts-globex"),
        kafka("alerts-nobody"),
        search,
    ];
    let all: String = all.iter().map(|one| format!("{one}\n")).collect();
    let (code, lines) = through(&bench, &[], all.as_bytes());
    assert_eq!(code, Some(1));
    let taken = received(&lines);
    assert_eq!(taken.len(), 1_003);
    assert_eq!(taken[2]["outcome"], "quarantined");
    let casemate = bench.open();
    for (id, count, mark) in [
        ("acme", 1, "\"index\":\"acme-siem\""),
        ("globex", 1, "\"topic\":\"alerts-globex\""),
        ("initech", 1_000, "\"_id\":\"999\""),
    ] {
        let view = casemate.view(&tenant(id)).unwrap().unwrap();
        assert_eq!(view.alert_count().unwrap(), count, "{id}");
        for number in [1, count] {
            let frame = view.frame(number).unwrap().unwrap();
            assert!(frame.contains(mark), "{id}: {frame:.200}");
            assert!(!frame.contains("class_uid"), "{id}: {frame:.200}");
        }
    }
    drop(casemate);
    let more = owner("globex", "envelope.topic", "alerts-nobody");
    bench
        .home()
        .replace_text("owners.toml", &(owners + &more))
        .unwrap();
    let (code, retried) = retried(&bench);
    // The bytes inside are those of the other one: a second delivery of it.
    assert_eq!((code, &retried["went"]["globex"]), (0, &json!([1])));
}

#[test]
fn what_wraps_many_documents_that_are_nobodys_is_kept_once() {
    let bench = home_of(&["acme"]);
    let hits: Vec<_> = (0..500)
        .map(|n| json!({ "_id": format!("{n}-{}", "f".repeat(200)), "_source": finding(&format!("e-{n}")).value() }))
        .collect();
    let search = format!("{}\n", json!({ "hits": { "hits": hits } }));
    let (code, lines) = through(&bench, &[], search.as_bytes());
    assert_eq!((code, received(&lines).len()), (Some(1), 500));
    let file = bench.path().join("quarantine/store.redb");
    let size = std::fs::metadata(file).unwrap().len();
    assert!(size < 16 << 20, "{size} bytes for {}", search.len());
    bench.home().replace_text("owners.toml",
        "version = 1\n[[owner]]\ntenant = \"acme\"\npath = \"metadata.product.name\"\nvalues = [\"Test Sensor\"]\n").unwrap();
    assert_eq!(retried(&bench).0, 0);
    let view = bench.open().view(&tenant("acme")).unwrap().unwrap();
    assert_eq!(view.alert_count().unwrap(), 500);
    assert!(view.frame(500).unwrap().unwrap().contains("\"499-fff"));
}

#[test]
fn what_wraps_a_document_says_whose_it_is_however_long_it_is() {
    let bench = home_of(&["acme", "globex"]);
    let owner = |tenant: &str, path: &str, value: &str| {
        format!("[[owner]]\ntenant = \"{tenant}\"\npath = \"{path}\"\nvalues = [\"{value}\"]\n")
    };
    let owners = "version = 1\n".to_owned()
        + &owner("acme", "envelope.topic", "alerts-acme")
        + &owner("globex", "metadata.tenant_uid", "t-globex");
    bench.home().replace_text("owners.toml", &owners).unwrap();
    let claiming = |id: &str| {
        let mut alert = finding(id).value();
        alert["metadata"]["tenant_uid"] = json!("t-globex");
        alert
    };
    let no_time = |mut alert: Value| {
        alert.as_object_mut().unwrap().remove("time");
        alert
    };
    let pad = "k".repeat(1_100_000);
    let many: Vec<Value> = (0..300).map(|n| claiming(&format!("m-{n}"))).collect();
    let long = format!(
        "{{\"partition\":0,\"key\":\"{pad}\",\"topic\":\"alerts-acme\",\"value\":{}}}",
        claiming("k")
    );
    let nested = format!(
        "{{\"partition\":0,\"key\":\"{}\",\"topic\":\"alerts-acme\",\"value\":{}}}",
        &pad[..20_000],
        json!({ "records": many })
    );
    let reject = json!({ "topic": "alerts-acme", "partition": 0,
        "value": [finding("ok").value(), no_time(claiming("r"))] });
    let alone = json!({ "topic": "alerts-acme", "partition": 0, "value": no_time(claiming("r")) });
    let quiet =
        json!({ "topic": "alerts-acme", "partition": 0, "value": no_time(finding("q").value()) });
    // Past any number of values that is looked at, the one that disagrees.
    let mut values = vec![json!("t-globex"); 300];
    values.push(json!("t-acme"));
    let mut array = finding("a").value();
    array["metadata"]["tenant_uid"] = json!(values);
    let all = [
        long,
        nested,
        reject.to_string(),
        alone.to_string(),
        quiet.to_string(),
        array.to_string(),
    ];
    let (code, lines) = through(&bench, &[], (all.join("\n") + "\n").as_bytes());
    assert_eq!(code, Some(1));
    let outcomes: Vec<_> = received(&lines)
        .iter()
        .map(|line| (line["outcome"].clone(), line["tenant"].clone()))
        .collect();
    assert_eq!(outcomes.len(), 306);
    for (at, (outcome, tenant)) in outcomes.iter().enumerate() {
        match at {
            301 => assert_eq!((outcome, tenant), (&json!("alert"), &json!("acme"))),
            304 => assert_eq!((outcome, tenant), (&json!("rejected"), &json!("acme"))),
            _ => assert_eq!(outcome, "quarantined", "{at}"),
        }
    }
    assert_eq!(
        (alerts_in(&bench, "acme"), alerts_in(&bench, "globex")),
        (1, 0)
    );
    // Nor later: what was cut off is remembered as such, although what is left names globex alone.
    let less = "version = 1\n".to_owned() + &owner("globex", "metadata.tenant_uid", "t-globex");
    bench.home().replace_text("owners.toml", &less).unwrap();
    retried(&bench);
    let view = bench.open().view(&tenant("globex")).unwrap().unwrap();
    let kept = in_quarantine(&bench, &[]);
    assert!(kept.iter().any(|one| one["number"] == json!(1)));
    assert!(view.alert_count().unwrap() <= 1);
}

#[test]
fn a_reject_that_names_another_tenant_is_not_put_with_the_one_it_was_delivered_for() {
    let bench = home_of(&["acme", "globex"]);
    owned_by(&bench, &["acme", "globex"]);
    let no_time = |text: String| text.replacen("\"time\"", "\"emit\"", 1);
    let all = no_time(of("globex", &finding("b")))
        + &no_time(of("acme", &finding("a")))
        + of("globex", &finding("c")).trim_end().trim_end_matches('}')
        + "\n";
    let (_, lines) = through(&bench, &["--tenant", "acme"], all.as_bytes());
    let outcomes: Vec<_> = received(&lines)
        .iter()
        .map(|line| line["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["quarantined", "rejected", "quarantined"]);
}

#[test]
fn explaining_a_document_tells_each_field_and_where_it_is_from() {
    let bench = Bench::new();
    let wazuh = r#"{"timestamp":"2022-01-15T00:00:00.000+0000","rule":{"level":7,"description":"d","id":"5710"},"agent":{"id":"001","name":"web-1"},"manager":{"name":"m"},"id":"1642204800.1","decoder":{"name":"sshd"},"location":"/var/log/auth.log"}"#;
    let eve = r#"{"timestamp":"2022-01-15T00:00:00.000000+0000","event_type":"alert","src_ip":"198.51.100.7","src_port":4444,"dest_ip":"192.0.2.1","dest_port":80,"proto":"TCP","alert":{"action":"allowed","gid":1,"signature_id":2019401,"rev":1,"signature":"s","category":"c","severity":1}}"#;
    let mut ocsf = finding("a").value();
    ocsf["unmapped_by_us"] = json!("kept");
    for (name, text, rule) in [
        ("OCSF", ocsf.to_string(), "r"),
        ("Wazuh", wazuh.to_owned(), "5710"),
        ("Suricata", eve.to_owned(), "2019401"),
    ] {
        let file = &written(bench.folder(), name, text.as_bytes());
        let (code, table, stderr) = said(bench.path(), &["intake", "explain", file]);
        assert_eq!(code, 0, "{stderr}");
        for word in [name, "rule.id", rule, "time rests on", "FROM"] {
            assert!(table.contains(word), "{name}: no `{word}` in\n{table}");
        }
        assert!(!table.contains('\u{1b}'), "{table}");
        let (_, json, _) = said(
            bench.path(),
            &["intake", "explain", "--format", "json", file],
        );
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["schema"], "casemate.explained/v1");
        assert!(json["documents"][0]["mapped"].as_array().unwrap().len() > 3);
    }
}
