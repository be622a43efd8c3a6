use super::*;
use crate::model::Field;

const FORMAT: &str = include_str!("../FORMAT.md");

/// The code block of a language in `FORMAT.md`.
fn block(language: &str) -> &'static str {
    let (_, rest) = FORMAT.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// The bytes that a block shows: hexadecimal digits, or `entry` and the number of one, before a bar.
fn shown(language: &str) -> Vec<u8> {
    let entries: Vec<&str> = block("json").lines().collect();
    let bytes = |line: &str| {
        let what = line.split('|').next().unwrap().trim();
        match what.strip_prefix("entry ") {
            Some(number) => entries[number.parse::<usize>().unwrap()]
                .as_bytes()
                .to_vec(),
            None => hex::decode(what.replace(' ', "")).unwrap(),
        }
    };
    block(language).lines().flat_map(bytes).collect()
}

/// The trail that `FORMAT.md` shows.
fn example() -> MemoryShelf {
    let (shelf, log) = fresh();
    let run = log
        .begin_run(
            NOW,
            RunStart {
                fields: [Field::RuleId, Field::HostName].into_iter().collect(),
                withheld: [Field::UserName].into_iter().collect(),
                ..start()
            },
        )
        .unwrap();
    ask(&run).unwrap().outcome(NOW, ok()).unwrap();
    let _ = run.end(NOW, commitment("answer"), 0, ()).unwrap();
    drop(log);
    shelf
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_format_document_shows_a_trail_byte_for_byte() {
    let shelf = example();
    let paths = shelf.clone().list().unwrap();
    let all = [
        "checkpoint",
        "journal",
        "tile/0/000.p/4",
        "tile/entries/000.p/4",
    ];
    assert_eq!(paths, all);
    let lines = Entries::new(shelf.clone()).unwrap();
    let lines: Vec<String> = lines.map(|found| text(found.unwrap().bytes)).collect();
    let json: Vec<&str> = block("json").lines().collect();
    assert_eq!(json, lines, "\n{}", lines.join("\n"));

    let mut journal = shown("journal");
    let head = hex::encode(&file(&shelf, "journal")[..frame::HEADER]);
    assert_eq!(journal, used(&shelf), "\n{head}");
    journal.resize(65_536, 0);
    assert_eq!(journal, file(&shelf, "journal"));
    assert_eq!(shown("bundle"), file(&shelf, "tile/entries/000.p/4"));
    let tile = file(&shelf, "tile/0/000.p/4");
    let hashes: Vec<String> = tile.chunks(32).map(hex::encode).collect();
    assert_eq!(shown("tile"), tile, "\n{}", hashes.join("\n"));
    let checkpoint = text(file(&shelf, "checkpoint"));
    assert_eq!(block("checkpoint"), checkpoint, "\n{checkpoint}");
    let head = text(shelf.clone().head().unwrap().unwrap());
    assert_eq!(block("head"), head, "\n{head}");
    let key = vkey(&opening().origin.name()).unwrap().to_string();
    assert_eq!(block("vkey").trim_end(), key);
}

#[test]
fn the_format_document_shows_how_a_log_begins_that_goes_on_after_it() {
    let before = example();
    let known = last_known(&mut before.clone(), &MemoryKey::from_seed(SEED)).unwrap();
    assert_eq!(known.next, 4);
    let after = MemoryShelf::default();
    after.set_head(before.clone().head().unwrap());
    let opening = Opening {
        origin: Origin::from_bytes(*b"the one after it"),
        ..opening()
    };
    let entry = Restore {
        backup: Some(Digest::of(b"sums")),
        taken: Some(NOW),
        before: known.before,
        kept: None,
        by: Some(commitment("operator")),
    };
    drop(Log::begin_after(after.clone(), &opening, known.next, (entry, Vec::new())).unwrap());
    let journal = file(&after, "journal");
    let header = hex::encode(&journal[..frame::HEADER]);
    assert_eq!(shown("header"), journal[..frame::HEADER], "\n{header}");
    let first = Entries::new(after).unwrap().next().unwrap().unwrap();
    let first = text(first.bytes);
    assert_eq!(block("restore").trim_end(), first, "\n{first}");
}

#[test]
fn the_format_document_names_every_kind_and_the_numbers() {
    for kind in [
        "intake",
        "run.start",
        "intent",
        "outcome",
        "refused",
        "run.end",
        "boundary",
        "grant",
        "knowledge",
        "suspension",
        "deletion",
        "restore",
        "recovery",
    ] {
        assert!(FORMAT.contains(&format!("| `{kind}` |")), "{kind}");
    }
    assert!(FORMAT.contains(&format!("1 to {MAX_ENTRY} bytes")));
}

#[test]
fn no_entry_can_be_too_long() {
    let words = || Words::new(Box::leak("\u{1}".repeat(500).into_boxed_str()));
    let name = ModuleName::parse(&"m".repeat(64)).unwrap();
    let all_capabilities = || Capability::ALL.into_iter().collect();
    let (digest, hmac) = (Digest::of(b""), commitment(""));
    let decided_by = DecidedBy {
        file: words(),
        line: Some(u32::MAX),
        boundary: digest,
    };
    let failure = Failure {
        code: FailureCode::Instantiate,
        cause: words(),
        limit: Some(Limit {
            name: words(),
            value: u64::MAX,
        }),
    };
    let most = u32::MAX;
    let longest = [
        Entry::Intake(Intake {
            batch: hmac,
            alerts: u64::MAX,
            duplicates: u64::MAX,
            revisions: u64::MAX,
            rejects: u64::MAX,
            left_out: u64::MAX,
            first: Some(u64::MAX),
            last: Some(u64::MAX),
        }),
        Entry::RunStart {
            run: u64::MAX,
            start: Box::new(RunStart {
                module: name.clone(),
                host: words(),
                as_of: Instant::from_millis(i64::MIN),
                alerts: u64::MAX,
                capabilities: all_capabilities(),
                withheld: FieldSet::all(),
                ..start()
            }),
        },
        Entry::Intent(Intent {
            run: u64::MAX,
            call: most,
            capability: Capability::KnownGood,
            question: hmac,
            items: u64::MAX,
        }),
        Entry::Outcome {
            run: u64::MAX,
            call: most,
            result: Outcome::Refused {
                refusal: RefusalCode::Unavailable,
                cause: words(),
            },
        },
        Entry::Refused {
            run: Some(u64::MAX),
            refused: Refused {
                module: name.clone(),
                capability: Some(Capability::KnownGood),
                decided_by,
            },
        },
        Entry::RunEnd {
            run: u64::MAX,
            verdict: Verdict::Failed(failure),
            counts: Counts {
                intents: most,
                outcomes: most,
                refusals: most,
                abandoned: most,
                refused: most,
                log_lines: most,
            },
        },
        Entry::Boundary(BoundaryChange {
            before: Some(digest),
            now: digest,
            change: hmac,
            by: hmac,
            signatures: vec![digest, digest],
        }),
        Entry::Grant(GrantChange {
            change: GrantVerb::Withdrawn,
            grant: digest,
            module: name.clone(),
            digest,
            capabilities: all_capabilities(),
            by: hmac,
            shadow: true,
            replaces: Some(name),
            signature: Some(digest),
        }),
        Entry::Knowledge(KnowledgeChange {
            capability: Capability::KnownGood,
            content: hmac,
            items: u64::MAX,
            by: hmac,
        }),
        Entry::Restore(Restore {
            backup: Some(digest),
            taken: Some(Instant::from_millis(i64::MIN)),
            before: Some(Before {
                log: opening().origin,
                size: u64::MAX,
                root: merkle::Hash::empty(),
            }),
            kept: Some(Kept {
                size: u64::MAX,
                root: merkle::Hash::empty(),
            }),
            by: Some(hmac),
        }),
        Entry::Recovery(Recovery {
            reason: RecoveryReason::BadFrame,
            dropped_bytes: u64::MAX,
            dropped_whole: u64::MAX,
            abandoned: vec![
                AbandonedRun {
                    run: u64::MAX,
                    intents: most
                };
                Recovery::RUNS
            ],
            unstored: vec![u64::MAX; Recovery::RUNS],
            lost: vec![
                Lost {
                    first: u64::MAX,
                    last: u64::MAX
                };
                Recovery::RUNS
            ],
            unstored_intake: Some(u64::MAX),
        }),
    ];
    for entry in longest {
        let stamped = Stamped {
            back_ms: Some(u64::MAX),
            seq: u64::MAX,
            time: Instant::from_millis(i64::MIN),
            entry,
        };
        let line = serde_json::to_vec(&stamped).unwrap();
        assert!(line.len() <= MAX_ENTRY, "{} bytes: {stamped:?}", line.len());
        assert_eq!(serde_json::from_slice::<Stamped>(&line).unwrap(), stamped);
    }
}
