//! What the analysts have in front of them: the queue of a tenant, and one case of it.

mod case;

use crate::model::{
    Alert, AlertNumber, Case, Enrichment, Field, Group, Instant, Severity, Standing, Statement,
    TenantId,
};
use crate::store::{GroupRow, Notice, StoreError, Stored, View};
use crate::triage::variant_of;
pub use case::{CaseFile, Gone, GroupFile, reason};
use std::collections::{BTreeMap, BTreeSet};

/// A tenant's queue. Nothing leaves it: what is known good or routine stands in the background,
/// counted, with its severity.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Queue {
    /// The tenant.
    pub tenant: TenantId,
    /// Alerts taken in.
    pub alerts: u64,
    /// Cases in the foreground: the most severe first, then those that have waited longest.
    pub cases: Vec<QueueRow>,
    /// Cases of which every alert is covered by a known-good fact of the tenant.
    pub known_good: Vec<QueueRow>,
    /// Groups that are routine by their rate, the most severe first.
    pub routine: Vec<RoutineRow>,
    /// Alerts that wait to be placed.
    pub waiting: u64,
    /// Alerts that were delivered more than once, byte for byte: how many times over.
    pub duplicates: u64,
    /// Alerts that were delivered again with other bytes: how many times.
    pub revisions: u64,
    /// Documents that were not taken.
    pub rejects: u64,
    /// Modules that did not do their work when they last should have, and why.
    pub notices: Vec<Notice>,
}

/// One case in the queue.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QueueRow {
    /// The case.
    pub case: AlertNumber,
    /// At first the highest of its alerts.
    pub assessed_severity: Severity,
    /// The title of the rule of its most severe group.
    pub title: String,
    /// The machines it is about, in the order of their names; else the addresses.
    pub hosts: Vec<String>,
    /// Its alerts.
    pub alerts: u64,
    /// Its groups.
    pub groups: u64,
    /// Its alerts that a known-good fact of the tenant covers.
    pub known_good: u64,
    /// Its first alert.
    pub first: Instant,
    /// Its last alert.
    pub last: Instant,
    /// The version of its draft; none where it has none of its present state.
    pub draft: Option<u32>,
    /// Sentences of the draft without a citation.
    pub uncited: u64,
}

/// One group in the background.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RoutineRow {
    /// The group.
    pub group: AlertNumber,
    /// The highest severity that the source gave one of its alerts.
    pub severity: Severity,
    /// The rule's title.
    pub title: String,
    /// The machine or address.
    pub host: String,
    /// Its alerts.
    pub alerts: u64,
    /// Its first alert.
    pub first: Instant,
    /// Its last alert.
    pub last: Instant,
}

impl Queue {
    /// The queue of a tenant at one moment.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(view: &View) -> Result<Self, StoreError> {
        let groups: BTreeMap<AlertNumber, GroupRow> = view
            .groups()?
            .into_iter()
            .map(|row| (row.group.number, row))
            .collect();
        let openers: Vec<AlertNumber> = groups.keys().copied().collect();
        let openers: BTreeMap<AlertNumber, Alert> = view
            .alerts_of(&openers)?
            .into_iter()
            .map(|s| (s.number, s.alert))
            .collect();
        let changed: BTreeSet<AlertNumber> = view.changed_cases()?.into_iter().collect();
        let (mut cases, mut known_good) = (Vec::new(), Vec::new());
        for case in view.cases()? {
            let row = row(
                view,
                &case,
                &groups,
                &openers,
                changed.contains(&case.number),
            )?;
            if row.known_good == row.alerts {
                known_good.push(row)
            } else {
                cases.push(row)
            }
        }
        for rows in [&mut cases, &mut known_good] {
            rows.sort_by_key(|row| {
                (
                    std::cmp::Reverse(row.assessed_severity),
                    row.first,
                    row.case,
                )
            });
        }
        let mut routine: Vec<RoutineRow> = groups
            .values()
            .filter(|row| row.group.standing == Standing::Routine)
            .map(|row| routine(&row.group, openers.get(&row.group.number)))
            .collect();
        routine.sort_by_key(|row| (std::cmp::Reverse(row.severity), row.first, row.group));
        let alerts = view.alert_count()?;
        Ok(Self {
            tenant: view.tenant().clone(),
            alerts,
            cases,
            known_good,
            routine,
            waiting: view.waiting_count()?,
            duplicates: view.duplicate_count()?,
            revisions: view.revision_count()?,
            rejects: view.reject_count()?,
            notices: view.notices()?,
        })
    }
}

