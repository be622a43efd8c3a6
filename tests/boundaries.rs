//! Boundaries explained, compared and applied, the home's defaults, and their rollout to some tenants
//! first.

use crate::support::{Bench, Finding, Folder, NOW, PERSON, ndjson, start, tenant, trail};
use casemate::boundary::{Applications, AppliedTo, Defaults, Rollout};
use casemate::model::{Digest, TenantId};
use casemate::setup::SetupError;
use casemate::store::{Home, SystemRandom};
use casemate::trail::{BoundaryChange, Commitment, Entry, Salt};
use casemate::triage::NotStarted;
use casemate::triage::intake::From;
use casemate::{Caller, Casemate};
use std::path::Path;

/// Defaults that allow all that a new tenant's file does, but notes.
pub(crate) const DEFAULTS: &str = r#"version = 1
fields = 1
exclusions = []

[data]
modules = [
    "product", "severity", "rule", "host", "user", "process",
    "network", "url", "domain", "file", "observables", "message",
]
model = []
memory = false
pseudonymise = []

[model]
endpoint = "none"
location = "none"

[enrichment]
sources = ["assets", "known-good"]

[review]
required = ["severity"]
downgrade_needs = 1
packet_needs = []
replay_bundle = ["internal"]
"#;

fn by(casemate: &Casemate) -> Caller {
    casemate.caller(PERSON).unwrap()
}

/// The boundaries that took effect for a tenant: each with its difference in words and who did it, both
/// as the trail commits to them.
fn took_effect(casemate: &Casemate, id: &TenantId) -> Vec<(BoundaryChange, String, String)> {
    let view = casemate.view(id).unwrap().unwrap();
    let entries = trail(casemate, id).into_iter();
    entries
        .filter_map(|stamped| {
            let Entry::Boundary(change) = stamped.entry else {
                return None;
            };
            let kept = view.material(stamped.seq).unwrap().unwrap();
            let salt = Salt::from_bytes(kept.salt);
            assert_eq!(change.change, Commitment::of(&salt, &kept.batch));
            assert_eq!(change.by, Commitment::of(&salt, &kept.answer));
            let text = |bytes| String::from_utf8(bytes).unwrap();
            Some((change, text(kept.batch), text(kept.answer)))
        })
        .collect()
}

fn apply(casemate: &Casemate, id: &TenantId, text: &str) -> Option<NotStarted> {
    let plan = casemate.plan_boundary(id, text).unwrap();
    let applied = casemate.apply_boundary(&plan, &by(casemate), None).unwrap();
    assert!(applied.replaced);
    applied.not_recorded
}

fn apply_defaults(casemate: &Casemate, text: &str, first: &[TenantId]) -> Vec<String> {
    let plan = casemate.plan_defaults(text, first).unwrap();
    let applied = casemate.apply_defaults(&plan, &by(casemate), None).unwrap();
    for (tenant, not_recorded) in &applied.tenants {
        assert!(not_recorded.is_none(), "{tenant}: {not_recorded:?}");
    }
    applied.tenants.iter().map(|(t, _)| t.to_string()).collect()
}

pub(crate) fn without_memory() -> String {
    let text = Bench::allowing();
    let narrower = text.replace("memory = true", "memory = false");
    assert_ne!(text, narrower);
    narrower
}

/// Replaces a file of the home by hand.
pub(crate) fn edited(home: &Path, file: &str, text: &str) {
    let path = home.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = std::fs::File::options();
    let file = file.write(true).create(true).truncate(true).open(path);
    std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
}

