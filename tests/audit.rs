//! What a security team is told of modules: before consent, at a new version, and of what was used.

use crate::support::{
    Bench, Built, Finding, NOW, PERSON, casemate, made, ndjson, said, start, tenant, trail,
};
use casemate::audit::{CapabilityAudit, Row, Scope, Standing};
use casemate::boundary::RequireSigned;
use casemate::consent::{Consent, Terms};
use casemate::model::{Capability, Instant, ModuleName, TenantId};
use casemate::sandbox::inspect::Rule;
use casemate::sandbox::{GrantedTenants, Grants};
use casemate::setup::{self, SetupError};
use casemate::trail::Entry;
use casemate::triage::intake::From;
use std::num::NonZeroUsize;

fn audit(bench: &Bench) -> CapabilityAudit {
    audited(bench, &Scope::default(), NOW)
}

fn audited(bench: &Bench, scope: &Scope, as_of: Instant) -> CapabilityAudit {
    let threads = NonZeroUsize::new(2).unwrap();
    CapabilityAudit::of(&bench.home(), scope, as_of, threads).unwrap()
}

fn row<'a>(audit: &'a CapabilityAudit, tenant: &str, module: &str) -> &'a Row {
    let mut rows = audit.rows.iter();
    rows.find(|r| r.tenant.as_str() == tenant && r.module.as_str() == module)
        .unwrap()
}

fn rules(audit: &CapabilityAudit) -> Vec<(&'static str, Option<String>)> {
    let of = |t: &Option<TenantId>| t.as_ref().map(ToString::to_string);
    let found = audit.findings.iter();
    found.map(|f| (f.rule.id(), of(&f.tenant))).collect()
}

/// Two tenants, one of which forbids the list of assets by contract; both have worked.
fn worked() -> Bench {
    let bench = Bench::ordinary(&["acme"]);
    let denying = Bench::allowing().replace(
        "exclusions = []",
        "[[exclusions]]\nclause = \"MSA 7.2: <b>our list</b> stays with us\"\ndeny = [\"assets\"]\n",
    );
    assert!(denying.contains("MSA 7.2"));
    bench.tenant_with("bolt", &denying);
    bench.knowledge("acme", "assets.csv", "name\nweb-1\n");
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        let mut session = start(&casemate, &tenant(id));
        let input = ndjson([&Finding::new("1", "rule", "web-1")]);
        session
            .submit(input.as_slice(), From::Auto, "test")
            .unwrap();
        session.draft().unwrap();
    }
    bench
}

#[test]
fn what_was_used_is_what_the_trail_says_and_what_is_denied_has_its_clause() {
    let bench = worked();
    let told = audit(&bench);
    assert!(told.verified());
    assert_eq!(
        (told.tenants.len(), told.modules.len(), told.rows.len()),
        (2, 4, 8)
    );
    let casemate = bench.open();
    let (mut calls, mut last) = (0, None);
    for stamped in trail(&casemate, &tenant("acme")) {
        if let Entry::Intent(intent) = &stamped.entry
            && intent.capability == Capability::Assets
        {
            calls += 1;
            last = last.max(Some(stamped.time));
        }
    }
    assert!(calls > 0);
    let cell = &row(&told, "acme", "assets").capabilities[0];
    assert_eq!((cell.used, cell.last_used), (calls, last));
    assert!(cell.asked && cell.imported && cell.granted && cell.effective);
    let grant = row(&told, "acme", "assets").grant.clone().unwrap();
    assert_eq!((grant.by.as_str(), grant.at), (PERSON, NOW));
    let grants = bench.home().text("grants.toml").unwrap().unwrap();
    let lines: Vec<&str> = grants.lines().skip(grant.line as usize - 1).collect();
    assert!(
        lines[0] == "[[grant]]" && lines[1].contains("assets"),
        "{lines:?}"
    );

    let denied = row(&told, "bolt", "assets");
    assert_eq!(denied.standing, Standing::Refused);
    let cell = &denied.capabilities[0];
    assert!(cell.asked && cell.granted && !cell.effective && cell.used == 0);
    let by = cell.allowed_by.as_ref().unwrap();
    assert!(by.clause.as_ref().unwrap().as_str().starts_with("MSA 7.2"));
    let refused = cell.last_refused.as_ref().unwrap();
    assert_eq!(
        (refused.file.as_str(), refused.line),
        ("boundary.toml", Some(by.line))
    );
    assert!(cell.refused >= 1);
    let found = told
        .findings
        .iter()
        .find(|f| f.rule == Rule::Refused)
        .unwrap();
    assert_eq!(found.place.file, "tenants/bolt/boundary.toml");
    assert_eq!(found.place.line, Some(by.line));
    assert!(found.message.contains("MSA 7.2"), "{}", found.message);
    assert_eq!(row(&told, "acme", "drafter").capabilities, []);
    assert!(row(&told, "acme", "drafter").runs > 0);
}

