//! A host that wants boundaries and grants signed: who did it is proven, or nothing runs.
#![expect(
    clippy::disallowed_methods,
    reason = "what a person or a broken disk does to files, the tests do"
)]

use crate::support::{Bench, NOW, PERSON, said, start, tenant, trail};
use casemate::boundary::{AppliedTo, Boundary, NotSigned, Purpose, RequireSigned};
use casemate::consent::{Consent, Terms};
use casemate::model::{Digest, Instant, ModuleName};
use casemate::sandbox::{GrantedTenants, Grants};
use casemate::setup::{self, SetupError};
use casemate::trail::Entry;
use casemate::triage::NotStarted;
use casemate::{Casemate, ErrorKind};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};

/// A second after everything else was written.
const LATER: Instant = Instant::from_millis(NOW.millis() + 1_000);

fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

fn signature(seed: u8, purpose: &Purpose, text: &str) -> String {
    let namespace = purpose.to_string();
    let signed = SshSig::sign(&key(seed), &namespace, HashAlg::Sha512, text.as_bytes()).unwrap();
    signed.to_pem(LineEnding::LF).unwrap()
}

/// Two tenants and a module that nobody has; its operator signs with key 1.
fn wanting(what: &str) -> Bench {
    let bench = Bench::new();
    bench.ours(&["grouper", "assets", "known-good", "drafter"]);
    bench.tenant("acme");
    bench.tenant("bolt");
    let home = bench.home();
    let line = key(1).public_key().to_openssh().unwrap();
    let roster = home.text("roster.toml").unwrap().unwrap();
    let keys = format!("{roster}keys = [\"{line}\"]\n");
    home.replace_text("roster.toml", &keys).unwrap();
    let host = format!("version = 1\nrequire_signed = [\"{what}\"]\n");
    home.replace_text("host.toml", &host).unwrap();
    bench
}

fn why_not(casemate: &Casemate, id: &str) -> (&'static str, NotSigned) {
    let Err(error) = casemate.start(&tenant(id), NOW) else {
        panic!("tenant `{id}` starts");
    };
    assert_eq!(error.kind(), ErrorKind::Denied);
    if let NotStarted::NotSigned { file, why } = error {
        return (file, why);
    }
    panic!("{error}")
}

fn apply(casemate: &Casemate, id: &str, text: &str, seed: u8) -> Result<(), SetupError> {
    let tenant = tenant(id);
    let by = casemate.caller(PERSON).unwrap();
    let plan = casemate.plan_boundary(&tenant, text)?;
    let signature = signature(seed, &Purpose::Boundary(tenant), text);
    let applied = casemate.apply_boundary(&plan, &by, Some(&signature))?;
    assert!(applied.not_recorded.is_none());
    Ok(())
}

#[test]
fn a_tenant_starts_with_a_signed_boundary_only_and_not_with_one_that_was_edited_since() {
    let bench = wanting("boundaries");
    let casemate = bench.open();
    let unsigned = ("boundary.toml", NotSigned::Missing);
    assert_eq!(why_not(&casemate, "acme"), unsigned);
    let text = Bench::allowing();
    apply(&casemate, "acme", &text, 1).unwrap();
    drop(start(&casemate, &tenant("acme")));
    assert_eq!(why_not(&casemate, "bolt"), unsigned);

    let scope = casemate.home().tenant(&tenant("acme")).unwrap();
    scope
        .replace_boundary(&format!("{text}\n# wider\n"))
        .unwrap();
    assert_eq!(why_not(&casemate, "acme"), unsigned);
    scope.replace_boundary(&text).unwrap();
    drop(start(&casemate, &tenant("acme")));
}

#[test]
fn the_trail_names_the_signature_of_a_boundary() {
    let bench = wanting("boundaries");
    let casemate = bench.open();
    let text = Bench::allowing();
    apply(&casemate, "acme", &text, 1).unwrap();
    let signature = signature(1, &Purpose::Boundary(tenant("acme")), &text);
    let told: Vec<_> = trail(&casemate, &tenant("acme"))
        .into_iter()
        .filter_map(|stamped| {
            let Entry::Boundary(change) = stamped.entry else {
                return None;
            };
            Some(change.signatures)
        })
        .collect();
    assert_eq!(told, [vec![Digest::of(signature.trim().as_bytes())]]);
}

