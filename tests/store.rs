//! What was taken in is there once, for good, and for one writer at a time.

use crate::support::{
    Bench, Finding, NOW, ndjson, session_state, start, state, stream, tenant, trail,
};
use casemate::store::StoreError;
use casemate::triage::intake::From;
use casemate::triage::{NotStarted, Session, Submitted};

const ASSETS: &str = "name,owner\nweb-1,Ada\ndb-1,Bea\nhost-1,Cid\n";

fn submit(session: &mut Session, input: &[u8]) -> Submitted {
    session.submit(input, From::Auto, "test").unwrap()
}

#[test]
fn everything_survives_the_end_of_the_process() {
    let bench = Bench::ordinary(&["acme"]);
    bench.knowledge("acme", "assets.csv", ASSETS);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    let input = ndjson(&stream(300, 1));
    submit(&mut session, &input);
    session.draft().unwrap();
    let before = session_state(&session);
    let bytes = session.view().unwrap().bytes(17).unwrap().unwrap();
    let entries = trail(&casemate, &acme);
    drop((session, casemate));

    let casemate = bench.open();
    assert_eq!(state(&casemate, &acme), before);
    let view = casemate.view(&acme).unwrap().unwrap();
    assert_eq!(view.bytes(17).unwrap().unwrap(), bytes);
    let line = input.split(|b| *b == b'\n').nth(16).unwrap();
    assert_eq!(bytes, line, "the source's bytes are kept as they came");
    assert_eq!(trail(&casemate, &acme), entries);
    for count in [
        before.alerts as usize,
        before.groups.len(),
        before.cases.len(),
        before.enrichments.len(),
        before.drafts.len(),
    ] {
        assert!(count > 0, "nothing was compared: {before:?}");
    }
    // A start that does nothing changes nothing.
    drop(start(&casemate, &acme));
    assert_eq!(state(&casemate, &acme), before);
}

#[test]
fn an_alert_that_is_delivered_twice_is_one_alert() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let input = ndjson(&stream(50, 2));
    let first = submit(&mut session, &input);
    assert_eq!((first.new, first.duplicates), (50, 0));
    let before = session_state(&session);
    let twice = [input.as_slice(), &input].concat();
    let again = submit(&mut session, &twice);
    assert_eq!((again.new, again.duplicates, again.runs), (0, 100, 0));
    assert_eq!(session_state(&session), before);
    assert_eq!(session.view().unwrap().duplicate_count().unwrap(), 100);
    // Twice in one input, too.
    let one = ndjson([&Finding::new("new", "rule", "web-1")]);
    let both = submit(&mut session, &[one.as_slice(), &one].concat());
    assert_eq!((both.new, both.duplicates), (1, 1));
}

#[test]
fn a_revision_is_kept_and_changes_no_alert() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let finding = Finding::new("same", "rule", "web-1");
    let first = ndjson([&finding]);
    submit(&mut session, &first);
    let before = session_state(&session);
    let mut revised = finding.clone();
    revised.message = "now with a message".to_owned();
    let revision = ndjson([&revised]);
    let done = submit(&mut session, &revision);
    assert_eq!((done.new, done.revisions, done.duplicates), (0, 1, 0));
    let again = submit(&mut session, &revision);
    assert_eq!((again.revisions, again.duplicates), (0, 1));
    let view = session.view().unwrap();
    assert_eq!(view.revision_count().unwrap(), 1);
    assert_eq!(session_state(&session), before);
    let kept = view.bytes(1).unwrap().unwrap();
    assert_eq!(kept, first.strip_suffix(b"\n").unwrap());
}

#[test]
fn what_is_not_taken_is_kept_once_with_its_reason() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let good = ndjson([&Finding::new("1", "rule", "web-1")]);
    let input = [
        b"this is no alert\n{\"class_uid\":1001}\n".as_slice(),
        &good,
    ]
    .concat();
    let done = submit(&mut session, &input);
    assert_eq!((done.documents, done.new, done.rejects), (3, 1, 2));
    let rejects = session.view().unwrap().rejects().unwrap();
    assert_eq!(rejects.len(), 2);
    assert_eq!(rejects[0].first.bytes, b"this is no alert");
    assert_eq!((rejects[0].first.offset, rejects[0].first.length), (0, 16));
    assert_eq!(rejects[0].first.input, "test");
    assert!(rejects.iter().all(|reject| !reject.first.reason.is_empty()));
    let again = submit(&mut session, &input);
    assert_eq!(again.rejects, 2, "it is told again");
    let view = session.view().unwrap();
    assert_eq!(view.reject_count().unwrap(), 2, "and kept once");
    assert_eq!(view.rejects().unwrap(), rejects);
}