#[test]
fn each_finding_of_an_audit_comes_and_goes_with_its_cause() {
    let bench = Bench::ordinary(&["acme"]);
    let fresh = audit(&bench);
    let ids: Vec<_> = rules(&fresh).into_iter().map(|(id, _)| id).collect();
    // Nothing has run, so all three capabilities that are given are unused.
    assert_eq!(ids, ["unused", "unused", "unused"]);
    let tenant_of = |rule: &str, audit: &CapabilityAudit| {
        let found = rules(audit).into_iter().find(|(id, _)| *id == rule);
        found
            .unwrap_or_else(|| panic!("no `{rule}` in {:?}", rules(audit)))
            .1
    };
    // A tenant to whom nothing is granted, and an exclusion that is over.
    let lapsed = Bench::allowing().replace(
        "exclusions = []",
        "[[exclusions]]\nclause = \"Letter 3\"\ndeny = [\"assets\"]\nuntil = 2026-11-01\n",
    );
    bench.tenant_with("bolt", &lapsed);
    assert_eq!(
        tenant_of("expired-exclusion", &audit(&bench)),
        Some("bolt".into())
    );
    let before = Instant::parse("2026-10-30").unwrap();
    let then = audited(&bench, &Scope::default(), before);
    assert!(
        rules(&then)
            .iter()
            .all(|(id, _)| *id != "expired-exclusion")
    );
    assert_eq!(tenant_of("refused", &then), Some("bolt".into()));
    // Other bytes of a module that is granted.
    let asking = Built::read("grouper").saying("version = \"0.1.1\"", "version = \"0.1.0\"");
    bench.install(&asking);
    let told = audit(&bench);
    assert_eq!(tenant_of("stale-grant", &told), None);
    assert_eq!(row(&told, "acme", "grouper").standing, Standing::NotGranted);
    assert!(rules(&told).iter().any(|(id, _)| *id == "ungranted"));
    // A module that asks for more than it imports, and one that is no module.
    let more = Built::read("drafter")
        .saying("kind = \"enricher\"", "kind = \"drafter\"")
        .saying("capabilities = [\"assets\"]", "capabilities = []");
    bench.install(&more);
    let told = audit(&bench);
    assert_eq!(tenant_of("asks-more", &told), None);
    bench
        .home()
        .install_module(&ModuleName::parse("odd").unwrap(), b"x", "no")
        .unwrap();
    assert_eq!(tenant_of("module-not-readable", &audit(&bench)), None);
    // A boundary that does not hold, and a trail that is damaged.
    bench
        .home()
        .tenant(&tenant("bolt"))
        .unwrap()
        .replace_boundary("version = 1\n")
        .unwrap();
    let told = audit(&bench);
    assert_eq!(
        tenant_of("boundary-does-not-hold", &told),
        Some("bolt".into())
    );
    assert_eq!(row(&told, "bolt", "assets").standing, Standing::NothingRuns);
    // Only what is asked about.
    let scope = Scope {
        tenant: Some(tenant("acme")),
        module: Some(ModuleName::parse("assets").unwrap()),
        ..Scope::default()
    };
    assert_eq!(audited(&bench, &scope, NOW).rows.len(), 1);
}

#[test]
fn what_the_defaults_of_the_home_deny_is_told_with_their_line() {
    let bench = Bench::ordinary(&["acme"]);
    let kept = |line: &&str| !line.starts_with("accountable") && !line.starts_with("signers");
    let defaults: Vec<_> = Bench::allowing()
        .lines()
        .filter(kept)
        .map(str::to_owned)
        .collect();
    let sources = "sources = [\"assets\", \"known-good\"]";
    let defaults = defaults.join("\n");
    assert!(defaults.contains(sources));
    let defaults = defaults.replace(sources, "sources = [\"known-good\"]");
    let folder = bench.folder().dir();
    folder.create_dir("defaults").unwrap();
    folder.write("defaults/boundary.toml", defaults).unwrap();
    let told = audit(&bench);
    assert_eq!(told.tenants[0].problem, None);
    assert_eq!(row(&told, "acme", "assets").standing, Standing::Refused);
    assert_eq!(row(&told, "acme", "known-good").standing, Standing::Runs);
    let found = told
        .findings
        .iter()
        .find(|f| f.rule == Rule::Refused)
        .unwrap();
    assert_eq!(found.place.file, "defaults/boundary.toml");
    let (home, module) = (bench.home(), ModuleName::parse("assets").unwrap());
    let all = GrantedTenants::All;
    let consent = Consent::prepare(&home, &module, all, PERSON, NOW, &Terms::default()).unwrap();
    let denied = &consent.gives()[0].denied[0];
    assert_eq!(
        (denied.capability, denied.by.file),
        (Capability::Assets, "defaults/boundary.toml")
    );
}

