//! A tenant has one grouper and one drafter: a grant that would add a second names the one it replaces,
//! and a file edited by hand that names two stops that tenant and says which, where and what to do.

use crate::support::{Bench, Built, NOW, PERSON, made, open, said, start, tenant, trail};
use casemate::consent::{Consent, Terms};
use casemate::model::{ModuleName, TenantId};
use casemate::sandbox::{Grant, GrantedTenants, Grants};
use casemate::seat::WrongSeat;
use casemate::setup::{self, SetupError};
use casemate::store::Home;
use casemate::trail::{Entry, GrantVerb};
use casemate::triage::NotStarted;

fn second() -> Built {
    Built::read("hostile-grouper")
}

fn these(ids: &[&str]) -> GrantedTenants {
    GrantedTenants::These(ids.iter().map(|id| tenant(id)).collect())
}

fn text(bench: &Bench) -> String {
    bench.home().text(Grants::FILE).unwrap().unwrap()
}

/// With the ordinary modules granted to both tenants, and a second grouper that is installed.
fn bench() -> Bench {
    let bench = Bench::ordinary(&["acme", "bolt"]);
    bench.install(&second());
    bench
}

fn prepare(
    bench: &Bench,
    module: &ModuleName,
    tenants: GrantedTenants,
    replaces: Option<&str>,
) -> Result<Consent, SetupError> {
    let terms = Terms {
        replaces: replaces.map(|name| ModuleName::parse(name).unwrap()),
        ..Terms::default()
    };
    Consent::prepare(&bench.home(), module, tenants, PERSON, NOW, &terms)
}

#[test]
fn a_second_grouper_is_granted_only_in_the_place_of_the_first() {
    let bench = bench();
    let (module, before) = (second().name(), text(&bench));
    let taken = |error: SetupError| {
        let SetupError::Seat(WrongSeat::Taken { tenant, holder, .. }) = error else {
            panic!("{error}")
        };
        (tenant, holder.to_string())
    };
    for tenants in [these(&["acme"]), GrantedTenants::All] {
        let acme = (Some(tenant("acme")), "grouper".to_owned());
        let looked = prepare(&bench, &module, tenants.clone(), None).unwrap_err();
        assert!(
            looked.to_string().contains("--replaces grouper"),
            "{looked}"
        );
        assert_eq!(taken(looked), acme);
        let given = setup::grant(&bench.home(), &module, tenants, PERSON, NOW).unwrap_err();
        assert_eq!(taken(given), acme);
    }
    for name in ["drafter", "assets", "nothing"] {
        let other = prepare(&bench, &module, these(&["acme"]), Some(name)).unwrap_err();
        assert!(matches!(other, SetupError::Seat(_)), "{other}");
    }
    assert_eq!(text(&bench), before, "nothing was written");

    let consent = prepare(&bench, &module, these(&["acme"]), Some("grouper")).unwrap();
    let replaces = consent.gives()[0].replaces.as_ref().unwrap();
    assert_eq!(replaces.as_str(), "grouper");
    consent.give(&bench.home()).unwrap();
    let casemate = bench.open();
    let groupers = |id: &str| -> Vec<String> {
        let session = start(&casemate, &tenant(id));
        let names = session.modules().map(|(name, _)| name.to_string());
        names.filter(|name| name.ends_with("grouper")).collect()
    };
    assert_eq!(groupers("acme"), ["hostile-grouper"]);
    assert_eq!(groupers("bolt"), ["grouper"]);

    // The trail says both halves; the file's history which row took which place.
    let told: Vec<_> = trail(&casemate, &tenant("acme"))
        .into_iter()
        .filter_map(|stamped| {
            let Entry::Grant(grant) = stamped.entry else {
                return None;
            };
            Some((grant.module.to_string(), grant.change, grant.replaces))
        })
        .collect();
    assert!(told.contains(&(
        "hostile-grouper".to_owned(),
        GrantVerb::Given,
        Some(ModuleName::parse("grouper").unwrap()),
    )));
    let history = Grants::parse(&text(&bench)).unwrap();
    let history = history.history(&[tenant("acme"), tenant("bolt")]);
    let last = history.last().unwrap();
    assert_eq!(last.replaces.as_ref().unwrap().as_str(), "grouper");
    let old = history
        .iter()
        .find(|row| row.module.as_str() == "grouper")
        .unwrap();
    assert_eq!(old.in_effect_for, [tenant("bolt")]);
    assert_eq!(old.superseded[0].by_line, last.line);
}

#[test]
fn a_file_that_names_two_groupers_stops_that_tenant_only_and_says_where() {
    let bench = bench();
    let module = second();
    let grant = Grant {
        digest: module.digest(),
        module: module.name(),
        tenants: these(&["acme"]),
        ..Grants::parse(&text(&bench))
            .unwrap()
            .iter()
            .next()
            .unwrap()
            .clone()
    };
    let two = Grants::add(&text(&bench), &grant).unwrap();
    bench.home().replace_text(Grants::FILE, &two).unwrap();
    let casemate = bench.open();
    let acme: TenantId = tenant("acme");
    let Err(NotStarted::TwoSeated(why)) = casemate.start(&acme, NOW) else {
        panic!("a tenant with two groupers started");
    };
    let rows = Grants::parse(&two).unwrap().history(&[]);
    let line = |name: &str| {
        rows.iter()
            .rfind(|r| r.module.as_str() == name)
            .unwrap()
            .line
    };
    let said = why.to_string();
    for part in [
        "tenant `acme`".to_owned(),
        format!("`grouper` (grants.toml:{})", line("grouper")),
        format!(
            "`hostile-grouper` (grants.toml:{})",
            line("hostile-grouper")
        ),
        "casemate module revoke NAME --tenant acme".to_owned(),
    ] {
        assert!(said.contains(&part), "{part}: {said}");
    }
    drop(start(&casemate, &tenant("bolt")));
    // The way out.
    setup::revoke(&bench.home(), &module.name(), these(&["acme"]), PERSON, NOW).unwrap();
    drop(start(&casemate, &acme));
}

#[test]
fn the_consent_and_the_boundary_show_what_is_replaced() {
    let (_folder, home) = made();
    let (module, dir) = (second(), open(&home).unwrap());
    let opened = Home::open(dir).unwrap();
    setup::install(&opened, "hostile-grouper", &module.wasm, &module.toml).unwrap();
    let grant = [
        "module",
        "grant",
        "hostile-grouper",
        "--tenant",
        "acme",
        "--by",
        PERSON,
    ];
    let (code, _, err) = said(&home, &grant);
    assert!(
        code == 2 && err.contains("--replaces grouper"),
        "{code} {err}"
    );
    let (code, out, err) = said(&home, &[&grant[..], &["--replaces", "grouper"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("acme: in the place of `grouper`"), "{out}");
    let explain = [
        "boundary",
        "explain",
        "--tenant",
        "acme",
        "--module",
        "hostile-grouper",
    ];
    let (_, out, _) = said(&home, &explain);
    assert!(
        out.contains("it runs in the place of grouper: grants.toml:"),
        "{out}"
    );
    let (_, out, _) = said(&home, &["module", "grants", "--history"]);
    assert!(out.contains("in the place of grouper"), "{out}");
}
