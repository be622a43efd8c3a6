//! The tiles of hashes on the disk, as far as a tree of some size has them.

use super::disk::entries_of;
use super::merkle::{
    self, Edge, Hash, ProveError, Tile, TileKind, TileNodes, TileNodesError, bundle_read,
    hash_tile_read,
};
use super::note::{Proof, SignedCheckpoint};
use super::right::Right;
use super::shelf::Files;
use std::io;
use std::sync::Arc;

/// What is wrong with a tile.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// It cannot be read.
    #[error("`{path}` cannot be read: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// It is not there.
    #[error("`{0}` is not there")]
    Missing(String),
    /// It is of another length than its hashes or entries have.
    #[error("`{0}` does not hold what a tile of its name holds")]
    Malformed(String),
    /// Its entries do not hash to the tile of hashes.
    #[error("the entries in `{0}` are not those that were signed")]
    Entries(String),
    /// The tree has no such place.
    #[error("a tree of {size} entries has no such place")]
    Beyond {
        /// The tree's size.
        size: u64,
    },
}

/// The hashes of a tree of one size, read from its tiles.
pub(super) struct Tiles<'a> {
    files: &'a mut dyn Files,
    size: u64,
    /// The tile of leaves that was read last.
    last: Option<(Tile, Arc<[Hash]>)>,
}

impl<'a> Tiles<'a> {
    pub(super) fn of(files: &'a mut dyn Files, size: u64) -> Self {
        Self {
            files,
            size,
            last: None,
        }
    }

    /// The hash of an entry, by its place.
    pub(super) fn leaf(&mut self, place: u64) -> Result<Hash, TileError> {
        let beyond = || TileError::Beyond { size: self.size };
        let kind = TileKind::Hashes { level: 0 };
        let tile = Tile::holding(kind, place, self.size).ok_or_else(beyond)?;
        let held = match self.last.take() {
            Some((held, hashes)) if held == tile => hashes,
            Some(_) | None => hashes(self.files, tile)?,
        };
        let at = usize::try_from(place % 256).unwrap_or(usize::MAX);
        let leaf = held.get(at).copied();
        self.last = Some((tile, held));
        leaf.ok_or_else(beyond)
    }

    /// The root of the tree when it had this size, which is at most what it has.
    pub(super) fn root_at(&mut self, size: u64) -> Result<Hash, TileError> {
        let whole = self.size;
        self.ask(|nodes| merkle::root(nodes, size.min(whole)))
    }

    /// The path from an entry to the root of the tree.
    pub(super) fn inclusion(&mut self, place: u64) -> Result<Vec<Hash>, TileError> {
        let size = self.size;
        self.ask(|nodes| merkle::inclusion(nodes, place, size))
    }

    /// What shows that the tree follows from the one it was at this size.
    pub(super) fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, TileError> {
        let size = self.size;
        self.ask(|nodes| merkle::consistency(nodes, old, size))
    }

    fn edge(&mut self) -> Result<Edge, TileError> {
        let size = self.size;
        self.ask(|nodes| merkle::edge(nodes, size))
    }

    fn ask<T>(
        &mut self,
        what: impl FnOnce(
            &mut dyn merkle::Nodes<Error = TileNodesError<TileError>>,
        ) -> Result<T, ProveError<TileNodesError<TileError>>>,
    ) -> Result<T, TileError> {
        let size = self.size;
        let mut nodes = TileNodes::new(size, |tile| hashes(self.files, tile));
        what(&mut nodes).map_err(|error| match error {
            ProveError::Nodes(TileNodesError::Read(error)) => error,
            ProveError::Nodes(TileNodesError::Width { tile, .. }) => {
                TileError::Malformed(tile.path())
            }
            ProveError::Nodes(TileNodesError::NoNode { .. })
            | ProveError::NoEntry { .. }
            | ProveError::Backwards { .. }
            | ProveError::TooLarge(_) => TileError::Beyond { size },
        })
    }
}

/// A proof that the entry at this place stands in the log that a checkpoint is of. It is made of what
/// the tiles say: whoever hands it on verifies it first.
///
/// # Errors
/// When the log has no such place under the checkpoint, or a tile cannot be read.
pub fn prove(
    files: &mut dyn Files,
    signed: &SignedCheckpoint,
    place: u64,
) -> Result<Proof, TileError> {
    let size = signed.unverified().size();
    let hashes = Tiles::of(files, size).inclusion(place)?;
    let proof = Proof::new(place, None, hashes, signed.clone());
    proof.map_err(|_| TileError::Beyond { size })
}

