//! Groups alerts of one rule on one host that come within an hour of each other.
//!
//! A grouper is handed a batch of alerts and says of each in which group it belongs, and why. It
//! cannot close or hide one: every alert of the batch stands in exactly one placement.

use std::collections::BTreeMap;

use casemate_sdk::memory::{self, Note};
use casemate_sdk::{
    Alert, AlertNumber, Batch, Grouped, Grouper, Instant, Opening, Placement, Refusal, Rule,
    Settings, Standing,
};

/// How long after a group's last alert another one still belongs to it, in milliseconds.
const WITHIN_MS: i64 = 60 * 60 * 1_000;

/// Why an alert is where it is. A placement names one of these by its place and gives the two numbers
/// that were compared.
const NEW: u32 = 0;
const SAME: u32 = 1;

/// The module. It has no state: what it must know of earlier batches, it asks the host to remember.
pub struct Module;

impl Grouper for Module {
    fn group(_as_of: Instant, _settings: &Settings, batch: &Batch) -> Grouped {
        group(batch, memory::recall)
    }
}

casemate_sdk::export_grouper!(Module);

/// The latest group of a rule on a host.
#[derive(Clone, Copy)]
struct Latest {
    group: AlertNumber,
    /// The time of its last alert.
    last: Instant,
}

/// The answer on a batch. What recalls notes is an argument, so that a unit test can stand in for the
/// host.
pub fn group(
    batch: &Batch,
    recall: impl FnOnce(&[String]) -> Result<Vec<Option<Vec<u8>>>, Refusal>,
) -> Grouped {
    let mut latest: BTreeMap<String, Option<Latest>> =
        batch.iter().map(|alert| (key(&alert), None)).collect();
    let keys: Vec<String> = latest.keys().cloned().collect();
    match recall(&keys) {
        Ok(notes) => {
            for (known, note) in latest.values_mut().zip(notes) {
                *known = note.and_then(|bytes| Latest::read(&bytes));
            }
        }
        // Then every group begins anew, which loses nothing.
        Err(refusal) => casemate_sdk::log!("notes were refused: {refusal}"),
    }

    let (mut placements, mut openings) = (Vec::new(), Vec::new());
    for alert in batch {
        let known = latest.entry(key(&alert)).or_default();
        // By the alerts' own times only: the groups must not depend on where the stream is cut.
        let apart = known.map(|known| alert.time().saturating_sub(known.last));
        let group = match (*known, apart) {
            (Some(known), Some(apart)) if (-WITHIN_MS..=WITHIN_MS).contains(&apart) => known.group,
            _ => alert.number(),
        };
        let opens = group == alert.number();
        if opens {
            openings.push(Opening {
                group,
                standing: Standing::Open,
            });
        }
        placements.push(Placement {
            alert: alert.number(),
            group,
            rule: if opens { NEW } else { SAME },
            measured: apart.unwrap_or(0) / 60_000,
            bound: WITHIN_MS / 60_000,
        });
        let last = match *known {
            Some(known) if !opens => known.last.max(alert.time()),
            _ => alert.time(),
        };
        *known = Some(Latest { group, last });
    }

    let notes = latest.into_iter().filter_map(|(key, latest)| {
        let latest = latest?;
        Some(Note {
            key,
            value: latest.written(),
            freshness: latest.last,
        })
    });
    Grouped {
        rules: vec![
            rule(
                "new",
                "no alert of the rule on the host within an hour before",
            ),
            rule("same", "same rule on the same host within an hour"),
        ],
        placements,
        openings,
        // Groups could be proposed for one case here.
        links: Vec::new(),
        notes: notes.collect(),
    }
}

/// What alerts of one group have in common. A note's key has at most 512 bytes.
fn key(alert: &Alert<'_>) -> String {
    let part = |text| casemate_sdk::text::capped(text, 250);
    format!("{}\n{}", part(alert.rule_id()), part(alert.host_name()))
}

fn rule(name: &str, says: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        says: says.to_owned(),
        unit: "minutes".to_owned(),
    }
}

impl Latest {
    fn written(self) -> Vec<u8> {
        let mut bytes = self.group.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.last.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (group, last) = bytes.split_first_chunk()?;
        Some(Self {
            group: AlertNumber::from_le_bytes(*group),
            last: Instant::from_le_bytes(last.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_sdk::{BatchBuilder, Field};

    fn batch(alerts: &[(AlertNumber, i64)]) -> Batch {
        let mut batch = BatchBuilder::new(&[Field::RuleId, Field::HostName]);
        for (number, minutes) in alerts {
            batch
                .alert(*number, minutes * 60_000)
                .set(Field::RuleId, "PS-7")
                .set(Field::HostName, "db-1");
        }
        batch.build()
    }

    fn groups(answer: &Grouped) -> Vec<AlertNumber> {
        answer.placements.iter().map(|p| p.group).collect()
    }

    #[test]
    fn alerts_within_an_hour_are_one_group_and_a_later_one_begins_another() {
        let answer = group(&batch(&[(1, 0), (2, 50), (3, 100), (4, 300)]), |keys| {
            Ok(vec![None; keys.len()])
        });
        assert_eq!(groups(&answer), [1, 1, 1, 4]);
        assert_eq!(answer.openings.len(), 2);
    }

    #[test]
    fn it_makes_no_difference_where_the_stream_is_cut() {
        let first = group(&batch(&[(1, 0), (2, 50)]), |keys| {
            Ok(vec![None; keys.len()])
        });
        let notes: BTreeMap<String, Vec<u8>> = first
            .notes
            .iter()
            .map(|n| (n.key.clone(), n.value.clone()))
            .collect();
        let second = group(&batch(&[(3, 100), (4, 300)]), |keys| {
            Ok(keys.iter().map(|key| notes.get(key).cloned()).collect())
        });
        assert_eq!(groups(&second), [1, 4]);
    }
}
