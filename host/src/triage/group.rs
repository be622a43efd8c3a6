//! Checks a grouper's answer, keeps what it says and forms cases.

use super::changed::Changed;
use super::compare::Put;
use super::fault::{self, AnswerFault};
use crate::model::{
    Alert, AlertNumber, Case, Digest, Field, Group, Link, ModuleName, Placement, Rule, Standing,
    Text,
};
use crate::sandbox::bindings::grouping::{self, Grouped};
use crate::store::{Change, GroupRow, Note, NotesOf, StoreError, Variant};
use std::collections::{BTreeMap, BTreeSet};

/// The most groups that links can join into one case. A link that would make a larger one is kept
/// out, and the groups stay cases of their own.
pub const MAX_GROUPS_PER_CASE: usize = 64;
const MAX_RULES: usize = 64;
const MAX_NOTE_KEY_BYTES: usize = 512;
const MAX_NOTE_BYTES: usize = 4_096;

/// An answer that holds: a partition of the batch.
pub(crate) struct Checked {
    rules: Vec<StatedRule>,
    /// In the order of the batch.
    placements: Vec<grouping::Placement>,
    openings: BTreeMap<AlertNumber, Standing>,
    links: Vec<grouping::Link>,
    notes: Vec<Note>,
}

struct StatedRule {
    name: Text,
    says: Text,
    unit: Text,
}

/// Checks an answer over the alerts of these numbers, which ascend. `standing` gives where a group
/// that exists already stands.
pub(super) fn check<E>(
    answer: Grouped,
    numbers: &[AlertNumber],
    has_memory: bool,
    standing: impl Fn(AlertNumber) -> Result<Option<Standing>, E>,
) -> Result<Result<Checked, AnswerFault>, E> {
    let mut known = BTreeMap::new();
    let named = answer
        .placements
        .iter()
        .map(|p| p.group)
        .chain(answer.links.iter().flat_map(|l| [l.a, l.b]));
    for group in named.collect::<BTreeSet<_>>() {
        if numbers.binary_search(&group).is_err()
            && let Some(standing) = standing(group)?
        {
            known.insert(group, standing);
        }
    }
    Ok(checked(answer, numbers, has_memory, &known))
}

fn checked(
    answer: Grouped,
    numbers: &[AlertNumber],
    has_memory: bool,
    known: &BTreeMap<AlertNumber, Standing>,
) -> Result<Checked, AnswerFault> {
    let rules = stated(&answer.rules)?;
    let rule = |index: u32| match rules.get(index as usize) {
        Some(_) => Ok(()),
        None => Err(AnswerFault::UnknownRule {
            index,
            rules: rules.len(),
        }),
    };
    fault::at_most("placements", answer.placements.len(), numbers.len())?;
    let mut placements = answer.placements;
    placements.sort_by_key(|p| p.alert);
    let opened: BTreeSet<AlertNumber> = placements
        .iter()
        .filter(|p| p.alert == p.group)
        .map(|p| p.alert)
        .collect();
    let mut wanted = numbers.iter().copied().peekable();
    let mut last = None;
    for p in &placements {
        if last == Some(p.alert) {
            return Err(AnswerFault::PlacedTwice { alert: p.alert });
        }
        last = Some(p.alert);
        match wanted.peek().copied() {
            Some(number) if number == p.alert => wanted.next(),
            Some(number) if number < p.alert => {
                return Err(AnswerFault::NotPlaced { alert: number });
            }
            _ => return Err(AnswerFault::UnknownAlert { alert: p.alert }),
        };
        let earlier = opened.contains(&p.group) && p.group <= p.alert;
        if !earlier && !known.contains_key(&p.group) {
            return Err(AnswerFault::UnknownGroup {
                alert: p.alert,
                group: p.group,
            });
        }
        rule(p.rule)?;
    }
    if let Some(alert) = wanted.next() {
        return Err(AnswerFault::NotPlaced { alert });
    }
    let mut openings = BTreeMap::new();
    for opening in &answer.openings {
        if !opened.contains(&opening.group) {
            return Err(AnswerFault::OpeningOfNone {
                group: opening.group,
            });
        }
        let standing = match opening.standing {
            grouping::Standing::Open => Standing::Open,
            grouping::Standing::Routine => Standing::Routine,
        };
        if openings.insert(opening.group, standing).is_some() {
            return Err(AnswerFault::OpenedTwice {
                group: opening.group,
            });
        }
    }
    if let Some(group) = opened.iter().find(|g| !openings.contains_key(g)) {
        return Err(AnswerFault::NoOpening { group: *group });
    }
    fault::at_most("links", answer.links.len(), numbers.len().saturating_mul(4))?;
    for link in &answer.links {
        rule(link.rule)?;
        if link.a == link.b {
            return Err(AnswerFault::LinkOfOneGroup { group: link.a });
        }
        for group in [link.a, link.b] {
            match openings.get(&group).or_else(|| known.get(&group)) {
                Some(Standing::Open) => (),
                Some(Standing::Routine) => return Err(AnswerFault::LinkOfRoutineGroup { group }),
                None => return Err(AnswerFault::LinkOfUnknownGroup { group }),
            }
        }
    }
    let notes = notes(answer.notes, numbers.len(), has_memory)?;
    Ok(Checked {
        rules,
        placements,
        openings,
        links: answer.links,
        notes,
    })
}

