//! A new version of a module beside the one that counts: it changes nothing, and what it would change
//! is counted.

use crate::support::{
    Bench, Built, Finding, PERSON, Run, State, materials, ndjson, runs, session_state, start,
    state, stream, tenant, trail,
};
use casemate::Casemate;
use casemate::model::{Compared, Difference, Drafts, Enrichments, Groups, Shadowed, TenantId};
use casemate::shadow::{Files, ShadowError, Started};
use casemate::trail::{Entry, Stamped};
use casemate::triage::intake::From;
use casemate::triage::{Cancel, Changed, Observer, RunEnded, Session};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const ASSETS: &str = "name,owner\nweb-1,Ada\ndb-1,Bea\nhost-1,Cid\nhost-2,Dan\n";

pub(crate) fn bench(tenants: &[&str]) -> Bench {
    let bench = Bench::ordinary(tenants);
    for tenant in tenants {
        bench.knowledge(tenant, "assets.csv", ASSETS);
    }
    bench
}

/// The module as it is, as another version.
pub(crate) fn next(name: &str) -> Built {
    Built::read(name).saying("version = \"0.1.1\"", "version = \"0.1.0\"")
}

/// A module's bytes under another module's name.
pub(crate) fn named(module: &str, name: &str) -> Built {
    let is = format!("name = \"{module}\"");
    Built::read(module).saying(&format!("name = \"{name}\""), &is)
}

pub(crate) fn begin(
    bench: &Bench,
    candidate: &Built,
    tenants: &[&str],
) -> Result<Started, ShadowError> {
    let files = Files {
        component: &candidate.wasm,
        manifest: &candidate.toml,
    };
    let tenants: Vec<TenantId> = tenants.iter().map(|id| tenant(id)).collect();
    bench.open().start_shadow(files, &tenants, PERSON)
}

pub(crate) fn begun(bench: &Bench, candidate: &Built, tenants: &[&str]) {
    let started = begin(bench, candidate, tenants).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(started.cannot, []);
}

pub(crate) fn work(session: &mut Session, findings: &[Finding]) {
    let done = session.submit(ndjson(findings).as_slice(), From::Auto, "test");
    assert_eq!(done.unwrap().failures, Vec::<String>::new());
    assert_eq!(session.draft().unwrap().failures, Vec::<String>::new());
}

/// What the tenant has of these alerts in a home of its own without a candidate.
pub(crate) fn alone(findings: &[&[Finding]]) -> State {
    let bench = bench(&["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    for findings in findings {
        work(&mut session, findings);
    }
    session_state(&session)
}

pub(crate) fn record(casemate: &Casemate, id: &str, module: &str) -> Shadowed {
    let all = casemate.shadows(&tenant(id)).unwrap();
    let found = all.into_iter().find(|s| s.module.as_str() == module);
    found.unwrap_or_else(|| panic!("nothing is known of a candidate of `{module}`"))
}

pub(crate) fn groups(record: &Shadowed) -> Groups {
    match record.compared {
        Compared::Groups(groups) => groups,
        Compared::Enrichments(_) | Compared::Drafts(_) => panic!("{record:?}"),
    }
}

fn enrichments(record: &Shadowed) -> Enrichments {
    match record.compared {
        Compared::Enrichments(enrichments) => enrichments,
        Compared::Groups(_) | Compared::Drafts(_) => panic!("{record:?}"),
    }
}

fn drafts(record: &Shadowed) -> Drafts {
    match record.compared {
        Compared::Drafts(drafts) => drafts,
        Compared::Groups(_) | Compared::Enrichments(_) => panic!("{record:?}"),
    }
}

pub(crate) fn of<'a>(
    runs: &'a [Run],
    module: &'a str,
    shadow: bool,
) -> impl Iterator<Item = &'a Run> {
    let is = move |run: &&Run| run.module() == module && run.start.shadow == shadow;
    runs.iter().filter(is)
}

pub(crate) fn refusals(trail: &[Stamped]) -> usize {
    let refused = |s: &&Stamped| matches!(s.entry, Entry::Refused { .. });
    trail.iter().filter(refused).count()
}

/// Pairs of alerts in one group.
fn pairs(state: &State) -> u64 {
    state
        .groups
        .iter()
        .map(|g| g.group.count * (g.group.count - 1) / 2)
        .sum()
}

