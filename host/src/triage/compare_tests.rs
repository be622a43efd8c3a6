use super::*;
use crate::model::{ModuleName, Section, Text};

fn put(alert: AlertNumber, group: AlertNumber) -> Put<'static> {
    Put {
        group,
        rule: ["rule", "says", ""],
        opens: (alert == group).then_some(Standing::Open),
    }
}

/// Alerts numbered from 1, with where each of the two put them, in batches of so many.
fn compared(groups: &[(AlertNumber, AlertNumber)], batch: usize) -> (Groups, Vec<Found>) {
    let both: Vec<Both<'_>> = (1..)
        .zip(groups)
        .map(|(alert, (g, h))| Both {
            alert,
            counting: put(alert, *g),
            candidate: put(alert, *h),
        })
        .collect();
    let (mut table, mut counts, mut found) = (Table::default(), Groups::default(), Vec::new());
    for batch in both.chunks(batch) {
        found.extend(table.compare(batch, &mut counts));
    }
    (counts, found)
}

/// Pairs in one group with both, with the first only, with the second only: counted one by one.
fn pairs(groups: &[(AlertNumber, AlertNumber)]) -> (u64, u64, u64) {
    let mut counts = (0, 0, 0);
    for (i, a) in groups.iter().enumerate() {
        for b in groups.iter().skip(i + 1) {
            match (a.0 == b.0, a.1 == b.1) {
                (true, true) => counts.0 += 1,
                (true, false) => counts.1 += 1,
                (false, true) => counts.2 += 1,
                (false, false) => (),
            }
        }
    }
    counts
}

#[test]
fn the_same_grouping_has_no_difference() {
    let (counts, found) = compared(&[(1, 1), (1, 1), (3, 3), (1, 1)], 2);
    assert_eq!(found, []);
    assert_eq!((counts.alerts, counts.same), (4, 4));
    assert_eq!((counts.opened, counts.opened_beside), (2, 2));
    assert_eq!(
        (counts.pairs_same, counts.pairs_split, counts.pairs_joined),
        (3, 0, 0)
    );
    assert_eq!((counts.groups_split, counts.groups_joined), (0, 0));
}

#[test]
fn one_wrong_opening_is_told_from_what_follows_of_it() {
    // The candidate puts alert 3 into group 1, and with it all that is like it.
    let (counts, found) = compared(&[(1, 1), (1, 1), (3, 1), (3, 1), (3, 1)], 2);
    assert_eq!((counts.joined, counts.follows, counts.same), (1, 2, 2));
    assert_eq!((counts.split, counts.moved), (0, 0));
    assert_eq!((counts.groups_split, counts.groups_joined), (0, 1));
    let said: Vec<_> = found.iter().map(|f| (f.difference, f.of)).collect();
    assert_eq!(said, [(Difference::Joined, 3)]);
    // And the other way round.
    let (counts, _) = compared(&[(1, 1), (1, 1), (1, 3), (1, 3), (1, 3)], 5);
    assert_eq!((counts.split, counts.follows, counts.same), (1, 2, 2));
    assert_eq!((counts.groups_split, counts.groups_joined), (1, 0));
    // Alert 4 is in another group though both opened 1 and 3 alike.
    let (counts, found) = compared(&[(1, 1), (1, 1), (3, 3), (1, 3)], 4);
    assert_eq!((counts.moved, counts.same), (1, 3));
    assert_eq!(found.len(), 1);
}

#[test]
fn another_rule_and_another_standing_are_differences_of_the_same_placement() {
    let mut both = [1, 2].map(|alert| Both {
        alert,
        counting: put(alert, 1),
        candidate: put(alert, 1),
    });
    both[0].candidate.opens = Some(Standing::Routine);
    both[1].candidate.rule = ["rule", "says more", ""];
    let mut counts = Groups::default();
    let found = Table::default().compare(&both, &mut counts);
    assert_eq!(
        (counts.same, counts.other_standing, counts.other_rule),
        (2, 1, 1)
    );
    let said: Vec<_> = found.iter().map(|f| f.difference).collect();
    assert_eq!(said, [Difference::OtherStanding, Difference::OtherRule]);
    assert!(found[0].candidate.contains("routine"), "{found:?}");
}

