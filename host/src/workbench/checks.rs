//! What a module is held against: the contract, itself, what it is refused, and what is expected.

use super::answer::{Answer, differences};
use super::report::{Asked, CallsOf, Check, Cost, Report, RunShown, Verdict, Withheld};
use super::stand::{RunSeen, Seen, Stand, Way};
use super::{Workbench, WorkbenchError};
use crate::model::{Capability, ModuleKind, Text};
use crate::sandbox::module_digest;
use crate::store::Dir;
use std::collections::BTreeMap;

/// The parts in which a grouper is handed the samples a second time.
const PARTS: [usize; 5] = [1, 2, 3, 5, 8];
/// Of a limit, above which somebody should look.
const NEAR: f64 = 0.5;

impl Workbench {
    /// Tries the module in every way and holds it against the contract, against itself, and against
    /// the answers that are expected, where there are any: JSON with a list `answers`. The home is
    /// made in `root`, which must be empty.
    ///
    /// # Errors
    /// When the home cannot be made or used. A module that fails is no error: the report says so.
    pub fn test(&self, root: Dir, expected: Option<&str>) -> Result<Report, WorkbenchError> {
        let stand = Stand::new(self, root)?;
        let seen = stand.try_it(&Way::granted("granted"))?;
        let imports = stand.imports();
        let asked: Vec<Capability> = self.manifest.capabilities().collect();
        let (imported, not_imported): (Vec<_>, Vec<_>) = asked.iter().copied().partition(|c| {
            let interface = |name: &String| name.split('@').next() == Some(c.interface());
            imports.iter().any(interface)
        });
        let mut checks = vec![accepted(&seen), modest(&not_imported)];
        let again = stand.try_it(&Way::granted("again"))?;
        checks.push(same(&seen, &again));
        if self.manifest.kind() == ModuleKind::Grouper {
            let parts = stand.try_it(&Way::in_parts("in-parts", &PARTS))?;
            checks.push(cut(&seen, &parts));
        }
        for capability in imported {
            let without = stand.try_it(&Way::without(capability))?;
            checks.push(denied(capability, &without));
        }
        checks.push(bears(
            "it bears that a boundary withholds every field",
            &stand.try_it(&Way::blind())?,
        ));
        if asked.iter().any(|c| match c {
            Capability::Assets | Capability::KnownGood => true,
            Capability::Memory => false,
        }) {
            checks.push(bears(
                "it bears a tenant that wrote down nothing of itself",
                &stand.try_it(&Way::unknowing())?,
            ));
        }
        let cost = cost(&seen.runs);
        checks.push(within(&cost));
        checks.push(as_expected(expected, &seen.answers));
        let withheld = stand.withheld()?;
        let own = withheld.iter().map(|(field, by)| Withheld {
            field: field.name(),
            by: by.clone(),
        });
        Ok(Report {
            module: self.manifest.name().clone(),
            version: self.manifest.version().to_owned(),
            kind: self.manifest.kind(),
            digest: format!(
                "sha256:{}",
                module_digest(&self.module.component, self.module.manifest.as_bytes())
            ),
            component_bytes: self.module.component.len(),
            asked: Asked {
                capabilities: asked,
                not_imported,
                fields: self.manifest.fields().iter().map(|f| f.name()).collect(),
                imports,
            },
            documents: self.documents.len(),
            alerts: seen.submitted.new,
            fields_seen: seen
                .runs
                .first()
                .map(|run| run.start.fields.iter().map(|f| f.name()).collect())
                .unwrap_or_default(),
            fields_withheld: own.collect(),
            runs: seen.runs.iter().map(shown).collect(),
            calls: calls(&seen.runs),
            cost,
            checks,
            answers: seen.answers,
        })
    }
}

fn check(check: &'static str, verdict: Verdict, found: &str, details: Vec<String>) -> Check {
    Check {
        check,
        verdict,
        found: Text::capped(found, 400),
        details,
    }
}

/// Why runs of the module itself have no accepted answer.
fn failed(seen: &Seen) -> Vec<String> {
    match &seen.refused {
        Some(why) => vec![why.clone()],
        None if seen.runs.iter().any(|run| run.ended.failure.is_some()) => seen.failures.clone(),
        None => Vec::new(),
    }
}

