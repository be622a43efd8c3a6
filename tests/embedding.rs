//! What somebody who embeds the host rests on.

use crate::support::{Bench, NOW, ndjson, session_state, start, state, stream, tenant};
use casemate::model::AlertNumber;
use casemate::triage::intake::{Document, From, documents};
use casemate::triage::{Changed, Drafted, Session, Submitted};
use std::collections::BTreeSet;

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
            .submit(input.as_slice(), From::Auto, "test", &mut |_| {})
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
    session
        .draft_changed(&mut drafts, &mut changed, &mut |_| {})
        .unwrap();
    assert!(changed.drafts.len() > 2 && changed.placements.is_empty());
    assert_eq!(changed.drafts, drafted(&session));
    assert_eq!(drafts.drafts, changed.drafts.len() as u64);
    assert_eq!(session.as_of(), NOW);
}
