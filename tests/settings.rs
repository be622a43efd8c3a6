//! Settings of a module: declared by it, set by a grant for some tenants, checked when granted and
//! when read, committed to in the trail.

use crate::support::{
    Bench, Built, Finding, NOW, PERSON, contains, everything, made, ndjson, runs, said, start,
    tenant, trail,
};
use casemate::model::ModuleName;
use casemate::sandbox::{GrantedTenants, SettingName, SettingValue, WantedSettings};
use casemate::setup::{self, SetupError};
use casemate::trail::{Commitment, Entry, Salt};
use casemate::triage::intake::From;

/// A fact that holds for ten days more.
const FACTS: &str = r#"version = 1
[[facts]]
id = "backup"
rule = "rule-1"
when = [{ field = "host.name", equals = "web-1" }]
owner = "dana@example.org"
reason = "nightly backup"
expires = 2026-12-03
"#;
const SOON: &str = "in less than 30 days";

fn known_good() -> ModuleName {
    ModuleName::parse("known-good").unwrap()
}

fn warn_days(days: i64) -> WantedSettings {
    let mut settings = WantedSettings::default();
    let name = SettingName::parse("warn-days").unwrap();
    settings.set(name, SettingValue::Integer(days));
    settings
}

fn granted(bench: &Bench, id: &str, settings: WantedSettings) -> Result<(), SetupError> {
    let these = GrantedTenants::These(vec![tenant(id)]);
    setup::grant_with(&bench.home(), &known_good(), these, settings, PERSON, NOW).map(drop)
}

#[test]
fn a_setting_is_of_one_tenant_and_the_trail_commits_to_it() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    for id in ["acme", "bolt"] {
        bench.knowledge(id, "known-good.toml", FACTS);
    }
    granted(&bench, "acme", warn_days(30)).unwrap();
    let casemate = bench.open();
    for (id, is_said) in [("acme", true), ("bolt", false)] {
        let id = tenant(id);
        let mut session = start(&casemate, &id);
        let alert = ndjson(&[Finding::new("id-1", "rule-1", "web-1")]);
        session
            .submit(alert.as_slice(), From::Auto, "test")
            .unwrap();
        let drafted = session.draft().unwrap();
        assert_eq!((drafted.failures.len(), drafted.enrichments), (0, 1));
        drop(session);
        assert_eq!(contains(&everything(&casemate, &id), SOON), is_said);

        let entries = trail(&casemate, &id);
        let runs = runs(&entries);
        let run = runs
            .iter()
            .find(|run| run.module() == "known-good")
            .unwrap();
        let view = casemate.view(&id).unwrap().unwrap();
        let kept = view.material(run.number).unwrap().unwrap();
        let of = Commitment::of(&Salt::from_bytes(kept.salt), &kept.settings);
        assert_eq!(run.start.settings, Some(of));
        assert!(contains(&kept.settings, "warn-days"));
        let given = entries.iter().filter_map(|stamped| match &stamped.entry {
            Entry::Grant(change) => Some(change.grant),
            _ => None,
        });
        let given: Vec<_> = given.collect();
        assert!(
            runs.iter()
                .all(|run| given.contains(&run.start.grant.unwrap()))
        );
        let report = casemate.report(&id).unwrap();
        let standing = report.modules.iter().find(|m| m.module == known_good());
        let shown = serde_json::to_value(&standing.unwrap().settings).unwrap();
        let days = if is_said { 30 } else { 0 };
        assert_eq!(shown, serde_json::json!({ "warn-days": days }));
    }
}

