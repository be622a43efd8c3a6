//! A candidate from its beginning to its end: begun where it is granted, refused where it is not,
//! stopped, accepted by one tenant and then by all.

use crate::shadow::{alone, begin, begun, bench, groups, named, next, of, record, refusals, work};
use crate::support::{
    Built, Finding, NOW, PERSON, made, ndjson, runs, said, start, state, stream, tenant, trail,
};
use casemate::sandbox::{Grant, GrantedTenants, Grants, WantedLimits, WantedSettings};
use casemate::shadow::{Files, ShadowError, accept, stop, would_accept};

#[test]
fn a_candidate_runs_only_where_it_is_granted_to_run_beside() {
    let bench = bench(&["acme", "bolt"]);
    let candidate = next("grouper");
    let home = bench.home();
    home.put_candidate(&candidate.name(), &candidate.wasm, &candidate.toml)
        .unwrap();
    let shadow_runs = |id: &str, finding: &str| {
        let casemate = bench.open();
        work(
            &mut start(&casemate, &tenant(id)),
            &[Finding::new(finding, "rule", "web-1")],
        );
        of(&runs(&trail(&casemate, &tenant(id))), "grouper", true).count()
    };
    assert_eq!((shadow_runs("acme", "1"), shadow_runs("bolt", "1")), (0, 0));
    begun(&bench, &candidate, &["acme"]);
    assert_eq!((shadow_runs("acme", "2"), shadow_runs("bolt", "2")), (1, 0));
    // Revoked whatever its bytes.
    casemate::setup::revoke(
        &home,
        &candidate.name(),
        GrantedTenants::These(vec![tenant("acme")]),
        PERSON,
        NOW,
    )
    .unwrap();
    let casemate = bench.open();
    let session = start(&casemate, &tenant("acme"));
    assert_eq!(session.shadows().count(), 0);
    drop(session);
    assert!(record(&casemate, "acme", "grouper").ended.is_some());
    casemate.suspend(&tenant("bolt"), PERSON, "a test").unwrap();
    begun(&bench, &candidate, &["bolt"]);
    assert!(bench.open().start(&tenant("bolt"), NOW).is_err());
}

#[test]
fn a_capability_that_it_is_not_granted_is_refused_and_said_and_impairs_nothing() {
    let bench = bench(&["acme"]);
    let candidate = next("grouper");
    let home = bench.home();
    home.put_candidate(&candidate.name(), &candidate.wasm, &candidate.toml)
        .unwrap();
    let grant = Grant {
        module: candidate.name(),
        digest: candidate.digest(),
        tenants: GrantedTenants::All,
        capabilities: Vec::new(),
        by: casemate::model::Text::capped(PERSON, 80),
        at: NOW,
        limits: WantedLimits::default(),
        settings: WantedSettings::default(),
        shadow: true,
        replaces: None,
    };
    let text = Grants::add(&home.text("grants.toml").unwrap().unwrap(), &grant).unwrap();
    home.replace_text("grants.toml", &text).unwrap();
    let findings = stream(100, 35);
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    assert!(session.view().unwrap().notices().unwrap().is_empty());
    work(&mut session, &findings);
    drop(session);
    assert_eq!(state(&casemate, &tenant("acme")), alone(&[&findings]));
    let refused = record(&casemate, "acme", "grouper");
    assert_eq!((refused.refused_starts, refused.beside.runs), (1, 0));
    let why = refused.cannot.unwrap();
    assert!(
        why.as_str()
            .contains("`memory` is not granted: grants.toml"),
        "{why}"
    );
    assert_eq!(refusals(&trail(&casemate, &tenant("acme"))), 1);
    // Granted since, it goes on from the notes that count now.
    begun(&bench, &candidate, &["acme"]);
    let casemate = bench.open();
    work(
        &mut start(&casemate, &tenant("acme")),
        &stream(300, 35)[100..],
    );
    let again = record(&casemate, "acme", "grouper");
    let counts = groups(&again);
    assert_eq!((again.cannot.clone(), again.differences()), (None, 0));
    assert_eq!(
        (counts.alerts, counts.not_compared, counts.begun_again),
        (200, 100, 1)
    );
}