#[test]
fn a_boundary_that_is_applied_is_in_the_trail_at_once_with_the_difference_and_who() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    drop(start(&casemate, &acme));
    assert!(apply(&casemate, &acme, &without_memory()).is_none());
    let told = took_effect(&casemate, &acme);
    let [(first, words, nobody), (second, difference, who)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((first.before, second.before), (None, Some(first.now)));
    assert_eq!(second.now, Digest::of(without_memory().as_bytes()));
    assert!(
        words.contains("no boundary was in effect before"),
        "{words}"
    );
    assert_eq!(
        nobody, "",
        "a file that was written in place has no known author"
    );
    assert_eq!(difference, "LESS   memory: denied (before: allowed)\n");
    assert_eq!(who, PERSON);
    drop(start(&casemate, &acme));
    assert_eq!(took_effect(&casemate, &acme).len(), 2, "told once");
    // By hand, and back by hand to what was applied once: nobody is named.
    for text in [Bench::allowing(), without_memory()] {
        edited(bench.path(), "tenants/acme/boundary.toml", &text);
        drop(start(&casemate, &acme));
    }
    let told = took_effect(&casemate, &acme);
    assert_eq!(told.len(), 4);
    assert!(told[2].1.starts_with("MORE   memory: allowed"), "{told:?}");
    assert_eq!((told[2].2.as_str(), told[3].2.as_str()), ("", ""));
}

#[test]
fn a_session_goes_on_by_what_it_began_with_and_the_entry_follows() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let mut session = start(&casemate, &acme);
    let late = apply(&casemate, &acme, &without_memory());
    assert!(late.is_some(), "a session has the tenant");
    let input = ndjson([&Finding::new("1", "rule", "web-1")]);
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    drop(session);
    let before = Digest::of(Bench::allowing().as_bytes());
    for run in crate::support::runs(&trail(&casemate, &acme)) {
        assert_eq!(run.start.boundary, before);
    }
    assert_eq!(took_effect(&casemate, &acme).len(), 1);
    drop(start(&casemate, &acme));
    let told = took_effect(&casemate, &acme);
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].2, PERSON, "who applied it, not who is accountable");
}

#[test]
fn only_an_operator_applies_and_only_what_was_looked_at() {
    let bench = Bench::ordinary(&["acme"]);
    let roster = format!(
        "version = 1\n[[people]]\nid = \"{PERSON}\"\nname = \"Ada\"\nroles = [\"operator\"]\n[[people]]\nid = \"bob@mssp.example\"\nname = \"Bob\"\nroles = [\"analyst\"]\n"
    );
    bench.home().replace_text("roster.toml", &roster).unwrap();
    let casemate = bench.open();
    let acme = tenant("acme");
    let plan = casemate.plan_boundary(&acme, &without_memory()).unwrap();
    let bob = casemate.caller("bob@mssp.example").unwrap();
    let denied = casemate.apply_boundary(&plan, &bob, None);
    assert!(matches!(denied, Err(SetupError::NotAnOperator(_))));
    let defaults = casemate.plan_defaults(DEFAULTS, &[]).unwrap();
    let denied = casemate.apply_defaults(&defaults, &bob, None);
    assert!(matches!(denied, Err(SetupError::NotAnOperator(_))));
    // Somebody else changes the file between the look and the deed.
    let other = format!("{}# another\n", Bench::allowing());
    edited(bench.path(), "tenants/acme/boundary.toml", &other);
    let stale = casemate.apply_boundary(&plan, &by(&casemate), None);
    assert!(matches!(stale, Err(SetupError::ChangedMeanwhile)));
    let stale = casemate.apply_defaults(&defaults, &by(&casemate), None);
    assert!(matches!(stale, Err(SetupError::ChangedMeanwhile)));
    let scope = bench.home().tenant(&acme).unwrap();
    assert_eq!(scope.boundary().unwrap().unwrap(), other);
    assert!(!bench.path().join(Defaults::FILE).exists());
    assert!(!bench.path().join(Applications::FILE).exists());
}

#[test]
fn a_boundary_that_does_not_hold_changes_nothing_and_one_that_lies_there_is_mended() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    let wrong = casemate.plan_boundary(&acme, "version = 1\n");
    assert!(matches!(wrong, Err(SetupError::Boundary(_))));
    edited(bench.path(), "tenants/acme/boundary.toml", "version = 1\n");
    assert!(casemate.start(&acme, NOW).is_err());
    assert!(apply(&casemate, &acme, &without_memory()).is_none());
    drop(start(&casemate, &acme));
}

