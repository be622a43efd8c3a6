//! A tenant's logs, the earlier ones among them, from the home to a client's hands.

use crate::support::{Bench, Folder, NOW, PERSON, ndjson, said, start, stream, tenant};
use casemate::model::Instant;
use casemate::triage::intake::From;
use std::path::Path;
use std::sync::Arc;

/// Where there is no home.
const NOWHERE: &str = "/nonexistent";

/// A tenant that has worked a little.
fn worked(more: usize) -> Bench {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    work(&bench, more);
    bench
}

fn work(bench: &Bench, alerts: usize) {
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        let mut session = start(&casemate, &tenant(id));
        let input = ndjson(&stream(alerts, 5));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
    }
}

fn ok(home: &Path, args: &[&str]) -> String {
    let (code, out, err) = said(home, args);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

fn bad(home: &Path, args: &[&str], exit: i32, says: &str) {
    let (code, out, err) = said(home, args);
    assert_eq!(code, exit, "{args:?}: {out}{err}");
    assert!(format!("{out}{err}").contains(says), "{args:?}: {out}{err}");
}

/// Files of somebody outside.
struct Outside(Folder);

impl Outside {
    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn keep(&self, name: &str, text: &str) -> String {
        self.0.dir().write(name, text).unwrap();
        self.at(name)
    }

    fn client(&self, bench: &Bench, tenant: &str, name: &str) -> String {
        let args = ["trail", "checkpoint", "--tenant", tenant];
        self.keep(name, &ok(bench.path(), &args))
    }
}

fn go_on(bench: &Bench) -> String {
    let args = ["trail", "go-on", "--tenant", "acme", "--by", PERSON];
    let more = ["--yes-end-a-healthy-log", "--format", "json"];
    let went = ok(bench.path(), &[&args[..], &more].concat());
    let went: serde_json::Value = serde_json::from_str(&went).unwrap();
    went["before"].as_str().unwrap().to_owned()
}

#[test]
fn a_clients_file_checks_its_tenant_and_what_is_wrong_ends_with_four() {
    let (bench, out) = (worked(20), Outside(Folder::new()));
    let acme = out.client(&bench, "acme", "acme.json");
    let bolt = out.client(&bench, "bolt", "bolt.json");
    let verify = ["trail", "verify", "--client", &acme];
    work(&bench, 30);
    assert!(ok(bench.path(), &verify).contains("tenant acme: ok"));
    let other = ["trail", "verify", "--tenant", "acme", "--client", &bolt];
    bad(bench.path(), &other, 2, "is the file of tenant `bolt`");
    let text = std::fs::read_to_string(&bolt).unwrap();
    let lied = out.keep("lied.json", &text.replace("\"bolt\"", "\"acme\""));
    bad(
        bench.path(),
        &["trail", "verify", "--client", &lied],
        4,
        "WRONG",
    );
    let text = std::fs::read_to_string(&acme).unwrap();
    let forged = text
        .replace("entries", "")
        .replace("\\n\\n\u{2014}", "\\n\\n\u{2014} x");
    let forged = out.keep("forged.json", &forged);
    let (code, ..) = said(bench.path(), &["trail", "verify", "--client", &forged]);
    assert_ne!(code, 0);
    bad(
        bench.path(),
        &["trail", "verify", "--client", &out.at("none")],
        2,
        "is not there",
    );
    let trail = bench.folder().path().join("tenants/acme/trail");
    let aside = out.0.path().join("trail");
    std::fs::rename(&trail, &aside).unwrap();
    bad(bench.path(), &verify, 4, "WRONG");
}

#[test]
fn an_earlier_log_is_shown_verified_proven_and_exported_and_a_client_follows_from_it() {
    let (bench, out) = (worked(20), Outside(Folder::new()));
    let client = out.client(&bench, "acme", "acme.json");
    work(&bench, 30);
    let log = go_on(&bench);
    work(&bench, 40);
    let with_log = |command: &'static str| ["trail", command, "--tenant", "acme", "--log", &log];
    assert!(ok(bench.path(), &with_log("verify")).contains("earlier log: ok"));
    let shown = ok(bench.path(), &with_log("show"));
    assert!(shown.contains("intake"), "{shown}");
    let (code, proof, err) = said(bench.path(), &[&with_log("prove")[..], &["1"]].concat());
    assert_eq!(code, 0, "{err}");
    let entry = err.lines().find_map(|line| line.strip_prefix("entry: "));
    let entry = out.keep("entry", entry.unwrap());
    let proof = out.keep("1.tlog-proof", &proof);
    let check = [
        "trail",
        "check-proof",
        &proof,
        "--entry",
        &entry,
        "--client",
        &client,
    ];
    assert!(ok(Path::new(NOWHERE), &check).contains("ok: entry at place 1 of"));
    let alone = out.at("earlier");
    ok(bench.path(), &[&with_log("export")[..], &[&alone]].concat());
    ok(
        Path::new(NOWHERE),
        &["trail", "verify", "--folder", &alone, "--client", &client],
    );
    let whole = out.at("whole");
    let says = ok(
        bench.path(),
        &["trail", "export", "--tenant", "acme", &whole],
    );
    assert!(
        says.contains(&format!("with the earlier log {log}")),
        "{says}"
    );
    ok(bench.path(), &["trail", "verify", "--client", &client]);
    let check = ["trail", "verify", "--folder", &whole, "--client", &client];
    ok(Path::new(NOWHERE), &check);
    // The text says where the key is to come from, and does not bring it.
    let text = std::fs::read_to_string(Path::new(&whole).join("README.txt")).unwrap();
    assert!(
        text.contains("casemate-client.json") && text.contains(&log),
        "{text}"
    );
    let key: serde_json::Value = serde_json::from_slice(&std::fs::read(&client).unwrap()).unwrap();
    let key = key["key"].as_str().unwrap().rsplit('+').next().unwrap();
    assert!(!text.contains(key) && !says.contains(key));
    // Without the earlier log nothing leads there.
    std::fs::remove_dir_all(Path::new(&whole).join("trails")).unwrap();
    bad(Path::new(NOWHERE), &check, 4, "is not there");
    let earlier = bench.folder().path().join("tenants/acme/trails");
    std::fs::rename(earlier, out.0.path().join("trails")).unwrap();
    bad(
        bench.path(),
        &["trail", "verify", "--client", &client],
        4,
        "is not there",
    );
    bad(bench.path(), &with_log("verify"), 2, "has no earlier log");
}

#[test]
fn growth_is_proven_and_checked_against_what_a_client_kept() {
    let (bench, out) = (worked(20), Outside(Folder::new()));
    let client = out.client(&bench, "acme", "acme.json");
    work(&bench, 30);
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&client).unwrap()).unwrap();
    let note = file["checkpoint"].as_str().unwrap();
    let size = note.lines().nth(1).unwrap();
    let prove = ["trail", "consistency", "--tenant", "acme"];
    let proof = ok(bench.path(), &[&prove[..], &[size]].concat());
    assert!(proof.starts_with(&format!("old {size}\n")), "{proof}");
    let file = out.keep("growth", &proof);
    let check = ["trail", "check-consistency", &file, "--client", &client];
    assert!(ok(Path::new(NOWHERE), &check).contains("ok: from"));
    // To the checkpoint that was kept as well.
    let seen = out.keep("seen", note);
    let to = ok(bench.path(), &[&prove[..], &["1", "--to", &seen]].concat());
    assert!(to.ends_with(note), "{to}");
    // Another size, another root, another tenant's key.
    bad(
        Path::new(NOWHERE),
        &[
            "trail",
            "check-consistency",
            &out.keep("to", &to),
            "--client",
            &client,
        ],
        4,
        "ask for one from there",
    );
    let mut lines: Vec<&str> = proof.lines().collect();
    lines.remove(1);
    let cut = out.keep("cut", &(lines.join("\n") + "\n"));
    bad(
        Path::new(NOWHERE),
        &["trail", "check-consistency", &cut, "--client", &client],
        4,
        "cut",
    );
    let other = out.client(&bench, "bolt", "bolt.json");
    bad(
        Path::new(NOWHERE),
        &["trail", "check-consistency", &file, "--client", &other],
        4,
        "growth",
    );
    bad(
        bench.path(),
        &[&prove[..], &["100000"]].concat(),
        2,
        "choose sizes up to that",
    );
}

