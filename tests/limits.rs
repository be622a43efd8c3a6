//! For every limit of the sandbox a module that runs into it. Whoever does is told which limit and
//! of what value; everything and everybody else goes on.

use crate::support::{
    Bench, Built, Finding, NOW, contains, everything, laden, ndjson, runs, session_state, start,
    state, tenant, trail,
};
use casemate::Casemate;
use casemate::model::TenantId;
use casemate::sandbox::{GrantedTenants, Limit, Limits, Memory, WantedLimits};
use casemate::trail::FailureCode;
use casemate::triage::intake::From;
use casemate::triage::{Drafted, Session, Submitted};

pub(crate) const ACME: &str = "acme";
const BOLT: &str = "bolt";

const ASSETS: &str = "name,owner\nweb-1,Ada\nweb-2,Bea\nweb-3,Cid\nweb-4,Dan\nweb-5,Eve\n";

/// Five alerts that have nothing in common; the first asks for the misdeed.
pub(crate) fn alerts(misdeed: &str) -> Vec<u8> {
    let one = |i: i64| {
        let rule = format!("rule-{i}");
        Finding::new(&format!("id-{i}"), &rule, &format!("web-{i}")).ago(100_000 - i * 2_000)
    };
    let mut all: Vec<Finding> = (1..=5).map(one).collect();
    all[0] = all[0].clone().misdeed(misdeed);
    ndjson(&all)
}

pub(crate) fn submit(session: &mut Session, input: &[u8]) -> Submitted {
    session.submit(input, From::Auto, "test").unwrap()
}

pub(crate) fn draft(session: &mut Session) -> Drafted {
    session.draft().unwrap()
}

/// A home in which the module works for `acme` beside ours, and ours alone for `bolt`.
pub(crate) fn beside(module: &Built, wanted: WantedLimits, memory: Memory) -> (Bench, Casemate) {
    let bench = Bench::new();
    for id in [ACME, BOLT] {
        bench.tenant(id);
        bench.knowledge(id, "assets.csv", ASSETS);
    }
    bench.install(module);
    let asked: Vec<_> = module.manifest().capabilities().collect();
    let these = GrantedTenants::These(vec![tenant(ACME)]);
    bench.grant(module, these, &asked, wanted);
    for name in ["grouper", "assets", "known-good", "drafter"] {
        let ours = Built::read(name);
        let replaced = ours.manifest().kind() == module.manifest().kind()
            && matches!(name, "grouper" | "drafter");
        let tenants: &[&str] = if replaced { &[BOLT] } else { &[ACME, BOLT] };
        bench.whole_for(&ours, tenants);
    }
    let casemate = bench.open_with(|settings| settings.memory = memory);
    (bench, casemate)
}

/// What the tenant that nobody misbehaves for has to hold in the end.
pub(crate) fn bolt_is_undisturbed(casemate: &Casemate, misdeed: &str) {
    let bolt = tenant(BOLT);
    let mut session = start(casemate, &bolt);
    let submitted = submit(&mut session, &alerts(misdeed));
    assert_eq!((submitted.new, submitted.placed), (5, 5));
    let drafted = draft(&mut session);
    assert!(
        submitted.failures.is_empty() && drafted.failures.is_empty(),
        "{submitted:?} {drafted:?}"
    );
    assert_eq!(drafted.without_draft, 0);
    let held = session_state(&session);
    assert_eq!(held.groups.iter().map(|g| g.group.count).sum::<u64>(), 5);
    assert_eq!(held.enrichments.len(), 5, "each machine is in the list");
    assert_eq!(held.drafts.len(), held.cases.len());
}

/// The run failed at the limit, and the trail says so.
fn is_recorded(casemate: &Casemate, tenant: &TenantId, module: &str, limit: Limit, value: u64) {
    let runs = runs(&trail(casemate, tenant));
    let failed: Vec<_> = runs.iter().filter(|r| r.failure().is_some()).collect();
    assert!(!failed.is_empty());
    for run in failed {
        assert_eq!(run.module(), module);
        let failure = run.failure().unwrap();
        assert_eq!(failure.code, FailureCode::Limit);
        let reached = failure.limit.as_ref().unwrap();
        assert_eq!(reached.name.as_str(), limit.name());
        assert_eq!(reached.value, value);
    }
}

