//! Drafts a case's summary: plain sentences, each with the records it rests on.

mod group;

use std::collections::BTreeMap;

use casemate_sdk::{
    Dossier, Drafter, Evidence, Field, Finding, Instant, Section, Sentence, Settings, Statement,
    text,
};

use group::{Shown, alerts, some};

/// The most records a sentence cites, as the contract has it.
const CITATIONS: usize = 64;
/// The most sentences, as the contract has it.
const SENTENCES: usize = 128;
/// The longest sentence in bytes, as the contract has it.
const LENGTH: usize = 1_000;
/// Groups that are told one by one.
const TOLD: usize = 12;
/// Findings that are told one by one, in each part that has any.
const FINDINGS: usize = 20;
/// Gaps that are told one by one.
const GAPS: usize = 16;

/// The module.
pub struct Summary;

impl Drafter for Summary {
    fn draft(_as_of: Instant, _settings: &Settings, dossier: &Dossier) -> Vec<Sentence> {
        draft(dossier)
    }
}

casemate_sdk::export_drafter!(Summary);

/// The draft of a case.
pub fn draft(dossier: &Dossier) -> Vec<Sentence> {
    let mut groups: Vec<_> = dossier
        .groups
        .iter()
        .map(|g| Shown::new(dossier, g))
        .collect();
    // Most severe first; a stable sort keeps the order of time.
    groups.sort_by_key(|g| std::cmp::Reverse(g.severity().0));
    let all: Vec<Evidence> = dossier
        .groups
        .iter()
        .map(|g| g.evidence)
        .take(CITATIONS)
        .collect();
    let mut draft = Draft(Vec::new());
    what_happened(&mut draft, &groups);
    what_is_affected(&mut draft, dossier, &groups);
    seen_before(&mut draft, dossier, &all);
    known_good(&mut draft, dossier, &groups, &all);
    not_known(&mut draft, dossier, &all);
    draft.0.truncate(SENTENCES);
    draft.0
}

struct Draft(Vec<Sentence>);

impl Draft {
    fn say(&mut self, part: Section, says: &str, mut citations: Vec<Evidence>) {
        citations.truncate(CITATIONS);
        let text = if says.len() > LENGTH {
            format!("{}…", text::capped(says, LENGTH - 3))
        } else {
            says.to_owned()
        };
        self.0.push(Sentence {
            part,
            text,
            citations,
        });
    }
}

