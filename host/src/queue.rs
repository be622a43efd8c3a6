//! What the analysts have in front of them: the queue of a tenant, and one case of it.

use crate::model::{
    Alert, AlertNumber, Case, Citation, Draft, Enrichment, Evidence, Field, Group, Holding,
    Instant, Rule, Severity, Standing, Statement, TenantId,
};
use crate::store::{GroupRow, Notice, StoreError, Stored, View};
use crate::triage::variant_of;
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
            waiting: alerts - view.placed_through()?,
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

/// One case with all that is held of it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CaseFile {
    /// The tenant.
    pub tenant: TenantId,
    /// The case.
    pub case: Case,
    /// Its groups by the time of their first alert.
    pub groups: Vec<GroupFile>,
    /// The latest draft; it may be of an earlier state, see `changed_since`.
    pub draft: Option<Draft>,
    /// Whether the case has changed since it was drafted.
    pub changed_since: bool,
    /// The rules that the links of the case name.
    pub link_rules: BTreeMap<u32, Rule>,
    /// What of it is not held any more because its time was over.
    pub deleted: Vec<Gone>,
}

/// Something that was deleted because its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Gone {
    /// What.
    pub what: Holding,
    /// The alert's number, the group's or the case's.
    pub number: u64,
    /// When it was deleted.
    pub on: Instant,
    /// The entry of the trail that says so.
    pub entry: u64,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on = self.on.to_string();
        let day = on.split('T').next().unwrap_or_default();
        write!(f, "deleted by retention on {day}, entry {}", self.entry)
    }
}

/// One group of a case.
#[derive(Clone, Debug, serde::Serialize)]
pub struct GroupFile {
    /// The group.
    pub group: Group,
    /// The title of its rule.
    pub title: String,
    /// What it is about.
    pub host: String,
    /// Why its first and last alert were placed in it, in words.
    pub placed: Vec<String>,
    /// How many of its alerts a known-good fact covers.
    pub known_good: u64,
    /// What was added to it.
    pub enrichments: Vec<Enrichment>,
}

impl CaseFile {
    /// The file of a case; of the case that a group is in now, where the number is that of another
    /// of its groups; none where there is neither.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(view: &View, number: AlertNumber) -> Result<Option<Self>, StoreError> {
        let Some(number) = view.case_of(number)? else {
            return Ok(None);
        };
        let Some(case) = view.case(number)? else {
            return Ok(None);
        };
        let mut groups = Vec::with_capacity(case.groups.len());
        for group in &case.groups {
            let Some(row) = view.group(*group)? else {
                continue;
            };
            let opener = view
                .alerts_of(&[*group])?
                .into_iter()
                .next()
                .map(|s| s.alert);
            let enrichments = view.enrichments(*group)?;
            groups.push(GroupFile {
                title: opener.as_ref().map(title).unwrap_or_default(),
                host: opener.as_ref().map(host).unwrap_or_default(),
                placed: placed(view, *group)?,
                known_good: covered(&row, &enrichments),
                group: row.group,
                enrichments,
            });
        }
        groups.sort_by_key(|g| (g.group.first, g.group.number));
        let mut link_rules = BTreeMap::new();
        for link in &case.links {
            if let Some(rule) = view.rule(link.rule)? {
                link_rules.insert(link.rule, rule);
            }
        }
        let changed_since = view.changed_cases()?.contains(&case.number);
        let mut file = Self {
            tenant: view.tenant().clone(),
            draft: view.draft(case.number)?,
            case,
            groups,
            changed_since,
            link_rules,
            deleted: Vec::new(),
        };
        file.deleted = file.gone(view)?;
        Ok(Some(file))
    }

    /// What of the case is not held any more: documents of its groups' first alerts and of those that
    /// are cited, enrichments, the draft.
    fn gone(&self, view: &View) -> Result<Vec<Gone>, StoreError> {
        if view.deletions()?.is_empty() {
            return Ok(Vec::new());
        }
        let mut looked_at = BTreeSet::new();
        for group in &self.groups {
            let number = group.group.number;
            if view.bytes(number)?.is_none() {
                looked_at.insert((Holding::Documents, number));
            }
            looked_at.insert((Holding::Enrichments, number));
        }
        for citation in self.cited() {
            if let Evidence::Alert(number) = citation.evidence
                && view.bytes(number)?.is_none()
            {
                looked_at.insert((Holding::Documents, number));
            }
        }
        if self.draft.is_none() {
            looked_at.insert((Holding::Drafts, self.case.number));
        }
        let mut gone = Vec::new();
        for (what, number) in looked_at {
            if let Some((entry, deletion)) = view.deleted(what, number)? {
                gone.push(Gone {
                    what,
                    number,
                    on: deletion.at,
                    entry,
                });
            }
        }
        Ok(gone)
    }

    /// Every record that the draft or an enrichment cites, each once.
    pub fn cited(&self) -> BTreeSet<&Citation> {
        let of_draft = self
            .draft
            .iter()
            .flat_map(|d| &d.sentences)
            .flat_map(|s| &s.citations);
        let of_groups = self
            .groups
            .iter()
            .flat_map(|g| &g.enrichments)
            .flat_map(|e| &e.citations);
        of_draft.chain(of_groups).collect()
    }
}

/// Why a group's first and last alert stand in it.
fn placed(view: &View, group: AlertNumber) -> Result<Vec<String>, StoreError> {
    let members = view.members(group)?;
    let mut said = Vec::new();
    for alert in members
        .first()
        .into_iter()
        .chain(members.last().filter(|_| members.len() > 1))
    {
        for placement in view.placements(*alert, *alert)? {
            if let Some(rule) = view.rule(placement.rule)? {
                said.push(format!(
                    "alert {alert}: {}",
                    reason(&rule, placement.measured, placement.bound)
                ));
            }
        }
    }
    Ok(said)
}

/// A rule with the numbers it compared, as a phrase.
pub fn reason(rule: &Rule, measured: i64, bound: i64) -> String {
    if rule.unit.is_empty() {
        format!("{} [{}]", rule.says, rule.name)
    } else {
        format!(
            "{} [{}: measured {measured}, bound {bound}; {}]",
            rule.says, rule.name, rule.unit
        )
    }
}
