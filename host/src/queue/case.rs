//! One case, with its groups, enrichments and draft.

use super::{covered, host, title};
use crate::model::{
    AlertNumber, Case, Citation, Draft, Enrichment, Evidence, Group, Holding, Instant, Rule,
    TenantId,
};
use crate::store::{StoreError, View};
use std::collections::{BTreeMap, BTreeSet};

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
