//! What a module says when it fails, and where it stood: kept for its author with the tenant whose data
//! it had, and nowhere else.

use crate::limits::{ACME, alerts, beside, bolt_is_undisturbed, draft, submit};
use crate::support::{
    Bench, Built, Finding, PERSON, contains, everything, laden, made, ndjson, open, said, start,
    tenant, trail_bytes, written,
};
use casemate::model::{ModuleName, TenantId};
use casemate::sandbox::{Limits, Memory, WantedLimits};
use casemate::store::FailedRun;
use casemate::triage::{Changed, Observer, RunEnded, TakenIn};
use std::path::Path;
use std::sync::{Arc, Mutex};

const KINDS: [&str; 3] = ["hostile-grouper", "hostile-enricher", "hostile-drafter"];
/// Stands in one tenant's alert, and the module puts it into its panic.
const PLANTED: &str = "planted-machine-7f3a";

fn planted() -> Vec<u8> {
    ndjson(&[Finding::new("id-1", "rule-1", PLANTED).misdeed("panic-with-data")])
}

/// All that an observer is told.
#[derive(Default)]
struct Told(Mutex<String>);

impl Told {
    fn say(&self, said: String) {
        self.0.lock().unwrap().push_str(&said);
    }
}

impl Observer for Told {
    fn taken_in(&self, tenant: &TenantId, batch: &TakenIn) {
        self.say(format!("{tenant} {batch:?}"));
    }

    fn placed(&self, tenant: &TenantId, changed: &Changed) {
        self.say(format!("{tenant} {changed:?}"));
    }

    fn run_ended(&self, tenant: &TenantId, run: &RunEnded) {
        self.say(format!("{tenant} {run:?}"));
    }

    fn calls_refused(&self, tenant: &TenantId, module: &ModuleName, calls: u64) {
        self.say(format!("{tenant} {module} {calls}"));
    }
}

/// Every byte of every file below a folder.
fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if path.is_dir() {
            all.extend(bytes_below(&path));
        } else {
            all.extend(open(folder).unwrap().read(entry.file_name()).unwrap());
        }
    }
    all
}

#[test]
fn what_a_module_says_in_a_panic_is_its_own_tenants_and_nobody_elses() {
    for kind in KINDS {
        let bench = Bench::new();
        let told = Arc::new(Told::default());
        for id in ["acme", "bolt"] {
            bench.tenant(id);
        }
        for ours in ["grouper", "drafter"] {
            if Built::read(ours).manifest().kind() != Built::read(kind).manifest().kind() {
                bench.whole(&Built::read(ours));
            }
        }
        bench.whole(&Built::read(kind));
        let observer = told.clone();
        let casemate = bench.open_with(|settings| settings.observer = observer);
        let (acme, bolt) = (tenant("acme"), tenant("bolt"));
        for (id, input) in [(&acme, planted()), (&bolt, alerts(""))] {
            let mut session = start(&casemate, id);
            submit(&mut session, &input);
            draft(&mut session);
        }
        let failed = casemate
            .view(&acme)
            .unwrap()
            .unwrap()
            .failed_runs()
            .unwrap();
        let last = failed.first().unwrap();
        assert_eq!(last.module.as_str(), kind);
        let message = last.message.as_ref().unwrap().as_str();
        assert!(message.contains("misdeed.rs:"), "it says where: {message}");
        assert!(
            message.ends_with(&format!("no such machine: {PLANTED}")),
            "{message}"
        );
        assert!(!last.backtrace.is_empty() && last.backtrace.len() <= Limits::FRAMES);
        assert!(last.backtrace.iter().all(|frame| frame.offset.is_some()));

        assert!(contains(&everything(&casemate, &acme), PLANTED));
        assert!(!contains(&trail_bytes(&casemate, &acme), PLANTED));
        let observed = told.0.lock().unwrap().clone();
        assert!(observed.contains(kind), "{observed}");
        assert!(!observed.contains(PLANTED), "{observed}");
        let of_bolt = casemate.view(&bolt).unwrap().unwrap();
        assert_eq!(of_bolt.failed_runs().unwrap(), []);
        assert!(!contains(&everything(&casemate, &bolt), PLANTED));
        let below = |id: &str| bytes_below(&bench.path().join("tenants").join(id));
        drop((of_bolt, casemate));
        assert!(!contains(&below("acme"), PLANTED), "what is kept is sealed");
        assert!(!contains(&below("bolt"), PLANTED));
    }
}

