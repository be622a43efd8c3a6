//! Notes that others made.

use super::*;

fn key(text: &str) -> VerifierKey {
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!(key.to_string(), text);
    key
}

/// The key that is built into Go.
const SUMDB: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

#[test]
fn gos_checksum_database_is_read() {
    let key = key(SUMDB);
    assert_eq!(key.key_id(), [0x03, 0x3d, 0xe0, 0xae]);
    for note in [
        "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n\
         — sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n",
        "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n\
         — sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=\n",
        // With the signature of a key that nobody here knows.
        "go.sum database tree\n15067302\ngJyioq6dwR9n+NjEWORfYmH+ubeYm3kH42BBQ0bTpYI=\n\n\
         — sum.golang.org Az3grp1rvWOs5NKlr/xR4GLN/CDyzzakmt1o61uSxYKpK1SerqOP2ClbX/peKUZjYnyomH5Xz7GZG3TpB7OeKn4E2ww=\n\
         — test.example.com qTGhC/xIPQ0AXKHK6Y+9ypRfuvMZWPjRXM8NiOg5M1WREn07VQXyuIXM3NRNav3ieVFLUqDRK77PWDmL6w8w84UqeAw=\n",
    ] {
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        assert_eq!(signed.as_bytes(), note.as_bytes());
        let checkpoint = signed.verify(&key).unwrap();
        assert_eq!(checkpoint.origin(), "go.sum database tree");
        assert!(note.starts_with(&checkpoint.text()));
        // Its key is named otherwise than the log.
        let key = "sum.golang.org".to_owned();
        let origin = "go.sum database tree".to_owned();
        assert_eq!(
            signed.verify_log(&self::key(SUMDB)),
            Err(NoteFault::Origin { key, origin })
        );
    }
}

#[test]
fn a_checkpoint_that_go_did_not_sign_is_not_believed() {
    let note = "go.sum database tree\n6476702\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n\
         — sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n";
    let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    let fault = NoteFault::Signature("sum.golang.org".to_owned());
    assert_eq!(signed.verify(&key(SUMDB)), Err(fault));
}

/// The example of C2SP signed-note. Its text is no checkpoint.
#[test]
fn the_example_of_signed_note_is_verified() {
    let key = key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    let line = SignatureLine::parse(
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=",
    )
    .unwrap();
    assert!(line.is_by(&key));
    let signature = line.signature().try_into().unwrap();
    assert!(key.signed(b"This is an example message.\n", signature));
    assert!(!key.signed(b"This is an example message", signature));
}

/// The examples of C2SP tlog-checkpoint, tlog-cosignature and tlog-witness, whose keys are not told.
#[test]
fn the_examples_of_the_specifications_are_read_and_written_alike() {
    let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    assert_eq!(signed.unverified().size(), 20_852_163);
    assert_eq!(signed.as_str(), note);
    let cosignature = Cosignature::from_line(&signed.signatures()[1]).unwrap();
    assert_eq!(cosignature.time(), 1_679_315_147);
    assert_eq!(&cosignature.to_line(), &signed.signatures()[1]);

    let request = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
        .to_owned()
        + note;
    let read = AddCheckpoint::parse(request.as_bytes()).unwrap();
    assert_eq!((read.old(), read.consistency().len()), (20_852_014, 4));
    assert_eq!(read.text(), request);

    let answer = "— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==\n\
        — witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==\n";
    let lines = cosignatures_read(answer.as_bytes()).unwrap();
    assert_eq!(lines.len(), 2);
    let written: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(written, answer);
}

const LOG: &str = "example.com/log/7f3a+33da9539+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const WITNESS: &str = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";

/// Made with Python's `hashlib` and `cryptography`, from the keys whose seeds are the bytes 0 to 31
/// and 32 to 63, of a log of `one`, `two` and `three`.
const PROOF: &str = "c2sp.org/tlog-proof@v1
extra Y2FzZSA3
index 1
0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=
Zx8UbF5HHooag6PCFM5LqQe486WIjRTMjNPOdbsS75Q=

example.com/log/7f3a
3
Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=

— example.com/log/7f3a M9qVOUmjAxbhMGSou1lCYE7R3deaS4UFMl31Hro9xJw2w9Lw1+SlEZOyqk3PG7ZUZosSlxLWhD4zT2+1XHZoP1BURgw=
— witness.example/w1 IDJKvgAAAABq/YbAx4ScWrncQNxB63Goc1VlL2f1CkUSGgRDmH0jJJxyU317rroDBeGb1yM3VkQu4NQ09l9Ofpsiwg7Wss2G1Zq6BQ==
";

#[test]
fn a_proof_that_another_program_made_is_verified() {
    let proof = Proof::parse(PROOF.as_bytes()).unwrap();
    assert_eq!(proof.text(), PROOF);
    assert_eq!(proof.extra(), Some(&b"case 7"[..]));
    assert_eq!(proof.verify(b"two", &key(LOG)).unwrap().size(), 3);
    proof.verify(b"three", &key(LOG)).unwrap_err();
    let cosignature = proof.checkpoint().cosignature(&key(WITNESS)).unwrap();
    assert_eq!(cosignature.time(), 1_795_000_000);
    let policy = format!("log {LOG}\nwitness w1 {WITNESS}\nquorum w1\n");
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    assert_eq!(policy.satisfied(proof.checkpoint()).unwrap().len(), 1);
}

/// Ed25519 signatures are the same bytes whoever makes them.
#[test]
fn what_another_program_made_is_made_here_byte_for_byte() {
    let seed = |first: u8| core::array::from_fn(|at| first + at as u8);
    let log = MemorySigner::from_seed(ORIGIN, seed(0)).unwrap();
    assert_eq!(log.key().to_string(), LOG);
    let witness = MemorySigner::new("witness.example/w1", KeyKind::Cosignature, seed(32)).unwrap();
    assert_eq!(witness.key().to_string(), WITNESS);
    let leaves = [b"one".as_slice(), b"two", b"three"].map(Hash::leaf);
    let mut edge = Edge::new();
    leaves.iter().for_each(|leaf| edge.push(*leaf));
    let checkpoint = Checkpoint::new(ORIGIN, 3, edge.root()).unwrap();
    let cosignature = Cosignature::sign(&checkpoint, 1_795_000_000, &witness).unwrap();
    let note = SignedCheckpoint::sign(checkpoint, &log).unwrap();
    let note = note.with_cosignature(&cosignature, witness.key()).unwrap();
    let hashes = vec![leaves[0], leaves[2]];
    let proof = Proof::new(1, Some(b"case 7".to_vec()), hashes, note).unwrap();
    assert_eq!(proof.text(), PROOF);
}
