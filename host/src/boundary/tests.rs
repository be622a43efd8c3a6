use super::*;
use crate::model::{Capability, Field, FieldSet, Instant};

const ROSTER: &str = "version = 1\n[[people]]\nid = \"ada.l@mssp.example\"\nname = \"Ada\"\nroles = [\"operator\"]\n";

fn parse(text: &str) -> Result<Boundary, crate::written::Problems> {
    let roster = Roster::parse(ROSTER).unwrap();
    let endpoint = Endpoint::new("local-llm", "on-premises").unwrap();
    let host = HostNames::new(vec![endpoint]);
    Boundary::parse(&TenantId::parse("acme").unwrap(), text, &roster, &host)
}

fn sketch() -> Boundary {
    parse(SKETCH).unwrap_or_else(|problems| panic!("{problems}"))
}

const SKETCH: &str = r#"version = 1
fields = 1
accountable = "ada.l@mssp.example"

[data]
modules      = ["rule", "host.name", "user.name", "process", "observables"]
model        = ["rule", "process.name", "user.name"]
memory       = true
pseudonymise = ["host.name", "user.name"]

[model]
endpoint = "local-llm"
location = "on-premises"

[enrichment]
sources = ["assets", "known-good", "cases", "runbooks", "feeds/abuse-list"]

[review]
required = ["severity", "affected-assets", "every-citation"]
signers  = "allowed_signers"
downgrade_needs = 2
packet_needs = ["timeline", "assets", "gaps", "receipts"]
replay_bundle = ["internal"]

[[exclusions]]
clause = "MSA 7.2: no indicator of ours leaves the country"
deny   = ["feeds/abuse-list", "model", "process.command-line"]
until  = 2027-03-31

[[exclusions]]
clause = "works council: no notes"
deny   = ["memory"]
until  = 2026-12-31T12:00:00Z
"#;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

#[test]
fn a_complete_file_is_read_and_kept() {
    let boundary = sketch();
    assert_eq!(boundary.accountable(), "ada.l@mssp.example");
    assert_eq!(boundary.endpoint(), Some("local-llm"));
    assert_eq!(boundary.review().downgrade_needs(), 2);
    assert_eq!(boundary.review().packet_needs().count(), 4);
    assert_eq!(boundary.text(), SKETCH);
    assert_eq!(boundary.digest(), Digest::of(SKETCH.as_bytes()));
}

#[test]
fn a_field_named_nowhere_is_withheld_by_the_line_that_lists_the_others() {
    let boundary = sketch();
    let by = boundary.withheld(Field::Url, at("2026-11-23")).unwrap();
    assert_eq!((by.line, by.column, by.clause), (6, 1, None));
    assert!(by.text.as_str().starts_with("modules      = [\"rule\""));
    assert_eq!(boundary.withheld(Field::RuleName, at("2026-11-23")), None);
}

#[test]
fn an_exclusion_beats_what_is_allowed_to_the_end_of_its_last_day() {
    let boundary = sketch();
    let field = Field::ProcessCommandLine;
    for time in ["2026-11-23", "2027-03-31T23:59:59.999Z"] {
        let by = boundary.withheld(field, at(time)).unwrap();
        assert_eq!((by.line, by.column), (27, 40));
        assert_eq!(
            by.clause.unwrap().as_str(),
            "MSA 7.2: no indicator of ours leaves the country"
        );
        assert!(!boundary.visible_fields(at(time)).contains(field));
    }
    assert_eq!(boundary.withheld(field, at("2027-04-01")), None);
    assert!(boundary.visible_fields(at("2027-04-01")).contains(field));
}

#[test]
fn memory_is_denied_by_an_exclusion_to_its_last_instant() {
    let boundary = sketch();
    let denied = boundary.allows(Capability::Memory, at("2026-12-31T12:00:00Z"));
    assert_eq!(denied.unwrap_err().line, 32);
    let after = boundary.allows(Capability::Memory, at("2026-12-31T12:00:00.001Z"));
    assert_eq!(after, Ok(()));
    let never = parse(&SKETCH.replace("memory       = true", "memory = false")).unwrap();
    let denied = never.allows(Capability::Memory, at("2030-01-01"));
    assert_eq!(
        denied.unwrap_err().to_string(),
        "boundary.toml:8:10: memory = false"
    );
}

#[test]
fn a_capability_needs_its_source_among_the_sanctioned() {
    let only = SKETCH.replace(
        "sources = [\"assets\", \"known-good\", \"cases\", \"runbooks\", \"feeds/abuse-list\"]",
        "sources = [\"assets\"]",
    );
    let boundary = parse(&only).unwrap();
    let now = at("2026-11-23");
    assert_eq!(boundary.allows(Capability::Assets, now), Ok(()));
    assert_eq!(
        boundary
            .allows(Capability::KnownGood, now)
            .unwrap_err()
            .to_string(),
        "boundary.toml:16:1: sources = [\"assets\"]"
    );
}

