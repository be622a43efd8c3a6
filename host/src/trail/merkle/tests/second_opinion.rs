//! What another implementation says: `ct-merkle`.

use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use sha2::Sha256;

type Other = MemoryBackedTree<Sha256, Vec<u8>>;

fn other(size: u64) -> Other {
    let mut tree = Other::new();
    (0..size).for_each(|number| tree.push(entry(number)));
    tree
}

fn compare(size: u64, indices: impl Iterator<Item = u64>, olds: impl Iterator<Item = u64>) {
    let (mut ours, theirs) = (Tree::of(size), other(size));
    let their_root = theirs.root();
    assert_eq!(ours.edge.root().as_bytes()[..], their_root.as_bytes()[..]);
    assert_eq!(root(&mut ours, size), Ok(ours.edge.root()));
    for index in indices {
        let proof = hash_tile_bytes(&inclusion(&mut ours, index, size).unwrap());
        let their_proof = theirs.prove_inclusion(index as usize);
        assert_eq!(proof, their_proof.as_bytes(), "{index} of {size}");
        let proof = InclusionProof::try_from_bytes(proof).unwrap();
        their_root
            .verify_inclusion(&entry(index), index, &proof)
            .unwrap();
    }
    for old in olds {
        let proof = consistency(&mut ours, old, size).unwrap();
        let old_root = root(&mut ours, old).unwrap();
        verify_consistency(old, &old_root, size, &ours.edge.root(), &proof).unwrap();
        let proof = hash_tile_bytes(&proof);
        let their_proof = theirs.prove_consistency((size - old) as usize);
        assert_eq!(proof, their_proof.as_bytes(), "{old} to {size}");
        let proof = ConsistencyProof::<Sha256>::try_from_bytes(proof).unwrap();
        their_root
            .verify_consistency(&other(old).root(), &proof)
            .unwrap();
    }
}

#[test]
fn ct_merkle_says_the_same_of_small_trees() {
    compare(0, 0..0, 0..0);
    for size in 1..=70 {
        compare(size, 0..size, 1..size);
    }
}

#[test]
fn ct_merkle_says_the_same_of_larger_trees() {
    let mut numbers = Numbers(6962);
    for _ in 0..12 {
        let size = 100 + numbers.below(5_000);
        let indices: Vec<_> = (0..20).map(|_| numbers.below(size)).collect();
        let olds: Vec<_> = (0..5).map(|_| 1 + numbers.below(size - 1)).collect();
        compare(size, indices.into_iter(), olds.into_iter());
    }
}