#[test]
fn a_proof_shows_one_entry_and_no_other() {
    let (bench, out) = (worked(20), Outside(Folder::new()));
    let client = out.client(&bench, "acme", "acme.json");
    let (_, proof, err) = said(bench.path(), &["trail", "prove", "--tenant", "acme", "0"]);
    let entry = err
        .lines()
        .find_map(|line| line.strip_prefix("entry: "))
        .unwrap();
    let (proof, right) = (out.keep("proof", &proof), out.keep("right", entry));
    let wrong = out.keep("wrong", &entry.replacen("time_ms", "time_mS", 1));
    let check = |entry: &str, client: &str| {
        let args = [
            "trail",
            "check-proof",
            &proof,
            "--entry",
            entry,
            "--client",
            client,
        ];
        said(Path::new(NOWHERE), &args).0
    };
    assert_eq!(check(&right, &client), 0);
    assert_eq!(check(&wrong, &client), 4);
    assert_eq!(check(&right, &out.client(&bench, "bolt", "bolt.json")), 4);
}

/// What an undisturbed look at the present log finds of this kind.
fn entries(bench: &Bench, kind: &str) -> Vec<serde_json::Value> {
    let args = ["trail", "show", "--tenant", "acme", "--format", "json"];
    let shown: serde_json::Value = serde_json::from_str(&ok(bench.path(), &args)).unwrap();
    let rows = shown["entries"].as_array().unwrap().iter();
    let entries = rows.map(|row| row["entry"].clone());
    entries.filter(|entry| entry["kind"] == kind).collect()
}