#[test]
fn the_functions_of_a_module_are_named_as_far_as_it_names_them() {
    let inside = "(component (core module $m \
        (func $_ZN7grouper5place6Placer5place17h0123456789abcdefE unreachable) \
        (func $begin call 0) (start $begin)) (core instance (instantiate $m)))";
    let grouper = Built::read("hostile-grouper");
    let (_bench, casemate) = beside(
        &laden(&grouper, inside),
        WantedLimits::default(),
        Memory::OnDemand,
    );
    let mut session = start(&casemate, &tenant(ACME));
    submit(&mut session, &alerts(""));
    let failed = session.view().unwrap().failed_runs().unwrap();
    let shown: Vec<String> = failed[0]
        .backtrace
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        shown[0].starts_with("grouper::place::Placer::place (function 0 at 0x"),
        "{shown:?}"
    );
    assert!(shown[1].starts_with("begin (function 1 at 0x"), "{shown:?}");
    assert_eq!(failed[0].message, None);
    bolt_is_undisturbed(&casemate, "");
}

#[test]
fn a_recursion_without_end_is_one_call_that_stands_there_again_and_again() {
    for kind in KINDS {
        let (_bench, casemate) = beside(
            &Built::read(kind),
            WantedLimits::default(),
            Memory::OnDemand,
        );
        let mut session = start(&casemate, &tenant(ACME));
        submit(&mut session, &alerts("recursion"));
        draft(&mut session);
        let failed = session.view().unwrap().failed_runs().unwrap();
        let last = failed.first().unwrap();
        assert!(
            last.is_deep() && last.text.contains("out of bounds"),
            "{last:?}"
        );
    }
    let (_bench, casemate) = beside(
        &Built::read(KINDS[0]),
        WantedLimits::default(),
        Memory::OnDemand,
    );
    let mut session = start(&casemate, &tenant(ACME));
    submit(&mut session, &alerts("panic"));
    assert!(
        session
            .view()
            .unwrap()
            .failed_runs()
            .unwrap()
            .iter()
            .all(|run| !run.is_deep())
    );
}

#[test]
fn the_latest_failures_are_kept_and_no_more() {
    let module = Built::read("hostile-enricher");
    let (_bench, casemate) = beside(&module, WantedLimits::default(), Memory::OnDemand);
    let mut session = start(&casemate, &tenant(ACME));
    for i in 0..FailedRun::KEPT + 5 {
        let one = Finding::new(
            &format!("id-{i}"),
            &format!("rule-{i}"),
            &format!("web-{i}"),
        );
        submit(
            &mut session,
            &ndjson(&[one.ago(100_000 - i as i64 * 600).misdeed("panic")]),
        );
        draft(&mut session);
    }
    let failed = session.view().unwrap().failed_runs().unwrap();
    assert_eq!(failed.len(), FailedRun::KEPT);
    assert!(failed.is_sorted_by_key(|run| std::cmp::Reverse(run.run)));
}

#[test]
fn failures_are_shown_on_the_command_line_to_whoever_reads_the_tenant() {
    let (folder, home) = made();
    let failures = ["module", "failures", "--tenant", "acme"];
    let (code, stdout, _) = said(&home, &failures);
    assert_eq!((code, stdout.contains("no run that failed")), (0, true));
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/hostile/hostile-enricher");
    assert_eq!(
        said(&home, &["module", "add", hostile.to_str().unwrap()]).0,
        0
    );
    let grant = [
        "module",
        "grant",
        "hostile-enricher",
        "--tenant",
        "acme",
        "--by",
        PERSON,
    ];
    assert_eq!(said(&home, &grant).0, 0);
    let file = written(&folder, "alerts.ndjson", &planted());
    let (code, _, stderr) = said(
        &home,
        &["run", "--tenant", "acme", "--format", "json", &file],
    );
    assert!(code <= 1, "{stderr}");
    let (code, stdout, _) = said(&home, &failures);
    assert_eq!(code, 1, "{stdout}");
    assert!(
        stdout.contains(&format!("no such machine: {PLANTED}")),
        "{stdout}"
    );
    assert!(stdout.contains("0: "), "{stdout}");
    assert!(
        stdout.contains("functions have no names here"),
        "it says why there are only numbers: {stdout}"
    );
    let (_, stdout, _) = said(
        &home,
        &[failures.as_slice(), &["--format", "json"]].concat(),
    );
    let list: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(list["schema"], "casemate.failures/v1");
    assert_eq!(list["failures"][0]["module"], "hostile-enricher");
    let other = [failures.as_slice(), &["--module", "drafter"]].concat();
    assert_eq!(said(&home, &other).0, 0);
}