/// Runs the module into the limit and looks at everything around it.
fn runs_into(module: &Built, misdeed: &str, wanted: WantedLimits, limit: Limit, value: u64) {
    runs_into_on(Memory::OnDemand, module, misdeed, wanted, limit, value);
}

fn runs_into_on(
    memory: Memory,
    module: &Built,
    misdeed: &str,
    wanted: WantedLimits,
    limit: Limit,
    value: u64,
) {
    let name = module.name();
    let (_bench, casemate) = beside(module, wanted, memory);
    let acme = tenant(ACME);
    let mut session = start(&casemate, &acme);
    let submitted = submit(&mut session, &alerts(misdeed));
    let drafted = draft(&mut session);
    assert_eq!(
        (submitted.new, submitted.placed + submitted.waiting),
        (5, 5),
        "no alert is lost: {submitted:?}"
    );
    if !misdeed.is_empty() {
        assert_eq!(
            submitted.waiting, 0,
            "it fails on one alert only: {submitted:?}"
        );
    }
    let failures: Vec<_> = submitted.failures.iter().chain(&drafted.failures).collect();
    let says = format!(
        "module `{name}` ran over its limit `{}` of {value} {}",
        limit.name(),
        limit.unit()
    );
    assert!(
        failures.len() == 1 && failures[0].starts_with(&says),
        "`{misdeed}` should say `{says}` and says {failures:?}"
    );
    let held = session_state(&session);
    assert_eq!(held.alerts, 5);
    let grouped: u64 = held.groups.iter().map(|g| g.group.count).sum();
    assert_eq!(grouped, submitted.placed);
    let of_assets = held
        .enrichments
        .iter()
        .filter(|e| e.module.as_str() == "assets");
    assert_eq!(
        of_assets.count(),
        held.groups.len(),
        "the other enricher goes on"
    );
    assert_eq!(drafted.drafts + drafted.without_draft, drafted.cases);
    assert_eq!(held.drafts.len() as u64, drafted.drafts);
    if name.as_str() != "hostile-drafter" {
        assert_eq!(drafted.without_draft, 0, "the drafter goes on");
        assert!(
            contains(
                &everything(&casemate, &acme),
                &format!("the module `{name}` did not do its work")
            ),
            "the drafter is told what is missing"
        );
    } else {
        assert_eq!(drafted.without_draft, 1, "the other cases are drafted");
        assert!(drafted.drafts > 0);
    }
    // While the tenant with the failing module is still open:
    bolt_is_undisturbed(&casemate, misdeed);
    is_recorded(&casemate, &acme, name.as_str(), limit, value);
}

const KINDS: [&str; 3] = ["hostile-grouper", "hostile-enricher", "hostile-drafter"];

fn wanted(memory_mib: u32, deadline_ms: u32, host_calls: u32) -> WantedLimits {
    WantedLimits {
        memory_mib: Some(memory_mib),
        deadline_ms: Some(deadline_ms),
        host_calls: Some(host_calls),
    }
}

#[test]
fn a_module_that_grows_without_end_stops_at_its_memory() {
    for kind in KINDS {
        let module = Built::read(kind);
        let wanted = wanted(8, 5_000, 1_024);
        runs_into(&module, "memory", wanted, Limit::Memory, 8 << 20);
    }
}

#[test]
fn a_module_that_never_returns_stops_at_its_deadline() {
    for kind in KINDS {
        let module = Built::read(kind);
        runs_into(&module, "loop", wanted(64, 50, 1_024), Limit::Deadline, 50);
    }
}

#[test]
fn a_module_that_calls_without_end_stops_at_its_calls() {
    for kind in ["hostile-grouper", "hostile-enricher"] {
        let module = Built::read(kind);
        let wanted = wanted(64, 5_000, 20);
        runs_into(&module, "host-calls", wanted, Limit::HostCalls, 20);
    }
}

