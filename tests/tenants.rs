//! Tenants side by side: as many as one likes, each with its own memory.

use crate::isolation::{add, planted, work};
use crate::support::{
    Bench, Built, Finding, contains, everything, ndjson, session_state, start, state, tenant,
};
use casemate::triage::Session;
use casemate::triage::intake::From;

/// One alert that has the hostile grouper leave its host's name behind, and say what it found.
fn mark(session: &mut Session, id: &str, host: &str) -> String {
    let input = ndjson([&Finding::new(id, "rule", host).misdeed("mark")]);
    let submitted = session.submit(input.as_slice(), From::Auto, "test");
    let submitted = submitted.unwrap();
    assert_eq!((submitted.placed, submitted.failures), (1, vec![]));
    let held = session_state(session);
    let last = held.placements.last().unwrap();
    last.2.as_ref().unwrap().says.to_string()
}

#[test]
fn what_a_module_remembers_is_its_own_and_of_one_tenant() {
    let bench = Bench::new();
    let first = Built::read("hostile-grouper");
    let second = first
        .clone()
        .saying("name = \"second\"", "name = \"hostile-grouper\"");
    bench.tenant("acme");
    bench.tenant("bolt");
    let grants = |module: &Built| {
        let home = bench.home();
        home.replace_text("grants.toml", "version = 1\n").unwrap();
        bench.whole(module);
    };
    grants(&first);
    let casemate = bench.open();
    let mut acme = start(&casemate, &tenant("acme"));
    assert_eq!(mark(&mut acme, "1", "acme-host"), "found \"\"");
    assert_eq!(mark(&mut acme, "2", "acme-host-2"), "found \"acme-host\"");
    let mut bolt = start(&casemate, &tenant("bolt"));
    assert_eq!(mark(&mut bolt, "1", "bolt-host"), "found \"\"");
    assert_eq!(mark(&mut acme, "3", "acme-host-3"), "found \"acme-host-2\"");
    drop((acme, bolt, casemate));

    bench.install(&second);
    grants(&second);
    let casemate = bench.open();
    let mut acme = start(&casemate, &tenant("acme"));
    assert_eq!(mark(&mut acme, "4", "seconds-host"), "found \"\"");
    assert_eq!(
        mark(&mut acme, "5", "seconds-host-2"),
        "found \"seconds-host\""
    );
    drop((acme, casemate));

    grants(&first);
    let casemate = bench.open();
    let mut acme = start(&casemate, &tenant("acme"));
    assert_eq!(mark(&mut acme, "6", "x"), "found \"acme-host-3\"");
}

#[test]
fn the_forty_first_tenant_is_as_alone_as_the_first() {
    let bench = Bench::ordinary(&[]);
    let id = |i: usize| format!("t{i:02}");
    for i in 1..=41 {
        add(&bench, &id(i), &Bench::allowing());
    }
    let casemate = bench.open();
    let mut states = Vec::new();
    for i in 1..=41 {
        let id = id(i);
        let mut session = start(&casemate, &tenant(&id));
        work(&mut session);
        drop(session);
        let all = everything(&casemate, &tenant(&id));
        assert!(contains(&all, &planted(&id, "owner")));
        let mut at = 0;
        while let Some(found) = memchr::memmem::find(&all[at..], b"zq-t") {
            let own = format!("zq-{id}-");
            assert!(all[at + found..].starts_with(own.as_bytes()), "{id}");
            at += found + 1;
        }
        let held = state(&casemate, &tenant(&id));
        states.push((
            held.groups.len(),
            held.cases.len(),
            held.enrichments.len(),
            held.drafts.len(),
        ));
    }
    assert!(states.iter().all(|held| *held == states[0]));
    assert_eq!(casemate.tenants().unwrap().len(), 41);
}