#[test]
fn equal_documents_that_are_not_taken_are_kept_once_with_how_often_they_came() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    let input = b"the same\nanother\nthe same\nthe same\n";
    for _ in 0..2 {
        assert_eq!(submit(&mut session, input).rejects, 4);
        let view = session.view().unwrap();
        let kept: Vec<_> = view.rejects().unwrap();
        let kept: Vec<_> = kept.iter().map(|r| (&*r.first.bytes, r.times)).collect();
        // Delivered again, it is the same four.
        assert_eq!(kept, [(&b"the same"[..], 3), (b"another", 1)]);
    }
    // The same from elsewhere is kept for itself.
    session.submit(&input[..], From::Auto, "other").unwrap();
    assert_eq!(session.view().unwrap().rejects().unwrap().len(), 4);
}

#[test]
fn of_one_input_so_many_documents_that_are_not_taken_are_kept_and_the_others_counted() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    let input: String = (0..10_050).map(|n| format!("no alert {n}\n")).collect();
    for _ in 0..2 {
        assert_eq!(submit(&mut session, input.as_bytes()).rejects, 10_050);
        let view = session.view().unwrap();
        let left_out = view.rejects_left_out().unwrap();
        let left_out: Vec<_> = left_out.iter().map(|l| (&*l.input, l.documents)).collect();
        assert_eq!(
            left_out,
            [("test", 50)],
            "delivered again, they are the same"
        );
        assert_eq!(view.rejects().unwrap().len(), 10_000);
        assert_eq!(view.reject_count().unwrap(), 10_050);
    }
    // Long ones fill it before, and an alert beside them is taken.
    let mut long: Vec<u8> = (0..20)
        .flat_map(|n| format!("{n}{}\n", "x".repeat(1 << 20)).into_bytes())
        .collect();
    long.extend(ndjson(&[Finding::new("1", "rule", "web-1")]));
    let done = session.submit(&*long, From::Auto, "long").unwrap();
    assert_eq!((done.rejects, done.new), (20, 1));
    let view = session.view().unwrap();
    let bytes = |input: &str| {
        let kept = view.rejects().unwrap().into_iter();
        let of_input = kept.filter(|kept| kept.first.input == input);
        of_input.map(|kept| kept.first.bytes.len()).sum::<usize>()
    };
    let long = bytes("long");
    assert!(
        0 < long && long <= 16 << 20,
        "{long} bytes of one input are kept"
    );
    let intakes = trail(&casemate, &acme).into_iter().filter_map(|entry| {
        let casemate::trail::Entry::Intake(intake) = entry.entry else {
            return None;
        };
        Some(intake.left_out)
    });
    assert!(intakes.sum::<u64>() >= 100, "the trail says so each time");
}

#[test]
fn a_second_writer_waits_and_a_reader_does_not() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let (one, other) = (bench.open(), bench.open());
    let acme = tenant("acme");
    let mut session = start(&one, &acme);
    submit(&mut session, &ndjson(&stream(20, 3)));
    for casemate in [&one, &other] {
        match casemate.start(&acme, NOW) {
            Err(NotStarted::Store(StoreError::Locked { tenant, holder })) => {
                assert_eq!(tenant, "acme");
                let process = std::process::id();
                assert_eq!(holder, format!(" (process {process})"));
            }
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("two write at once"),
        }
        assert_eq!(state(casemate, &acme).alerts, 20);
        drop(start(casemate, &tenant("bolt")));
    }
    // A view stays what it was while the writer goes on.
    let view = other.view(&acme).unwrap().unwrap();
    submit(&mut session, &ndjson(&stream(40, 3)));
    assert_eq!(view.alert_count().unwrap(), 20);
    assert_eq!(state(&other, &acme).alerts, 40);
    drop(session);
    drop(start(&other, &acme));
}

#[test]
fn a_tenant_that_nothing_was_submitted_for_has_nothing() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    assert!(casemate.view(&tenant("acme")).unwrap().is_none());
    assert!(matches!(
        casemate.view(&tenant("nobody")),
        Err(StoreError::NoTenant { tenant }) if tenant == "nobody"
    ));
    drop(start(&casemate, &tenant("acme")));
    assert_eq!(state(&casemate, &tenant("acme")).alerts, 0);
}

#[test]
fn a_tenant_without_its_five_statements_does_not_start_and_others_do() {
    let bench = Bench::ordinary(&["bolt"]);
    bench.tenant_with("acme", "version = 1\n");
    bench.tenant_with("cord", &Bench::allowing());
    let scope = bench.path().join("tenants/cord/boundary.toml");
    std::fs::remove_file(scope).unwrap();
    let casemate = bench.open();
    match casemate.start(&tenant("acme"), NOW) {
        Err(NotStarted::Boundary { problems, .. }) => {
            let said = problems.to_string();
            for section in [
                "data",
                "model",
                "enrichment",
                "review",
                "exclusions",
                "accountable",
            ] {
                assert!(said.contains(section), "{said}");
            }
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it starts"),
    }
    assert!(matches!(
        casemate.start(&tenant("cord"), NOW),
        Err(NotStarted::NoBoundary(id)) if id == tenant("cord")
    ));
    let mut session = start(&casemate, &tenant("bolt"));
    assert_eq!(submit(&mut session, &ndjson(&stream(5, 4))).placed, 5);
}
