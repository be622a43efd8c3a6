use super::{AlertNumber, Digest, Instant, ModuleName, Severity, Text};

/// Alerts of one step of one happening: one row in the queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Group {
    /// The number of the alert that opened it, which is also the group's number.
    pub number: AlertNumber,
    /// Where it stands in the queue.
    pub standing: Standing,
    /// How many alerts it holds.
    pub count: u64,
    /// The earliest time of its alerts.
    pub first: Instant,
    /// The latest time of its alerts.
    pub last: Instant,
    /// The highest severity that a source gave one of its alerts.
    pub severity: Severity,
}

/// Where a group stands. A grouper says it; it is no judgement that the group is harmless.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A row of its own.
    Open,
    /// Expected here by its rate: collapsed and counted.
    Routine,
}

/// Where one alert was placed and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Placement {
    /// The alert.
    pub alert: AlertNumber,
    /// The group.
    pub group: AlertNumber,
    /// Which of the module's rules placed it: a key into the store's table of rules.
    pub rule: u32,
    /// What the rule measured, in the rule's unit.
    pub measured: i64,
    /// What it was compared with, in the rule's unit.
    pub bound: i64,
}

/// A rule by which a grouper places or links.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Rule {
    /// The module that stated it.
    pub module: ModuleName,
    /// The module's digest.
    pub digest: Digest,
    /// Short and stable.
    pub name: Text,
    /// The rule as a predicate.
    pub says: Text,
    /// What its numbers count; may be empty.
    pub unit: Text,
}