#[test]
fn an_answer_of_64_mib_does_not_cross() {
    for kind in KINDS {
        let module = Built::read(kind).wanting("memory_mib = 512");
        let limit = Limits::DEFAULT.crossing_bytes as u64;
        let unbounded = WantedLimits::default();
        runs_into(
            &module,
            "long-answer",
            unbounded,
            Limit::CrossingBytes,
            limit,
        );
    }
}

#[test]
fn a_giant_question_does_not_cross() {
    let limit = Limits::DEFAULT.crossing_bytes as u64;
    for (kind, misdeed) in [
        ("hostile-grouper", "giant-key"),
        ("hostile-grouper", "many-keys"),
        ("hostile-enricher", "giant-key"),
        ("hostile-enricher", "many-keys"),
        ("hostile-enricher", "many-rules"),
    ] {
        let module = Built::read(kind).wanting("memory_mib = 512");
        let unbounded = WantedLimits::default();
        runs_into(&module, misdeed, unbounded, Limit::CrossingBytes, limit);
    }
}

#[test]
fn a_module_that_asks_one_long_question_again_and_again_stops_at_the_bytes_of_its_run() {
    let module = Built::read("hostile-enricher");
    let limit = Limits::DEFAULT.run_bytes as u64;
    let unbounded = WantedLimits::default();
    runs_into(&module, "key-again", unbounded, Limit::RunBytes, limit);
}

#[test]
fn a_log_line_of_16_mib_is_one_line_and_is_cut() {
    for kind in KINDS {
        let module = Built::read(kind);
        let (_bench, casemate) = beside(&module, WantedLimits::default(), Memory::OnDemand);
        let acme = tenant(ACME);
        let mut session = start(&casemate, &acme);
        let submitted = submit(&mut session, &alerts("long-log"));
        let drafted = draft(&mut session);
        assert!(submitted.failures.is_empty(), "{submitted:?}");
        assert!(drafted.failures.is_empty(), "{drafted:?}");
        let runs = runs(&trail(&casemate, &acme));
        let lines = runs.iter().filter(|run| run.module() == kind);
        let lines: u32 = lines.map(|run| run.end.as_ref().unwrap().1.log_lines).sum();
        assert_eq!(lines, 1);
        let kept = everything(&casemate, &acme).len();
        assert!(kept < 1 << 20, "{kept} bytes are kept");
    }
}

#[test]
fn a_module_that_logs_without_end_stops_at_its_lines() {
    for kind in KINDS {
        let module = Built::read(kind);
        let limit = u64::from(Limits::DEFAULT.log_lines);
        let unbounded = WantedLimits::default();
        runs_into(&module, "log-flood", unbounded, Limit::LogLines, limit);
    }
}

#[test]
fn a_module_that_calls_itself_without_end_stops_at_its_stack() {
    let module = with_inside(
        "(component (core module $m (func $deeper (call $deeper)) (start $deeper)) (core instance (instantiate $m)))",
    );
    let limit = Limits::STACK_BYTES as u64;
    runs_into(&module, "", WantedLimits::default(), Limit::Stack, limit);
}

/// What a compiled module calls its stack lies in its own memory and ends before the engine's.
#[test]
fn a_compiled_module_that_calls_itself_without_end_stops() {
    for kind in KINDS {
        let module = Built::read(kind);
        let (_bench, casemate) = beside(&module, WantedLimits::default(), Memory::OnDemand);
        let acme = tenant(ACME);
        let mut session = start(&casemate, &acme);
        let submitted = submit(&mut session, &alerts("recursion"));
        let drafted = draft(&mut session);
        let failures: Vec<_> = submitted.failures.iter().chain(&drafted.failures).collect();
        let stopped = format!("module `{kind}` stopped: wasm trap: out of bounds memory access");
        assert_eq!(failures, [&stopped]);
        assert_eq!(submitted.placed, 5);
        bolt_is_undisturbed(&casemate, "recursion");
    }
}

