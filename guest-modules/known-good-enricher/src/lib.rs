//! States which of the tenant's own known-good facts hold for an alert.

use casemate_sdk::known_good::{self, Fact, holds};
use casemate_sdk::{
    Alert, Batch, Enricher, Enrichment, Field, Instant, Refusal, Settings, Statement, text,
};

/// What one alert gets at most, as the contract has it.
const PER_ALERT: usize = 32;
/// The longest text of a statement, in bytes.
const TEXT: usize = 500;
/// The longest single value in it, in bytes.
const VALUE: usize = 100;

/// The setting that says how many days before its expiry a fact is said to run out; 0 for never.
pub const WARN_DAYS: &str = "warn-days";
const DAY: Instant = 86_400_000;

/// The module.
pub struct KnownGood;

impl Enricher for KnownGood {
    fn enrich(as_of: Instant, settings: &Settings, batch: &Batch) -> Vec<Enrichment> {
        match enrich(as_of, settings.integer(WARN_DAYS), batch, known_good::facts) {
            Ok(enrichments) => enrichments,
            Err(refusal) => {
                casemate_sdk::log!("no statement on known-good: the facts were refused: {refusal}");
                Vec::new()
            }
        }
    }
}

casemate_sdk::export_enricher!(KnownGood);

/// The statements on a batch, given what answers for the facts. One question, each distinct rule id
/// once. A fact that holds and expires in less than `warn_days` days is said to.
///
/// # Errors
/// The refusal of the facts.
pub fn enrich(
    as_of: Instant,
    warn_days: i64,
    batch: &Batch,
    facts: impl FnOnce(&[String]) -> Result<Vec<Vec<Fact>>, Refusal>,
) -> Result<Vec<Enrichment>, Refusal> {
    let mut place = vec![None; batch.strings()];
    let mut rules = Vec::new();
    for alert in batch {
        let key = alert.key(Field::RuleId) as usize;
        if let Some(slot @ None) = place.get_mut(key)
            && key != 0
        {
            *slot = Some(rules.len());
            rules.push(alert.rule_id().to_owned());
        }
    }
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let facts = facts(&rules)?;
    let mut out = Vec::new();
    for alert in batch {
        let of_rule = place
            .get(alert.key(Field::RuleId) as usize)
            .copied()
            .flatten()
            .and_then(|i| facts.get(i));
        let Some(of_rule) = of_rule else { continue };
        // What holds goes first, so that no number of expired facts can push it out.
        let holding = |expired: bool| {
            of_rule
                .iter()
                .filter(move |f| (as_of >= f.expires) == expired)
        };
        let found = holding(false)
            .chain(holding(true))
            .filter(|f| holds(f, batch, &alert));
        out.extend(
            found
                .take(PER_ALERT)
                .map(|fact| state(as_of, warn_days, &alert, fact)),
        );
    }
    Ok(out)
}

fn state(as_of: Instant, warn_days: i64, alert: &Alert<'_>, fact: &Fact) -> Enrichment {
    let expired = as_of >= fact.expires;
    let (kind, verb, until) = if expired {
        (Statement::ExpiredKnownGood, "would hold, but expired", "on")
    } else {
        (Statement::KnownGood, "holds", "until")
    };
    let left = fact.expires.saturating_sub(as_of);
    let soon = if !expired && left < warn_days.saturating_mul(DAY) {
        let days = if warn_days == 1 { "day" } else { "days" };
        format!(", in less than {warn_days} {days}")
    } else {
        String::new()
    };
    let says = format!(
        "The known-good fact {} {verb} {until} {}{soon}; owner {}; reason {}.",
        text::quoted(&fact.id, VALUE),
        text::utc(fact.expires),
        text::quoted(&fact.owner, VALUE),
        text::quoted(&fact.reason, VALUE),
    );
    Enrichment {
        alert: alert.evidence(),
        kind,
        text: text::capped(&says, TEXT).to_owned(),
        citations: vec![fact.evidence, alert.evidence()],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use casemate_sdk::BatchBuilder;
    use casemate_sdk::known_good::{Comparison, Condition};

    fn fact(id: &str, conditions: &[(Field, Comparison, &str)], expires: Instant) -> Fact {
        Fact {
            evidence: 9,
            id: id.to_owned(),
            conditions: conditions
                .iter()
                .map(|(f, compare, value)| Condition {
                    name: (*f).into(),
                    compare: *compare,
                    value: (*value).to_owned(),
                })
                .collect(),
            owner: "dana@example.org".to_owned(),
            reason: "nightly backup".to_owned(),
            expires,
        }
    }

    fn said(fields: &[Field], fact: Fact) -> Vec<Enrichment> {
        said_warning(0, fields, fact)
    }

    fn said_warning(warn_days: i64, fields: &[Field], fact: Fact) -> Vec<Enrichment> {
        let mut b = BatchBuilder::new(fields);
        b.alert(1, 0)
            .set(Field::RuleId, "r")
            .set(Field::HostName, "db1");
        b.alert(2, 0)
            .set(Field::RuleId, "r")
            .set(Field::HostName, "Db1");
        enrich(1_000, warn_days, &b.build(), |rules| {
            assert_eq!(rules, ["r"]);
            Ok(vec![vec![fact]])
        })
        .unwrap()
    }

    const BOTH: [Field; 2] = [Field::RuleId, Field::HostName];

    #[test]
    fn a_fact_holds_where_all_conditions_do_with_case() {
        let conditions = [
            (Field::RuleId, Comparison::Equals, "r"),
            (Field::HostName, Comparison::BeginsWith, "db"),
        ];
        let said = said(&BOTH, fact("backup", &conditions, 1_001));
        assert_eq!(said.len(), 1);
        assert_eq!((said[0].alert, said[0].kind), (0, Statement::KnownGood));
        assert_eq!(said[0].citations, [9, 0]);
        assert_eq!(
            said[0].text,
            "The known-good fact “backup” holds until 1970-01-01 00:00:01 UTC; \
             owner “dana@example.org”; reason “nightly backup”."
        );
    }

    #[test]
    fn an_expired_fact_is_called_expired_from_the_very_millisecond() {
        let conditions = [(Field::HostName, Comparison::Equals, "db1")];
        let said = said(&BOTH, fact("backup", &conditions, 1_000));
        assert_eq!(said[0].kind, Statement::ExpiredKnownGood);
        assert!(said[0].text.contains("would hold, but expired on"));
    }

    #[test]
    fn a_fact_is_said_to_run_out_as_many_days_before_as_the_operator_set() {
        let conditions = [(Field::HostName, Comparison::Equals, "db1")];
        let text = |warn_days, expires| {
            let said = said_warning(warn_days, &BOTH, fact("backup", &conditions, expires));
            said[0].text.clone()
        };
        let in_two_days = 1_000 + 2 * DAY;
        assert!(!text(0, 1_001).contains("in less than"));
        assert!(!text(2, in_two_days).contains("in less than"));
        assert!(text(2, in_two_days - 1).contains("UTC, in less than 2 days; owner"));
        assert!(text(1, 1_001).contains("in less than 1 day;"));
        assert!(text(i64::MAX, i64::MAX - 1).contains("in less than"));
        assert!(!text(365, 1_000).contains("in less than"), "it has expired");
    }

    #[test]
    fn a_fact_on_a_withheld_field_does_not_hold() {
        let conditions = [(Field::HostName, Comparison::BeginsWith, "")];
        assert_eq!(
            said(&[Field::RuleId], fact("backup", &conditions, 2_000)),
            []
        );
        assert_eq!(said(&BOTH, fact("none", &[], 2_000)), []);
    }
}
