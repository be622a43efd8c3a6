use std::collections::{BTreeMap, HashMap, HashSet};

use casemate_grouper::{METHOD, group};
use casemate_sdk::{Batch, BatchBuilder, Field, Grouped, Link, Placement, Standing};

/// An alert: its time in seconds, and its fields.
pub(crate) type Row = (i64, Vec<(Field, String)>);

/// An alert of a detector on a host.
pub(crate) fn row(seconds: i64, fields: &[(Field, &str)]) -> Row {
    (
        seconds,
        fields.iter().map(|(f, v)| (*f, (*v).to_owned())).collect(),
    )
}

/// A tenant: what the host keeps of it.
#[derive(Default)]
pub(crate) struct Tenant {
    pub(crate) notes: BTreeMap<String, (Vec<u8>, i64)>,
    pub(crate) placements: Vec<Placement>,
    pub(crate) links: Vec<Link>,
    pub(crate) standing: HashMap<u64, Standing>,
    pub(crate) names: Vec<String>,
}

impl Tenant {
    /// Groups the next alerts as one batch, and checks the answer as the host does.
    pub(crate) fn batch(&mut self, rows: &[Row]) {
        let first = self.placements.len() as u64 + 1;
        let answer = self.ask(&batch(first, rows));
        self.check(first, rows.len(), &answer);
        self.names = answer.rules.iter().map(|r| r.name.clone()).collect();
        for opening in answer.openings {
            assert!(
                self.standing
                    .insert(opening.group, opening.standing)
                    .is_none()
            );
        }
        for note in answer.notes {
            self.notes.insert(note.key, (note.value, note.freshness));
        }
        self.placements.extend(answer.placements);
        self.links.extend(answer.links);
    }

    pub(crate) fn ask(&self, batch: &Batch) -> Grouped {
        let recall = |keys: &[String]| {
            assert_eq!(
                keys.iter().collect::<HashSet<_>>().len(),
                keys.len(),
                "asked twice"
            );
            Ok(keys
                .iter()
                .map(|k| self.notes.get(k).map(|(value, _)| value.clone()))
                .collect())
        };
        group(&METHOD, batch, recall).unwrap()
    }

    fn check(&self, first: u64, alerts: usize, answer: &Grouped) {
        assert!(answer.rules.len() <= 64);
        assert_eq!(answer.placements.len(), alerts);
        assert!(answer.notes.len() <= 8 * alerts + 256 && answer.links.len() <= 4 * alerts);
        let mut opened: HashSet<u64> = self.standing.keys().copied().collect();
        for (placement, number) in answer.placements.iter().zip(first..) {
            assert_eq!(placement.alert, number);
            if placement.group == number {
                opened.insert(number);
            }
            assert!(opened.contains(&placement.group), "{placement:?}");
            assert!(answer.rules.get(placement.rule as usize).is_some());
        }
        let own = answer
            .placements
            .iter()
            .filter(|p| p.alert == p.group)
            .map(|p| p.group);
        assert!(own.eq(answer.openings.iter().map(|o| o.group)));
        for link in &answer.links {
            assert!(link.a != link.b && opened.contains(&link.a) && opened.contains(&link.b));
        }
        let mut keys = HashSet::new();
        for note in &answer.notes {
            assert!((1..=512).contains(&note.key.len()) && keys.insert(&note.key));
            assert!((1..=4_096).contains(&note.value.len()));
        }
    }

    /// The group of the alert of that number.
    pub(crate) fn group(&self, number: usize) -> u64 {
        self.placements[number - 1].group
    }

    /// The rule that placed the alert of that number.
    pub(crate) fn rule(&self, number: usize) -> &str {
        &self.names[self.placements[number - 1].rule as usize]
    }

    /// How many groups stand in the foreground.
    pub(crate) fn open(&self) -> usize {
        self.standing
            .values()
            .filter(|s| **s == Standing::Open)
            .count()
    }
}

/// A batch whose first alert has that number.
pub(crate) fn batch(first: u64, rows: &[Row]) -> Batch {
    let mut batch = BatchBuilder::new(&Field::ALL);
    for ((seconds, fields), number) in rows.iter().zip(first..) {
        batch.alert(number, seconds * 1_000);
        for (field, text) in fields {
            batch.set(*field, text);
        }
    }
    batch.build()
}

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// From 0 up to, and without, `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
