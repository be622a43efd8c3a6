//! Defaults, and a tenant's own file under them.

use super::*;
use crate::model::{Capability, Field, Instant, RetentionClass};

const DEFAULTS: &str = r#"version = 1
fields = 1

[data]
modules      = ["rule", "host.name", "user.name", "process"]
model        = ["rule", "user.name"]
memory       = false
pseudonymise = ["user.name"]

[model]
endpoint = "local-llm"
location = "on-premises"

[enrichment]
sources = ["assets", "known-good"]

[review]
required = ["severity", "every-citation"]
downgrade_needs = 3
packet_needs = ["gaps"]
replay_bundle = ["internal"]

[[exclusions]]
clause = "house rule 4"
deny   = ["process.command-line"]
until  = 2026-12-31

[retention]
raw_days = 100

[widen]
modules = ["url"]
model   = ["process.name"]
memory  = true
sources = ["feeds/abuse-list"]
"#;

const OWN: &str = r#"version = 1
fields = 1
accountable = "ada.l@mssp.example"

[data]
modules      = ["rule", "host.name", "user.name", "process", "url", "domain"]
model        = ["rule", "process.name", "host.name", "user.name"]
memory       = true
pseudonymise = []

[model]
endpoint = "local-llm"
location = "on-premises"

[enrichment]
sources = ["assets", "cases", "feeds/abuse-list"]

[review]
required = ["severity", "affected-assets"]
signers  = "allowed_signers"
downgrade_needs = 2
packet_needs = []
replay_bundle = ["counsel", "internal"]

[[exclusions]]
clause = "MSA 7.2"
deny   = ["host.name"]

[retention]
raw_days = 400
derived_days = 50
"#;

fn host() -> HostNames {
    let endpoint = |name| Endpoint::new(name, "on-premises").unwrap();
    HostNames::new(vec![endpoint("local-llm"), endpoint("other-llm")])
}

fn own(text: &str) -> Boundary {
    let roster = "version = 1\n[[people]]\nid = \"ada.l@mssp.example\"\nname = \"Ada\"\nroles = [\"operator\"]\n";
    let roster = Roster::parse(roster).unwrap();
    let tenant = TenantId::parse("acme").unwrap();
    Boundary::parse(&tenant, text, &roster, &host()).unwrap_or_else(|p| panic!("{p}"))
}

fn under(text: &str, defaults: &str) -> Boundary {
    let defaults = Defaults::parse(defaults, &host()).unwrap_or_else(|p| panic!("{p}"));
    own(text).under(Some(Arc::new(defaults)))
}

fn now() -> Instant {
    Instant::parse("2026-11-23").unwrap()
}

#[test]
fn a_tenants_file_allows_what_the_defaults_do_or_let_it_widen() {
    let boundary = under(OWN, DEFAULTS);
    let by = |field| {
        let ruling = boundary.rules_on_field(field, now());
        let place = |d: Decision| format!("{}:{}", d.file, d.line);
        (ruling.allowed, place(ruling.by), ruling.widened.map(place))
    };
    let file = |line: u32| format!("boundary.toml:{line}");
    let theirs = |line: u32| format!("defaults/boundary.toml:{line}");
    assert_eq!(by(Field::RuleName), (true, file(6), None));
    assert_eq!(by(Field::Url), (true, file(6), Some(theirs(32))));
    assert_eq!(by(Field::Domain), (false, theirs(5), None));
    assert_eq!(by(Field::Message), (false, file(6), None));
    assert_eq!(by(Field::HostName), (false, file(27), None));
    assert_eq!(by(Field::ProcessCommandLine), (false, theirs(25), None));
    let source = |name| {
        let source = EnrichmentSource::parse(name).unwrap();
        boundary.rules_on_source(&source, now()).allowed
    };
    assert!(source("assets") && source("feeds/abuse-list"));
    assert!(!source("cases") && !source("known-good") && !source("feeds/other"));
    assert_eq!(boundary.allows(Capability::Memory, now()), Ok(()));
    let held = DEFAULTS.replace("memory  = true", "memory  = false");
    let denied = under(OWN, &held).allows(Capability::Memory, now());
    let denied = denied.unwrap_err().to_string();
    assert_eq!(denied, "defaults/boundary.toml:7:16: memory       = false");
}

#[test]
fn a_model_never_sees_a_token_where_it_saw_nothing() {
    let boundary = under(OWN, DEFAULTS);
    let sees = |field| boundary.model_sees(field, now());
    assert_eq!(sees(Field::RuleName), ModelSees::Value);
    assert_eq!(
        sees(Field::UserName),
        ModelSees::Token,
        "the defaults' token"
    );
    assert_eq!(sees(Field::ProcessName), ModelSees::Value, "widened");
    assert_eq!(sees(Field::ProcessPath), ModelSees::Nothing);
    let quiet = OWN.replace(
        "\"host.name\", \"user.name\"]\nmemory",
        "\"host.name\"]\nmemory",
    );
    assert_ne!(quiet, OWN);
    let quiet = under(&quiet, DEFAULTS);
    assert_eq!(quiet.model_sees(Field::UserName, now()), ModelSees::Nothing);
}

#[test]
fn another_endpoint_than_the_defaults_is_none_unless_they_let_it_be() {
    let other = OWN.replace("\"local-llm\"", "\"other-llm\"");
    let boundary = under(&other, DEFAULTS);
    let ruling = boundary.rules_on_model(now());
    assert!(!ruling.allowed && boundary.endpoint().is_none());
    assert_eq!((ruling.by.file, ruling.by.line), (Defaults::FILE, 11));
    let wide = format!("{DEFAULTS}endpoint = true\n");
    let boundary = under(&other, &wide);
    assert!(boundary.rules_on_model(now()).allowed);
    assert_eq!(boundary.endpoint(), Some("other-llm"));
}