/// That `doctor` finds nothing wrong. The library's clock stands still here, so it finds that the clock
/// was set back behind what the program recorded.
fn sound(bench: &Bench) {
    let (code, out, err) = said(bench.path(), &["doctor"]);
    assert!(code <= 1 && !out.contains("wrong "), "{out}{err}");
}

fn go_on_after_loss(bench: &Bench) -> serde_json::Value {
    let args = ["trail", "go-on", "--tenant", "acme", "--by", PERSON];
    let went = ok(bench.path(), &[&args[..], &["--format", "json"]].concat());
    serde_json::from_str(&went).unwrap()
}

#[test]
fn numbers_of_alerts_that_a_store_lost_are_named_and_never_given_again() {
    let bench = worked(20);
    let store = bench.path().join("tenants/acme/store.redb");
    let old = std::fs::read(&store).unwrap();
    work(&bench, 50);
    // The store is older than the trail.
    std::fs::write(&store, &old).unwrap();
    let lost = serde_json::json!([{ "first": 21, "last": 50 }]);
    assert_eq!(go_on_after_loss(&bench)["lost"], lost);
    let [recovery] = entries(&bench, "recovery").try_into().unwrap();
    assert_eq!(
        (&recovery["reason"], &recovery["lost"]),
        (&"old-store".into(), &lost)
    );
    // A host that stopped here had not yet told the store.
    std::fs::write(&store, &old).unwrap();
    work(&bench, 60);
    let given = |nth: usize| {
        let intake = entries(&bench, "intake")[nth].clone();
        (intake["first"].clone(), intake["last"].clone())
    };
    assert_eq!(given(0), (51.into(), 90.into()));
    bad(
        bench.path(),
        &["alert", "show", "acme/30"],
        2,
        "was taken in and lost",
    );
    ok(bench.path(), &["alert", "show", "acme/51"]);
    let csv = ok(
        bench.path(),
        &["group", "--tenant", "acme", "--format", "csv"],
    );
    assert_eq!(csv.lines().count(), 61, "{csv}");
    let listed = ok(bench.path(), &["tenant", "list", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["tenants"][0]["alerts"], 60);
    // The store is gone, and with it what it knew was lost.
    std::fs::remove_file(&store).unwrap();
    let went = go_on_after_loss(&bench);
    assert_eq!(
        went["lost"],
        serde_json::json!([{ "first": 1, "last": 90 }])
    );
    work(&bench, 10);
    assert_eq!(given(0), (91.into(), 100.into()));
    ok(bench.path(), &["trail", "verify"]);
    sound(&bench);
}

#[test]
fn earlier_logs_are_verified_by_name_wherever_all_trails_are() {
    let bench = worked(20);
    let first = go_on(&bench);
    work(&bench, 30);
    let second = go_on(&bench);
    work(&bench, 40);
    let earlier = |log: &str| {
        let folder = log.rsplit('/').next().unwrap();
        bench.path().join("tenants/acme/trails").join(folder)
    };
    let out = ok(bench.path(), &["trail", "verify"]);
    for log in [&first, &second] {
        let line = format!("tenant acme, earlier log {log}: ok: ");
        assert!(out.contains(&line), "{out}");
    }
    let away = Outside(Folder::new());
    let wrong = |log: &str, what: &str| {
        let says = format!("earlier log {log}: ");
        for command in [
            &["trail", "verify"][..],
            &["doctor"],
            &["audit", "capabilities"],
        ] {
            let (code, out, err) = said(bench.path(), command);
            assert_eq!(code, 4, "{what}: {command:?}: {out}{err}");
            // An audit's table has no room for why.
            let is_told = command[0] == "audit" || out.contains(&says);
            assert!(is_told, "{what}: {command:?}: {out}{err}");
        }
        let out = said(bench.path(), &["trail", "verify"]).1;
        assert!(out.contains("tenant acme: ok"), "{what}: {out}");
        assert!(out.contains(&format!("{says}WRONG: ")), "{what}: {out}");
    };
    // Missing.
    let aside = away.0.path().join("log");
    std::fs::rename(earlier(&second), &aside).unwrap();
    wrong(&second, "missing");
    std::fs::rename(&aside, earlier(&second)).unwrap();
    // Changed.
    let bundle = earlier(&first).join("tile/entries/000.p");
    let bundle = std::fs::read_dir(bundle).unwrap().next().unwrap();
    let bundle = bundle.unwrap().path();
    let whole = std::fs::read(&bundle).unwrap();
    let mut changed = whole.clone();
    changed[30] ^= 1;
    std::fs::write(&bundle, changed).unwrap();
    wrong(&first, "changed");
    std::fs::write(&bundle, whole).unwrap();
    // Swapped: each is a sound log of this tenant.
    let swap = || {
        std::fs::rename(earlier(&first), &aside).unwrap();
        std::fs::rename(earlier(&second), earlier(&first)).unwrap();
        std::fs::rename(&aside, earlier(&second)).unwrap();
    };
    swap();
    wrong(&second, "swapped");
    swap();
    ok(bench.path(), &["trail", "verify"]);
    sound(&bench);
}

#[test]
fn a_log_that_was_not_whole_when_another_went_on_says_so_and_may_not_lose_more() {
    let bench = worked(20);
    let (trail, aside) = (
        bench.path().join("tenants/acme/trail"),
        Outside(Folder::new()),
    );
    let old = aside.0.path().join("old");
    let copied = |from: &Path, to: &Path| {
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(to)
            .status();
        assert!(copied.unwrap().success());
    };
    copied(&trail, &old);
    work(&bench, 30);
    // The trail is put back to an earlier state.
    std::fs::remove_dir_all(&trail).unwrap();
    copied(&old, &trail);
    go_on_after_loss(&bench);
    work(&bench, 40);
    let out = ok(bench.path(), &["trail", "verify"]);
    assert!(
        out.contains("note: not whole already when the next log began"),
        "{out}"
    );
    sound(&bench);
    // What there was of it must stay.
    let trails = bench.path().join("tenants/acme/trails");
    std::fs::rename(&trails, aside.0.path().join("trails")).unwrap();
    bad(bench.path(), &["trail", "verify"], 4, "is not there");
    std::fs::rename(aside.0.path().join("trails"), &trails).unwrap();
    // Of a trail that was gone there is nothing to lose.
    std::fs::remove_dir_all(&trail).unwrap();
    go_on_after_loss(&bench);
    let out = ok(bench.path(), &["trail", "verify"]);
    assert!(out.contains("nothing can be checked"), "{out}");
    sound(&bench);
    ok(bench.path(), &["audit", "capabilities"]);
}

#[test]
fn a_clock_that_is_set_back_is_noted_once_and_reported() {
    let bench = worked(20);
    let at = |seconds: i64, alerts: usize| {
        let now = Instant::from_millis(NOW.millis() + seconds * 1_000);
        let casemate = bench.open_with(|settings| settings.clock = Arc::new(move || now));
        let mut session = start(&casemate, &tenant("acme"));
        let input = ndjson(&stream(alerts, 5));
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
    };
    let noted = || {
        let args = ["trail", "show", "--tenant", "acme", "--format", "json"];
        let shown: serde_json::Value = serde_json::from_str(&ok(bench.path(), &args)).unwrap();
        let rows = shown["entries"].as_array().unwrap().iter();
        let back = rows.filter_map(|row| row["entry"]["back_ms"].as_u64());
        back.collect::<Vec<_>>()
    };
    // A correction by a few seconds is none.
    at(-3, 25);
    assert_eq!(noted(), [0; 0]);
    assert!(!ok(bench.path(), &["trail", "verify"]).contains("set back"));
    at(-3_603, 30);
    at(-3_000, 35);
    assert_eq!(noted(), [3_600_000]);
    let out = ok(bench.path(), &["trail", "verify"]);
    assert_eq!(
        out.matches("set back once, by 3600 s at most").count(),
        1,
        "{out}"
    );
    bad(
        bench.path(),
        &["doctor"],
        1,
        "tenant `acme`: the host's clock was set back once",
    );
}
