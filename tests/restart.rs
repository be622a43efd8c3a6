//! However the stream is cut, and wherever the host is stopped, the end is the same.

use crate::support::{
    Bench, Finding, Folder, NOW, Numbers, PERSON, State, journal_end, ndjson, runs, session_state,
    start, state, stream, tenant, trail,
};
use casemate::Casemate;
use casemate::model::TenantId;
use casemate::trail::Entry;
use casemate::triage::intake::From;
use casemate::triage::{Changed, NotStarted, Observer, Session, SessionError, Submitted, TakenIn};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const ASSETS: &str = "name,owner\nweb-1,Ada\ndb-1,Bea\nhost-1,Cid\nhost-2,Dan\n";
const COUNT: usize = 2_600;

fn bench() -> Bench {
    let bench = Bench::ordinary(&["acme"]);
    bench.knowledge("acme", "assets.csv", ASSETS);
    bench
}

fn begin(casemate: &Casemate) -> Session {
    start(casemate, &tenant("acme"))
}

fn submit(session: &mut Session, input: &[u8]) -> Submitted {
    session.submit(input, From::Auto, "test").unwrap()
}

/// What there is in the end when nothing comes between.
fn undisturbed(findings: &[Finding]) -> State {
    let bench = bench();
    let casemate = bench.open();
    let mut session = begin(&casemate);
    assert_eq!(
        submit(&mut session, &ndjson(findings)).new,
        findings.len() as u64
    );
    session.draft().unwrap();
    let state = session_state(&session);
    assert!(state.groups.len() > 5 && state.groups.len() < findings.len());
    assert!(state.drafts.len() > 2 && state.enrichments.len() > 2);
    state
}

#[test]
fn the_end_does_not_depend_on_where_the_stream_is_cut() {
    let findings = stream(COUNT, 11);
    let whole = undisturbed(&findings);
    for (seed, most) in [(1, 700), (2, 90)] {
        let mut numbers = Numbers(seed);
        let bench = bench();
        let casemate = bench.open();
        let mut session = begin(&casemate);
        let mut rest = findings.as_slice();
        while !rest.is_empty() {
            let size = (1 + numbers.below(most) as usize).min(rest.len());
            let (now, later) = rest.split_at(size);
            submit(&mut session, &ndjson(now));
            rest = later;
        }
        session.draft().unwrap();
        assert_eq!(
            session_state(&session),
            whole,
            "cut in pieces of up to {most}"
        );
    }
}

#[test]
fn one_alert_at_a_time_ends_as_all_at_once() {
    let findings = stream(120, 12);
    let bench = bench();
    let casemate = bench.open();
    let mut session = begin(&casemate);
    for finding in &findings {
        submit(&mut session, &ndjson([finding]));
    }
    session.draft().unwrap();
    assert_eq!(session_state(&session), undisturbed(&findings));
}

#[test]
fn a_session_that_is_dropped_anywhere_is_continued() {
    let findings = stream(COUNT, 13);
    let whole = undisturbed(&findings);
    let bench = bench();
    let (first, second) = findings.split_at(900);
    // Each step in a process of its own: opened, done, dropped.
    let steps: [&dyn Fn(&mut Session); 5] = [
        &|session| drop(submit(session, &ndjson(first))),
        &|_| {},
        &|session| drop(submit(session, &ndjson(&second[..400]))),
        &|session| drop(submit(session, &ndjson(second))),
        &|session| drop(session.draft().unwrap()),
    ];
    for step in steps {
        let casemate = bench.open();
        let mut session = begin(&casemate);
        step(&mut session);
    }
    assert_eq!(state(&bench.open(), &tenant("acme")), whole);
}

/// An input that breaks after so many bytes.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("the cable is out"));
        }
        self.0.read(into)
    }
}

/// How many new alerts an observer was told of.
#[derive(Default)]
struct New(AtomicU64);

impl Observer for New {
    fn taken_in(&self, _: &TenantId, batch: &TakenIn) {
        self.0.fetch_add(batch.new, Ordering::Relaxed);
    }
}

/// What lies in a home's folder whenever something was kept.
struct Moments {
    bench: Bench,
    left: Mutex<Vec<Folder>>,
}

impl Moments {
    fn look(&self) {
        let folder = self.bench.folder().copied();
        self.left.lock().unwrap().push(folder);
    }
}

impl Observer for Moments {
    fn placed(&self, _: &TenantId, _: &Changed) {
        self.look();
    }

