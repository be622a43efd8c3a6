//! A grouper that misbehaves on request; see `MISDEEDS`. Otherwise each alert is a group of its own.

#[path = "../../misdeed.rs"]
mod misdeed;

use casemate_sdk::memory::Note;
use casemate_sdk::private::imports::casemate::soc::memory::recall;
use casemate_sdk::{
    AlertNumber, Batch, Field, Grouped, Grouper, Instant, Link, Opening, Placement, Rule, Settings,
    Standing,
};
pub use misdeed::OF_EVERY_KIND;

/// The misdeeds of this module beside those of every kind, each with what it does.
pub const MISDEEDS: &[(&str, &str)] = &[
    ("host-calls", "recalls one key without end"),
    ("many-keys", "recalls 1,000,000 keys in one call"),
    ("some-keys", "recalls 10,000 keys in one call"),
    ("giant-key", "recalls a key of 16 MiB"),
    ("empty-key", "recalls the empty key"),
    ("long-answer", "answers with a rule of 64 MiB"),
    ("nothing", "answers with nothing at all"),
    ("lose-alert", "leaves the last alert out"),
    ("duplicate-alert", "places the last alert twice"),
    ("foreign-alert", "places an alert that is not in the batch"),
    (
        "first-for-last",
        "places the first alert again and leaves the last one out",
    ),
    (
        "zero-for-first",
        "places alert 0, which never is, and leaves the first one out",
    ),
    (
        "link-routine",
        "calls the last group routine and links the first with it",
    ),
    ("wrong-order", "places the alerts in reverse"),
    (
        "foreign-group",
        "places the last alert in a group that never was",
    ),
    (
        "group-not-self-opened",
        "places the last alert in a group named after an alert that opened none",
    ),
    (
        "later-group",
        "places the first alert in the group that the last one opens",
    ),
    ("too-many-rules", "names 65 rules"),
    ("bad-rule-index", "names a rule it did not list"),
    ("long-rule", "names a rule whose text has 201 bytes"),
    ("empty-rule", "names a rule without a text"),
    (
        "control-characters",
        "puts control characters into a rule's name, text and unit",
    ),
    ("too-many-links", "proposes five links per alert"),
    ("link-unknown", "links a group that never was"),
    ("link-itself", "links a group with itself"),
    ("bad-link-rule", "links by a rule it did not list"),
    ("giant-note", "wants 4,097 bytes remembered under one key"),
    ("many-notes", "wants 8 notes per alert and 257 remembered"),
    (
        "empty-key-note",
        "wants something remembered under the empty key",
    ),
    (
        "long-key-note",
        "wants something remembered under a key of 513 bytes",
    ),
    (
        "same-key-notes",
        "wants two things remembered under one key",
    ),
    (
        "missing-opening",
        "does not say where its last group stands",
    ),
    (
        "extra-opening",
        "says where a group stands that it did not open",
    ),
    ("twice-opening", "says twice where a group stands"),
    (
        "all-routine",
        "calls everything routine, which is allowed and must stay in the queue",
    ),
    (
        "mark",
        "leaves the first host's name under the key `mark`, and says in its rule what it found there",
    ),
];

/// The module.
pub struct Hostile;

impl Grouper for Hostile {
    fn group(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Grouped {
        let misdeed = misdeed::asked_for(batch);
        misdeed::commit(&misdeed);
        ask(&misdeed);
        let mut answer = honest(batch);
        spoil(&misdeed, batch, &mut answer);
        answer
    }
}

casemate_sdk::export_grouper!(Hostile);

/// What an honest module answers that remembers nothing.
pub fn honest(batch: &Batch) -> Grouped {
    let own = |alert: AlertNumber| Placement {
        alert,
        group: alert,
        rule: 0,
        measured: 1,
        bound: 2,
    };
    let open = |group: AlertNumber| Opening {
        group,
        standing: Standing::Open,
    };
    Grouped {
        rules: vec![rule("alone", "each alert alone", "")],
        placements: batch.iter().map(|a| own(a.number())).collect(),
        openings: batch.iter().map(|a| open(a.number())).collect(),
        links: Vec::new(),
        notes: Vec::new(),
    }
}

fn rule(name: &str, says: &str, unit: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        says: says.to_owned(),
        unit: unit.to_owned(),
    }
}

fn note(key: &str, bytes: usize) -> Note {
    Note {
        key: key.to_owned(),
        value: vec![1; bytes],
        freshness: 0,
    }
}

/// The misdeeds that are calls.
fn ask(misdeed: &str) {
    let keys = match misdeed {
        "host-calls" => loop {
            std::hint::black_box(recall(&["key".to_owned()]).is_ok());
        },
        "many-keys" => (0..1_000_000).map(|i| format!("key {i}")).collect(),
        "some-keys" => (0..10_000).map(|i| format!("key {i}")).collect(),
        "giant-key" => vec!["x".repeat(16 << 20)],
        "empty-key" => vec![String::new()],
        _ => return,
    };
    match recall(&keys) {
        Ok(notes) => casemate_sdk::log!("recalled {}", notes.len()),
        Err(refusal) => casemate_sdk::log!("refused: {refusal}"),
    }
}

