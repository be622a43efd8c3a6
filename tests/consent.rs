//! What operators and tenants say changes between two starts: it takes effect at the next one, and is
//! in the trail.

use crate::support::{Bench, Built, NOW, PERSON, made, said, start, tenant, trail};
use casemate::Casemate;
use casemate::model::{Capability, ModuleName, TenantId};
use casemate::sandbox::GrantedTenants;
use casemate::setup::{self, SetupError};
use casemate::trail::{Commitment, Entry, GrantChange, GrantVerb, KnowledgeChange, Salt};
use casemate::triage::Session;

fn module(name: &str) -> ModuleName {
    ModuleName::parse(name).unwrap()
}

fn these(id: &str) -> GrantedTenants {
    GrantedTenants::These(vec![tenant(id)])
}

fn runs(session: &Session) -> Vec<String> {
    session
        .modules()
        .map(|(name, _)| name.to_string())
        .collect()
}

fn grants(casemate: &Casemate, tenant: &TenantId) -> Vec<(u64, GrantChange)> {
    let entries = trail(casemate, tenant).into_iter();
    let grants = entries.filter_map(|stamped| {
        let Entry::Grant(change) = stamped.entry else {
            return None;
        };
        Some((stamped.seq, change))
    });
    grants.collect()
}

fn knowledge(casemate: &Casemate, tenant: &TenantId) -> Vec<(u64, KnowledgeChange)> {
    let entries = trail(casemate, tenant).into_iter();
    let told = entries.filter_map(|stamped| {
        let Entry::Knowledge(change) = stamped.entry else {
            return None;
        };
        Some((stamped.seq, change))
    });
    told.collect()
}

#[test]
fn a_withdrawn_module_does_not_run_from_the_next_start_on_and_can_be_granted_again() {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    let casemate = bench.open();
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    assert_eq!(runs(&start(&casemate, &acme)).len(), 4);
    let home = bench.home();
    let before = home.text("grants.toml").unwrap().unwrap();
    setup::revoke(&home, &module("drafter"), these("acme"), PERSON, NOW).unwrap();
    let after = home.text("grants.toml").unwrap().unwrap();
    assert!(after.starts_with(&before));
    // Also for a process that opened the home before, and for the module that asks for nothing.
    for casemate in [&casemate, &bench.open()] {
        let names = runs(&start(casemate, &acme));
        assert!(names.len() == 3 && !names.contains(&"drafter".to_owned()));
        assert_eq!(runs(&start(casemate, &bolt)).len(), 4);
    }
    let view = casemate.view(&acme).unwrap().unwrap();
    let notices = view.notices().unwrap();
    assert!(
        notices[0].refused && notices[0].text.contains("withdraws it"),
        "{notices:?}"
    );
    let again = setup::revoke(&home, &module("drafter"), these("acme"), PERSON, NOW);
    assert!(matches!(again, Err(SetupError::NotGranted(_, id)) if id == acme));
    setup::grant(&home, &module("drafter"), these("acme"), PERSON, NOW).unwrap();
    assert_eq!(runs(&start(&casemate, &acme)).len(), 4);
}

#[test]
fn grants_given_and_withdrawn_are_in_the_trail_at_the_next_start_and_once() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    drop(start(&casemate, &acme));
    drop(start(&casemate, &acme));
    let first = grants(&casemate, &acme);
    assert_eq!(first.len(), 4);
    assert!(first.iter().all(|(_, g)| g.change == GrantVerb::Given));
    let home = bench.home();
    setup::revoke(&home, &module("assets"), these("acme"), PERSON, NOW).unwrap();
    drop(start(&casemate, &acme));
    drop(start(&casemate, &acme));
    let told = grants(&casemate, &acme);
    let [(seq, withdrawn)] = &told[4..] else {
        panic!("{told:?}");
    };
    assert_eq!(withdrawn.change, GrantVerb::Withdrawn);
    assert_eq!(withdrawn.module, module("assets"));
    assert_eq!(withdrawn.digest, Built::read("assets").digest());
    assert_eq!(withdrawn.capabilities, [Capability::Assets].into());
    let same = first
        .iter()
        .any(|(_, given)| given.grant == withdrawn.grant);
    assert!(
        same,
        "the grant that was given is the one that is withdrawn"
    );
    let kept = casemate
        .view(&acme)
        .unwrap()
        .unwrap()
        .material(*seq)
        .unwrap()
        .unwrap();
    let salt = Salt::from_bytes(kept.salt);
    assert_eq!(withdrawn.by, Commitment::of(&salt, PERSON.as_bytes()));
    // A line taken out by hand is told too.
    home.replace_text("grants.toml", "version = 1\n").unwrap();
    drop(start(&casemate, &acme));
    assert_eq!(grants(&casemate, &acme).len(), 8);
}

#[test]
fn knowledge_that_changed_is_in_the_trail_at_the_next_start_and_once() {
    let bench = Bench::ordinary(&["acme"]);
    let casemate = bench.open();
    let acme = tenant("acme");
    drop(start(&casemate, &acme));
    assert!(knowledge(&casemate, &acme).is_empty());
    let lists = ["name\nweb-1\n", "name\nweb-1\ndb-1\n"];
    for list in lists {
        bench.knowledge("acme", "assets.csv", list);
        drop(start(&casemate, &acme));
        drop(start(&casemate, &acme));
    }
    let told = knowledge(&casemate, &acme);
    let items: Vec<_> = told.iter().map(|(_, k)| (k.capability, k.items)).collect();
    assert_eq!(items, [(Capability::Assets, 1), (Capability::Assets, 2)]);
    let view = casemate.view(&acme).unwrap().unwrap();
    for ((seq, change), list) in told.iter().zip(lists) {
        let kept = view.material(*seq).unwrap().unwrap();
        let salt = Salt::from_bytes(kept.salt);
        assert_eq!(change.content, Commitment::of(&salt, list.as_bytes()));
    }
}

#[test]
fn the_command_line_withdraws_a_module() {
    let (_folder, home) = made();
    let revoke = [
        "module", "revoke", "drafter", "--tenant", "acme", "--by", PERSON,
    ];
    let (code, _, err) = said(&home, &revoke);
    assert_eq!(code, 0, "{err}");
    let (_, list, _) = said(&home, &["module", "list"]);
    assert!(
        list.contains("0 of 1") && list.contains("withdraws it"),
        "{list}"
    );
    assert_eq!(said(&home, &revoke).0, 2);
}
