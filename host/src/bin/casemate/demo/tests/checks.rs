//! Each check fails on the error it is for, and on nothing else.

use super::super::check::{
    AlertSeen, CaseSeen, GroupSeen, SentenceSeen, TenantSeen, Verdict, check,
};
use super::*;
use casemate::model::Standing;

/// What a host that makes no mistake shows: each happening a group, what repeats by a fact known
/// good, each incident a case and each other group too.
fn perfect(truth: &Truth) -> Vec<TenantSeen> {
    truth.tenants.iter().map(one).collect()
}

fn one(truth: &TenantTruth) -> TenantSeen {
    let mut groups: BTreeMap<String, u64> = BTreeMap::new();
    let mut cases: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut alerts = Vec::new();
    let mut known_good = BTreeSet::new();
    for (uid, is) in &truth.alerts {
        let group = is.happening.clone();
        *groups.entry(group.clone()).or_default() += 1;
        let case = is.incident.clone().unwrap_or_else(|| group.clone());
        cases.entry(case).or_default().insert(group.clone());
        if is.fact.is_some() {
            known_good.insert(uid.clone());
        }
        alerts.push(AlertSeen {
            uid: uid.clone(),
            group,
        });
    }
    TenantSeen {
        tenant: truth.tenant.clone(),
        alerts,
        groups: groups
            .into_iter()
            .map(|(id, members)| GroupSeen {
                id,
                standing: Standing::Open,
                members,
            })
            .collect(),
        waiting: Vec::new(),
        known_good,
        duplicates: truth.second_deliveries,
        rejects: truth.rejects,
        sentences: vec![SentenceSeen {
            text: "Nobody knows why.".to_owned(),
            cited: false,
            shown_as_uncited: true,
        }],
        cases: cases
            .into_iter()
            .map(|(id, groups)| CaseSeen {
                id,
                groups: groups.into_iter().collect(),
            })
            .collect(),
    }
}

fn failed(verdict: &Verdict) -> Vec<&'static str> {
    let failed = verdict.checks.iter().filter(|c| !c.passed);
    failed.map(|c| c.name).collect()
}

/// The checks that fail once something is broken.
fn after(break_it: impl FnOnce(&Truth, &mut Vec<TenantSeen>)) -> Vec<&'static str> {
    let truth = generate(SEED).truth;
    let mut seen = perfect(&truth);
    break_it(&truth, &mut seen);
    let verdict = check(&truth, &seen);
    assert_eq!(verdict.passed, failed(&verdict).is_empty());
    failed(&verdict)
}

/// The first alert of a tenant that is so, and its place among the alerts shown.
fn find(truth: &Truth, seen: &[TenantSeen], is: impl Fn(&AlertTruth) -> bool) -> (usize, usize) {
    for (at, tenant) in truth.tenants.iter().enumerate() {
        let place = |a: &AlertSeen| is(&tenant.alerts[&a.uid]);
        if let Some(alert) = seen[at].alerts.iter().position(place) {
            return (at, alert);
        }
    }
    panic!("there is no such alert");
}

/// Moves an alert to the group of another one.
fn moved(seen: &mut TenantSeen, alert: usize, to: &str) {
    let from = std::mem::replace(&mut seen.alerts[alert].group, to.to_owned());
    for group in &mut seen.groups {
        group.members -= u64::from(group.id == from);
        group.members += u64::from(group.id == to);
    }
    seen.groups.retain(|g| g.members > 0);
    for case in &mut seen.cases {
        case.groups
            .retain(|g| seen.groups.iter().any(|s| s.id == *g));
    }
}

fn routine(seen: &mut TenantSeen, group: &str) {
    for one in seen.groups.iter_mut().filter(|g| g.id == group) {
        one.standing = Standing::Routine;
    }
}

fn is_new(is: &AlertTruth) -> bool {
    is.label == Label::New
}

