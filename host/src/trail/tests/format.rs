use super::*;
use crate::model::Field;

const FORMAT: &str = include_str!("../FORMAT.md");

/// The code block of a language in `FORMAT.md`.
fn block(language: &str) -> &'static str {
    let (_, rest) = FORMAT.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// The trail that `FORMAT.md` shows.
fn example() -> Vec<u8> {
    let (medium, log) = fresh();
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
    medium.written()
}

#[test]
fn the_format_document_shows_a_trail_byte_for_byte() {
    let bytes = example();
    let lines: Vec<String> = Entries::new(bytes.as_slice())
        .unwrap()
        .map(|found| String::from_utf8(found.unwrap().bytes).unwrap())
        .collect();
    assert_eq!(
        block("json").lines().collect::<Vec<_>>(),
        lines,
        "\n{}",
        lines.join("\n")
    );
    let shown: Vec<u8> = block("hex")
        .lines()
        .flat_map(|line| hex::decode(line.split('|').next().unwrap().replace(' ', "")).unwrap())
        .collect();
    assert_eq!(
        shown,
        bytes[..shown.len()],
        "\n{}",
        hex::encode(&bytes[..64])
    );
    assert_eq!(shown.len(), 40 + 12 + 16);
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
            module: name,
            digest,
            capabilities: all_capabilities(),
            by: hmac,
            shadow: true,
            signature: Some(digest),
        }),
        Entry::Knowledge(KnowledgeChange {
            capability: Capability::KnownGood,
            content: hmac,
            items: u64::MAX,
            by: hmac,
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
        }),
    ];
    for entry in longest {
        let stamped = Stamped {
            seq: u64::MAX,
            time: Instant::from_millis(i64::MIN),
            entry,
        };
        let line = serde_json::to_vec(&stamped).unwrap();
        assert!(line.len() <= MAX_ENTRY, "{} bytes: {stamped:?}", line.len());
        assert_eq!(serde_json::from_slice::<Stamped>(&line).unwrap(), stamped);
    }
}
