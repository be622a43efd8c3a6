//! What a module answered, as the host kept it, with what each statement rests on in words.

use super::Samples;
use crate::knowledge::{Assets, KnownGood};
use crate::model::{
    AlertNumber, Citation, Evidence, Field, ModuleKind, Section, Standing, Statement, Text,
};
use crate::sandbox::Manifest;
use crate::store::{StoreError, View};
use std::collections::BTreeMap;

/// One thing that a module answered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// A grouper placed an alert.
    Placed {
        /// The alert, by its place among the samples, from 1.
        alert: AlertNumber,
        /// The group: the alert that opened it.
        group: AlertNumber,
        /// The name of the rule it gave.
        rule: Text,
        /// What the rule says.
        says: Text,
        /// What the rule measured.
        measured: i64,
        /// What that was compared with.
        bound: i64,
        /// What the two count; may be empty.
        unit: Text,
    },
    /// A grouper opened a group.
    Opened {
        /// The group.
        group: AlertNumber,
        /// Where it stands.
        standing: Standing,
    },
    /// A grouper's links made a case of these groups.
    Linked {
        /// The case.
        case: AlertNumber,
        /// One group.
        a: AlertNumber,
        /// The other.
        b: AlertNumber,
        /// The name of the rule it gave.
        rule: Text,
    },
    /// An enricher stated something of an alert.
    Stated {
        /// The alert: the first of those alike in its group.
        alert: AlertNumber,
        /// How many alerts of the group it holds for.
        repeats: u64,
        /// What kind of statement it is.
        kind: Statement,
        /// The statement.
        text: Text,
        /// What it rests on.
        cites: Vec<Cited>,
    },
    /// A drafter wrote a sentence.
    Drafted {
        /// The case.
        case: AlertNumber,
        /// Where it stands.
        section: Section,
        /// The sentence.
        text: Text,
        /// What it rests on; a sentence without any is shown as uncited.
        cites: Vec<Cited>,
    },
}

/// A record that a statement cites.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Cited {
    /// The record, by its place.
    pub record: String,
    /// What it says, in short.
    pub says: Text,
}

/// What a module of this kind answered, in a fixed order.
pub(super) fn answers(
    view: &View,
    manifest: &Manifest,
    samples: &Samples,
) -> Result<Vec<Answer>, StoreError> {
    match manifest.kind() {
        ModuleKind::Grouper => grouped(view),
        ModuleKind::Enricher => {
            let records = Records::of(view, samples);
            let mut found = Vec::new();
            for row in view.groups()? {
                for stated in view.enrichments(row.group.number)? {
                    if stated.module == *manifest.name() {
                        found.push(Answer::Stated {
                            alert: stated.alert,
                            repeats: stated.repeats,
                            kind: stated.kind,
                            cites: records.cited(&stated.citations)?,
                            text: stated.text,
                        });
                    }
                }
            }
            Ok(found)
        }
        ModuleKind::Drafter => {
            let records = Records::of(view, samples);
            let mut found = Vec::new();
            for case in view.cases()? {
                let drafted = view.draft(case.number)?;
                let drafted = drafted.filter(|draft| draft.module == *manifest.name());
                for sentence in drafted.into_iter().flat_map(|draft| draft.sentences) {
                    found.push(Answer::Drafted {
                        case: case.number,
                        section: sentence.section,
                        cites: records.cited(&sentence.citations)?,
                        text: sentence.text,
                    });
                }
            }
            Ok(found)
        }
    }
}

fn grouped(view: &View) -> Result<Vec<Answer>, StoreError> {
    let rule = |key| -> Result<_, StoreError> {
        let rule = view.rule(key)?;
        Ok(rule
            .map(|rule| (rule.name, rule.says, rule.unit))
            .unwrap_or_default())
    };
    let mut found = Vec::new();
    for placed in view.placements(1, view.last_alert()?)? {
        let (name, says, unit) = rule(placed.rule)?;
        found.push(Answer::Placed {
            alert: placed.alert,
            group: placed.group,
            rule: name,
            says,
            measured: placed.measured,
            bound: placed.bound,
            unit,
        });
    }
    for row in view.groups()? {
        found.push(Answer::Opened {
            group: row.group.number,
            standing: row.group.standing,
        });
    }
    for case in view.cases()? {
        for link in &case.links {
            found.push(Answer::Linked {
                case: case.number,
                a: link.a,
                b: link.b,
                rule: rule(link.rule)?.0,
            });
        }
    }
    Ok(found)
}