fn stated(rules: &[grouping::Rule]) -> Result<Vec<StatedRule>, AnswerFault> {
    fault::at_most("rules", rules.len(), MAX_RULES)?;
    let one = |rule: &grouping::Rule| {
        let unit = if rule.unit.is_empty() {
            Text::default()
        } else {
            fault::text("a rule's unit", &rule.unit, 64)?
        };
        Ok(StatedRule {
            name: fault::text("a rule's name", &rule.name, 64)?,
            says: fault::text("a rule's predicate", &rule.says, 200)?,
            unit,
        })
    };
    rules.iter().map(one).collect()
}

fn notes(
    notes: Vec<crate::sandbox::bindings::memory::Note>,
    alerts: usize,
    has_memory: bool,
) -> Result<Vec<Note>, AnswerFault> {
    if !has_memory && !notes.is_empty() {
        return Err(AnswerFault::NotesWithoutMemory { notes: notes.len() });
    }
    fault::at_most(
        "notes",
        notes.len(),
        alerts.saturating_mul(8).saturating_add(256),
    )?;
    let one = |note: crate::sandbox::bindings::memory::Note| {
        if note.key.is_empty() || note.key.len() > MAX_NOTE_KEY_BYTES {
            let bytes = note.key.len();
            return Err(AnswerFault::TextLength {
                what: "a note's key",
                bytes,
                most: MAX_NOTE_KEY_BYTES,
            });
        }
        fault::at_most("bytes in a note", note.value.len(), MAX_NOTE_BYTES)?;
        Ok(Note {
            key: note.key,
            value: note.value,
            freshness: note.freshness,
        })
    };
    notes.into_iter().map(one).collect()
}

impl Checked {
    /// Checks an answer, as [`check`], where nothing has to be read for it.
    pub(crate) fn of(
        answer: Grouped,
        numbers: &[AlertNumber],
        has_memory: bool,
        standing: impl Fn(AlertNumber) -> Option<Standing>,
    ) -> Result<Self, AnswerFault> {
        let standing = |group| Ok::<_, std::convert::Infallible>(standing(group));
        match check(answer, numbers, has_memory, standing) {
            Ok(checked) => checked,
        }
    }

