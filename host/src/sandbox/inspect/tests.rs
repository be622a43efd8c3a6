use super::*;
use crate::model::TenantId;
use std::time::{Duration, Instant};

/// A component with a core module inside that has whatever a report tells of.
const RICH: &str = r#"(component
    (import "casemate:soc/types@0.1.0" (instance $types
        (export "refusal" (type $refusal (enum "over-limit" "unavailable")))))
    (alias export $types "refusal" (type $refusal))
    (import "casemate:soc/assets@0.1.3" (instance
        (alias outer 1 $refusal (type $inner))
        (export "refusal" (type $again (eq $inner)))
        (type $asset (record (field "name" string) (field "tags" (list string))))
        (export "asset" (type $named (eq $asset)))
        (export "lookup" (func (param "keys" (list string))
            (result (result (list (option $named)) (error $again)))))))
    (core module
        (memory 3 7)
        (table 5 9 funcref)
        (data (i32.const 16) "The North-Wind.example of everybody")
        (func $begin)
        (start $begin))
    (core module (func) (func) (@custom "notes" "for nobody"))
)"#;

const MANIFEST: &str = "name = \"rich\"\nversion = \"1.2.3\"\nkind = \"enricher\"\ncontract = \"casemate:soc@0.1.0\"\ncapabilities = [\"assets\", \"known-good\"]\nfields = []\n";

fn rich() -> Inspection {
    Inspection::of(&wat::parse_str(RICH).unwrap(), Some(MANIFEST)).unwrap()
}

fn rules(inspection: &Inspection) -> Vec<&'static str> {
    inspection.findings.iter().map(|f| f.rule.id()).collect()
}

#[test]
fn imports_are_written_as_in_the_contract() {
    let inspection = rich();
    let lines = |i: usize| -> Vec<&str> {
        let import = &inspection.imports[i];
        let lines = import.types.iter().chain(&import.functions);
        lines.map(|line| line.as_str()).collect()
    };
    assert_eq!(
        inspection.imports[0].name.as_str(),
        "casemate:soc/types@0.1.0"
    );
    assert_eq!(inspection.imports[0].is, Import::EveryWorld);
    assert_eq!(lines(0), ["enum refusal { over-limit, unavailable }"]);
    assert_eq!(
        inspection.imports[1].is,
        Import::Capability(Capability::Assets)
    );
    assert_eq!(
        lines(1),
        [
            "use refusal",
            "record asset { name: string, tags: list<string> }",
            "lookup: func(keys: list<string>) -> result<list<option<asset>>, refusal>",
        ]
    );
}

#[test]
fn what_is_inside_is_counted() {
    let contents = rich().contents;
    assert_eq!((contents.core_modules, contents.functions), (2, 3));
    let declared = |min, max| {
        vec![Declared {
            min,
            max: Some(max),
        }]
    };
    assert_eq!(contents.memories, declared(3, 7));
    assert_eq!(contents.tables, declared(5, 9));
    assert_eq!(contents.memory_bytes(), 3 << 16);
    assert_eq!((contents.data_segments, contents.data_bytes), (1, 35));
    let notes = contents
        .custom_sections
        .iter()
        .find(|s| s.name.as_str() == "notes");
    assert_eq!(notes.unwrap().bytes, 10);
    assert!(contents.start && contents.names);
}

#[test]
fn each_thing_to_look_at_is_found_by_its_rule() {
    assert_eq!(
        rules(&rich()),
        [
            "export-missing",
            "asks-more",
            "start-function",
            "no-toolchain",
            "reads-no-field",
        ]
    );
    let asks = rich()
        .findings
        .into_iter()
        .find(|f| f.rule == Rule::AsksMore)
        .unwrap();
    assert!(asks.message.contains("`known-good`"), "{}", asks.message);
    assert_eq!(
        (asks.place.file.as_str(), asks.place.line),
        ("module.toml", Some(5))
    );
    assert_eq!(asks.module.unwrap().as_str(), "rich");
    for (import, rule) in [
        ("casemate:soc/memory@0.1.0", Some("imports-more")),
        ("casemate:soc/assets@0.2.0", Some("wrong-contract-version")),
        ("casemate:soc/log@0.1.9", None),
        ("wasi:io/streams@0.2.0", Some("wasi-import")),
        ("evil:net/sockets@1.0.0", Some("unknown-import")),
    ] {
        let text = format!("(component (import \"{import}\" (instance)))");
        let wasm = wat::parse_str(text).unwrap();
        let found = Inspection::of(&wasm, Some(MANIFEST)).unwrap();
        let first = found
            .findings
            .iter()
            .find(|f| f.rule != Rule::ExportMissing)
            .unwrap();
        let is = (first.level == Level::Error).then(|| first.rule.id());
        assert_eq!(is, rule, "{import}: {}", first.message);
        assert!(
            is.is_none()
                || first.message.contains(
                    import
                        .split('@')
                        .next()
                        .unwrap()
                        .rsplit('/')
                        .next()
                        .unwrap()
                )
        );
    }
    let lowered = GrantedLimits {
        memory_mib: 1,
        ..GrantedLimits::DEFAULT
    };
    let large = "(component (core module (memory 17)))";
    let large = Inspection::of(&wat::parse_str(large).unwrap(), Some(MANIFEST)).unwrap();
    assert_eq!(
        large.over_memory(lowered).unwrap().rule,
        Rule::MemoryOverLimit
    );
    assert_eq!(large.over_memory(GrantedLimits::DEFAULT), None);
    assert_eq!(rich().over_memory(lowered), None);
}