#[test]
fn a_damaged_trail_is_told_and_what_stands_before_the_damage_is_counted() {
    let bench = worked();
    let whole = audit(&bench);
    let (home, path) = (bench.folder().dir(), "tenants/acme/trail/journal");
    let mut bytes = home.read(path).unwrap();
    let last = crate::support::journal_end(&bytes) - 10;
    bytes[last] ^= 1;
    home.write(path, bytes).unwrap();
    let told = audit(&bench);
    assert!(!told.verified());
    let of = |audit: &CapabilityAudit| audit.tenants[0].trail.clone();
    assert_eq!(of(&told).entries, of(&whole).entries - 1);
    let problem = of(&told).problem.unwrap();
    assert!(problem.contains("checksum"), "{problem}");
    assert_eq!(told.findings[0].rule, Rule::NotVerified);
    for finding in &told.findings {
        let place = &finding.place.file;
        assert!(home.exists(place), "{place} is named and not there");
    }
    assert!(told.tenants[1].trail.verified);
    assert!(row(&told, "acme", "assets").capabilities[0].used > 0);
    let (code, _, _) = said(bench.path(), &["audit", "capabilities"]);
    assert_eq!(code, 4);
}

#[test]
fn the_page_shows_hostile_text_and_needs_nothing_else() {
    let bench = worked();
    let told = audit(&bench);
    let page = told.html();
    assert!(page.contains("MSA 7.2: &lt;b&gt;our list&lt;/b&gt; stays with us"));
    for never in [
        "<script", "<b>", "http://", "https://", "src=", "href=", "@import", "url(",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    for there in [
        "<caption>",
        "scope=\"col\"",
        "scope=\"row\"",
        "@page",
        "@media print",
        "Content-Security-Policy",
    ] {
        assert!(page.contains(there), "{there}");
    }
    assert!(page.contains(&told.grants.to_string()));
    let used = row(&told, "acme", "assets").capabilities[0].used;
    assert!(used > 0 && page.contains(&format!("<td class=\"number\">{used}</td>")));
    // Each tag that is opened is closed.
    for tag in [
        "table", "tbody", "tr", "td", "th", "dl", "section", "small", "code",
    ] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn sarif_has_what_its_readers_need_of_each_finding() {
    let bench = worked();
    let told = audit(&bench);
    let sarif = told.sarif();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Rule::ALL.len());
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), told.findings.len());
    assert!(!results.is_empty());
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(rule["defaultConfiguration"]["level"], result["level"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(bench.path().join(uri).exists(), "{uri}");
    }
}

