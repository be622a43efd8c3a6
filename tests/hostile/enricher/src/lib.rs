//! An enricher that misbehaves on request; see `MISDEEDS`. Otherwise it states each host's entries in
//! the asset list.

#[path = "../../misdeed.rs"]
mod misdeed;

use casemate_sdk::private::imports::casemate::soc::{assets, known_good};
use casemate_sdk::{
    Alert, Batch, Enricher, Enrichment, Evidence, Field, Instant, Settings, Statement,
};
pub use misdeed::OF_EVERY_KIND;

/// The misdeeds of this module beside those of every kind, each with what it does.
pub const MISDEEDS: &[(&str, &str)] = &[
    ("host-calls", "looks one name up without end"),
    ("many-keys", "looks 1,000,000 names up in one call"),
    ("giant-key", "looks a name of 16 MiB up"),
    ("key-again", "looks one name of 8 MiB up without end"),
    (
        "many-rules",
        "asks for the facts of 1,000,000 rules in one call",
    ),
    ("long-answer", "answers with a text of 64 MiB"),
    ("nothing", "answers with nothing, which is allowed"),
    ("cite-unknown", "cites a record that does not exist"),
    (
        "cite-future",
        "cites the next record, before the host hands it out",
    ),
    ("cite-none", "cites nothing"),
    ("cite-only-alert", "cites the alert and nothing else"),
    ("cite-too-many", "cites 17 records"),
    ("bad-row", "speaks of a row that the batch does not have"),
    ("wrong-order", "speaks of the alerts in reverse"),
    (
        "false-known-good",
        "calls each alert known good by the rule's first fact, whether it holds or not",
    ),
    (
        "false-expired",
        "says that the rule's first fact would have held, whether so or not",
    ),
    (
        "claim-known-good-of-asset",
        "calls each alert known good and cites an entry of the asset list",
    ),
    ("too-many", "states 33 facts about one alert"),
    ("long-text", "states 501 bytes"),
    ("empty-text", "states nothing in a statement"),
    ("control-characters", "states control characters"),
];

/// The module.
pub struct Hostile;

impl Enricher for Hostile {
    fn enrich(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Vec<Enrichment> {
        let misdeed = misdeed::asked_for(batch);
        misdeed::commit(&misdeed, batch);
        ask(&misdeed);
        let mut answer = if misdeed == "cite-future" {
            Vec::new()
        } else {
            honest(batch)
        };
        if !misdeed.is_empty() {
            spoil(&misdeed, batch, &mut answer);
        }
        answer
    }
}

casemate_sdk::export_enricher!(Hostile);

/// What an honest module answers.
fn honest(batch: &Batch) -> Vec<Enrichment> {
    let mut answer = Vec::new();
    for alert in batch {
        if let Some(evidence) = asset(&alert) {
            answer.push(state(
                &alert,
                Statement::Asset,
                "in the asset list",
                evidence,
            ));
        }
    }
    answer
}

fn state(alert: &Alert<'_>, kind: Statement, says: &str, evidence: Evidence) -> Enrichment {
    let citations = vec![evidence, alert.evidence()];
    Enrichment {
        alert: alert.evidence(),
        kind,
        text: says.to_owned(),
        citations,
    }
}

/// The first entry of the alert's host.
fn asset(alert: &Alert<'_>) -> Option<Evidence> {
    let found = assets::lookup(&[alert.get(Field::HostName).to_owned()]).ok()?;
    Some(found.first()?.first()?.evidence)
}

/// The first fact of the alert's rule.
fn fact(alert: &Alert<'_>) -> Option<Evidence> {
    let found = known_good::facts(&[alert.rule_id().to_owned()]).ok()?;
    Some(found.first()?.first()?.evidence)
}

/// The misdeeds that are calls.
fn ask(misdeed: &str) {
    let many = || {
        (0..1_000_000)
            .map(|i| format!("key {i}"))
            .collect::<Vec<_>>()
    };
    let refusal = match misdeed {
        "host-calls" => loop {
            std::hint::black_box(assets::lookup(&["key".to_owned()]).is_ok());
        },
        "many-keys" => assets::lookup(&many()).err(),
        "giant-key" => assets::lookup(&["x".repeat(16 << 20)]).err(),
        "key-again" => {
            let key = ["x".repeat(8 << 20)];
            loop {
                std::hint::black_box(assets::lookup(&key).is_ok());
            }
        }
        "many-rules" => known_good::facts(&many()).err(),
        _ => return,
    };
    casemate_sdk::log!("refused: {refusal:?}");
}

/// The misdeeds that are answers.
fn spoil(misdeed: &str, batch: &Batch, answer: &mut Vec<Enrichment>) {
    let Some(alert) = batch.alert(0) else { return };
    let rows = Evidence::try_from(batch.len()).unwrap_or(0);
    let evidence = asset(&alert).unwrap_or(rows);
    let say = |says: &str| state(&alert, Statement::Note, says, evidence);
    let all = |kind, says: &str, cite: fn(&Alert<'_>) -> Option<Evidence>| {
        let stated = |alert: Alert<'_>| Some(state(&alert, kind, says, cite(&alert)?));
        batch.iter().filter_map(stated).collect::<Vec<_>>()
    };
    match misdeed {
        "long-answer" => answer.push(say(&"x".repeat(64 << 20))),
        "nothing" => answer.clear(),
        "cite-unknown" => answer.push(state(&alert, Statement::Note, "unknown", 4_000_000_000)),
        "cite-future" => {
            // The lookup above handed one record out at most.
            answer.push(state(
                &alert,
                Statement::Note,
                "future",
                rows.saturating_add(1_000),
            ));
        }
        "cite-none" => answer.push(Enrichment {
            citations: Vec::new(),
            ..say("none")
        }),
        "cite-only-alert" => answer.push(Enrichment {
            citations: vec![0],
            ..say("alert")
        }),
        "cite-too-many" => answer.push(Enrichment {
            citations: vec![evidence; 17],
            ..say("many")
        }),
        "bad-row" => answer.push(Enrichment {
            alert: rows,
            ..say("row")
        }),
        "wrong-order" => answer.reverse(),
        "false-known-good" => *answer = all(Statement::KnownGood, "this is known good", fact),
        "false-expired" => *answer = all(Statement::ExpiredKnownGood, "this was known good", fact),
        "claim-known-good-of-asset" => *answer = all(Statement::KnownGood, "known good", asset),
        "too-many" => *answer = (0..33).map(|i| say(&format!("fact {i}"))).collect(),
        "long-text" => answer.push(say(&"x".repeat(501))),
        "empty-text" => answer.push(say("")),
        "control-characters" => answer.push(say(misdeed::CONTROL)),
        _ => {}
    }
}
