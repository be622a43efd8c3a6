//! A tenant's trail as the command line shows it, and as a stranger checks it.

use crate::support::{Bench, Folder, PERSON, journal_end, ndjson, said, start, stream, tenant};
use casemate::ClientFile;
use casemate::trail::merkle::Hash;
use casemate::trail::note::{Proof, SignedCheckpoint, VerifierKey};
use casemate::triage::Session;
use casemate::triage::intake::From;
use std::path::Path;

fn submit(session: &mut Session, input: &[u8]) {
    session.submit(input, From::Auto, "test").unwrap();
}

fn worked() -> Bench {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        let mut session = start(&casemate, &tenant(id));
        submit(&mut session, &ndjson(&stream(120, 5)));
        session.draft().unwrap();
    }
    drop(casemate);
    bench
}

fn json(home: &Path, args: &[&str]) -> serde_json::Value {
    let (code, out, err) = said(home, &[args, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn what_is_shown_is_what_is_proven_and_the_head_is_over_it() {
    let bench = worked();
    let head = json(bench.path(), &["trail", "head", "--tenant", "acme"]);
    let shown = json(bench.path(), &["trail", "show", "--tenant", "acme"]);
    assert_eq!(shown["schema"], "casemate.trail/v1");
    let entries = shown["entries"].as_array().unwrap();
    assert_eq!(head["entries"], entries.len());
    let key = VerifierKey::parse(head["key"].as_str().unwrap()).unwrap();
    let checkpoint = head["checkpoint"].as_str().unwrap();
    let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes()).unwrap();
    assert_eq!(
        checkpoint.verify(&key).unwrap().size(),
        entries.len() as u64
    );
    for number in [0, 1, entries.len() - 1] {
        let number = number.to_string();
        let args = ["trail", "prove", "--tenant", "acme", &number];
        let proven = json(bench.path(), &args);
        let proof = Proof::parse(proven["proof"].as_str().unwrap().as_bytes()).unwrap();
        let entry = proven["entry"].as_str().unwrap();
        proof.verify(entry.as_bytes(), &key).unwrap();
        let shown = &entries[number.parse::<usize>().unwrap()];
        assert_eq!(
            shown["entry"],
            serde_json::from_str::<serde_json::Value>(entry).unwrap()
        );
        let other = entry.replacen("time_ms", "time_mS", 1);
        assert!(proof.verify(other.as_bytes(), &key).is_err());
        // The command prints the proof alone, for a file.
        let (code, out, _) = said(bench.path(), &args);
        assert_eq!((code, out), (0, proof.text()));
    }
    let beyond = entries.len().to_string();
    let (code, _, err) = said(
        bench.path(),
        &["trail", "prove", "--tenant", "acme", &beyond],
    );
    assert_eq!(code, 2);
    assert!(err.contains("has no entry"), "{err}");
}

#[test]
fn a_run_is_shown_by_its_number_and_entries_from_one_on() {
    let bench = worked();
    let all = json(bench.path(), &["trail", "show", "--tenant", "acme"]);
    let all = all["entries"].as_array().unwrap().clone();
    let start = all.iter().find(|e| e["kind"] == "run.start").unwrap();
    let number = start["number"].to_string();
    let args = ["trail", "show", "--tenant", "acme", "--run", &number];
    let run = json(bench.path(), &args);
    let run = run["entries"].as_array().unwrap();
    assert!(run.len() >= 2);
    assert!(run.iter().all(|e| e["entry"]["run"] == start["number"]));
    assert_eq!(run.last().unwrap()["kind"], "run.end");
    let args = [
        "trail", "show", "--tenant", "acme", "--from", "3", "--most", "2",
    ];
    let some = json(bench.path(), &args);
    assert_eq!(some["entries"].as_array().unwrap(), &all[3..5]);
    let (code, table, _) = said(bench.path(), &args);
    assert_eq!((code, table.lines().count()), (0, 2));
}

#[test]
fn an_export_is_checked_without_a_home_and_remembered() {
    let bench = worked();
    let (out, seen) = (Folder::new(), Folder::new());
    let to = out.path().join("acme");
    let to = to.to_str().unwrap();
    let (code, _, err) = said(bench.path(), &["trail", "export", "--tenant", "acme", to]);
    assert_eq!(code, 0, "{err}");
    let head = json(bench.path(), &["trail", "head", "--tenant", "acme"]);
    let key = head["key"].as_str().unwrap().to_owned();
    let held = || seen.dir().read("acme.seen").unwrap();
    let seen_path = seen.path().join("acme.seen");
    let seen_path = seen_path.to_str().unwrap();
    let nowhere = Path::new("/nonexistent");
    let check = |folder: &str| {
        let args = [
            "trail", "verify", "--folder", folder, "--key", &key, "--seen", seen_path,
        ];
        said(nowhere, &args)
    };
    let (code, out_text, err) = check(to);
    assert_eq!(code, 0, "{err}");
    assert!(out_text.contains("ok: "), "{out_text}");
    let first = held();
    // More is recorded; the earlier export is then a rollback.
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    submit(&mut session, &ndjson(&stream(130, 5)));
    drop((session, casemate));
    let later = out.path().join("later");
    let later = later.to_str().unwrap();
    assert_eq!(
        said(
            bench.path(),
            &["trail", "export", "--tenant", "acme", later]
        )
        .0,
        0
    );
    assert_eq!(check(later).0, 0);
    assert_ne!(held(), first);
    let (code, told, _) = check(to);
    assert_eq!(code, 4);
    assert!(told.contains("rolled back"), "{told}");
    // Another tenant's log is not this one, whatever its key says.
    let bolt = out.path().join("bolt");
    let bolt = bolt.to_str().unwrap();
    assert_eq!(
        said(bench.path(), &["trail", "export", "--tenant", "bolt", bolt]).0,
        0
    );
    let (code, told, _) = check(bolt);
    assert_eq!(code, 4);
    assert!(told.contains("is of log"), "{told}");
    // What was remembered is not lost by what was refused.
    assert_eq!(check(later).0, 0);
    let (code, _, err) = said(
        bench.path(),
        &["trail", "export", "--tenant", "acme", later],
    );
    assert_eq!(code, 5);
    assert!(err.contains("not empty"), "{err}");
}

#[test]
fn all_trails_of_a_home_are_checked_and_the_bad_one_is_named() {
    let bench = worked();
    let (code, out, err) = said(bench.path(), &["trail", "verify"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(out.matches(": ok: ").count(), 2, "{out}");
    let path = "tenants/bolt/trail/journal";
    let mut journal = bench.folder().dir().read(path).unwrap();
    let at = journal_end(&journal) / 2;
    journal[at] ^= 1;
    bench.folder().dir().write(path, &journal).unwrap();
    let (code, out, _) = said(bench.path(), &["trail", "verify"]);
    assert_eq!(code, 4);
    assert!(out.contains("tenant acme: ok"), "{out}");
    assert!(out.contains("tenant bolt: WRONG: entry "), "{out}");
    assert!(out.contains("`journal`, byte "), "{out}");
}

#[test]
fn the_clients_file_names_log_key_people_and_a_checkpoint_that_the_key_signed() {
    let bench = worked();
    let file = json(bench.path(), &["trail", "checkpoint", "--tenant", "acme"]);
    assert_eq!(file["schema"], "casemate.client/v1");
    let file: ClientFile = serde_json::from_value(file).unwrap();
    let key = VerifierKey::parse(&file.key).unwrap();
    let signed = SignedCheckpoint::parse(file.checkpoint.as_bytes()).unwrap();
    let checkpoint = signed.verify_log(&key).unwrap();
    assert_eq!(checkpoint.origin(), file.log);
    assert_ne!(checkpoint.root(), Hash::empty());
    assert!(
        !file.log.contains("acme"),
        "the log's name says nothing of the client"
    );
    assert!(file.roster.iter().any(|person| person.id == PERSON));
}

#[test]
fn going_on_needs_somebody_of_the_roster_and_is_told() {
    let bench = worked();
    let args = [
        "trail",
        "go-on",
        "--tenant",
        "acme",
        "--by",
        "nobody@x.example",
    ];
    assert_eq!(said(bench.path(), &args).0, 2);
    let args = ["trail", "go-on", "--tenant", "acme", "--by", PERSON];
    assert_eq!(said(bench.path(), &args).0, 2, "it is sound");
    let args = [&args[..], &["--yes-end-a-healthy-log"]].concat();
    let before = json(bench.path(), &["trail", "head", "--tenant", "acme"]);
    let went = json(bench.path(), &args);
    assert_eq!(went["before"], before["log"]);
    assert_eq!(went["before_entries"], before["entries"]);
    let head = json(bench.path(), &["trail", "head", "--tenant", "acme"]);
    assert_eq!((&head["log"], &head["entries"]), (&went["log"], &1.into()));
    let (code, out, _) = said(bench.path(), &["trail", "verify"]);
    assert_eq!(code, 0, "{out}");
    // The one before can still be shown.
    let log = before["log"].as_str().unwrap();
    let old = json(
        bench.path(),
        &["trail", "show", "--tenant", "acme", "--log", log],
    );
    assert_eq!(old["entries"].as_array().unwrap().len(), before["entries"]);
}
