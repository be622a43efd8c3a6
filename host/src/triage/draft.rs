//! Puts together what the host knows of a case, hands it to the drafter and checks what it proposes.

use super::enrich::{cited, representatives};
use super::fault::{self, AnswerFault};
use super::group::{SHARED, property};
use crate::model::{
    AlertNumber, Case, Digest, Draft, Evidence, Field, FieldSet, Instant, ModuleName, Section,
    Sentence, Statement, Text,
};
use crate::sandbox::bindings::{drafting, types};
use crate::sandbox::table::project;
use crate::store::{GroupRow, StoreError, Stored, View};
use std::collections::{BTreeMap, BTreeSet};

const MAX_SENTENCES: usize = 128;
const MAX_SENTENCE_BYTES: usize = 1_000;
const MAX_CITATIONS: usize = 64;
const MAX_EARLIER: usize = 16;
/// Earlier groups looked at for each property of each group.
const MAX_EARLIER_PER_PROPERTY: usize = 16;

/// What a drafter is handed, and what the evidence numbers in it stand for.
pub(super) struct Prepared {
    pub(super) dossier: drafting::Dossier,
    pub(super) handed: Vec<(Evidence, Digest)>,
}

/// Puts a case's dossier together from what the store holds. `gaps` are what the host knows to be
/// missing for every case of this session.
pub(super) fn dossier(
    view: &View,
    case: &Case,
    fields: FieldSet,
    gaps: &[String],
) -> Result<Prepared, StoreError> {
    let mut groups = Vec::with_capacity(case.groups.len());
    for number in &case.groups {
        groups.extend(view.group(*number)?);
    }
    groups.sort_by_key(|row| (row.group.first, row.group.number));
    let shown = representatives(&groups);
    let numbers: Vec<AlertNumber> = shown.iter().map(|(alert, ..)| *alert).collect();
    let alerts = view.alerts_of(&numbers)?;
    let rows: Vec<_> = alerts.iter().map(|s| (s.number, &s.alert)).collect();
    let row_of: BTreeMap<AlertNumber, u32> = numbers.iter().copied().zip(0..).collect();
    let mut handed: Vec<_> = alerts
        .iter()
        .map(|s| (Evidence::Alert(s.number), s.alert.digest))
        .collect();
    let mut hand_out = |evidence, digest| {
        handed.push((evidence, digest));
        u32::try_from(handed.len() - 1).unwrap_or(u32::MAX)
    };
    let mut out = drafting::Dossier {
        alerts: project(&rows, fields),
        groups: Vec::with_capacity(groups.len()),
        findings: Vec::new(),
        earlier: Vec::new(),
        gaps: Vec::new(),
    };
    let mut beyond = 0;
    for (place, row) in groups.iter().enumerate() {
        let group = &row.group;
        beyond += row.beyond;
        out.groups.push(drafting::Group {
            evidence: hand_out(Evidence::Group(group.number), group.record().digest()),
            number: group.number,
            count: group.count,
            first: group.first.millis(),
            last: group.last.millis(),
            rows: row
                .variants
                .iter()
                .filter_map(|v| row_of.get(&v.alert).copied())
                .collect(),
            repeats: row.variants.iter().map(|v| v.count).collect(),
            because: if place == 0 {
                String::new()
            } else {
                because(view, case, group.number)?
            },
        });
    }
    for row in &groups {
        let mut places: BTreeMap<AlertNumber, u32> = BTreeMap::new();
        for enrichment in view.enrichments(row.group.number)? {
            let place = places.entry(enrichment.alert).or_insert(0);
            let evidence = Evidence::Enrichment(enrichment.alert, *place);
            *place += 1;
            let Some(row) = row_of.get(&enrichment.alert) else {
                continue;
            };
            out.findings.push(drafting::Finding {
                evidence: hand_out(evidence, enrichment.record().digest()),
                alert: *row,
                kind: match enrichment.kind {
                    Statement::Asset => types::Statement::Asset,
                    Statement::KnownGood => types::Statement::KnownGood,
                    Statement::ExpiredKnownGood => types::Statement::ExpiredKnownGood,
                    Statement::Note => types::Statement::Note,
                },
                text: enrichment.text.to_string(),
            });
        }
    }
    for (earlier, place) in earlier(view, case, &groups, &alerts, fields)? {
        let group = &earlier.group;
        out.earlier.push(drafting::Earlier {
            evidence: hand_out(Evidence::Earlier(group.number), group.record().digest()),
            number: group.number,
            count: group.count,
            first: group.first.millis(),
            last: group.last.millis(),
            shares: SHARED
                .get(place)
                .map_or("", |(phrase, _)| phrase)
                .to_owned(),
        });
    }
    let more = (beyond > 0).then(|| {
        let most = GroupRow::MAX_VARIANTS;
        format!("{beyond} alerts differ from the {most} kinds shown of their group and were not enriched")
    });
    for text in gaps.iter().cloned().chain(more) {
        let digest = Digest::of(text.as_bytes());
        out.gaps.push(drafting::Gap {
            evidence: hand_out(Evidence::Gap(text.clone()), digest),
            text,
        });
    }
    Ok(Prepared {
        dossier: out,
        handed,
    })
}

