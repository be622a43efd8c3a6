//! What a module can reach, for every capability and every way not to have it; and that nothing of
//! one tenant is ever in anything of another.

use crate::support::{
    Bench, Built, Finding, NOW, PERSON, contains, everything, ndjson, runs, start, tenant, trail,
    trail_bytes,
};
use casemate::CannotRun;
use casemate::boundary::{Boundary, TemplateExclusion};
use casemate::model::Capability;
use casemate::sandbox::{GrantedTenants, WantedLimits};
use casemate::trail::Entry;
use casemate::triage::Session;
use casemate::triage::intake::From;

/// The three consents, and each way in which one is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    All,
    NotAsked,
    NotAllowed,
    Excluded,
    NotGranted,
}

const CONSENTS: [Consent; 5] = [
    Consent::All,
    Consent::NotAsked,
    Consent::NotAllowed,
    Consent::Excluded,
    Consent::NotGranted,
];

/// The module that shows what a capability hands out. Exhaustive, so that a new capability is asked
/// for here.
fn module_with(capability: Capability) -> Built {
    match capability {
        Capability::Assets => Built::read("assets"),
        Capability::KnownGood => Built::read("known-good"),
        Capability::Memory => Built::read("hostile-grouper"),
    }
}

/// The line of a boundary that allows a capability, and one that does not.
fn line_about(capability: Capability) -> (&'static str, &'static str) {
    match capability {
        Capability::Assets => (
            "sources = [\"assets\", \"known-good\"]",
            "sources = [\"known-good\"]",
        ),
        Capability::KnownGood => (
            "sources = [\"assets\", \"known-good\"]",
            "sources = [\"assets\"]",
        ),
        Capability::Memory => ("memory = true ", "memory = false "),
    }
}

const CLAUSE: &str = "MSA 7.2: nothing of ours is remembered";

fn boundary(capability: Capability, consent: Consent) -> String {
    let all = Bench::allowing();
    match consent {
        Consent::All | Consent::NotAsked | Consent::NotGranted => all,
        Consent::NotAllowed => {
            let (allows, denies) = line_about(capability);
            assert!(all.contains(allows));
            all.replace(allows, denies)
        }
        Consent::Excluded => {
            let deny = [capability.name()];
            let exclusion = TemplateExclusion {
                clause: CLAUSE,
                deny: &deny,
                until: None,
            };
            Boundary::template(PERSON, &[exclusion])
        }
    }
}

/// The line, from 1, of the first that holds the text.
fn line_of(text: &str, part: &str) -> u32 {
    let at = text.lines().position(|line| line.contains(part));
    u32::try_from(at.unwrap()).unwrap() + 1
}

/// A word that stands in the tenant's data and nowhere else.
pub(crate) fn planted(tenant: &str, what: &str) -> String {
    format!("zq-{tenant}-{what}-qz")
}

fn assets(tenant: &str) -> String {
    let p = |what: &str| planted(tenant, what);
    format!(
        "name,kind,owner,criticality,address,aliases,site\nshared-host,{},{},{},192.0.2.7,{},{}\n",
        p("kind"),
        p("owner"),
        p("criticality"),
        p("alias"),
        p("site")
    )
}

fn facts(tenant: &str) -> String {
    let p = |what: &str| planted(tenant, what);
    format!(
        "version = 1\n[[facts]]\nid = \"{}\"\nrule = \"shared-rule\"\nowner = \"{}\"\nreason = \"{}\"\nexpires = 2027-03-31\n\
         when = [{{ field = \"host.name\", equals = \"shared-host\" }}]\n",
        p("fact"),
        p("fact-owner"),
        p("reason")
    )
}

