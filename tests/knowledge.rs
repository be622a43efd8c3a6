//! Files that clients write can be wrong, and alerts are taken in nevertheless.

use crate::pipe::{alerts_in, home_of, of};
use crate::support::{Bench, Finding, Pipe, said};

const FACT: &str = "version = 1\n[[facts]]\nid = \"backup\"\nrule = \"r\"\nowner = \"Ada\"\nreason = \"nightly\"\nexpires = 2027-03-31\nwhen = [{ field = \"host.name\", equals = \"h\" }]\n";

fn takes_in(bench: &Bench, id: &str, what: &str) {
    let before = alerts_in(bench, "acme");
    let mut pipe = Pipe::start(bench.path(), &["--tenant", "acme"]);
    assert!(pipe.write(of("acme", &Finding::new(id, "r", "h")).as_bytes()));
    let (code, _, stderr) = pipe.end();
    assert_eq!(code, Some(0), "{what}: {stderr}");
    assert_eq!(alerts_in(bench, "acme"), before + 1, "{what}: {stderr}");
}

#[test]
fn a_file_that_is_wrong_keeps_no_alert_out_and_is_named_everywhere() {
    let bench = home_of(&["acme"]);
    let wrong_fact = FACT.replace("owner", "onwer");
    let files = [
        ("known-good.toml", wrong_fact.as_str(), "known-good.toml:2"),
        ("known-good.toml", "version 1\n", "known-good.toml:1"),
        ("assets.csv", "name,owner\na,b\nc\n", "assets.csv:3"),
        ("assets.csv", "owner\nb\n", "column `name` is missing"),
    ];
    for (nth, (file, text, says)) in files.into_iter().enumerate() {
        bench.knowledge("acme", file, text);
        takes_in(&bench, &format!("id-{nth}"), says);
        let (_, queue, _) = said(bench.path(), &["queue"]);
        let first = queue.lines().next().unwrap();
        assert_eq!(first, "1 invalid file of tenants", "{queue}");
        assert!(
            queue.contains(&format!("acme: knowledge/{file}: ")),
            "{queue}"
        );
        for command in [&["tenant", "list"][..], &["tenant", "show", "acme"]] {
            let (code, stdout, stderr) = said(bench.path(), command);
            assert_eq!(code, 0, "{stderr}");
            assert!(stdout.contains(says), "{command:?}: {stdout}");
        }
        let (code, stdout, _) = said(bench.path(), &["doctor"]);
        assert_eq!(code, 1, "{stdout}");
        assert!(stdout.contains(says), "{stdout}");
        let template = match file {
            "assets.csv" => "name\n",
            _ => "version = 1\n",
        };
        bench.knowledge("acme", file, template);
    }
}

#[test]
fn what_is_right_in_a_file_applies_beside_what_is_wrong() {
    let bench = home_of(&["acme"]);
    let second = FACT
        .replace("version = 1\n", "")
        .replace("\"backup\"", "\"second\"")
        .replace("owner", "onwer");
    bench.knowledge("acme", "known-good.toml", &format!("{FACT}{second}"));
    takes_in(&bench, "covered", "half a file");
    let (_, stdout, stderr) = said(bench.path(), &["queue", "--format", "json"]);
    let queue: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let known = queue["queues"][0]["known_good"].as_array().unwrap();
    assert_eq!(known.len(), 1, "{stdout} {stderr}");
    assert_eq!(queue["alarms"]["knowledge"][0]["tenant"], "acme");
}

#[test]
fn a_module_that_asks_for_a_file_that_cannot_be_used_is_refused_as_unavailable() {
    let bench = home_of(&["acme"]);
    bench.knowledge("acme", "assets.csv", "owner\nb\n");
    takes_in(&bench, "one", "no header");
    let (_, stdout, stderr) = said(
        bench.path(),
        &["trail", "show", "--tenant", "acme", "--format", "ndjson"],
    );
    assert!(stdout.contains("unavailable"), "{stdout} {stderr}");
}

#[test]
fn the_queue_begins_with_what_is_not_taken_in_within_80_columns() {
    let bench = home_of(&["acme", "bolt"]);
    let (_, queue, _) = said(bench.path(), &["queue"]);
    assert!(queue.starts_with("CASE"), "{queue}");
    let boundary = bench.path().join("tenants/bolt/boundary.toml");
    std::fs::write(boundary, "version = 1\n").unwrap();
    bench.knowledge("acme", "known-good.toml", "version = 2\n");
    let mut pipe = Pipe::start(bench.path(), &[]);
    assert!(pipe.write(of("bolt", &Finding::new("one", "r", "h")).as_bytes()));
    pipe.end();
    let (_, queue, stderr) = said(bench.path(), &["queue"]);
    let first = queue.lines().next().unwrap();
    assert_eq!(
        first, "1 tenant takes nothing in: bolt; 1 in quarantine; 1 invalid file of tenants",
        "{stderr}"
    );
    assert!(first.chars().count() <= 80);
    let (_, list, _) = said(bench.path(), &["tenant", "list"]);
    assert!(list.contains("takes nothing in: "), "{list}");
}
