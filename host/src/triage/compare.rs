//! Two answers to the same question, compared: pure, one function a kind. What is counted is said at
//! [`Groups`], [`Enrichments`] and [`Drafts`].

use crate::model::{
    AlertNumber, Citation, Difference, Drafts, Enrichment, Enrichments, Evidence, Groups,
    Placement, Seen, Sentence, Standing, Statement,
};
use crate::store::Side;
use std::collections::{BTreeMap, BTreeSet};

/// A difference that was found: of which alert or case, and what each of the two says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) difference: Difference,
    pub(super) of: AlertNumber,
    pub(super) counting: String,
    pub(super) candidate: String,
}

/// Where both put one alert.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both<'a> {
    pub(super) alert: AlertNumber,
    pub(super) counting: Put<'a>,
    pub(super) candidate: Put<'a>,
}

/// Where one of the two put an alert.
#[derive(Clone, Copy, Debug)]
pub(super) struct Put<'a> {
    pub(super) group: AlertNumber,
    pub(super) rule: [&'a str; 3],
    /// Where the group stands, where the alert opens it.
    pub(super) opens: Option<Standing>,
}

/// What of both groupings the alerts of a batch touch, as it was before it and is after it.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) groups: BTreeMap<(Side, AlertNumber), Seen>,
    pub(super) cells: BTreeMap<(AlertNumber, AlertNumber), u64>,
}

impl Table {
    /// A group of which no alert was compared before: the alert that opened it is in it with both.
    pub(super) const fn unseen(group: AlertNumber) -> Seen {
        Seen {
            alerts: 0,
            opener_in: group,
            cells: 0,
            standing: Standing::Open,
        }
    }

    fn group(&mut self, side: Side, group: AlertNumber) -> &mut Seen {
        let unseen = || Self::unseen(group);
        self.groups.entry((side, group)).or_insert_with(unseen)
    }

    /// Compares where both put a batch's alerts, in their order.
    pub(super) fn compare(&mut self, batch: &[Both<'_>], counts: &mut Groups) -> Vec<Found> {
        let mut found = Vec::new();
        for both in batch {
            let (g, h) = (both.counting.group, both.candidate.group);
            counts.alerts += 1;
            if let Some(standing) = both.counting.opens {
                let seen = self.group(Side::Counting, g);
                (seen.opener_in, seen.standing) = (h, standing);
                counts.opened += 1;
            }
            if let Some(standing) = both.candidate.opens {
                let seen = self.group(Side::Beside, h);
                (seen.opener_in, seen.standing) = (g, standing);
                counts.opened_beside += 1;
            }
            if let Some(difference) = self.placed(both, counts) {
                found.push(Found {
                    difference,
                    of: both.alert,
                    counting: both.counting.says(),
                    candidate: both.candidate.says(),
                });
            }
            self.count(g, h, counts);
        }
        found
    }

    /// In what the two differ about one alert.
    fn placed(&mut self, both: &Both<'_>, counts: &mut Groups) -> Option<Difference> {
        let Both {
            counting,
            candidate,
            ..
        } = both;
        let (g, h) = (counting.group, candidate.group);
        if g == h {
            counts.same += 1;
            let mut difference = None;
            if counting.rule != candidate.rule {
                counts.other_rule += 1;
                difference = Some(Difference::OtherRule);
            }
            if counting.opens != candidate.opens {
                counts.other_standing += 1;
                difference = Some(Difference::OtherStanding);
            }
            return difference;
        }
        match (counting.opens, candidate.opens) {
            (_, Some(_)) => {
                counts.split += 1;
                Some(Difference::Split)
            }
            (Some(_), None) => {
                counts.joined += 1;
                Some(Difference::Joined)
            }
            (None, None) => {
                let follows = self.group(Side::Counting, g).opener_in == h
                    || self.group(Side::Beside, h).opener_in == g;
                if follows {
                    counts.follows += 1;
                    return None;
                }
                counts.moved += 1;
                Some(Difference::Moved)
            }
        }
    }

    /// Adds an alert to its two groups, and the pairs that it makes.
    fn count(&mut self, g: AlertNumber, h: AlertNumber, counts: &mut Groups) {
        let cell = self.cells.entry((g, h)).or_default();
        let (in_both, is_new) = (*cell, *cell == 0);
        *cell += 1;
        for (side, group, pairs, several) in [
            (
                Side::Counting,
                g,
                &mut counts.pairs_split,
                &mut counts.groups_split,
            ),
            (
                Side::Beside,
                h,
                &mut counts.pairs_joined,
                &mut counts.groups_joined,
            ),
        ] {
            let seen = self.group(side, group);
            *pairs += seen.alerts - in_both;
            seen.alerts += 1;
            if is_new {
                seen.cells += 1;
                *several += u64::from(seen.cells == 2);
            }
        }
        counts.pairs_same += in_both;
    }
}

impl Put<'_> {
    fn says(&self) -> String {
        let Self { group, rule, opens } = self;
        let [name, says, _] = rule;
        match opens {
            None => format!("in group {group} by `{name}`: {says}"),
            Some(Standing::Open) => format!("opens group {group}, open, by `{name}`: {says}"),
            Some(Standing::Routine) => format!("opens group {group}, routine, by `{name}`: {says}"),
        }
    }
}

