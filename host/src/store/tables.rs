//! The tables of a tenant's database and the records in them. Records are postcard; blocks hold what
//! arrived together, so that a batch is one write.
//!
//! A table is sealed, or it holds numbers: there is no third sort. What a plain one tells to whoever
//! reads the file without the key is how much there is of what, and when modules said that a note of
//! theirs was fresh.

use super::sealed::{Address, Hidden, ModuleKey, Plain, Sealed};
use crate::model::{Alert, AlertNumber, Group, Instant};

/// Counters and settings, by name.
pub(super) const META: Plain<&str, u64> = Plain::new("meta");
/// Blocks of alerts by the number of their first: [`super::block::Block`].
pub(super) const ALERTS: Sealed<u64> = Sealed::new("alerts");
/// The source's bytes of a block of alerts, one after another.
pub(super) const BYTES: Sealed<u64> = Sealed::new("bytes");
/// An alert's key -> its number and its digest, both hidden.
pub(super) const KEYS: Plain<Hidden, (u64, Hidden)> = Plain::new("keys");
/// Revisions of an alert: (number, running number from 1) -> the source's bytes.
pub(super) const REVISIONS: Sealed<(u64, u32)> = Sealed::new("revisions");
/// Blocks of placements by the number of their first alert.
pub(super) const PLACEMENTS: Sealed<u64> = Sealed::new("placements");
/// The alerts of a group, in blocks: (group, first of the block) -> numbers.
pub(super) const MEMBERS: Sealed<(u64, u64)> = Sealed::new("members");
/// Groups by number.
pub(super) const GROUPS: Sealed<u64> = Sealed::new("groups");
/// What groups have in common: (a property, hidden, and the group).
pub(super) const SIMILAR: Plain<(Hidden, u64), ()> = Plain::new("similar");
/// Cases by number.
pub(super) const CASES: Sealed<u64> = Sealed::new("cases");
/// Which case a group is in.
pub(super) const CASE_OF: Plain<u64, u64> = Plain::new("case-of");
/// Cases that have changed since they were last drafted.
pub(super) const CHANGED: Plain<u64, ()> = Plain::new("changed");
/// Enrichments by group.
pub(super) const ENRICHMENTS: Sealed<u64> = Sealed::new("enrichments");
/// Drafts by case and version.
pub(super) const DRAFTS: Sealed<(u64, u32)> = Sealed::new("drafts");
/// Rules by the key that placements name.
pub(super) const RULES: Sealed<u32> = Sealed::new("rules");
/// The key of a rule, by the rule, hidden.
pub(super) const RULE_KEYS: Plain<Hidden, u32> = Plain::new("rule-keys");
/// A module's notes: (module, key, hidden) -> freshness, when the newest alert was taken in that there
/// was when it was written, in milliseconds, and the value.
pub(super) const NOTES: Sealed<(&str, Hidden)> = Sealed::new("module-notes");
/// Notes in the order of their eviction: (module, freshness, key, hidden).
pub(super) const NOTE_AGES: Plain<(&str, i64, Hidden), ()> = Plain::new("note-ages");
/// Documents that were not taken, in the order they came.
pub(super) const REJECTS: Sealed<u64> = Sealed::new("rejects");
/// Each document that was not taken, hidden -> its place in `rejects`.
pub(super) const REJECT_KEYS: Plain<Hidden, u64> = Plain::new("reject-keys");
/// How often a document of `rejects` came, and behind where it last began.
pub(super) const REJECT_COUNTS: Plain<u64, (u64, u64)> = Plain::new("reject-counts");
/// What is kept of the rejects of an input, by its name, hidden.
pub(super) const REJECT_INPUTS: Sealed<Hidden> = Sealed::new("reject-inputs");
/// What wrapped runs of alerts: the last alert's number -> the first one's, and the frame.
pub(super) const FRAMES: Sealed<u64> = Sealed::new("frames");
/// What a run's commitments commit to: the salt, and where in the vault the rest lies.
pub(super) const MATERIAL: Sealed<u64> = Sealed::new("material");
/// What commitments commit to, once each, by its [`Address`].
pub(super) const VAULT: Sealed<Address> = Sealed::new("vault");
/// How many rows of other tables name what lies at an address of the vault, where that is more than one.
pub(super) const VAULT_COUNTS: Plain<Address, u64> = Plain::new("vault-counts");
/// Where in the vault the files of a module lie that has run for the tenant, by its digest.
pub(super) const MODULES: Sealed<ModuleKey> = Sealed::new("modules");
/// The boundaries that were in effect, by the entry of the trail: digest, salt, and where the text is.
pub(super) const BOUNDARIES: Sealed<u64> = Sealed::new("boundaries");
/// Where the text of the defaults lies that such a boundary stood under, where it did.
pub(super) const DEFAULTS: Sealed<u64> = Sealed::new("defaults");
/// What was in effect at the last start, by name.
pub(super) const STATE: Sealed<&str> = Sealed::new("state");
/// The name in [`STATE`] of what is known of the trail.
pub(super) const TRAIL: &str = "trail";
/// The name in [`STATE`] of the numbers of alerts that were lost. No other alert gets them.
pub(super) const LOST: &str = "lost-alerts";
/// What was deleted because its time was over, by the entry of the trail.
pub(super) const DELETIONS: Sealed<u64> = Sealed::new("deletions");
/// The last word on each module that could not do its work.
pub(super) const NOTICES: Sealed<&str> = Sealed::new("notices");
/// The latest runs that failed, by number: [`super::FailedRun`].
pub(super) const FAILED: Sealed<u64> = Sealed::new("failed-runs");
/// What came of a module's candidate that runs beside it, by the module.
pub(super) const SHADOWS: Sealed<&str> = Sealed::new("shadows");
/// Batches that were placed and that the candidate was not handed yet, in their order.
pub(super) const SHADOW_WAITING: Sealed<(&str, u64)> = Sealed::new("shadow-waiting");
/// Groups of the two that are compared: (module, whose, group) -> (alerts, where the other has the
/// alert that opened it, how many groups of the other, whether it is routine).
pub(super) const SHADOW_GROUPS: Plain<(&str, u8, u64), SeenValue> = Plain::new("shadow-groups");
type SeenValue = (u64, u64, u32, bool);
/// How many alerts are in a group of the one and a group of the other.
pub(super) const SHADOW_CELLS: Plain<(&str, u64, u64), u64> = Plain::new("shadow-cells");