#[test]
fn nothing_is_applied_without_the_signature_of_whoever_applies_it() {
    let bench = wanting("boundaries");
    let casemate = bench.open();
    let by = casemate.caller(PERSON).unwrap();
    let text = format!("{}# new\n", Bench::allowing());
    let plan = casemate.plan_boundary(&tenant("acme"), &text).unwrap();
    let purpose = Purpose::Boundary(tenant("acme"));
    let missing = casemate.apply_boundary(&plan, &by, None).unwrap_err();
    assert!(matches!(missing, SetupError::BoundaryNeedsSignature(p) if p == purpose));
    for wrong in [
        signature(2, &purpose, &text),
        signature(1, &Purpose::Boundary(tenant("bolt")), &text),
        signature(1, &Purpose::Defaults, &text),
        signature(1, &purpose, &text[1..]),
        String::from("-----BEGIN SSH SIGNATURE-----"),
    ] {
        let refused = casemate.apply_boundary(&plan, &by, Some(&wrong));
        assert!(matches!(refused, Err(SetupError::NotSigned(_))));
    }
    let scope = casemate.home().tenant(&tenant("acme")).unwrap();
    assert_ne!(scope.boundary().unwrap().unwrap(), text);
    assert!(bench.home().text("applied.toml").unwrap().is_none());
}

