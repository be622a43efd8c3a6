//! What every queue holds, whatever its seed.

mod checks;

use super::queue::generate;
use super::templates::{ALL, Machine};
use super::*;
use casemate::boundary::{Boundary, HostNames, Roster};
use casemate::knowledge::{Assets, KnownGood};
use casemate::model::{Alert, Field, Instant};
use casemate::triage::intake::{self, Document};
use std::collections::{BTreeMap, BTreeSet};

/// The distinct alerts of a tenant in their order of arrival, how many came again, and the rejects.
fn taken(tenant: &Tenant) -> (Vec<Alert>, u64, u64) {
    let mut alerts: BTreeMap<String, Alert> = BTreeMap::new();
    let (mut again, mut rejects) = (0, 0);
    let mut order = Vec::new();
    for document in intake::documents(tenant.lines.as_slice(), intake::From::Auto) {
        match document.unwrap() {
            Document::Alert(taken) => {
                let uid = taken.alert.own_id();
                if let Some(first) = alerts.get(&uid) {
                    assert_eq!(first.digest, taken.alert.digest, "{uid}");
                    again += 1;
                } else {
                    order.push(uid.clone());
                    alerts.insert(uid, taken.alert);
                }
            }
            Document::Reject(_) => rejects += 1,
        }
    }
    let alerts = order.iter().map(|uid| alerts[uid].clone()).collect();
    (alerts, again, rejects)
}

/// Twenty, the one that is shown, and one where a tenant has a single alert left to fill.
fn seeds() -> impl Iterator<Item = u64> {
    (0..20).chain([SEED, 222])
}

#[test]
fn a_queue_is_the_same_for_the_same_seed() {
    let (a, b) = (generate(SEED), generate(SEED));
    assert_eq!(a.truth, b.truth);
    for (a, b) in a.tenants.iter().zip(&b.tenants) {
        assert_eq!(a.lines, b.lines);
        assert_eq!(a.assets_csv, b.assets_csv);
        assert_eq!(a.known_good_toml, b.known_good_toml);
        assert_eq!(a.boundary_toml, b.boundary_toml);
    }
    assert_ne!(generate(SEED + 1).truth, a.truth);
}

#[test]
fn the_truth_survives_being_written_and_read() {
    let truth = generate(SEED).truth;
    let text = serde_json::to_string(&truth).unwrap();
    assert_eq!(serde_json::from_str::<Truth>(&text).unwrap(), truth);
}

#[test]
fn a_queue_has_its_fourteen_hundred_alerts_of_forty_tenants() {
    for seed in seeds() {
        let truth = generate(seed).truth;
        let sizes: Vec<usize> = truth.tenants.iter().map(|t| t.alerts.len()).collect();
        assert_eq!(sizes.len(), 40, "{seed}");
        assert_eq!(sizes.iter().sum::<usize>(), 1_400, "{seed}");
        assert_eq!(sizes.iter().max(), Some(&230), "{seed}");
        assert_eq!(sizes.iter().min(), Some(&12), "{seed}");
        let alerts = || truth.tenants.iter().flat_map(|t| t.alerts.iter());
        let uids: BTreeSet<&String> = alerts().map(|(uid, _)| uid).collect();
        assert_eq!(uids.len(), 1_400, "{seed}");
        let of = |label| alerts().filter(|(_, is)| is.label == label).count();
        assert!((138..=142).contains(&of(Label::New)), "{seed}");
        assert!(of(Label::Benign) > 400, "{seed}");
        assert!(of(Label::Duplicate) > 300, "{seed}");
        let second: u64 = truth.tenants.iter().map(|t| t.second_deliveries).sum();
        let rejects: u64 = truth.tenants.iter().map(|t| t.rejects).sum();
        assert_eq!((second, rejects), (42, 9), "{seed}");
        let mut at: BTreeMap<&str, BTreeSet<&TenantId>> = BTreeMap::new();
        for tenant in &truth.tenants {
            for is in tenant.alerts.values() {
                at.entry(&is.rule).or_default().insert(&tenant.tenant);
            }
        }
        assert_eq!(at.len(), ALL.len(), "{seed}");
        let shared = at.values().filter(|tenants| tenants.len() > 1).count();
        assert_eq!(shared, 52, "{seed}");
        assert_eq!(at[truth.misconfigured_rule.as_str()].len(), 40, "{seed}");
    }
}