/// Two alerts that are alike for every tenant in what is looked up by, and carry the tenant's own
/// words everywhere else.
fn own_alerts(tenant: &str) -> Vec<u8> {
    let p = |what: &str| planted(tenant, what);
    let mut first = Finding::new(&p("id-1"), "shared-rule", "shared-host").misdeed("mark");
    first.user = p("user");
    first.message = p("message");
    let mut second = Finding::new(&p("id-2"), &p("rule"), &p("host")).ago(40_000);
    second.user = p("user");
    let mut third = Finding::new(&p("id-3"), "shared-rule", "shared-host").ago(20);
    third.title = p("title");
    ndjson([&first, &second, &third])
}

pub(crate) fn add(bench: &Bench, id: &str, boundary: &str) {
    bench.tenant_with(id, boundary);
    bench.knowledge(id, "assets.csv", &assets(id));
    bench.knowledge(id, "known-good.toml", &facts(id));
}

pub(crate) fn work(session: &mut Session) {
    let id = session.tenant().to_string();
    let input = own_alerts(&id);
    let submitted = session.submit(input.as_slice(), From::Auto, "test");
    assert_eq!(submitted.unwrap().new, 3);
    session.draft().unwrap();
}

#[test]
fn a_module_reaches_what_three_consents_give_it_and_nothing_else() {
    for capability in Capability::ALL {
        for consent in CONSENTS {
            one_cell(capability, consent);
        }
    }
}

