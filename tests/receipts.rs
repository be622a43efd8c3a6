//! Receipt or no call: what the trail says is what happened, and it says nothing of the client.

use crate::support::{
    Bench, Built, Finding, contains, ndjson, receipts, runs, start, stream, tenant, trail,
    trail_bytes,
};
use casemate::Casemate;
use casemate::model::TenantId;
use casemate::sandbox::{GrantedTenants, WantedLimits};
use casemate::triage::intake::From;

const ASSETS: &str = "name,owner\nweb-1,Ada\ndb-1,Bea\nhost-1,Cid\n";
const FACTS: &str = r#"version = 1
[[facts]]
id = "scanner"
rule = "scan"
owner = "Ada"
reason = "our own scanner"
expires = 2027-03-31
when = [{ field = "host.name", equals = "web-1" }]
"#;

/// How many runs, calls, refusals and failures a tenant has, each with its receipt.
fn audited(casemate: &Casemate, tenant: &TenantId) -> (usize, usize, usize, usize) {
    let found =
        receipts(casemate.home(), tenant).expect("the tenant has a sound trail and a store");
    assert!(found.salts_differ, "each salt is used once");
    (found.runs, found.calls, found.refusals, found.failures)
}

#[test]
fn every_call_of_every_run_has_its_receipt() {
    let bench = Bench::ordinary(&["acme"]);
    bench.knowledge("acme", "assets.csv", ASSETS);
    bench.knowledge("acme", "known-good.toml", FACTS);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    for findings in stream(700, 21).chunks(150) {
        let input = [ndjson(findings).as_slice(), b"rubbish\n"].concat();
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    drop(session);
    let (runs, calls, refusals, failures) = audited(&casemate, &acme);
    assert!(runs > 20 && calls > 10, "{runs} runs, {calls} calls");
    assert_eq!((refusals, failures), (0, 0));
}

#[test]
fn every_call_of_a_run_beside_the_one_that_counts_has_its_receipt() {
    let bench = Bench::ordinary(&["acme"]);
    bench.knowledge("acme", "assets.csv", ASSETS);
    let renamed =
        Built::read("hostile-enricher").saying("name = \"assets\"", "name = \"hostile-enricher\"");
    let newer = Built::read("grouper").saying("version = \"0.1.1\"", "version = \"0.1.0\"");
    let acme = tenant("acme");
    for candidate in [renamed, newer] {
        let files = casemate::shadow::Files {
            component: &candidate.wasm,
            manifest: &candidate.toml,
        };
        let tenants = std::slice::from_ref(&acme);
        bench
            .open()
            .start_shadow(files, tenants, crate::support::PERSON)
            .unwrap();
    }
    let casemate = bench.open();
    let mut session = start(&casemate, &acme);
    // Each a case of its own: a misdeed is that of a batch's first alert.
    for (misdeed, host) in [("", "web-1"), ("cite-unknown", "web-2"), ("panic", "web-3")] {
        let finding = Finding::new(misdeed, "rule", host).misdeed(misdeed);
        let input = ndjson([&finding]);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    drop(session);
    let (_, calls, _, failures) = audited(&casemate, &acme);
    let all = runs(&trail(&casemate, &acme));
    let beside: Vec<_> = all.iter().filter(|run| run.start.shadow).collect();
    assert_eq!(beside.len(), 6);
    assert!(beside.iter().any(|run| !run.intents.is_empty()) && calls > 6);
    let failed = beside.iter().filter(|run| run.failure().is_some()).count();
    assert_eq!((failed, failures), (2, 2));
}

#[test]
fn refused_calls_and_failed_runs_have_their_receipts_too() {
    let bench = Bench::new();
    let enricher = Built::read("hostile-enricher").wanting("memory_mib = 512");
    bench.ours(&["grouper", "drafter"]);
    bench.install(&enricher);
    let asked: Vec<_> = enricher.manifest().capabilities().collect();
    let limits = WantedLimits {
        host_calls: Some(7),
        ..WantedLimits::default()
    };
    bench.grant(&enricher, GrantedTenants::All, &asked, limits);
    for misdeed in ["host-calls", "cite-unknown", "panic", "nothing"] {
        bench.tenant(misdeed);
        bench.knowledge(misdeed, "assets.csv", ASSETS);
        let casemate = bench.open();
        let mut session = start(&casemate, &tenant(misdeed));
        let input = ndjson([&Finding::new("1", "rule", "web-1").misdeed(misdeed)]);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
        drop(session);
        let (runs, calls, _, failures) = audited(&casemate, &tenant(misdeed));
        assert_eq!(runs, 3, "{misdeed}");
        let failed = usize::from(misdeed != "nothing");
        assert_eq!(failures, failed, "{misdeed}");
        if misdeed == "host-calls" {
            // One of the grouper, and as many of the enricher as it may.
            assert_eq!(calls, 1 + 7);
        }
    }
}

#[test]
fn a_call_that_asks_for_too_much_is_refused_and_has_its_receipt() {
    // As many keys as cross, and more than one call may have.
    let bench = Bench::new();
    let module = Built::read("hostile-grouper");
    bench.whole(&module);
    bench.tenant("acme");
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let input = ndjson([&Finding::new("1", "rule", "web-1").misdeed("some-keys")]);
    let done = session.submit(input.as_slice(), From::Auto, "test");
    assert_eq!(done.unwrap().failures, Vec::<String>::new());
    drop(session);
    let (runs, calls, refusals, failures) = audited(&casemate, &tenant("acme"));
    assert_eq!((runs, calls, refusals, failures), (1, 1, 1, 0));
}

#[test]
fn no_value_of_the_client_is_in_a_trail() {
    let bench = Bench::ordinary(&["acme"]);
    bench.ours(&["hostile-enricher"]);
    bench.knowledge("acme", "assets.csv", "name,owner\nzq-host,zq-owner\n");
    let facts = FACTS
        .replace("our own", "zq-reason")
        .replace("\"scanner\"", "\"zq-fact\"");
    bench.knowledge("acme", "known-good.toml", &facts);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    for misdeed in ["", "panic", "cite-unknown", "zq-title"] {
        let id = format!("zq-id-{misdeed}");
        let mut finding = Finding::new(&id, "zq-rule", "zq-host").misdeed(misdeed);
        finding.user = "zq-user".to_owned();
        finding.source = "203.0.113.77".to_owned();
        finding.message = "zq-message".to_owned();
        let input = [ndjson([&finding]).as_slice(), b"zq-reject\n"].concat();
        session
            .submit(input.as_slice(), From::Auto, "zq-file.json")
            .unwrap();
        session.draft().unwrap();
    }
    drop(session);
    audited(&casemate, &acme);
    let bytes = trail_bytes(&casemate, &acme);
    for value in ["zq-", "203.0.113.77", "trail entry: signed-off", "misdeed:"] {
        assert!(!contains(&bytes, value), "`{value}` is in the trail");
    }
    assert!(contains(&bytes, "hostile-enricher"), "the module's name is");
}
