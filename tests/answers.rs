//! The host believes no module. Every misdeed that a hostile module can commit with its answer is
//! found, told by its name, recorded, and nothing of the answer is kept; all else goes on. A misdeed
//! that is added to a module and not to the tables here fails.

use crate::support::{
    Bench, Finding, contains, everything, ndjson, runs, session_state, start, state, tenant, trail,
};
use casemate::Casemate;
use casemate::model::{ModuleName, Standing, Statement};
use casemate::trail::FailureCode;
use casemate::triage::intake::From;
use casemate::triage::{Drafted, Session, Submitted};

/// What has to come of a misdeed.
enum Fate {
    /// The answer is not accepted, with this text.
    Fault(&'static str),
    /// The answer is accepted.
    Kept,
    /// It is no misdeed of an answer; `limits.rs` looks at it.
    Limit,
}
use Fate::{Fault, Kept, Limit};

fn of_every_kind(misdeed: &str) -> Option<Fate> {
    match misdeed {
        "memory" | "loop" | "recursion" | "panic" | "panic-with-data" | "log-flood"
        | "long-log" => Some(Limit),
        _ => None,
    }
}

/// Over three alerts, 1 to 3.
fn of_grouper(misdeed: &str) -> Fate {
    if let Some(fate) = of_every_kind(misdeed) {
        return fate;
    }
    match misdeed {
        "host-calls" | "many-keys" | "giant-key" | "long-answer" => Limit,
        "nothing" => Fault("alert 1 of the batch is placed nowhere"),
        "lose-alert" => Fault("alert 3 of the batch is placed nowhere"),
        "duplicate-alert" | "foreign-alert" => Fault("4 placements, at most 3 are taken"),
        "first-for-last" => Fault("alert 1 is placed twice"),
        "zero-for-first" => Fault("alert 0 is placed and not in the batch"),
        "foreign-group" => {
            Fault("alert 3 is placed in group 18446744073709551615, which nothing opened")
        }
        "group-not-self-opened" => Fault("alert 3 is placed in group 2, which nothing opened"),
        "later-group" => Fault("alert 1 is placed in group 3, which nothing opened"),
        "too-many-rules" => Fault("65 rules, at most 64 are taken"),
        "bad-rule-index" => Fault("rule 1 is named, of 1 stated"),
        "long-rule" => Fault("a rule's predicate of 201 bytes, it must have 1 to 200"),
        "empty-rule" => Fault("a rule's predicate of 0 bytes, it must have 1 to 200"),
        "too-many-links" => Fault("15 links, at most 12 are taken"),
        "link-unknown" => Fault("a link names group 18446744073709551615, which nothing opened"),
        "link-routine" => Fault("a link names group 3, which is routine"),
        "link-itself" => Fault("a link joins group 1 with itself"),
        "bad-link-rule" => Fault("rule 9 is named, of 1 stated"),
        "giant-note" => Fault("4097 bytes in a note, at most 4096 are taken"),
        "many-notes" => Fault("281 notes, at most 280 are taken"),
        "empty-key-note" => Fault("a note's key of 0 bytes, it must have 1 to 512"),
        "long-key-note" => Fault("a note's key of 513 bytes, it must have 1 to 512"),
        "missing-opening" => Fault("group 3 is opened and its standing not said"),
        "extra-opening" => Fault(
            "the standing of group 18446744073709551615 is said, which this answer does not open",
        ),
        "twice-opening" => Fault("the standing of group 3 is said twice"),
        // The order of placements says nothing, a second note replaces the first, no key is refused
        // to a reader, and routine groups stay.
        "wrong-order" | "same-key-notes" | "empty-key" | "some-keys" | "control-characters"
        | "all-routine" | "mark" => Kept,
        other => panic!("say what comes of the grouper's misdeed `{other}`"),
    }
}

/// Over three rows, 0 to 2, each with an entry in the list of assets.
fn of_enricher(misdeed: &str) -> Fate {
    if let Some(fate) = of_every_kind(misdeed) {
        return fate;
    }
    match misdeed {
        "host-calls" | "many-keys" | "giant-key" | "key-again" | "many-rules" | "long-answer" => {
            Limit
        }
        "cite-unknown" => Fault("evidence 4000000000 is cited, and 6 records were handed out"),
        "cite-future" => Fault("evidence 1003 is cited, and 4 records were handed out"),
        "cite-none" => Fault("an enrichment of row 0 cites nothing"),
        "cite-only-alert" => {
            Fault("an enrichment of row 0 cites alerts only, and no record that was asked for")
        }
        "cite-too-many" => Fault("17 citations of one statement, at most 16 are taken"),
        "bad-row" => Fault("row 3 is named, of 3 in the batch"),
        "false-known-good" => {
            Fault("row 0 is called known good by a fact that does not hold for it")
        }
        "false-expired" => {
            Fault("a fact is called expired of row 0 that does not fit it or has not expired")
        }
        "claim-known-good-of-asset" => {
            Fault("row 0 is called known good without citing a known-good fact")
        }
        "too-many" => Fault("33 enrichments of one alert, at most 32 are taken"),
        "long-text" => Fault("an enrichment's text of 501 bytes, it must have 1 to 500"),
        "empty-text" => Fault("an enrichment's text of 0 bytes, it must have 1 to 500"),
        "nothing" | "wrong-order" | "control-characters" => Kept,
        other => panic!("say what comes of the enricher's misdeed `{other}`"),
    }
}

/// Over a case of one group; its alert is evidence 0 and the group evidence 1.
fn of_drafter(misdeed: &str) -> Fate {
    if let Some(fate) = of_every_kind(misdeed) {
        return fate;
    }
    match misdeed {
        "long-answer" => Limit,
        "empty" => Fault("no sentence"),
        "cite-unknown" => Fault("evidence 4000000000 is cited, and "),
        "too-many" => Fault("129 sentences, at most 128 are taken"),
        "too-many-citations" => Fault("65 citations of one statement, at most 64 are taken"),
        "long-sentence" => Fault("a sentence of 1001 bytes, it must have 1 to 1000"),
        "empty-sentence" => Fault("a sentence of 0 bytes, it must have 1 to 1000"),
        "uncited" | "wrong-order" | "control-characters" => Kept,
        other => panic!("say what comes of the drafter's misdeed `{other}`"),
    }
}

fn misdeeds(own: &[(&'static str, &str)], of: fn(&str) -> Fate) -> Vec<(&'static str, Fate)> {
    let all = hostile_grouper::OF_EVERY_KIND.iter().chain(own);
    all.map(|(name, _)| (*name, of(name))).collect()
}

fn grouper_misdeeds() -> Vec<(&'static str, Fate)> {
    misdeeds(hostile_grouper::MISDEEDS, of_grouper)
}

fn enricher_misdeeds() -> Vec<(&'static str, Fate)> {
    misdeeds(hostile_enricher::MISDEEDS, of_enricher)
}

fn drafter_misdeeds() -> Vec<(&'static str, Fate)> {
    misdeeds(hostile_drafter::MISDEEDS, of_drafter)
}

const ASSETS: &str = "name,owner\nweb-1,Ada\nweb-2,Bea\nweb-3,Cid\n";

/// One that does not hold for the alerts here, of the first one's rule.
const FACTS: &str = r#"version = 1
[[facts]]
id = "backup"
rule = "rule-1"
owner = "Ada"
reason = "the nightly backup"
expires = 2027-03-31
when = [{ field = "host.name", equals = "elsewhere" }]
"#;

/// Three alerts that have nothing in common; the first asks for the misdeed.
fn alerts(misdeed: &str) -> Vec<u8> {
    let one = |i: i64| {
        let rule = format!("rule-{i}");
        Finding::new(&format!("id-{i}"), &rule, &format!("web-{i}")).ago(100_000 - i * 2_000)
    };
    let mut all: Vec<Finding> = (1..=3).map(one).collect();
    all[0] = all[0].clone().misdeed(misdeed);
    ndjson(&all)
}

/// A home with a tenant for each misdeed, and these modules.
fn home(misdeeds: &[(&str, Fate)], modules: &[&str]) -> (Bench, Casemate) {
    let bench = Bench::new();
    bench.ours(modules);
    for (misdeed, _) in misdeeds {
        bench.tenant(misdeed);
        bench.knowledge(misdeed, "assets.csv", ASSETS);
        bench.knowledge(misdeed, "known-good.toml", FACTS);
    }
    let casemate = bench.open();
    assert_eq!(casemate.modules().len(), modules.len());
    (bench, casemate)
}

fn work(session: &mut Session, misdeed: &str) -> (Submitted, Drafted) {
    let input = alerts(misdeed);
    let submitted = session.submit(input.as_slice(), From::Auto, "test");
    let submitted = submitted.unwrap();
    assert_eq!((submitted.new, submitted.placed), (3, 3), "{misdeed}");
    (submitted, session.draft().unwrap())
}

/// The first failure of the module is the one that is expected, and the trail has it.
fn is_told(casemate: &Casemate, misdeed: &str, module: &str, failures: &[String], fault: &str) {
    let want = format!("module `{module}` gave an answer that is not accepted: {fault}");
    let first = failures.first();
    assert!(
        first.is_some_and(|said| said.starts_with(&want)),
        "`{misdeed}` should say `{want}` and says {failures:?}"
    );
    let runs = runs(&trail(casemate, &tenant(misdeed)));
    let run = runs.iter().find(|run| run.module() == module).unwrap();
    let failure = run.failure();
    assert_eq!(failure.unwrap().code, FailureCode::Answer, "{misdeed}");
    let view = casemate.view(&tenant(misdeed)).unwrap().unwrap();
    let notices = view.notices().unwrap();
    assert!(notices.iter().any(|n| n.module == module && !n.refused));
}

#[test]
fn no_wrong_answer_of_a_grouper_is_kept() {
    let misdeeds = grouper_misdeeds();
    let (_bench, casemate) = home(&misdeeds, &["hostile-grouper", "assets", "drafter"]);
    for (misdeed, fate) in &misdeeds {
        let mut session = match fate {
            Limit => continue,
            Fault(_) | Kept => start(&casemate, &tenant(misdeed)),
        };
        let (submitted, drafted) = work(&mut session, misdeed);
        let held = session_state(&session);
        assert_eq!(held.placements.len(), 3, "{misdeed}");
        let grouped: u64 = held.groups.iter().map(|g| g.group.count).sum();
        assert_eq!(grouped, 3, "{misdeed}");
        assert!(held.groups.iter().all(|row| row.group.number <= 3));
        assert!(drafted.failures.is_empty() && drafted.without_draft == 0);
        match fate {
            Kept => assert!(submitted.failures.is_empty(), "{misdeed}: {submitted:?}"),
            Fault(fault) => {
                is_told(
                    &casemate,
                    misdeed,
                    "hostile-grouper",
                    &submitted.failures,
                    fault,
                );
                let view = session.view().unwrap();
                let module = ModuleName::parse("hostile-grouper").unwrap();
                let notes = view.notes(&module).unwrap();
                for key in ["giant", "note 1", "same"] {
                    assert_eq!(notes.get(key).unwrap(), None, "{misdeed}");
                }
                let failed = runs(&trail(&casemate, &tenant(misdeed)));
                let failed = failed.iter().filter(|run| run.failure().is_some());
                for run in failed {
                    let material = view.material(run.number).unwrap().unwrap();
                    assert!(!material.batch.is_empty(), "what it was handed is kept");
                }
            }
            Limit => {}
        }
    }
}

#[test]
fn no_wrong_answer_of_an_enricher_is_kept() {
    let misdeeds = enricher_misdeeds();
    let modules = ["grouper", "assets", "hostile-enricher", "drafter"];
    let (_bench, casemate) = home(&misdeeds, &modules);
    for (misdeed, fate) in &misdeeds {
        let mut session = match fate {
            Limit => continue,
            Fault(_) | Kept => start(&casemate, &tenant(misdeed)),
        };
        let (submitted, drafted) = work(&mut session, misdeed);
        assert!(submitted.failures.is_empty(), "{misdeed}: {submitted:?}");
        assert_eq!((drafted.without_draft, drafted.drafts), (0, drafted.cases));
        let held = session_state(&session);
        let of = |module: &str| {
            let all = held.enrichments.iter();
            all.filter(|e| e.module.as_str() == module).count()
        };
        assert_eq!(of("assets"), 3, "{misdeed}: the other enricher goes on");
        match fate {
            Kept => assert!(drafted.failures.is_empty(), "{misdeed}: {drafted:?}"),
            Fault(fault) => {
                is_told(
                    &casemate,
                    misdeed,
                    "hostile-enricher",
                    &drafted.failures,
                    fault,
                );
                assert_eq!(of("hostile-enricher"), 0, "{misdeed}: nothing is kept");
                let gap = "the module `hostile-enricher` did not do its work";
                assert!(contains(&everything(&casemate, &tenant(misdeed)), gap));
            }
            Limit => {}
        }
    }
}

#[test]
fn no_wrong_answer_of_a_drafter_is_kept() {
    let misdeeds = drafter_misdeeds();
    let (_bench, casemate) = home(&misdeeds, &["grouper", "assets", "hostile-drafter"]);
    for (misdeed, fate) in &misdeeds {
        let mut session = match fate {
            Limit => continue,
            Fault(_) | Kept => start(&casemate, &tenant(misdeed)),
        };
        let (submitted, drafted) = work(&mut session, misdeed);
        assert!(submitted.failures.is_empty(), "{misdeed}: {submitted:?}");
        let held = session_state(&session);
        assert_eq!(held.enrichments.len(), 3, "{misdeed}");
        assert_eq!(drafted.cases, 3, "{misdeed}");
        assert_eq!(held.drafts.len() as u64, drafted.drafts);
        match fate {
            Kept => {
                assert!(drafted.failures.is_empty(), "{misdeed}: {drafted:?}");
                assert_eq!(drafted.drafts, 3);
            }
            Fault(fault) => {
                is_told(
                    &casemate,
                    misdeed,
                    "hostile-drafter",
                    &drafted.failures,
                    fault,
                );
                assert_eq!((drafted.drafts, drafted.without_draft), (2, 1), "{misdeed}");
                assert!(held.drafts.iter().all(|draft| draft.case != 1));
                let again = session.draft().unwrap();
                assert_eq!(again.cases, 1, "the case is still to be drafted");
            }
            Limit => {}
        }
    }
}

/// A tenant that a hostile module of this kind misbehaves for, worked through.
fn after(misdeed: &str, modules: &[&str]) -> (Bench, Casemate) {
    let (bench, casemate) = home(&[(misdeed, Kept)], modules);
    let mut session = start(&casemate, &tenant(misdeed));
    work(&mut session, misdeed);
    drop(session);
    (bench, casemate)
}

#[test]
fn a_sentence_without_a_citation_is_kept_and_marked() {
    let (_bench, casemate) = after("uncited", &["grouper", "hostile-drafter"]);
    let held = state(&casemate, &tenant("uncited"));
    let draft = held.drafts.iter().find(|d| d.case == 1).unwrap();
    let cited: Vec<_> = draft
        .sentences
        .iter()
        .map(|s| (s.text.as_str(), s.citations.is_empty()))
        .collect();
    assert_eq!(cited, [("1 groups.", false), ("Trust me.", true)]);
}

/// Whether a text is as the hostile modules' control characters are shown.
fn is_shown(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    }) && ["1b", "202e", "2066", "9b"]
        .iter()
        .all(|code| text.contains(code))
}

#[test]
fn control_characters_of_a_module_are_shown_not_obeyed() {
    let misdeed = "control-characters";
    let (_bench, casemate) = after(misdeed, &["hostile-grouper"]);
    let held = state(&casemate, &tenant(misdeed));
    let rule = held.placements[0].2.as_ref().unwrap();
    for text in [&rule.name, &rule.says, &rule.unit] {
        assert!(is_shown(text.as_str()), "{text:?}");
    }

    let (_bench, casemate) = after(misdeed, &["grouper", "hostile-enricher"]);
    let held = state(&casemate, &tenant(misdeed));
    let said = held
        .enrichments
        .iter()
        .filter(|e| is_shown(e.text.as_str()));
    assert_eq!(said.count(), 1);
    assert_eq!(held.enrichments.len(), 4);

    let (_bench, casemate) = after(misdeed, &["grouper", "hostile-drafter"]);
    let held = state(&casemate, &tenant(misdeed));
    let sentences = &held.drafts[0].sentences;
    assert!(is_shown(sentences[1].text.as_str()), "{sentences:?}");
}

#[test]
fn what_a_grouper_calls_routine_stays_and_is_counted() {
    let (_bench, casemate) = after("all-routine", &["hostile-grouper", "drafter"]);
    let held = state(&casemate, &tenant("all-routine"));
    assert_eq!(held.groups.len(), 3);
    assert!(
        held.groups
            .iter()
            .all(|g| g.group.standing == Standing::Routine)
    );
    assert_eq!(held.placements.len(), 3);
    assert!(held.cases.is_empty());
}

#[test]
fn a_false_claim_is_told_from_a_true_one() {
    // The same words of the same module, once with a fact that holds.
    let misdeed = "false-known-good";
    let (bench, casemate) = home(&[(misdeed, Kept)], &["grouper", "hostile-enricher"]);
    bench.knowledge(
        misdeed,
        "known-good.toml",
        &FACTS.replace("elsewhere", "web-1"),
    );
    let mut session = start(&casemate, &tenant(misdeed));
    let (_, drafted) = work(&mut session, misdeed);
    assert!(drafted.failures.is_empty(), "{drafted:?}");
    let held = session_state(&session);
    assert_eq!(held.enrichments.len(), 1);
    assert_eq!(held.enrichments[0].kind, Statement::KnownGood);
    assert_eq!(held.enrichments[0].alert, 1);
}