#[test]
fn a_core_module_and_no_module_at_all_are_told_apart() {
    let core = wat::parse_str("(module)").unwrap();
    let said = |bytes: &[u8]| {
        Inspection::of(bytes, None).unwrap().findings[0]
            .message
            .clone()
    };
    assert!(said(&core).contains("core module"), "{}", said(&core));
    for bytes in [&b""[..], b"\0asm", b"not one", &[0xff; 300]] {
        let found = Inspection::of(bytes, None).unwrap();
        assert_eq!(
            rules(&found),
            ["not-a-component", "no-manifest"],
            "{bytes:?}"
        );
    }
    let large = vec![0; Limits::COMPONENT_BYTES + 1];
    assert_eq!(
        rules(&Inspection::of(&large, Some(MANIFEST)).unwrap()),
        ["too-large"]
    );
    assert!(Inspection::of(&core, Some("name = 1")).is_err());
}

/// Numbers that look random and are the same each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    }
}

#[test]
fn damaged_bytes_are_looked_at_to_an_end_whatever_they_are() {
    let whole = wat::parse_str(RICH).unwrap();
    let mut words = Words::default();
    words.add(word("acme", WordKind::Domain, "north-wind.example"));
    let begun = Instant::now();
    let mut refused = 0;
    let mut look = |bytes: &[u8]| {
        let found = Inspection::of(bytes, Some(MANIFEST)).unwrap();
        let not = found
            .findings
            .iter()
            .find(|f| f.rule == Rule::NotAComponent);
        refused += usize::from(not.is_some());
        let panicked = not.is_some_and(|f| f.message.contains("panicked"));
        assert!(!panicked, "{:?}", not.map(|f| &f.message));
        let _ = words.search(bytes, MANIFEST);
    };
    for end in 0..whole.len() {
        look(&whole[..end]);
    }
    let mut numbers = Numbers(7);
    for _ in 0..3_000 {
        let mut bytes = whole.clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(bytes.len());
            bytes[at] = match numbers.below(3) {
                0 => 0xff,
                1 => 0x80,
                _ => numbers.below(256) as u8,
            };
        }
        look(&bytes);
    }
    assert!(refused > whole.len(), "{refused}");
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_type_that_is_endless_when_written_out_is_cut() {
    let mut text = "(component (type $t0 (tuple u8 u8))".to_owned();
    for depth in 1..28 {
        let below = depth - 1;
        text.push_str(&format!("(type $t{depth} (tuple $t{below} $t{below}))"));
    }
    text.push_str("(import \"f\" (func (param \"x\" $t27))))");
    let begun = Instant::now();
    let wasm = wat::parse_str(&text);
    // Where the reader's own bound on types refuses it there is nothing to write out.
    let found = Inspection::of(&wasm.unwrap(), None).unwrap();
    let written: usize = found
        .imports
        .iter()
        .flat_map(|i| &i.functions)
        .map(|f| f.as_str().len())
        .sum();
    assert!(written < 10_000, "{written}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

fn word(tenant: &str, kind: WordKind, text: &str) -> Word {
    Word {
        tenant: TenantId::parse(tenant).unwrap(),
        kind,
        text: text.to_owned(),
    }
}

#[test]
fn a_word_of_a_tenant_is_found_with_its_place() {
    let mut words = Words::default();
    words.add(word("acme", WordKind::Domain, "north-wind.example"));
    words.add(word("bolt", WordKind::Asset, "North-Wind.example"));
    words.add(word("bolt", WordKind::Asset, "everyb"));
    words.add(word("cord", WordKind::Asset, "short"));
    words.add(word("cord", WordKind::Id, "nowhere-in-it"));
    words.add(word("cord", WordKind::Name, "observable"));
    let wasm = wat::parse_str(RICH).unwrap();
    let manifest = format!("{MANIFEST}description = \"all observables\"\n");
    let hits = words.search(&wasm, &manifest);
    let told: Vec<_> = hits
        .iter()
        .map(|h| (h.tenant.as_str(), h.word.as_str(), h.file, h.ordinary))
        .collect();
    assert_eq!(
        told,
        [
            ("acme", "north-wind.example", "module.wasm", false),
            ("bolt", "everyb", "module.wasm", false),
            ("bolt", "north-wind.example", "module.wasm", false),
            ("cord", "observable", "module.toml", true),
        ]
    );
    let first = &hits[0];
    let at = wasm.windows(10).position(|w| w == b"North-Wind").unwrap();
    assert_eq!(first.byte, at as u64);
    assert_eq!(first.part, "data segment 0 of core module 0");
    assert_eq!((first.encoding, first.count), ("UTF-8", 1));
}

#[test]
fn a_word_in_two_bytes_a_letter_and_one_in_a_custom_section_are_found() {
    let mut words = Words::default();
    words.add(word("acme", WordKind::Asset, "Mühlbach-7"));
    words.add(word("acme", WordKind::Asset, "sql-prod-01"));
    let wide: String = "Mühlbach-7"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let text = format!(
        "(component (core module (memory 1) (data (i32.const 0) \"{wide}\") (@custom \"debug\" \"at SQL-PROD-01, SQL-PROD-01\")))"
    );
    let hits = words.search(&wat::parse_str(text).unwrap(), MANIFEST);
    let told: Vec<_> = hits
        .iter()
        .map(|h| (h.part.as_str(), h.encoding, h.count))
        .collect();
    assert_eq!(
        told,
        [
            ("data segment 0 of core module 0", "UTF-16", 1),
            ("custom section `debug`", "UTF-8", 2),
        ]
    );
}

fn changes(old: (&str, &str), new: (&str, &str)) -> (bool, Vec<String>) {
    let look = |(text, manifest): (&str, &str)| {
        Inspection::of(&wat::parse_str(text).unwrap(), Some(manifest)).unwrap()
    };
    let difference = Difference::between(&look(old), &look(new));
    let told = difference
        .changes
        .iter()
        .map(|c| format!("{} {} {}", c.direction.word(), c.area.word(), c.what));
    (difference.formality, told.collect())
}

#[test]
fn consent_is_a_formality_where_nothing_more_is_asked() {
    assert_eq!(changes((RICH, MANIFEST), (RICH, MANIFEST)), (true, vec![]));
    let newer = MANIFEST.replace("1.2.3", "1.2.4");
    assert_eq!(changes((RICH, MANIFEST), (RICH, &newer)), (true, vec![]));
    let less = MANIFEST.replace(", \"known-good\"", "");
    let (formality, told) = changes((RICH, MANIFEST), (RICH, &less));
    assert!(formality, "{told:?}");
    assert_eq!(told[0], "less capability known-good");
    let larger = RICH.replace("of everybody", "of everybody and more");
    let (formality, told) = changes((RICH, MANIFEST), (&larger, MANIFEST));
    assert!(
        formality && told == ["more size component, bytes"],
        "{told:?}"
    );
}

#[test]
fn what_asks_for_more_or_is_of_another_type_needs_a_fresh_look() {
    let fields = MANIFEST.replace("fields = []", "fields = [\"user.name\"]");
    let limits = format!("{MANIFEST}[limits]\nmemory_mib = 128\n");
    let renamed = MANIFEST.replace("\"rich\"", "\"poor\"");
    let less = MANIFEST.replace(", \"known-good\"", "");
    let typed = RICH.replace("\"tags\" (list string)", "\"tags\" (list u8)");
    let import = RICH.replace(
        "(core module (func) (func)",
        "(import \"casemate:soc/known-good@0.1.0\" (instance)) (core module (func) (func)",
    );
    for (old, new, want) in [
        (
            (RICH, MANIFEST),
            (RICH, fields.as_str()),
            "more field user.name",
        ),
        (
            (RICH, MANIFEST),
            (RICH, limits.as_str()),
            "more limit memory_mib",
        ),
        (
            (RICH, MANIFEST),
            (RICH, renamed.as_str()),
            "other module name",
        ),
        (
            (RICH, less.as_str()),
            (RICH, MANIFEST),
            "more capability known-good",
        ),
        (
            (RICH, MANIFEST),
            (typed.as_str(), MANIFEST),
            "other type casemate:soc/assets@0.1.3",
        ),
        (
            (RICH, MANIFEST),
            (import.as_str(), MANIFEST),
            "more import casemate:soc/known-good@0.1.0",
        ),
    ] {
        let (formality, told) = changes(old, new);
        assert!(!formality, "{want}: {told:?}");
        assert_eq!(told[0], want, "{told:?}");
        // And back is less, or as much.
        assert!(changes(old, old).0);
    }
}

#[test]
fn settings_are_compared_by_what_is_written() {
    let flat = settings("x = 1\n[settings]\nwindow = 5\n[settings.near]\nunit = \"minutes\"\n");
    let flat: Vec<_> = flat.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(flat, [("near.unit", "\"minutes\""), ("window", "5")]);
    assert!(settings("[broken").is_empty());
    assert!(settings(MANIFEST).is_empty());
}
