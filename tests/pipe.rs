//! `casemate pipe` as a sender has it: what comes back and when, and that nothing is lost however it
//! ends.

use crate::support::{Bench, Finding, Pipe, casemate, code_of, said, signal, tenant};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A home with these tenants, each of which has what says `t-` and its name.
pub(crate) fn home_of(tenants: &[&str]) -> Bench {
    let bench = Bench::ordinary(tenants);
    owned_by(&bench, tenants);
    drop(bench.open());
    bench
}

pub(crate) fn owned_by(bench: &Bench, tenants: &[&str]) {
    let mut owners = "version = 1\n".to_owned();
    for tenant in tenants {
        owners.push_str(&format!(
            "[[owner]]\ntenant = \"{tenant}\"\npath = \"metadata.tenant_uid\"\nvalues = [\"t-{tenant}\"]\n"
        ));
    }
    bench.home().replace_text("owners.toml", &owners).unwrap();
}

/// One line: an alert that says whose it is.
pub(crate) fn of(tenant: &str, finding: &Finding) -> String {
    let mut value = finding.value();
    value["metadata"]["tenant_uid"] = format!("t-{tenant}").into();
    format!("{value}\n")
}

/// So many alerts of a tenant, one a line.
fn some(tenant: &str, ids: std::ops::Range<usize>) -> Vec<String> {
    let of_id = |id: usize| {
        let rule = format!("rule-{}", id % 7);
        let finding = Finding::new(&format!("id-{id}"), &rule, &format!("host-{}", id % 11));
        of(tenant, &finding.ago(4_000 - id as i64 % 4_000))
    };
    ids.map(of_id).collect()
}

pub(crate) fn alerts_in(bench: &Bench, id: &str) -> u64 {
    let view = bench.open().view(&tenant(id)).unwrap();
    view.map_or(0, |view| view.alert_count().unwrap())
}

pub(crate) fn in_quarantine(bench: &Bench, more: &[&str]) -> Vec<Value> {
    let arguments = [&["quarantine", "list", "--format", "json"], more].concat();
    let (code, list, stderr) = said(bench.path(), &arguments);
    assert_eq!(code, 0, "{stderr}");
    let list: Value = serde_json::from_str(&list).unwrap();
    list["documents"].as_array().unwrap().clone()
}

pub(crate) fn received(lines: &[Value]) -> Vec<&Value> {
    let schema = "casemate.received/v1";
    lines
        .iter()
        .filter(|line| line["schema"] == schema)
        .collect()
}

#[test]
fn each_document_has_one_line_in_its_order_and_what_follows_comes_after() {
    let bench = home_of(&["acme", "globex"]);
    let finding = |id| Finding::new(id, "r", "h");
    let documents = [
        (of("acme", &finding("a")), "alert", "acme", "new"),
        (of("globex", &finding("a")), "alert", "globex", "new"),
        ("no json at all\n".to_owned(), "quarantined", "", ""),
        (of("acme", &finding("a")), "alert", "acme", "duplicate"),
        (of("nobody", &finding("b")), "quarantined", "", ""),
        (
            of("acme", &finding("a").ago(9)),
            "alert",
            "acme",
            "revision",
        ),
        ("{\"a\":1}\n".to_owned(), "quarantined", "", ""),
        (of("globex", &finding("c")), "alert", "globex", "new"),
    ];
    let mut pipe = Pipe::start(bench.path(), &[]);
    let (mut offset, mut want) = (0, Vec::new());
    for (document, outcome, tenant, delivery) in &documents {
        assert!(pipe.write(document.as_bytes()));
        want.push((offset, *outcome, *tenant, *delivery));
        offset += document.len() as u64;
    }
    let (code, lines, stderr) = pipe.end();
    assert_eq!(code, Some(1), "{stderr}");
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let got: Vec<_> = received(&lines)
        .into_iter()
        .map(|line| {
            let offset = line["offset"].as_u64().unwrap();
            let keys = ["outcome", "tenant", "delivery"];
            (offset, keys.map(|key| text(line, key)))
        })
        .collect();
    let want: Vec<_> = want
        .into_iter()
        .map(|(at, a, b, c)| (at, [a, b, c].map(str::to_owned)))
        .collect();
    assert_eq!(got, want);
    for (tenant, alert) in [("acme", 1), ("globex", 1), ("globex", 2)] {
        let place = |schema: &str, key: &str| {
            let is = |line: &Value| {
                line["schema"] == *schema && line["tenant"] == tenant && line[key] == alert
            };
            lines.iter().position(is)
        };
        let taken = place("casemate.received/v1", "alert").unwrap();
        let placed = place("casemate.placement/v1", "alert").unwrap();
        assert!(taken < placed, "{tenant} {alert}");
    }
    for tenant in ["acme", "globex"] {
        for schema in ["casemate.case-row/v1", "casemate.draft/v1"] {
            let is = |line: &&Value| line["schema"] == schema && line["tenant"] == tenant;
            assert!(lines.iter().any(|line| is(&line)), "{tenant}: {schema}");
        }
    }
}

