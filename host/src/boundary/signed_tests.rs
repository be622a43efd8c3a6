use super::*;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};

/// Made by OpenSSH's own `ssh-keygen`, over `hello` and a line feed.
const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVJMzDFH4CyKp+44joO66mN+HTlJ48wSct0FsC3iHDt ed25519";
const FOR_ACME: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAglUkzMMUfgLIqn7jiOg7rqY34dO
UnjzBJy3QWwLeIcO0AAAAWY2FzZW1hdGUtYm91bmRhcnk6YWNtZQAAAAAAAAAGc2hhNTEy
AAAAUwAAAAtzc2gtZWQyNTUxOQAAAEDTC64M3D2BDeDRJX2AP+eWDfNw8Ll41amjiXfUwG
7dEDXb7HBOcVSRVPIQ1mcwKd1Of4s+D/ZeekXY6DBS7VYB
-----END SSH SIGNATURE-----";
const P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFP85UayQn3+D6OcxgUnQpYLgEFy7NXoIJhj6Rc3Dv4pDtfDYDl2zvPGgcunh1T3/81Anc4W9nmI7kXLQVldeEM= ecdsab256";
const FOR_A_GRANT: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EEU/zlRrJCff4Po5zGBSdClguAQXLs1eggmGPpFzcO/ikO18NgOXbO88aBy6eHVPf/zUCd
zhb2eYjuRctBWV14QwAAAA5jYXNlbWF0ZS1ncmFudAAAAAAAAAAGc2hhNTEyAAAAYwAAAB
NlY2RzYS1zaGEyLW5pc3RwMjU2AAAASAAAACBMyCYKLcE/uhWTNplOTHivAWJrAYNlG2qb
8lUn4ybgaQAAACBOeUmmaEOPq67Z5OYKxRYSe8BwwPeFvMtDIb/oFY5dUw==
-----END SSH SIGNATURE-----";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC/Va+Zc3I403uwKPoLccYCgARtvuu1VUoCA2V655Cn0AP4n6Z8AVklZ6AwZP2sYyH5DunHpT3PBKtOxN62yMgCSoOAuTp/6gKNTiU3D6M9FPZ5INC4OKx/AxritfHRYDI6Mw2/Rhj++F5iiogPtWOAbc9ROgxJZUX2uQPOijuOCN4XhZD29RmDUtkfNrET0s7NxMF1+Ghh77RtlOhekAJ7ablTgmz2YVP6oC1ZWGOiMvgasLLtHa3vTrujnA2LpWsPycVpYzuIdMgQbVpBTCpV+Jv1Euv0UUXdKe4awuB7iV3d2bp+x1PZYnMcxJcd3d/qsy8MQy3WQ6eyz1kZK+ox rsab2048";
const TEXT: &[u8] = b"hello\n";

fn roster(people: &[(&str, &str, &str)]) -> Roster {
    let mut text = String::from("version = 1\n");
    for (id, role, key) in people {
        text.push_str(&format!(
            "[[people]]\nid = \"{id}\"\nname = \"N\"\nroles = [\"{role}\"]\nkeys = [\"{key}\"]\n"
        ));
    }
    Roster::parse(&text).unwrap()
}

fn both() -> Roster {
    roster(&[
        ("ada@m.example", "operator", ED25519),
        ("bo@m.example", "operator", P256),
    ])
}

fn acme() -> Purpose {
    Purpose::Boundary(TenantId::parse("acme").unwrap())
}

fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "test").unwrap()
}

fn signed_by(key: &PrivateKey, purpose: &Purpose, text: &[u8]) -> String {
    let signature = SshSig::sign(key, &purpose.to_string(), HashAlg::Sha512, text).unwrap();
    signature.to_pem(LineEnding::LF).unwrap()
}

#[test]
fn what_openssh_signs_is_proven_to_be_its_operators() {
    let by = |purpose, signature| Signed::verify(&both(), &purpose, TEXT, signature).unwrap();
    assert_eq!(by(acme(), FOR_ACME).by(), "ada@m.example");
    assert_eq!(by(Purpose::Grant, FOR_A_GRANT).by(), "bo@m.example");
    assert!(by(acme(), FOR_ACME).key().starts_with("SHA256:"));
    assert_eq!(
        by(acme(), &format!("\n{FOR_ACME}\n\n")),
        by(acme(), FOR_ACME)
    );
}