#[test]
fn a_version_that_does_the_same_changes_nothing_and_has_no_difference() {
    let findings = stream(1_500, 31);
    let (before, rest) = findings.split_at(500);
    let whole = alone(&[before, &rest[..600], &rest[600..]]);
    let bench = bench(&["acme", "bolt"]);
    // What was remembered before it was begun is where it goes on from.
    work(&mut start(&bench.open(), &tenant("acme")), before);
    for name in ["grouper", "assets", "drafter"] {
        begun(&bench, &next(name), &["acme"]);
    }
    for findings in [&rest[..600], &rest[600..]] {
        let casemate = bench.open();
        let mut session = start(&casemate, &tenant("acme"));
        let beside: Vec<_> = session
            .shadows()
            .map(|(name, _)| name.to_string())
            .collect();
        assert_eq!(beside, ["assets", "drafter", "grouper"]);
        work(&mut session, findings);
        assert!(session.view().unwrap().notices().unwrap().is_empty());
    }
    let casemate = bench.open();
    assert_eq!(state(&casemate, &tenant("acme")), whole);
    let trail = trail(&casemate, &tenant("acme"));
    let runs = runs(&trail);
    let view = casemate.view(&tenant("acme")).unwrap().unwrap();
    let kept: BTreeMap<_, _> = materials(&view, &trail).into_iter().collect();
    for name in ["grouper", "assets", "drafter"] {
        let record = record(&casemate, "acme", name);
        assert_eq!(record.differences(), 0, "{record:?}");
        assert!(record.examples.is_empty() && record.cannot.is_none());
        assert_eq!((record.beside.failed, record.counted.failed), (0, 0));
        assert_eq!(record.beside.runs, record.counted.runs);
        assert_eq!(record.beside.calls, record.counted.calls);
        assert!(record.beside.took_us > 0 && record.beside.peak_memory_bytes > 0);
        // The very same input: the last runs of both were handed the same bytes.
        let of_shadow: Vec<_> = of(&runs, name, true).collect();
        assert_eq!(of_shadow.len() as u64, record.beside.runs);
        let counted: Vec<_> = of(&runs, name, false).collect();
        let counted = &counted[counted.len() - of_shadow.len()..];
        for (beside, counted) in of_shadow.iter().zip(counted) {
            assert_eq!(kept[&beside.number].batch, kept[&counted.number].batch);
            assert_eq!(kept[&beside.number].calls, kept[&counted.number].calls);
            assert_eq!(beside.start.as_of, counted.start.as_of);
        }
    }
    let grouped = groups(&record(&casemate, "acme", "grouper"));
    assert_eq!((grouped.alerts, grouped.same), (1_000, 1_000));
    assert_eq!((grouped.not_compared, grouped.begun_again), (0, 0));
    assert!(grouped.pairs_same > 1_000 && grouped.opened > 3);
    assert!(enrichments(&record(&casemate, "acme", "assets")).same > 5);
    assert!(drafts(&record(&casemate, "acme", "drafter")).same > 5);
    // The other tenant has nothing of it.
    work(&mut start(&casemate, &tenant("bolt")), before);
    assert!(casemate.shadows(&tenant("bolt")).unwrap().is_empty());
    let bolt = self::trail(&casemate, &tenant("bolt"));
    assert!(
        crate::support::runs(&bolt)
            .iter()
            .all(|run| !run.start.shadow)
    );
}

#[test]
fn what_it_splits_is_counted_to_the_alert() {
    let findings = stream(700, 32);
    let bench = bench(&["acme"]);
    // Puts each alert in a group of its own.
    begun(&bench, &named("hostile-grouper", "grouper"), &["acme"]);
    let casemate = bench.open();
    work(&mut start(&casemate, &tenant("acme")), &findings[..300]);
    work(&mut start(&casemate, &tenant("acme")), &findings[300..]);
    let state = state(&casemate, &tenant("acme"));
    assert_eq!(state, alone(&[&findings[..300], &findings[300..]]));
    let record = record(&casemate, "acme", "grouper");
    let counts = groups(&record);
    let (alerts, opened) = (state.alerts, state.groups.len() as u64);
    assert!(opened > 5 && opened < alerts - 100, "{opened} of {alerts}");
    let several = state.groups.iter().filter(|g| g.group.count > 1).count();
    let routine = state
        .groups
        .iter()
        .filter(|g| g.group.standing == casemate::model::Standing::Routine);
    let expected = Groups {
        alerts,
        same: opened,
        split: alerts - opened,
        other_rule: opened,
        other_standing: routine.count() as u64,
        opened,
        opened_beside: alerts,
        groups_split: several as u64,
        pairs_split: pairs(&state),
        links_missing: counts.links_missing,
        ..Groups::default()
    };
    assert_eq!(counts, expected);
    let joined: usize = state.cases.iter().map(|case| case.links.len()).sum();
    assert!(counts.links_missing >= joined as u64 && joined > 0);
    let shown = |kind| record.examples.iter().filter(move |e| e.difference == kind);
    assert_eq!(shown(Difference::Split).count(), Shadowed::MAX_EXAMPLES);
    let first = shown(Difference::Split).next().unwrap();
    let group = state.placements[first.of as usize - 1].1;
    assert!(
        first
            .counting
            .as_str()
            .starts_with(&format!("in group {group} by "))
    );
    assert!(
        first
            .candidate
            .as_str()
            .starts_with(&format!("opens group {}, open", first.of))
    );
}