    fn cases_done(&self, _: &TenantId, _: u64, _: u64) {
        self.look();
    }
}

#[test]
fn an_input_that_breaks_keeps_what_came_before() {
    let findings = stream(COUNT, 14);
    let whole = undisturbed(&findings);
    let bench = bench();
    let told = Arc::new(New::default());
    let casemate = bench.open_with(|settings| settings.observer = told.clone());
    let mut session = begin(&casemate);
    let input = ndjson(&findings);
    let upto = input.len() * 2 / 3;
    let broken = session.submit(Broken(&input[..upto]), From::Auto, "test");
    match broken {
        Err(SessionError::Input(error)) => assert_eq!(error.to_string(), "the cable is out"),
        Err(error) => panic!("{error}"),
        Ok(done) => panic!("{done:?}"),
    }
    let kept = session_state(&session);
    assert_eq!(kept.alerts, told.0.load(Ordering::Relaxed));
    assert!(kept.alerts >= 1_000, "{}", kept.alerts);
    // Half a document is no alert: it is kept as it came, and the whole one is taken later.
    assert!(kept.rejects <= 1);
    let again = submit(&mut session, &input);
    assert_eq!(again.duplicates, kept.alerts);
    assert_eq!(again.new + again.duplicates, COUNT as u64);
    session.draft().unwrap();
    let rejects = kept.rejects;
    assert_eq!(session_state(&session), State { rejects, ..whole });
}

