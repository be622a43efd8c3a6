use super::*;
use crate::trail::merkle::{Nodes, ProofFault, inclusion};
use std::convert::Infallible;

/// The nodes of the log whose entries are numbers.
struct Numbers;

impl Nodes for Numbers {
    type Error = Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Infallible> {
        let mut edge = Edge::new();
        for number in index << level..(index + 1) << level {
            edge.push(Hash::leaf(&[number as u8]));
        }
        Ok(edge.root())
    }
}

fn proof(index: u64, size: u8) -> Proof {
    let hashes = inclusion(&mut Numbers, index, u64::from(size)).unwrap();
    Proof::new(index, None, hashes, signed(size)).unwrap()
}

#[test]
fn every_entry_has_a_proof_that_is_read_as_it_is_written() {
    for size in 1..=9 {
        for index in 0..size {
            let proof = proof(u64::from(index), size);
            let read = Proof::parse(proof.text().as_bytes()).unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.verify(&[index], log().key()), Ok(&checkpoint(size)));
            let other = read.verify(&[index + 1], log().key());
            assert_eq!(other, Err(ProofError::Inclusion(ProofFault::Root)));
        }
    }
}

#[test]
fn no_bit_of_a_proof_changes_unnoticed() {
    for (index, size) in [(4, 7), (0, 1)] {
        let text = proof(index, size).text();
        for other in flipped(text.as_bytes()) {
            if let Ok(other) = Proof::parse(&other) {
                other.verify(&[index as u8], log().key()).unwrap_err();
            }
        }
    }
}

#[test]
fn a_proof_is_only_as_good_as_the_key() {
    let proof = proof(4, 7);
    let other = MemorySigner::from_seed(ORIGIN, [8; 32]).unwrap();
    let missing = NoteFault::Missing(ORIGIN.to_owned());
    assert_eq!(proof.verify(&[4], other.key()), Err(missing.into()));
    let cosigner = proof.verify(&[4], witness(1).key());
    assert!(matches!(
        cosigner,
        Err(ProofError::Note(NoteFault::Kind(_)))
    ));
}

#[test]
fn a_proof_spelled_otherwise_is_refused() {
    let good = proof(4, 7).text();
    let hash = Hash::leaf(b"a").to_string();
    let extra = |extra: &str| good.replacen("\nindex", &format!("\nextra {extra}\nindex"), 1);
    let read = |text: &str| Proof::parse(text.as_bytes());
    assert_eq!(read(&extra("QQ==")).unwrap().extra(), Some(&b"A"[..]));
    assert_eq!(read(&extra("QQ==")).unwrap().text(), extra("QQ=="));
    for (bad, fault) in [
        (good.replacen("v1", "v2", 1), ProofError::Header),
        (format!("\n{good}"), ProofError::Header),
        (extra(""), ProofError::Extra),
        (extra("QR=="), ProofError::Extra),
        (extra("QQ"), ProofError::Extra),
        (extra("QQ==\nextra QQ=="), ProofError::Index),
        (good.replacen("index 4", "index 04", 1), ProofError::Index),
        (good.replacen("index 4", "index +4", 1), ProofError::Index),
        (good.replacen("index 4", "index  4", 1), ProofError::Index),
        (good.replacen("index 4\n", "", 1), ProofError::Index),
        (
            good.replacen("index 4", "index 4\nindex 4", 1),
            ProofError::Hash(1),
        ),
        (
            good.replacen("index 4", &format!("index 4\n{hash} "), 1),
            ProofError::Hash(1),
        ),
        (good.replacen("\n\n", "\n", 2), ProofError::NoCheckpoint),
        (
            good.replacen(
                "index 4",
                &format!("index 4{}", format!("\n{hash}").repeat(65)),
                1,
            ),
            ProofError::TooManyHashes,
        ),
        (good.replace('\n', "\r\n"), ProofError::NoCheckpoint),
        (
            good.clone() + "\n",
            ProofError::Note(NoteFault::NoSignatures),
        ),
        (
            good.replacen("\n\n", "\n\n\n", 1),
            ProofError::Note(NoteFault::Checkpoint(CheckpointFault::Extension)),
        ),
    ] {
        assert_eq!(read(&bad), Err(fault), "{bad}");
    }
    let large = vec![b'a'; 300_000];
    assert_eq!(Proof::parse(&large), Err(ProofError::TooLarge(300_000)));
}

#[test]
fn the_largest_proof_is_read_again() {
    let hashes = vec![Hash::leaf(b"a"); 64];
    let extra = vec![0; MAX_EXTRA];
    let room = MAX_NOTE - signed(7).as_bytes().len();
    let line = SignatureLine::of("large", [0; 4], vec![0; room / 4 * 3 - 40]);
    let note = signed(7).with_signature(line).unwrap();
    let proof = Proof::new(u64::MAX, Some(extra.clone()), hashes.clone(), note.clone()).unwrap();
    assert_eq!(Proof::parse(proof.text().as_bytes()), Ok(proof));
    let longer = vec![0; MAX_EXTRA + 1];
    let more = [hashes.clone(), hashes.clone()].concat();
    let of = |extra, hashes| Proof::new(0, extra, hashes, note.clone());
    assert_eq!(of(Some(longer), hashes.clone()), Err(ProofError::Extra));
    assert_eq!(of(Some(Vec::new()), hashes), Err(ProofError::Extra));
    assert_eq!(of(None, more), Err(ProofError::TooManyHashes));
}
