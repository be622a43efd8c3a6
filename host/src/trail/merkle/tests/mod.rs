//! Facts about trees, proofs and tiles.

mod proofs;
mod second_opinion;
mod tiles;
mod vectors;

use super::*;
use std::convert::Infallible;

/// A small generator with a known seed (SplitMix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A tree with all its nodes in memory.
pub(super) struct Tree {
    /// By level, and index within it.
    levels: Vec<Vec<Hash>>,
    pub(super) edge: Edge,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            levels: Vec::new(),
            edge: Edge::new(),
        }
    }

    pub(super) fn of(size: u64) -> Self {
        let mut tree = Self::new();
        (0..size).for_each(|number| tree.push(&entry(number)));
        tree
    }

    pub(super) fn push(&mut self, entry: &[u8]) {
        let levels = &mut self.levels;
        self.edge
            .push_with(Hash::leaf(entry), |level, index, hash| {
                let level = level as usize;
                if levels.len() == level {
                    levels.push(Vec::new());
                }
                assert_eq!(levels[level].len() as u64, index);
                levels[level].push(hash);
            });
    }

    pub(super) fn level(&self, level: u32) -> &[Hash] {
        self.levels.get(level as usize).map_or(&[], Vec::as_slice)
    }
}

impl Nodes for Tree {
    type Error = Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(self.levels[level as usize][index as usize])
    }
}

pub(super) fn entry(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub(super) fn leaf(number: u64) -> Hash {
    Hash::leaf(&entry(number))
}
