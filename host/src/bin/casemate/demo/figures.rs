//! How good a queue's grouping is, in numbers; no check depends on them.

use super::check::Pair;
use super::{Gate, Label};
use std::collections::{BTreeMap, BTreeSet};

/// Counts, and shares from 0 to 1.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Figures {
    /// Distinct alerts delivered.
    pub(crate) alerts: usize,
    /// New ones among them.
    pub(crate) new_alerts: usize,
    /// Groups shown, open or routine.
    pub(crate) groups: usize,
    /// Groups if each happening were one.
    pub(crate) ideal_groups: usize,
    /// Groups that hold more than one happening.
    pub(crate) impure_groups: usize,
    /// Groups that hold one happening, of all groups.
    pub(crate) purity: f64,
    /// Happenings that are spread over several groups.
    pub(crate) split_happenings: usize,
    /// One less groups by alerts.
    pub(crate) reduction: f64,
    /// The same for perfect grouping.
    pub(crate) ideal_reduction: f64,
    /// Rows in front: open groups that hold anything which is not marked known good.
    pub(crate) front_groups: usize,
    /// One less rows in front by alerts.
    pub(crate) front_reduction: f64,
    /// Alerts in routine groups, of all alerts.
    pub(crate) routine_share: f64,
    /// Alerts marked known good, of all alerts.
    pub(crate) known_good_share: f64,
    /// The same if every fact that holds were seen.
    pub(crate) known_good_ideal_share: f64,
    /// Alerts that wait.
    pub(crate) waiting: usize,
    /// Cases shown.
    pub(crate) cases: usize,
    /// Incidents there are.
    pub(crate) incidents: usize,
    /// Incidents of several alerts whose alerts are all in one case.
    pub(crate) joined_incidents: usize,
    /// Incidents of several alerts.
    pub(crate) long_incidents: usize,
    /// By why a new alert is hard to see: how many are seen, and of how many.
    pub(crate) gates: BTreeMap<Gate, (usize, usize)>,
}

/// The figures of all tenants together.
pub(super) fn figures(pairs: &[Pair<'_>]) -> Figures {
    let mut counts = Counts::default();
    for pair in pairs {
        counts.add(pair);
        counts.incidents(pair);
    }
    let Counts {
        alerts,
        groups,
        ideal,
        impure,
        front,
        ..
    } = counts;
    Figures {
        alerts,
        new_alerts: counts.new,
        groups,
        ideal_groups: ideal,
        impure_groups: impure,
        purity: 1.0 - share(impure, groups),
        split_happenings: counts.split,
        reduction: 1.0 - share(groups, alerts),
        ideal_reduction: 1.0 - share(ideal, alerts),
        front_groups: front,
        front_reduction: 1.0 - share(front, alerts),
        routine_share: share(counts.routine, alerts),
        known_good_share: share(counts.known_good, alerts),
        known_good_ideal_share: share(counts.covered, alerts),
        waiting: counts.waiting,
        cases: counts.cases,
        incidents: counts.incidents,
        joined_incidents: counts.joined,
        long_incidents: counts.long,
        gates: counts.gates,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a night")]
fn share(part: usize, of: usize) -> f64 {
    if of == 0 {
        return 0.0;
    }
    part as f64 / of as f64
}

#[derive(Default)]
struct Counts {
    alerts: usize,
    new: usize,
    groups: usize,
    ideal: usize,
    impure: usize,
    split: usize,
    front: usize,
    routine: usize,
    known_good: usize,
    covered: usize,
    waiting: usize,
    cases: usize,
    incidents: usize,
    joined: usize,
    long: usize,
    gates: BTreeMap<Gate, (usize, usize)>,
}

impl Counts {
    fn add(&mut self, pair: &Pair<'_>) {
        let (truth, seen) = (pair.truth, pair.seen);
        self.alerts += truth.alerts.len();
        self.groups += seen.groups.len();
        self.waiting += seen.waiting.len();
        self.cases += seen.cases.len();
        let known_good = truth.alerts.keys().filter(|a| seen.known_good.contains(*a));
        self.known_good += known_good.count();
        for (uid, is) in &truth.alerts {
            self.covered += usize::from(is.fact.is_some());
            self.new += usize::from(is.label == Label::New);
            if let Some(gate) = is.gate {
                let (shown, of) = self.gates.entry(gate).or_default();
                *shown += usize::from(pair.swallowed(uid, is).is_none());
                *of += 1;
            }
        }
        let happenings: BTreeSet<&str> = truth
            .alerts
            .values()
            .map(|is| is.happening.as_str())
            .collect();
        self.ideal += happenings.len();
        let mut spread: BTreeMap<&str, usize> = BTreeMap::new();
        for (group, members) in &pair.members {
            let held: BTreeSet<&str> = members
                .iter()
                .filter_map(|uid| Some(pair.is(uid)?.happening.as_str()))
                .collect();
            self.impure += usize::from(held.len() > 1);
            for happening in held {
                *spread.entry(happening).or_default() += 1;
            }
            let background = members.iter().all(|uid| seen.known_good.contains(*uid));
            if pair.is_routine(group) {
                self.routine += members.len();
            } else if !background {
                self.front += 1;
            }
        }
        self.split += spread.values().filter(|groups| **groups > 1).count();
    }

    /// Which incidents are one case.
    fn incidents(&mut self, pair: &Pair<'_>) {
        let group: BTreeMap<&str, &str> = pair
            .members
            .iter()
            .flat_map(|(group, uids)| uids.iter().map(move |uid| (*uid, *group)))
            .collect();
        let case: BTreeMap<&str, &str> = pair
            .seen
            .cases
            .iter()
            .flat_map(|c| c.groups.iter().map(move |g| (g.as_str(), c.id.as_str())))
            .collect();
        let mut incidents: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
        for (uid, is) in &pair.truth.alerts {
            let Some(incident) = &is.incident else {
                continue;
            };
            let found = group.get(uid.as_str()).and_then(|g| case.get(g)).copied();
            incidents.entry(incident).or_default().push(found);
        }
        self.incidents += incidents.len();
        for cases in incidents.values().filter(|cases| cases.len() > 1) {
            self.long += 1;
            let first = cases.first().copied().flatten();
            self.joined += usize::from(first.is_some() && cases.iter().all(|c| *c == first));
        }
    }
}
