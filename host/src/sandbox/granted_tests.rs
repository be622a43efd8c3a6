use super::*;
use crate::boundary::{HostNames, Roster};

const NOW: Instant = Instant::from_millis(1_795_420_800_000); // 2026-11-23T08:00:00Z

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn boundary(change: impl Fn(String) -> String) -> Boundary {
    let roster = "version = 1\n[[people]]\nid = \"ada@mssp.example\"\nname = \"Ada\"\nroles = [\"operator\"]\n";
    let text = change(Boundary::template("ada@mssp.example", &[]));
    let roster = Roster::parse(roster).unwrap();
    Boundary::parse(&tenant("acme"), &text, &roster, &HostNames::none()).unwrap()
}

fn manifest(capabilities: &str) -> Manifest {
    Manifest::parse(&format!(
        "name = \"enrich\"\nversion = \"0.1.0\"\nkind = \"enricher\"\ncontract = \"casemate:soc@0.1.0\"\ncapabilities = [{capabilities}]\nfields = [\"host\", \"message\"]\n"
    ))
    .unwrap()
}

fn grants(entries: &[(&str, &str, &[u8], &str)]) -> Grants {
    let mut text = "version = 1\n".to_owned();
    for (module, tenants, bytes, capabilities) in entries {
        text.push_str(&format!(
            "[[grant]]\nmodule = \"{module}\"\ndigest = \"sha256:{}\"\ntenants = {tenants}\ncapabilities = [{capabilities}]\nby = \"ada@mssp.example\"\nat = 2026-11-23\nlimits = {{ memory_mib = 16 }}\n",
            Digest::of(bytes)
        ));
    }
    Grants::parse(&text).unwrap()
}

const BOTH: &str = "\"assets\", \"known-good\"";

#[test]
fn a_run_has_what_all_three_consent_to_and_a_line_for_all_else() {
    let decide = |asked: &str, sources: &str, granted: &str| {
        let boundary = boundary(|t| t.replace("sources = [\"assets\", \"known-good\"]", sources));
        let grants = grants(&[("enrich", "\"all\"", b"x", granted)]);
        let digest = Digest::of(b"x");
        Granted::decide(
            &tenant("acme"),
            &manifest(asked),
            digest,
            &boundary,
            &grants,
            NOW,
        )
        .unwrap()
    };
    for asked in ["", "\"assets\"", BOTH] {
        for sources in [
            "sources = []",
            "sources = [\"assets\"]",
            "sources = [\"assets\", \"known-good\"]",
        ] {
            for granted in ["", "\"assets\"", BOTH] {
                let run = decide(asked, sources, granted);
                for capability in Capability::ALL {
                    let name = format!("\"{capability}\"");
                    let want = [asked, sources, granted].iter().all(|t| t.contains(&name));
                    assert_eq!(run.capabilities().contains(&capability), want);
                    assert_eq!(run.denial(capability).is_none(), want);
                }
            }
        }
    }
    let run = decide("\"assets\"", "sources = []", "");
    let by = |capability| run.denial(capability).unwrap().to_string();
    assert!(
        by(Capability::Assets).starts_with("capability `assets` is not allowed: boundary.toml:")
    );
    assert!(by(Capability::Assets).ends_with(": sources = []"));
    assert_eq!(
        by(Capability::Memory),
        "capability `memory` is not asked for: module.toml:5:1: capabilities = [\"assets\"]"
    );
    let run = decide("\"assets\"", "sources = [\"assets\"]", "");
    assert_eq!(
        run.denial(Capability::Assets).unwrap().to_string(),
        "capability `assets` is not granted: grants.toml:6:1: capabilities = []"
    );
}

