use super::*;

fn fault(number: u8, fault: impl Fn(String) -> NoteFault) -> NoteFault {
    fault(format!("witness.example/w{number}"))
}

#[test]
fn a_witness_cosigns_one_checkpoint_at_one_time() {
    let note = cosigned(9, &[1, 2]);
    let text = note.as_str();
    let note = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    for number in [1, 2] {
        let found = note.cosignature(witness(number).key()).unwrap();
        assert_eq!(found.time(), 1_795_000_000 + u64::from(number));
        let other = found.verify(&checkpoint(8), witness(number).key());
        assert_eq!(other, Err(fault(number, NoteFault::Signature)));
    }
    let missing = Err(fault(3, NoteFault::Missing));
    assert_eq!(note.cosignature(witness(3).key()), missing);
    assert_eq!(note.verify_log(log().key()), Ok(&checkpoint(9)));
}

#[test]
fn a_cosignature_of_another_time_is_not_sound() {
    let found = Cosignature::sign(&checkpoint(9), 5, &witness(1)).unwrap();
    let mut bytes = found.to_line().signature().to_vec();
    bytes[7] = 6;
    let line = SignatureLine::of(found.name(), found.key_id(), bytes);
    let other = Cosignature::from_line(&line).unwrap();
    assert_eq!(other.time(), 6);
    let unsound = Err(fault(1, NoteFault::Signature));
    assert_eq!(other.verify(&checkpoint(9), witness(1).key()), unsound);
    let note = signed(9).with_cosignature(&other, witness(1).key());
    assert_eq!(note, Err(fault(1, NoteFault::Signature)));
}

#[test]
fn a_cosignature_has_a_time_and_a_length() {
    Cosignature::sign(&checkpoint(9), 0, &witness(1)).unwrap_err();
    Cosignature::sign(&checkpoint(9), MAX_TIME + 1, &witness(1)).unwrap_err();
    assert!(Cosignature::sign(&checkpoint(9), MAX_TIME, &witness(1)).is_ok());
    let line = |time: u64, length| {
        let bytes = [&time.to_be_bytes()[..], &vec![0; length]].concat();
        Cosignature::from_line(&SignatureLine::of("w", [0; 4], bytes))
    };
    assert!(line(1, 64).is_some());
    for (time, length) in [(0, 64), (MAX_TIME + 1, 64), (1, 63), (1, 65), (1, 0)] {
        assert_eq!(line(time, length), None);
    }
}

#[test]
fn what_a_log_signs_is_no_cosignature() {
    let note = signed(9);
    let kind = NoteFault::Signature(ORIGIN.to_owned());
    assert_eq!(note.cosignature(log().key()), Err(kind));
    // The same bytes of a key, for another purpose, have another id.
    let same = VerifierKey::new(ORIGIN, KeyKind::Cosignature, *log().key().public_key()).unwrap();
    let missing = NoteFault::Missing(ORIGIN.to_owned());
    assert_eq!(note.cosignature(&same), Err(missing));
    let found = Cosignature::sign(&checkpoint(9), 5, &witness(1)).unwrap();
    let kind = NoteFault::Kind(ORIGIN.to_owned());
    assert_eq!(found.verify(&checkpoint(9), log().key()), Err(kind));
    let missing = Err(fault(2, NoteFault::Missing));
    assert_eq!(found.verify(&checkpoint(9), witness(2).key()), missing);
}
