//! The checks of what a host made of a queue, against the truth about it.

use super::figures::{Figures, figures};
use super::{AlertTruth, Label, TenantTruth, Truth};
use casemate::model::{Standing, TenantId};
use std::collections::{BTreeMap, BTreeSet};

/// How many examples a failed check names.
const EXAMPLES: usize = 10;

/// What the host shows for a tenant.
#[derive(Clone, Debug)]
pub(crate) struct TenantSeen {
    pub(crate) tenant: TenantId,
    /// The alerts that are in a group, each with its group.
    pub(crate) alerts: Vec<AlertSeen>,
    pub(crate) groups: Vec<GroupSeen>,
    /// The source's own ids of the alerts that are in no group yet.
    pub(crate) waiting: Vec<String>,
    /// The source's own ids of the alerts that are marked known good.
    pub(crate) known_good: BTreeSet<String>,
    /// Second deliveries the host counted.
    pub(crate) duplicates: u64,
    /// Rejects it counted.
    pub(crate) rejects: u64,
    /// The sentences of the latest drafts.
    pub(crate) sentences: Vec<SentenceSeen>,
    pub(crate) cases: Vec<CaseSeen>,
}

/// One alert in a group.
#[derive(Clone, Debug)]
pub(crate) struct AlertSeen {
    /// The source's own id.
    pub(crate) uid: String,
    /// The group's id, as the host shows it; unique in its tenant.
    pub(crate) group: String,
}

/// One group.
#[derive(Clone, Debug)]
pub(crate) struct GroupSeen {
    pub(crate) id: String,
    pub(crate) standing: Standing,
    /// How many alerts the host says it holds.
    pub(crate) members: u64,
}

/// One sentence of a draft.
#[derive(Clone, Debug)]
pub(crate) struct SentenceSeen {
    pub(crate) text: String,
    /// Whether it rests on a record.
    pub(crate) cited: bool,
    /// Whether an analyst sees it marked as resting on none.
    pub(crate) shown_as_uncited: bool,
}

/// One case.
#[derive(Clone, Debug)]
pub(crate) struct CaseSeen {
    pub(crate) id: String,
    /// Its groups.
    pub(crate) groups: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Verdict {
    /// Whether every check passed.
    pub(crate) passed: bool,
    pub(crate) checks: Vec<Check>,
    pub(crate) figures: Figures,
}

/// One check.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Check {
    /// Short and stable.
    pub(crate) name: &'static str,
    pub(crate) passed: bool,
    /// How many things were looked at.
    pub(crate) of: u64,
    /// How many were wrong.
    pub(crate) wrong: u64,
    /// The first of them, each with its tenant.
    pub(crate) examples: Vec<String>,
}

/// One tenant, the truth beside what is seen.
pub(super) struct Pair<'a> {
    pub(super) truth: &'a TenantTruth,
    pub(super) seen: &'a TenantSeen,
    /// The ids of the alerts of each group.
    pub(super) members: BTreeMap<&'a str, Vec<&'a str>>,
    standing: BTreeMap<&'a str, Standing>,
}

impl<'a> Pair<'a> {
    fn new(truth: &'a TenantTruth, seen: &'a TenantSeen) -> Self {
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for alert in &seen.alerts {
            let of_group = members.entry(&alert.group).or_default();
            of_group.push(&alert.uid);
        }
        let standing = seen.groups.iter().map(|g| (g.id.as_str(), g.standing));
        Self {
            truth,
            seen,
            members,
            standing: standing.collect(),
        }
    }

    pub(super) fn is(&self, uid: &str) -> Option<&'a AlertTruth> {
        self.truth.alerts.get(uid)
    }

    pub(super) fn is_routine(&self, group: &str) -> bool {
        self.standing.get(group) == Some(&Standing::Routine)
    }

    fn new_alerts(&self) -> impl Iterator<Item = (&'a str, &'a AlertTruth)> {
        let all = self.truth.alerts.iter();
        all.filter(|(_, is)| is.label == Label::New)
            .map(|(uid, is)| (uid.as_str(), is))
    }

    /// Why a new alert does not catch an analyst's eye; none where it does. One that waits is seen
    /// to wait.
    pub(super) fn swallowed(&self, uid: &str, is: &AlertTruth) -> Option<String> {
        if self.seen.known_good.contains(uid) {
            return Some("is marked known good".to_owned());
        }
        for (group, members) in &self.members {
            if !members.contains(&uid) {
                continue;
            }
            if self.is_routine(group) {
                return Some(format!("is in routine group {group}"));
            }
            let other = members.iter().find(|other| {
                let other = self.is(other);
                !other.is_some_and(|o| o.label == Label::New && o.incident == is.incident)
            });
            if let Some(other) = other {
                return Some(format!("is in group {group} together with {other}"));
            }
        }
        None
    }
}