/// The reason a group is in its case: the rule of a link that names it.
fn because(view: &View, case: &Case, group: AlertNumber) -> Result<String, StoreError> {
    let Some(link) = case.links.iter().find(|l| l.a == group || l.b == group) else {
        return Ok(String::new());
    };
    Ok(view
        .rule(link.rule)?
        .map_or_else(String::new, |rule| rule.says.to_string()))
}

/// Earlier groups of the tenant that have something in common with the case, the latest first, each
/// with the most telling thing they share. Only what the drafter may see counts as shared.
fn earlier(
    view: &View,
    case: &Case,
    groups: &[GroupRow],
    alerts: &[Stored],
    fields: FieldSet,
) -> Result<Vec<(GroupRow, usize)>, StoreError> {
    let own: BTreeSet<AlertNumber> = case.groups.iter().copied().collect();
    let mut found: BTreeMap<AlertNumber, usize> = BTreeMap::new();
    for row in groups {
        let Ok(opener) = alerts.binary_search_by_key(&row.group.number, |s| s.number) else {
            continue;
        };
        let Some(opener) = alerts.get(opener) else {
            continue;
        };
        for (place, (_, shared)) in SHARED.iter().enumerate() {
            if !shared.iter().all(|field: &Field| fields.contains(*field)) {
                continue;
            }
            let Some(property) = property(place, &opener.alert) else {
                continue;
            };
            for number in view.similar(property, row.group.number, MAX_EARLIER_PER_PROPERTY)? {
                if !own.contains(&number) {
                    let best = found.entry(number).or_insert(place);
                    *best = place.min(*best);
                }
            }
        }
    }
    // Only what was over when the case began was seen before it: a group that goes on counts alerts
    // that came later.
    let begins = groups.iter().map(|row| row.group.first).min();
    let mut rows = Vec::with_capacity(found.len());
    for (number, place) in found {
        let row = view.group(number)?;
        rows.extend(
            row.filter(|row| Some(row.group.last) < begins)
                .map(|row| (row, place)),
        );
    }
    rows.sort_by_key(|(row, _)| std::cmp::Reverse((row.group.last, row.group.number)));
    rows.truncate(MAX_EARLIER);
    Ok(rows)
}

/// Checks what a drafter proposes. A sentence without a citation is kept as uncited; one that cites
/// what was not handed out is not accepted, nor is anything beside it.
pub(super) fn check(
    answer: Vec<drafting::Sentence>,
    handed: &[(Evidence, Digest)],
    case: AlertNumber,
    as_of: Instant,
    module: &ModuleName,
    digest: Digest,
) -> Result<Draft, AnswerFault> {
    if answer.is_empty() {
        return Err(AnswerFault::Empty { what: "sentence" });
    }
    fault::at_most("sentences", answer.len(), MAX_SENTENCES)?;
    let sentence = |stated: drafting::Sentence| {
        Ok(Sentence {
            section: match stated.part {
                drafting::Section::WhatHappened => Section::WhatHappened,
                drafting::Section::WhatIsAffected => Section::WhatIsAffected,
                drafting::Section::SeenBefore => Section::SeenBefore,
                drafting::Section::KnownGood => Section::KnownGood,
                drafting::Section::NotKnown => Section::NotKnown,
            },
            text: fault::text("a sentence", &stated.text, MAX_SENTENCE_BYTES)?,
            citations: cited(&stated.citations, handed, MAX_CITATIONS)?,
        })
    };
    let sentences = answer.into_iter().map(sentence);
    let mut sentences = sentences.collect::<Result<Vec<_>, AnswerFault>>()?;
    // A page has each part once, in this order; a second heading would be the module's to place.
    sentences.sort_by_key(|sentence| sentence.section);
    Ok(Draft {
        case,
        version: 1,
        as_of,
        module: module.clone(),
        digest,
        sentences,
    })
}

/// A gap that a withheld field leaves.
pub(super) fn withheld(field: Field) -> String {
    format!("the field `{field}` is withheld by the tenant's boundary")
}

/// A gap that a module leaves which did not run.
pub(super) fn not_consulted(module: &str, why: &str) -> String {
    let why = Text::capped(why, 300);
    format!("the module `{module}` did not do its work: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_draft_come_in_their_order_whatever_a_module_says_first() {
        use drafting::Section as Part;
        let said = [
            (Part::NotKnown, "late"),
            (Part::WhatHappened, "early"),
            (Part::NotKnown, "later"),
            (Part::WhatHappened, "next \u{27e6}1\u{27e7}"),
        ];
        let answer = said.map(|(part, text)| drafting::Sentence {
            part,
            text: text.to_owned(),
            citations: Vec::new(),
        });
        let (module, digest) = (ModuleName::parse("drafter").unwrap(), Digest::of(b""));
        let now = Instant::from_millis(0);
        let draft = check(answer.into(), &[], 1, now, &module, digest).unwrap();
        let texts: Vec<&str> = draft.sentences.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            ["early", "next \\u{27e6}1\\u{27e7}", "late", "later"]
        );
    }
}