fn what_happened(draft: &mut Draft, groups: &[Shown<'_>]) {
    let part = Section::WhatHappened;
    if groups.len() > 1 {
        let count = groups
            .iter()
            .fold(0_u64, |sum, g| sum.saturating_add(g.group.count));
        let first = groups.iter().map(|g| g.group.first).min().unwrap_or(0);
        let last = groups.iter().map(|g| g.group.last).max().unwrap_or(0);
        let says = format!(
            "This case holds {} in {} groups, from {} to {}.",
            alerts(count),
            groups.len(),
            text::utc(first),
            text::utc(last)
        );
        draft.say(
            part,
            &says,
            groups.iter().map(|g| g.group.evidence).collect(),
        );
    }
    for shown in groups.iter().take(TOLD) {
        draft.say(part, &shown.happened(), shown.evidence());
        if let Some(named) = shown.named() {
            draft.say(part, &named, shown.evidence());
        }
    }
    let rest = groups.get(TOLD..).unwrap_or_default();
    if !rest.is_empty() {
        let count = rest
            .iter()
            .fold(0_u64, |sum, g| sum.saturating_add(g.group.count));
        let rules: Vec<_> = distinct(rest.iter().flat_map(|g| g.values(Field::RuleName)));
        let (_, severity) = rest.iter().map(Shown::severity).max().unwrap_or((0, ""));
        let mut says = format!("A further {} groups hold {}", rest.len(), alerts(count));
        says.push_str(&some(
            " of the rule ",
            " of the rules ",
            &rules,
            group::VALUE,
        ));
        if !severity.is_empty() {
            says.push_str(&format!("; highest severity by the source: {severity}"));
        }
        says.push('.');
        draft.say(part, &says, rest.iter().map(|g| g.group.evidence).collect());
    }
}

fn what_is_affected(draft: &mut Draft, dossier: &Dossier, groups: &[Shown<'_>]) {
    const KINDS: [(Field, &str, &str); 3] = [
        (Field::HostName, "One host is named: ", "hosts are named: "),
        (
            Field::HostIp,
            "One host address is named: ",
            "host addresses are named: ",
        ),
        (Field::UserName, "One user is named: ", "users are named: "),
    ];
    let part = Section::WhatIsAffected;
    let before = draft.0.len();
    for (field, one, many) in KINDS {
        let values = distinct(groups.iter().flat_map(|g| g.values(field)));
        let many = format!("{} {many}", values.len());
        // Ten by name; a list of hosts is what a reader comes for.
        let listed = match values.as_slice() {
            [] => continue,
            [_] => some(one, "", &values, group::VALUE),
            few => {
                let quoted: Vec<_> = few.iter().take(10).map(|v| text::quoted(v, 60)).collect();
                let rest = few.len().saturating_sub(10);
                let more = if rest > 0 {
                    format!(" and {rest} more")
                } else {
                    String::new()
                };
                format!("{many}{}{more}", quoted.join(", "))
            }
        };
        let having = groups.iter().flat_map(|g| &g.alerts);
        let having = having.filter(|(a, _)| !a.get(field).is_empty());
        draft.say(
            part,
            &format!("{listed}."),
            having.map(|(a, _)| a.evidence()).collect(),
        );
    }
    let kinds = [Statement::Asset, Statement::Note];
    let found = by_text(dossier.findings.iter().filter(|f| kinds.contains(&f.kind)));
    tell_findings(draft, part, &found);
    if draft.0.len() == before {
        let shown = groups.iter().flat_map(Shown::evidence).collect();
        draft.say(part, "These alerts name no host and no user.", shown);
    }
}

fn tell_findings(draft: &mut Draft, part: Section, found: &[(&str, Vec<&Finding>)]) {
    for (says, findings) in found.iter().take(FINDINGS) {
        draft.say(part, says, findings.iter().map(|f| f.evidence).collect());
    }
    let rest = found.get(FINDINGS..).unwrap_or_default();
    if !rest.is_empty() {
        let cited = rest
            .iter()
            .flat_map(|(_, f)| f)
            .map(|f| f.evidence)
            .collect();
        draft.say(
            part,
            &format!(
                "{} further statements were added by enrichment.",
                rest.len()
            ),
            cited,
        );
    }
}

fn seen_before(draft: &mut Draft, dossier: &Dossier, all: &[Evidence]) {
    let part = Section::SeenBefore;
    if dossier.earlier.is_empty() {
        let says = "Nothing like it was seen before: no earlier group handed to this draft has \
                    anything in common with these groups.";
        draft.say(part, says, all.to_vec());
    }
    for earlier in dossier.earlier.iter().take(16) {
        let says = format!(
            "Group {} of {}, from {} to {}, has this in common with the case: {}.",
            earlier.number,
            alerts(earlier.count),
            text::utc(earlier.first),
            text::utc(earlier.last),
            text::capped(&earlier.shares, 300)
        );
        draft.say(part, &says, vec![earlier.evidence]);
    }
}

fn known_good(draft: &mut Draft, dossier: &Dossier, groups: &[Shown<'_>], all: &[Evidence]) {
    let part = Section::KnownGood;
    let kinds = [Statement::KnownGood, Statement::ExpiredKnownGood];
    let found = by_text(dossier.findings.iter().filter(|f| kinds.contains(&f.kind)));
    if found.is_empty() {
        let says = "No known-good fact was stated for any of these alerts.";
        draft.say(part, says, all.to_vec());
    }
    let mut told = 0;
    for (says, findings) in &found {
        for shown in groups {
            let covers = |row| {
                findings
                    .iter()
                    .filter(move |f| f.alert as usize == row)
                    .map(|f| f.evidence)
            };
            let rows = shown
                .alerts
                .iter()
                .map(|(a, n)| (covers(a.row()).next(), *n));
            let covered: Vec<(Evidence, u64)> = rows
                .filter_map(|(evidence, n)| Some((evidence?, n)))
                .collect();
            if covered.is_empty() || told >= FINDINGS {
                continue;
            }
            told += 1;
            let k = covered
                .iter()
                .fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
            let least = if shown.whole() { "" } else { "at least " };
            let group = shown.group;
            let says = format!(
                "For {least}{k} of the {} of group {}: {says}",
                alerts(group.count).replace("one alert", "1 alert"),
                group.number
            );
            let cited = std::iter::once(group.evidence).chain(covered.iter().map(|(e, _)| *e));
            draft.say(part, &says, cited.collect());
        }
    }
    if told >= FINDINGS {
        let cited = found
            .iter()
            .flat_map(|(_, f)| f)
            .map(|f| f.evidence)
            .collect();
        let says = format!(
            "{} known-good statements in all concern this case.",
            found.len()
        );
        draft.say(part, &says, cited);
    }
}

fn not_known(draft: &mut Draft, dossier: &Dossier, all: &[Evidence]) {
    let part = Section::NotKnown;
    if dossier.gaps.is_empty() {
        let says = "No gap was named in what was handed to this draft.";
        draft.say(part, says, all.to_vec());
    }
    for gap in dossier.gaps.iter().take(GAPS) {
        draft.say(
            part,
            &format!("{}.", capitalised(&gap.text)),
            vec![gap.evidence],
        );
    }
    let rest = dossier.gaps.get(GAPS..).unwrap_or_default();
    if !rest.is_empty() {
        let cited = rest.iter().map(|g| g.evidence).collect();
        draft.say(
            part,
            &format!("{} further gaps are on record.", rest.len()),
            cited,
        );
    }
}

/// Findings of one text together, in order of the text.
fn by_text<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(&'a str, Vec<&'a Finding>)> {
    let mut by: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by.entry(&finding.text).or_default().push(finding);
    }
    by.into_iter().collect()
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    values.filter(|v| seen.insert(*v)).collect()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    first
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use casemate_sdk::{BatchBuilder, Gap, Group};

    const BASE: u32 = 1_000;

    fn dossier(groups: u32) -> Dossier {
        let mut b = BatchBuilder::new(&Field::ALL);
        for i in 0..groups.max(1) {
            b.alert(u64::from(i) + 1, 1_795_421_645_000)
                .set(Field::RuleName, "Encoded command")
                .set(Field::RuleId, "r-1")
                .set(Field::HostName, &format!("pc{i}"))
                .set(Field::UserName, "kim")
                .set(
                    Field::Severity,
                    if i + 1 == groups { "critical" } else { "low" },
                )
                .set(
                    Field::ProcessCommandLine,
                    &"powershell -enc AAAA ".repeat(100),
                );
        }
        Dossier {
            alerts: b.build(),
            groups: (0..groups)
                .map(|i| Group {
                    evidence: BASE + i,
                    number: u64::from(i) + 1,
                    count: 3,
                    first: 1_795_421_645_000,
                    last: 1_795_421_705_000,
                    rows: vec![i],
                    repeats: vec![3],
                    because: String::new(),
                })
                .collect(),
            findings: Vec::new(),
            earlier: Vec::new(),
            gaps: vec![Gap {
                evidence: 9_000,
                text: "the parent process is withheld".to_owned(),
            }],
        }
    }

    fn finding(evidence: Evidence, alert: u32, kind: Statement, text: &str) -> Finding {
        Finding {
            evidence,
            alert,
            kind,
            text: text.to_owned(),
        }
    }

    fn of(part: Section, draft: &[Sentence]) -> Vec<&str> {
        draft
            .iter()
            .filter(|s| s.part == part)
            .map(|s| s.text.as_str())
            .collect()
    }

    #[test]
    fn every_sentence_cites_and_is_within_bounds_however_large_the_case() {
        for groups in [1, 2, 12, 13, 300] {
            let mut dossier = dossier(groups);
            for row in 0..groups {
                let text = format!("fact {row} {}", "x".repeat(470));
                dossier
                    .findings
                    .push(finding(20_000 + row, row, Statement::KnownGood, &text));
                dossier
                    .findings
                    .push(finding(30_000 + row, row, Statement::Asset, &text));
            }
            dossier.gaps = vec![
                Gap {
                    evidence: 9_000,
                    text: "é".repeat(900)
                };
                200
            ];
            let draft = draft(&dossier);
            assert!((5..=SENTENCES).contains(&draft.len()), "{}", draft.len());
            for sentence in &draft {
                assert!(
                    (1..=CITATIONS).contains(&sentence.citations.len()),
                    "{sentence:?}"
                );
                assert!((1..=LENGTH).contains(&sentence.text.len()), "{sentence:?}");
            }
            assert_eq!(draft.last().unwrap().part, Section::NotKnown);
        }
    }

    #[test]
    fn the_most_severe_group_is_told_first() {
        let draft = draft(&dossier(3));
        let told = of(Section::WhatHappened, &draft);
        assert!(
            told.first()
                .unwrap()
                .starts_with("This case holds 9 alerts in 3 groups")
        );
        assert!(told.get(1).unwrap().starts_with(
            "From 2026-11-23 08:14:05 UTC to 2026-11-23 08:15:05 UTC, 3 alerts of the rule \
             “Encoded command” (rule id “r-1”) on host “pc2”, user “kim”; severity by the source: critical."
        ), "{told:?}");
    }

    #[test]
    fn a_known_good_fact_is_told_with_the_number_of_alerts_it_holds_for() {
        let mut dossier = dossier(1);
        dossier.findings.push(finding(
            7,
            0,
            Statement::KnownGood,
            "The known-good fact “x” holds.",
        ));
        let whole = draft(&dossier);
        let says = "For 3 of the 3 alerts of group 1: The known-good fact “x” holds.";
        assert_eq!(of(Section::KnownGood, &whole), [says]);
        dossier.groups.first_mut().unwrap().count = 50;
        let part = draft(&dossier);
        let says = "For at least 3 of the 50 alerts of group 1: The known-good fact “x” holds.";
        assert_eq!(of(Section::KnownGood, &part), [says]);
    }

    #[test]
    fn what_is_missing_is_said_as_such() {
        let draft = draft(&dossier(1));
        assert_eq!(
            of(Section::NotKnown, &draft),
            ["The parent process is withheld."]
        );
        assert!(
            of(Section::SeenBefore, &draft)
                .concat()
                .starts_with("Nothing like it was seen before")
        );
    }

    #[test]
    fn an_empty_dossier_is_drafted_too() {
        let mut dossier = dossier(0);
        dossier.gaps.clear();
        assert!(!draft(&dossier).is_empty());
    }
}
