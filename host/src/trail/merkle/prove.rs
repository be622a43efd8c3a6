use super::edge::Edge;
use super::hash::Hash;

/// The largest tree that is worked with: 2^62 leaves. No proof is longer than 63 hashes up to there,
/// which is the most that a witness takes (C2SP tlog-witness).
pub const MAX_SIZE: u64 = 1 << 62;

/// Where the hashes of a tree come from.
pub trait Nodes {
    /// Why a hash cannot be had.
    type Error;

    /// The hash of a perfect subtree: at level `l` it covers 2^`l` leaves, and `index` counts the
    /// subtrees of its level. Asked only for such that lie within the tree.
    ///
    /// # Errors
    /// When the hash cannot be had.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// The tree has no such entry.
    #[error("there is no entry {index} among {size}")]
    NoEntry {
        /// The index asked for.
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
    /// The tree is above [`MAX_SIZE`].
    #[error("a tree of {0} entries is too large")]
    TooLarge(u64),
    /// A hash could not be had.
    #[error(transparent)]
    Nodes(#[from] E),
}

/// The root of the tree with this many leaves.
///
/// # Errors
/// When the size is above [`MAX_SIZE`] or a hash cannot be had.
pub fn root<N: Nodes + ?Sized>(nodes: &mut N, size: u64) -> Result<Hash, ProveError<N::Error>> {
    Ok(edge(nodes, size)?.root())
}

/// The right edge of the tree with this many leaves.
///
/// # Errors
/// As for [`root`].
pub fn edge<N: Nodes + ?Sized>(nodes: &mut N, size: u64) -> Result<Edge, ProveError<N::Error>> {
    let peaks = peaks(nodes, 0, limited(size)?)?;
    Edge::from_peaks(size, peaks).ok_or(ProveError::TooLarge(size))
}

/// The proof that the entry at this index, counted from 0, is in the tree with this many leaves:
/// the hashes beside its path, the leaf's sibling first (RFC 6962, section 2.1.1).
///
/// # Errors
/// When there is no such entry, the size is above [`MAX_SIZE`], or a hash cannot be had.
pub fn inclusion<N: Nodes + ?Sized>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    limited(size)?;
    if index >= size {
        return Err(ProveError::NoEntry { index, size });
    }
    let mut proof = Vec::new();
    path(nodes, 0, index, size, &mut proof)?;
    Ok(proof)
}

/// The proof that the tree with `old` leaves is the beginning of the one with `new` (RFC 6962,
/// section 2.1.2). Empty where `old` is 0 or both are the same.
///
/// # Errors
/// When `old` is larger than `new`, `new` is above [`MAX_SIZE`], or a hash cannot be had.
pub fn consistency<N: Nodes + ?Sized>(
    nodes: &mut N,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    limited(new)?;
    if old > new {
        return Err(ProveError::Backwards { old, new });
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    // The smallest of the old tree's perfect subtrees. Where it is the whole old tree, whoever
    // checks the proof has its hash.
    let level = old.trailing_zeros();
    let index = (old - 1) >> level;
    if index != 0 {
        proof.push(nodes.node(level, index)?);
    }
    path(nodes, level, index, new, &mut proof)?;
    Ok(proof)
}

fn limited<E>(size: u64) -> Result<u64, ProveError<E>> {
    if size > MAX_SIZE {
        return Err(ProveError::TooLarge(size));
    }
    Ok(size)
}

/// The hashes beside the way from a perfect subtree up to the root of a tree of `size` > 0 leaves
/// that holds it.
fn path<N: Nodes + ?Sized>(
    nodes: &mut N,
    level: u32,
    index: u64,
    size: u64,
    proof: &mut Vec<Hash>,
) -> Result<(), N::Error> {
    let (mut level, mut index) = (level, index);
    // The subtree of each level that holds the last leaf, and may not be full.
    let mut last = (size - 1) >> level;
    while last != 0 {
        if index == last {
            // On the right edge there is a sibling on the left only, and it is full.
            if index & 1 == 1 {
                proof.push(nodes.node(level, index - 1)?);
            }
        } else if index ^ 1 == last {
            let peaks = peaks(nodes, last << level, size)?;
            proof.extend(folded(&peaks));
        } else {
            proof.push(nodes.node(level, index ^ 1)?);
        }
        level += 1;
        index >>= 1;
        last >>= 1;
    }
    Ok(())
}

/// The perfect subtrees of the leaves from `start` up to `end`, the largest first. `start` is a
/// multiple of the largest one's size.
fn peaks<N: Nodes + ?Sized>(nodes: &mut N, start: u64, end: u64) -> Result<Vec<Hash>, N::Error> {
    let (mut start, mut peaks) = (start, Vec::new());
    while let Some(level) = (end - start).checked_ilog2() {
        peaks.push(nodes.node(level, start >> level)?);
        start += 1 << level;
    }
    Ok(peaks)
}

/// The hash of what consists of these perfect subtrees, the largest first.
pub(super) fn folded(peaks: &[Hash]) -> Option<Hash> {
    peaks
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| Hash::node(&left, &right))
}