fn one_cell(capability: Capability, consent: Consent) {
    let shown = format!("{capability}, {consent:?}");
    let bench = Bench::new();
    let written = boundary(capability, consent);
    add(&bench, "acme", &written);
    add(&bench, "bolt", &Bench::allowing());
    let module = module_with(capability);
    let name = module.name();
    let asks = format!("capabilities = [\"{capability}\"]");
    let module = match consent {
        Consent::NotAsked => module.saying("capabilities = []", &asks),
        Consent::All | Consent::NotAllowed | Consent::Excluded | Consent::NotGranted => module,
    };
    bench.install(&module);
    let all = [capability];
    let (to_acme, to_bolt): (&[Capability], &[Capability]) = match consent {
        Consent::NotGranted => (&[], &all),
        Consent::All | Consent::NotAsked | Consent::NotAllowed | Consent::Excluded => (&all, &all),
    };
    for (id, granted) in [("acme", to_acme), ("bolt", to_bolt)] {
        let these = GrantedTenants::These(vec![tenant(id)]);
        bench.grant(&module, these, granted, WantedLimits::default());
    }
    if capability != Capability::Memory {
        bench.ours(&["grouper"]);
    }
    bench.ours(&["drafter"]);
    let casemate = bench.open();

    let has = consent == Consent::All;
    let mut session = start(&casemate, &tenant("acme"));
    let given: Vec<_> = session
        .modules()
        .filter(|(running, _)| **running == name)
        .map(|(_, capabilities)| capabilities.to_vec())
        .collect();
    assert_eq!(
        given,
        if has { vec![vec![capability]] } else { vec![] },
        "{shown}"
    );
    work(&mut session);
    drop(session);

    let entries = trail(&casemate, &tenant("acme"));
    let of_module: Vec<_> = runs(&entries)
        .into_iter()
        .filter(|run| run.module() == name.as_str())
        .collect();
    let calls: usize = of_module.iter().map(|run| run.intents.len()).sum();
    let refused: Vec<_> = entries
        .iter()
        .filter_map(|stamped| match &stamped.entry {
            Entry::Refused { run, refused } => Some((run, refused)),
            Entry::Intake(_)
            | Entry::RunStart { .. }
            | Entry::Intent(_)
            | Entry::Outcome { .. }
            | Entry::RunEnd { .. }
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Restore(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_)
            | Entry::Recovery(_) => None,
        })
        .collect();
    let reached = everything(&casemate, &tenant("acme"));
    if has {
        assert!(refused.is_empty(), "{shown}");
        assert!(calls > 0, "{shown}");
        for run in &of_module {
            assert!(run.start.capabilities.iter().eq(&[capability]), "{shown}");
            assert!(run.intents.iter().all(|i| i.capability == capability));
        }
        let own = match capability {
            Capability::Assets => planted("acme", "owner"),
            Capability::KnownGood => planted("acme", "reason"),
            Capability::Memory => "found \"\"".to_owned(),
        };
        assert!(contains(&reached, &own), "{shown}: `{own}` was not reached");
    } else {
        assert!(of_module.is_empty(), "{shown}: it ran");
        for what in ["owner", "alias", "site", "reason", "fact", "fact-owner"] {
            assert!(
                !contains(&reached, &planted("acme", what)),
                "{shown}: {what}"
            );
        }
        // The line that decides, found in the files as they are.
        let (file, line) = match consent {
            Consent::All => unreachable!("handled above"),
            Consent::NotAsked => ("module.toml", line_of(&module.toml, "capabilities =")),
            Consent::NotAllowed => {
                let (_, denies) = line_about(capability);
                ("boundary.toml", line_of(&written, denies.trim_end()))
            }
            Consent::Excluded => ("boundary.toml", line_of(&written, "deny   =")),
            Consent::NotGranted => {
                let grants = bench.home().text("grants.toml").unwrap().unwrap();
                ("grants.toml", line_of(&grants, "capabilities = []"))
            }
        };
        let [(None, refused)] = refused.as_slice() else {
            panic!("{shown}: {refused:?}");
        };
        assert_eq!(refused.module, name);
        assert_eq!(refused.capability, Some(capability), "{shown}");
        assert_eq!(refused.decided_by.file.as_str(), file, "{shown}");
        assert_eq!(refused.decided_by.line, Some(line), "{shown}");
        let view = casemate.view(&tenant("acme")).unwrap().unwrap();
        let notices = view.notices().unwrap();
        let notice = notices.iter().find(|n| n.module == name.as_str()).unwrap();
        assert!(notice.refused);
        let says = format!(
            "module `{name}` cannot run for tenant `acme`: it imports capability `{capability}`, which it is not given: "
        );
        let at = format!("{file}:{line}:");
        assert!(
            notice.text.starts_with(&says) && notice.text.contains(&at),
            "{shown}: {}",
            notice.text
        );
        assert_eq!(notice.text.contains(CLAUSE), consent == Consent::Excluded);
    }

    // The other tenant, in the same home, with the same module.
    let mut session = start(&casemate, &tenant("bolt"));
    work(&mut session);
    drop(session);
    let of_bolt = everything(&casemate, &tenant("bolt"));
    assert!(
        !contains(&of_bolt, "zq-acme-"),
        "{shown}: acme's are with bolt"
    );
    assert!(
        !contains(&reached, "zq-bolt-"),
        "{shown}: bolt's are with acme"
    );
    if consent != Consent::NotAsked {
        let runs = runs(&trail(&casemate, &tenant("bolt")));
        assert!(
            runs.iter()
                .any(|run| run.module() == name.as_str() && !run.intents.is_empty())
        );
    }
}

#[test]
fn nothing_of_one_tenant_is_in_anything_of_another() {
    let bench = Bench::ordinary(&[]);
    for id in ["acme", "bolt"] {
        add(&bench, id, &Bench::allowing());
    }
    let casemate = bench.open();
    // Both open at once, and taking turns.
    let mut acme = start(&casemate, &tenant("acme"));
    let mut bolt = start(&casemate, &tenant("bolt"));
    work(&mut acme);
    work(&mut bolt);
    for session in [&mut acme, &mut bolt] {
        let id = session.tenant().to_string();
        let more = Finding::new(
            &planted(&id, "id-4"),
            &planted(&id, "rule"),
            &planted(&id, "host"),
        );
        let input = ndjson([&more]);
        session
            .submit(input.as_slice(), From::Auto, &planted(&id, "file"))
            .unwrap();
        session
            .submit(&b"no json"[..], From::Auto, &planted(&id, "file"))
            .unwrap();
        session.draft().unwrap();
    }
    drop((acme, bolt));
    for (own, other) in [("acme", "bolt"), ("bolt", "acme")] {
        let all = everything(&casemate, &tenant(own));
        assert!(
            !contains(&all, &format!("zq-{other}-")),
            "{other}'s are with {own}"
        );
        // Their own are there, so that the search above looks where they would be.
        for what in [
            "owner",
            "criticality",
            "site",
            "reason",
            "fact",
            "user",
            "host",
            "rule",
            "title",
            "file",
        ] {
            assert!(contains(&all, &planted(own, what)), "{own}: {what}");
        }
        assert!(!contains(&trail_bytes(&casemate, &tenant(own)), "zq-"));
    }
}