fn accepted(seen: &Seen) -> Check {
    let what = "the host accepts every answer";
    let runs = seen.runs.len();
    let why = failed(seen);
    if !why.is_empty() {
        let ended = seen.runs.iter().filter(|r| r.ended.failure.is_some());
        let said = match &seen.refused {
            Some(_) => "it does not run".to_owned(),
            None => format!("{} of {runs} runs have none", ended.count()),
        };
        return check(what, Verdict::Failed, &said, why);
    }
    if runs == 0 {
        let said = "it did not run: no case came of the samples";
        return check(what, Verdict::Failed, said, seen.failures.clone());
    }
    let said = match runs {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    check(what, Verdict::Passed, &said, Vec::new())
}

fn modest(not_imported: &[Capability]) -> Check {
    let what = "it asks for nothing that it does not import";
    if not_imported.is_empty() {
        return check(what, Verdict::Passed, "", Vec::new());
    }
    let names: Vec<String> = not_imported.iter().map(|c| format!("`{c}`")).collect();
    let said = format!(
        "{} asked for and never called: take it out of `capabilities` in module.toml",
        names.join(", ")
    );
    check(what, Verdict::Warned, &said, Vec::new())
}

fn same(seen: &Seen, again: &Seen) -> Check {
    let what = "the same again gives the same, bit for bit";
    if seen.runs.is_empty() {
        return check(what, Verdict::Skipped, "it did not run", Vec::new());
    }
    let crossed = |run: &RunSeen| {
        let material = run.crossed.as_ref()?;
        Some((
            material.batch.clone(),
            material.calls.clone(),
            material.answer.clone(),
        ))
    };
    let other = (seen.runs.iter().map(crossed))
        .zip(again.runs.iter().map(crossed))
        .position(|(a, b)| a != b);
    match other {
        None if seen.runs.len() == again.runs.len() => {
            check(what, Verdict::Passed, "calls and answers", Vec::new())
        }
        None => check(what, Verdict::Failed, "another number of runs", Vec::new()),
        Some(run) => {
            let said = format!("run {} called or answered something else", run + 1);
            check(what, Verdict::Failed, &said, Vec::new())
        }
    }
}

/// A placement may state other numbers where the stream is cut, but no other group.
fn cut(seen: &Seen, parts: &Seen) -> Check {
    let what = "it makes no difference where the stream is cut";
    let groups = |seen: &Seen| -> BTreeMap<u64, u64> {
        let placed = seen.answers.iter().filter_map(|answer| match answer {
            Answer::Placed { alert, group, .. } => Some((*alert, *group)),
            Answer::Opened { .. }
            | Answer::Linked { .. }
            | Answer::Stated { .. }
            | Answer::Drafted { .. } => None,
        });
        placed.collect()
    };
    let (whole, cut) = (groups(seen), groups(parts));
    if whole.is_empty() {
        return check(what, Verdict::Skipped, "it did not run", Vec::new());
    }
    let mut elsewhere = Vec::new();
    for (alert, group) in &whole {
        match cut.get(alert) {
            Some(other) if other == group => (),
            Some(other) => elsewhere.push(format!(
                "alert {alert} is in group {group}, and in group {other} where it is cut"
            )),
            None => elsewhere.push(format!("alert {alert} is placed nowhere where it is cut")),
        }
    }
    if elsewhere.is_empty() {
        let said = format!("{} runs instead of {}", parts.runs.len(), seen.runs.len());
        return check(what, Verdict::Passed, &said, Vec::new());
    }
    let said = format!("{} of {} alerts", elsewhere.len(), whole.len());
    elsewhere.truncate(10);
    elsewhere.extend(failed(parts));
    check(what, Verdict::Failed, &said, elsewhere)
}

/// What it imports and is not given, it must not have: it does not run, and the operator is told why.
fn denied(capability: Capability, without: &Seen) -> Check {
    let what = match capability {
        Capability::Assets => "without `assets` it does not run, and the host says why",
        Capability::KnownGood => "without `known-good` it does not run, and the host says why",
        Capability::Memory => "without `memory` it does not run, and the host says why",
    };
    match &without.refused {
        Some(why) if without.runs.is_empty() => {
            let first = why.lines().next().unwrap_or_default();
            // What stands before it names this very module and the tenant made up here.
            let (_, first) = first
                .split_once("which it is not given: ")
                .unwrap_or(("", first));
            check(what, Verdict::Passed, first, Vec::new())
        }
        Some(_) | None => check(what, Verdict::Failed, "it ran", Vec::new()),
    }
}

fn bears(what: &'static str, seen: &Seen) -> Check {
    let why = failed(seen);
    if why.is_empty() {
        let said = match seen.answers.len() {
            1 => "1 answer".to_owned(),
            answers => format!("{answers} answers"),
        };
        return check(what, Verdict::Passed, &said, Vec::new());
    }
    check(what, Verdict::Failed, "it fails then", why)
}

fn cost(runs: &[RunSeen]) -> Cost {
    let limits = runs.first().map(|run| run.ended.limits);
    let most = |of: fn(&RunSeen) -> u64| runs.iter().map(of).max().unwrap_or(0);
    Cost {
        longest_us: most(|run| micros(run.ended.took)),
        deadline_ms: limits.map_or(0, |limits| limits.deadline_ms),
        memory_bytes: most(|run| run.ended.memory_bytes),
        memory_limit_bytes: limits.map_or(0, |limits| limits.memory_bytes as u64),
        calls: most(|run| run.ended.calls),
        calls_limit: limits.map_or(0, |limits| u64::from(limits.host_calls)),
    }
}

fn within(cost: &Cost) -> Check {
    let what = "its runs stay well within their limits";
    if cost.deadline_ms == 0 {
        return check(what, Verdict::Skipped, "it did not run", Vec::new());
    }
    let of = |used: u64, limit: u64| used as f64 / limit.max(1) as f64;
    let near: Vec<String> = [
        (
            "time",
            of(cost.longest_us, cost.deadline_ms.saturating_mul(1_000)),
        ),
        ("memory", of(cost.memory_bytes, cost.memory_limit_bytes)),
        ("calls", of(cost.calls, cost.calls_limit)),
    ]
    .into_iter()
    .filter(|(_, used)| *used > NEAR)
    .map(|(what, used)| format!("{what} {:.0} %", used * 100.0))
    .collect();
    if near.is_empty() {
        return check(what, Verdict::Passed, "none above half", Vec::new());
    }
    let said = format!("a larger batch may not fit: {}", near.join(", "));
    check(what, Verdict::Warned, &said, Vec::new())
}

fn as_expected(expected: Option<&str>, answers: &[Answer]) -> Check {
    let what = "its answers are those of expected.json";
    let Some(expected) = expected else {
        let said = "there is none; `--write-expected` writes it";
        return check(what, Verdict::Skipped, said, Vec::new());
    };
    match differences(expected, answers) {
        Ok(other) if other.is_empty() => {
            let said = match answers.len() {
                1 => "1 answer".to_owned(),
                answers => format!("{answers} answers"),
            };
            check(what, Verdict::Passed, &said, Vec::new())
        }
        Ok(mut other) => {
            let said = format!("{} lines differ: `-` expected, `+` answered", other.len());
            other.truncate(20);
            check(what, Verdict::Failed, &said, other)
        }
        Err(why) => check(what, Verdict::Failed, &why, Vec::new()),
    }
}

fn shown(run: &RunSeen) -> RunShown {
    let ended = &run.ended;
    let failure = ended.failure.as_ref().map(|failure| match &failure.limit {
        Some(limit) => format!(
            "{}: {} {}",
            failure.cause.as_str(),
            limit.name.as_str(),
            limit.value
        ),
        None => failure.cause.as_str().to_owned(),
    });
    RunShown {
        alerts: run.start.alerts,
        took_us: micros(ended.took),
        memory_bytes: ended.memory_bytes,
        calls: ended.calls,
        log_lines: run.log_lines,
        failure,
    }
}

fn calls(runs: &[RunSeen]) -> Vec<CallsOf> {
    let mut found: BTreeMap<Capability, CallsOf> = BTreeMap::new();
    for (capability, asked, answered) in runs.iter().flat_map(|run| &run.calls) {
        let of = found.entry(*capability).or_insert(CallsOf {
            capability: *capability,
            calls: 0,
            asked: 0,
            answered: 0,
            refused: 0,
        });
        of.calls += 1;
        of.asked += asked;
        of.answered += answered.unwrap_or(0);
        of.refused += u64::from(answered.is_none());
    }
    found.into_values().collect()
}

pub(super) fn micros(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
