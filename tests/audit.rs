//! What a security team is told of modules: before consent, at a new version, and of what was used.

use crate::support::{
    Bench, Built, Finding, NOW, PERSON, casemate, made, ndjson, of_text, said, start, tenant, trail,
};
use casemate::audit::{CapabilityAudit, Row, Scope, Standing};
use casemate::boundary::RequireSigned;
use casemate::consent::{Consent, Terms};
use casemate::model::{Capability, Instant, ModuleName, TenantId};
use casemate::sandbox::inspect::{Difference, Import, Inspection, Rule};
use casemate::sandbox::{GrantedTenants, Grants};
use casemate::setup::{self, SetupError};
use casemate::trail::Entry;
use casemate::triage::intake::From;
use serde_json::Value;
use std::num::NonZeroUsize;
use std::path::Path;

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
fn a_damaged_trail_is_told_and_what_stands_before_the_damage_is_counted() {
    let bench = worked();
    let whole = audit(&bench);
    let path = bench.path().join("tenants/acme/trail/log");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    std::fs::File::create(&path)
        .and_then(|mut f| std::io::Write::write_all(&mut f, &bytes))
        .unwrap();
    let told = audit(&bench);
    assert!(!told.verified());
    let of = |audit: &CapabilityAudit| audit.tenants[0].trail.clone();
    assert_eq!(of(&told).entries, of(&whole).entries - 1);
    assert!(of(&told).problem.unwrap().contains("checksum"));
    assert_eq!(told.findings[0].rule, Rule::NotVerified);
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

/// A folder with a module's two files.
fn folder(at: &Path, name: &str, module: &Built) -> String {
    let folder = at.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, bytes) in [
        ("module.wasm", module.wasm.as_slice()),
        ("module.toml", module.toml.as_bytes()),
    ] {
        let path = folder.join(file);
        std::fs::File::create(path)
            .and_then(|mut f| std::io::Write::write_all(&mut f, bytes))
            .unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

#[test]
fn our_modules_are_looked_at_without_a_finding_and_say_what_they_import() {
    for (name, imports) in [
        ("grouper", Some(Capability::Memory)),
        ("assets", Some(Capability::Assets)),
        ("known-good", Some(Capability::KnownGood)),
        ("drafter", None),
    ] {
        let built = Built::read(name);
        let found = Inspection::of(&built.wasm, Some(&built.toml)).unwrap();
        assert_eq!(found.findings, [], "{name}");
        assert_eq!(found.digest, Some(built.digest()));
        let capabilities: Vec<_> = found.capabilities.iter().map(|c| c.capability).collect();
        assert_eq!(capabilities, imports.into_iter().collect::<Vec<_>>());
        let interface = found.imports.iter().find(|i| i.is.capability().is_some());
        assert_eq!(interface.and_then(|i| i.is.capability()), imports);
        assert!(found.imports.iter().all(|i| i.is != Import::Unknown));
        assert!(
            found.exports[0].functions[0]
                .as_str()
                .contains("func(as-of: instant")
        );
        assert!(found.contents.built_with().contains("wit-component"));
        assert!(Difference::between(&found, &found).formality);
    }
}

#[test]
fn the_command_line_looks_at_modules_compares_them_and_ends_by_what_it_found() {
    let (temp, home) = made();
    let (code, page, _) = said(&home, &["module", "inspect", "assets"]);
    assert_eq!(code, 0, "{page}");
    assert!(
        page.contains("casemate:soc/assets@0.1.0  capability `assets`"),
        "{page}"
    );
    assert!(
        page.contains("lookup: func(keys: list<string>) -> result<list<list<asset>>, refusal>")
    );
    let wasi = "(component (import \"wasi:cli/environment@0.2.0\" (instance)))";
    let wasi = folder(
        temp.path(),
        "wasi",
        &of_text("wasi", "enricher", "\"assets\"", wasi),
    );
    let (code, page, _) = said(&home, &["module", "inspect", &wasi]);
    assert!(
        code == 1 && page.contains("wasi-import") && page.contains("asks-more"),
        "{page}"
    );
    let (code, sarif, _) = said(&home, &["module", "inspect", &wasi, "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert!(code == 1 && sarif["runs"][0]["results"][0]["level"] == "error");
    let more = Built::read("drafter")
        .saying("kind = \"enricher\"", "kind = \"drafter\"")
        .saying("capabilities = [\"assets\"]", "capabilities = []");
    let more = folder(temp.path(), "more", &more);
    let wasm = format!("{more}/module.wasm");
    assert_eq!(said(&home, &["module", "inspect", &wasm]).0, 1);
    for (fail_on, want) in [("no-toolchain", 0), ("no-manifest,asks-more", 1)] {
        let drafter = folder(temp.path(), "plain", &Built::read("drafter"));
        std::fs::remove_file(format!("{drafter}/module.toml")).unwrap();
        let file = format!("{drafter}/module.wasm");
        let (code, _, err) = said(&home, &["module", "inspect", &file, "--fail-on", fail_on]);
        assert_eq!(code, want, "{fail_on} {err}");
    }
    let (code, _, err) = said(
        &home,
        &["module", "inspect", "assets", "--fail-on", "ask-more"],
    );
    assert!(
        code == 2 && err.contains("did you mean `asks-more`?"),
        "{err}"
    );
    let (code, _, err) = said(&home, &["module", "inspect", "asets"]);
    assert!(code == 2 && err.contains("did you mean `assets`?"), "{err}");

    let newer = Built::read("assets").saying("version = \"0.1.1\"", "version = \"0.1.0\"");
    let newer = folder(temp.path(), "newer", &newer);
    let (code, page, _) = said(&home, &["module", "diff", "assets", &newer]);
    assert!(code == 0 && page.contains("a formality"), "{page}");
    let (code, page, _) = said(&home, &["module", "diff", "drafter", &more]);
    assert!(
        code == 1 && page.contains("MORE  capability  assets"),
        "{page}"
    );
    assert!(page.contains("needs a fresh look"), "{page}");
}

#[test]
fn the_command_line_shows_a_grant_before_it_writes_it() {
    let (temp, home) = made();
    let (code, _, err) = said(
        &home,
        &["tenant", "add", "bolt-works", "--accountable", PERSON],
    );
    assert_eq!(code, 0, "{err}");
    let grants = home.join("grants.toml");
    let before = std::fs::read(&grants).unwrap();
    let grant = |more: &[&str]| {
        let all = [&["module", "grant", "assets", "--by", PERSON][..], more].concat();
        said(&home, &all)
    };
    let (code, page, err) = grant(&["--tenant", "bolt-works", "--memory-mib", "8", "--dry-run"]);
    assert!(
        code == 0 && page.contains("8 MiB") && page.contains("assets"),
        "{page} {err}"
    );
    assert!(err.contains("nothing was written"), "{err}");
    assert_eq!(std::fs::read(&grants).unwrap(), before);
    let (code, _, err) = grant(&["--tenant", "bolt-work"]);
    assert!(
        code == 5 && err.contains("did you mean `bolt-works`?"),
        "{err}"
    );
    let (code, _, err) = grant(&["--tenant", "bolt-works", "--capability", "memory"]);
    assert!(
        code == 2 && err.contains("does not ask for capability `memory`"),
        "{err}"
    );
    assert_eq!(grant(&[]).0, 2);
    assert_eq!(grant(&["--all", "--tenant", "acme"]).0, 2);
    let stranger = [
        "module",
        "grant",
        "assets",
        "--all",
        "--by",
        "eve@elsewhere.example",
    ];
    assert_eq!(said(&home, &stranger).0, 2);
    assert_eq!(std::fs::read(&grants).unwrap(), before);
    let (code, _, err) = grant(&["--all"]);
    assert_eq!(code, 0, "{err}");
    let (code, list, _) = said(&home, &["module", "grants", "--module", "assets"]);
    assert!(
        code == 0 && list.contains("all 2") && list.lines().count() == 2,
        "{list}"
    );
    let (_, list, _) = said(
        &home,
        &["module", "grants", "--module", "assets", "--history"],
    );
    assert!(list.contains("replaced for acme by line"), "{list}");
    let revoke = ["module", "revoke", "assets", "--all", "--by", PERSON];
    assert_eq!(said(&home, &revoke).0, 0);
    assert_eq!(said(&home, &revoke).0, 2);
    let (_, list, _) = said(&home, &["module", "grants", "--module", "assets"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    let (_, json, _) = said(
        &home,
        &["module", "grants", "--history", "--format", "json"],
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    let rows = json["grants"].as_array().unwrap();
    assert!(rows.iter().any(|r| r["withdrawn"] == true
        && r["in_effect_for"] == serde_json::json!(["acme", "bolt-works"])));

    // A word of another tenant, compiled into a module.
    let bolt = home.join("tenants/bolt-works/knowledge/assets.csv");
    std::fs::File::create(bolt)
        .and_then(|mut f| std::io::Write::write_all(&mut f, b"name\nturbine-hall-3\n"))
        .unwrap();
    let leaky = "(component (core module (memory 1) (data (i32.const 0) \"see Turbine-Hall-3\")))";
    let leaky = folder(
        temp.path(),
        "leaky",
        &of_text("leaky", "drafter", "", leaky),
    );
    assert_eq!(said(&home, &["module", "add", &leaky]).0, 0);
    let grant = [
        "module",
        "grant",
        "leaky",
        "--tenant",
        "acme",
        "--by",
        PERSON,
        "--dry-run",
    ];
    let (_, page, err) = said(&home, &grant);
    assert!(
        page.contains("tenant-data") && page.contains("`turbine-hall-3` of tenant `bolt-works`"),
        "{page} {err}"
    );
    assert!(page.contains("data segment 0 of core module 0"), "{page}");
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
        require_signed: RequireSigned::ALL,
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