#[test]
fn a_signature_holds_for_its_tenant_and_purpose_only() {
    for purpose in [
        Purpose::Boundary(TenantId::parse("bolt").unwrap()),
        Purpose::Grant,
        Purpose::Defaults,
    ] {
        let wrong = Signed::verify(&both(), &purpose, TEXT, FOR_ACME).unwrap_err();
        assert!(matches!(wrong, NotSigned::OtherPurpose { .. }), "{wrong}");
    }
}

#[test]
fn a_changed_text_is_not_signed() {
    for text in [&b"hello"[..], b"hello\n\n", b"Hello\n", b""] {
        assert_eq!(
            Signed::verify(&both(), &acme(), text, FOR_ACME),
            Err(NotSigned::OtherText)
        );
    }
}

#[test]
fn no_changed_byte_of_a_signature_goes_unnoticed() {
    let mut looked_at = 0;
    for at in 30..FOR_ACME.len() - 28 {
        let mut bytes = FOR_ACME.as_bytes().to_vec();
        if !bytes[at].is_ascii_alphanumeric() {
            continue;
        }
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let verified = Signed::verify(&both(), &acme(), TEXT, &changed);
        assert!(verified.is_err(), "{at}: {changed}");
        looked_at += 1;
    }
    assert!(looked_at > 200);
}

#[test]
fn a_strangers_or_an_analysts_signature_is_none() {
    let nobody = roster(&[("bo@m.example", "operator", P256)]);
    let wrong = Signed::verify(&nobody, &acme(), TEXT, FOR_ACME).unwrap_err();
    assert!(matches!(wrong, NotSigned::Stranger(_)), "{wrong}");
    let analyst = roster(&[("ada@m.example", "analyst", ED25519)]);
    let wrong = Signed::verify(&analyst, &acme(), TEXT, FOR_ACME).unwrap_err();
    assert!(matches!(wrong, NotSigned::NotAnOperator(_)), "{wrong}");
}

#[test]
fn a_signature_of_another_key_that_claims_this_one_is_forged() {
    let (mine, theirs) = (key(1), key(2));
    let signed = SshSig::sign(&mine, &acme().to_string(), HashAlg::Sha512, TEXT).unwrap();
    let forged = SshSig::new(
        theirs.public_key().key_data().clone(),
        acme().to_string(),
        HashAlg::Sha512,
        signed.signature().clone(),
    )
    .unwrap();
    let line = theirs.public_key().to_openssh().unwrap();
    let roster = roster(&[("eve@m.example", "operator", &line)]);
    let forged = forged.to_pem(LineEnding::LF).unwrap();
    let wrong = Signed::verify(&roster, &acme(), TEXT, &forged).unwrap_err();
    assert_eq!(wrong, NotSigned::OtherText);
    let right = signed_by(&theirs, &acme(), TEXT);
    assert!(Signed::verify(&roster, &acme(), TEXT, &right).is_ok());
}

#[test]
fn what_is_no_signature_is_told_as_such() {
    let long = FOR_ACME.repeat(40);
    for text in ["", "x", "-----BEGIN SSH SIGNATURE-----\n", ED25519, &long] {
        assert_eq!(
            Signed::verify(&both(), &acme(), TEXT, text),
            Err(NotSigned::Unreadable)
        );
    }
}

#[test]
fn a_key_in_the_roster_is_one_persons_and_of_a_type_that_can_be_verified() {
    let text = format!(
        "version = 1\n[[people]]\nid = \"a@b\"\nname = \"A\"\nroles = [\"operator\"]\nkeys = [\"{ED25519}\", \"{RSA}\", \"ssh-ed25519 AAAA\"]\n[[people]]\nid = \"c@d\"\nname = \"C\"\nroles = [\"operator\"]\nkeys = [\"{ED25519} again\"]\n"
    );
    let problems = Roster::parse(&text).unwrap_err().to_string();
    for said in [
        "a key of type `ssh-rsa` is not taken",
        "is no public key of OpenSSH",
        "this key is that of `a@b`",
    ] {
        assert!(problems.contains(said), "{problems}");
    }
}
