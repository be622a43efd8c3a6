use super::*;
use crate::sandbox::SettingValue;

fn grant() -> Grant {
    Grant {
        module: ModuleName::parse("enrich").unwrap(),
        digest: Digest::of(b"x"),
        tenants: GrantedTenants::These(vec![TenantId::parse("acme").unwrap()]),
        capabilities: vec![Capability::Assets],
        by: Text::capped("ada@mssp.example", 80),
        at: Instant::from_millis(1_795_420_800_000),
        limits: WantedLimits {
            memory_mib: Some(32),
            ..WantedLimits::default()
        },
        shadow: false,
        replaces: None,
        settings: [
            (
                "words",
                SettingValue::Texts(vec![Text::capped("a \"b\"", 80)]),
            ),
            ("days", SettingValue::Integer(-3)),
            ("mode", SettingValue::Text(Text::capped("", 80))),
            ("on", SettingValue::Flag(true)),
        ]
        .into_iter()
        .fold(WantedSettings::default(), |mut all, (name, value)| {
            all.set(SettingName::parse(name).unwrap(), value);
            all
        }),
    }
}

#[test]
fn what_is_added_is_read_back_and_what_was_there_stays() {
    let one = Grants::add("", &grant()).unwrap();
    let all = Grant {
        tenants: GrantedTenants::All,
        limits: WantedLimits::default(),
        settings: WantedSettings::default(),
        ..grant()
    };
    let commented = format!("{one}# kept \u{e9} as it is");
    let settings = "settings = { days = -3, mode = \"\", on = true, words = ['a \"b\"'] }\n";
    assert!(one.ends_with(settings), "{one}");
    let two = Grants::add(&commented, &all).unwrap();
    assert!(two.starts_with(&commented));
    let read = Grants::parse(&two).unwrap();
    assert_eq!(read.iter().cloned().collect::<Vec<_>>(), [grant(), all]);
}

#[test]
fn a_withdrawal_is_of_every_bytes_of_the_module_until_it_is_granted_again() {
    let acme = TenantId::parse("acme").unwrap();
    let all = Grant {
        tenants: GrantedTenants::All,
        ..grant()
    };
    let older = Grant {
        digest: Digest::of(b"older"),
        ..all.clone()
    };
    let withdrawal = Withdrawal {
        module: grant().module,
        tenants: GrantedTenants::These(vec![acme.clone()]),
        by: grant().by,
        at: grant().at,
        shadow: false,
    };
    let text = Grants::add(&Grants::add("", &older).unwrap(), &all).unwrap();
    let withdrawn = Grants::withdraw(&text, &withdrawal).unwrap();
    assert!(
        withdrawn.starts_with(&text),
        "what was granted stays to be read"
    );
    let read = Grants::parse(&withdrawn).unwrap();
    assert_eq!(read.iter().count(), 2);
    for digest in [all.digest, older.digest] {
        let found = read.deciding(&all.module, digest, &acme);
        assert!(matches!(found, Deciding::Withdrawn(line) if line.line > 15));
    }
    assert!(read.in_effect(&acme).is_empty());
    assert_eq!(read.withdrawal(&all.module, &acme), Some(&withdrawal));
    let bolt = TenantId::parse("bolt").unwrap();
    assert_eq!(read.in_effect(&bolt), [&older, &all]);
    let again = Grants::parse(&Grants::add(&withdrawn, &grant()).unwrap()).unwrap();
    assert_eq!(again.in_effect(&acme), [&grant()]);
}

#[test]
fn nothing_is_added_to_a_broken_file_nor_an_invalid_grant() {
    assert!(Grants::add("version = 1\nx = \"", &grant()).is_err());
    let nobody = Grant {
        by: Text::capped("a role", 80),
        ..grant()
    };
    assert!(Grants::add("", &nobody).is_err());
}

#[test]
fn a_file_without_grants_grants_nothing() {
    assert_eq!(Grants::parse("version = 1\n").unwrap().iter().count(), 0);
}

#[test]
fn a_grant_by_somebody_who_is_no_operator_is_found() {
    let text = Grants::add("", &grant()).unwrap();
    let grants = Grants::parse(&text).unwrap();
    let roster = |role| {
        let text = format!(
            "version = 1\n[[people]]\nid = \"ada@mssp.example\"\nname = \"Ada\"\nroles = [\"{role}\"]\n"
        );
        Roster::parse(&text).unwrap()
    };
    assert!(grants.strangers(&roster("operator")).is_empty());
    assert_eq!(grants.strangers(&roster("analyst")).len(), 1);
}

#[test]
fn every_wrong_grant_is_explained_as_its_fixture_says() {
    crate::written::fixtures::each("grants", |text| Grants::parse(text).err());
}

#[test]
fn a_withdrawal_of_what_runs_beside_leaves_what_counts() {
    let acme = TenantId::parse("acme").unwrap();
    let counts = grant();
    let beside = Grant {
        digest: Digest::of(b"new"),
        shadow: true,
        replaces: None,
        ..grant()
    };
    let text = Grants::add(&Grants::add("", &counts).unwrap(), &beside).unwrap();
    let read = Grants::parse(&text).unwrap();
    assert_eq!(
        read.iter().cloned().collect::<Vec<_>>(),
        [counts.clone(), beside.clone()]
    );
    let withdrawal = Withdrawal {
        module: counts.module.clone(),
        tenants: GrantedTenants::All,
        by: grant().by,
        at: grant().at,
        shadow: true,
    };
    let withdrawn = Grants::withdraw(&text, &withdrawal).unwrap();
    let read = Grants::parse(&withdrawn).unwrap();
    assert_eq!(read.in_effect(&acme), [&counts]);
    assert!(matches!(
        read.deciding(&beside.module, beside.digest, &acme),
        Deciding::Withdrawn(_)
    ));
    let again = Grants::add(
        &withdrawn,
        &Grant {
            shadow: false,
            replaces: None,
            ..beside.clone()
        },
    )
    .unwrap();
    let again = Grants::parse(&again).unwrap();
    assert_eq!(again.in_effect(&acme).len(), 2, "granted since, it counts");
}