    /// Each alert and its group, in the order of the batch.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (AlertNumber, AlertNumber)> {
        self.placements.iter().map(|p| (p.alert, p.group))
    }

    /// The groups it opens, and where each stands.
    pub(crate) fn openings(&self) -> impl Iterator<Item = (AlertNumber, Standing)> {
        self.openings
            .iter()
            .map(|(group, standing)| (*group, *standing))
    }

    /// Each alert and where it was put, in the order of the batch.
    pub(super) fn puts(&self) -> impl Iterator<Item = (AlertNumber, Put<'_>)> {
        let rule = |index: u32| self.rules.get(index as usize);
        let put = move |p: &grouping::Placement| Put {
            group: p.group,
            rule: rule(p.rule).map_or([""; 3], |r| [&r.name, &r.says, &r.unit].map(Text::as_str)),
            opens: self.openings.get(&p.alert).copied(),
        };
        self.placements.iter().map(move |p| (p.alert, put(p)))
    }

    /// The groups that it links.
    pub(super) fn linked(&self) -> impl Iterator<Item = (AlertNumber, AlertNumber)> {
        self.links.iter().map(|link| (link.a, link.b))
    }

    /// What the module wants remembered.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// A placement by the host itself: the alert stands alone, because no module placed it.
    pub(super) fn alone(alert: AlertNumber) -> Self {
        let says = "the grouper failed on it, so it stands alone";
        let rule = StatedRule {
            name: Text::capped("grouper-failed", 64),
            says: Text::capped(says, 200),
            unit: Text::default(),
        };
        Self {
            rules: vec![rule],
            placements: vec![grouping::Placement {
                alert,
                group: alert,
                rule: 0,
                measured: 0,
                bound: 0,
            }],
            openings: BTreeMap::from([(alert, Standing::Open)]),
            links: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Keeps it: placements, groups, cases and notes. `alerts` are those of the batch, in its order.
    /// Gives what that changes once it is committed.
    pub(super) fn keep(
        self,
        change: &mut Change,
        module: &ModuleName,
        digest: Digest,
        alerts: &[(AlertNumber, &Alert)],
    ) -> Result<Changed, StoreError> {
        let mut changed = Changed::default();
        let mut keys = Vec::with_capacity(self.rules.len());
        for rule in self.rules {
            let StatedRule { name, says, unit } = rule;
            keys.push(change.rule_key(&Rule {
                module: module.clone(),
                digest,
                name,
                says,
                unit,
            })?);
        }
        let key = |index: u32| keys.get(index as usize).copied().unwrap_or(0);
        let mut groups: BTreeMap<AlertNumber, GroupRow> = BTreeMap::new();
        let mut placements = Vec::with_capacity(self.placements.len());
        for (p, (number, alert)) in self.placements.iter().zip(alerts) {
            let row = match groups.entry(p.group) {
                std::collections::btree_map::Entry::Occupied(row) => row.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    let row = match change.group(p.group)? {
                        Some(row) => row,
                        None => {
                            change.put_similar(p.group, &properties(alert))?;
                            let standing = self
                                .openings
                                .get(&p.group)
                                .copied()
                                .unwrap_or(Standing::Open);
                            opened(p.group, standing, alert)
                        }
                    };
                    place.insert(row)
                }
            };
            add(row, *number, alert);
            placements.push(Placement {
                alert: p.alert,
                group: p.group,
                rule: key(p.rule),
                measured: p.measured,
                bound: p.bound,
            });
        }
        change.place(&placements)?;
        for row in groups.values() {
            change.put_group(row)?;
        }
        for row in groups
            .values()
            .filter(|row| row.group.standing == Standing::Open)
        {
            touch_case(change, row, &mut changed)?;
        }
        for link in &self.links {
            let link = Link {
                a: link.a,
                b: link.b,
                rule: key(link.rule),
                measured: link.measured,
                bound: link.bound,
            };
            join(change, link, &mut changed)?;
        }
        change.keep_notes(NotesOf::Counting(module), &self.notes)?;
        changed.placements = placements;
        Ok(changed)
    }
}

fn opened(number: AlertNumber, standing: Standing, alert: &Alert) -> GroupRow {
    GroupRow {
        group: Group {
            number,
            standing,
            count: 0,
            first: alert.time,
            last: alert.time,
            severity: alert.severity,
        },
        variants: Vec::new(),
        beyond: 0,
    }
}