/// A link, whichever way it is written.
pub(super) type Pair = (AlertNumber, AlertNumber);

/// Compares what both link in one batch.
pub(super) fn links(
    counting: impl IntoIterator<Item = Pair>,
    candidate: impl IntoIterator<Item = Pair>,
    counts: &mut Groups,
) -> Vec<Found> {
    let set = |(a, b): Pair| (a.min(b), a.max(b));
    let counting: BTreeSet<Pair> = counting.into_iter().map(set).collect();
    let candidate: BTreeSet<Pair> = candidate.into_iter().map(set).collect();
    counts.links_same += counting.intersection(&candidate).count() as u64;
    let says = |(a, b): &Pair| format!("links groups {a} and {b}");
    let mut found = Vec::new();
    for pair in counting.difference(&candidate) {
        counts.links_missing += 1;
        found.push(Found {
            difference: Difference::LinkMissing,
            of: pair.1,
            counting: says(pair),
            candidate: String::new(),
        });
    }
    for pair in candidate.difference(&counting) {
        counts.links_added += 1;
        found.push(Found {
            difference: Difference::LinkAdded,
            of: pair.1,
            counting: String::new(),
            candidate: says(pair),
        });
    }
    found
}

/// Compares what both say of the same rows, so many of them.
pub(super) fn enrichments(
    rows: usize,
    counting: &[Enrichment],
    candidate: &[Enrichment],
    counts: &mut Enrichments,
) -> Vec<Found> {
    counts.rows += rows as u64;
    let same = |a: &Enrichment, b: &Enrichment| {
        (a.alert, a.kind, &a.text, a.repeats) == (b.alert, b.kind, &b.text, b.repeats)
            && a.citations == b.citations
    };
    let alike = |a: &Enrichment, b: &Enrichment| (a.alert, a.kind) == (b.alert, b.kind);
    let (counting, candidate, equal) = unmatched(
        counting.iter().collect(),
        candidate.iter().collect(),
        |e| (e.alert, e.kind),
        same,
    );
    counts.same += equal.len() as u64;
    let (missing, added, changed) = unmatched(counting, candidate, |e| (e.alert, e.kind), alike);
    counts.changed += changed.len() as u64;
    counts.missing += missing.len() as u64;
    counts.added += added.len() as u64;
    let says = |e: Option<&Enrichment>| {
        e.map_or_else(String::new, |e| {
            format!("{}: {}{}", word(e.kind), e.text, cites(&e.citations))
        })
    };
    let one = |difference, a: Option<&Enrichment>, b: Option<&Enrichment>| Found {
        difference,
        of: a.or(b).map_or(0, |e| e.alert),
        counting: says(a),
        candidate: says(b),
    };
    let changed = changed
        .into_iter()
        .map(|(a, b)| one(Difference::EnrichmentChanged, Some(a), Some(b)));
    let missing = missing
        .into_iter()
        .map(|e| one(Difference::EnrichmentMissing, Some(e), None));
    let added = added
        .into_iter()
        .map(|e| one(Difference::EnrichmentAdded, None, Some(e)));
    changed.chain(missing).chain(added).collect()
}