/// Beside what the module is already made of, one part more than is allowed.
fn with_inside(inside: &str) -> Built {
    let module =
        Built::read("hostile-grouper").saying("name = \"laden\"", "name = \"hostile-grouper\"");
    laden(&module, inside)
}

fn repeated(one: &str, times: usize) -> String {
    one.repeat(times)
}

#[test]
fn a_component_of_too_many_instances_does_not_run() {
    let most = Limits::DEFAULT.instances;
    let many = repeated("(core instance (instantiate $m))", most + 1);
    let module = with_inside(&format!("(component (core module $m) {many})"));
    let unbounded = WantedLimits::default();
    runs_into(&module, "", unbounded, Limit::Instances, most as u64);
}

#[test]
fn a_component_of_too_many_memories_does_not_run() {
    let most = Limits::DEFAULT.memories;
    let many = repeated("(core instance (instantiate $m))", most + 1);
    let module = with_inside(&format!("(component (core module $m (memory 0)) {many})"));
    let unbounded = WantedLimits::default();
    runs_into(&module, "", unbounded, Limit::Memories, most as u64);
}

#[test]
fn a_component_of_too_many_tables_does_not_run() {
    let most = Limits::DEFAULT.tables;
    let many = repeated("(table 1 funcref)", most + 1);
    let module = with_inside(&format!(
        "(component (core module $m {many}) (core instance (instantiate $m)))"
    ));
    let unbounded = WantedLimits::default();
    runs_into(&module, "", unbounded, Limit::Tables, most as u64);
}

#[test]
fn a_component_with_too_large_a_table_does_not_run() {
    let most = Limits::DEFAULT.table_elements;
    let module = with_inside(&format!(
        "(component (core module $m (table {} funcref)) (core instance (instantiate $m)))",
        most + 1
    ));
    let unbounded = WantedLimits::default();
    runs_into(&module, "", unbounded, Limit::TableElements, most as u64);
}

#[test]
fn a_component_that_makes_too_many_handles_stops() {
    let most = Limits::DEFAULT.handles;
    let module = with_inside(
        r#"(component
            (type $thing (resource (rep i32)))
            (core func $new (canon resource.new $thing))
            (core module $m
                (import "" "new" (func $new (param i32) (result i32)))
                (func $start (loop $again (drop (call $new (i32.const 1))) (br $again)))
                (start $start))
            (core instance (instantiate $m (with "" (instance (export "new" (func $new))))))
        )"#,
    );
    let unbounded = WantedLimits::default();
    runs_into(&module, "", unbounded, Limit::Handles, most as u64);
}

#[test]
fn a_component_that_starts_without_end_stops_at_its_deadline() {
    let module = with_inside(
        "(component (core module $m (func $start (loop $again (br $again))) (start $start)) (core instance (instantiate $m)))",
    );
    runs_into(&module, "", wanted(64, 30, 16), Limit::Deadline, 30);
}

#[test]
fn a_component_whose_first_memory_is_too_large_does_not_run() {
    let module =
        with_inside("(component (core module $m (memory 4096)) (core instance (instantiate $m)))");
    let unbounded = WantedLimits::default();
    runs_into(&module, "", unbounded, Limit::Memory, 64 << 20);
}

/// What is within every limit runs: so the components above fail by what they have too much of.
#[test]
fn a_component_with_a_part_inside_runs() {
    let module = with_inside(
        "(component (core module $m (memory 1) (table 10 funcref)) (core instance (instantiate $m)) (core instance (instantiate $m)))",
    );
    let (_bench, casemate) = beside(&module, WantedLimits::default(), Memory::OnDemand);
    let mut session = start(&casemate, &tenant(ACME));
    let submitted = submit(&mut session, &alerts(""));
    assert!(submitted.failures.is_empty(), "{submitted:?}");
    assert_eq!(submitted.placed, 5);
}

