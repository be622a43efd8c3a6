//! What stands in for a grouper on the workbench, where an enricher or a drafter is tried without
//! one: alerts of one rule on one host are one group, groups of one host are one case.
//!
//! Nothing else calls it: for a tenant without a grouper, alerts wait.

use super::changed::Changed;
use super::group::Checked;
use super::session::{Session, SessionError};
use super::submit::BATCH;
use crate::model::{AlertNumber, Digest, Field, ModuleName, Standing};
use crate::sandbox::bindings::grouping::{self, Grouped};
use crate::store::Stored;
use std::collections::BTreeMap;

/// The groups of one stream of alerts.
#[derive(Default)]
pub(crate) struct StandIn {
    groups: BTreeMap<(String, String), AlertNumber>,
    cases: BTreeMap<String, AlertNumber>,
}

impl Session {
    /// Places every alert that waits.
    pub(crate) fn place_by_stand_in(
        &mut self,
        stand_in: &mut StandIn,
        name: &ModuleName,
    ) -> Result<(), SessionError> {
        loop {
            let view = self.records.view()?;
            let (first, last) = (view.placed_through()? + 1, view.last_alert()?);
            if first > last {
                return Ok(());
            }
            let through = last.min(first + BATCH as u64 - 1);
            let stored = view.alerts(first, through)?;
            if stored.is_empty() {
                // Their numbers were lost.
                let mut change = self.records.change()?;
                change.pass_over(through)?;
                change.commit()?;
                continue;
            }
            let numbers: Vec<AlertNumber> = stored.iter().map(|s| s.number).collect();
            let known: BTreeMap<AlertNumber, Standing> = stand_in
                .groups
                .values()
                .map(|group| (*group, Standing::Open))
                .collect();
            let answer = stand_in.group(&stored);
            let checked = Checked::of(answer, &numbers, false, |group| known.get(&group).copied())
                .map_err(|_| SessionError::Encode("the stand-in's answer"))?;
            let rows: Vec<_> = stored.iter().map(|s| (s.number, &s.alert)).collect();
            let mut change = self.records.change()?;
            let placed = checked.keep(&mut change, name, Digest::of(&[]), &rows)?;
            change.commit()?;
            self.tell_placed(placed, &mut Changed::default());
        }
    }
}

impl StandIn {
    fn group(&mut self, stored: &[Stored]) -> Grouped {
        let mut answer = Grouped {
            rules: vec![rule("stand-in", "same rule on the same host")],
            placements: Vec::with_capacity(stored.len()),
            openings: Vec::new(),
            links: Vec::new(),
            notes: Vec::new(),
        };
        for Stored { number, alert, .. } in stored {
            let field = |field| alert.field(field).unwrap_or_default().to_owned();
            let (rule, host) = (field(Field::RuleId), field(Field::HostName));
            let group = *self.groups.entry((rule, host.clone())).or_insert(*number);
            answer.placements.push(grouping::Placement {
                alert: *number,
                group,
                rule: 0,
                measured: 0,
                bound: 0,
            });
            if group != *number {
                continue;
            }
            answer.openings.push(grouping::Opening {
                group,
                standing: grouping::Standing::Open,
            });
            // Alerts that name no host have nothing in common by that.
            let case = match host.is_empty() {
                true => group,
                false => *self.cases.entry(host).or_insert(group),
            };
            if case != group {
                answer.links.push(grouping::Link {
                    a: case,
                    b: group,
                    rule: 0,
                    measured: 0,
                    bound: 0,
                });
            }
        }
        if !answer.links.is_empty() {
            answer.rules.push(rule("stand-in-case", "same host"));
            for link in &mut answer.links {
                link.rule = 1;
            }
        }
        answer
    }
}

fn rule(name: &str, says: &str) -> grouping::Rule {
    grouping::Rule {
        name: name.to_owned(),
        says: says.to_owned(),
        unit: String::new(),
    }
}