#[test]
fn one_tenant_accepts_it_and_then_all_and_what_it_worked_with_is_erased() {
    let findings = stream(900, 37);
    let bench = bench(&["acme", "bolt"]);
    let (old, new) = (Built::read("grouper"), next("grouper"));
    begun(&bench, &new, &["acme"]);
    for id in ["acme", "bolt"] {
        work(&mut start(&bench.open(), &tenant(id)), &findings[..300]);
    }
    let home = bench.home();
    let done = accept(&home, &new.name(), Some(&[tenant("acme")]), PERSON, NOW).unwrap();
    assert!(!done.installed);
    assert_eq!(done.old, [tenant("bolt")]);
    let digest_of = |id: &str| {
        let trail = trail(&bench.open(), &tenant(id));
        let last = runs(&trail)
            .into_iter()
            .rfind(|run| run.module() == "grouper")
            .unwrap();
        (last.start.digest, last.start.shadow)
    };
    for id in ["acme", "bolt"] {
        let casemate = bench.open();
        let mut session = start(&casemate, &tenant(id));
        assert!(session.view().unwrap().notices().unwrap().is_empty());
        work(&mut session, &findings[300..600]);
    }
    assert_eq!(digest_of("acme"), (new.digest(), false));
    assert_eq!(digest_of("bolt"), (old.digest(), false));
    for id in ["acme", "bolt"] {
        let report = bench.open().report(&tenant(id)).unwrap();
        assert!(
            report.modules.iter().all(|module| module.runs),
            "{id}: {report:?}"
        );
    }
    let casemate = bench.open();
    let ended = record(&casemate, "acme", "grouper");
    assert!(ended.ended.is_some() && ended.examples.is_empty());
    assert_eq!(
        groups(&ended).alerts,
        300,
        "what was counted stays to be read"
    );
    // The old one back, by a grant of what is installed, and the new one again.
    casemate::setup::grant(
        &home,
        &new.name(),
        GrantedTenants::These(vec![tenant("acme")]),
        PERSON,
        NOW,
    )
    .unwrap();
    work(
        &mut start(&bench.open(), &tenant("acme")),
        &findings[600..700],
    );
    assert_eq!(digest_of("acme"), (old.digest(), false));
    let done = accept(&home, &new.name(), None, PERSON, NOW).unwrap();
    assert!(done.installed);
    assert_eq!(done.tenants, [tenant("acme"), tenant("bolt")]);
    assert!(home.candidates().unwrap().is_empty());
    for id in ["acme", "bolt"] {
        work(&mut start(&bench.open(), &tenant(id)), &findings[700..]);
        assert_eq!(digest_of(id), (new.digest(), false));
    }
    // It went on with what the old one remembered.
    let whole = state(&bench.open(), &tenant("acme"));
    assert_eq!(whole.groups, alone(&[&findings]).groups);
}

#[test]
fn a_candidate_that_is_stopped_leaves_its_counts_and_begins_anew() {
    let bench = bench(&["acme", "bolt"]);
    begun(&bench, &next("grouper"), &["acme", "bolt"]);
    let findings = stream(300, 38);
    for id in ["acme", "bolt"] {
        work(&mut start(&bench.open(), &tenant(id)), &findings[..100]);
    }
    let other = next("grouper").saying("version = \"0.1.2\"", "version = \"0.1.1\"");
    let error = begin(&bench, &other, &["acme"]).unwrap_err();
    assert!(matches!(error, ShadowError::Another { .. }), "{error}");
    let home = bench.home();
    let module = other.name();
    assert_eq!(
        stop(&home, &module, Some(&[tenant("bolt")]), PERSON, NOW).unwrap(),
        [tenant("bolt")]
    );
    assert!(
        home.candidate(&module).unwrap().is_some(),
        "another tenant has it"
    );
    assert_eq!(
        stop(&home, &module, None, PERSON, NOW).unwrap(),
        [tenant("acme")]
    );
    assert!(home.candidate(&module).unwrap().is_none());
    assert!(stop(&home, &module, None, PERSON, NOW).is_err());
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    assert!(session.view().unwrap().notices().unwrap().is_empty());
    work(&mut session, &findings[100..200]);
    drop(session);
    let ended = record(&casemate, "acme", "grouper");
    assert_eq!((groups(&ended).alerts, ended.ended.is_some()), (100, true));
    begun(&bench, &other, &["acme"]);
    let casemate = bench.open();
    work(&mut start(&casemate, &tenant("acme")), &findings[200..]);
    let anew = record(&casemate, "acme", "grouper");
    assert_eq!(
        (groups(&anew).alerts, anew.ended, anew.candidate),
        (100, None, other.digest())
    );
    assert_eq!(anew.differences(), 0);
}