#[test]
fn a_module_sees_the_fields_it_asks_for_and_the_boundary_shows() {
    let boundary = boundary(|t| t);
    let grants = grants(&[("enrich", "[\"acme\"]", b"x", "")]);
    let digest = Digest::of(b"x");
    let run = Granted::decide(
        &tenant("acme"),
        &manifest(""),
        digest,
        &boundary,
        &grants,
        NOW,
    )
    .unwrap();
    assert_eq!(
        run.fields(),
        [Field::HostName, Field::HostIp].into_iter().collect()
    );
    let withheld: Vec<_> = run.withheld().iter().map(|w| w.field).collect();
    assert_eq!(withheld, [Field::Message]);
    assert!(
        run.withheld()[0]
            .by
            .text
            .as_str()
            .starts_with("modules = [")
    );
    assert_eq!(run.limits().memory_mib, 16);
    assert_eq!(run.limits().host_calls, GrantedLimits::DEFAULT.host_calls);
}

#[test]
fn the_last_grant_for_a_digest_and_tenant_decides_alone() {
    let boundary = boundary(|t| t);
    let digest = Digest::of(b"x");
    let decide = |grants: &Grants| {
        Granted::decide(
            &tenant("acme"),
            &manifest(BOTH),
            digest,
            &boundary,
            grants,
            NOW,
        )
        .unwrap()
        .capabilities()
        .len()
    };
    let all = ("enrich", "\"all\"", b"x".as_slice(), BOTH);
    let none = ("enrich", "[\"acme\"]", b"x".as_slice(), "");
    let other = ("enrich", "[\"bolt\"]", b"x".as_slice(), BOTH);
    assert_eq!(decide(&grants(&[all])), 2);
    assert_eq!(decide(&grants(&[all, none, other])), 0);
    assert_eq!(decide(&grants(&[none, all])), 2);
}

#[test]
fn a_module_without_a_grant_is_told_what_there_is_instead() {
    let boundary = boundary(|t| t);
    let why = |tenant_id: &str, entries: &[(&str, &str, &[u8], &str)]| {
        let (tenant, digest) = (tenant(tenant_id), Digest::of(b"x"));
        let manifest = manifest("");
        *Granted::decide(&tenant, &manifest, digest, &boundary, &grants(entries), NOW)
            .unwrap_err()
            .why
    };
    assert_eq!(why("acme", &[]), WhyNotGranted::Never);
    assert!(matches!(
        why("acme", &[("enrich", "[\"bolt\"]", b"x", "")]),
        WhyNotGranted::OtherTenants(line) if line.line == 2
    ));
    assert!(matches!(
        why("acme", &[("enrich", "\"all\"", b"old", "")]),
        WhyNotGranted::OtherDigest(digest, _) if digest == Digest::of(b"old")
    ));
    assert!(matches!(
        why("acme", &[("renamed", "\"all\"", b"x", "")]),
        WhyNotGranted::OtherName(name, _) if name.as_str() == "renamed"
    ));
    assert!(matches!(
        why("bolt", &[("enrich", "\"all\"", b"x", "")]),
        WhyNotGranted::OtherBoundary(other) if other.as_str() == "acme"
    ));
}

#[test]
fn a_consent_that_lapsed_names_its_line_and_one_that_never_was_names_none() {
    let decided_by = |grants: Grants| {
        let refused = Granted::decide(
            &tenant("acme"),
            &manifest(""),
            Digest::of(b"x"),
            &boundary(|t| t),
            &grants,
            NOW,
        );
        let refused = refused.unwrap_err();
        let said = refused.to_string();
        let (_, why) = said.split_once(" is not granted: ").unwrap();
        assert!(
            why.contains("grants"),
            "it names the file or what it says: {why}"
        );
        let why = refused.why;
        why.decided_by().map(|line| (line.file, line.line))
    };
    let granted = |module, tenants, bytes: &[u8]| grants(&[(module, tenants, bytes, "")]);
    assert_eq!(
        decided_by(granted("enrich", "\"all\"", b"y")),
        Some(("grants.toml", 2)),
        "other bytes"
    );
    assert_eq!(
        decided_by(granted("other", "\"all\"", b"x")),
        Some(("grants.toml", 2)),
        "another name"
    );
    assert_eq!(decided_by(granted("enrich", "[\"bolt\"]", b"x")), None);
    assert_eq!(decided_by(Grants::default()), None);
}
