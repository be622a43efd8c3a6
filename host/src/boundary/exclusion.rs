//! Statement 5: contractual exclusions.

use super::said::Statements;
use super::{Boundary, EnrichmentSource};
use crate::model::{Field, FieldSet, Instant, Text};
use crate::written::{At, Decision};
use std::fmt;

const DAY_MS: i64 = 86_400_000;

/// One contractual exclusion.
#[derive(Clone, Debug)]
pub(super) struct Exclusion {
    pub(super) clause: Text,
    pub(super) deny: Vec<At<Denied>>,
    /// The first instant at which it is over; none if it is for ever.
    pub(super) over: Option<Instant>,
}

/// What an exclusion denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    Source(EnrichmentSource),
    Model,
    Memory,
    Fields(FieldSet),
}

/// An exclusion of either file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExclusionLine {
    /// The contract's clause.
    pub clause: Text,
    /// What it denies, as it is written.
    pub denies: Vec<String>,
    /// The last day or instant at which it holds, in UTC; none where it holds for ever.
    pub until: Option<String>,
    /// Whether it is in force.
    pub in_force: bool,
    /// Its line.
    pub by: Decision,
}

impl Exclusion {
    /// Whether it is in force at that time.
    pub(super) fn holds(&self, as_of: Instant) -> bool {
        self.over.is_none_or(|over| as_of < over)
    }

    /// What it denies, in a fixed order.
    pub(super) fn denies(&self) -> Vec<String> {
        let mut denies: Vec<String> = self.deny.iter().map(|d| d.value.to_string()).collect();
        denies.sort();
        denies
    }

    /// The last day, or the last instant, at which it holds.
    pub(super) fn until(&self) -> Option<String> {
        let last = Instant::from_millis(self.over?.millis() - 1);
        let text = last.to_string();
        let whole_day = self.over?.millis() % DAY_MS == 0;
        match text.split_once('T').filter(|_| whole_day) {
            Some((day, _)) => Some(day.to_owned()),
            None => Some(text),
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => source.fmt(f),
            Self::Model => f.pad("model"),
            Self::Memory => f.pad("memory"),
            Self::Fields(fields) => {
                // A group by its own name, where it is one.
                let group = Field::GROUPS
                    .iter()
                    .find(|group| Field::named(group) == Some(*fields));
                match group {
                    Some(group) => f.pad(group),
                    None => {
                        let names: Vec<&str> = fields.iter().map(Field::name).collect();
                        f.pad(&names.join(", "))
                    }
                }
            }
        }
    }
}

impl Boundary {
    /// The exclusions, the tenant's own first, each file's in its order.
    pub fn exclusions(&self, as_of: Instant) -> Vec<ExclusionLine> {
        let line = |said: &Statements, exclusion: &Exclusion| ExclusionLine {
            clause: exclusion.clause.clone(),
            denies: exclusion.denies(),
            until: exclusion.until(),
            in_force: exclusion.holds(as_of),
            by: said.decision(
                exclusion
                    .deny
                    .first()
                    .map_or(crate::written::Place::START, |d| d.place),
                Some(&exclusion.clause),
            ),
        };
        self.files()
            .flat_map(|said| said.exclusions.iter().map(move |e| line(said, e)))
            .collect()
    }
}