#[test]
fn defaults_narrow_every_run_and_the_line_that_denies_is_theirs() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    drop(start(&casemate, &acme));
    assert_eq!(apply_defaults(&casemate, DEFAULTS, &[]), ["acme", "bolt"]);
    let mut session = start(&casemate, &acme);
    let input = ndjson([&Finding::new("1", "rule", "web-1")]);
    session
        .submit(input.as_slice(), From::Auto, "test")
        .unwrap();
    drop(session);
    let both = Digest::of_parts(&[Bench::allowing().as_bytes(), DEFAULTS.as_bytes()]);
    let told = took_effect(&casemate, &acme);
    assert_eq!(told.len(), 2);
    let (change, difference, who) = &told[1];
    assert_eq!((change.now, who.as_str()), (both, PERSON));
    assert!(
        difference.contains("LESS   memory: denied (before: allowed)"),
        "{difference}"
    );
    let refused: Vec<_> = trail(&casemate, &acme)
        .into_iter()
        .filter_map(|stamped| {
            let Entry::Refused { refused, .. } = stamped.entry else {
                return None;
            };
            Some(refused)
        })
        .collect();
    assert!(!refused.is_empty(), "the grouper asks for memory");
    for refused in refused {
        assert_eq!(refused.decided_by.file.as_str(), Defaults::FILE);
        assert_eq!(refused.decided_by.line, Some(11));
        assert_eq!(refused.decided_by.boundary, both);
    }
    // Where the defaults let it, the tenant's own line counts again.
    let wide = format!("{DEFAULTS}\n[widen]\nmemory = true\n");
    assert_eq!(apply_defaults(&casemate, &wide, &[]).len(), 2);
    let scope = casemate.home().tenant(&acme).unwrap();
    let boundary = casemate.boundary(&scope).unwrap();
    assert_eq!(
        boundary.allows(casemate::model::Capability::Memory, NOW),
        Ok(())
    );
    let told = took_effect(&casemate, &acme);
    assert_eq!(told[2].1, "MORE   memory: allowed (before: denied)\n");
}

#[test]
fn defaults_are_rolled_out_to_some_tenants_first_and_then_to_all() {
    let bench = Bench::ordinary(&["acme", "bolt", "cord"]);
    let casemate = bench.open();
    let ids = ["acme", "bolt", "cord"].map(tenant);
    let [acme, bolt, cord] = &ids;
    for id in &ids {
        drop(start(&casemate, id));
    }
    let file_of = |id| {
        let scope = casemate.home().tenant(id).unwrap();
        let boundary = casemate.boundary(&scope).unwrap();
        boundary.defaults().map(Defaults::file)
    };
    assert_eq!(
        apply_defaults(&casemate, DEFAULTS, std::slice::from_ref(acme)),
        ["acme"]
    );
    assert_eq!([file_of(acme), file_of(bolt)], [Some(Defaults::NEXT), None]);
    // One more; the first is not told again.
    assert_eq!(
        apply_defaults(&casemate, DEFAULTS, std::slice::from_ref(bolt)),
        ["bolt"]
    );
    assert_eq!(file_of(bolt), Some(Defaults::NEXT));
    assert_eq!(file_of(cord), None);
    for id in &ids {
        drop(start(&casemate, id));
    }
    // Another file in its place stops those two, and nobody else.
    let next = bench.path().join(Defaults::NEXT);
    edited(bench.path(), Defaults::NEXT, &format!("{DEFAULTS}# more\n"));
    for (id, stops) in [(acme, true), (bolt, true), (cord, false)] {
        let started = casemate.start(id, NOW).map(drop);
        assert_eq!(
            matches!(started, Err(NotStarted::Rollout(_, _))),
            stops,
            "{id}"
        );
        assert_eq!(started.is_err(), stops, "{id}");
    }
    // For all, which ends it. For those that had it first nothing changes.
    edited(bench.path(), Defaults::NEXT, DEFAULTS);
    assert_eq!(apply_defaults(&casemate, DEFAULTS, &[]), ["cord"]);
    assert!(!next.exists() && !bench.path().join(Rollout::FILE).exists());
    for id in &ids {
        assert_eq!(file_of(id), Some(Defaults::FILE));
        drop(start(&casemate, id));
        let told = took_effect(&casemate, id);
        assert_eq!((told.len(), told[1].2.as_str()), (2, PERSON), "{id}");
    }
    let applied = bench.home().text(Applications::FILE).unwrap();
    let applied = Applications::parse(applied.as_deref()).unwrap();
    assert_eq!(applied.of(&AppliedTo::Defaults).count(), 3);
}