#[test]
fn pairs_are_those_of_the_two_partitions_however_they_are_cut() {
    let mut state = 7_u64;
    let mut pick = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    // Each opens a group or joins one that it opened before.
    let place = |opened: &mut Vec<AlertNumber>, pick: u64, alert| {
        let known = opened.get(pick as usize).copied();
        known.unwrap_or_else(|| {
            opened.push(alert);
            alert
        })
    };
    for _ in 0..300 {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let groups: Vec<_> = (1..=1 + pick(60))
            .map(|alert| {
                (
                    place(&mut first, pick(6), alert),
                    place(&mut second, pick(6), alert),
                )
            })
            .collect();
        let (counts, _) = compared(&groups, 1 + pick(20) as usize);
        let of = (counts.pairs_same, counts.pairs_split, counts.pairs_joined);
        assert_eq!(of, pairs(&groups));
        let placed = counts.same + counts.split + counts.joined + counts.follows + counts.moved;
        assert_eq!(placed, counts.alerts);
        let differ = groups.iter().filter(|(g, h)| g != h).count() as u64;
        assert_eq!(counts.alerts - counts.same, differ);
        let several = |side: fn(&(u64, u64)) -> (u64, u64)| {
            let pairs: BTreeSet<_> = groups.iter().map(side).collect();
            let mut of: BTreeMap<u64, u64> = BTreeMap::new();
            for (group, _) in pairs {
                *of.entry(group).or_default() += 1;
            }
            of.values().filter(|n| **n > 1).count() as u64
        };
        assert_eq!(counts.groups_split, several(|(g, h)| (*g, *h)));
        assert_eq!(counts.groups_joined, several(|(g, h)| (*h, *g)));
    }
}

#[test]
fn links_are_compared_whichever_way_they_are_written() {
    let mut counts = Groups::default();
    let found = links([(1, 2), (5, 3), (2, 1)], [(2, 1), (4, 3)], &mut counts);
    assert_eq!(
        (counts.links_same, counts.links_missing, counts.links_added),
        (1, 1, 1)
    );
    assert_eq!(found[0].counting, "links groups 3 and 5");
    assert_eq!(found[1].candidate, "links groups 3 and 4");
}

fn fact(alert: AlertNumber, kind: Statement, text: &str, cites: &[u32]) -> Enrichment {
    Enrichment {
        alert,
        group: 1,
        repeats: 1,
        kind,
        text: Text::capped(text, 99),
        module: ModuleName::parse("m").unwrap(),
        citations: cited(cites),
    }
}

fn cited(lines: &[u32]) -> Vec<Citation> {
    let one = |line: &u32| Citation {
        evidence: Evidence::Asset(*line),
        digest: crate::model::Digest::of(b""),
    };
    lines.iter().map(one).collect()
}

#[test]
fn enrichments_are_the_same_changed_added_or_missing() {
    use Statement::{Asset, Note};
    let counting = [
        fact(1, Asset, "a", &[1]),
        fact(1, Asset, "b", &[1]),
        fact(2, Asset, "c", &[1]),
        fact(3, Note, "d", &[1]),
        fact(4, Note, "twice", &[1]),
        fact(4, Note, "twice", &[1]),
    ];
    let candidate = [
        fact(1, Asset, "b", &[1]),
        fact(1, Asset, "a", &[2]),
        fact(2, Note, "c", &[1]),
        fact(3, Note, "d", &[1]),
        fact(4, Note, "twice", &[1]),
    ];
    let mut counts = Enrichments::default();
    let found = enrichments(4, &counting, &candidate, &mut counts);
    assert_eq!((counts.rows, counts.same, counts.changed), (4, 3, 1));
    // The asset of alert 2 became a note, and what was said twice of alert 4 is said once.
    assert_eq!((counts.added, counts.missing), (1, 2));
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].counting, "asset: a (cites asset 1)");
    assert_eq!(found[0].candidate, "asset: a (cites asset 2)");
}

#[test]
fn drafts_differ_by_sentences_and_by_what_they_cite() {
    let sentence = |text: &str, cites: &[u32]| Sentence {
        section: Section::WhatHappened,
        text: Text::capped(text, 99),
        citations: cited(cites),
    };
    let counting = [sentence("a", &[1]), sentence("b", &[1]), sentence("c", &[])];
    let candidate = [
        sentence("a", &[1]),
        sentence("b", &[]),
        sentence("d", &[1, 2]),
    ];
    let mut counts = Drafts::default();
    let found = drafts(7, &counting, &candidate, &mut counts);
    assert_eq!((counts.drafts, counts.differ, counts.same), (1, 1, 1));
    assert_eq!(
        (counts.other_citations, counts.removed, counts.added),
        (1, 1, 1)
    );
    assert!(found.iter().all(|f| f.of == 7));
    assert_eq!(
        found[2].candidate,
        "What happened: d (cites asset 1 and 1 more)"
    );
    drafts(8, &counting, &counting, &mut counts);
    assert_eq!((counts.drafts, counts.differ, counts.same), (2, 1, 4));
}