/// What citations are resolved with.
struct Records<'a> {
    view: &'a View,
    assets: Assets,
    facts: KnownGood,
}

impl<'a> Records<'a> {
    fn of(view: &'a View, samples: &Samples) -> Self {
        let assets = samples.assets.as_deref().unwrap_or_default();
        let facts = samples.known_good.as_deref().unwrap_or_default();
        Self {
            view,
            // What does not hold kept the tenant from starting.
            assets: Assets::parse(assets).unwrap_or_default(),
            facts: KnownGood::parse(&String::from_utf8_lossy(facts)).unwrap_or_default(),
        }
    }

    fn cited(&self, citations: &[Citation]) -> Result<Vec<Cited>, StoreError> {
        citations.iter().map(|c| self.one(&c.evidence)).collect()
    }

    fn one(&self, evidence: &Evidence) -> Result<Cited, StoreError> {
        let (record, says) = match evidence {
            Evidence::Alert(number) => (format!("alert {number}"), self.alert(*number)?),
            Evidence::Group(number) => (format!("group {number}"), self.alert(*number)?),
            Evidence::Earlier(number) => (format!("earlier group {number}"), self.alert(*number)?),
            Evidence::Asset(line) => {
                let asset = self.assets.iter().find(|asset| asset.line == *line);
                let says = asset.map(|a| format!("{} {} {}", a.name, a.kind, a.owner));
                (format!("assets.csv, line {line}"), says.unwrap_or_default())
            }
            Evidence::Fact(id) => {
                let fact = self.facts.iter().find(|fact| fact.id().as_str() == id);
                let says = fact.map(|fact| fact.reason().to_string());
                (
                    format!("known-good.toml, fact `{id}`"),
                    says.unwrap_or_default(),
                )
            }
            Evidence::Enrichment(alert, place) => (
                format!("statement {} on alert {alert}", place + 1),
                String::new(),
            ),
            Evidence::Gap(text) => ("what is known to be missing".to_owned(), text.clone()),
        };
        Ok(Cited {
            record,
            says: Text::capped(says.trim(), 200),
        })
    }

    fn alert(&self, number: AlertNumber) -> Result<String, StoreError> {
        let stored = self.view.alerts_of(&[number])?;
        let Some(stored) = stored.first() else {
            return Ok(String::new());
        };
        let field = |field| stored.alert.field(field).unwrap_or_default();
        let says = [field(Field::RuleName), field(Field::HostName)];
        Ok(format!("{} {}", says.join(" ").trim(), stored.alert.time))
    }
}

/// What an answer has that was not expected (`+`) and what was expected and is not there (`-`), one
/// line each; the order of answers does not matter. `expected` is JSON with a list `answers`.
///
/// # Errors
/// When `expected` is not of that form.
pub fn differences(expected: &str, answers: &[Answer]) -> Result<Vec<String>, String> {
    let expected: serde_json::Value =
        serde_json::from_str(expected).map_err(|error| format!("it is no JSON: {error}"))?;
    let expected = expected.get("answers").and_then(|list| list.as_array());
    let expected = expected.ok_or_else(|| "it has no list `answers`".to_owned())?;
    let mut balance: BTreeMap<String, i64> = BTreeMap::new();
    for answer in expected {
        *balance.entry(answer.to_string()).or_default() -= 1;
    }
    for answer in answers {
        let value = serde_json::to_value(answer).map_err(|error| error.to_string())?;
        *balance.entry(value.to_string()).or_default() += 1;
    }
    let signed = |(text, count): (String, i64)| {
        let sign = if count > 0 { '+' } else { '-' };
        vec![format!("{sign} {text}"); usize::try_from(count.unsigned_abs()).unwrap_or(0)]
    };
    Ok(balance.into_iter().flat_map(signed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told_in_any_order() {
        let opened = |group| Answer::Opened {
            group,
            standing: Standing::Open,
        };
        let answers = [opened(1), opened(2), opened(2)];
        let expected = r#"{"answers": [
            {"standing": "open", "group": 2, "answer": "opened"},
            {"answer": "opened", "group": 3, "standing": "open"},
            {"answer": "opened", "group": 1, "standing": "open"}]}"#;
        assert_eq!(
            differences(expected, &answers).unwrap(),
            [
                r#"+ {"answer":"opened","group":2,"standing":"open"}"#,
                r#"- {"answer":"opened","group":3,"standing":"open"}"#,
            ]
        );
        assert!(differences("[]", &answers).is_err_and(|e| e.contains("`answers`")));
        assert!(differences("{", &answers).is_err());
    }
}
