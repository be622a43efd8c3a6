//! One group of the case as the draft sees it: what its alerts name, and how often.

use casemate_sdk::{Alert, Dossier, Evidence, Field, Group, text};

/// The longest value of a field in a sentence, in bytes.
pub(crate) const VALUE: usize = 120;
/// The longest command line in a sentence, in bytes.
pub(crate) const COMMAND: usize = 400;

/// OCSF's words for severities, the least first.
const SEVERITIES: [&str; 7] = [
    "unknown",
    "informational",
    "low",
    "medium",
    "high",
    "critical",
    "fatal",
];

/// A group with the alerts that show it.
pub(crate) struct Shown<'a> {
    pub(crate) group: &'a Group,
    /// Each with how many alerts it stands for.
    pub(crate) alerts: Vec<(Alert<'a>, u64)>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(dossier: &'a Dossier, group: &'a Group) -> Self {
        let repeats = group.repeats.iter().copied().chain(std::iter::repeat(1));
        let alerts = group
            .rows
            .iter()
            .zip(repeats)
            .filter_map(|(row, n)| Some((dossier.alerts.alert(*row as usize)?, n)))
            .collect();
        Self { group, alerts }
    }

    /// Whether the alerts at hand stand for all of the group's.
    pub(crate) fn whole(&self) -> bool {
        self.alerts.iter().map(|(_, n)| n).sum::<u64>() >= self.group.count
    }

    /// The place of its highest severity among OCSF's words, and the word.
    pub(crate) fn severity(&self) -> (usize, &'a str) {
        let rank = |word: &str| SEVERITIES.iter().position(|s| *s == word).unwrap_or(0);
        let words = self.alerts.iter().map(|(a, _)| a.get(Field::Severity));
        words.map(|w| (rank(w), w)).max().unwrap_or((0, ""))
    }

    /// The group, then the alerts that show it: what a sentence about it rests on.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let alerts = self.alerts.iter().map(|(a, _)| a.evidence());
        std::iter::once(self.group.evidence)
            .chain(alerts)
            .take(crate::CITATIONS)
            .collect()
    }

    /// The distinct values of a field, those of most alerts first, then by text.
    pub(crate) fn values(&self, field: Field) -> Vec<&'a str> {
        let mut counts: Vec<(&str, u64)> = Vec::new();
        for (alert, n) in &self.alerts {
            let value = alert.get(field);
            match counts.iter_mut().find(|(v, _)| *v == value) {
                Some((_, count)) => *count = count.saturating_add(*n),
                None if value.is_empty() => {}
                None => counts.push((value, *n)),
            }
        }
        counts.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
        counts.into_iter().map(|(v, _)| v).collect()
    }

    /// `From … to …, 12 alerts of the rule “x” …`
    pub(crate) fn happened(&self) -> String {
        let group = self.group;
        let when = if group.first == group.last {
            format!("At {}", text::utc(group.first))
        } else {
            format!(
                "From {} to {}",
                text::utc(group.first),
                text::utc(group.last)
            )
        };
        let mut says = format!("{when}, {}", alerts(group.count));
        match (
            self.values(Field::RuleName).as_slice(),
            self.values(Field::RuleId).as_slice(),
        ) {
            ([], []) => says.push_str(" whose rule has no name"),
            ([], ids) => says.push_str(&some(" of rule ", " of the rules ", ids, VALUE)),
            (names, ids) => {
                says.push_str(&some(" of the rule ", " of the rules ", names, VALUE));
                if let ([_], [id]) = (names, ids) {
                    says.push_str(&format!(" (rule id {})", text::quoted(id, VALUE)));
                }
            }
        }
        let hosts = self.values(Field::HostName);
        if hosts.is_empty() {
            says.push_str(&some(
                " on address ",
                " on addresses ",
                &self.values(Field::HostIp),
                VALUE,
            ));
        } else {
            says.push_str(&some(" on host ", " on hosts ", &hosts, VALUE));
        }
        let users = self.values(Field::UserName);
        says.push_str(&some(", user ", ", users ", &users, VALUE));
        let products = self.values(Field::Product);
        says.push_str(&some(", raised by ", ", raised by ", &products, VALUE));
        let (_, severity) = self.severity();
        if !severity.is_empty() {
            let highest = if self.values(Field::Severity).len() > 1 {
                "highest "
            } else {
                ""
            };
            says.push_str(&format!("; {highest}severity by the source: {severity}"));
        }
        if !group.because.is_empty() {
            says.push_str(&format!(
                "; in this case because: {}",
                text::capped(&group.because, 200)
            ));
        }
        says.push('.');
        says
    }

    /// What the alerts name beyond rule, host and user; none where they name nothing.
    pub(crate) fn named(&self) -> Option<String> {
        const NAMED: [(Field, &str, &str, usize); 8] = [
            (Field::ProcessName, "the process ", "the processes ", VALUE),
            (
                Field::ProcessCommandLine,
                "the command line ",
                "the command lines ",
                COMMAND,
            ),
            (
                Field::ProcessParent,
                "the parent process ",
                "the parent processes ",
                VALUE,
            ),
            (Field::FilePath, "the file ", "the files ", VALUE),
            (
                Field::SourceIp,
                "the source address ",
                "the source addresses ",
                VALUE,
            ),
            (
                Field::DestinationIp,
                "the destination address ",
                "the destination addresses ",
                VALUE,
            ),
            (Field::Domain, "the domain ", "the domains ", VALUE),
            (Field::Url, "the URL ", "the URLs ", VALUE),
        ];
        let mut parts = Vec::new();
        let mut length = 0;
        for (field, one, many, longest) in NAMED {
            let values = self.values(field);
            // Where there are several, shorter ones, so that all kinds fit into one sentence.
            let longest = if values.len() > 1 { VALUE } else { longest };
            let part = some(one, many, &values, longest);
            if !part.is_empty() && length + part.len() < 900 {
                length += part.len() + 2;
                parts.push(part);
            }
        }
        if parts.is_empty() {
            return None;
        }
        let subject = if self.group.count == 1 {
            "This alert names"
        } else {
            "These alerts name"
        };
        Some(format!("{subject} {}.", parts.join(", ")))
    }
}

/// `one alert`, `12 alerts`.
pub(crate) fn alerts(count: u64) -> String {
    if count == 1 {
        "one alert".to_owned()
    } else {
        format!("{count} alerts")
    }
}

/// Up to two values after `one` or `many`, and how many more there are; empty for none.
pub(crate) fn some(one: &str, many: &str, values: &[&str], longest: usize) -> String {
    match values {
        [] => String::new(),
        [value] => format!("{one}{}", text::quoted(value, longest)),
        [a, b] => format!(
            "{many}{} and {}",
            text::quoted(a, longest),
            text::quoted(b, longest)
        ),
        [a, b, rest @ ..] => format!(
            "{many}{}, {} and {} more",
            text::quoted(a, longest),
            text::quoted(b, longest),
            rest.len()
        ),
    }
}