fn add(row: &mut GroupRow, number: AlertNumber, alert: &Alert) {
    let group = &mut row.group;
    group.count += 1;
    group.first = group.first.min(alert.time);
    group.last = group.last.max(alert.time);
    group.severity = group.severity.max(alert.severity);
    let digest = variant(alert);
    if let Some(same) = row.variants.iter_mut().find(|v| v.digest == digest) {
        same.count += 1;
    } else if row.variants.len() < GroupRow::MAX_VARIANTS {
        row.variants.push(Variant {
            digest,
            alert: number,
            count: 1,
        });
    } else {
        row.beyond += 1;
    }
}

/// The fields that change from one repeat of an alert to the next and are left out of a variant.
pub(super) const OUT_OF_VARIANT: [Field; 3] =
    [Field::Message, Field::SourcePort, Field::DestinationPort];

/// Tells apart the combinations of fields in a group.
pub(crate) fn variant(alert: &Alert) -> [u8; 16] {
    let mut parts: Vec<&[u8]> = vec![alert.severity.word().as_bytes()];
    for (field, value) in alert
        .fields
        .iter()
        .filter(|(f, _)| !OUT_OF_VARIANT.contains(f))
    {
        parts.push(field.name().as_bytes());
        parts.push(value.as_str().as_bytes());
    }
    crate::store::short(&Digest::of_parts(&parts))
}

/// What two groups can have in common, the most telling first: the phrase and the fields.
pub(super) const SHARED: &[(&str, &[Field])] = &[
    ("same command line", &[Field::ProcessCommandLine]),
    ("same file hash", &[Field::FileHash]),
    ("same process hash", &[Field::ProcessHash]),
    (
        "same rule on the same host",
        &[Field::RuleId, Field::HostName],
    ),
    (
        "same rule to the same address",
        &[Field::RuleId, Field::DestinationIp],
    ),
    ("same domain", &[Field::Domain]),
    ("same source address", &[Field::SourceIp]),
    (
        "same user on the same host",
        &[Field::UserName, Field::HostName],
    ),
    ("same rule", &[Field::RuleId]),
];

/// The property of that place in [`SHARED`], if the alert has all its fields.
pub(super) fn property(place: usize, alert: &Alert) -> Option<[u8; 16]> {
    let (phrase, fields) = SHARED.get(place)?;
    let mut parts: Vec<&[u8]> = vec![phrase.as_bytes()];
    for field in *fields {
        parts.push(alert.field(*field)?.as_bytes());
    }
    Some(crate::store::short(&Digest::of_parts(&parts)))
}

fn properties(alert: &Alert) -> Vec<[u8; 16]> {
    (0..SHARED.len())
        .filter_map(|place| property(place, alert))
        .collect()
}

/// A group in the foreground is in a case: at first in one of its own.
fn touch_case(
    change: &mut Change,
    row: &GroupRow,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let number = row.group.number;
    let case = match change.case_of(number)? {
        Some(case) => change.case(case)?,
        None => None,
    };
    let case = match case {
        Some(mut case) => {
            case.assessed_severity = case.assessed_severity.max(row.group.severity);
            case
        }
        None => Case {
            number,
            groups: vec![number],
            links: Vec::new(),
            assessed_severity: row.group.severity,
        },
    };
    changed.cases.insert(case.number);
    change.put_case(&case)
}

/// Joins the cases of two groups, where the whole stays within its bound.
fn join(change: &mut Change, link: Link, changed: &mut Changed) -> Result<(), StoreError> {
    let (Some(a), Some(b)) = (change.case_of(link.a)?, change.case_of(link.b)?) else {
        return Ok(());
    };
    if a == b {
        return Ok(());
    }
    let (Some(keep), Some(give)) = (change.case(a.min(b))?, change.case(a.max(b))?) else {
        return Ok(());
    };
    if keep.groups.len() + give.groups.len() > MAX_GROUPS_PER_CASE {
        return Ok(());
    }
    let mut groups = keep.groups;
    groups.extend(give.groups);
    groups.sort_unstable();
    let mut links = keep.links;
    links.extend(give.links);
    links.push(link);
    let assessed_severity = keep.assessed_severity.max(give.assessed_severity);
    change.remove_case(give.number)?;
    changed.join(give.number, keep.number);
    change.put_case(&Case {
        number: keep.number,
        groups,
        links,
        assessed_severity,
    })
}