/// The misdeeds that are answers.
fn spoil(misdeed: &str, batch: &Batch, answer: &mut Grouped) {
    const NEVER: AlertNumber = AlertNumber::MAX;
    let Grouped {
        rules,
        placements,
        openings,
        links,
        notes,
    } = answer;
    let last = placements.last().map_or(0, |p| p.alert);
    let first = placements.first().map_or(0, |p| p.alert);
    let link = |b, rule| Link {
        a: first,
        b,
        rule,
        measured: 0,
        bound: 0,
    };
    match misdeed {
        "long-answer" => rules.push(rule("long", &"x".repeat(64 << 20), "")),
        "nothing" => {
            rules.clear();
            placements.clear();
            openings.clear();
        }
        "lose-alert" => {
            placements.pop();
            openings.pop();
        }
        "duplicate-alert" => placements.extend(placements.last().copied()),
        "foreign-alert" => {
            let foreign = last.saturating_add(1_000_000);
            placements.push(Placement {
                alert: foreign,
                group: foreign,
                rule: 0,
                measured: 0,
                bound: 0,
            });
            openings.push(Opening {
                group: foreign,
                standing: Standing::Open,
            });
        }
        "first-for-last" => {
            let again = placements.first().copied();
            placements.pop();
            placements.extend(again);
            openings.pop();
        }
        "zero-for-first" => {
            if let Some(placement) = placements.first_mut() {
                placement.alert = 0;
            }
        }
        "link-routine" => {
            if let Some(opening) = openings.last_mut() {
                opening.standing = Standing::Routine;
            }
            links.push(link(last, 0));
        }
        "wrong-order" => placements.reverse(),
        "foreign-group" => {
            openings.pop();
            if let Some(placement) = placements.last_mut() {
                placement.group = NEVER;
            }
        }
        // Needs three alerts: the second joins the first, the third joins "the second's group".
        "group-not-self-opened" => {
            openings.truncate(1);
            let mut before = first;
            for placement in placements.iter_mut().skip(1) {
                placement.group = before;
                before = placement.alert;
            }
        }
        "later-group" => {
            openings.retain(|o| o.group != first);
            if let Some(placement) = placements.first_mut() {
                placement.group = last;
            }
        }
        "too-many-rules" => rules.extend((0..64).map(|i| rule(&format!("r{i}"), "one more", ""))),
        "bad-rule-index" => {
            if let Some(placement) = placements.last_mut() {
                placement.rule = 1;
            }
        }
        "long-rule" => rules.push(rule("long", &"x".repeat(201), "")),
        "empty-rule" => rules.push(rule("empty", "", "")),
        "control-characters" => {
            *rules = vec![rule(misdeed::CONTROL, misdeed::CONTROL, misdeed::CONTROL)]
        }
        "too-many-links" => links.extend((0..placements.len() * 5).map(|_| link(last, 0))),
        "link-unknown" => links.push(link(NEVER, 0)),
        "link-itself" => links.push(link(first, 0)),
        "bad-link-rule" => links.push(link(last, 9)),
        "giant-note" => notes.push(note("giant", 4_097)),
        "many-notes" => {
            let many = placements.len() * 8 + 257;
            notes.extend((0..many).map(|i| note(&format!("note {i}"), 1)));
        }
        "empty-key-note" => notes.push(note("", 1)),
        "long-key-note" => notes.push(note(&"k".repeat(513), 1)),
        "same-key-notes" => notes.extend([note("same", 1), note("same", 2)]),
        "missing-opening" => {
            openings.pop();
        }
        "extra-opening" => openings.push(Opening {
            group: NEVER,
            standing: Standing::Open,
        }),
        "twice-opening" => {
            openings.extend(openings.last().map(|o| Opening {
                group: o.group,
                standing: Standing::Routine,
            }));
        }
        "all-routine" => {
            for opening in openings {
                opening.standing = Standing::Routine;
            }
        }
        "mark" => {
            let found = recall(&["mark".to_owned()]).ok();
            let found = found
                .and_then(|n| n.into_iter().next())
                .flatten()
                .unwrap_or_default();
            let says = format!("found {:?}", String::from_utf8_lossy(&found));
            *rules = vec![rule("mark", &says, "")];
            let host = batch
                .alert(0)
                .map(|a| a.get(Field::HostName))
                .unwrap_or_default();
            let value = host.as_bytes().to_vec();
            notes.push(Note {
                key: "mark".to_owned(),
                value,
                freshness: 0,
            });
        }
        _ => {}
    }
}
