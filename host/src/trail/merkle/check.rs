use super::hash::Hash;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFault {
    /// The tree has no such entry.
    #[error("there is no entry {index} among {size}")]
    NoEntry {
        /// The index named.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A tree does not grow from the larger to the smaller.
    #[error("a tree of {new} entries does not follow one of {old}")]
    Backwards {
        /// The size that came first.
        old: u64,
        /// The size that came later.
        new: u64,
    },
    /// The proof has not the number of hashes that these sizes have.
    #[error("the proof has {0} hashes, which is not what these sizes need")]
    Length(usize),
    /// The proof leads to another root, or the root of an empty tree is not that of nothing.
    #[error("the proof does not lead to the root")]
    Root,
    /// The proof leads to another root of the tree that came first.
    #[error("the proof does not lead to the old root")]
    OldRoot,
}

/// Checks that the entry with this leaf hash is at this index, counted from 0, of the tree with this
/// many entries and this root (RFC 9162, section 2.1.3.2).
///
/// # Errors
/// When the proof does not show it.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofFault> {
    let length = ProofFault::Length(proof.len());
    if index >= size {
        return Err(ProofFault::NoEntry { index, size });
    }
    let mut way = Way {
        ours: index,
        last: size - 1,
    };
    let mut hash = *leaf;
    for beside in proof {
        hash = match way.step().ok_or(length)? {
            Side::Left => Hash::node(beside, &hash),
            Side::Right => Hash::node(&hash, beside),
        };
    }
    if way.last != 0 {
        return Err(length);
    }
    if hash != *root {
        return Err(ProofFault::Root);
    }
    Ok(())
}

/// Checks that the tree with `old` entries and `old_root` is the beginning of the one with `new` and
/// `new_root` (RFC 9162, section 2.1.4.2).
///
/// Where `old` is 0 or both are the same the proof is empty, and the roots speak for themselves:
/// every tree begins with the empty one, whose root is [`Hash::empty`] (C2SP tlog-witness).
///
/// # Errors
/// When the proof does not show it.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofFault> {
    let length = ProofFault::Length(proof.len());
    if old > new {
        return Err(ProofFault::Backwards { old, new });
    }
    if old == 0 && *old_root != Hash::empty() {
        return Err(ProofFault::OldRoot);
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(length);
        }
        if old == new && old_root != new_root {
            return Err(ProofFault::Root);
        }
        return Ok(());
    }
    // Where the old tree is one perfect subtree, its root is what the proof begins with.
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(length)?
    };
    let level = old.trailing_zeros();
    let mut way = Way {
        ours: (old - 1) >> level,
        last: (new - 1) >> level,
    };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for beside in rest {
        match way.step().ok_or(length)? {
            Side::Left => {
                old_hash = Hash::node(beside, &old_hash);
                new_hash = Hash::node(beside, &new_hash);
            }
            Side::Right => new_hash = Hash::node(&new_hash, beside),
        }
    }
    if way.last != 0 {
        return Err(length);
    }
    if old_hash != *old_root {
        return Err(ProofFault::OldRoot);
    }
    if new_hash != *new_root {
        return Err(ProofFault::Root);
    }
    Ok(())
}

/// Where the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// The way up a tree: `fn` and `sn` of RFC 9162.
struct Way {
    /// The index of our subtree among those of its level.
    ours: u64,
    /// The index of the last one.
    last: u64,
}

impl Way {
    /// Goes up to the next level at which a hash stands beside ours. None at the root.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.ours & 1 == 1 || self.ours == self.last {
            // On the right edge, nothing stands beside ours until it is a right child.
            while self.ours & 1 == 0 && self.ours != 0 {
                self.ours >>= 1;
                self.last >>= 1;
            }
            Side::Left
        } else {
            Side::Right
        };
        self.ours >>= 1;
        self.last >>= 1;
        Some(side)
    }
}