#[test]
fn a_model_sees_tokens_of_what_is_pseudonymised_and_nothing_while_it_is_excluded() {
    let boundary = sketch();
    let (now, later) = (at("2026-11-23"), at("2027-04-01"));
    assert!(boundary.model_fields(now).is_empty() && boundary.model_tokens(now).is_empty());
    let (values, tokens) = (boundary.model_fields(later), boundary.model_tokens(later));
    assert!(values.contains(Field::ProcessName) && !values.contains(Field::UserName));
    assert!(tokens.contains(Field::UserName) && !tokens.contains(Field::ProcessName));
    let none = parse(&SKETCH.replace("\"local-llm\"", "\"none\"")).unwrap();
    assert!(none.model_fields(later).is_empty());
}

#[test]
fn what_is_explained_is_what_is_decided() {
    let boundary = sketch();
    let now = at("2026-11-23");
    let lines = boundary.explain(now);
    let answer = |subject: &str| {
        let line = lines.iter().find(|l| l.subject == subject);
        line.map(|l| (l.answer.as_str(), l.by.line)).unwrap()
    };
    assert_eq!(answer("field process.command-line"), ("withheld", 27));
    assert_eq!(answer("field rule.name"), ("visible to modules", 6));
    assert_eq!(answer("capability memory"), ("denied", 32));
    assert_eq!(answer("source feeds/abuse-list"), ("denied", 27));
    assert_eq!(answer("model"), ("denied", 27));
    assert_eq!(answer("replay bundle for"), ("internal", 23));
    assert_eq!(answer("accountable"), ("ada.l@mssp.example", 3));
    for field in Field::ALL {
        let hidden = boundary.withheld(*field, now).is_some();
        assert_ne!(hidden, boundary.visible_fields(now).contains(*field));
        assert_eq!(answer(&format!("field {field}")).0 == "withheld", hidden);
    }
}

#[test]
fn the_template_is_complete_with_and_without_exclusions() {
    let plain = parse(&Boundary::template("ada.l@mssp.example", &[])).unwrap();
    let now = at("2026-11-23");
    let hidden: Vec<_> = FieldSet::all()
        .without(plain.visible_fields(now))
        .iter()
        .collect();
    assert_eq!(hidden, [Field::Message]);
    for capability in Capability::ALL {
        assert_eq!(plain.allows(capability, now), Ok(()));
    }
    let exclusions = [
        TemplateExclusion {
            clause: "a \"quoted\" clause\n",
            deny: &["memory"],
            until: Some("2027-03-31"),
        },
        TemplateExclusion {
            clause: "another",
            deny: &["assets", "host"],
            until: None,
        },
    ];
    let text = Boundary::template("ada.l@mssp.example", &exclusions);
    let strict = parse(&text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    assert!(strict.allows(Capability::Memory, now).is_err());
    assert!(strict.allows(Capability::Assets, now).is_err());
    assert!(strict.withheld(Field::HostIp, now).is_some());
}

#[test]
fn every_wrong_boundary_is_explained_as_its_fixture_says() {
    crate::written::fixtures::each("boundary", |text| parse(text).err());
}

#[test]
fn every_wrong_roster_is_explained_as_its_fixture_says() {
    crate::written::fixtures::each("roster", |text| Roster::parse(text).err());
}

#[test]
fn what_no_time_is_stated_for_is_kept_for_ever() {
    use crate::model::RetentionClass::{Derived, Packets, Raw};
    let now = Instant::parse("2026-11-23").unwrap();
    assert_eq!(sketch().retention().over_before(Raw, now), None);
    let stated = parse(&format!("{SKETCH}\n[retention]\nraw_days = 23\n")).unwrap();
    let retention = stated.retention();
    assert_eq!(
        retention.over_before(Raw, now),
        Instant::parse("2026-10-31")
    );
    assert_eq!(retention.days(Derived).or(retention.days(Packets)), None);
    let said = |text: &str| {
        let wrong = parse(&format!("{SKETCH}\n[retention]\n{text}\n"));
        wrong.unwrap_err().to_string()
    };
    assert!(said("raw_day = 7").contains("did you mean `raw_days`?"));
    assert!(said("raw_days = 0").contains("is 0, not 1 to 36500"));
    assert!(said("packet_days = \"7\"").contains("is a string, not an integer"));
}
