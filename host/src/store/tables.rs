//! The tables of a tenant's database and the records in them. Records are postcard; blocks hold what
//! arrived together, so that a batch is one write.

use crate::model::{Alert, AlertNumber, Group, Instant};
use redb::TableDefinition;

/// Counters and settings, by name.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Blocks of alerts by the number of their first: [`super::block::Block`].
pub(super) const ALERTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("alerts");
/// The source's bytes of a block of alerts, one after another.
pub(super) const BYTES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("bytes");
/// The first 16 bytes of an alert's key -> its number and the first 16 bytes of its digest.
pub(super) const KEYS: TableDefinition<'_, [u8; 16], (u64, [u8; 16])> =
    TableDefinition::new("keys");
/// Revisions of an alert: (number, running number from 1) -> the source's bytes.
pub(super) const REVISIONS: TableDefinition<'_, (u64, u32), &[u8]> =
    TableDefinition::new("revisions");
/// Blocks of placements by the number of their first alert.
pub(super) const PLACEMENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("placements");
/// The alerts of a group, in blocks: (group, first of the block) -> numbers.
pub(super) const MEMBERS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("members");
/// Groups by number.
pub(super) const GROUPS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("groups");
/// What groups have in common: (digest of a property, group).
pub(super) const SIMILAR: TableDefinition<'_, ([u8; 16], u64), ()> =
    TableDefinition::new("similar");
/// Cases by number.
pub(super) const CASES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("cases");
/// Which case a group is in.
pub(super) const CASE_OF: TableDefinition<'_, u64, u64> = TableDefinition::new("case-of");
/// Cases that have changed since they were last drafted.
pub(super) const CHANGED: TableDefinition<'_, u64, ()> = TableDefinition::new("changed");
/// Enrichments by group.
pub(super) const ENRICHMENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("enrichments");
/// Drafts by case and version.
pub(super) const DRAFTS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("drafts");
/// Rules by the key that placements name.
pub(super) const RULES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("rules");
/// The key of a rule, by the first bytes of its digest.
pub(super) const RULE_KEYS: TableDefinition<'_, [u8; 16], u32> = TableDefinition::new("rule-keys");
/// A module's notes: (module, key) -> (freshness, when the newest alert was taken in that there was
/// when it was written, in milliseconds; value).
pub(super) const NOTES: TableDefinition<'_, (&str, &str), (i64, i64, &[u8])> =
    TableDefinition::new("module-notes");
/// Notes in the order of their eviction: (module, freshness, key).
pub(super) const NOTE_AGES: TableDefinition<'_, (&str, i64, &str), ()> =
    TableDefinition::new("note-ages");
/// Documents that were not taken, in the order they came.
pub(super) const REJECTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rejects");
/// The digest of each document that was not taken -> its place in `rejects`.
pub(super) const REJECT_KEYS: TableDefinition<'_, [u8; 16], u64> =
    TableDefinition::new("reject-keys");
/// What wrapped runs of alerts: the last alert's number -> (the first one's, the frame).
pub(super) const FRAMES: TableDefinition<'_, u64, (u64, &str)> = TableDefinition::new("frames");
/// What a run's commitments commit to.
pub(super) const MATERIAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("material");
/// The boundaries that were in effect, by the entry of the trail: digest, salt and text.
pub(super) const BOUNDARIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("boundaries");
/// The text of the defaults that such a boundary stood under, where it did.
pub(super) const DEFAULTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("defaults");
/// What was in effect at the last start, by name.
pub(super) const STATE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("state");
/// What was deleted because its time was over, by the entry of the trail.
pub(super) const DELETIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("deletions");
/// The last word on each module that could not do its work.
pub(super) const NOTICES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("notices");

/// The latest runs that failed, by number: [`super::FailedRun`].
pub(super) const FAILED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("failed-runs");
/// What came of a module's candidate that runs beside it, by the module.
pub(super) const SHADOWS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("shadows");
/// Batches that were placed and that the candidate was not handed yet, in their order.
pub(super) const SHADOW_WAITING: TableDefinition<'_, (&str, u64), &[u8]> =
    TableDefinition::new("shadow-waiting");