#[test]
fn a_host_that_makes_no_mistake_passes() {
    for seed in seeds() {
        let truth = generate(seed).truth;
        let verdict = check(&truth, &perfect(&truth));
        assert_eq!(failed(&verdict), [""; 0]);
        let f = verdict.figures;
        assert_eq!(
            (f.alerts, f.impure_groups, f.split_happenings),
            (1_400, 0, 0)
        );
        assert_eq!(f.groups, f.ideal_groups);
        assert_eq!(f.joined_incidents, f.long_incidents);
        assert!((0.70..0.80).contains(&f.reduction), "{}", f.reduction);
        assert!(
            (0.80..0.90).contains(&f.front_reduction),
            "{}",
            f.front_reduction
        );
        assert!(f.gates.values().all(|(shown, of)| shown == of));
    }
}

#[test]
fn a_lost_alert_is_found() {
    let lost = after(|_, seen| {
        let alert = seen[0].alerts.pop().unwrap();
        moved_out(&mut seen[0], &alert.group);
    });
    assert!(lost.contains(&"no-alert-is-lost"), "{lost:?}");
    // Also where the numbers still add up.
    let swapped = after(|_, seen| {
        seen[0].alerts.pop();
        seen[0].waiting.push("made-up".to_owned());
    });
    assert!(swapped.contains(&"no-alert-is-lost"), "{swapped:?}");
}

fn moved_out(seen: &mut TenantSeen, group: &str) {
    for one in seen.groups.iter_mut().filter(|g| g.id == group) {
        one.members -= 1;
    }
}

#[test]
fn an_alert_that_waits_is_not_lost() {
    let waits = after(|truth, seen| {
        let (tenant, alert) = find(truth, seen, |is| is.label == Label::Duplicate);
        let tenant = &mut seen[tenant];
        let alert = tenant.alerts.remove(alert);
        moved_out(tenant, &alert.group);
        tenant.waiting.push(alert.uid);
    });
    assert_eq!(waits, [""; 0]);
}

#[test]
fn an_alert_in_two_groups_is_found() {
    let twice = after(|_, seen| {
        let alert = seen[0].alerts[0].clone();
        seen[0].waiting.push(alert.uid);
    });
    assert!(twice.contains(&"each-alert-is-in-one-group"), "{twice:?}");
    let wrong_size = after(|_, seen| {
        seen[0].groups[0].members += 1;
        seen[0].groups[1].members -= 1;
    });
    assert_eq!(wrong_size, ["each-alert-is-in-one-group"]);
    let unlisted = after(|_, seen| seen[0].alerts[0].group = "nowhere".to_owned());
    assert!(
        unlisted.contains(&"each-alert-is-in-one-group"),
        "{unlisted:?}"
    );
}

#[test]
fn a_group_across_tenants_is_found() {
    let crossed = after(|_, seen| {
        let foreign = seen[1].alerts[0].uid.clone();
        let group = seen[0].groups[0].id.clone();
        seen[0].groups[0].members += 1;
        seen[0].alerts.push(AlertSeen {
            uid: foreign,
            group,
        });
    });
    assert!(crossed.contains(&"no-group-crosses-tenants"), "{crossed:?}");
}

#[test]
fn a_swallowed_alert_is_found() {
    let in_noise = after(|truth, seen| {
        let (tenant, alert) = find(truth, seen, is_new);
        let noise = truth.tenants[tenant].alerts.values();
        let noise = noise.into_iter().find(|is| !is_new(is)).unwrap();
        moved(&mut seen[tenant], alert, &noise.happening);
    });
    assert_eq!(in_noise, ["no-new-alert-is-swallowed"]);
    let routine = after(|truth, seen| {
        let (tenant, alert) = find(truth, seen, is_new);
        let group = seen[tenant].alerts[alert].group.clone();
        routine(&mut seen[tenant], &group);
    });
    assert_eq!(routine, ["no-new-alert-is-swallowed"]);
    let known_good = after(|truth, seen| {
        let (tenant, alert) = find(truth, seen, is_new);
        let uid = seen[tenant].alerts[alert].uid.clone();
        seen[tenant].known_good.insert(uid);
    });
    let both = ["no-new-alert-is-swallowed", "nothing-else-is-known-good"];
    assert_eq!(known_good, both);
}

