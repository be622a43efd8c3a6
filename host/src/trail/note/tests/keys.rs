use super::*;

#[test]
fn a_key_has_one_spelling() {
    let good = log().key().to_string();
    assert_eq!(VerifierKey::parse(&good).as_ref(), Ok(log().key()));
    for other in flipped(good.as_bytes()) {
        if let Ok(other) = str::from_utf8(&other) {
            VerifierKey::parse(other).unwrap_err();
        }
    }
    let id = hex::encode(log().key().key_id());
    let upper = good.replace(&id, &id.to_uppercase());
    assert_ne!(upper, good);
    let longer = good.replace(&id, &format!("0{id}"));
    let padded = good.clone() + "=";
    for bad in [
        good.clone() + "\n",
        format!(" {good}"),
        padded,
        upper,
        longer,
    ] {
        assert!(VerifierKey::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn what_is_wrong_with_a_key_is_told() {
    let good = log().key().to_string();
    let (front, key) = good.split_at(good.rfind('+').unwrap_or(0) + 1);
    assert_eq!(VerifierKey::parse("a"), Err(KeyFault::Form));
    assert_eq!(VerifierKey::parse("a+b"), Err(KeyFault::Form));
    let named = |name: &str| VerifierKey::parse(&good.replacen(ORIGIN, name, 1));
    for bad in [
        "",
        "a b",
        "a\u{a0}b",
        "a\u{3000}",
        "a\tb",
        "a\u{7f}",
        "a\u{85}",
    ] {
        assert_eq!(named(bad), Err(KeyFault::Name), "{bad:?}");
    }
    assert_eq!(named(&"n".repeat(201)), Err(KeyFault::Name));
    assert!(matches!(named(&"n".repeat(200)), Err(KeyFault::Id { .. })));
    let base64 = VerifierKey::parse(&format!("{front}{}", key.replacen('A', "*", 1)));
    assert_eq!(base64, Err(KeyFault::Base64));
    // ML-DSA-44 and ECDSA, which others use.
    assert_eq!(
        VerifierKey::parse("a+00000000+BgAA"),
        Err(KeyFault::Type(0x06))
    );
    assert_eq!(
        VerifierKey::parse("a+00000000+AgAA"),
        Err(KeyFault::Type(0x02))
    );
    assert_eq!(VerifierKey::parse("a+00000000+AQAA"), Err(KeyFault::Key));
    assert_eq!(VerifierKey::parse("a+00000000+"), Err(KeyFault::Key));
}

#[test]
fn a_key_for_which_anybody_can_sign_is_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    for weak in [[0; 32], one] {
        assert_eq!(VerifierKey::from_ed25519("a", weak), Err(KeyFault::Key));
    }
}

#[test]
fn a_key_has_another_id_for_each_kind_and_name() {
    let of = |name: &str, kind| VerifierKey::new(name, kind, *log().key().public_key()).unwrap();
    let ids = [
        of("a", KeyKind::Ed25519).key_id(),
        of("b", KeyKind::Ed25519).key_id(),
        of("a", KeyKind::Cosignature).key_id(),
    ];
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
}

#[test]
fn a_signer_does_not_show_its_private_key() {
    let shown = format!("{:?}", log());
    assert!(shown.contains(ORIGIN));
    for secret in [hex::encode([7; 32]), format!("{:?}", [7; 32])] {
        assert!(!shown.contains(&secret[1..40]));
    }
}

/// A signer that signs something else.
struct Astray(MemorySigner);

impl Signer for Astray {
    fn key(&self) -> &VerifierKey {
        self.0.key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.0.sign(&[message, b"!"].concat())
    }
}

#[test]
fn a_signature_that_does_not_fit_is_found_where_it_is_made() {
    SignedCheckpoint::sign(checkpoint(3), &Astray(log())).unwrap_err();
    Cosignature::sign(&checkpoint(3), 1, &Astray(witness(1))).unwrap_err();
    // Nor does a key sign what it is not for.
    SignedCheckpoint::sign(checkpoint(3), &witness(1)).unwrap_err();
    Cosignature::sign(&checkpoint(3), 1, &log()).unwrap_err();
    let of_log = MemorySigner::new(ORIGIN, KeyKind::Cosignature, [7; 32]).unwrap();
    SignedCheckpoint::sign(checkpoint(3), &of_log).unwrap_err();
    let other = MemorySigner::from_seed("example.com/other", [7; 32]).unwrap();
    SignedCheckpoint::sign(checkpoint(3), &other).unwrap_err();
}
