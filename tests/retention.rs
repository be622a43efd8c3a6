//! What is past the time that a boundary states is deleted, recorded first, and missed by nobody.

use crate::support::{
    Bench, NOW, PERSON, made, ndjson, said, start, stream, tenant, trail, written,
};
use casemate::Casemate;
use casemate::model::{Clock, Holding, Instant, TenantId};
use casemate::queue::{CaseFile, Queue};
use casemate::trail::Entry;
use casemate::triage::intake::From;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY_MS: i64 = 86_400_000;

fn days_on(days: i64) -> Instant {
    Instant::from_millis(NOW.millis() + days * DAY_MS)
}

/// A clock that is put forward by hand.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.load(Ordering::Relaxed))
    }
}

const FACTS: &str = "version = 1\n[[facts]]\nid = \"scans\"\nrule = \"scan\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2027-03-31\nwhen = [{ field = \"host.name\", equals = \"web-1\" }]\n";

/// A tenant with 100 alerts of day 0 and 100 of day 10, and one reject of each.
fn two_days(retention: &str) -> (Bench, Casemate, Hand) {
    let bench = Bench::new();
    bench.ours(&["grouper", "assets", "known-good", "drafter"]);
    bench.tenant_with("acme", &format!("{}\n{retention}", Bench::allowing()));
    bench.knowledge("acme", "assets.csv", "name,owner\nweb-1,Ada\ndb-1,Bea\n");
    bench.knowledge("acme", "known-good.toml", FACTS);
    let clock = Hand(Arc::new(AtomicI64::new(NOW.millis())));
    let hand = clock.clone();
    let casemate = bench.open_with(|settings| settings.clock = Arc::new(hand));
    for (day, reject) in [(0, &b"no alert\n"[..]), (10, b"none either\n")] {
        clock.0.store(days_on(day).millis(), Ordering::Relaxed);
        let mut session = start(&casemate, &tenant("acme"));
        let input = [&ndjson(&stream(100, day as u64 + 1)), reject].concat();
        // The second day's alerts are others than the first's.
        let input = String::from_utf8(input).unwrap();
        let input = input.replace("\"id-", &format!("\"day{day}-"));
        session
            .submit(input.as_bytes(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    (bench, casemate, clock)
}

fn deletions(casemate: &Casemate, tenant: &TenantId) -> Vec<(u64, casemate::trail::Deletion)> {
    let entries = trail(casemate, tenant).into_iter();
    let told = entries.filter_map(|stamped| {
        let Entry::Deletion(deletion) = stamped.entry else {
            return None;
        };
        Some((stamped.seq, deletion))
    });
    told.collect()
}

#[test]
fn documents_past_their_time_go_and_a_second_delivery_is_still_one() {
    let (_bench, casemate, _) = two_days("[retention]\nraw_days = 7\n");
    let acme = tenant("acme");
    let before = Queue::of(&casemate.view(&acme).unwrap().unwrap()).unwrap();
    let dry = casemate.retain(&acme, days_on(10), true).unwrap();
    assert!(deletions(&casemate, &acme).is_empty(), "it was dry");
    let done = casemate.retain(&acme, days_on(10), false).unwrap();
    let whats: Vec<_> = done.iter().map(|r| (r.what, r.expired.count)).collect();
    assert_eq!(whats, [(Holding::Documents, 100), (Holding::Rejects, 1)]);
    let same = dry
        .iter()
        .zip(&done)
        .all(|(dry, done)| dry.expired == done.expired);
    assert!(same, "{dry:?}");
    let told = deletions(&casemate, &acme);
    assert_eq!(told.len(), 2);
    let (entry, documents) = &told[0];
    assert_eq!((documents.from, documents.through), (Some(1), Some(100)));
    assert_eq!(documents.before, days_on(3));
    let view = casemate.view(&acme).unwrap().unwrap();
    for number in 1..=200 {
        let kept = view.bytes(number).unwrap().is_some();
        assert_eq!(kept, number > 100, "document {number}");
    }
    let (by, deletion) = view.deleted(Holding::Documents, 17).unwrap().unwrap();
    assert_eq!((by, deletion.at), (*entry, days_on(10)));
    assert!(view.deleted(Holding::Documents, 101).unwrap().is_none());
    assert_eq!(view.alerts(1, 200).unwrap().len(), 200, "the alerts stay");
    let after = Queue::of(&view).unwrap();
    assert_eq!(format!("{:?}", after.cases), format!("{:?}", before.cases));
    assert_eq!(
        (view.reject_count().unwrap(), view.rejects().unwrap().len()),
        (1, 1)
    );
    // Once is enough, and what was there is known.
    let again = casemate.retain(&acme, days_on(10), false).unwrap();
    assert!(
        again
            .iter()
            .all(|r| r.expired.count == 0 && r.entry.is_none())
    );
    let mut session = start(&casemate, &acme);
    let input = String::from_utf8(ndjson(&stream(100, 1))).unwrap();
    let input = input.replace("\"id-", "\"day0-");
    let done = session
        .submit(input.as_bytes(), From::Auto, "test")
        .unwrap();
    assert_eq!((done.new, done.duplicates), (0, 100));
    session.draft().unwrap();
}

#[test]
fn documents_that_were_not_taken_and_are_past_their_time_make_room_for_others() {
    let (_bench, casemate, clock) = two_days("[retention]\nraw_days = 7\n");
    let acme = tenant("acme");
    let not_taken =
        |letter: char| -> String { (0..10_000).map(|n| format!("{letter} {n}\n")).collect() };
    let held = |casemate: &Casemate| {
        let view = casemate.view(&acme).unwrap().unwrap();
        let left_out = view.rejects_left_out().unwrap();
        let left_out: u64 = left_out.iter().map(|input| input.documents).sum();
        (view.rejects().unwrap().len(), left_out)
    };
    let mut session = start(&casemate, &acme);
    let submit = |session: &mut casemate::triage::Session, input: &str| {
        session
            .submit(input.as_bytes(), From::Auto, "flood")
            .unwrap();
    };
    submit(&mut session, &not_taken('a'));
    submit(&mut session, &not_taken('b'));
    drop(session);
    assert_eq!(held(&casemate), (10_002, 10_000));
    clock.0.store(days_on(20).millis(), Ordering::Relaxed);
    casemate.retain(&acme, days_on(20), false).unwrap();
    assert_eq!(held(&casemate), (0, 10_000));
    submit(&mut start(&casemate, &acme), &not_taken('b'));
    assert_eq!(held(&casemate), (10_000, 10_000));
}

#[test]
fn what_was_derived_goes_and_what_a_fact_covers_stays_covered() {
    let (_bench, casemate, clock) = two_days("[retention]\nderived_days = 7\n");
    let acme = tenant("acme");
    let view = || casemate.view(&acme).unwrap().unwrap();
    let drafts = || {
        let cases = view().cases().unwrap().into_iter();
        let drafted = cases.filter(|case| view().draft(case.number).unwrap().is_some());
        drafted.count()
    };
    let known = |queue: &Queue| {
        queue
            .known_good
            .iter()
            .map(|row| row.case)
            .collect::<Vec<_>>()
    };
    let queue = Queue::of(&view()).unwrap();
    assert!(drafts() > 0 && !queue.known_good.is_empty(), "{queue:?}");
    // Past the time of the second day too.
    clock.0.store(days_on(20).millis(), Ordering::Relaxed);
    let done = casemate.retain(&acme, days_on(20), false).unwrap();
    for one in &done {
        assert!(one.expired.count > 0 && one.entry.is_some(), "{one:?}");
    }
    assert_eq!(done.len(), 4, "{done:?}");
    assert_eq!(drafts(), 0);
    let after = Queue::of(&view()).unwrap();
    assert_eq!(known(&after), known(&queue));
    for row in &after.cases {
        let file = CaseFile::of(&view(), row.case).unwrap().unwrap();
        let gone = file
            .deleted
            .iter()
            .find(|gone| gone.what == Holding::Drafts);
        let said = gone.unwrap().to_string();
        assert!(
            said.starts_with("deleted by retention on 2026-12-13, entry "),
            "{said}"
        );
        assert!(
            file.groups
                .iter()
                .flat_map(|g| &g.enrichments)
                .all(|e| { e.text.as_str() == "deleted by retention" })
        );
    }
    for (seq, _) in deletions(&casemate, &acme) {
        assert!(view().material(seq).unwrap().is_none());
    }
    assert!(view().bytes(1).unwrap().is_some(), "raw is kept for ever");
    let again = casemate.retain(&acme, days_on(20), false).unwrap();
    assert!(again.iter().all(|r| r.expired.count == 0), "{again:?}");
    // It goes on without notes and drafts.
    let mut session = start(&casemate, &acme);
    let input = ndjson(&stream(150, 7));
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    session.draft().unwrap();
    assert!(drafts() > 0);
}

#[test]
fn what_no_time_is_stated_for_is_kept_and_a_suspended_tenants_things_go() {
    let (_bench, casemate, _) = two_days("");
    let acme = tenant("acme");
    assert!(
        casemate
            .retain(&acme, days_on(30_000), false)
            .unwrap()
            .is_empty()
    );
    let (_bench, casemate, _) = two_days("[retention]\nraw_days = 7\npacket_days = 1\n");
    casemate.suspend(&acme, PERSON, "a reason").unwrap();
    let done = casemate.retain(&acme, days_on(10), false).unwrap();
    assert_eq!(done[0].expired.count, 100);
}

#[test]
fn the_command_line_deletes_nothing_before_its_time_and_says_what_is_gone() {
    let (folder, home) = made();
    let file = written(&folder, "alerts.ndjson", &ndjson(&stream(30, 3)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &file]).0, 0);
    let boundary = home.join("tenants/acme/boundary.toml");
    let mut boundary = std::fs::File::options()
        .append(true)
        .open(boundary)
        .unwrap();
    let add = b"\n[retention]\nraw_days = 1\nderived_days = 1\n";
    std::io::Write::write_all(&mut boundary, add).unwrap();
    let future = ["retain", "--tenant", "acme", "--as-of", "2099-01-01"];
    assert_eq!(said(&home, &future).0, 2);
    let (code, out, err) = said(&home, &[&future[..], &["--dry-run"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("documents") && out.contains("not deleted"),
        "{out}"
    );
    let (code, out, _) = said(&home, &["retain"]);
    assert!(code == 0 && !out.contains(" 30 "), "{out}");
    assert!(
        said(&home, &["tenant", "show", "acme"])
            .1
            .contains("raw 1 day;")
    );
}
