//! The demonstration: one night's queue of forty tenants, with the truth about every alert, and the
//! checks of what a host made of it. A queue is a function of its seed; nothing here reads a file or
//! a clock.

pub(crate) mod check;
mod figures;
mod fill;
mod line;
mod night;
pub(crate) mod queue;
mod rng;
mod site;
mod templates;
mod tenants;
mod written;

#[cfg(test)]
mod tests;

pub(crate) use written::ACCOUNTABLE;

use casemate::model::TenantId;
use std::collections::BTreeMap;

/// The seed of the queue that is shown.
pub(crate) const SEED: u64 = 1_400;
/// When the shift begins: 2026-11-20T22:00:00Z, in ms.
pub(crate) const BEGIN: i64 = 1_795_212_000_000;
/// When it is over, eight hours later.
pub(crate) const END: i64 = BEGIN + 8 * 3_600_000;
/// The alerts of a queue, without second deliveries and rejects.
pub(crate) const ALERTS: usize = 1_400;

/// One night's queue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// The people of the home: `roster.toml`.
    pub(crate) roster_toml: String,
    /// By id.
    pub(crate) tenants: Vec<Tenant>,
    /// What is true of them.
    pub(crate) truth: Truth,
}

/// One tenant: what it wrote down and what its sensors sent.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// Its id.
    pub(crate) id: TenantId,
    /// `boundary.toml`.
    pub(crate) boundary_toml: String,
    /// `knowledge/assets.csv`.
    pub(crate) assets_csv: String,
    /// `knowledge/known-good.toml`.
    pub(crate) known_good_toml: String,
    /// OCSF Detection Findings, one a line, in the order in which they arrived; with second
    /// deliveries and what is broken.
    pub(crate) lines: Vec<u8>,
}

/// What is true of a queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Truth {
    /// The seed it was made from.
    pub(crate) seed: u64,
    /// The detector that fires everywhere because somebody got it wrong.
    pub(crate) misconfigured_rule: String,
    /// By id.
    pub(crate) tenants: Vec<TenantTruth>,
}

/// What is true of one tenant's alerts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct TenantTruth {
    /// Its id.
    pub(crate) tenant: TenantId,
    /// By the source's own id, which is unique in the whole queue.
    pub(crate) alerts: BTreeMap<String, AlertTruth>,
    /// Exact copies of an alert that come after it.
    pub(crate) second_deliveries: u64,
    /// Lines that are no alert.
    pub(crate) rejects: u64,
}

/// What is true of an alert.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct AlertTruth {
    /// What it is.
    pub(crate) label: Label,
    /// Its detector's id.
    pub(crate) rule: String,
    /// What it repeats, or is by itself; unique in its tenant.
    pub(crate) happening: String,
    /// The incident a new alert belongs to; unique in its tenant.
    pub(crate) incident: Option<String>,
    /// The known-good fact that holds for it: none where it has expired.
    pub(crate) fact: Option<String>,
    /// Why a new alert is hard to see.
    pub(crate) gate: Option<Gate>,
}

/// What an alert is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Label {
    /// Something that needs an analyst's eye.
    New,
    /// The same thing again.
    Duplicate,
    /// The tenant's normal work.
    Benign,
}

/// Why a new alert is hard to see.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Gate {
    /// In a storm of known-good alerts of its rule and host; only its command line differs.
    InStorm,
    /// Only the account differs from a happening that repeats.
    OtherUser,
    /// Only the process's hash differs from a happening that repeats.
    OtherHash,
    /// Its rule has fired there every twenty minutes all night; only its command line differs.
    AfterDrip,
    /// Another tenant has the very same, under the same names.
    SameNames,
}