/// What is looked at and what is wrong with it.
#[derive(Default)]
struct Findings {
    of: u64,
    wrong: Vec<String>,
}

impl Findings {
    fn look(&mut self, tenant: &TenantId, wrong: Option<String>) {
        self.of += 1;
        if let Some(wrong) = wrong {
            self.wrong.push(format!("{tenant}: {wrong}"));
        }
    }

    fn named(self, name: &'static str) -> Check {
        Check {
            name,
            passed: self.wrong.is_empty(),
            of: self.of,
            wrong: self.wrong.len() as u64,
            examples: self.wrong.into_iter().take(EXAMPLES).collect(),
        }
    }
}

/// Compares what the host shows with what is true.
pub(crate) fn check(truth: &Truth, seen: &[TenantSeen]) -> Verdict {
    let mut tenants = Findings::default();
    for one in &truth.tenants {
        let times = seen.iter().filter(|s| s.tenant == one.tenant).count();
        let wrong = (times != 1).then(|| format!("is shown {times} times"));
        tenants.look(&one.tenant, wrong);
    }
    for one in seen {
        if !truth.tenants.iter().any(|t| t.tenant == one.tenant) {
            tenants.look(&one.tenant, Some("is no tenant of the queue".to_owned()));
        }
    }
    let pairs: Vec<Pair<'_>> = truth
        .tenants
        .iter()
        .filter_map(|truth| {
            let seen = seen.iter().find(|s| s.tenant == truth.tenant)?;
            Some(Pair::new(truth, seen))
        })
        .collect();
    let each = |name, look: fn(&Pair<'_>, &mut Findings)| {
        let mut findings = Findings::default();
        for pair in &pairs {
            look(pair, &mut findings);
        }
        findings.named(name)
    };
    let checks = vec![
        tenants.named("every-tenant-is-shown"),
        each("no-alert-is-lost", lost),
        each("each-alert-is-in-one-group", once),
        each("no-group-crosses-tenants", crossing),
        each("no-new-alert-is-swallowed", swallowed),
        each("nothing-else-is-known-good", known_good),
        misconfigured(truth, &pairs),
        each("no-uncited-sentence-is-unmarked", uncited),
        each("second-deliveries-are-counted", second),
        each("rejects-are-counted", rejects),
        each("each-open-group-is-in-one-case", cases),
    ];
    Verdict {
        passed: checks.iter().all(|c| c.passed),
        figures: figures(&pairs),
        checks,
    }
}

/// The sizes of the groups and what waits add up to the distinct alerts that were delivered, and
/// each of these is somewhere.
fn lost(pair: &Pair<'_>, findings: &mut Findings) {
    let grouped: u64 = pair.seen.groups.iter().map(|g| g.members).sum();
    let sum = grouped + pair.seen.waiting.len() as u64;
    let all = pair.truth.alerts.len() as u64;
    let tenant = &pair.truth.tenant;
    let wrong = (sum != all).then(|| format!("{sum} alerts in groups or waiting, {all} delivered"));
    findings.look(tenant, wrong);
    let grouped = pair.seen.alerts.iter().map(|a| &a.uid);
    let there: BTreeSet<&String> = grouped.chain(&pair.seen.waiting).collect();
    for uid in pair.truth.alerts.keys() {
        let wrong = !there.contains(uid);
        findings.look(tenant, wrong.then(|| format!("{uid} is nowhere")));
    }
}

/// No alert is in two groups or in one and waiting, and every group holds what it says it holds.
fn once(pair: &Pair<'_>, findings: &mut Findings) {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    let grouped = pair.seen.alerts.iter().map(|a| &a.uid);
    for uid in grouped.chain(&pair.seen.waiting) {
        *times.entry(uid).or_default() += 1;
    }
    let tenant = &pair.truth.tenant;
    for (uid, times) in times {
        let wrong = (times != 1).then(|| format!("{uid} is there {times} times"));
        findings.look(tenant, wrong);
    }
    let mut ids = BTreeSet::new();
    for group in &pair.seen.groups {
        let id = group.id.as_str();
        let holds = pair.members.get(id).map_or(0, Vec::len) as u64;
        let wrong = (holds != group.members)
            .then(|| format!("group {id} says {} and holds {holds}", group.members));
        findings.look(tenant, wrong);
        if !ids.insert(id) {
            findings.look(tenant, Some(format!("group {id} is there twice")));
        }
    }
    for id in pair.members.keys().filter(|id| !ids.contains(*id)) {
        findings.look(tenant, Some(format!("group {id} is not listed")));
    }
}

