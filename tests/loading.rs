//! What cannot be loaded or linked is told why, and everything beside it goes on.

use crate::limits::{ACME, alerts, beside, bolt_is_undisturbed, draft, submit};
use crate::support::{Bench, Built, NOW, PERSON, of_text, start, tenant};
use casemate::consent::{Consent, Terms};
use casemate::sandbox::{GrantedTenants, Limit, Limits, Memory, WantedLimits};
use casemate::setup::{self, SetupError};

/// A module that cannot be loaded or linked, beside ours, and what is said about it.
fn said_of(module: &Built) -> String {
    let (_bench, casemate) = beside(module, WantedLimits::default(), Memory::OnDemand);
    let acme = tenant(ACME);
    let mut session = start(&casemate, &acme);
    let name = module.name();
    assert!(session.modules().all(|(running, _)| *running != name));
    let submitted = submit(&mut session, &alerts(""));
    assert_eq!(submitted.new, 5);
    assert_eq!(submitted.placed + submitted.waiting, 5);
    draft(&mut session);
    let notices = session.view().unwrap().notices().unwrap();
    let of_module: Vec<_> = notices
        .iter()
        .filter(|n| n.module == name.as_str())
        .collect();
    assert_eq!(of_module.len(), 1, "{notices:?}");
    bolt_is_undisturbed(&casemate, "");
    of_module[0].text.clone()
}

#[test]
fn a_component_of_more_than_32_mib_is_not_loaded() {
    let module = Built {
        wasm: vec![0; Limits::COMPONENT_BYTES + 1],
        toml: Built::read("hostile-grouper").toml,
    };
    let limit = Limit::ComponentSize.name();
    let said = format!(
        "it could not be loaded: the component is over its limit `{limit}` of 33554432 bytes"
    );
    assert_eq!(said_of(&module), said);
}

#[test]
fn bytes_that_are_no_component_are_not_loaded() {
    let core = wat::parse_str("(module)").unwrap();
    for wasm in [b"".to_vec(), b"\0asm".to_vec(), core, vec![0xff; 4_096]] {
        let toml = Built::read("hostile-grouper").toml;
        let said = said_of(&Built { wasm, toml });
        assert!(
            said.starts_with("it could not be loaded: the component is not valid: "),
            "{said}"
        );
    }
}

#[test]
fn a_component_that_asks_for_wasi_is_told_how_to_be_built() {
    let module = of_text(
        "with-wasi",
        "enricher",
        "",
        "(component (import \"wasi:cli/environment@0.2.0\" (instance (export \"get-arguments\" (func)))))",
    );
    assert_eq!(
        said_of(&module),
        "module `with-wasi` cannot run for tenant `acme`: it imports `wasi:cli/environment@0.2.0`, \
         and no WASI interface is offered here; build it for `wasm32-unknown-unknown` so that it \
         imports `casemate:soc/*` only"
    );
}

#[test]
fn a_component_that_asks_for_something_unknown_is_told_what() {
    for import in [
        "evil:net/sockets@1.0.0",
        "casemate:soc/tenants@0.1.0",
        "plain-name",
    ] {
        let component =
            format!("(component (import \"{import}\" (instance (export \"call\" (func)))))");
        let module = of_text("curious", "drafter", "", &component);
        assert_eq!(
            said_of(&module),
            format!(
                "module `curious` cannot run for tenant `acme`: it imports `{import}`, which is not \
                 of the contract `casemate:soc@0.1.0`"
            )
        );
    }
}

#[test]
fn a_component_of_another_contract_version_is_told_which() {
    for (kind, capabilities, import) in [
        ("grouper", "", "casemate:soc/log@0.2.0"),
        ("enricher", "\"assets\"", "casemate:soc/assets@2.0.0"),
        ("enricher", "", "casemate:soc/assets@0.2.0"),
        ("enricher", "\"assets\"", "casemate:soc/assets"),
    ] {
        // An instance that has nothing in it is given to anybody.
        let component =
            format!("(component (import \"{import}\" (instance (export \"call\" (func)))))");
        let said = said_of(&of_text("from-later", kind, capabilities, &component));
        assert_eq!(
            said,
            format!(
                "module `from-later` cannot run for tenant `acme`: it imports `{import}`, a version that \
                 this host does not speak: it speaks `casemate:soc@0.1.0`"
            )
        );
    }
}

#[test]
fn a_component_that_exports_nothing_is_told_what_its_kind_exports() {
    for (kind, interface) in [
        ("grouper", "casemate:soc/grouping@0.1.0"),
        ("enricher", "casemate:soc/enriching@0.1.0"),
        ("drafter", "casemate:soc/drafting@0.1.0"),
    ] {
        let said = said_of(&of_text("empty", kind, "", "(component)"));
        assert!(
            said.starts_with(
                "module `empty` cannot run for tenant `acme`: it does not fit the contract"
            ) && said.contains(interface),
            "{said}"
        );
    }
}

#[test]
fn a_module_of_another_kind_than_it_says_does_not_run() {
    let module = Built::read("assets").saying("kind = \"grouper\"", "kind = \"enricher\"");
    let module = module.saying("capabilities = []", "capabilities = [\"assets\"]");
    let said = said_of(&module.saying("name = \"other-kind\"", "name = \"assets\""));
    assert!(said.contains("`other-kind`"), "{said}");
}