#[test]
fn what_it_remembers_is_its_own_and_is_erased_when_it_stops() {
    let bench = bench(&["acme"]);
    let candidate = named("hostile-grouper", "grouper");
    let found = |id: &str, host: &str| {
        let casemate = bench.open();
        let finding = Finding::new(id, "rule", host).misdeed("mark");
        work(&mut start(&casemate, &tenant("acme")), &[finding]);
        let record = record(&casemate, "acme", "grouper");
        let last = record.examples.last().unwrap();
        last.candidate
            .as_str()
            .split("found ")
            .last()
            .unwrap()
            .to_owned()
    };
    begun(&bench, &candidate, &["acme"]);
    assert_eq!(found("1", "web-1"), "\"\"");
    assert_eq!(found("2", "db-1"), "\"web-1\"");
    let home = bench.home();
    stop(&home, &candidate.name(), None, PERSON, NOW).unwrap();
    drop(start(&bench.open(), &tenant("acme")));
    begun(&bench, &candidate, &["acme"]);
    assert_eq!(found("3", "host-1"), "\"\"", "what was erased is not there");
    // Counting, it has the notes that count, and not those it left beside them.
    accept(&home, &candidate.name(), None, PERSON, NOW).unwrap();
    let casemate = bench.open();
    let finding = Finding::new("4", "rule", "host-2").misdeed("mark");
    work(&mut start(&casemate, &tenant("acme")), &[finding]);
    let state = state(&casemate, &tenant("acme"));
    let (.., rule, _, _) = state.placements.last().unwrap();
    assert_eq!(rule.as_ref().unwrap().says.as_str(), "found \"\"");
}

#[test]
fn what_cannot_be_a_candidate_is_refused_with_the_way_out() {
    let bench = bench(&["acme"]);
    let same = begin(&bench, &Built::read("grouper"), &["acme"]).unwrap_err();
    assert!(same.to_string().contains("byte for byte"), "{same}");
    let kind = begin(&bench, &named("hostile-drafter", "grouper"), &["acme"]).unwrap_err();
    assert!(matches!(kind, ShadowError::OtherKind { .. }), "{kind}");
    let none = begin(&bench, &Built::read("hostile-grouper"), &["acme"]).unwrap_err();
    assert!(matches!(none, ShadowError::NoModule(_)), "{none}");
    let broken = Built {
        wasm: b"\0asm".to_vec(),
        ..next("grouper")
    };
    assert!(matches!(
        begin(&bench, &broken, &["acme"]),
        Err(ShadowError::Faulty(_))
    ));
    let module = next("grouper").name();
    let nobody = accept(&bench.home(), &module, None, PERSON, NOW).unwrap_err();
    assert!(matches!(nobody, ShadowError::NoCandidate(_)), "{nobody}");
    let files = next("grouper");
    let files = Files {
        component: &files.wasm,
        manifest: &files.toml,
    };
    let stranger = bench
        .open()
        .start_shadow(files, &[tenant("acme")], "eve@mssp.example");
    assert!(matches!(stranger, Err(ShadowError::NotAnOperator(_))));
    assert!(
        bench.home().candidates().unwrap().is_empty(),
        "nothing was written"
    );
    assert!(
        !bench
            .home()
            .text("grants.toml")
            .unwrap()
            .unwrap()
            .contains("shadow")
    );
}