#[test]
fn what_a_stopped_machine_leaves_is_continued() {
    let findings = stream(COUNT, 15);
    let whole = undisturbed(&findings);
    let input = ndjson(&findings);
    let moments = Arc::new(Moments {
        bench: bench(),
        left: Mutex::default(),
    });
    {
        let observer = moments.clone();
        let casemate = moments.bench.open_with(|s| s.observer = observer);
        let mut session = begin(&casemate);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        moments.look();
        session.draft().unwrap();
    }
    let left = std::mem::take(&mut *moments.left.lock().unwrap());
    assert!(left.len() >= 5);
    for (moment, folder) in left.into_iter().enumerate() {
        let bench = Bench::of(folder);
        let casemate = bench.open();
        // A reader may come before the writer that repairs.
        let found = state(&casemate, &tenant("acme")).alerts;
        let mut session = begin(&casemate);
        let done = submit(&mut session, &input);
        assert_eq!(done.duplicates, found, "at moment {moment}");
        assert_eq!(done.new + found, COUNT as u64);
        session.draft().unwrap();
        let after = session_state(&session);
        assert_eq!(after.placements, whole.placements, "at moment {moment}");
        assert_eq!(after.groups, whole.groups);
        assert_eq!(after.cases, whole.cases);
        assert_eq!(after.enrichments, whole.enrichments);
        let said = |state: &State| {
            let drafts = state.drafts.iter();
            drafts
                .map(|d| (d.case, d.sentences.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(&after), said(&whole), "at moment {moment}");
    }
}

#[test]
fn a_case_that_has_not_changed_is_not_drafted_again() {
    let findings = stream(200, 16);
    let bench = bench();
    let casemate = bench.open();
    let mut session = begin(&casemate);
    submit(&mut session, &ndjson(&findings));
    let first = session.draft().unwrap();
    assert!(first.cases > 0);
    let again = session.draft().unwrap();
    assert_eq!((again.cases, again.runs), (0, 0));
}

/// The files of a home whose tenants `acme` and `bolt` have both worked.
fn worked() -> Bench {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        let mut session = start(&casemate, &tenant(id));
        submit(&mut session, &ndjson(&stream(200, 17)));
        session.draft().unwrap();
    }
    drop(casemate);
    bench
}

#[test]
fn a_damaged_trail_stops_its_tenant_and_no_other() {
    let bench = worked();
    let trail = bench.path().join("tenants/acme/trail");
    let partial = |folder: &str| {
        let names = std::fs::read_dir(trail.join(folder)).unwrap();
        let name = names.map(|n| n.unwrap().file_name()).next().unwrap();
        format!("{folder}/{}", name.to_str().unwrap())
    };
    let bundle = partial("tile/entries/000.p");
    let hashes = partial("tile/0/000.p");
    for (file, part) in [
        ("journal", 0.0),
        ("journal", 0.3),
        ("journal", 0.9),
        ("checkpoint", 0.1),
        ("checkpoint", 0.6),
        ("checkpoint", 0.9),
        (&bundle, 0.5),
        (&hashes, 0.5),
    ] {
        let path = format!("tenants/acme/trail/{file}");
        let whole = bench.folder().dir().read(&path).unwrap();
        let at = (journal_end(&whole) as f64 * part) as usize + 3;
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        bench.folder().dir().write(&path, &bytes).unwrap();
        let casemate = bench.open();
        match casemate.start(&tenant("acme"), NOW) {
            Err(NotStarted::Trail { tenant, error }) => {
                assert_eq!(tenant.as_str(), "acme");
                assert!(error.to_string().contains("damaged"), "{error}");
            }
            Err(error) => panic!("{file}, byte {at}: {error}"),
            Ok(_) => panic!("{file}, byte {at}: it starts"),
        }
        // Nothing was cut off or written over what is evidence now.
        let after = bench.folder().dir().read(&path).unwrap();
        assert!(after == bytes, "{file}, byte {at}");
        assert_eq!(state(&casemate, &tenant("acme")).alerts, 200);
        let mut session = start(&casemate, &tenant("bolt"));
        let more = submit(&mut session, &ndjson(&stream(210, 17)));
        assert_eq!(more.new + more.duplicates, 210);
        bench.folder().dir().write(&path, &whole).unwrap();
    }
    drop(start(&bench.open(), &tenant("acme")));
}

#[test]
fn a_trail_that_is_cut_below_what_the_store_holds_stops_its_tenant() {
    let bench = worked();
    let path = "tenants/acme/trail/journal";
    let log = bench.folder().dir().read(path).unwrap();
    for left in [0, 40, journal_end(&log) / 2] {
        let dir = bench.folder().dir();
        dir.write(path, &log[..left]).unwrap();
        let casemate = bench.open();
        assert!(
            matches!(
                casemate.start(&tenant("acme"), NOW),
                Err(NotStarted::Trail { .. })
            ),
            "with {left} bytes left"
        );
        drop(start(&casemate, &tenant("bolt")));
    }
}

#[test]
fn a_folder_that_was_put_back_to_an_earlier_state_is_recognised_and_gone_on_from() {
    let bench = worked();
    let acme = tenant("acme");
    let earlier = Folder::new();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(bench.path().join("tenants/acme"))
        .arg(earlier.path())
        .status();
    assert!(copied.unwrap().success());
    let casemate = bench.open();
    let mut session = start(&casemate, &acme);
    submit(&mut session, &ndjson(&stream(220, 17)));
    drop(session);
    let known = casemate.home().tenant(&acme).unwrap().known_checkpoint();
    let known = known.unwrap().unwrap();
    drop(casemate);
    std::fs::remove_dir_all(bench.path().join("tenants/acme")).unwrap();
    std::fs::rename(
        earlier.path().join("acme"),
        bench.path().join("tenants/acme"),
    )
    .unwrap();
    let casemate = bench.open();
    let error = casemate.start(&acme, NOW).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("put back to an earlier state"),
        "{error}"
    );
    let went = casemate
        .trail_go_on(&acme, PERSON, casemate::Healthy::Keep)
        .unwrap();
    let before = went.before.unwrap();
    assert_eq!((before.size, before.root), (known.size(), known.root()));
    let mut session = start(&casemate, &acme);
    submit(&mut session, &ndjson(&stream(230, 17)));
    drop(session);
    let entries = trail(&casemate, &acme);
    assert!(entries[0].seq >= known.size());
    assert!(
        matches!(&entries[0].entry, Entry::Restore(restore) if restore.before == went.before && restore.by.is_some())
    );
    assert!(runs(&entries).iter().all(|run| run.end.is_some()));
}

#[test]
fn a_torn_tail_is_cut_off_and_told() {
    let bench = worked();
    let dir = bench.folder().dir();
    let mut journal = dir.read("tenants/acme/trail/journal").unwrap();
    let end = journal_end(&journal);
    journal[end..end + 7].copy_from_slice(&[0x17, 0x00, 0x5e, 0xca, 1, 2, 3]);
    dir.write("tenants/acme/trail/journal", &journal).unwrap();
    let casemate = bench.open();
    let before = state(&casemate, &tenant("acme"));
    drop(start(&casemate, &tenant("acme")));
    assert_eq!(state(&casemate, &tenant("acme")), before);
    let entries = trail(&casemate, &tenant("acme"));
    let recoveries = entries
        .iter()
        .filter(|stamped| matches!(stamped.entry, Entry::Recovery(_)));
    assert_eq!(recoveries.count(), 1);
    assert!(runs(&entries).iter().all(|run| run.end.is_some()));
}