#[test]
fn every_limit_is_run_into_by_a_test_here_or_beside_the_compiler() {
    let here = concat!(include_str!("limits.rs"), include_str!("loading.rs"));
    let compiler = include_str!("../host/src/sandbox/compiler.rs");
    let limits = include_str!("../host/src/sandbox/limit.rs");
    let list = limits.split("pub enum Limit {").nth(1).unwrap();
    let list = list.split('}').next().unwrap();
    let names: Vec<_> = list.split([',', '\n']).map(str::trim).collect();
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert!(names.len() >= 13, "{names:?}");
    let (_, beside_compiler) = compiler.split_once("mod tests").unwrap();
    for name in names {
        let named = format!("Limit::{name}");
        assert!(
            here.contains(&named) || beside_compiler.contains(&named),
            "no test runs into {named}"
        );
    }
}

#[test]
fn a_component_with_an_error_is_neither_installed_nor_granted() {
    let importing = "(component (import \"wasi:cli/environment@0.2.0\" (instance)))";
    let laden = "(component (core module $m (memory 2000)) (core instance (instantiate $m)))";
    for (component, rule) in [
        (importing, "wasi-import"),
        ("(component)", "export-missing"),
        (laden, "memory-over-limit"),
    ] {
        let bench = Bench::new();
        bench.tenant(ACME);
        let module = of_text("faulty", "enricher", "", component);
        let home = bench.home();
        let refused = |result: Result<(), SetupError>| {
            let error = result.unwrap_err();
            assert!(matches!(error, SetupError::Faulty { .. }), "{error}");
            assert!(error.to_string().contains(rule), "{error}");
        };
        let installed = setup::install(&home, "faulty", &module.wasm, &module.toml);
        refused(installed.map(drop));
        assert!(home.module(&module.name()).unwrap().is_none());
        // What lies there all the same is not granted.
        bench.install(&module);
        let (name, all) = (module.name(), GrantedTenants::All);
        let terms = Terms::default();
        refused(Consent::prepare(&home, &name, all.clone(), PERSON, NOW, &terms).map(drop));
        refused(setup::grant(&home, &name, all, PERSON, NOW).map(drop));
    }
}

#[test]
fn a_component_that_doubles_at_each_level_is_refused_without_compiling_it() {
    let mut inner = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..=40 {
        let twice = format!("(instance (instantiate $c{}))", level - 1).repeat(2);
        inner = format!("(component $c{level} {inner} {twice})");
    }
    let component = format!("(component {inner} (instance (instantiate $c40)))");
    let module = of_text("doubling", "enricher", "", &component);
    let bench = Bench::new();
    bench.whole(&module);
    let casemate = bench.open();
    let [refused] = casemate.not_loaded() else {
        panic!("it is loaded");
    };
    assert!(
        refused.why.contains("at most 1000 are compiled"),
        "{}",
        refused.why
    );
}

#[test]
fn bytes_that_did_not_compile_are_not_compiled_again() {
    let broken = Built {
        wasm: b"\0asm\x0d\0\x01\0broken".to_vec(),
        toml: of_text("broken", "enricher", "", "(component)").toml,
    };
    let bench = Bench::new();
    bench.whole(&broken);
    let why = || bench.open().not_loaded()[0].why.clone();
    let first = why();
    let again = why();
    assert!(!first.contains("found before"), "{first}");
    assert!(
        again.starts_with(&first) && again.contains("found before"),
        "{again}"
    );
}

#[test]
fn what_nobody_was_granted_is_not_compiled() {
    let broken = Built {
        wasm: b"\0asm\x0d\0\x01\0broken".to_vec(),
        toml: of_text("broken", "enricher", "", "(component)").toml,
    };
    let bench = Bench::ordinary(&[ACME]);
    bench.install(&broken);
    let casemate = bench.open();
    assert!(casemate.not_loaded().is_empty());
    let compiled = |name: &str| {
        let mut all = casemate.modules().iter();
        let found = all.find(|m| m.manifest().name().as_str() == name);
        found.unwrap().is_compiled()
    };
    assert!(!compiled("broken") && compiled("grouper"));
    // Granted while the process runs, it is compiled at the next start, and refused there alone.
    bench.whole(&broken);
    let session = start(&casemate, &tenant(ACME));
    let notices = session.view().unwrap().notices().unwrap();
    let said: Vec<_> = notices.iter().filter(|n| n.module == "broken").collect();
    assert_eq!(said.len(), 1, "{notices:?}");
    assert!(
        said[0].text.contains("the component is not valid"),
        "{said:?}"
    );
    assert_eq!(session.modules().count(), 4);
}

#[test]
fn a_component_that_takes_the_compilers_memory_is_refused_and_this_process_goes_on() {
    // One function of a million steps that all wait for each other.
    let steps = "local.get 0 i32.load local.set 0 ".repeat(1_000_000);
    let component = format!(
        "(component (core module (memory 1) (func (param i32) (result i32) {steps} local.get 0 )))"
    );
    let module = of_text("greedy", "enricher", "", &component);
    let bench = Bench::ordinary(&[ACME]);
    bench.whole(&module);
    let casemate = bench.open();
    let [refused] = casemate.not_loaded() else {
        panic!("it is loaded");
    };
    assert!(
        refused.why.contains(Limit::CompileMemory.name()),
        "{}",
        refused.why
    );
    assert!(start(&casemate, &tenant(ACME)).modules().count() == 4);
}
