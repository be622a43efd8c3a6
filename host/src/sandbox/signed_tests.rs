//! What a host that wants grants signed makes of the file.

use super::grants::Deciding;
use super::*;
use crate::boundary::{NotSigned, Purpose, Roster};
use crate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};

fn key(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

/// Ada signs with key 1, Bo with key 2; both are operators.
fn roster() -> Roster {
    let mut text = "version = 1\n".to_owned();
    for (id, seed) in [("ada@m.example", 1), ("bo@m.example", 2)] {
        let line = key(seed).public_key().to_openssh().unwrap();
        text.push_str(&format!(
            "[[people]]\nid = \"{id}\"\nname = \"N\"\nroles = [\"operator\"]\nkeys = [\"{line}\"]\n"
        ));
    }
    Roster::parse(&text).unwrap()
}

fn grant(capabilities: &[Capability]) -> Grant {
    Grant {
        module: module(),
        digest: Digest::of(b"x"),
        tenants: GrantedTenants::These(vec![tenant()]),
        capabilities: capabilities.to_vec(),
        by: Text::capped("ada@m.example", 80),
        at: Instant::from_millis(1_795_420_800_123),
        limits: WantedLimits::default(),
        settings: WantedSettings::default(),
        shadow: false,
        replaces: None,
    }
}

fn module() -> ModuleName {
    ModuleName::parse("enrich").unwrap()
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn signature(seed: u8, text: &str) -> String {
    let purpose = Purpose::Grant.to_string();
    let signed = SshSig::sign(&key(seed), &purpose, HashAlg::Sha512, text.as_bytes()).unwrap();
    signed.to_pem(LineEnding::LF).unwrap()
}

/// What decides in a file of these rows: the capabilities granted, or why not.
fn decided(text: &str) -> Result<Vec<Capability>, Option<NotSigned>> {
    let grants = Grants::parse(text).unwrap().signed(&roster());
    match grants.deciding(&module(), Digest::of(b"x"), &tenant()) {
        Deciding::Grant(grant, _) => {
            assert_eq!(grants.signed_by(grant).unwrap().by(), "ada@m.example");
            Ok(grant.capabilities.clone())
        }
        Deciding::NotSigned(why, _) => Err(Some(why)),
        Deciding::Withdrawn(_) | Deciding::Replaced(_, _) | Deciding::Nothing => Err(None),
    }
}

#[test]
fn a_grant_that_the_named_operator_signed_is_one() {
    let grant = grant(&[Capability::Assets]);
    let text = Grants::add_signed("", &grant, &signature(1, &grant.text())).unwrap();
    assert_eq!(decided(&text), Ok(vec![Capability::Assets]));
    let read = Grants::parse(&text).unwrap();
    assert_eq!(read.iter().collect::<Vec<_>>(), [&grant]);
    assert!(read.signed_by(read.iter().next().unwrap()).is_none());
}

#[test]
fn an_unsigned_grant_is_none_where_signatures_are_wanted() {
    let text = Grants::add("", &grant(&[])).unwrap();
    assert_eq!(decided(&text), Err(Some(NotSigned::Missing)));
    let not_wanted = Grants::parse(&text).unwrap();
    let decides = not_wanted.deciding(&module(), Digest::of(b"x"), &tenant());
    assert!(matches!(decides, Deciding::Grant(_, _)));
}

#[test]
fn a_grant_that_was_widened_after_it_was_signed_is_none() {
    let narrow = grant(&[]);
    let signed = signature(1, &narrow.text());
    let wide = Grants::add_signed("", &grant(&[Capability::Memory]), &signed).unwrap();
    assert_eq!(decided(&wide), Err(Some(NotSigned::OtherText)));
    let to_all = Grant {
        tenants: GrantedTenants::All,
        ..narrow
    };
    let to_all = Grants::add_signed("", &to_all, &signed).unwrap();
    assert_eq!(decided(&to_all), Err(Some(NotSigned::OtherText)));
}

#[test]
fn a_grant_in_the_name_of_one_operator_that_another_signed_is_none() {
    let grant = grant(&[]);
    let text = Grants::add_signed("", &grant, &signature(2, &grant.text())).unwrap();
    let why = decided(&text).unwrap_err().unwrap();
    assert_eq!(
        why.to_string(),
        "`bo@m.example` signed it and it names `ada@m.example`"
    );
}

#[test]
fn a_later_unsigned_grant_does_not_leave_an_older_wider_one_in_effect() {
    let wide = grant(&[Capability::Assets, Capability::Memory]);
    let text = Grants::add_signed("", &wide, &signature(1, &wide.text())).unwrap();
    let text = Grants::add(&text, &grant(&[])).unwrap();
    assert_eq!(decided(&text), Err(Some(NotSigned::Missing)));
    assert!(
        Grants::parse(&text)
            .unwrap()
            .signed(&roster())
            .in_effect(&tenant())
            .is_empty()
    );
}

#[test]
fn a_withdrawal_needs_no_signature() {
    let grant = grant(&[]);
    let text = Grants::add_signed("", &grant, &signature(1, &grant.text())).unwrap();
    let withdrawal = Withdrawal {
        module: module(),
        tenants: GrantedTenants::All,
        by: grant.by.clone(),
        at: grant.at,
        shadow: false,
    };
    let text = Grants::withdraw(&text, &withdrawal).unwrap();
    assert_eq!(decided(&text), Err(None));
}