/// Groups of the two that are compared: (module, whose, group) -> (alerts, where the other has the
/// alert that opened it, how many groups of the other, whether it is routine).
pub(super) const SHADOW_GROUPS: TableDefinition<'_, (&str, u8, u64), SeenValue> =
    TableDefinition::new("shadow-groups");
type SeenValue = (u64, u64, u32, bool);
/// How many alerts are in a group of the one and a group of the other.
pub(super) const SHADOW_CELLS: TableDefinition<'_, (&str, u64, u64), u64> =
    TableDefinition::new("shadow-cells");

/// Calls a macro with every table, so that none is forgotten.
macro_rules! each_table {
    ($with:ident) => {
        $with!(META ALERTS BYTES KEYS REVISIONS PLACEMENTS MEMBERS GROUPS SIMILAR CASES CASE_OF CHANGED
               ENRICHMENTS DRAFTS RULES RULE_KEYS NOTES NOTE_AGES REJECTS REJECT_KEYS FRAMES BOUNDARIES MATERIAL
               NOTICES STATE DELETIONS DEFAULTS FAILED SHADOWS SHADOW_WAITING SHADOW_GROUPS SHADOW_CELLS)
    };
}
pub(super) use each_table;

/// How many there are.
pub(super) const COUNT: usize = {
    macro_rules! count {
        ($($table:ident)*) => { [$(stringify!($table)),*].len() };
    }
    each_table!(count)
};

/// Names in `META`.
pub(super) mod meta {
    pub(in crate::store) const VERSION: &str = "version";
    pub(in crate::store) const NEXT_ALERT: &str = "next-alert";
    pub(in crate::store) const PLACED_THROUGH: &str = "placed-through";
    pub(in crate::store) const REJECTS: &str = "rejects";
    pub(in crate::store) const DUPLICATES: &str = "duplicates";
    pub(in crate::store) const REVISIONS: &str = "revisions";
    pub(in crate::store) const TRAIL_ENTRIES: &str = "trail-committed";
    pub(in crate::store) const NEXT_RULE: &str = "next-rule";
    pub(in crate::store) const NOTE_COUNT: &str = "note-count";
}

/// An alert as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub number: AlertNumber,
    /// When it was taken in.
    pub taken_in: Instant,
    /// The alert.
    pub alert: Alert,
}

/// A group as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroupRow {
    /// The group.
    pub group: Group,
    /// The distinct combinations of fields among its alerts, in the order they came; at most
    /// [`GroupRow::MAX_VARIANTS`].
    pub variants: Vec<Variant>,
    /// Alerts whose combination came after those.
    pub beyond: u64,
}

impl GroupRow {
    /// How many distinct combinations are told apart in a group.
    pub const MAX_VARIANTS: usize = 64;
}

/// One combination of fields among a group's alerts. The message and the ports are left out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variant {
    /// The first bytes of the digest of its fields.
    pub digest: [u8; 16],
    /// The first alert that has it.
    pub alert: AlertNumber,
    /// How many alerts have it.
    pub count: u64,
}

/// A note as a module wants it remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The module's key.
    pub key: String,
    /// Empty removes the note.
    pub value: Vec<u8>,
    /// Orders eviction.
    pub freshness: i64,
}

/// A document that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejected {
    /// When it came.
    pub taken_in: Instant,
    /// What it came from: a file's name or `-`.
    pub input: String,
    /// Where it began in that input, in bytes.
    pub offset: u64,
    /// Its whole length in bytes.
    pub length: u64,
    /// Why it was not taken.
    pub reason: String,
    /// Its bytes; of a very long one, the beginning.
    pub bytes: Vec<u8>,
}

/// Why a module did not do its work for the tenant when it last should have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// The module.
    pub module: String,
    /// When.
    pub time: Instant,
    /// Whether it was refused by boundary or grant, or failed.
    pub refused: bool,
    /// What happened, for the operator.
    pub text: String,
}