#[test]
fn the_command_line_fails_a_pipeline_on_what_it_names() {
    let (_temp, home) = made();
    let audit = |more: &[&str]| said(&home, &[&["audit", "capabilities"][..], more].concat());
    let (code, page, err) = audit(&[]);
    assert!(
        code == 0 && page.contains("1 tenant, 4 modules; 3 capabilities given"),
        "{page} {err}"
    );
    assert_eq!(audit(&["--fail-on", "unused"]).0, 1);
    assert_eq!(audit(&["--fail-on", "any"]).0, 1);
    assert_eq!(audit(&["--fail-on", "refused,tenant-data,asks-more"]).0, 0);
    assert_eq!(audit(&["--fail-on", "warning"]).0, 0);
    assert_eq!(audit(&["--fail-on", "nothing-such"]).0, 2);
    assert_eq!(audit(&["--tenant", "acmee"]).0, 5);
    for (format, begins) in [
        ("json", "{"),
        ("ndjson", "{\"schema\":\"casemate.capability-row/v1\""),
        ("sarif", "{"),
        ("html", "<!doctype html>"),
    ] {
        let (code, out, _) = audit(&["--format", format]);
        assert!(code == 0 && out.starts_with(begins), "{format}: {out}");
    }
    assert_eq!(audit(&["--format", "csv"]).0, 2);
    // A reader that has seen enough is no failure.
    let mut child = casemate(&home, &["audit", "capabilities", "--format", "html"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn who_is_no_operator_neither_grants_nor_withdraws() {
    let bench = Bench::ordinary(&["acme"]);
    let home = bench.home();
    let roster = home.text("roster.toml").unwrap().unwrap();
    let roster = format!(
        "{roster}[[people]]\nid = \"ann@mssp.example\"\nname = \"Ann\"\nroles = [\"analyst\"]\n"
    );
    home.replace_text("roster.toml", &roster).unwrap();
    let (module, before) = (
        ModuleName::parse("assets").unwrap(),
        home.text(Grants::FILE).unwrap(),
    );
    let all = GrantedTenants::All;
    let prepared = |by: &str, terms: &Terms| {
        Consent::prepare(&home, &module, all.clone(), by, NOW, terms).map(drop)
    };
    for by in ["ann@mssp.example", "eve@elsewhere.example"] {
        assert!(setup::grant(&home, &module, all.clone(), by, NOW).is_err());
        assert!(setup::revoke(&home, &module, all.clone(), by, NOW).is_err());
        assert!(prepared(by, &Terms::default()).is_err());
    }
    let not = setup::grant(&home, &module, all.clone(), "ann@mssp.example", NOW);
    assert!(matches!(not, Err(SetupError::NotAnOperator(_))));
    assert_eq!(home.text(Grants::FILE).unwrap(), before);
    let none = Terms {
        capabilities: Some(Vec::new()),
        ..Terms::default()
    };
    let consent = Consent::prepare(&home, &module, all.clone(), PERSON, NOW, &none).unwrap();
    assert_eq!(consent.gives()[0].capabilities, []);
    assert_eq!(consent.gives()[0].denied[0].capability, Capability::Assets);
    consent.give(&home).unwrap();
    let told = audit(&bench);
    let signed = Scope {
        require_signed: RequireSigned {
            grants: true,
            boundaries: false,
        },
        ..Scope::default()
    };
    let where_signed = audited(&bench, &signed, NOW);
    assert_eq!(
        row(&where_signed, "acme", "assets").standing,
        Standing::NotGranted
    );
    home.replace_text(
        RequireSigned::FILE,
        "version = 1\nrequire_signed = [\"grants\"]\n",
    )
    .unwrap();
    assert_eq!(
        row(&audit(&bench), "acme", "assets").standing,
        Standing::NotGranted
    );
    let consent = Consent::prepare(&home, &module, all.clone(), PERSON, NOW, &none).unwrap();
    assert!(matches!(
        consent.give(&home),
        Err(SetupError::NeedsSignature(_))
    ));
    assert_eq!(row(&told, "acme", "assets").standing, Standing::Refused);
    let found = told
        .findings
        .iter()
        .find(|f| f.rule == Rule::Refused)
        .unwrap();
    assert_eq!(found.place.file, "grants.toml");
}

#[test]
fn a_candidate_is_audited_for_those_it_runs_for_and_is_told_from_what_counts() {
    let bench = worked();
    let candidate = Built::read("known-good").saying("version = \"0.1.1\"", "version = \"0.1.0\"");
    let files = casemate::shadow::Files {
        component: &candidate.wasm,
        manifest: &candidate.toml,
    };
    let acme = tenant("acme");
    let tenants = std::slice::from_ref(&acme);
    let casemate = bench.open();
    casemate.start_shadow(files, tenants, PERSON).unwrap();
    let audit = audit(&bench);
    let rows: Vec<_> = audit
        .rows
        .iter()
        .filter(|row| row.module.as_str() == "known-good")
        .map(|row| (row.tenant.as_str(), row.candidate, row.standing))
        .collect();
    assert_eq!(
        rows,
        [
            ("acme", false, Standing::Runs),
            ("acme", true, Standing::RunsBeside),
            ("bolt", false, Standing::Runs),
        ]
    );
    let beside = audit.rows.iter().find(|row| row.candidate).unwrap();
    assert_eq!(beside.digest, candidate.digest());
    let given =
        |cell: &casemate::audit::Cell| cell.capability == Capability::KnownGood && cell.effective;
    assert!(beside.capabilities.iter().any(given));
    assert!(!rules(&audit).iter().any(|(rule, _)| *rule == "stale-grant"));
    assert!(audit.html().contains("known-good, a candidate"));
    let grants = Grants::parse(&bench.home().text(Grants::FILE).unwrap().unwrap()).unwrap();
    let history = grants.history(&[tenant("acme"), tenant("bolt")]);
    let beside: Vec<_> = history.iter().filter(|row| row.shadow).collect();
    assert!(matches!(beside.as_slice(), [row] if row.in_effect_for == [tenant("acme")]));
}