#[test]
fn unsigned_defaults_stop_every_tenant_and_signed_ones_none() {
    let bench = wanting("boundaries");
    let casemate = bench.open();
    for id in ["acme", "bolt"] {
        apply(&casemate, id, &Bench::allowing(), 1).unwrap();
    }
    let own = Bench::allowing();
    let lines = own
        .lines()
        .filter(|line| !line.starts_with("accountable") && !line.starts_with("signers"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let by = casemate.caller(PERSON).unwrap();
    let plan = casemate.plan_defaults(&text, &[]).unwrap();
    let signed = signature(1, &AppliedTo::Defaults.purpose(), &text);
    assert!(casemate.apply_defaults(&plan, &by, None).is_err());
    casemate.apply_defaults(&plan, &by, Some(&signed)).unwrap();
    drop(start(&casemate, &tenant("acme")));
    let path = bench.path().join("defaults/boundary.toml");
    std::fs::write(&path, format!("{text}# edited\n")).unwrap();
    for id in ["acme", "bolt"] {
        assert_eq!(why_not(&casemate, id).0, "defaults/boundary.toml");
    }
    // Nor does one that is gone leave the tenants to their own files.
    std::fs::remove_file(&path).unwrap();
    let gone = ("defaults/boundary.toml", NotSigned::Gone);
    assert_eq!(why_not(&casemate, "acme"), gone);
}

#[test]
fn a_file_that_cannot_be_read_demands_everything_rather_than_nothing() {
    let bench = wanting("boundaries");
    let home = bench.home();
    let casemate = bench.open();
    let wrong = "version = 1\nrequire_signed = [\"boundary\"]\n";
    home.replace_text("host.toml", wrong).unwrap();
    let stopped = casemate.start(&tenant("acme"), NOW).err().unwrap();
    assert!(
        stopped
            .to_string()
            .contains("`boundary` is no thing that is signed"),
        "{stopped}"
    );
}

#[test]
fn an_embedder_can_demand_what_the_home_does_not() {
    let bench = wanting("grants");
    std::fs::remove_file(bench.path().join("host.toml")).unwrap();
    let casemate = bench.open_with(|settings| settings.require_signed = RequireSigned::ALL);
    assert_eq!(why_not(&casemate, "acme").1, NotSigned::Missing);
}

#[test]
fn a_module_runs_by_a_signed_grant_only() {
    let bench = wanting("grants");
    let home = bench.home();
    let module = ModuleName::parse("drafter").unwrap();
    let acme = GrantedTenants::These(vec![tenant("acme")]);
    let consent = Consent::prepare(&home, &module, acme, PERSON, LATER, &Terms::default()).unwrap();
    assert!(consent.needs_signature());
    let unsigned = consent.give(&home).map(drop);
    assert!(matches!(unsigned, Err(SetupError::NeedsSignature(_))));
    let acme = GrantedTenants::These(vec![tenant("acme")]);
    let unsigned = setup::grant(&home, &module, acme, PERSON, LATER).map(drop);
    assert!(matches!(unsigned, Err(SetupError::NeedsSignature(_))));
    let text = consent.grant().text();
    let wrong = signature(2, &Purpose::Grant, &text);
    assert!(
        Consent::of_text(&home, &text)
            .unwrap()
            .give_signed(&home, &wrong)
            .is_err()
    );
    let before = bench.open();
    assert!(
        !start(&before, &tenant("acme"))
            .modules()
            .any(|(name, _)| *name == module)
    );

    let signed = signature(1, &Purpose::Grant, &text);
    Consent::of_text(&home, &text)
        .unwrap()
        .give_signed(&home, &signed)
        .unwrap();
    let casemate = bench.open();
    assert!(
        start(&casemate, &tenant("acme"))
            .modules()
            .any(|(name, _)| *name == module)
    );
    assert!(
        !start(&casemate, &tenant("bolt"))
            .modules()
            .any(|(name, _)| *name == module)
    );
    let told = trail(&casemate, &tenant("acme"))
        .into_iter()
        .find_map(|stamped| {
            let Entry::Grant(change) = stamped.entry else {
                return None;
            };
            change.signature.filter(|_| change.module == module)
        });
    assert_eq!(told, Some(Digest::of(signed.trim().as_bytes())));

    // What was signed once does not come back after it was withdrawn.
    let acme = GrantedTenants::These(vec![tenant("acme")]);
    let after = Instant::from_millis(LATER.millis() + 1_000);
    let kept = home.text(Grants::FILE).unwrap().unwrap();
    setup::revoke(&home, &module, acme, PERSON, after).unwrap();
    let again = Consent::of_text(&home, &text).unwrap();
    let replayed = again.give_signed(&home, &signed).map(drop);
    assert!(matches!(replayed, Err(SetupError::NotThisGrant(_))));
    home.replace_text(Grants::FILE, &kept).unwrap();

    // Somebody with an editor gives it to everybody.
    let file = home.text(Grants::FILE).unwrap().unwrap();
    let wider = file.replace("tenants = [\"acme\"]", "tenants = \"all\"");
    assert_ne!(wider, file);
    home.replace_text(Grants::FILE, &wider).unwrap();
    for id in ["acme", "bolt"] {
        let session = start(&bench.open(), &tenant(id));
        assert!(!session.modules().any(|(name, _)| *name == module), "{id}");
    }
}

#[test]
fn what_was_written_to_be_signed_is_granted_as_it_stands_or_not_at_all() {
    let bench = wanting("grants");
    let home = bench.home();
    let module = ModuleName::parse("assets").unwrap();
    let all = GrantedTenants::All;
    let text = Consent::prepare(&home, &module, all, PERSON, NOW, &Terms::default())
        .unwrap()
        .grant()
        .text();
    for changed in [
        format!("{text}\n"),
        format!("# mine\n{text}"),
        format!("{text}{text}"),
        text.replace("shadow", "x") + "shadow = true\n",
        String::new(),
    ] {
        assert!(Consent::of_text(&home, &changed).is_err(), "{changed}");
    }
    let (wasm, toml) = home.module(&module).unwrap().unwrap();
    home.install_module(&module, &wasm, &format!("{toml}# newer\n"))
        .unwrap();
    let newer = Consent::of_text(&home, &text).map(drop);
    assert!(matches!(newer, Err(SetupError::NotThisGrant(_))));
}

#[test]
fn the_command_line_leads_from_a_grant_to_its_signature_and_back() {
    let bench = wanting("grants");
    let file = bench.path().join("grant.toml");
    let shown = file.to_str().unwrap();
    let command = |args: &[&str]| said(bench.path(), args);
    let grant = [
        "module", "grant", "drafter", "--tenant", "acme", "--by", PERSON,
    ];
    let unsigned = command(&grant);
    assert!(
        unsigned.0 == 2 && unsigned.2.contains("--to-sign FILE"),
        "{unsigned:?}"
    );
    let written = command(&[&grant[..], &["--to-sign", shown]].concat());
    assert_eq!(written.0, 0, "{written:?}");
    assert!(written.2.contains("ssh-keygen -Y sign -n casemate-grant"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(format!("{shown}.sig"), signature(1, &Purpose::Grant, &text)).unwrap();
    let signed = command(&["module", "grant-signed", shown]);
    assert_eq!(signed.0, 0, "{signed:?}");
    assert!(signed.1.contains("drafter"));
    let again = command(&[&grant[..], &["--to-sign", shown]].concat());
    assert_ne!(again.0, 0, "an old file is kept: {again:?}");

    let boundary = bench.path().join("tenants/acme").join(Boundary::FILE);
    let text = std::fs::read_to_string(&boundary).unwrap();
    let sig = bench.path().join("b.sig");
    let purpose = Purpose::Boundary(tenant("acme"));
    std::fs::write(&sig, signature(2, &purpose, &text)).unwrap();
    let apply = [
        "boundary",
        "apply",
        boundary.to_str().unwrap(),
        "--tenant",
        "acme",
        "--by",
        PERSON,
    ];
    let signed = [&apply[..], &["--signature", sig.to_str().unwrap()]].concat();
    let stranger = command(&signed);
    assert_eq!(stranger.0, 2, "{stranger:?}");
    std::fs::write(&sig, signature(1, &purpose, &text)).unwrap();
    let applied = command(&signed);
    assert_eq!(applied.0, 0, "{applied:?}");
    let written = bench.home().text("applied.toml").unwrap().unwrap();
    assert!(written.contains("BEGIN SSH SIGNATURE"), "{written}");
}
