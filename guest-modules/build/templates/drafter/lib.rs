//! Drafts a case's summary: what came, of what, what enrichment found, and what is not known.
//!
//! A drafter is handed a dossier and answers with sentences. An analyst reads them and signs or sends
//! them back; a sentence that cites nothing is shown as uncited.

use casemate_sdk::{
    Batch, Dossier, Drafter, Field, Group, Instant, Section, Sentence, Settings, text,
};

/// The longest value that a sentence quotes, in bytes.
const VALUE: usize = 80;
/// The longest sentence and the most sentences that the host takes.
const SENTENCE: usize = 1_000;
const SENTENCES: usize = 128;

/// The module. It has no state: each run is a fresh sandbox with one case.
pub struct Module;

impl Drafter for Module {
    fn draft(_as_of: Instant, _settings: &Settings, dossier: &Dossier) -> Vec<Sentence> {
        draft(dossier)
    }
}

casemate_sdk::export_drafter!(Module);

/// The draft of a case.
pub fn draft(dossier: &Dossier) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = dossier
        .groups
        .iter()
        .map(|group| happened(&dossier.alerts, group))
        .collect();
    for finding in &dossier.findings {
        sentences.push(sentence(
            Section::WhatIsAffected,
            &finding.text,
            finding.evidence,
        ));
    }
    for gap in &dossier.gaps {
        let says = format!("Not known: {}.", gap.text);
        sentences.push(sentence(Section::NotKnown, &says, gap.evidence));
    }
    sentences.truncate(SENTENCES);
    sentences
}

fn happened(alerts: &Batch, group: &Group) -> Sentence {
    // The group's alerts are rows of the dossier's batch; those alike stand for each other.
    let first = group
        .rows
        .first()
        .and_then(|row| alerts.alert(*row as usize));
    let value = |field| first.map_or("", |alert| alert.get(field));
    let mut says = match group.count {
        1 => "One alert".to_owned(),
        count => format!("{count} alerts"),
    };
    // A field that is absent, or withheld by the tenant's boundary, is empty.
    for (word, field) in [
        ("of the rule", Field::RuleName),
        ("on the host", Field::HostName),
    ] {
        let value = value(field);
        if !value.is_empty() {
            says.push_str(&format!(" {word} {}", text::quoted(value, VALUE)));
        }
    }
    says.push_str(&format!(
        ", from {} to {}.",
        text::utc(group.first),
        text::utc(group.last)
    ));
    sentence(Section::WhatHappened, &says, group.evidence)
}

fn sentence(part: Section, says: &str, cites: u32) -> Sentence {
    Sentence {
        part,
        text: text::capped(says, SENTENCE).to_owned(),
        citations: vec![cites],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_sdk::BatchBuilder;

    #[test]
    fn a_group_is_told_with_its_rule_and_host_and_cited() {
        let mut alerts = BatchBuilder::new(&[Field::RuleName, Field::HostName]);
        alerts
            .alert(1, 0)
            .set(Field::RuleName, "Port scan")
            .set(Field::HostName, "db-1");
        let group = Group {
            evidence: 1,
            number: 1,
            count: 3,
            first: 0,
            last: 60_000,
            rows: vec![0],
            repeats: vec![3],
            because: String::new(),
        };
        let said = draft(&Dossier {
            alerts: alerts.build(),
            groups: vec![group],
            findings: Vec::new(),
            earlier: Vec::new(),
            gaps: Vec::new(),
        });
        assert_eq!(
            said[0].text,
            "3 alerts of the rule “Port scan” on the host “db-1”, from 1970-01-01 00:00:00 UTC \
             to 1970-01-01 00:01:00 UTC."
        );
        assert_eq!(said[0].citations, [1]);
    }
}
