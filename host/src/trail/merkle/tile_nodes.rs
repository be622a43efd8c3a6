use super::hash::Hash;
use super::prove::Nodes;
use super::tile::{TILE_WIDTH, Tile, TileKind};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// As many tiles as a proof goes back to: in the largest tree, one beside the path and one at
/// the right edge for each of eight levels.
const KEPT: usize = 16;

/// The nodes of a log's tree out of its hash tiles, for a log of one size. A proof reads each tile
/// once.
///
/// What is read is believed: a proof made from tiles that were tampered with does not verify.
pub struct TileNodes<R> {
    size: u64,
    read: R,
    /// What was read lately, the last first.
    kept: VecDeque<(Tile, Arc<[Hash]>)>,
}

/// Why a node cannot be had from tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileNodesError<E> {
    /// The tile could not be read.
    #[error(transparent)]
    Read(#[from] E),
    /// What was read is not as wide as the tile.
    #[error("`{tile}` holds {hashes} hashes")]
    Width {
        /// The tile asked for.
        tile: Tile,
        /// How many hashes came.
        hashes: usize,
    },
    /// A log of this size has no such node.
    #[error("there is no node {index} of level {level} in a log of this size")]
    NoNode {
        /// The level asked for.
        level: u32,
        /// The index asked for.
        index: u64,
    },
}

impl<R, E> TileNodes<R>
where
    R: FnMut(Tile) -> Result<Arc<[Hash]>, E>,
{
    /// Of a log with this many entries. The reader is asked for hash tiles that such a log has, each
    /// as wide as it is there; whoever keeps only a wider one cuts it (C2SP tlog-tiles, "Partial
    /// Tiles").
    pub const fn new(size: u64, read: R) -> Self {
        Self {
            size,
            read,
            kept: VecDeque::new(),
        }
    }

    fn tile(&mut self, tile: Tile) -> Result<Arc<[Hash]>, TileNodesError<E>> {
        if let Some(at) = self.kept.iter().position(|(kept, _)| *kept == tile)
            && let Some(found) = self.kept.remove(at)
        {
            let hashes = Arc::clone(&found.1);
            self.kept.push_front(found);
            return Ok(hashes);
        }
        let hashes = (self.read)(tile)?;
        if hashes.len() != usize::from(tile.width()) {
            let hashes = hashes.len();
            return Err(TileNodesError::Width { tile, hashes });
        }
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((tile, Arc::clone(&hashes)));
        Ok(hashes)
    }
}

impl<R, E> Nodes for TileNodes<R>
where
    R: FnMut(Tile) -> Result<Arc<[Hash]>, E>,
{
    type Error = TileNodesError<E>;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let Some(part) = Part::of(level, index, self.size) else {
            return Err(TileNodesError::NoNode { level, index });
        };
        let hashes = self.tile(part.tile)?;
        let hashes = hashes.iter().skip(part.skip).take(part.take).copied();
        root_of(hashes.collect()).ok_or(TileNodesError::NoNode { level, index })
    }
}

/// The hashes of a tile that lie under a node.
struct Part {
    tile: Tile,
    skip: usize,
    take: usize,
}

impl Part {
    fn of(level: u32, index: u64, size: u64) -> Option<Self> {
        if index >= size.checked_shr(level)? {
            return None;
        }
        // Every eighth level is stored; those between are hashed from the stored one below.
        let kind = TileKind::Hashes {
            level: (level / 8).try_into().ok()?,
        };
        let first = index << (level % 8);
        Some(Self {
            tile: Tile::holding(kind, first, size)?,
            skip: (first % u64::from(TILE_WIDTH)).try_into().ok()?,
            take: 1 << (level % 8),
        })
    }
}

/// The hash above a power of two of hashes, level by level.
fn root_of(mut hashes: Vec<Hash>) -> Option<Hash> {
    while hashes.len() > 1 {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs
            .iter()
            .map(|[left, right]| Hash::node(left, right))
            .collect();
    }
    hashes.pop()
}

impl<R> fmt::Debug for TileNodes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TileNodes")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