/// What shows that the log under a checkpoint follows from the one it was at this size.
///
/// # Errors
/// When it was never of that size, or a tile cannot be read.
pub fn prove_consistency(
    files: &mut dyn Files,
    signed: &SignedCheckpoint,
    old: u64,
) -> Result<Vec<Hash>, TileError> {
    Tiles::of(files, signed.unverified().size()).consistency(old)
}

/// What shows that the log's tree at size `new` follows from the one at size `old`, and the roots of
/// both, from the tiles under a checkpoint over at least as many.
///
/// # Errors
/// When it was never of these sizes, or a tile cannot be read.
pub fn prove_growth(
    files: &mut dyn Files,
    signed: &SignedCheckpoint,
    old: u64,
    new: u64,
) -> Result<(Vec<Hash>, [Hash; 2]), TileError> {
    let size = signed.unverified().size();
    if new > size {
        return Err(TileError::Beyond { size });
    }
    let mut tiles = Tiles::of(files, size);
    let hashes = tiles.ask(|nodes| merkle::consistency(nodes, old, new))?;
    let roots = [tiles.root_at(old)?, tiles.root_at(new)?];
    Ok((hashes, roots))
}

/// The right edge of the tree of a size, from its tiles; its last bundle is compared with them.
pub(super) fn right(files: &mut dyn Files, size: u64) -> Result<Right, TileError> {
    let mut levels = Vec::new();
    for level in 0_u8..8 {
        levels.push(match unfinished(TileKind::Hashes { level }, size) {
            None => Vec::new(),
            Some(tile) => hashes(files, tile)?.to_vec(),
        });
    }
    if let Some(tile) = entries_of(size) {
        let path = tile.path();
        let bytes = read(files, &path)?;
        let entries = bundle_read(&bytes, tile.width());
        let entries = entries.map_err(|_| TileError::Malformed(path.clone()))?;
        let leaves = entries.into_iter().map(Hash::leaf);
        if !levels
            .first()
            .is_some_and(|held| leaves.eq(held.iter().copied()))
        {
            return Err(TileError::Entries(path));
        }
    }
    let edge = Tiles::of(files, size).edge()?;
    Right::of(edge, levels).ok_or(TileError::Beyond { size })
}

fn read(files: &mut dyn Files, path: &str) -> Result<Vec<u8>, TileError> {
    match files.read(path) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(TileError::Missing(path.to_owned())),
        Err(error) => Err(TileError::Io {
            path: path.to_owned(),
            error,
        }),
    }
}

fn hashes(files: &mut dyn Files, tile: Tile) -> Result<Arc<[Hash]>, TileError> {
    let path = tile.path();
    let bytes = read(files, &path)?;
    let hashes = hash_tile_read(&bytes, tile.width());
    hashes.map(Arc::from).ok_or(TileError::Malformed(path))
}

/// How many of a kind's items a log of this size has.
fn held(kind: TileKind, size: u64) -> u64 {
    match kind {
        TileKind::Hashes { level } => size >> (8 * u32::from(level)).min(63),
        TileKind::Entries => size,
    }
}

/// The tile at the end of a log of this size that is not full; none where there is none.
pub(super) fn unfinished(kind: TileKind, size: u64) -> Option<Tile> {
    let held = held(kind, size);
    let last = held.checked_sub(1).filter(|_| !held.is_multiple_of(256))?;
    Tile::holding(kind, last, size)
}

/// The unfinished tiles that lie beside those of a tree of `size`, as a host leaves them that stops
/// between sizes `known` and `most`.
pub(super) fn strays(
    files: &mut dyn Files,
    known: u64,
    size: u64,
    most: u64,
) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let kinds = (0_u8..8).map(|level| TileKind::Hashes { level });
    for kind in kinds.chain([TileKind::Entries]) {
        let own = unfinished(kind, size).map(|tile| tile.path());
        for index in held(kind, known) / 256..=held(kind, most) / 256 {
            let Some(path) = Tile::new(kind, index, 1).map(|tile| tile.path()) else {
                continue;
            };
            let Some((folder, _)) = path.rsplit_once('/') else {
                continue;
            };
            let names = files.names(folder)?.into_iter();
            let paths = names.map(|name| format!("{folder}/{name}"));
            found.extend(paths.filter(|path| Some(path) != own.as_ref()));
        }
    }
    Ok(found)
}
