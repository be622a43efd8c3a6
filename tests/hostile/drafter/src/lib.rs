//! A drafter that misbehaves on request; see `MISDEEDS`. Otherwise it says how many groups there are.

#[path = "../../misdeed.rs"]
mod misdeed;

use casemate_sdk::{Dossier, Drafter, Instant, Section, Sentence, Settings};
pub use misdeed::OF_EVERY_KIND;

/// The misdeeds of this module beside those of every kind, each with what it does.
pub const MISDEEDS: &[(&str, &str)] = &[
    ("long-answer", "answers with a sentence of 64 MiB"),
    ("empty", "answers with no sentence"),
    ("cite-unknown", "cites a record that does not exist"),
    (
        "uncited",
        "says one sentence without a citation, which is allowed and has to be marked",
    ),
    ("too-many", "says 129 sentences"),
    ("too-many-citations", "cites 65 records in one sentence"),
    ("long-sentence", "says a sentence of 1,001 bytes"),
    ("empty-sentence", "says a sentence without text"),
    ("wrong-order", "says the last part first"),
    ("control-characters", "says control characters"),
];

/// The module.
pub struct Hostile;

impl Drafter for Hostile {
    fn draft(_as_of: Instant, _settings: &Settings, dossier: &Dossier) -> Vec<Sentence> {
        let misdeed = misdeed::asked_for(&dossier.alerts);
        misdeed::commit(&misdeed);
        let evidence: Vec<_> = dossier.groups.iter().map(|g| g.evidence).take(64).collect();
        let say = |text: &str| Sentence {
            part: Section::WhatHappened,
            text: text.to_owned(),
            citations: evidence.clone(),
        };
        let mut draft = vec![say(&format!("{} groups.", dossier.groups.len()))];
        match misdeed.as_str() {
            "long-answer" => draft.push(say(&"x".repeat(64 << 20))),
            "empty" => draft.clear(),
            "cite-unknown" => draft.push(Sentence {
                citations: vec![4_000_000_000],
                ..say("Unknown.")
            }),
            "uncited" => draft.push(Sentence {
                citations: Vec::new(),
                ..say("Trust me.")
            }),
            "too-many" => draft = (0..129).map(|i| say(&format!("Sentence {i}."))).collect(),
            "too-many-citations" => {
                let first = evidence.first().copied().unwrap_or(0);
                draft.push(Sentence {
                    citations: vec![first; 65],
                    ..say("Many.")
                });
            }
            "long-sentence" => draft.push(say(&"x".repeat(1_001))),
            "empty-sentence" => draft.push(say("")),
            "wrong-order" => draft.insert(
                0,
                Sentence {
                    part: Section::NotKnown,
                    ..say("Late.")
                },
            ),
            "control-characters" => draft.push(say(misdeed::CONTROL)),
            _ => {}
        }
        draft
    }
}

casemate_sdk::export_drafter!(Hostile);