/// Nothing that is shown for a tenant came from another one.
fn crossing(pair: &Pair<'_>, findings: &mut Findings) {
    let grouped = pair.seen.alerts.iter().map(|a| (&a.uid, a.group.as_str()));
    let waiting = pair.seen.waiting.iter().map(|uid| (uid, "none"));
    for (uid, group) in grouped.chain(waiting) {
        let wrong = pair.is(uid).is_none();
        let wrong = wrong.then(|| format!("{uid} in group {group} is not this tenant's"));
        findings.look(&pair.truth.tenant, wrong);
    }
}

fn swallowed(pair: &Pair<'_>, findings: &mut Findings) {
    for (uid, is) in pair.new_alerts() {
        let wrong = pair.swallowed(uid, is).map(|why| format!("{uid} {why}"));
        findings.look(&pair.truth.tenant, wrong);
    }
}

/// What is marked known good is benign, and a fact that has not expired holds for it.
fn known_good(pair: &Pair<'_>, findings: &mut Findings) {
    for uid in &pair.seen.known_good {
        let fact = pair.is(uid).and_then(|is| is.fact.as_ref());
        let wrong = fact.is_none().then(|| format!("{uid} is known good"));
        findings.look(&pair.truth.tenant, wrong);
    }
}

/// The rule that somebody got wrong makes one group at every tenant, and so as many as there are
/// tenants.
fn misconfigured(truth: &Truth, pairs: &[Pair<'_>]) -> Check {
    let mut findings = Findings::default();
    for pair in pairs {
        let fires = |uid: &&str| {
            pair.is(uid)
                .is_some_and(|is| is.rule == truth.misconfigured_rule)
        };
        let groups = pair.members.values();
        let groups = groups.filter(|m| m.iter().any(&fires)).count();
        let wrong = (groups != 1).then(|| format!("{groups} groups of the misconfigured rule"));
        findings.look(&pair.truth.tenant, wrong);
    }
    findings.named("the-misconfigured-rule-makes-one-group-a-tenant")
}

fn uncited(pair: &Pair<'_>, findings: &mut Findings) {
    for sentence in &pair.seen.sentences {
        let wrong = !sentence.cited && !sentence.shown_as_uncited;
        let shown = || sentence.text.chars().take(80).collect::<String>();
        let wrong = wrong.then(|| format!("`{}` is not marked", shown()));
        findings.look(&pair.truth.tenant, wrong);
    }
}

fn second(pair: &Pair<'_>, findings: &mut Findings) {
    let (counted, sent) = (pair.seen.duplicates, pair.truth.second_deliveries);
    let wrong = (counted != sent).then(|| format!("{counted} counted, {sent} sent"));
    findings.look(&pair.truth.tenant, wrong);
}

fn rejects(pair: &Pair<'_>, findings: &mut Findings) {
    let (counted, sent) = (pair.seen.rejects, pair.truth.rejects);
    let wrong = (counted != sent).then(|| format!("{counted} counted, {sent} sent"));
    findings.look(&pair.truth.tenant, wrong);
}

/// Every open group is in one case, no group in two, and no case names a group there is not.
fn cases(pair: &Pair<'_>, findings: &mut Findings) {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    let tenant = &pair.truth.tenant;
    for case in &pair.seen.cases {
        for group in &case.groups {
            *times.entry(group).or_default() += 1;
            if !pair.standing.contains_key(group.as_str()) {
                let wrong = format!("case {} names group {group}, which is not", case.id);
                findings.look(tenant, Some(wrong));
            }
        }
    }
    for group in &pair.seen.groups {
        let times = times.get(group.id.as_str()).copied().unwrap_or(0);
        let right = match group.standing {
            Standing::Open => times == 1,
            Standing::Routine => times <= 1,
        };
        let wrong = (!right).then(|| format!("group {} is in {times} cases", group.id));
        findings.look(tenant, wrong);
    }
}
