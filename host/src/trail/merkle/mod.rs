//! The Merkle tree over a log's entries: hashes, proofs and the tiles they are kept in. It reads no
//! file and no clock.
//!
//! The hashing is that of [RFC 6962], section 2.1, with SHA-256; proofs are checked by the
//! algorithms of [RFC 9162], sections 2.1.3.2 and 2.1.4.2; tiles and their paths are those of
//! [C2SP tlog-tiles]. What checks a proof takes whatever it is given: it never panics.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962.html#section-2.1
//! [RFC 9162]: https://www.rfc-editor.org/rfc/rfc9162.html#section-2.1.3.2
//! [C2SP tlog-tiles]: https://c2sp.org/tlog-tiles

pub(in crate::trail) mod base64;
mod bundle;
mod check;
mod edge;
mod hash;
mod prove;
mod tile;
mod tile_nodes;

#[cfg(test)]
mod tests;

pub use bundle::{BundleFault, MAX_BUNDLED, bundle_push, bundle_read};
pub use check::{ProofFault, verify_consistency, verify_inclusion};
pub use edge::Edge;
pub use hash::Hash;
pub use prove::{MAX_SIZE, Nodes, ProveError, consistency, edge, inclusion, root};
pub use tile::{TILE_WIDTH, Tile, TileKind, hash_tile_bytes, hash_tile_read};
pub use tile_nodes::{TileNodes, TileNodesError};
