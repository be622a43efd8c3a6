use super::merkle::{Edge, Hash, Tile, TileKind};
use super::tiles::unfinished;

/// Hashes of a full tile.
const FULL: usize = 256;

/// The right edge of a log in tiles: of each level the tile that is not full yet, and the tree's own
/// edge. It takes leaves and gives out the tiles they fill.
#[derive(Clone, Debug, Default)]
pub(super) struct Right {
    edge: Edge,
    /// Of each level of tiles, the hashes of the one that is not full.
    levels: Vec<Vec<Hash>>,
}

impl Right {
    /// Of a tree with this edge whose unfinished tiles hold these hashes, level by level; none where
    /// they are not as many as a tree of that size has.
    pub(super) fn of(edge: Edge, levels: Vec<Vec<Hash>>) -> Option<Self> {
        let size = edge.size();
        let fits = (0..8).all(|level| {
            let held = levels.get(level).map_or(0, Vec::len) as u64;
            held == (size >> (8 * level)) % FULL as u64
        });
        fits.then_some(Self { edge, levels })
    }

    pub(super) fn edge(&self) -> &Edge {
        &self.edge
    }

    pub(super) fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Takes the next leaf, and hands out each tile of hashes that is full with it.
    pub(super) fn push(&mut self, leaf: Hash, full: &mut Vec<(Tile, Vec<Hash>)>) {
        self.edge.push(leaf);
        let mut hash = leaf;
        for level in 0_u8.. {
            let at = usize::from(level);
            if self.levels.len() <= at {
                self.levels.push(Vec::with_capacity(FULL));
            }
            let Some(tile) = self.levels.get_mut(at) else {
                return;
            };
            tile.push(hash);
            if tile.len() < FULL {
                return;
            }
            let hashes = std::mem::take(tile);
            hash = root(&hashes);
            let held = self.size() >> (8 * u32::from(level));
            let kind = TileKind::Hashes { level };
            let Some(tile) = Tile::holding(kind, held.saturating_sub(1), self.size()) else {
                return;
            };
            full.push((tile, hashes));
        }
    }

    /// The tiles of hashes that are not full.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        let size = self.size();
        let levels = (0_u8..).zip(&self.levels);
        levels.filter_map(move |(level, held)| {
            let tile = unfinished(TileKind::Hashes { level }, size)?;
            Some((tile, held.as_slice()))
        })
    }
}

/// The root over the hashes of a full tile.
fn root(hashes: &[Hash]) -> Hash {
    let mut edge = Edge::new();
    hashes.iter().for_each(|hash| edge.push(*hash));
    edge.root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_out_every_tile_of_a_log_of_its_size() {
        let mut right = Right::default();
        let mut full = Vec::new();
        for size in 1..=66_000_u64 {
            right.push(Hash::leaf(&size.to_le_bytes()), &mut full);
            if size % 509 != 0 && size != 65_536 {
                continue;
            }
            let unfinished = right.unfinished().map(|(tile, held)| {
                assert_eq!(usize::from(tile.width()), held.len());
                tile.path()
            });
            let full = full.iter().map(|(tile, _): &(Tile, _)| tile.path());
            let mut given: Vec<String> = full.chain(unfinished).collect();
            let all = Tile::all_of(size).filter(|tile| tile.kind() != TileKind::Entries);
            let mut all: Vec<String> = all.map(|tile| tile.path()).collect();
            given.sort();
            all.sort();
            assert_eq!(given, all, "of {size}");
            let levels = right.levels.clone();
            assert!(Right::of(right.edge().clone(), levels).is_some());
        }
        assert!(Right::of(right.edge().clone(), Vec::new()).is_none());
    }
}
