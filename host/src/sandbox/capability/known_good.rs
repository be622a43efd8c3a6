use super::{NotRead, Read};
use crate::knowledge::{Comparison, Fact, KnownGood};
use crate::model::{Evidence, access};
use crate::sandbox::allowance::Allowance;
use crate::sandbox::bindings::{known_good, types};
use crate::sandbox::run::Run;
use crate::sandbox::table::wit_field;
use crate::trail::Permit;
use std::sync::Arc;

const MAX_RULES: usize = 4_096;
const MAX_PER_RULE: usize = 256;
/// What holds a fact, in bytes beside its texts; half of it for each condition.
const HELD_BYTES: usize = 256;

/// The tenant's known-good facts, readable with a permit.
#[derive(Clone)]
pub(crate) struct FactList(Arc<KnownGood>);

impl FactList {
    pub(crate) fn new(facts: Arc<KnownGood>) -> Self {
        Self(facts)
    }

    fn read(
        &self,
        permit: Permit<access::KnownGood>,
        rules: &[String],
        allowance: &mut Allowance,
    ) -> Read<access::KnownGood, Vec<Vec<Fact>>> {
        let mut copy = |fact: &Fact| {
            allowance.take(bytes(fact))?;
            Ok::<_, NotRead>(fact.clone())
        };
        let mut of_rule = |rule| {
            let found = self.0.facts_for(rule).take(MAX_PER_RULE);
            found.map(&mut copy).collect()
        };
        let found = rules.iter().map(|rule| of_rule(rule)).collect();
        Read {
            permit,
            result: found,
        }
    }
}

impl known_good::Host for Run {
    fn facts(
        &mut self,
        rules: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Vec<known_good::Fact>>, types::Refusal>> {
        let question = self.question(&rules, MAX_RULES)?;
        let list = self.given.known_good.clone();
        self.answer(
            question,
            |permit, allowance| match &list {
                Some(list) => list.read(permit, &rules, allowance),
                None => Read::unavailable(permit),
            },
            |run, found| {
                found
                    .iter()
                    .map(|of_rule| of_rule.iter().map(|fact| handed_out(run, fact)).collect())
                    .collect()
            },
        )
    }
}

/// What a copy is charged: what a fact says, and what holds it.
fn bytes(fact: &Fact) -> usize {
    let said = [fact.id(), fact.rule(), fact.owner(), fact.reason()];
    let said = said.into_iter().map(|text| text.as_str().len());
    let conditions = fact.conditions().iter();
    let conditions = conditions.map(|one| HELD_BYTES / 2 + one.value.as_str().len());
    HELD_BYTES + said.chain(conditions).sum::<usize>()
}

fn handed_out(run: &mut Run, fact: &Fact) -> known_good::Fact {
    let condition = |c: &crate::knowledge::Condition| known_good::Condition {
        name: wit_field(c.field),
        compare: match c.compare {
            Comparison::Equals => known_good::Comparison::Equals,
            Comparison::BeginsWith => known_good::Comparison::BeginsWith,
        },
        value: c.value.to_string(),
    };
    let mut record = known_good::Fact {
        evidence: 0,
        id: fact.id().to_string(),
        conditions: fact.conditions().iter().map(condition).collect(),
        owner: fact.owner().to_string(),
        reason: fact.reason().to_string(),
        expires: fact.expires().millis(),
    };
    let digest = fact.record().digest();
    record.evidence = run.hand_out(Evidence::Fact(record.id.clone()), digest);
    record
}