#[test]
fn pooled_memory_has_the_same_limits() {
    let module = Built::read("hostile-grouper");
    let small = wanted(8, 50, 20);
    for (misdeed, limit, value) in [
        ("memory", Limit::Memory, 8 << 20),
        ("loop", Limit::Deadline, 50),
        ("host-calls", Limit::HostCalls, 20),
    ] {
        runs_into_on(Memory::Pooled, &module, misdeed, small, limit, value);
    }
}

#[test]
fn a_module_that_panics_is_stopped_and_its_words_are_shown_not_obeyed() {
    for kind in KINDS {
        let module = Built::read(kind);
        let (_bench, casemate) = beside(&module, WantedLimits::default(), Memory::OnDemand);
        let acme = tenant(ACME);
        let mut session = start(&casemate, &acme);
        let submitted = submit(&mut session, &alerts("panic"));
        let drafted = draft(&mut session);
        let failure = submitted.failures.iter().chain(&drafted.failures).next();
        let failure = failure.unwrap();
        let stopped = format!("module `{kind}` stopped: ");
        assert!(failure.starts_with(&stopped), "{failure}");
        assert!(failure.contains("trail entry: signed-off"), "{failure}");
        assert!(
            !failure.chars().any(|c| c.is_control() || c == '\u{202e}'),
            "{failure:?}"
        );
        assert_eq!(submitted.placed, 5);
        let runs = runs(&trail(&casemate, &acme));
        let failed = runs.iter().find_map(|r| r.failure()).unwrap();
        assert_eq!(failed.code, FailureCode::Trap);
        let bytes = crate::support::trail_bytes(&casemate, &acme);
        assert!(
            !contains(&bytes, "signed-off"),
            "a module wrote into the trail"
        );
        bolt_is_undisturbed(&casemate, "panic");
    }
}

#[test]
fn alerts_wait_while_no_grouper_works_and_are_placed_when_one_does() {
    let broken = with_inside(
        "(component (core module $m (table 20001 funcref)) (core instance (instantiate $m)))",
    );
    let (bench, casemate) = beside(&broken, WantedLimits::default(), Memory::OnDemand);
    let acme = tenant(ACME);
    let many: Vec<_> = (0..120)
        .map(|i| Finding::new(&format!("id-{i}"), "rule", "web-1").ago(1_000 - i))
        .collect();
    let mut session = start(&casemate, &acme);
    let submitted = submit(&mut session, &ndjson(&many));
    assert_eq!(submitted.new, 120);
    assert!(
        submitted.runs < 50,
        "a grouper that always fails is left alone"
    );
    assert!(submitted.waiting > 0);
    assert_eq!(submitted.placed + submitted.waiting, 120);
    let alone = submitted.placed;
    drop((session, casemate));

    let these = GrantedTenants::These(vec![tenant("nobody-yet")]);
    let home = bench.home();
    home.replace_text("grants.toml", "version = 1\n").unwrap();
    bench.grant(&broken, these, &[], WantedLimits::default());
    bench.whole_for(&Built::read("grouper"), &[ACME]);
    let casemate = bench.open();
    let mut session = start(&casemate, &acme);
    let submitted = submit(&mut session, b"");
    assert_eq!((submitted.placed, submitted.waiting), (120 - alone, 0));
    let held = session_state(&session);
    assert_eq!(held.groups.iter().map(|g| g.group.count).sum::<u64>(), 120);
    assert_eq!(held.placements.len(), 120);
}

#[test]
fn what_a_run_leaves_in_its_memory_is_gone_in_the_next() {
    for memory in [Memory::OnDemand, Memory::Pooled] {
        let bench = Bench::ordinary(&[ACME, BOLT]);
        let casemate = bench.open_with(|settings| settings.memory = memory);
        let mut states = Vec::new();
        for id in [ACME, BOLT] {
            let mut session = casemate.start(&tenant(id), NOW).unwrap();
            submit(&mut session, &alerts(""));
            draft(&mut session);
            drop(session);
            states.push(state(&casemate, &tenant(id)));
        }
        assert_eq!(states[0], states[1]);
    }
}
