use super::*;
use crate::sandbox::Manifest;

const HEAD: &str = r#"
name = "m"
version = "0.1.0"
kind = "enricher"
contract = "casemate:soc@0.1.0"
capabilities = []
fields = []
"#;

fn manifest(settings: &str) -> Manifest {
    Manifest::parse(&format!("{HEAD}{settings}")).unwrap_or_else(|problems| panic!("{problems}"))
}

fn ordinary() -> Manifest {
    manifest(
        r#"
[settings.words]
type = "texts"
default = ["b", "a"]
one_of = ["a", "b", "c"]
[settings.days]
type = "integer"
default = 7
min = 0
max = 30
help = "how long"
[settings.mode]
type = "text"
required = true
max_bytes = 8
[settings.on_call]
type = "flag"
default = false
"#,
    )
}

fn wanted(pairs: &[(&str, SettingValue)]) -> WantedSettings {
    let mut wanted = WantedSettings::default();
    for (name, value) in pairs {
        wanted.set(SettingName::parse(name).unwrap(), value.clone());
    }
    wanted
}

fn text_value(text: &str) -> SettingValue {
    SettingValue::Text(Text::capped(text, 100))
}

fn said(wanted: &WantedSettings) -> Vec<String> {
    let wrong = GrantedSettings::resolve(ordinary().settings(), wanted).unwrap_err();
    wrong.iter().map(ToString::to_string).collect()
}

#[test]
fn all_that_is_declared_is_in_effect_by_name_with_defaults_filled_in() {
    let wanted = wanted(&[
        ("mode", text_value("quick")),
        ("days", SettingValue::Integer(30)),
    ]);
    let settings = GrantedSettings::resolve(ordinary().settings(), &wanted).unwrap();
    let shown: Vec<String> = settings.iter().map(|(n, v)| format!("{n} = {v}")).collect();
    assert_eq!(
        shown,
        [
            "days = 30",
            "mode = \"quick\"",
            "on_call = false",
            "words = [\"b\", \"a\"]"
        ]
    );
    let crossing = settings.crossing();
    assert_eq!(crossing.len(), 4);
    assert_eq!(crossing[0].name, "days");
    assert!(matches!(
        crossing[0].value,
        types::SettingValue::Integer(30)
    ));
}

#[test]
fn everything_that_is_wrong_with_a_grants_settings_is_said_at_once() {
    let wrong = wanted(&[
        ("dayz", SettingValue::Integer(1)),
        ("days", SettingValue::Integer(31)),
        ("on_call", SettingValue::Integer(1)),
        ("words", SettingValue::Texts(vec![Text::capped("d", 9)])),
    ]);
    assert_eq!(
        said(&wrong),
        [
            "setting `dayz` is none that the module declares; did you mean `days`?",
            "setting `days` is 31, not 0 to 30; it is an integer from 0 to 30: how long",
            "setting `mode` is required and not set; it is a text of at most 8 bytes",
            "setting `on_call` is an integer, and its type is `flag`; it is `true` or `false`",
            "setting `words` is `d`, none of `a`, `b`, `c`; it is a list of texts, each one of `a`, `b`, `c`",
        ]
    );
    let long = wanted(&[("mode", text_value("more than eight"))]);
    assert_eq!(
        said(&long),
        ["setting `mode` has 15 bytes, more than 8; it is a text of at most 8 bytes"]
    );
    let none = GrantedSettings::resolve(&[], &long).unwrap_err();
    assert!(none[0].to_string().ends_with("; the module declares none"));
}

#[test]
fn a_setting_is_read_from_a_command_line_by_its_type() {
    let declared = ordinary();
    let parse = |written: &str| {
        WrongSetting::parse(declared.settings(), written)
            .map(|(name, value)| format!("{name} = {value}"))
            .map_err(|wrong| wrong.to_string())
    };
    assert_eq!(parse("days=-0").unwrap(), "days = 0");
    assert_eq!(parse("mode=a=b").unwrap(), "mode = \"a=b\"");
    assert_eq!(parse("mode=").unwrap(), "mode = \"\"");
    assert_eq!(parse("words= c, a").unwrap(), "words = [\"c\", \"a\"]");
    assert_eq!(parse("words=").unwrap(), "words = []");
    assert_eq!(parse("on_call=true").unwrap(), "on_call = true");
    for (written, says) in [
        ("days", "setting `days` has no value: write `name=value`"),
        ("days=soon", "setting `days` is `soon`, not an integer"),
        ("days=31", "setting `days` is 31, not 0 to 30"),
        (
            "on_call=yes",
            "setting `on_call` is `yes`, not `true` or `false`",
        ),
        ("words=a,a", "setting `words` names `a` twice"),
        (
            "mode=a\nb",
            "setting `mode` holds a character that would be obeyed",
        ),
        (
            "moda=x",
            "setting `moda` is none that the module declares; did you mean `mode`?",
        ),
    ] {
        let said = parse(written).unwrap_err();
        assert!(said.starts_with(says), "{said}");
    }
}

#[test]
fn more_settings_than_a_module_can_have_are_refused() {
    let many = |count| {
        let one = |i| format!("[settings.s{i}]\ntype = \"flag\"\ndefault = true\n");
        Manifest::parse(&format!(
            "{HEAD}{}",
            (0..count).map(one).collect::<String>()
        ))
    };
    assert_eq!(many(MAX_SETTINGS).unwrap().settings().len(), MAX_SETTINGS);
    assert!(
        many(MAX_SETTINGS + 1)
            .unwrap_err()
            .to_string()
            .contains("more than 32")
    );
    let texts: Vec<String> = (0..=MAX_SETTING_TEXTS).map(|i| i.to_string()).collect();
    assert!(SettingValue::of(Plain::Texts(texts)).is_err());
    assert!(SettingValue::of(Plain::Text("x".repeat(MAX_SETTING_BYTES + 1))).is_err());
}

#[test]
fn a_name_is_of_one_form() {
    for good in ["a", "warn-days", "warn_days", "a1"] {
        assert!(SettingName::parse(good).is_some(), "{good}");
    }
    let long = "a".repeat(65);
    for bad in ["", "A", "1a", "-a", "a b", "a.b", "\u{e9}", &long] {
        assert!(SettingName::parse(bad).is_none(), "{bad}");
    }
}