#[test]
fn demands_of_both_files_are_made_and_the_fewer_days_count() {
    let boundary = under(OWN, DEFAULTS);
    let review = boundary.review();
    assert_eq!(review.required().count(), 3);
    assert_eq!(
        review.packet_needs().collect::<Vec<_>>(),
        [PacketPart::Gaps]
    );
    assert_eq!(review.downgrade_needs(), 3);
    assert_eq!(
        review.replay_bundle().collect::<Vec<_>>(),
        [Audience::Internal]
    );
    let kept = |b: &Boundary, class| b.retention().days(class);
    assert_eq!(kept(&boundary, RetentionClass::Raw), Some(100));
    assert_eq!(kept(&boundary, RetentionClass::Derived), Some(50));
    assert_eq!(kept(&boundary, RetentionClass::Packets), None);
    let longer = under(OWN, &format!("{DEFAULTS}retention = true\n"));
    assert_eq!(kept(&longer, RetentionClass::Raw), Some(400));
}

#[test]
fn each_line_that_the_defaults_leave_without_effect_is_told_with_theirs() {
    let told: Vec<_> = under(OWN, DEFAULTS)
        .ineffective()
        .into_iter()
        .map(|n| (n.line.line, n.what, n.by.line))
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(a, what, b)| (*a, what.as_str(), *b))
        .collect();
    assert_eq!(
        told,
        [
            (6, "modules do not see `domain`", 5),
            (7, "a model does not see `host.name`", 6),
            (7, "a model sees a token of `user.name`", 8),
            (16, "source `cases` is not used", 15),
            (21, "3 people are needed to lower a severity", 19),
            (23, "`counsel` does not get the replay bundle", 21),
            (30, "raw is kept 100 days", 29),
        ]
    );
}

#[test]
fn what_is_explained_names_the_file_that_decides() {
    let boundary = under(OWN, DEFAULTS);
    let lines = boundary.explain(now());
    let line = |subject: &str| {
        let line = lines.iter().find(|l| l.subject == subject).unwrap();
        let with = line.with.as_ref().map(|w| (w.file, w.line));
        (line.answer.as_str(), line.by.file, line.by.line, with)
    };
    let theirs = Defaults::FILE;
    let own = Boundary::FILE;
    assert_eq!(
        line("field url"),
        ("visible to modules", own, 6, Some((theirs, 32)))
    );
    assert_eq!(line("field domain"), ("withheld", theirs, 5, None));
    assert_eq!(
        line("review requires"),
        (
            "severity, affected-assets, every-citation",
            own,
            19,
            Some((theirs, 18))
        )
    );
    assert_eq!(line("signers to lower a severity"), ("3", theirs, 19, None));
    assert_eq!(
        line("replay bundle for"),
        ("internal", own, 23, Some((theirs, 21)))
    );
    assert_eq!(
        line("retention raw"),
        ("100 days after it was taken in", theirs, 29, None)
    );
    let exclusions = boundary.exclusions(Instant::parse("2027-01-01").unwrap());
    let told: Vec<_> = exclusions
        .iter()
        .map(|e| {
            (
                e.by.file,
                e.in_force,
                e.until.as_deref(),
                e.denies.join(" "),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (own, true, None, "host.name".to_owned()),
            (
                theirs,
                false,
                Some("2026-12-31"),
                "process.command-line".to_owned()
            ),
        ]
    );
}

#[test]
fn the_digest_is_of_both_files_and_of_the_tenants_alone_without_defaults() {
    let boundary = under(OWN, DEFAULTS);
    let both = Digest::of_parts(&[OWN.as_bytes(), DEFAULTS.as_bytes()]);
    assert_eq!(boundary.digest(), both);
    assert_eq!(boundary.under(None).digest(), Digest::of(OWN.as_bytes()));
}

#[test]
fn a_difference_is_told_in_words_at_once_and_later() {
    let before = under(OWN, DEFAULTS);
    let text = OWN
        .replace("\"url\", \"domain\"", "\"domain\"")
        .replace("memory       = true", "memory       = false")
        .replace("downgrade_needs = 2", "downgrade_needs = 4")
        .replace(
            "deny   = [\"host.name\"]",
            "deny   = [\"host.name\"]\nuntil  = 2026-11-30",
        );
    let now_then = under(&text, DEFAULTS);
    let told = Difference::between(Some(&before), &now_then, now());
    assert_eq!(
        told.to_string(),
        "MORE   fields for modules: host.name: visible (before: withheld), from 2026-12-01T00:00:00Z on
LESS   fields for modules: url: withheld (before: visible)
LESS   memory: denied (before: allowed)
LESS   people who must sign to lower a severity: 4 (before: 3)
OTHER  exclusion `MSA 7.2` of the tenant's file denies host.name, to 2026-11-30 (before: for ever)
"
    );
    let back = Difference::between(Some(&now_then), &before, now());
    assert_eq!(back.more.len(), 3, "{back}");
    let comment = Difference::between(
        Some(&before),
        &under(&format!("{OWN}# x\n"), DEFAULTS),
        now(),
    );
    assert!(comment.is_nothing() && comment.text_only);
    let same = Difference::between(Some(&before), &before, now());
    assert!(same.is_nothing() && !same.text_only);
    let first = Difference::between(None, &before, now());
    assert!(first.less.is_empty() && !first.more.is_empty(), "{first}");
}

#[test]
fn every_wrong_file_of_defaults_is_explained_as_its_fixture_says() {
    crate::written::fixtures::each("defaults", |text| Defaults::parse(text, &host()).err());
}
