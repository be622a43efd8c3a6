use super::*;
use crate::trail::merkle::ProofFault;

/// That a log of two entries went on to three.
fn request() -> AddCheckpoint {
    AddCheckpoint::new(2, vec![Hash::leaf(&[2])], signed(3)).unwrap()
}

#[test]
fn a_request_is_read_as_it_is_written() {
    let read = AddCheckpoint::parse(request().text().as_bytes()).unwrap();
    assert_eq!(read, request());
    assert_eq!(read.verify_consistency(&edge(2).root()), Ok(()));
    let forked = read.verify_consistency(&edge(1).root());
    assert_eq!(forked, Err(ProofFault::Root));
    let first = AddCheckpoint::new(0, Vec::new(), signed(3)).unwrap();
    assert!(
        first
            .text()
            .starts_with("old 0\n\nexample.com/log/7f3a\n3\n")
    );
    assert_eq!(
        AddCheckpoint::parse(first.text().as_bytes()).as_ref(),
        Ok(&first)
    );
    assert_eq!(first.verify_consistency(&Hash::empty()), Ok(()));
    let hashes = AddCheckpoint::new(0, vec![Hash::leaf(&[2])], signed(3)).unwrap();
    let more = hashes.verify_consistency(&Hash::empty());
    assert_eq!(more, Err(ProofFault::Length(1)));
}

#[test]
fn a_request_spelled_otherwise_is_refused() {
    let good = request().text();
    let hash = Hash::leaf(&[2]).to_string();
    let read = |text: String| AddCheckpoint::parse(text.as_bytes());
    for (bad, fault) in [
        (good.replacen("old 2", "old 02", 1), AddFault::Old),
        (good.replacen("old 2", "old", 1), AddFault::Old),
        (good.replacen("old 2", "Old 2", 1), AddFault::Old),
        (good.replacen("old 2\n", "", 1), AddFault::Old),
        (good.replacen(&hash, "a", 1), AddFault::Hash(1)),
        (
            good.replacen(&hash, &(hash.clone() + " "), 1),
            AddFault::Hash(1),
        ),
        (
            good.replacen(&hash, &[hash.as_str(); 64].join("\n"), 1),
            AddFault::TooManyHashes,
        ),
        (good.replace("\n\n", "\n"), AddFault::NoCheckpoint),
        (
            good.replacen("old 2", "old 4", 1),
            AddFault::Backwards { old: 4, new: 3 },
        ),
        (good.clone() + "\n", AddFault::Note(NoteFault::NoSignatures)),
    ] {
        assert_eq!(read(bad.clone()), Err(fault), "{bad}");
    }
    let full = good.replacen(&hash, &[hash.as_str(); 63].join("\n"), 1);
    assert_eq!(read(full).unwrap().consistency().len(), 63);
    let large = vec![b'a'; 80_000];
    assert_eq!(
        AddCheckpoint::parse(&large),
        Err(AddFault::TooLarge(80_000))
    );
}

#[test]
fn a_cosignature_in_an_answer_is_put_below_the_checkpoint() {
    let note = signed(3);
    let made = [1, 2, 3].map(|n| Cosignature::sign(&checkpoint(3), 50, &witness(n)).unwrap());
    let answer = cosignatures_write(&made);
    let known = [witness(1).key().clone(), witness(3).key().clone()];
    let taken = note.with_answer(answer.as_bytes(), &known).unwrap();
    let names: Vec<_> = taken.signatures().iter().map(SignatureLine::name).collect();
    assert_eq!(names, [ORIGIN, "witness.example/w1", "witness.example/w3"]);
    assert!(taken.cosignature(&known[1]).is_ok());
    // Neither the same answer nor a later one puts a witness there twice.
    let later = Cosignature::sign(&checkpoint(3), 60, &witness(1)).unwrap();
    for answer in [answer, cosignatures_write(&[later])] {
        let again = taken.with_answer(answer.as_bytes(), &known);
        assert_eq!(again.as_ref(), Ok(&taken));
    }
}

#[test]
fn an_answer_that_is_not_sound_adds_nothing() {
    let note = signed(3);
    let known = [witness(1).key().clone()];
    let of_other = Cosignature::sign(&checkpoint(2), 50, &witness(1)).unwrap();
    let unsound = NoteFault::Signature("witness.example/w1".to_owned());
    let answer = cosignatures_write(&[of_other]);
    assert_eq!(note.with_answer(answer.as_bytes(), &known), Err(unsound));
    let stranger = Cosignature::sign(&checkpoint(3), 50, &witness(2)).unwrap();
    let missing = NoteFault::Missing("witness.example/w1".to_owned());
    let answer = cosignatures_write(&[stranger]);
    assert_eq!(note.with_answer(answer.as_bytes(), &known), Err(missing));
    for (bad, fault) in [
        ("", NoteFault::NoSignatures),
        ("\n", NoteFault::Line(1)),
        ("— a AAAAAAA=", NoteFault::NoSignatures),
        ("— a AAAAAAA=\n\n", NoteFault::Line(2)),
        ("a\n", NoteFault::Line(1)),
        ("— a AAAAAAA=\r\n", NoteFault::Text),
    ] {
        assert_eq!(cosignatures_read(bad.as_bytes()), Err(fault), "{bad:?}");
    }
}

#[test]
fn the_size_in_a_conflict_is_read_as_it_is_written() {
    for size in [0, 1, 20_852_163, u64::MAX] {
        assert_eq!(size_read(size_write(size).as_bytes()), Some(size));
    }
    for bad in [
        "",
        "\n",
        "1",
        "01\n",
        "1\n\n",
        " 1\n",
        "-1\n",
        "18446744073709551616\n",
    ] {
        assert_eq!(size_read(bad.as_bytes()), None, "{bad:?}");
    }
    assert_eq!(size_read(b"\xFF\n"), None);
}
