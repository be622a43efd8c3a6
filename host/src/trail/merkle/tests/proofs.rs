use super::*;

/// Every way in which a proof can be a little different: a hash with a bit flipped, left out, put in
/// once more or swapped with the next.
fn altered(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        for bit in 0..256 {
            let mut bytes = *proof[at].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut flipped = proof.to_vec();
            flipped[at] = Hash::from_bytes(bytes);
            all.push(flipped);
        }
        let mut less = proof.to_vec();
        less.remove(at);
        all.push(less);
        for other in at + 1..proof.len() {
            let mut swapped = proof.to_vec();
            swapped.swap(at, other);
            all.push(swapped);
        }
    }
    for at in 0..=proof.len() {
        for more in [Hash::empty(), *proof.get(at).unwrap_or(&Hash::empty())] {
            let mut longer = proof.to_vec();
            longer.insert(at, more);
            all.push(longer);
        }
    }
    all
}

#[test]
fn every_entry_is_shown_to_be_in_its_tree_and_nowhere_else() {
    let mut tree = Tree::of(20);
    for size in 1..=20 {
        let all = root(&mut tree, size).unwrap();
        for index in 0..size {
            let proof = inclusion(&mut tree, index, size).unwrap();
            let of = leaf(index);
            assert_eq!(verify_inclusion(&of, index, size, &proof, &all), Ok(()));
            for bad in altered(&proof) {
                verify_inclusion(&of, index, size, &bad, &all).unwrap_err();
            }
            verify_inclusion(&leaf(index + 1), index, size, &proof, &all).unwrap_err();
            verify_inclusion(&of, index, size, &proof, &of_root(&all)).unwrap_err();
            for other in (0..=size + 1).filter(|other| *other != index) {
                verify_inclusion(&of, other, size, &proof, &all).unwrap_err();
            }
        }
    }
}

#[test]
fn every_tree_is_shown_to_begin_with_those_before_it_and_no_other() {
    let mut tree = Tree::of(20);
    for new in 1..=20 {
        let after = root(&mut tree, new).unwrap();
        for old in 1..=new {
            let before = root(&mut tree, old).unwrap();
            let proof = consistency(&mut tree, old, new).unwrap();
            let verify = |old, before: &Hash, new, after: &Hash, proof: &[Hash]| {
                verify_consistency(old, before, new, after, proof)
            };
            assert_eq!(verify(old, &before, new, &after, &proof), Ok(()));
            for bad in altered(&proof) {
                verify(old, &before, new, &after, &bad).unwrap_err();
            }
            verify(old, &of_root(&before), new, &after, &proof).unwrap_err();
            verify(old, &before, new, &of_root(&after), &proof).unwrap_err();
            for other in (1..new).filter(|other| *other != old) {
                verify(other, &before, new, &after, &proof).unwrap_err();
            }
        }
    }
}

/// Another hash than this root.
fn of_root(root: &Hash) -> Hash {
    Hash::leaf(root.as_bytes())
}