/// Calls a macro with every table, so that none is forgotten.
macro_rules! each_table {
    ($with:ident) => {
        $with!(META ALERTS BYTES KEYS REVISIONS PLACEMENTS MEMBERS GROUPS SIMILAR CASES CASE_OF CHANGED
               ENRICHMENTS DRAFTS RULES RULE_KEYS NOTES NOTE_AGES REJECTS REJECT_KEYS REJECT_COUNTS REJECT_INPUTS
               FRAMES MATERIAL VAULT VAULT_COUNTS MODULES BOUNDARIES DEFAULTS STATE DELETIONS NOTICES FAILED SHADOWS
               SHADOW_WAITING SHADOW_GROUPS SHADOW_CELLS)
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
    /// By which the key is known that the store is sealed with.
    pub(in crate::store) const KEY_CHECK: &str = "key-check";
    pub(in crate::store) const NEXT_ALERT: &str = "next-alert";
    pub(in crate::store) const PLACED_THROUGH: &str = "placed-through";
    pub(in crate::store) const REJECTS: &str = "rejects";
    pub(in crate::store) const REJECT_BYTES: &str = "reject-bytes";
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Why each table that is not sealed need not be.
    const PLAIN: &[(&str, &str)] = &[
        (
            "meta",
            "counters, under names of the host's own and of modules",
        ),
        ("keys", "hidden keys and digests, and the numbers of alerts"),
        ("similar", "hidden properties, and the numbers of groups"),
        ("case-of", "numbers of groups and cases"),
        ("changed", "numbers of cases"),
        ("rule-keys", "hidden rules, and their numbers"),
        ("note-ages", "names of modules, freshness, and hidden keys"),
        ("reject-keys", "hidden documents, and their numbers"),
        ("reject-counts", "numbers of documents, counts and places"),
        (
            "vault-counts",
            "addresses of the vault, which are keyed, and counts",
        ),
        ("shadow-groups", "names of modules and numbers of groups"),
        ("shadow-cells", "names of modules and numbers of groups"),
    ];
    /// What is sealed.
    const SEALED: &[&str] = &[
        "alerts",
        "bytes",
        "revisions",
        "placements",
        "members",
        "groups",
        "cases",
        "enrichments",
        "drafts",
        "rules",
        "module-notes",
        "rejects",
        "reject-inputs",
        "frames",
        "material",
        "vault",
        "modules",
        "boundaries",
        "defaults",
        "state",
        "deletions",
        "notices",
        "failed-runs",
        "shadows",
        "shadow-waiting",
    ];

    trait Sort {
        fn sort(self) -> (&'static str, bool);
    }
    impl<K: super::super::sealed::RowKey> Sort for Sealed<K> {
        fn sort(self) -> (&'static str, bool) {
            (self.name(), true)
        }
    }
    impl<K, V> Sort for Plain<K, V>
    where
        K: super::super::sealed::RowKey,
        V: super::super::sealed::Numbers,
    {
        fn sort(self) -> (&'static str, bool) {
            (self.name(), false)
        }
    }

    #[test]
    fn every_table_is_sealed_or_says_why_not() {
        macro_rules! sorts {
            ($($table:ident)*) => { [$($table.sort()),*] };
        }
        let all = each_table!(sorts);
        assert_eq!(all.len(), COUNT);
        for (name, is_sealed) in all {
            let why = PLAIN.iter().find(|(plain, _)| *plain == name);
            assert_eq!(why.is_none(), is_sealed, "`{name}`");
            assert_eq!(SEALED.contains(&name), is_sealed, "`{name}` is in no list");
        }
        assert_eq!(PLAIN.len() + SEALED.len(), COUNT);
    }
}