#[test]
fn what_it_joins_is_what_it_would_join_if_it_counted() {
    let findings = stream(900, 33);
    let whole = alone(&[&findings[..400], &findings[400..]]);
    let bench = Bench::new();
    bench.whole(&named("hostile-grouper", "grouper"));
    bench.tenant("acme");
    begun(&bench, &Built::read("grouper"), &["acme"]);
    let casemate = bench.open();
    for findings in [&findings[..400], &findings[400..]] {
        work(&mut start(&casemate, &tenant("acme")), findings);
    }
    let counts = groups(&record(&casemate, "acme", "grouper"));
    assert_eq!(counts.opened_beside, whole.groups.len() as u64);
    assert_eq!(counts.pairs_joined, pairs(&whole));
    assert_eq!((counts.opened, counts.alerts), (900, 900));
    assert_eq!(counts.joined, 900 - counts.opened_beside);
    assert_eq!((counts.pairs_split, counts.split, counts.moved), (0, 0, 0));
    let joined: usize = whole.cases.iter().map(|case| case.links.len()).sum();
    assert!(counts.links_added >= joined as u64 && joined > 0);
    assert_eq!(state(&casemate, &tenant("acme")).groups.len(), 900);
}

#[test]
fn a_candidate_that_misbehaves_harms_nothing() {
    let slow = "deadline_ms = 300\nmemory_mib = 64";
    let candidates = [
        named("hostile-grouper", "grouper").wanting(slow),
        named("hostile-enricher", "assets").wanting(slow),
        named("hostile-drafter", "drafter").wanting(slow),
    ];
    for misdeed in [
        "panic",
        "loop",
        "memory",
        "long-answer",
        "cite-unknown",
        "nothing",
        "lose-alert",
        "giant-note",
    ] {
        let findings = [
            Finding::new("1", "rule", "web-1").misdeed(misdeed),
            Finding::new("2", "rule", "db-1").misdeed(misdeed),
        ];
        let bench = bench(&["acme"]);
        for candidate in &candidates {
            begun(&bench, candidate, &["acme"]);
        }
        let casemate = bench.open();
        let mut session = start(&casemate, &tenant("acme"));
        work(&mut session, &findings);
        drop(session);
        assert_eq!(
            state(&casemate, &tenant("acme")),
            alone(&[&findings]),
            "{misdeed}"
        );
        let view = casemate.view(&tenant("acme")).unwrap().unwrap();
        assert!(view.notices().unwrap().is_empty(), "{misdeed}");
        let all = casemate.shadows(&tenant("acme")).unwrap();
        let failed: u64 = all.iter().map(|record| record.beside.failed).sum();
        assert!(failed > 0, "{misdeed}: {all:?}");
        for record in &all {
            assert_eq!(record.counted.failed, 0);
            assert!(
                record.beside.runs > 0 && record.counted.runs > 0,
                "{record:?}"
            );
            assert_eq!(
                record.beside.last_failure.is_some(),
                record.beside.failed > 0
            );
        }
        if misdeed == "lose-alert" {
            let grouper = record(&casemate, "acme", "grouper");
            assert_eq!(
                (groups(&grouper).alerts, groups(&grouper).not_compared),
                (0, 2)
            );
        }
    }
}

#[test]
fn a_candidate_that_always_fails_is_left_alone_and_what_it_missed_is_said() {
    let bench = bench(&["acme"]);
    begun(&bench, &named("hostile-grouper", "grouper"), &["acme"]);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    for place in 0..6 {
        let id = format!("{place}");
        work(
            &mut session,
            &[Finding::new(&id, "rule", "web-1").misdeed("panic")],
        );
    }
    drop(session);
    let of_grouper = record(&casemate, "acme", "grouper");
    assert_eq!((of_grouper.beside.runs, of_grouper.beside.failed), (3, 3));
    let waits = || {
        let view = casemate.view(&tenant("acme")).unwrap().unwrap();
        view.shadow_waiting(&of_grouper.module).unwrap()
    };
    assert_eq!((groups(&of_grouper).not_compared, waits()), (3, 3));
    // The next start tries it again, on what waits.
    let mut session = start(&casemate, &tenant("acme"));
    work(&mut session, &[Finding::new("new", "rule", "web-1")]);
    drop(session);
    assert_eq!(record(&casemate, "acme", "grouper").beside.failed, 6);
    let mut session = start(&casemate, &tenant("acme"));
    work(&mut session, &[Finding::new("newer", "rule", "web-1")]);
    let last = groups(&record(&casemate, "acme", "grouper"));
    assert_eq!((last.not_compared, last.alerts, waits()), (6, 2, 0));
}

