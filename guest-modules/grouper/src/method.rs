//! The numbers of the method, in one place, and the rules a placement can name.

use casemate_sdk::Rule;

/// The numbers of the method.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// After how long half of a rate is forgotten, in ms.
    pub half_life: i64,
    /// How long alerts count as one occurrence in a rate, in ms.
    pub bucket: i64,
    /// A group stays open for this many times its mean distance between alerts.
    pub patience: i64,
    /// The least time a group stays open after its latest alert, in ms.
    pub gap_least: i64,
    /// The most, in ms.
    pub gap_most: i64,
    /// The most for another rule on the same host, in ms.
    pub gap_host: i64,
    /// The most for the same rule on another host, in ms.
    pub gap_rule: i64,
    /// The most for a new peer to join a group, in ms.
    pub gap_fan: i64,
    /// An alert is expected where at least this many occurrences are, in thousandths.
    pub expected: i64,
    /// Up to this many occurrences nothing is expected.
    pub familiar: u32,
    /// This many alerts in one occurrence are a burst.
    pub burst: u32,
    /// A group of this many alerts of one kind is a storm, and takes in no other kind.
    pub settled: u32,
    /// A group of this many alerts is fresh no more: it has shown whether its circumstances change.
    pub fresh: u32,
    /// How long the same thing again joins the same group, from the group's first alert, in ms.
    pub again: i64,
    /// How long a routine group collects, in ms.
    pub routine: i64,
    /// How far apart two groups of one host may be to be linked, in ms.
    pub link_host: i64,
    /// The same for one account or one peer.
    pub link_user: i64,
    /// The same for one file hash.
    pub link_hash: i64,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The method as it's shipped.
pub const METHOD: Method = Method {
    half_life: 24 * HOUR,
    bucket: 10 * SECOND,
    patience: 4,
    gap_least: SECOND,
    gap_most: MINUTE,
    gap_host: 5 * SECOND,
    gap_rule: 3 * SECOND,
    gap_fan: 5 * SECOND,
    expected: 20,
    familiar: 3,
    burst: 20,
    settled: 8,
    fresh: 4,
    again: 24 * HOUR,
    routine: 6 * HOUR,
    link_host: 10 * MINUTE,
    link_user: 30 * MINUTE,
    link_hash: 24 * HOUR,
};

macro_rules! rules {
    ($($rule:ident $name:literal $says:literal $unit:literal)*) => {
        /// Why an alert is placed where it is, or two groups are linked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Reason { $(#[doc = $says] $rule,)* }

        impl Reason {
            /// The rules in the order of their numbers.
            pub(crate) fn rules() -> Vec<Rule> {
                vec![$(Rule { name: $name.to_owned(), says: $says.to_owned(), unit: $unit.to_owned() },)*]
            }
        }
    };
}

rules! {
    New "new" "the first of its kind: this rule never said this about this host before" "earlier occurrences"
    Reopened "reopened" "the same was seen before, but its last group had ended" "ms since the last of its kind"
    NewPeer "new-peer" "same rule on the same host, but what it is about was not seen there before" "earlier occurrences"
    Burst "burst" "a burst of something that is otherwise expected here" "alerts within ten seconds"
    SameKey "same-key" "same rule on the same host, and it says the same" "ms since the group's latest alert"
    SameAgain "same-again" "the same thing again within a day: every detail is equal" "ms since the group's first alert"
    Fan "fan" "same rule on the same host in one burst, with changing peers" "ms since the group's latest alert"
    SameHost "same-host" "another rule on the same host within seconds" "ms since the group's latest alert"
    SameRule "same-rule" "same rule on another host within seconds" "ms since the group's latest alert"
    Routine "routine" "expected here by its rate" "thousandths of an occurrence expected"
    LinkHost "link-host" "same host within ten minutes, both unusual there" "ms between their beginnings"
    LinkUser "link-user" "same account within half an hour, both unusual" "ms between their beginnings"
    LinkHash "link-hash" "same file hash within a day, and the hash is rare" "ms between their beginnings"
    LinkPeer "link-peer" "same remote address within half an hour, and the address is rare" "ms between their beginnings"
}