/// Compares two drafts of one case.
pub(super) fn drafts(
    case: AlertNumber,
    counting: &[Sentence],
    candidate: &[Sentence],
    counts: &mut Drafts,
) -> Vec<Found> {
    counts.drafts += 1;
    let key = |s: &&Sentence| (s.section, s.text.clone());
    let (counting, candidate, equal) = unmatched(
        counting.iter().collect(),
        candidate.iter().collect(),
        key,
        PartialEq::eq,
    );
    counts.same += equal.len() as u64;
    let alike = |a: &Sentence, b: &Sentence| (a.section, &a.text) == (b.section, &b.text);
    let (removed, added, other) = unmatched(counting, candidate, key, alike);
    counts.other_citations += other.len() as u64;
    counts.removed += removed.len() as u64;
    counts.added += added.len() as u64;
    if !(other.is_empty() && removed.is_empty() && added.is_empty()) {
        counts.differ += 1;
    }
    let says = |s: Option<&Sentence>| {
        s.map_or_else(String::new, |s| {
            format!("{}: {}{}", s.section.title(), s.text, cites(&s.citations))
        })
    };
    let one = |difference, a, b| Found {
        difference,
        of: case,
        counting: says(a),
        candidate: says(b),
    };
    let other = other
        .into_iter()
        .map(|(a, b)| one(Difference::OtherCitations, Some(a), Some(b)));
    let removed = removed
        .into_iter()
        .map(|s| one(Difference::SentenceRemoved, Some(s), None));
    let added = added
        .into_iter()
        .map(|s| one(Difference::SentenceAdded, None, Some(s)));
    other.chain(removed).chain(added).collect()
}

/// Takes pairs of one and the other out that match, each once, in their order: what is left of both,
/// and the pairs. Only what has the same key can match.
fn unmatched<'a, T, K: Ord>(
    a: Vec<&'a T>,
    b: Vec<&'a T>,
    key: impl Fn(&&'a T) -> K,
    is_match: impl Fn(&T, &T) -> bool,
) -> (Vec<&'a T>, Vec<&'a T>, Vec<(&'a T, &'a T)>) {
    let mut by_key: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    let mut others: Vec<Option<&'a T>> = b.into_iter().map(Some).collect();
    for (place, other) in others.iter().enumerate() {
        if let Some(other) = other {
            by_key.entry(key(other)).or_default().push(place);
        }
    }
    let (mut left, mut pairs) = (Vec::new(), Vec::new());
    for one in a {
        let places = by_key.get(&key(&one)).map_or(&[][..], Vec::as_slice);
        let matching = places.iter().copied().find(|place| {
            let other = others.get(*place).copied().flatten();
            other.is_some_and(|other| is_match(one, other))
        });
        match matching.and_then(|place| others.get_mut(place)?.take()) {
            Some(other) => pairs.push((one, other)),
            None => left.push(one),
        }
    }
    (left, others.into_iter().flatten().collect(), pairs)
}

fn cites(citations: &[Citation]) -> String {
    let Some(first) = citations.first() else {
        return " (cites nothing)".to_owned();
    };
    let more = match citations.len() {
        1 => String::new(),
        many => format!(" and {} more", many - 1),
    };
    let first = match &first.evidence {
        Evidence::Alert(number) => format!("alert {number}"),
        Evidence::Group(number) => format!("group {number}"),
        Evidence::Earlier(number) => format!("earlier group {number}"),
        Evidence::Asset(line) => format!("asset {line}"),
        Evidence::Fact(id) => format!("fact `{id}`"),
        Evidence::Enrichment(alert, place) => format!("enrichment {place} of alert {alert}"),
        Evidence::Gap(_) => "what is missing".to_owned(),
    };
    format!(" (cites {first}{more})")
}

/// The kind of an enrichment, in words.
const fn word(kind: Statement) -> &'static str {
    match kind {
        Statement::Asset => "asset",
        Statement::KnownGood => "known good",
        Statement::ExpiredKnownGood => "expired known good",
        Statement::Note => "note",
    }
}

/// Where a batch's alerts were put by the module that counts, by its rules.
pub(super) fn counting<'a>(
    placement: &Placement,
    rule: [&'a str; 3],
    standing: Standing,
) -> Put<'a> {
    Put {
        group: placement.group,
        rule,
        opens: (placement.alert == placement.group).then_some(standing),
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