#[test]
fn intake_takes_every_line_as_the_truth_says() {
    for seed in seeds() {
        let queue = generate(seed);
        let mut products = BTreeSet::new();
        for (tenant, truth) in queue.tenants.iter().zip(&queue.truth.tenants) {
            assert_eq!(tenant.id, truth.tenant);
            let (alerts, again, rejects) = taken(tenant);
            assert_eq!(again, truth.second_deliveries, "{seed} {}", tenant.id);
            assert_eq!(rejects, truth.rejects, "{seed} {}", tenant.id);
            let uids: BTreeSet<String> = alerts.iter().map(Alert::own_id).collect();
            assert!(uids.iter().eq(truth.alerts.keys()), "{seed} {}", tenant.id);
            let mut latest = BEGIN;
            for alert in &alerts {
                let time = alert.time.millis();
                assert!((BEGIN..END).contains(&time), "{seed} {}", alert.time);
                assert!(time > latest - 4_001, "{seed}: out of order");
                latest = latest.max(time);
                products.insert(alert.identity.product.as_str().to_owned());
                for field in [
                    Field::RuleTechnique,
                    Field::HostName,
                    Field::HostIp,
                    Field::UserName,
                    Field::ProcessHash,
                    Field::ProcessCommandLine,
                    Field::ProcessParent,
                ] {
                    assert!(alert.field(field).is_some(), "{field}");
                }
                let command = alert.field(Field::ProcessCommandLine).unwrap();
                assert!(!command.contains(['{', '}']), "{command}");
            }
        }
        let sensors = [Machine::Workstation, Machine::Server, Machine::Linux];
        assert!(sensors.iter().all(|s| products.contains(s.product())));
        assert_eq!(products.len(), 3);
    }
}

#[test]
fn known_good_facts_hold_for_what_the_truth_says_and_for_nothing_else() {
    for seed in seeds() {
        let queue = generate(seed);
        let (mut expired, mut missed) = (0, 0);
        for (tenant, truth) in queue.tenants.iter().zip(&queue.truth.tenants) {
            let facts = KnownGood::parse(&tenant.known_good_toml).unwrap();
            let begin = Instant::from_millis(BEGIN);
            expired += facts.iter().filter(|f| f.expires() <= begin).count();
            for alert in taken(tenant).0 {
                let is = &truth.alerts[&alert.own_id()];
                let rule = alert.field(Field::RuleId).unwrap();
                assert_eq!(rule, is.rule);
                let of_rule = || facts.facts_for(rule);
                let holding: Vec<&str> = of_rule()
                    .filter(|f| f.holds_for(|field| alert.field(field), alert.time))
                    .map(|f| f.id().as_str())
                    .collect();
                assert!(holding.iter().copied().eq(is.fact.as_deref()), "{seed}");
                let once = of_rule().any(|f| f.conditions_hold(|field| alert.field(field)));
                assert_eq!(once, is.label == Label::Benign, "{seed} {alert:?}");
                missed += usize::from(once && holding.is_empty());
            }
        }
        assert_eq!(expired, 4, "{seed}");
        assert!(missed > 4, "{seed}");
    }
}

#[test]
fn what_a_tenant_wrote_down_parses_without_problems() {
    for seed in seeds() {
        let queue = generate(seed);
        let roster = Roster::parse(&queue.roster_toml).unwrap();
        let mut texts = BTreeSet::new();
        for tenant in &queue.tenants {
            let boundary = &tenant.boundary_toml;
            Boundary::parse(&tenant.id, boundary, &roster, &HostNames::none()).unwrap();
            texts.insert(boundary.clone());
            let assets = Assets::parse(tenant.assets_csv.as_bytes()).unwrap();
            let hosts: BTreeSet<String> = taken(tenant)
                .0
                .iter()
                .filter_map(|a| a.field(Field::HostName).map(str::to_owned))
                .collect();
            let listed = |host: &&String| assets.lookup(host).next().is_some();
            assert!(hosts.iter().filter(listed).count() > 0, "{seed}");
        }
        for clause in ["\"assets\"", "\"known-good\"", "\"user.name\"", "\"url\""] {
            let deny = |text: &String| {
                let exclusion = text.split_once("[[exclusions]]");
                exclusion.is_some_and(|(_, e)| e.contains(clause))
            };
            assert!(texts.iter().any(deny), "{clause}");
        }
        assert_eq!(texts.len(), 6, "{seed}");
    }
}

