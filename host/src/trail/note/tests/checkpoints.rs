use super::*;

#[test]
fn what_a_log_signed_is_believed_and_nothing_else() {
    let note = signed(5);
    assert_eq!(note.verify_log(log().key()), Ok(&checkpoint(5)));
    let again = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    assert_eq!(again, note);
    let other = MemorySigner::from_seed(ORIGIN, [8; 32]).unwrap();
    let missing = NoteFault::Missing(ORIGIN.to_owned());
    assert_eq!(note.verify(other.key()), Err(missing));
    let kind = NoteFault::Kind("witness.example/w1".to_owned());
    assert_eq!(note.verify(witness(1).key()), Err(kind));
}

/// For whoever looks at all signatures.
#[test]
fn no_bit_of_a_signed_checkpoint_changes_unnoticed() {
    let note = cosigned(200, &[1]);
    let (log, witness) = (log(), witness(1));
    let mut parsed = 0;
    for other in flipped(note.as_bytes()) {
        let Ok(other) = SignedCheckpoint::parse(&other) else {
            continue;
        };
        parsed += 1;
        let both = other.verify_log(log.key()).is_ok() && other.cosignature(witness.key()).is_ok();
        assert!(!both, "{}", other.as_str());
    }
    // Most of it is found where the signatures are looked at.
    assert!(parsed > 500, "{parsed}");
}

#[test]
fn no_bit_that_the_log_signed_changes_unnoticed_by_its_own_key() {
    let note = signed(200);
    for other in flipped(note.as_bytes()) {
        if let Ok(other) = SignedCheckpoint::parse(&other) {
            other.verify(log().key()).unwrap_err();
        }
    }
}

#[test]
fn a_note_spelled_otherwise_is_refused() {
    let note = signed(5);
    let text = note.as_str();
    let line = text.lines().last().unwrap();
    let parse = |text: &str| SignedCheckpoint::parse(text.as_bytes());
    for (bad, fault) in [
        (String::new(), NoteFault::NoSignatures),
        (checkpoint(5).text(), NoteFault::NoSignatures),
        (checkpoint(5).text() + "\n", NoteFault::NoSignatures),
        (text.trim_end().to_owned(), NoteFault::NoSignatures),
        (text.replace('\n', "\r\n"), NoteFault::Text),
        (text.to_owned() + "\0", NoteFault::Text),
        (text.to_owned() + "\n", NoteFault::NoSignatures),
        (text.replace('—', "-"), NoteFault::Line(1)),
        (text.replace("— ", "—"), NoteFault::Line(1)),
        (text.replace("— ", "—  "), NoteFault::Line(1)),
        (text.replace("7f3a ", "7f3a  "), NoteFault::Line(1)),
        (text.to_owned() + "— a\n", NoteFault::Line(2)),
        (text.to_owned() + "— a AAAAAA==\n", NoteFault::Line(2)),
        (text.to_owned() + "— a+b AAAAAAA=\n", NoteFault::Line(2)),
        (text.to_owned() + "—  AAAAAAA=\n", NoteFault::Line(2)),
        (text.to_owned() + "— a AAAAAAB=\n", NoteFault::Line(2)),
    ] {
        assert_eq!(parse(&bad), Err(fault), "{bad}");
    }
    // Five bytes are an id and one of a signature, by whoever it may be.
    assert!(parse(&(text.to_owned() + "— a AAAAAAA=\n")).is_ok());
    assert!(parse(&format!("{}\n{line}\n", checkpoint(5).text())).is_ok());
    let mut not_utf8 = text.as_bytes().to_vec();
    not_utf8[0] = 0xFF;
    assert_eq!(SignedCheckpoint::parse(&not_utf8), Err(NoteFault::Text));
}

#[test]
fn a_text_spelled_otherwise_is_no_checkpoint() {
    let root = edge(5).root().to_string();
    let of = |text: String| Checkpoint::parse(&text);
    assert_eq!(of(format!("{ORIGIN}\n5\n{root}\n")), Ok(checkpoint(5)));
    for (text, fault) in [
        (format!("{ORIGIN}\n5\n{root}"), CheckpointFault::Lines),
        (format!("{ORIGIN}\n5\n"), CheckpointFault::Lines),
        ("\n".to_owned(), CheckpointFault::Lines),
        (String::new(), CheckpointFault::Lines),
        (
            format!("{ORIGIN}\n5\n{root}\nmore\n"),
            CheckpointFault::Extension,
        ),
        (
            format!("{ORIGIN}\n5\n{root}\n\n"),
            CheckpointFault::Extension,
        ),
        (format!("\n5\n{root}\n"), CheckpointFault::Origin),
        (format!("a\u{1b}b\n5\n{root}\n"), CheckpointFault::Origin),
        (
            format!("{}\n5\n{root}\n", "o".repeat(256)),
            CheckpointFault::Origin,
        ),
        (format!("{ORIGIN}\n05\n{root}\n"), CheckpointFault::Size),
        (format!("{ORIGIN}\n+5\n{root}\n"), CheckpointFault::Size),
        (format!("{ORIGIN}\n-5\n{root}\n"), CheckpointFault::Size),
        (format!("{ORIGIN}\n5 \n{root}\n"), CheckpointFault::Size),
        (format!("{ORIGIN}\n\n{root}\n"), CheckpointFault::Size),
        (
            format!("{ORIGIN}\n18446744073709551616\n{root}\n"),
            CheckpointFault::Size,
        ),
        (format!("{ORIGIN}\n5\n{root}=\n"), CheckpointFault::Root),
        (
            format!("{ORIGIN}\n5\n{}\n", &root[..40]),
            CheckpointFault::Root,
        ),
        (format!("{ORIGIN}\n0\n{root}\n"), CheckpointFault::EmptyRoot),
    ] {
        assert_eq!(of(text.clone()), Err(fault), "{text}");
    }
    assert_eq!(checkpoint(0).root(), Hash::empty());
    assert!(Checkpoint::new(&"o".repeat(255), u64::MAX, edge(1).root()).is_ok());
}

#[test]
fn a_key_signs_a_note_once() {
    let note = signed(5);
    let own = note.signatures()[0].clone();
    let twice = NoteFault::Twice(ORIGIN.to_owned());
    assert_eq!(note.with_signature(own.clone()), Err(twice.clone()));
    let text = format!("{}{own}\n", note.as_str());
    let parsed = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    assert_eq!(parsed.verify(log().key()), Err(twice));
}

#[test]
fn a_note_has_at_most_a_hundred_signatures_and_64_kib() {
    let line = |name: String, bytes: usize| SignatureLine::of(&name, [0; 4], vec![0; bytes]);
    let mut note = signed(5);
    for number in 1..MAX_SIGNATURES {
        note = note.with_signature(line(format!("s{number}"), 1)).unwrap();
    }
    assert_eq!(SignedCheckpoint::parse(note.as_bytes()).as_ref(), Ok(&note));
    let more = line("more".to_owned(), 1);
    assert_eq!(
        note.with_signature(more.clone()),
        Err(NoteFault::TooManySignatures)
    );
    let text = format!("{}{more}\n", note.as_str());
    let parsed = SignedCheckpoint::parse(text.as_bytes());
    assert_eq!(parsed, Err(NoteFault::TooManySignatures));
    let large = signed(5).with_signature(line("large".to_owned(), MAX_NOTE));
    assert!(matches!(large, Err(NoteFault::TooLarge(_))));
    let large = vec![b'a'; MAX_NOTE + 1];
    let fault = NoteFault::TooLarge(MAX_NOTE + 1);
    assert_eq!(SignedCheckpoint::parse(&large), Err(fault));
}
