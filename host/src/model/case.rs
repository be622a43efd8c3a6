use super::{AlertNumber, Digest, Instant, ModuleName, Severity, Text};

/// What an analyst works on: groups joined by links.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Case {
    /// The least number of its groups, which is also the case's number.
    pub number: AlertNumber,
    /// Its groups, ascending; never empty.
    pub groups: Vec<AlertNumber>,
    /// Why they are together; one link fewer than groups.
    pub links: Vec<Link>,
    /// At first the highest of its members; changed only by a sign-off.
    pub assessed_severity: Severity,
}

/// A grouper's reason that two groups belong to one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    /// One group.
    pub a: AlertNumber,
    /// The other.
    pub b: AlertNumber,
    /// A key into the store's table of rules.
    pub rule: u32,
    /// What the rule measured, in the rule's unit.
    pub measured: i64,
    /// What it was compared with, in the rule's unit.
    pub bound: i64,
}

/// What kind of statement an enrichment is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// What a thing is and who answers for it.
    Asset,
    /// A known-good fact of the tenant holds; the host compared it.
    KnownGood,
    /// A known-good fact would hold, had it not expired.
    ExpiredKnownGood,
    /// Anything else.
    Note,
}

/// A fact that a module added to an alert. It never changes the alert.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Enrichment {
    /// The alert it was said of: the first of those with the same fields in its group.
    pub alert: AlertNumber,
    /// The group that alert is in.
    pub group: AlertNumber,
    /// How many alerts of the group it holds for.
    pub repeats: u64,
    /// Its kind.
    pub kind: Statement,
    /// The statement.
    pub text: Text,
    /// The module that said it.
    pub module: ModuleName,
    /// What it rests on.
    pub citations: Vec<Citation>,
}

/// The incident summary a module proposes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    /// The case it speaks of.
    pub case: AlertNumber,
    /// From 1; one more each time the case is drafted anew.
    pub version: u32,
    /// The host's time of decision.
    pub as_of: Instant,
    /// The module that proposed it.
    pub module: ModuleName,
    /// The module's digest.
    pub digest: Digest,
    /// In reading order; never empty.
    pub sentences: Vec<Sentence>,
}

/// One sentence of a draft.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sentence {
    /// Where it stands.
    pub section: Section,
    /// The sentence.
    pub text: Text,
    /// What it rests on; one without any is shown as uncited.
    pub citations: Vec<Citation>,
}

/// The parts of a draft.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// What happened.
    WhatHappened,
    /// What is affected.
    WhatIsAffected,
    /// What was seen before.
    SeenBefore,
    /// What is known good.
    KnownGood,
    /// What is not known.
    NotKnown,
}

impl Section {
    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::WhatHappened => "What happened",
            Self::WhatIsAffected => "What is affected",
            Self::SeenBefore => "What was seen before",
            Self::KnownGood => "What is known good",
            Self::NotKnown => "What is not known",
        }
    }
}

/// A link from a sentence or an enrichment to what supports it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Citation {
    /// The record.
    pub evidence: Evidence,
    /// SHA-256 of the record's bytes as they were when it was handed out.
    pub digest: Digest,
}

/// A record we hold that can support a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// An alert of the tenant.
    Alert(AlertNumber),
    /// A group of the tenant.
    Group(AlertNumber),
    /// An earlier group of the tenant.
    Earlier(AlertNumber),
    /// An entry of the tenant's list of assets, by its line in `knowledge/assets.csv`.
    Asset(u32),
    /// A fact of the tenant, by its id in `knowledge/known-good.toml`.
    Fact(String),
    /// An enrichment: the alert it was said of and its place among those of the alert.
    Enrichment(AlertNumber, u32),
    /// Something the host knows to be missing, by its text.
    Gap(String),
}
