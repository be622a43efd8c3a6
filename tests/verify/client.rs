//! What a client has and is given, checked by all three verifiers: the program with its command line,
//! and the other two.

use super::export::Export;
use super::logs::{Growing, LATER, ORIGIN, key, other_key};
use super::three::Others;
use crate::support::{Folder, said};
use casemate::trail::note::{MemorySigner, Signer as _};
use std::path::Path;

/// A client's file over the checkpoint of a log.
fn file(of: &Export, key: &MemorySigner) -> serde_json::Value {
    serde_json::json!({
        "schema": "casemate.client/v1",
        "tenant": "acme",
        "log": key.key().name(),
        "key": key.key().to_string(),
        "checkpoint": String::from_utf8(of.checkpoint()).unwrap(),
        "roster": [],
    })
}

/// An export with an earlier log in it.
fn with_earlier(present: &Export, earlier: &Export) -> Export {
    let below = format!("trails/{ORIGIN}");
    let moved = earlier.0.iter();
    moved.fold(present.clone(), |export, (path, bytes)| {
        export.with(&format!("{below}/{path}"), bytes.to_vec())
    })
}

struct Row {
    what: &'static str,
    is_good: bool,
    export: Export,
    client: Vec<u8>,
}

fn row(what: &'static str, is_good: bool, export: Export, client: &serde_json::Value) -> Row {
    Row {
        what,
        is_good,
        export,
        client: client.to_string().into_bytes(),
    }
}

fn rows() -> Vec<Row> {
    let mut growing = Growing::begun(1);
    let (empty, start, old, new) = (
        growing.to(0),
        growing.to(3),
        growing.to(260),
        growing.to(300),
    );
    let mut fork = Growing::begun(1);
    assert_eq!(fork.to(3), start);
    let fork = fork.salted(2).to(300);
    let mut after = Growing::after(&old);
    let (began, later) = (after.to(2), after.to(270));
    let other_after = Growing::after(&fork).to(270);
    let (own, other) = (key(ORIGIN), other_key(ORIGIN));
    let client = file(&old, &own);
    let chain = with_earlier(&later, &new);
    let in_earlier = |path: &str| format!("trails/{ORIGIN}/{path}");
    let flip = |bytes: &mut Vec<u8>| bytes[40] ^= 1;
    let changed = |member: &str, value: &str| {
        let mut file = client.clone();
        file[member] = value.into();
        file
    };
    let at_start = file(&start, &own);
    let bundle = "tile/entries/000";
    let others_log = Export::signed(&new.entries(), &other);
    let mut rows = vec![
        row(
            "the state that the client knows",
            true,
            old.clone(),
            &client,
        ),
        row("grown since", true, new.clone(), &client),
        row(
            "known before its first entry",
            true,
            new.clone(),
            &file(&empty, &own),
        ),
        row(
            "with the text of an export",
            true,
            new.with("README.txt", "text"),
            &client,
        ),
        row("a changed byte", false, new.changed(bundle, flip), &client),
        row(
            "a truncated bundle",
            false,
            new.changed(bundle, |b| b.truncate(90)),
            &client,
        ),
        row(
            "a journal in it, cut short",
            false,
            new.with("journal", "CMTRAIL\n"),
            &client,
        ),
        row("no checkpoint", false, new.without("checkpoint"), &client),
        row("a deleted log", false, Export::default(), &client),
        row("another tenant's key", false, others_log, &client),
        row(
            "a client's file of another key",
            false,
            new.clone(),
            &file(&new, &other),
        ),
        row(
            "a client's file of a log it is not for",
            false,
            new.clone(),
            &file(&began, &key(LATER)),
        ),
        row(
            "a key that is not the log's",
            false,
            new.clone(),
            &changed("log", "casemate-trail/x"),
        ),
        row(
            "another schema",
            false,
            new.clone(),
            &changed("schema", "casemate.client/v2"),
        ),
        row(
            "a key that is none",
            false,
            new.clone(),
            &changed("key", "none"),
        ),
        row(
            "a checkpoint that is none",
            false,
            new.clone(),
            &changed("checkpoint", "none\n"),
        ),
        row("rolled back", false, start.clone(), &client),
        row("forked", false, fork.clone(), &client),
        row("gone on, known to its end", true, later.clone(), &client),
        row(
            "gone on, with the earlier log",
            true,
            chain.clone(),
            &client,
        ),
        row(
            "gone on, known near its beginning",
            true,
            chain.clone(),
            &at_start,
        ),
        row(
            "gone on, known since",
            true,
            chain.clone(),
            &file(&began, &key(LATER)),
        ),
        row(
            "gone on, known since, alone",
            true,
            later.clone(),
            &file(&began, &key(LATER)),
        ),
        row(
            "gone on, the earlier log missing",
            false,
            later.clone(),
            &at_start,
        ),
        row(
            "gone on behind what the client knows",
            false,
            chain.clone(),
            &file(&new, &own),
        ),
        row(
            "gone on from a fork",
            false,
            with_earlier(&other_after, &fork),
            &client,
        ),
        row(
            "gone on, the earlier log of a fork",
            false,
            with_earlier(&later, &fork),
            &at_start,
        ),
        row(
            "gone on, the earlier log cut short",
            false,
            with_earlier(&later, &start),
            &at_start,
        ),
        row(
            "gone on, a changed byte in the earlier log",
            false,
            chain.changed(&in_earlier(bundle), flip),
            &client,
        ),
        row(
            "gone on, the earlier log without its checkpoint",
            false,
            chain.without(&in_earlier("checkpoint")),
            &client,
        ),
        row(
            "a log among the earlier ones that none leads to",
            false,
            with_earlier(&new, &old),
            &client,
        ),
        row(
            "a stray file among the earlier logs",
            false,
            chain.with("trails/note.txt", "text"),
            &client,
        ),
    ];
    rows.push(Row {
        what: "a client's file that is not JSON",
        is_good: false,
        export: new,
        client: b"casemate".to_vec(),
    });
    rows
}

#[test]
fn all_say_the_same_of_what_follows_from_a_clients_file() {
    let mut wrong = String::new();
    for row in rows() {
        let folder = Folder::quick();
        let dir = folder.dir();
        dir.create_dir("export").unwrap();
        for (path, bytes) in &row.export.0 {
            let path = format!("export/{path}");
            dir.create_dir_all(path.rsplit_once('/').unwrap().0)
                .unwrap();
            dir.write(&path, &**bytes).unwrap();
        }
        dir.write("client.json", &row.client).unwrap();
        let at = |path: &str| folder.path().join(path).display().to_string();
        let (export, client) = (at("export"), at("client.json"));
        let args = ["trail", "verify", "--folder", &export, "--client", &client];
        let (code, out, err) = said(Path::new("/nonexistent"), &args);
        let mut verdicts = vec![("ours", out + &err, code == 0)];
        if let Some(others) = Others::here() {
            let args = [&export, "--client", &client].map(Path::new);
            let said = others.run(&args).into_iter().zip(["go", "python"]);
            verdicts.extend(said.map(|((text, is_ok), who)| (who, text, is_ok)));
        }
        for (who, text, is_ok) in verdicts {
            if is_ok != row.is_good {
                wrong += &format!("{}: {who} says {text:?}\n", row.what);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
