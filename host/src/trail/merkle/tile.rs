use super::hash::Hash;
use std::fmt;

/// How many hashes a full tile holds, and entries a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Hash tiles have levels below this in a tree whose size fits in 64 bits.
const LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// The entries themselves, each behind its length: an entry bundle.
    Entries,
    /// Hashes of perfect subtrees of 256^`level` leaves.
    Hashes {
        /// 0 for leaf hashes; at most 63.
        level: u8,
    },
}

/// A piece of a log as it is kept and served: up to 256 hashes or entries (C2SP tlog-tiles).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl Tile {
    /// None where the level is above 63 or the width is not 1 to 256.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Option<Self> {
        let level_fits = match kind {
            TileKind::Entries => true,
            TileKind::Hashes { level } => level <= 63,
        };
        let fits = level_fits && (1..=TILE_WIDTH).contains(&width);
        fits.then_some(Self { kind, index, width })
    }

    /// The tile with the `item`-th hash or entry of its kind, as wide as it is in a log with `size`
    /// entries. None where that log has no such item.
    pub fn holding(kind: TileKind, item: u64, size: u64) -> Option<Self> {
        let items = items(kind, size);
        if item >= items {
            return None;
        }
        let width = (items - (item - item % u64::from(TILE_WIDTH))).min(u64::from(TILE_WIDTH));
        Self::new(kind, item / u64::from(TILE_WIDTH), width.try_into().ok()?)
    }

    /// What it holds.
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Which one of its kind it is, counted from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds: 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it holds fewer than 256, so that a longer log may have a wider one in its place.
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// Where it is kept and served, relative to the log: `tile/0/x001/067.p/12`, `tile/entries/000`.
    pub fn path(&self) -> String {
        let kind = match self.kind {
            TileKind::Entries => "entries".to_owned(),
            TileKind::Hashes { level } => level.to_string(),
        };
        let mut number = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        if self.is_partial() {
            format!("tile/{kind}/{number}.p/{}", self.width)
        } else {
            format!("tile/{kind}/{number}")
        }
    }

    /// The tile with this path; none if it is not spelled as [`Tile::path`] spells it.
    pub fn parse_path(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes {
                level: level.parse().ok()?,
            },
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, TILE_WIDTH),
        };
        let mut index: u64 = 0;
        for part in number.split('/') {
            let digits: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        // Numbers, and where an `x` stands, are spelled in other ways too: compared with the one
        // that counts.
        Self::new(kind, index, width).filter(|tile| tile.path() == path)
    }

    /// Every tile that a log of this size has: entries, then hashes from level 0 up, each from the
    /// first to the last, which may be partial.
    pub fn all_of(size: u64) -> impl Iterator<Item = Self> {
        Self::between(0, size)
    }

    /// The tiles of a log of `new` entries that it had not, or not as wide, when it had `old`: those
    /// to write as it grows, in the order of [`Tile::all_of`]. A hash comes after all that it was
    /// made of. Nothing where `new` is not larger.
    pub fn between(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let hashes = (0..LEVELS).map(|level| TileKind::Hashes { level });
        let kinds = std::iter::once(TileKind::Entries).chain(hashes);
        kinds.flat_map(move |kind| {
            let (before, now) = (items(kind, old), items(kind, new));
            let width = u64::from(TILE_WIDTH);
            let tiles = if before < now {
                before / width..now.div_ceil(width)
            } else {
                0..0
            };
            tiles.filter_map(move |index| Self::holding(kind, index * width, new))
        })
    }
}

impl fmt::Display for Tile {
    /// Its path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// How many hashes or entries of a kind a log of this size has.
fn items(kind: TileKind, size: u64) -> u64 {
    match kind {
        TileKind::Entries => size,
        TileKind::Hashes { level } => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
    }
}

/// The bytes of a hash tile: its hashes one behind the other.
pub fn hash_tile_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The hashes in the bytes of a hash tile; none if there are not as many as it is wide, or anything
/// beside them.
pub fn hash_tile_read(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let fits = rest.is_empty() && hashes.len() == usize::from(width);
    fits.then(|| hashes.iter().copied().map(Hash::from_bytes).collect())
}