#[test]
fn enrichments_and_sentences_that_differ_are_counted() {
    let bench = bench(&["acme"]);
    begun(&bench, &named("hostile-enricher", "assets"), &["acme"]);
    begun(&bench, &named("hostile-drafter", "drafter"), &["acme"]);
    let findings = stream(200, 34);
    let casemate = bench.open();
    work(&mut start(&casemate, &tenant("acme")), &findings);
    let state = state(&casemate, &tenant("acme"));
    assert_eq!(state, alone(&[&findings]));
    let enriched = record(&casemate, "acme", "assets");
    let counts = enrichments(&enriched);
    let ours = state
        .enrichments
        .iter()
        .filter(|e| e.module.as_str() == "assets");
    assert_eq!(
        counts.same + counts.changed + counts.missing,
        ours.count() as u64
    );
    assert!(
        counts.changed + counts.missing > 0 && counts.rows > 0,
        "{counts:?}"
    );
    let drafted = record(&casemate, "acme", "drafter");
    let counts = drafts(&drafted);
    let said: usize = state.drafts.iter().map(|d| d.sentences.len()).sum();
    assert_eq!(
        counts.same + counts.other_citations + counts.removed,
        said as u64
    );
    assert_eq!(
        (counts.drafts, counts.differ),
        (state.drafts.len() as u64, counts.drafts)
    );
    // One sentence a case of the hostile one.
    assert_eq!(counts.added, counts.drafts);
    assert!(
        drafted
            .examples
            .iter()
            .any(|e| e.candidate.as_str().contains("groups."))
    );
}

/// Stops the work when the candidate's run is recorded and not kept, or when placements are kept and
/// the candidate has not run.
struct Stops {
    cancel: Cancel,
    in_shadow: Mutex<u32>,
}

impl Observer for Stops {
    fn placed(&self, _: &TenantId, _: &Changed) {
        self.cancel.cancel();
    }

    fn run_ended(&self, _: &TenantId, run: &RunEnded) {
        if run.shadow {
            let mut left = self.in_shadow.lock().unwrap_or_else(|e| e.into_inner());
            if *left > 0 {
                *left -= 1;
                panic!("the machine stops");
            }
        }
    }
}

#[test]
fn a_stop_between_what_counts_and_what_is_beside_it_loses_nothing_of_either() {
    let findings = stream(800, 36);
    let bench = bench(&["acme"]);
    begun(&bench, &next("grouper"), &["acme"]);
    begun(&bench, &next("drafter"), &["acme"]);
    // Placed and kept, and the candidate was not handed it.
    let cancel = Cancel::new();
    let stops = Stops {
        cancel: cancel.clone(),
        in_shadow: Mutex::new(0),
    };
    let casemate = bench.open_with(|settings| {
        settings.cancel = cancel;
        settings.observer = Arc::new(stops);
    });
    let mut session = start(&casemate, &tenant("acme"));
    session
        .submit(ndjson(&findings[..300]).as_slice(), From::Auto, "test")
        .unwrap();
    drop(session);
    let module = next("grouper").name();
    let waiting = |casemate: &Casemate| {
        let view = casemate.view(&tenant("acme")).unwrap().unwrap();
        (
            view.placed_through().unwrap(),
            view.shadow_waiting(&module).unwrap(),
        )
    };
    assert_eq!(waiting(&casemate), (300, 1));
    // The candidate's run was recorded and nothing of it kept.
    for _ in 0..2 {
        let stops = Stops {
            cancel: Cancel::new(),
            in_shadow: Mutex::new(1),
        };
        let casemate = bench.open_with(|settings| settings.observer = Arc::new(stops));
        let mut session = start(&casemate, &tenant("acme"));
        let input = ndjson(&findings[..600]);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap_err();
        session.draft().unwrap_err();
    }
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    work(&mut session, &findings);
    let whole = session_state(&session);
    drop(session);
    assert_eq!(whole.alerts, 800);
    let undisturbed = alone(&[&findings]);
    assert_eq!(whole.groups, undisturbed.groups);
    assert_eq!(whole.cases, undisturbed.cases);
    assert_eq!(waiting(&casemate), (800, 0));
    for name in ["grouper", "drafter"] {
        let record = record(&casemate, "acme", name);
        assert_eq!(record.differences(), 0, "{record:?}");
    }
    let counts = groups(&record(&casemate, "acme", "grouper"));
    assert_eq!(
        (counts.alerts, counts.not_compared, counts.begun_again),
        (800, 0, 0)
    );
}