impl QueueRow {
    /// One case as it stands in the queue; none where there is no such case.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(view: &View, case: AlertNumber) -> Result<Option<Self>, StoreError> {
        let Some(case) = view.case(case)? else {
            return Ok(None);
        };
        let (mut groups, mut openers) = (BTreeMap::new(), BTreeMap::new());
        for number in &case.groups {
            groups.extend(view.group(*number)?.map(|row| (*number, row)));
            let opener = view.alerts_of(&[*number])?.pop();
            openers.extend(opener.map(|stored| (*number, stored.alert)));
        }
        let changed = view.is_changed(case.number)?;
        row(view, &case, &groups, &openers, changed).map(Some)
    }
}

fn row(
    view: &View,
    case: &Case,
    groups: &BTreeMap<AlertNumber, GroupRow>,
    openers: &BTreeMap<AlertNumber, Alert>,
    changed: bool,
) -> Result<QueueRow, StoreError> {
    let members: Vec<&GroupRow> = case.groups.iter().filter_map(|g| groups.get(g)).collect();
    let mut known_good = 0;
    for row in &members {
        known_good += covered(row, &view.enrichments(row.group.number)?);
    }
    let worst = members
        .iter()
        .max_by_key(|row| (row.group.severity, std::cmp::Reverse(row.group.number)));
    let title = worst
        .and_then(|row| openers.get(&row.group.number))
        .map(title)
        .unwrap_or_default();
    let hosts: BTreeSet<String> = case
        .groups
        .iter()
        .filter_map(|g| openers.get(g))
        .map(host)
        .collect();
    let draft = if changed {
        None
    } else {
        view.draft(case.number)?
    };
    Ok(QueueRow {
        case: case.number,
        assessed_severity: case.assessed_severity,
        title,
        hosts: hosts.into_iter().collect(),
        alerts: members.iter().map(|row| row.group.count).sum(),
        groups: members.len() as u64,
        known_good,
        first: members
            .iter()
            .map(|row| row.group.first)
            .min()
            .unwrap_or_default(),
        last: members
            .iter()
            .map(|row| row.group.last)
            .max()
            .unwrap_or_default(),
        draft: draft.as_ref().map(|draft| draft.version),
        uncited: draft.map_or(0, |d| {
            d.sentences
                .iter()
                .filter(|s| s.citations.is_empty())
                .count() as u64
        }),
    })
}

fn routine(group: &Group, opener: Option<&Alert>) -> RoutineRow {
    RoutineRow {
        group: group.number,
        severity: group.severity,
        title: opener.map(title).unwrap_or_default(),
        host: opener.map(host).unwrap_or_default(),
        alerts: group.count,
        first: group.first,
        last: group.last,
    }
}

/// How many of a group's alerts a known-good fact covers, by what the host compared itself.
pub fn covered(row: &GroupRow, enrichments: &[Enrichment]) -> u64 {
    let by_variant = row.variants.iter().map(|variant| {
        let of_variant = enrichments
            .iter()
            .filter(|e| e.kind == Statement::KnownGood && e.alert == variant.alert);
        of_variant
            .map(|e| e.repeats)
            .max()
            .unwrap_or(0)
            .min(variant.count)
    });
    by_variant.sum()
}

/// The alerts of a group that a known-good fact covers, ascending.
///
/// # Errors
/// When the store cannot be read.
pub fn known_good(view: &View, row: &GroupRow) -> Result<Vec<AlertNumber>, StoreError> {
    let enrichments = view.enrichments(row.group.number)?;
    let holds = |e: &&Enrichment| e.kind == Statement::KnownGood;
    let by_alert: BTreeMap<AlertNumber, u64> = enrichments
        .iter()
        .filter(holds)
        .map(|e| (e.alert, e.repeats))
        .collect();
    let covered: BTreeSet<[u8; 16]> = row
        .variants
        .iter()
        .filter(|v| {
            by_alert
                .get(&v.alert)
                .is_some_and(|repeats| *repeats >= v.count)
        })
        .map(|v| v.digest)
        .collect();
    let members = view.alerts_of(&view.members(row.group.number)?)?;
    let is_covered =
        |s: &&Stored| by_alert.contains_key(&s.number) || covered.contains(&variant_of(&s.alert));
    Ok(members
        .iter()
        .filter(is_covered)
        .map(|s| s.number)
        .collect())
}

/// What an alert is called: its rule's title, else its rule's id.
pub fn title(alert: &Alert) -> String {
    alert
        .field(Field::RuleName)
        .or(alert.field(Field::RuleId))
        .unwrap_or_default()
        .to_owned()
}

/// What an alert is about: the machine's name or address, else where the traffic went.
pub fn host(alert: &Alert) -> String {
    let fields = [
        Field::HostName,
        Field::HostIp,
        Field::DestinationIp,
        Field::SourceIp,
    ];
    fields
        .iter()
        .find_map(|f| alert.field(*f))
        .unwrap_or("-")
        .to_owned()
}