#[test]
fn a_module_that_is_not_granted_is_told_what_there_is_instead() {
    let bench = Bench::new();
    add(&bench, "acme", &Bench::allowing());
    add(&bench, "bolt", &Bench::allowing());
    bench.install(&Built::read("assets"));
    bench.whole_for(&Built::read("known-good"), &["bolt"]);
    bench.whole(&Built::read("drafter"));
    // Granted, then changed.
    let changed = Built::read("drafter").with(|toml| format!("{toml}# changed\n"));
    bench.install(&changed);
    let casemate = bench.open();
    let why = |name: &str| {
        let scope = casemate.home().tenant(&tenant("acme")).unwrap();
        let boundary = casemate.boundary(&scope).unwrap();
        let module = casemate
            .modules()
            .iter()
            .find(|m| m.manifest().name().as_str() == name);
        match casemate.prepare(module.unwrap(), &boundary, NOW) {
            Ok(_) => panic!("`{name}` can run"),
            Err(CannotRun::NotGranted(error)) => error.to_string(),
            Err(CannotRun::NotPrepared(error)) => panic!("{error}"),
        }
    };
    let grants = bench.home().text("grants.toml").unwrap().unwrap();
    let line = |name: &str| {
        let named = format!("module = \"{name}\"");
        line_of(&grants, &named) - 1
    };
    let said = |name: &str, digest, rest: &str| {
        format!("tenant `acme`: module `{name}` (sha256:{digest}) is not granted: {rest}")
    };
    assert_eq!(
        why("assets"),
        said(
            "assets",
            Built::read("assets").digest(),
            "no grant in grants.toml names it"
        )
    );
    assert_eq!(
        why("known-good"),
        said(
            "known-good",
            Built::read("known-good").digest(),
            &format!(
                "grants.toml:{} grants it to other tenants only",
                line("known-good")
            )
        )
    );
    assert_eq!(
        why("drafter"),
        said(
            "drafter",
            changed.digest(),
            &format!(
                "grants.toml:{} grants sha256:{}; the component or its module.toml has changed since",
                line("drafter"),
                Built::read("drafter").digest()
            )
        )
    );
    let session = start(&casemate, &tenant("acme"));
    assert_eq!(session.modules().count(), 0);
}

#[test]
fn a_module_that_imports_more_than_it_asks_for_does_not_run() {
    let bench = Bench::ordinary(&[]);
    add(&bench, "acme", &Bench::allowing());
    let module = Built::read("hostile-undeclared");
    bench.install(&module);
    // Even a grant of all there is gives what was not asked for to nobody.
    bench.grant(
        &module,
        GrantedTenants::All,
        &Capability::ALL,
        WantedLimits::default(),
    );
    let casemate = bench.open();
    let mut session = start(&casemate, &tenant("acme"));
    work(&mut session);
    let notices = session.view().unwrap().notices().unwrap();
    let notice = notices
        .iter()
        .find(|n| n.module == "hostile-undeclared")
        .unwrap();
    assert!(
        notice.text.contains("it imports capability `assets`, which it is not given: capability `assets` is not asked for: module.toml:"),
        "{}",
        notice.text
    );
    let runs = runs(&trail(&casemate, &tenant("acme")));
    assert!(runs.iter().all(|run| run.module() != "hostile-undeclared"));
    assert!(runs.iter().any(|run| run.module() == "known-good"));
}
