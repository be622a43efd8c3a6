//! Hands the alerts of changed cases to the enrichers and keeps what holds of their answers.

use super::fault::{self, AnswerFault};
use super::group::OUT_OF_VARIANT;
use crate::knowledge::KnownGood;
use crate::model::{
    Alert, AlertNumber, Citation, Digest, Enrichment, Evidence, Instant, ModuleName, Statement,
};
use crate::sandbox::bindings::{enriching, types};
use crate::store::{GroupRow, Stored};
use std::collections::BTreeSet;

const MAX_PER_ALERT: usize = 32;
const MAX_CITATIONS: usize = 16;
const MAX_TEXT_BYTES: usize = 500;

/// One row of an enricher's batch: the first alert of a group that has a combination of fields.
pub(super) struct Subject {
    pub(super) stored: Stored,
    pub(super) group: AlertNumber,
    /// How many alerts of the group have the same combination.
    pub(super) repeats: u64,
}

/// The rows that stand for these groups, by the numbers of their alerts, ascending.
pub(super) fn representatives(groups: &[GroupRow]) -> Vec<(AlertNumber, AlertNumber, u64)> {
    let of_group = |row: &GroupRow| {
        let group = row.group.number;
        row.variants
            .iter()
            .map(move |v| (v.alert, group, v.count))
            .collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = groups.iter().flat_map(of_group).collect();
    rows.sort_unstable();
    rows
}

/// Checks an enricher's answer over these rows. `handed` is what the run's evidence numbers stand
/// for; `facts` are the tenant's, to compare claims with.
pub(super) fn check(
    answer: Vec<enriching::Enrichment>,
    subjects: &[Subject],
    handed: &[(Evidence, Digest)],
    facts: &KnownGood,
    module: &ModuleName,
    as_of: Instant,
) -> Result<Vec<Enrichment>, AnswerFault> {
    let most = subjects.len().saturating_mul(MAX_PER_ALERT);
    fault::at_most("enrichments", answer.len(), most)?;
    let mut per_row = vec![0_usize; subjects.len()];
    let mut kept = Vec::with_capacity(answer.len());
    for stated in answer {
        let row = stated.alert;
        let unknown = AnswerFault::UnknownRow {
            row,
            rows: subjects.len(),
        };
        let (Some(subject), Some(count)) =
            (subjects.get(row as usize), per_row.get_mut(row as usize))
        else {
            return Err(unknown);
        };
        *count += 1;
        fault::at_most("enrichments of one alert", *count, MAX_PER_ALERT)?;
        let citations = cited(&stated.citations, handed, MAX_CITATIONS)?;
        if citations.is_empty() {
            return Err(AnswerFault::CitesNothing { row });
        }
        if citations
            .iter()
            .all(|c| matches!(c.evidence, Evidence::Alert(_)))
        {
            return Err(AnswerFault::CitesAlertsOnly { row });
        }
        let (kind, repeats) = judged(stated.kind, row, subject, &citations, facts, as_of)?;
        kept.push(Enrichment {
            alert: subject.stored.number,
            group: subject.group,
            repeats,
            kind,
            text: fault::text("an enrichment's text", &stated.text, MAX_TEXT_BYTES)?,
            module: module.clone(),
            citations,
        });
    }
    Ok(kept)
}

/// The records behind evidence numbers; each once, in the order they were cited.
pub(super) fn cited(
    numbers: &[types::Evidence],
    handed: &[(Evidence, Digest)],
    most: usize,
) -> Result<Vec<Citation>, AnswerFault> {
    fault::at_most("citations of one statement", numbers.len(), most)?;
    let mut seen = BTreeSet::new();
    let mut citations = Vec::with_capacity(numbers.len());
    for number in numbers {
        let Some((evidence, digest)) = handed.get(*number as usize) else {
            return Err(AnswerFault::NotHandedOut {
                evidence: *number,
                handed_out: handed.len(),
            });
        };
        if seen.insert(*number) {
            citations.push(Citation {
                evidence: evidence.clone(),
                digest: *digest,
            });
        }
    }
    Ok(citations)
}

/// The statement's kind as the host sees it, and how many alerts of the group it holds for.
fn judged(
    kind: types::Statement,
    row: u32,
    subject: &Subject,
    citations: &[Citation],
    facts: &KnownGood,
    as_of: Instant,
) -> Result<(Statement, u64), AnswerFault> {
    let cited_facts = || {
        citations.iter().filter_map(|c| match &c.evidence {
            Evidence::Fact(id) => facts.iter().find(|fact| fact.id().as_str() == id),
            Evidence::Alert(_)
            | Evidence::Group(_)
            | Evidence::Earlier(_)
            | Evidence::Asset(_)
            | Evidence::Enrichment(..)
            | Evidence::Gap(_) => None,
        })
    };
    let alert: &Alert = &subject.stored.alert;
    let mut repeats = subject.repeats;
    let mut any = false;
    match kind {
        types::Statement::Asset => {
            if !citations
                .iter()
                .any(|c| matches!(c.evidence, Evidence::Asset(_)))
            {
                return Err(AnswerFault::CitesNoAsset { row });
            }
            Ok((Statement::Asset, repeats))
        }
        types::Statement::Note => Ok((Statement::Note, repeats)),
        types::Statement::KnownGood => {
            for fact in cited_facts() {
                any = true;
                if !fact.holds_for(|field| alert.field(field), as_of) {
                    return Err(AnswerFault::FactDoesNotHold { row });
                }
                // The alerts of a row are alike but for these fields, so a fact about one of them
                // was compared with one alert only.
                if fact
                    .conditions()
                    .iter()
                    .any(|c| OUT_OF_VARIANT.contains(&c.field))
                {
                    repeats = 1;
                }
            }
            if any {
                Ok((Statement::KnownGood, repeats))
            } else {
                Err(AnswerFault::CitesNoFact { row })
            }
        }
        types::Statement::ExpiredKnownGood => {
            for fact in cited_facts() {
                any = true;
                if !fact.conditions_hold(|field| alert.field(field)) || as_of < fact.expires() {
                    return Err(AnswerFault::FactHasNotExpired { row });
                }
            }
            if any {
                Ok((Statement::ExpiredKnownGood, repeats))
            } else {
                Err(AnswerFault::CitesNoFact { row })
            }
        }
    }
}