#[test]
fn every_tree_begins_with_the_empty_one() {
    let (empty, root) = (Hash::empty(), leaf(1));
    assert_eq!(verify_consistency(0, &empty, 1, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
    assert_eq!(
        verify_consistency(0, &empty, 1, &root, &[root]),
        Err(ProofFault::Length(1))
    );
    assert_eq!(
        verify_consistency(0, &root, 1, &root, &[]),
        Err(ProofFault::OldRoot)
    );
    assert_eq!(
        verify_consistency(0, &empty, 0, &root, &[]),
        Err(ProofFault::Root)
    );
    assert_eq!(consistency(&mut Tree::of(1), 0, 1), Ok(vec![]));
    assert_eq!(root_of_nothing(), Hash::empty());
}

fn root_of_nothing() -> Hash {
    root(&mut Tree::new(), 0).unwrap()
}

#[test]
fn a_tree_is_consistent_with_itself_by_its_root_alone() {
    let root = leaf(1);
    assert_eq!(verify_consistency(3, &root, 3, &root, &[]), Ok(()));
    assert_eq!(
        verify_consistency(3, &root, 3, &leaf(2), &[]),
        Err(ProofFault::Root)
    );
    assert_eq!(
        verify_consistency(3, &root, 3, &root, &[root]),
        Err(ProofFault::Length(1))
    );
}

#[test]
fn what_is_out_of_range_is_refused() {
    let mut tree = Tree::of(5);
    let (size, index) = (5, 5);
    let none = Err(ProveError::NoEntry { index, size });
    assert_eq!(inclusion(&mut tree, index, size), none);
    let (old, new) = (5, 4);
    let backwards = Err(ProveError::Backwards { old, new });
    assert_eq!(consistency(&mut tree, old, new), backwards);
    let size = MAX_SIZE + 1;
    assert_eq!(root(&mut tree, size), Err(ProveError::TooLarge(size)));
    assert_eq!(edge(&mut tree, size), Err(ProveError::TooLarge(size)));
    assert_eq!(
        inclusion(&mut tree, 0, size),
        Err(ProveError::TooLarge(size))
    );
    assert_eq!(
        consistency(&mut tree, 0, size),
        Err(ProveError::TooLarge(size))
    );
    assert_eq!(
        verify_inclusion(&leaf(0), 0, 0, &[], &Hash::empty()),
        Err(ProofFault::NoEntry { index: 0, size: 0 })
    );
    assert_eq!(
        verify_consistency(2, &leaf(0), 1, &leaf(1), &[]),
        Err(ProofFault::Backwards { old: 2, new: 1 })
    );
}

/// Nodes of a tree of any size: each hash says which it is.
struct Endless;

impl Nodes for Endless {
    type Error = Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(Hash::leaf(
            &[level.to_be_bytes().as_slice(), &index.to_be_bytes()].concat(),
        ))
    }
}

#[test]
fn the_largest_trees_have_proofs_of_at_most_63_hashes() {
    for size in [MAX_SIZE, MAX_SIZE - 1, 1 << 61, (1 << 61) + 1] {
        for index in [0, 1, size / 2, size - 2, size - 1] {
            assert!(inclusion(&mut Endless, index, size).unwrap().len() <= 63);
        }
        for old in [1, 2, size / 2, size - 1] {
            assert!(consistency(&mut Endless, old, size).unwrap().len() <= 63);
        }
        assert_eq!(edge(&mut Endless, size).unwrap().size(), size);
    }
}

#[test]
fn no_proof_makes_the_check_panic() {
    let mut numbers = Numbers(9162);
    let proof: Vec<_> = (0..70).map(leaf).collect();
    let edges = [0, 1, 2, 3, MAX_SIZE, 1 << 63, u64::MAX - 1, u64::MAX];
    let mut number = || match numbers.below(3) {
        0 => edges[numbers.below(8) as usize],
        1 => numbers.next() >> numbers.below(64),
        _ => u64::MAX << numbers.below(64),
    };
    for round in 0..100_000_usize {
        let (one, other) = (number(), number());
        let proof = &proof[..round % 71];
        verify_inclusion(&leaf(0), one, other, proof, &leaf(1)).unwrap_err();
        verify_consistency(one.max(1), &leaf(0), other, &leaf(1), proof).unwrap_err();
    }
}

#[test]
fn an_edge_is_what_its_nodes_say_and_goes_on_from_there() {
    let mut tree = Tree::of(300);
    let mut pushed = Edge::new();
    for size in 0..300 {
        assert_eq!(pushed.size(), size);
        assert_eq!(edge(&mut tree, size).as_ref(), Ok(&pushed));
        let peaks = pushed.peaks().to_vec();
        let again = Edge::from_peaks(size, peaks.clone());
        assert_eq!(again.as_ref(), Some(&pushed));
        assert_eq!(again.unwrap().root(), root(&mut tree, size).unwrap());
        assert_eq!(
            Edge::from_peaks(size, [peaks, vec![leaf(0)]].concat()),
            None
        );
        pushed.push(leaf(size));
    }
    assert_eq!(pushed, tree.edge);
    assert_eq!(Edge::from_peaks(u64::MAX, vec![leaf(0); 64]), None);
}