#[test]
fn lines_come_while_the_input_stays_open() {
    let bench = home_of(&["acme"]);
    let mut pipe = Pipe::start(bench.path(), &[]);
    for (count, line) in some("acme", 0..4).into_iter().enumerate() {
        assert!(pipe.write(line.as_bytes()));
        let taken = pipe.wait_for("received", count + 1);
        // The first waits for the program's start, too.
        assert!(count == 0 || taken < Duration::from_secs(2), "{taken:?}");
        pipe.wait_for("placement", count + 1);
        let drafted = pipe.wait_for("draft", count + 1);
        assert!(
            count == 0 || drafted < Duration::from_secs(2),
            "{drafted:?}"
        );
    }
    let (code, _, stderr) = pipe.end();
    assert_eq!((code, &*stderr), (Some(0), ""));
}

#[test]
fn a_reader_that_does_not_read_holds_the_sender_back() {
    let bench = home_of(&["acme"]);
    let mut child = casemate(bench.path(), &["pipe"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut finding = Finding::new("same", "r", "h");
    finding.message = "m".repeat(16_000);
    let line = of("acme", &finding);
    let (count, accepted) = (4_000_u64, Arc::new(AtomicU64::new(0)));
    let mut input = child.stdin.take().unwrap();
    let counted = Arc::clone(&accepted);
    let writer = std::thread::spawn(move || {
        for _ in 0..count {
            input.write_all(line.as_bytes()).unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut before = u64::MAX;
    let stalled = loop {
        std::thread::sleep(Duration::from_secs(2));
        let now = accepted.load(Ordering::SeqCst);
        if now == before && now > 0 {
            break now;
        }
        before = now;
    };
    assert!(stalled * 16_000 < 40_000_000, "{stalled} of {count}");
    let mut lines = String::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_string(&mut lines).unwrap();
    writer.join().unwrap();
    assert_eq!(code_of(&mut child), Some(0));
    assert_eq!(lines.matches("casemate.received/v1").count() as u64, count);
}

#[test]
fn asked_to_end_it_ends_with_what_it_said_durable_and_the_tenant_free() {
    for name in ["TERM", "INT"] {
        let bench = home_of(&["acme"]);
        let all = some("acme", 0..600);
        let mut pipe = Pipe::start(bench.path(), &[]);
        assert!(pipe.write(all.concat().as_bytes()));
        pipe.wait_for("received", 1);
        pipe.signal(name);
        let (code, lines, stderr) = pipe.ended();
        assert_eq!((code, &*stderr), (Some(0), ""), "{name}");
        let said = received(&lines).len() as u64;
        assert_eq!(alerts_in(&bench, "acme"), said, "{name}");
        let file = bench.path().join("again.ndjson");
        std::fs::File::create_new(&file)
            .unwrap()
            .write_all(all.concat().as_bytes())
            .unwrap();
        let run = said_of_run(&bench, file.to_str().unwrap());
        assert_eq!(run.0, 0, "{}", run.1);
        assert_eq!(alerts_in(&bench, "acme"), 600, "{name}");
    }
}

fn said_of_run(bench: &Bench, file: &str) -> (i32, String) {
    let (code, _, stderr) = said(bench.path(), &["run", "--tenant", "acme", file]);
    (code, stderr)
}

#[test]
fn asked_twice_it_does_not_wait_for_a_reader() {
    let bench = home_of(&["acme"]);
    let mut child = casemate(bench.path(), &["pipe"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(some("acme", 0..900).concat().as_bytes())
        .unwrap();
    let view = || bench.open().view(&tenant("acme"));
    while view()
        .ok()
        .flatten()
        .is_none_or(|view| view.alert_count().unwrap() == 0)
    {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(1));
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it waits to be read");
    signal(&child, "TERM");
    assert_eq!(code_of(&mut child), Some(75));
    drop(input);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let bench = home_of(&["acme"]);
    let mut child = casemate(bench.path(), &["pipe"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let all = some("acme", 0..300);
    input.write_all(all.concat().as_bytes()).unwrap();
    let mut first = [0; 1];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut first).unwrap();
    drop(output);
    // It is noticed with the next line.
    let more = some("acme", 300..310);
    let mut tries = more.iter().cycle().take(2_000);
    while child.try_wait().unwrap().is_none() {
        if tries
            .next()
            .is_none_or(|line| input.write_all(line.as_bytes()).is_err())
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(code_of(&mut child), Some(0));
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    let mut pipe = Pipe::start(bench.path(), &[]);
    assert!(pipe.write([all, more].concat().concat().as_bytes()));
    assert_eq!(pipe.end().0, Some(0));
    assert_eq!(alerts_in(&bench, "acme"), 310);
}

#[test]
fn killed_at_any_moment_and_given_the_same_again_it_has_each_once() {
    let bench = home_of(&["acme", "globex"]);
    let mut all = Vec::new();
    for id in 0..1_200 {
        let tenant = ["acme", "globex", "nobody"][id % 3];
        all.extend(some(tenant, id..id + 1));
    }
    let all = all.concat();
    let mut acknowledged = 0;
    for wait in [0, 100, 250, 500, 900] {
        let mut pipe = Pipe::start(bench.path(), &[]);
        if wait > 0 {
            assert!(pipe.write(all.as_bytes()));
        }
        std::thread::sleep(Duration::from_millis(wait));
        pipe.signal("KILL");
        let (code, lines, _) = pipe.ended();
        assert_eq!(code, None);
        let new = |line: &&&Value| line["delivery"] == "new";
        acknowledged += received(&lines).iter().filter(new).count() as u64;
    }
    let held = alerts_in(&bench, "acme") + alerts_in(&bench, "globex");
    assert!(held >= acknowledged, "{held} of {acknowledged}");
    let mut pipe = Pipe::start(bench.path(), &[]);
    assert!(pipe.write(all.as_bytes()));
    let (code, lines, stderr) = pipe.end();
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(received(&lines).len(), 1_200);
    for tenant in ["acme", "globex"] {
        assert_eq!(alerts_in(&bench, tenant), 400);
    }
    assert_eq!(in_quarantine(&bench, &[]).len(), 400);
}

#[test]
fn two_pipes_on_one_home_take_turns_and_lose_nothing() {
    let bench = home_of(&["acme", "globex"]);
    let lines = |ids: std::ops::Range<usize>| {
        let each = ids.flat_map(|id| ["acme", "globex"].map(|tenant| some(tenant, id..id + 1)));
        each.flatten().collect::<Vec<_>>()
    };
    let (mut one, mut other) = (
        Pipe::start(bench.path(), &[]),
        Pipe::start(bench.path(), &[]),
    );
    let begun = std::time::Instant::now();
    let (first, second) = (lines(0..900), lines(600..610));
    // One never pauses for as long as the other waits.
    let mut sent = 0;
    let mut at = first.iter().cycle();
    other.write(second.concat().as_bytes());
    while begun.elapsed() < Duration::from_secs(9) || sent < first.len() {
        assert!(one.write(at.next().unwrap().as_bytes()));
        sent += 1;
        if sent.is_multiple_of(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    other.wait_for("received", second.len());
    let (code, _, stderr) = other.end();
    assert_eq!((code, &*stderr), (Some(0), ""));
    let (code, seen, stderr) = one.end();
    assert_eq!((code, &*stderr), (Some(0), ""));
    assert_eq!(received(&seen).len(), sent);
    for tenant in ["acme", "globex"] {
        assert_eq!(alerts_in(&bench, tenant), 900);
    }
}

#[test]
fn compressed_long_and_odd_documents_are_each_told_and_stop_nothing() {
    let bench = home_of(&["acme"]);
    let owners =
        "version = 1\n[[owner]]\ntenant = \"acme\"\npath = \"kunde.größe\"\nvalues = [\"Zoë ✓\"]\n";
    bench.home().replace_text("owners.toml", owners).unwrap();
    let alert = |id: &str| {
        let mut value = Finding::new(id, "r", "h").value();
        value["kunde"] = serde_json::json!({ "größe": "Zoë ✓" });
        format!("{value}\n")
    };
    let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(17 << 20));
    let all = [&alert("a"), &long, "x\0{\0}\n", &alert("b")].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(all.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let zstd = ruzstd::encoding::compress_to_vec(all.as_bytes(), level);
    for (name, bytes, delivery) in [
        ("plain", all.as_bytes(), "new"),
        ("gzip", &gzip, "duplicate"),
        ("zstd", &zstd, "duplicate"),
    ] {
        let mut pipe = Pipe::start(bench.path(), &[]);
        assert!(pipe.write(bytes), "{name}");
        let (code, lines, stderr) = pipe.end();
        assert_eq!(code, Some(1), "{name}: {stderr}");
        let got = received(&lines);
        let word = |line: &&Value| line["delivery"].as_str().unwrap_or("-").to_owned();
        let got: Vec<_> = got.iter().map(word).collect();
        assert_eq!(got, [delivery, "-", "-", delivery], "{name}");
    }
    let reasons = in_quarantine(&bench, &[]);
    assert_eq!(reasons.len(), 2);
    assert!(
        reasons[0]["why"].as_str().unwrap().contains("17825"),
        "{}",
        reasons[0]["why"]
    );
    assert!(!reasons[1]["text"].as_str().unwrap().contains('\0'));
}