#[test]
fn the_command_line_begins_shows_and_accepts() {
    let (folder, home) = made();
    let candidate = next("grouper");
    let place = folder.path().join("new-grouper");
    std::fs::create_dir(&place).unwrap();
    crate::support::written(&folder, "new-grouper/module.wasm", &candidate.wasm);
    let manifest = candidate.toml.as_bytes();
    crate::support::written(&folder, "new-grouper/module.toml", manifest);
    let place = place.to_str().unwrap();
    let by = ["--by", "ada@mssp.example"];
    let shadow = |arguments: &[&str]| said(&home, &[&["module", "shadow"], arguments].concat());
    let (code, _, stderr) = shadow(&[&["start", place, "--tenant", "acme"], &by[..]].concat());
    assert_eq!(code, 0, "{stderr}");
    let (code, stdout, _) = shadow(&["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, &list["candidates"][0]["beside"][0]),
        (0, &"acme".into())
    );
    let (code, _, stderr) = shadow(&["report"]);
    assert_eq!(code, 0);
    assert!(stderr.contains("nothing has run beside"), "{stderr}");
    let input = crate::support::written(&folder, "alerts.json", &ndjson(&stream(200, 39)));
    assert_eq!(said(&home, &["run", "--tenant", "acme", &input]).0, 0);
    let (code, stdout, stderr) = shadow(&["report", "--module", "grouper"]);
    assert_eq!(code, 0, "{stderr}");
    for word in ["acme", "grouper", "200 alerts", "no difference", "MEDIAN"] {
        assert!(stdout.contains(word), "`{word}` is not in:\n{stdout}");
    }
    let (_, stdout, _) = shadow(&["report", "--tenant", "acme", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["schema"], "casemate.shadow-report/v1");
    assert_eq!(report["reports"][0]["compared"]["groups"]["same"], 200);
    let (code, _, stderr) = shadow(&[&["accept", "grouper"], &by[..]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("acme") && stderr.contains("installed"),
        "{stderr}"
    );
    let (code, _, stderr) = shadow(&[&["stop", "grouper"], &by[..]].concat());
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn a_candidate_is_accepted_only_where_the_old_version_counts_and_a_dry_run_says_what_changes() {
    let bench = bench(&["acme", "bolt", "cove"]);
    let candidate = next("grouper");
    let home = bench.home();
    let cove = || GrantedTenants::These(vec![tenant("cove")]);
    casemate::setup::revoke(&home, &candidate.name(), cove(), PERSON, NOW).unwrap();
    // It may run beside nothing; that gives nobody the module.
    begun(&bench, &candidate, &["acme", "cove"]);
    let before = home.text("grants.toml").unwrap().unwrap();
    let named = [tenant("acme"), tenant("cove")];
    let refused = accept(&home, &candidate.name(), Some(&named), PERSON, NOW).unwrap_err();
    assert!(matches!(refused, ShadowError::NotOld(_, id) if id == tenant("cove")));
    let would = would_accept(&home, &candidate.name(), None, PERSON, NOW).unwrap();
    assert_eq!(would.tenants, [tenant("acme"), tenant("bolt")]);
    assert!(
        would.installed && !would.added.contains("cove"),
        "{would:?}"
    );
    assert_eq!(home.text("grants.toml").unwrap().unwrap(), before);
    assert_eq!(home.candidates().unwrap().len(), 1, "nothing was written");
    let done = accept(&home, &candidate.name(), None, PERSON, NOW).unwrap();
    assert_eq!((&done.tenants, &done.added), (&would.tenants, &would.added));
    let after = home.text("grants.toml").unwrap().unwrap();
    assert_eq!(
        after.strip_prefix(&before).unwrap().trim_start(),
        would.added
    );
    let casemate = bench.open();
    let counts = casemate.grants().in_effect(&tenant("cove")).into_iter();
    assert!(
        counts
            .filter(|grant| !grant.shadow)
            .all(|grant| grant.module != candidate.name())
    );
}