/// All an alert says, as far as a grouper could tell two apart.
fn says(alert: &Alert, without: &[Field]) -> Vec<String> {
    let fields = [
        Field::RuleId,
        Field::HostName,
        Field::UserName,
        Field::ProcessHash,
        Field::ProcessCommandLine,
        Field::ProcessParent,
    ];
    let kept = fields.iter().filter(|f| !without.contains(f));
    kept.map(|f| alert.field(*f).unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_happening_says_what_no_other_says() {
    for seed in seeds() {
        let queue = generate(seed);
        for (tenant, truth) in queue.tenants.iter().zip(&queue.truth.tenants) {
            let withheld: &[Field] = if tenant.boundary_toml.contains("deny   = [\"user.name\"]") {
                &[Field::UserName]
            } else {
                &[]
            };
            let mut of: BTreeMap<Vec<String>, String> = BTreeMap::new();
            let mut sizes: BTreeMap<String, (Label, usize)> = BTreeMap::new();
            for alert in taken(tenant).0 {
                let is = &truth.alerts[&alert.own_id()];
                let happening = of
                    .entry(says(&alert, withheld))
                    .or_insert_with(|| is.happening.clone());
                assert_eq!(*happening, is.happening, "{seed} {}", tenant.id);
                let size = sizes.entry(is.happening.clone()).or_insert((is.label, 0));
                size.1 += 1;
                assert_eq!(is.incident.is_some(), is.label == Label::New);
            }
            assert_eq!(of.len(), sizes.len(), "{seed} {}", tenant.id);
            for (label, many) in sizes.values() {
                assert_eq!(*many == 1, *label == Label::New, "{seed} {}", tenant.id);
            }
        }
    }
}

#[test]
fn every_gate_is_there_and_differs_only_in_what_its_name_says() {
    for seed in seeds() {
        let queue = generate(seed);
        let mut gates: BTreeMap<Gate, usize> = BTreeMap::new();
        let mut names: Vec<BTreeSet<Vec<String>>> = Vec::new();
        for (tenant, truth) in queue.tenants.iter().zip(&queue.truth.tenants) {
            let alerts = taken(tenant).0;
            let like = |one: &Alert, without: Field| {
                let wanted = says(one, &[without]);
                let others = alerts.iter().filter(|a| says(a, &[without]) == wanted);
                let mut others: Vec<&Alert> =
                    others.filter(|a| a.own_id() != one.own_id()).collect();
                others.sort_by_key(|a| a.time);
                others
            };
            for alert in &alerts {
                let is = &truth.alerts[&alert.own_id()];
                let Some(gate) = is.gate else { continue };
                *gates.entry(gate).or_default() += 1;
                match gate {
                    Gate::InStorm => {
                        let storm = like(alert, Field::ProcessCommandLine);
                        let known = |a: &&&Alert| truth.alerts[&a.own_id()].fact.is_some();
                        assert!(storm.iter().filter(known).count() >= 12, "{seed}");
                        let before = storm.iter().filter(|a| a.time < alert.time).count();
                        assert!(before > 0 && before < storm.len(), "{seed}");
                    }
                    Gate::OtherUser => assert!(like(alert, Field::UserName).len() >= 4, "{seed}"),
                    Gate::OtherHash => {
                        assert!(like(alert, Field::ProcessHash).len() >= 4, "{seed}")
                    }
                    Gate::AfterDrip => {
                        let before = like(alert, Field::ProcessCommandLine)
                            .iter()
                            .filter(|a| a.time < alert.time)
                            .count();
                        assert!(before >= 18, "{seed}: {before}");
                    }
                    Gate::SameNames => {
                        let on = |a: &&Alert| a.field(Field::HostName) == Some("db-01");
                        let says = |a: &Alert| says(a, &[]);
                        names.push(alerts.iter().filter(on).map(says).collect());
                    }
                }
            }
        }
        let counted: Vec<usize> = gates.into_values().collect();
        assert_eq!(counted, [7, 5, 4, 3, 2], "{seed}");
        assert_eq!(names.len(), 2, "{seed}");
        assert_eq!(names[0], names[1], "{seed}");
        assert_eq!(names[0].len(), 2, "{seed}");
    }
}

#[test]
fn the_misconfigured_rule_fires_everywhere_within_minutes_and_says_the_same() {
    for seed in seeds() {
        let queue = generate(seed);
        let mut said = BTreeSet::new();
        let mut times = Vec::new();
        for tenant in &queue.tenants {
            for alert in taken(tenant).0 {
                if alert.field(Field::RuleId) == Some(queue.truth.misconfigured_rule.as_str()) {
                    said.insert(says(&alert, &[]));
                    times.push(alert.time.millis());
                }
            }
        }
        assert_eq!(said.len(), 1, "{seed}");
        let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        assert!(last - first < 6 * 60_000, "{seed}");
    }
}
