//! What is remembered between batches, each kind under its own letter.

use crate::digest::Digest;
use crate::note::stored;
use crate::rate::Rate;

/// A group, by the variant that opened it, where its state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// The digest of that variant.
    pub(crate) home: Digest,
    /// The group's number.
    pub(crate) number: u64,
}
stored!(Pointer { home number });

/// A group that can still be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The number of the alert that opened it.
    pub(crate) number: u64,
    /// The time of its earliest alert.
    pub(crate) first: i64,
    /// The time of its latest alert.
    pub(crate) last: i64,
    /// How many alerts it holds.
    pub(crate) count: u32,
    /// The distances between its alerts, in ms, added up.
    pub(crate) gaps: i64,
    /// Whether its circumstances changed while it was fresh: a scan, for example.
    pub(crate) fan: bool,
    /// Whether it holds several keys.
    pub(crate) mixed: bool,
    /// Whether nothing of its kind was expected when it was opened.
    pub(crate) unusual: bool,
    /// The circumstances of the alert that opened it.
    pub(crate) around: Digest,
}
stored!(Group { number first last count gaps fan mixed unusual around });

/// `v`: one variant, all that an alert says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Variant {
    /// The time of the latest alert this note speaks of.
    pub(crate) touched: i64,
    /// How often it is said.
    pub(crate) rate: Rate,
    /// Where it was placed last.
    pub(crate) last: Option<Pointer>,
    /// The groups it opened, the latest two.
    pub(crate) groups: Vec<Group>,
}
stored!(Variant { touched rate last groups });

/// A group that sets aside what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RollUp {
    /// The number of the alert that opened it.
    pub(crate) number: u64,
    /// The time of that alert.
    pub(crate) since: i64,
}
stored!(RollUp { number since });

/// `k`: one key, a rule on a subject with its details.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key {
    /// The time of the latest alert this note speaks of.
    pub(crate) touched: i64,
    /// Its latest groups, the latest last, at most four.
    pub(crate) recent: Vec<Pointer>,
    /// Its latest routine group.
    pub(crate) routine: Option<RollUp>,
}
stored!(Key { touched recent routine });

/// The latest group of one family of detectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OfFamily {
    /// Which family.
    pub(crate) family: Digest,
    /// Its group.
    pub(crate) group: Pointer,
}
stored!(OfFamily { family group });

/// The beginning of an unusual group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// The group.
    pub(crate) number: u64,
    /// When it began.
    pub(crate) time: i64,
}
stored!(Beginning { number time });

/// `s`: one subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The time of the latest alert this note speaks of.
    pub(crate) touched: i64,
    /// The latest group of all.
    pub(crate) any: Option<Pointer>,
    /// The latest group of each family, the latest last, at most eight.
    pub(crate) families: Vec<OfFamily>,
    /// Its latest unusual group.
    pub(crate) unusual: Option<Beginning>,
}
stored!(Subject { touched any families unusual });

/// `r`: one rule in the same circumstances, wherever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anywhere {
    /// The time of the latest alert this note speaks of.
    pub(crate) touched: i64,
    /// Its latest group.
    pub(crate) group: Option<Pointer>,
}
stored!(Anywhere { touched group });

/// `u`, `h`, `p`: one account, file hash or remote address.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pivot {
    /// The time of the latest alert this note speaks of.
    pub(crate) touched: i64,
    /// How often unusual groups had it.
    pub(crate) rate: Rate,
    /// The latest of them.
    pub(crate) unusual: Option<Beginning>,
}
stored!(Pivot { touched rate unusual });