#[test]
fn a_change_of_the_defaults_is_told_for_each_tenant() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    bench.tenant_with("cord", &without_memory());
    bench.tenant_with("dale", "version = 1\n");
    let casemate = bench.open();
    let narrower = DEFAULTS.replace("downgrade_needs = 1", "downgrade_needs = 2");
    let plan = casemate.plan_defaults(&narrower, &[]).unwrap();
    let told: Vec<_> = plan
        .tenants()
        .iter()
        .map(|t| {
            let nothing = t
                .difference
                .as_ref()
                .map(casemate::boundary::Difference::is_nothing);
            (t.tenant.to_string(), nothing, t.error.is_some())
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(t, n, e)| (t.as_str(), *n, *e)).collect();
    assert_eq!(
        told,
        [
            ("acme", Some(false), false),
            ("bolt", Some(false), false),
            ("cord", Some(true), false),
            ("dale", None, true),
        ]
    );
    assert!(!bench.path().join("defaults").exists(), "nothing was done");
}

#[test]
fn defaults_and_who_applied_them_are_in_a_backup() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    apply_defaults(&casemate, DEFAULTS, &[]);
    let next = DEFAULTS.replace("downgrade_needs = 1", "downgrade_needs = 5");
    apply_defaults(&casemate, &next, &[tenant("bolt")]);
    drop(casemate);
    let (backup, new) = (Folder::new(), Folder::new());
    bench
        .home()
        .backup(&backup.dir(), NOW, &mut |_| {})
        .unwrap();
    Home::restore(&backup.dir(), new.dir(), &SystemRandom, NOW).unwrap();
    let bench = Bench::of(new);
    let restored = bench.open();
    for (id, needs) in [("acme", 2), ("bolt", 5)] {
        let scope = restored.home().tenant(&tenant(id)).unwrap();
        let boundary = restored.boundary(&scope).unwrap();
        assert_eq!(boundary.review().downgrade_needs(), needs, "{id}");
    }
    let applied = restored.home().text(Applications::FILE).unwrap();
    let applied = Applications::parse(applied.as_deref()).unwrap();
    assert_eq!(applied.of(&AppliedTo::Defaults).count(), 2);
}

#[test]
fn what_stops_in_the_middle_of_a_rollout_stops_the_named_tenants_only() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    apply_defaults(&casemate, DEFAULTS, std::slice::from_ref(&acme));
    // Killed between the two files: another text lies there, and the list names the first.
    let other = DEFAULTS.replace("downgrade_needs = 1", "downgrade_needs = 4");
    edited(bench.path(), Defaults::NEXT, &other);
    let stopped = casemate.start(&acme, NOW).map(drop);
    assert!(matches!(stopped, Err(NotStarted::Rollout(id, _)) if id == acme));
    drop(start(&casemate, &bolt));
    // The same command again goes on.
    assert_eq!(
        apply_defaults(&casemate, &other, std::slice::from_ref(&acme)),
        ["acme"]
    );
    drop(start(&casemate, &acme));
    // Killed between the file for all and the end of the list: the list still counts.
    edited(bench.path(), Defaults::FILE, DEFAULTS);
    drop(start(&casemate, &acme));
    drop(start(&casemate, &bolt));
    let scope = casemate.home().tenant(&acme).unwrap();
    let boundary = casemate.boundary(&scope).unwrap();
    assert_eq!(
        boundary.defaults().map(Defaults::file),
        Some(Defaults::NEXT)
    );
}
