use casemate::Casemate;
use casemate::model::{AlertNumber, Case, Draft, Enrichment, Rule, TenantId};
use casemate::store::{GroupRow, Material, View};
use casemate::trail::{
    Counts, Entries, Entry, Files as _, Intent, Outcome, RunStart, Stamped, Verdict,
};
use casemate::triage::Session;

/// What a tenant's store holds, in a form that can be compared.
#[derive(Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) alerts: u64,
    /// Alert, group, rule, what it measured and what that was compared with.
    pub(crate) placements: Vec<(AlertNumber, AlertNumber, Option<Rule>, i64, i64)>,
    pub(crate) groups: Vec<GroupRow>,
    pub(crate) cases: Vec<Case>,
    pub(crate) enrichments: Vec<Enrichment>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) rejects: u64,
}

/// What is held of a tenant, read beside whoever writes.
pub(crate) fn state(casemate: &Casemate, tenant: &TenantId) -> State {
    of_view(&casemate.view(tenant).unwrap().unwrap())
}

pub(crate) fn session_state(session: &Session) -> State {
    of_view(&session.view().unwrap())
}

fn of_view(view: &View) -> State {
    let alerts = view.alert_count().unwrap();
    let groups = view.groups().unwrap();
    let cases = view.cases().unwrap();
    let placements = view.placements(1, view.last_alert().unwrap()).unwrap();
    State {
        alerts,
        placements: placements
            .into_iter()
            .map(|p| {
                let rule = view.rule(p.rule).unwrap();
                (p.alert, p.group, rule, p.measured, p.bound)
            })
            .collect(),
        enrichments: groups
            .iter()
            .flat_map(|row| view.enrichments(row.group.number).unwrap())
            .collect(),
        drafts: cases
            .iter()
            .filter_map(|case| view.draft(case.number).unwrap())
            .collect(),
        groups,
        cases,
        rejects: view.reject_count().unwrap(),
    }
}

/// The bytes of all files of a tenant's trail, one behind the other.
pub(crate) fn trail_bytes(casemate: &Casemate, tenant: &TenantId) -> Vec<u8> {
    let scope = casemate.home().tenant(tenant).unwrap();
    let mut files = scope.read_trail().unwrap().unwrap();
    let paths = files.list().unwrap();
    let all = paths.iter().map(|path| files.read(path).unwrap().unwrap());
    all.collect::<Vec<_>>().concat()
}

/// How many bytes of a journal are in use: zeros stand behind them.
pub(crate) fn journal_end(journal: &[u8]) -> usize {
    journal
        .iter()
        .rposition(|b| *b != 0)
        .map_or(0, |last| last + 1)
}

/// A tenant's trail, which must be sound.
pub(crate) fn trail(casemate: &Casemate, tenant: &TenantId) -> Vec<Stamped> {
    let scope = casemate.home().tenant(tenant).unwrap();
    let report = scope.verify_trail(None).unwrap().unwrap();
    assert!(report.bad.is_none(), "{:?}", report.bad);
    let entries = Entries::new(scope.read_trail().unwrap().unwrap()).unwrap();
    entries.map(|found| found.unwrap().stamped).collect()
}

/// A run as the trail tells it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) start: RunStart,
    pub(crate) intents: Vec<Intent>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) end: Option<(Verdict, Counts)>,
}

impl Run {
    pub(crate) fn module(&self) -> &str {
        self.start.module.as_str()
    }

    /// How it failed; none where it did not.
    pub(crate) fn failure(&self) -> Option<&casemate::trail::Failure> {
        match &self.end {
            Some((Verdict::Failed(failure), _)) => Some(failure),
            Some((Verdict::Ok { .. }, _)) | None => None,
        }
    }
}

/// The runs of a trail, in its order.
pub(crate) fn runs(trail: &[Stamped]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    fn at(runs: &mut [Run], number: u64) -> &mut Run {
        let run = runs.iter_mut().find(|run| run.number == number);
        run.expect("every entry of a run stands behind its start")
    }
    for stamped in trail {
        match &stamped.entry {
            Entry::RunStart { run, start } => {
                assert_eq!(*run, stamped.seq);
                runs.push(Run {
                    number: *run,
                    start: (**start).clone(),
                    intents: Vec::new(),
                    outcomes: Vec::new(),
                    end: None,
                });
            }
            Entry::Intent(intent) => at(&mut runs, intent.run).intents.push(intent.clone()),
            Entry::Outcome { run, call, result } => {
                let run = at(&mut runs, *run);
                run.outcomes.push(result.clone());
                assert_eq!(run.outcomes.len(), *call as usize);
            }
            Entry::RunEnd {
                run,
                verdict,
                counts,
            } => at(&mut runs, *run).end = Some((verdict.clone(), *counts)),
            Entry::Intake(_)
            | Entry::Refused { .. }
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Restore(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_)
            | Entry::Recovery(_) => {}
        }
    }
    runs
}

/// What is kept of every run and intake of a trail, with its number.
pub(crate) fn materials(view: &View, trail: &[Stamped]) -> Vec<(u64, Material)> {
    let kept = |stamped: &Stamped| Some((stamped.seq, view.material(stamped.seq).unwrap()?));
    let of_flow = |stamped: &&Stamped| {
        let entry = &stamped.entry;
        matches!(entry, Entry::RunStart { .. } | Entry::Intake(_))
    };
    trail.iter().filter(of_flow).filter_map(kept).collect()
}

/// Every byte that a module of the tenant was handed or answered, and all that is shown of it.
pub(crate) fn everything(casemate: &Casemate, tenant: &TenantId) -> Vec<u8> {
    let view = casemate.view(tenant).unwrap().unwrap();
    let mut all = Vec::new();
    for (_, material) in materials(&view, &trail(casemate, tenant)) {
        all.extend_from_slice(&material.batch);
        for call in &material.calls {
            all.extend_from_slice(&call.question);
            all.extend_from_slice(&call.answer);
        }
        all.extend_from_slice(&material.answer);
    }
    let shown = format!(
        "{:?} {:?} {:?}",
        of_view(&view),
        view.notices().unwrap(),
        view.rejects().unwrap()
    );
    all.extend_from_slice(shown.as_bytes());
    all
}

/// Whether the text stands somewhere in the bytes.
pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}
