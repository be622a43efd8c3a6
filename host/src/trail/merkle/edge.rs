use super::hash::Hash;
use super::prove::{MAX_SIZE, folded};

/// The right edge of a tree: the hashes of its largest perfect subtrees, from which its root follows
/// and to which leaves are added. At most 62 hashes, however large the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// One for each bit that is set in `size`, the largest subtree first.
    peaks: Vec<Hash>,
}

impl Edge {
    /// Of the empty tree.
    pub const fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// Of a tree of this size with these perfect subtrees, the largest first. None if there are not
    /// as many of them as bits are set in the size, or the size is above [`MAX_SIZE`].
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = size <= MAX_SIZE && u64::from(size.count_ones()) == peaks.len() as u64;
        fits.then_some(Self { size, peaks })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the perfect subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds a leaf. One node is hashed for each leaf, on the average.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _, _| {});
    }

    /// Adds a leaf and tells the level, the index within that level and the hash of each perfect
    /// subtree that is whole now, the leaf (at level 0) first: every eighth level is what hash tiles
    /// hold.
    pub fn push_with(&mut self, leaf: Hash, mut whole: impl FnMut(u32, u64, Hash)) {
        let (mut level, mut index, mut hash) = (0, self.size, leaf);
        whole(level, index, hash);
        while index & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = Hash::node(&left, &hash);
            level += 1;
            index >>= 1;
            whole(level, index, hash);
        }
        self.peaks.push(hash);
        // Cannot run over: nobody comes here 2^63 times.
        self.size += 1;
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        folded(&self.peaks).unwrap_or_else(Hash::empty)
    }
}