#[test]
fn steps_of_one_incident_may_share_a_group_and_those_of_two_may_not() {
    let join = |same: bool| {
        after(|truth, seen| {
            for (at, tenant) in truth.tenants.iter().enumerate() {
                let new = || tenant.alerts.iter().filter(|(_, is)| is_new(is));
                for (uid, is) in new() {
                    let other = new()
                        .find(|(other, o)| *other != uid && (o.incident == is.incident) == same);
                    if let Some((_, other)) = other {
                        let place = seen[at].alerts.iter().position(|a| a.uid == *uid);
                        return moved(&mut seen[at], place.unwrap(), &other.happening);
                    }
                }
            }
            panic!("there are no two such alerts");
        })
    };
    assert_eq!(join(true), [""; 0]);
    assert_eq!(join(false), ["no-new-alert-is-swallowed"]);
}

#[test]
fn a_mark_by_an_expired_fact_is_found() {
    let marked = after(|truth, seen| {
        let expired = |is: &AlertTruth| is.label == Label::Benign && is.fact.is_none();
        let (tenant, alert) = find(truth, seen, expired);
        let uid = seen[tenant].alerts[alert].uid.clone();
        seen[tenant].known_good.insert(uid);
    });
    assert_eq!(marked, ["nothing-else-is-known-good"]);
}

#[test]
fn a_misconfigured_rule_that_makes_two_groups_or_none_is_found() {
    let name = "the-misconfigured-rule-makes-one-group-a-tenant";
    let split = after(|truth, seen| {
        let (tenant, alert) = find(truth, seen, |is| is.rule == truth.misconfigured_rule);
        let tenant = &mut seen[tenant];
        tenant.groups.push(GroupSeen {
            id: "another".to_owned(),
            standing: Standing::Open,
            members: 0,
        });
        tenant.cases.push(CaseSeen {
            id: "another".to_owned(),
            groups: vec!["another".to_owned()],
        });
        moved(tenant, alert, "another");
    });
    assert_eq!(split, [name]);
    let none = after(|truth, seen| {
        let fires = |uid: &str| truth.tenants[0].alerts[uid].rule == truth.misconfigured_rule;
        seen[0].alerts.retain(|a| !fires(&a.uid));
    });
    assert!(none.contains(&name), "{none:?}");
}

#[test]
fn an_unmarked_sentence_without_citation_is_found() {
    let unmarked = after(|_, seen| seen[3].sentences[0].shown_as_uncited = false);
    assert_eq!(unmarked, ["no-uncited-sentence-is-unmarked"]);
}

#[test]
fn a_miscount_is_found() {
    let second = after(|_, seen| seen[5].duplicates += 1);
    assert_eq!(second, ["second-deliveries-are-counted"]);
    let rejects = after(|_, seen| seen[5].rejects += 1);
    assert_eq!(rejects, ["rejects-are-counted"]);
}

#[test]
fn an_open_group_without_a_case_or_in_two_is_found() {
    let name = "each-open-group-is-in-one-case";
    assert_eq!(after(|_, seen| drop(seen[2].cases.pop())), [name]);
    let twice = after(|_, seen| {
        let case = seen[2].cases[0].clone();
        seen[2].cases.push(case);
    });
    assert_eq!(twice, [name]);
    let made_up = after(|_, seen| seen[2].cases[0].groups.push("x".to_owned()));
    assert_eq!(made_up, [name]);
}

#[test]
fn a_routine_group_of_noise_needs_no_case() {
    let set_aside = after(|truth, seen| {
        let (tenant, alert) = find(truth, seen, |is| is.label == Label::Duplicate);
        let group = seen[tenant].alerts[alert].group.clone();
        routine(&mut seen[tenant], &group);
        for case in &mut seen[tenant].cases {
            case.groups.retain(|g| *g != group);
        }
    });
    assert_eq!(set_aside, [""; 0]);
}

#[test]
fn a_missing_or_foreign_tenant_is_found() {
    let missing = after(|_, seen| drop(seen.pop()));
    assert_eq!(missing, ["every-tenant-is-shown"]);
    let foreign = after(|_, seen| {
        let mut other = seen[0].clone();
        other.tenant = TenantId::parse("nobody").unwrap();
        seen.push(other);
    });
    assert_eq!(foreign, ["every-tenant-is-shown"]);
}