#[test]
fn a_grant_that_does_not_fit_the_manifest_is_refused_and_nothing_is_written() {
    let bench = Bench::ordinary(&["acme"]);
    let before = bench.home().text("grants.toml").unwrap();
    let error = granted(&bench, "acme", warn_days(366)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "module `known-good`: setting `warn-days` is 366, not 0 to 365; it is an integer from 0 to 365: \
         a fact that expires in less than this many days is said to; 0: none is"
    );
    let requiring = Built::read("drafter")
        .with(|toml| format!("{toml}\n[settings.tone]\ntype = \"text\"\nrequired = true\n"));
    bench.install(&requiring);
    let these = GrantedTenants::These(vec![tenant("acme")]);
    let error = setup::grant(&bench.home(), &requiring.name(), these, PERSON, NOW).unwrap_err();
    assert!(matches!(&error, SetupError::Settings { wrong, .. } if wrong.len() == 1));
    assert!(
        error.to_string().contains("`tone` is required and not set"),
        "{error}"
    );
    assert_eq!(bench.home().text("grants.toml").unwrap(), before);
}

#[test]
fn a_setting_edited_by_hand_keeps_the_module_from_running_and_names_its_line() {
    for (edited, says) in [
        (
            "{ warn-dayz = 30 }",
            "setting `warn-dayz` is none that the module declares; did you mean `warn-days`?",
        ),
        (
            "{ warn-days = 366 }",
            "setting `warn-days` is 366, not 0 to 365",
        ),
        (
            "{ warn-days = \"30\" }",
            "setting `warn-days` is a text, and its type is `integer`",
        ),
    ] {
        let bench = Bench::ordinary(&["acme", "bolt"]);
        granted(&bench, "acme", warn_days(30)).unwrap();
        let home = bench.home();
        let text = home.text("grants.toml").unwrap().unwrap();
        let broken = text.replace("{ warn-days = 30 }", edited);
        assert_ne!(broken, text);
        home.replace_text("grants.toml", &broken).unwrap();
        let line = 1 + broken
            .lines()
            .position(|line| line.contains(edited))
            .unwrap();
        let casemate = bench.open();
        let session = start(&casemate, &tenant("acme"));
        let running: Vec<String> = session
            .modules()
            .map(|(name, _)| name.to_string())
            .collect();
        assert!(!running.contains(&"known-good".to_owned()), "{running:?}");
        assert_eq!(running.len(), 3, "the others go on");
        let notices = session.view().unwrap().notices().unwrap();
        let wanted = format!("is not granted: grants.toml:{line}: {says}");
        assert!(
            notices.iter().any(|n| n.text.contains(&wanted)),
            "{wanted}\n{notices:?}"
        );
        drop(session);
        let refused = trail(&casemate, &tenant("acme"))
            .into_iter()
            .any(|stamped| {
                let Entry::Refused { refused, .. } = stamped.entry else {
                    return false;
                };
                refused.decided_by.line == u32::try_from(line).ok()
            });
        assert!(refused, "the trail names the line");
        assert_eq!(start(&casemate, &tenant("bolt")).modules().count(), 4);
    }
}

#[test]
fn a_setting_is_given_on_the_command_line_and_shown() {
    let (_folder, home) = made();
    let grant = |set: &str| {
        let who = ["--tenant", "acme", "--by", PERSON, "--set", set];
        said(
            &home,
            &[&["module", "grant", "known-good"], who.as_slice()].concat(),
        )
    };
    let (code, _, stderr) = grant("warn-dayz=30");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("did you mean `warn-days`?"), "{stderr}");
    assert_eq!(grant("warn-days=soon").0, 2);
    let shown = || said(&home, &["tenant", "show", "acme"]).1;
    assert!(
        shown().contains("known-good: runs; warn-days = 0"),
        "{}",
        shown()
    );
    let (code, _, stderr) = grant("warn-days=30");
    assert_eq!(code, 0, "{stderr}");
    assert!(
        shown().contains("known-good: runs; warn-days = 30"),
        "{}",
        shown()
    );
    let (_, list, _) = said(&home, &["module", "list"]);
    assert!(
        list.contains("`known-good` has setting `warn-days`, by default 0"),
        "{list}"
    );
    let (_, list, _) = said(&home, &["module", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let modules = list["modules"].as_array().unwrap();
    let row = modules
        .iter()
        .find(|row| row["module"] == "known-good")
        .unwrap();
    assert_eq!(row["settings"][0]["type"], "integer");
    assert_eq!(row["settings"][0]["default"], 0);
}
