//! A queue from a seed: the plans, each tenant's night, and how its alerts arrive.

use super::fill::Spread;
use super::line::{finding, uid};
use super::night::{Happening, Night};
use super::rng::Rng;
use super::templates::WRONG_RULE;
use super::tenants::{Broken, Plan, plans};
use super::written::{assets, boundary, known_good, roster};
use super::{AlertTruth, Queue, Tenant, TenantTruth, Truth};
use casemate::model::{Digest, TenantId};
use serde_json::Value;
use std::collections::BTreeMap;

/// The queue of a seed; byte for byte the same for the same seed.
pub(crate) fn generate(seed: u64) -> Queue {
    let mut rng = Rng::new(seed);
    let plans = plans(&mut rng);
    let mut spread = Spread::default();
    let mut made: Vec<(Tenant, TenantTruth)> = plans
        .iter()
        .filter_map(|plan| {
            let rng = Rng::new(rng.next());
            tenant(seed, rng, plan, &mut spread)
        })
        .collect();
    made.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let (tenants, truths) = made.into_iter().unzip();
    Queue {
        roster_toml: roster(),
        tenants,
        truth: Truth {
            seed,
            misconfigured_rule: WRONG_RULE.rule.to_owned(),
            tenants: truths,
        },
    }
}

fn tenant(seed: u64, rng: Rng, plan: &Plan, spread: &mut Spread) -> Option<(Tenant, TenantTruth)> {
    let id = TenantId::parse(plan.id).ok()?;
    let mut night = Night::new(rng, plan);
    night.gates();
    night.fill(spread);
    let (lines, truth) = arrive(seed, &mut night, id.clone());
    let tenant = Tenant {
        id,
        boundary_toml: boundary(plan),
        assets_csv: assets(&night.site),
        known_good_toml: known_good(&night),
        lines,
    };
    Some((tenant, truth))
}

/// A line and when it arrives, in ms.
struct Line {
    at: i64,
    text: String,
}

/// The lines in the order of their arrival, and what is true of them.
fn arrive(seed: u64, night: &mut Night<'_>, tenant: TenantId) -> (Vec<u8>, TenantTruth) {
    let mut alerts: Vec<(i64, &Happening)> = night
        .happenings
        .iter()
        .flat_map(|h| h.times.iter().map(move |time| (*time, h)))
        .collect();
    alerts.sort_by_key(|(time, _)| *time);
    let rng = &mut night.rng;
    let mut lines = Vec::new();
    let mut truths = BTreeMap::new();
    let mut broken = night.plan.broken;
    let break_at = rng.count(0, alerts.len().saturating_sub(1));
    for (number, (time, happening)) in alerts.iter().enumerate() {
        let own = format!("{seed} {tenant} {number}");
        let uid = uid(happening.template.machine, &Digest::of(own.as_bytes()));
        let value = finding(rng, happening, &uid, *time);
        // What a sensor sends within seconds may overtake itself.
        let at = time + rng.millis(0, 4_000);
        if number == break_at
            && let Some(how) = broken.take()
        {
            let text = break_line(&value, how, &format!("{uid}-0"));
            lines.push(Line { at: at - 1, text });
        }
        let text = value.to_string();
        lines.push(Line { at, text });
        truths.insert(uid, truth(happening));
    }
    // Every line so far but the broken one.
    let mut again: Vec<usize> = (0..lines.len())
        .filter(|line| night.plan.broken.is_none() || *line != break_at)
        .collect();
    rng.shuffle(&mut again);
    again.truncate(night.plan.second);
    for index in again {
        let Some(Line { at, text }) = lines.get(index) else {
            continue;
        };
        let (at, text) = (at + rng.millis(200, 1_200_000), text.clone());
        lines.push(Line { at, text });
    }
    lines.sort_by_key(|line| line.at);
    let mut bytes = Vec::new();
    for line in &lines {
        bytes.extend_from_slice(line.text.as_bytes());
        bytes.push(b'\n');
    }
    let truth = TenantTruth {
        tenant,
        alerts: truths,
        second_deliveries: night.plan.second as u64,
        rejects: u64::from(night.plan.broken.is_some()),
    };
    (bytes, truth)
}

/// A line that is no alert, made of one that is.
fn break_line(value: &Value, how: Broken, uid: &str) -> String {
    let mut value = value.clone();
    let text = value.to_string();
    let Some(keys) = value.as_object_mut() else {
        return text;
    };
    match how {
        Broken::Torn => return text.chars().take(text.len() * 2 / 3).collect(),
        Broken::OtherClass => {
            keys.insert("class_uid".to_owned(), 1007.into());
            keys.insert("type_uid".to_owned(), 100_701.into());
        }
        Broken::NoTime => {
            keys.remove("time");
        }
    }
    if let Some(slot) = keys.get_mut("finding_info").and_then(|f| f.get_mut("uid")) {
        *slot = uid.into();
    }
    value.to_string()
}

fn truth(of: &Happening) -> AlertTruth {
    AlertTruth {
        label: of.label,
        rule: of.template.rule.to_owned(),
        happening: of.id.clone(),
        incident: of.incident.clone(),
        fact: of.fact.clone(),
        gate: of.gate,
    }
}
