//! A link in a tenant's folder leads nowhere else.
#![cfg(unix)]

use crate::isolation::{add, work};
use crate::support::{Bench, NOW, start, tenant};
use casemate::Casemate;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Two tenants; what `acme` has at this place is a link to `bolt`'s.
fn linked(place: &str, to: &str) -> (Bench, Casemate) {
    let bench = Bench::ordinary(&[]);
    add(&bench, "acme", &Bench::allowing());
    add(&bench, "bolt", &Bench::allowing());
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("bolt"));
    work(&mut session);
    drop((session, casemate));
    let path = bench.path().join("tenants").join(place);
    if path.is_dir() {
        std::fs::remove_dir_all(&path).unwrap();
    } else if path.exists() {
        std::fs::remove_file(&path).unwrap();
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).unwrap();
    }
    symlink(Path::new(to), &path).unwrap();
    let casemate = bench.open();
    (bench, casemate)
}

fn says_nothing_of_bolt(casemate: &Casemate) -> String {
    match casemate.start(&tenant("acme"), NOW) {
        Ok(mut session) => {
            work(&mut session);
            drop(session);
            panic!("a link out of the tenant's folder was followed");
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains("zq-"), "{said}");
            said
        }
    }
}

#[test]
fn a_link_to_another_tenants_file_is_not_followed() {
    for (place, to) in [
        ("acme/boundary.toml", "../bolt/boundary.toml"),
        ("acme/store.redb", "../bolt/store.redb"),
        ("acme/trail", "../bolt/trail"),
        ("acme/trail/journal", "../../bolt/trail/journal"),
        ("acme/trail/checkpoint", "../../bolt/trail/checkpoint"),
        ("acme/lock", "../bolt/lock"),
    ] {
        let (_bench, casemate) = linked(place, to);
        let said = says_nothing_of_bolt(&casemate);
        assert!(said.contains("tenants/acme/"), "{place}: {said}");
        start(&casemate, &tenant("bolt"));
    }
}

#[test]
fn knowledge_that_is_a_link_is_not_followed_and_alerts_are_taken_in() {
    for (place, to) in [
        (
            "acme/knowledge/assets.csv",
            "../../bolt/knowledge/assets.csv",
        ),
        (
            "acme/knowledge/known-good.toml",
            "../../bolt/knowledge/known-good.toml",
        ),
        ("acme/knowledge", "../bolt/knowledge"),
    ] {
        let (_bench, casemate) = linked(place, to);
        let scope = casemate.home().tenant(&tenant("acme")).unwrap();
        let faults = casemate.check_knowledge(&scope);
        assert!(
            !faults.is_empty() && faults.iter().all(|f| !f.others_apply),
            "{place}"
        );
        drop(start(&casemate, &tenant("acme")));
        assert!(!format!("{faults:?}").contains("zq-"), "{faults:?}");
    }
}

#[test]
fn a_tenant_whose_folder_is_a_link_to_anothers_is_none() {
    for to in ["bolt", "./bolt", "../tenants/bolt"] {
        let (_bench, casemate) = linked("acme", to);
        says_nothing_of_bolt(&casemate);
        assert!(casemate.view(&tenant("acme")).is_err());
        assert_eq!(casemate.tenants().unwrap(), [tenant("bolt")]);
    }
}
