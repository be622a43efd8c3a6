//! What somebody who embeds the host rests on.

use crate::support::{
    Bench, Built, Finding, NOW, ndjson, session_state, start, state, stream, tenant,
};
use casemate::model::{AlertNumber, Capability, ModuleName, TenantId};
use casemate::trail::FailureCode;
use casemate::triage::intake::{Document, From, documents};
use casemate::triage::{
    Cancel, Changed, Drafted, Ended, Observer, RunEnded, Session, Submitted, TakenIn,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn read(input: &[u8]) -> Vec<Document> {
    documents(input, From::Auto).map(Result::unwrap).collect()
}

/// The cases that have a draft, by the store.
fn drafted(session: &Session) -> BTreeSet<AlertNumber> {
    session_state(session)
        .drafts
        .iter()
        .map(|d| d.case)
        .collect()
}

#[test]
fn what_was_read_elsewhere_is_durable_when_it_was_taken_and_tells_what_it_changed() {
    let findings = stream(1_300, 21);
    let mut input = ndjson(&findings);
    input.extend_from_slice(b"{\"class_uid\":2004}\n");
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let whole = {
        let other = Bench::ordinary(&["acme"]);
        let casemate = other.open();
        let mut session = start(&casemate, &acme);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session_state(&session)
    };
    let mut session = start(&casemate, &acme);
    let (mut done, mut all) = (Submitted::default(), Vec::new());
    let mut cases = BTreeSet::new();
    let mut rest = read(&input);
    // One by one, in small parts, and more at once than a batch holds.
    for size in [1, 1, 90, 1_100, 1_000] {
        let later = rest.split_off(size.min(rest.len()));
        let mut changed = Changed::default();
        session.take(rest, "test", &mut done, &mut changed).unwrap();
        rest = later;
        // A reader that knows nothing of the writer sees all of it.
        let found = state(&casemate, &acme);
        assert_eq!((found.alerts, found.rejects), (done.new, done.rejects));
        all.extend(changed.placements.iter().map(|p| (p.alert, p.group)));
        cases.retain(|case| !changed.joined.contains_key(case));
        cases.extend(changed.cases);
    }
    assert_eq!((done.documents, done.rejects, done.waiting), (1_301, 1, 0));
    let after = session_state(&session);
    assert_eq!(after, whole);
    let stored = after.placements.iter().map(|p| (p.0, p.1));
    assert_eq!(all, stored.collect::<Vec<_>>());
    let stored = after.cases.iter().map(|case| case.number);
    assert_eq!(cases, stored.collect::<BTreeSet<_>>());

    let (mut drafts, mut changed) = (Drafted::default(), Changed::default());
    session.draft_changed(&mut drafts, &mut changed).unwrap();
    assert!(changed.drafts.len() > 2 && changed.placements.is_empty());
    assert_eq!(changed.drafts, drafted(&session));
    assert_eq!(drafts.drafts, changed.drafts.len() as u64);
    assert_eq!(session.as_of(), NOW);
}

/// Everything an observer was told.
#[derive(Default)]
struct Told {
    lines: Mutex<Vec<String>>,
    runs: Mutex<Vec<RunEnded>>,
    taken: Mutex<TakenIn>,
    cases: Mutex<BTreeSet<AlertNumber>>,
    drafts: Mutex<BTreeSet<AlertNumber>>,
}

impl Told {
    fn say(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
}

impl Observer for Told {
    fn taken_in(&self, tenant: &TenantId, batch: &TakenIn) {
        self.say(format!("{tenant} taken {batch:?}"));
        let mut all = self.taken.lock().unwrap();
        all.documents += batch.documents;
        all.new += batch.new;
        all.rejects += batch.rejects;
    }

    fn placed(&self, tenant: &TenantId, changed: &Changed) {
        self.say(format!("{tenant} placed {changed:?}"));
    }

    fn case_changed(&self, tenant: &TenantId, case: AlertNumber) {
        self.say(format!("{tenant} changed {case}"));
        self.cases.lock().unwrap().insert(case);
    }

    fn run_ended(&self, tenant: &TenantId, run: &RunEnded) {
        self.say(format!("{tenant} ran {run:?}"));
        self.runs.lock().unwrap().push(run.clone());
    }

    fn calls_refused(&self, tenant: &TenantId, module: &ModuleName, calls: u64) {
        self.say(format!("{tenant} {module} refused {calls}"));
    }

    fn module_refused(&self, tenant: &TenantId, module: &ModuleName, what: Option<Capability>) {
        self.say(format!("{tenant} {module} left out {what:?}"));
    }

    fn draft_written(&self, tenant: &TenantId, case: AlertNumber) {
        self.say(format!("{tenant} drafted {case}"));
        self.drafts.lock().unwrap().insert(case);
    }
}

#[test]
fn an_observer_is_told_what_happens_and_nothing_of_what_alerts_say() {
    let findings = stream(1_200, 22);
    let mut input = ndjson(&findings);
    input.extend_from_slice(b"{\"secret-key\":2004}\n");
    let bench = Bench::ordinary(&["acme"]);
    let told = Arc::new(Told::default());
    let casemate = bench.open_with(|settings| settings.observer = told.clone());
    let mut session = start(&casemate, &tenant("acme"));
    let done = session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    let drafts = session.draft().unwrap();
    let taken = *told.taken.lock().unwrap();
    assert_eq!(
        (taken.documents, taken.new, taken.rejects),
        (1_201, done.new, 1)
    );
    let runs = told.runs.lock().unwrap().clone();
    assert_eq!(runs.len() as u64, done.runs + drafts.runs);
    assert!(
        runs.iter()
            .all(|run| run.failure.is_none() && !run.took.is_zero())
    );
    assert!(runs.iter().any(|run| run.calls > 0 && run.memory_bytes > 0));
    assert_eq!(*told.drafts.lock().unwrap(), drafted(&session));
    assert!(told.cases.lock().unwrap().is_superset(&drafted(&session)));
    let lines = told.lines.lock().unwrap().join("\n");
    for said in [
        "web-1",
        "scan",
        "user-",
        "message",
        "198.51.100",
        "secret-key",
    ] {
        assert!(!lines.contains(said), "{said}");
    }
    assert!(lines.starts_with("acme "));
}

#[test]
fn an_observer_is_told_which_module_does_not_take_part() {
    let bench = Bench::new();
    bench.ours(&["grouper"]);
    bench.tenant_with(
        "acme",
        &Bench::allowing().replace("memory = true", "memory = false"),
    );
    let told = Arc::new(Told::default());
    let casemate = bench.open_with(|settings| settings.observer = told.clone());
    drop(start(&casemate, &tenant("acme")));
    assert_eq!(
        *told.lines.lock().unwrap(),
        ["acme grouper left out Some(Memory)"]
    );
}

#[test]
fn an_observer_is_told_of_calls_that_are_refused_and_runs_that_fail() {
    let bench = Bench::new();
    bench.whole(&Built::read("hostile-grouper"));
    bench.tenant("acme");
    let told = Arc::new(Told::default());
    let casemate = bench.open_with(|settings| settings.observer = told.clone());
    let mut session = start(&casemate, &tenant("acme"));
    let misdeeds = ["some-keys", "lose-alert"]
        .map(|misdeed| Finding::new(misdeed, "rule", "web-1").misdeed(misdeed));
    for finding in &misdeeds {
        let input = ndjson([finding]);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
    }
    let lines = told.lines.lock().unwrap().join("\n");
    assert!(lines.contains("acme hostile-grouper refused 1"), "{lines}");
    let runs = told.runs.lock().unwrap();
    assert!(runs[0].failure.is_none() && runs[0].calls == 1);
    let failed: Vec<_> = runs.iter().filter_map(|run| run.failure.as_ref()).collect();
    assert!(!failed.is_empty(), "{runs:?}");
    assert!(
        failed.iter().all(|f| f.code == FailureCode::Answer),
        "{runs:?}"
    );
    assert!(runs.iter().all(|run| run.limits.memory_bytes >= 1 << 20));
}

/// Cancels once it was told so many times that something was done.
struct After {
    times: AtomicU64,
    cancel: Cancel,
}

impl After {
    fn one_more(&self) {
        if self.times.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.cancel.cancel();
        }
    }
}

impl Observer for After {
    fn run_ended(&self, _: &TenantId, _: &RunEnded) {
        self.one_more();
    }

    fn taken_in(&self, _: &TenantId, _: &TakenIn) {
        self.one_more();
    }
}

#[test]
fn what_is_cancelled_anywhere_says_so_and_is_continued() {
    let input = ndjson(&stream(1_300, 23));
    let acme = tenant("acme");
    let whole = {
        let bench = Bench::ordinary(&["acme"]);
        let casemate = bench.open();
        let mut session = start(&casemate, &acme);
        let done = session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        assert_eq!(done.ended, Ended::Whole);
        assert_eq!(session.draft().unwrap().ended, Ended::Whole);
        session_state(&session)
    };
    let (mut in_submit, mut in_draft) = (0, 0);
    for times in [1, 2, 3, 6, 9] {
        let bench = Bench::ordinary(&["acme"]);
        let cancel = Cancel::new();
        let casemate = bench.open_with(|settings| {
            settings.cancel = cancel.clone();
            settings.observer = Arc::new(After {
                times: AtomicU64::new(times),
                cancel: cancel.clone(),
            });
        });
        let mut session = start(&casemate, &acme);
        let first = session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        assert_eq!(first.new, session.view().unwrap().alert_count().unwrap());
        let left = first.new < 1_300 || first.waiting > 0;
        assert!(!left || first.ended == Ended::Cancelled);
        in_submit += u64::from(first.ended == Ended::Cancelled);
        let drafted = session.draft().unwrap();
        assert_eq!(drafted.drafts, session_state(&session).drafts.len() as u64);
        in_draft += u64::from(first.ended == Ended::Whole && drafted.ended == Ended::Cancelled);
        assert_eq!(cancel.is_cancelled(), drafted.ended == Ended::Cancelled);
        session.listen_to(Cancel::new());
        let second = session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        assert_eq!(
            (second.new + second.duplicates, second.ended),
            (1_300, Ended::Whole)
        );
        assert_eq!(second.duplicates, first.new);
        assert_eq!(session.draft().unwrap().ended, Ended::Whole);
        let after = session_state(&session);
        assert_eq!(after.placements, whole.placements, "after {times}");
        assert_eq!(after.cases, whole.cases, "after {times}");
        assert_eq!(after.enrichments, whole.enrichments, "after {times}");
        assert_eq!(after.drafts.len(), whole.drafts.len(), "after {times}");
    }
    assert!(in_submit >= 2 && in_draft >= 2, "{in_submit} {in_draft}");
}

#[test]
fn documents_that_were_handed_over_are_kept_though_cancelled() {
    let input = ndjson(&stream(300, 24));
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let cancel = Cancel::new();
    session.listen_to(cancel.clone());
    cancel.cancel();
    let (mut done, mut changed) = (Submitted::default(), Changed::default());
    session
        .take(read(&input), "test", &mut done, &mut changed)
        .unwrap();
    assert_eq!(
        (done.new, done.waiting, done.ended),
        (300, 300, Ended::Cancelled)
    );
    assert_eq!(changed.deliveries.len(), 300);
    assert!(changed.placements.is_empty() && changed.cases.is_empty());
    session.listen_to(Cancel::new());
    session
        .take(Vec::new(), "test", &mut done, &mut changed)
        .unwrap();
    assert_eq!((done.new, done.waiting, done.ended), (300, 0, Ended::Whole));
    assert_eq!(changed.placements.len(), 300);
}

/// An input that never comes to its end and never has anything more.
struct Quiet(Cancel);

impl std::io::Read for Quiet {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        while !self.0.is_cancelled() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(0)
    }
}

#[test]
fn a_quiet_input_is_cancelled_when_its_reading_comes_back() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let cancel = Cancel::new();
    session.listen_to(cancel.clone());
    let other = cancel.clone();
    let stops = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        other.cancel();
    });
    let done = session.submit(Quiet(cancel), From::Auto, "test").unwrap();
    assert_eq!((done.documents, done.ended), (0, Ended::Cancelled));
    stops.join().unwrap();
}
