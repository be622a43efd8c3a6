use super::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn hashes(level: u8) -> TileKind {
    TileKind::Hashes { level }
}

fn tile(kind: TileKind, index: u64, width: u16) -> Tile {
    Tile::new(kind, index, width).unwrap()
}

#[test]
fn a_path_is_spelled_as_tlog_tiles_says() {
    for (tile, path) in [
        (tile(TileKind::Entries, 0, 256), "tile/entries/000"),
        (tile(TileKind::Entries, 7, 1), "tile/entries/007.p/1"),
        (tile(hashes(0), 1067, 12), "tile/0/x001/067.p/12"),
        (tile(hashes(0), 1_234_067, 256), "tile/0/x001/x234/067"),
        (
            tile(hashes(3), 1_000_000, 255),
            "tile/3/x001/x000/000.p/255",
        ),
        (tile(hashes(63), 999, 256), "tile/63/999"),
        (
            tile(hashes(0), u64::MAX, 256),
            "tile/0/x018/x446/x744/x073/x709/x551/615",
        ),
    ] {
        assert_eq!(tile.path(), path);
        assert_eq!(Tile::parse_path(path), Some(tile));
    }
}

#[test]
fn a_path_spelled_otherwise_is_none() {
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/x001",
        "tile/0/X001/067",
        "tile/0/x01/067",
        "tile/0/x001/67",
        "tile/0/+01",
        "tile/0/-01",
        "tile/0/0 1",
        "tile/00/001",
        "tile/+1/001",
        "tile/64/001",
        "tile/256/001",
        "tile/-1/001",
        "tile/Entries/001",
        "tile/entries/001.p/0",
        "tile/entries/001.p/01",
        "tile/entries/001.p/+1",
        "tile/entries/001.p/256",
        "tile/entries/001.p/257",
        "tile/entries/001.p/",
        "tile/entries/001.p",
        "tile/entries/001.p/1/",
        "tile/entries/001.p/1.p/1",
        "tile/entries/001/",
        "/tile/entries/001",
        "tile/entries/001\n",
        "tile/entries/../001",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/8/data/000",
    ] {
        assert_eq!(Tile::parse_path(path), None, "{path}");
    }
    assert_eq!(Tile::new(hashes(64), 0, 1), None);
    assert_eq!(Tile::new(hashes(0), 0, 0), None);
    assert_eq!(Tile::new(hashes(0), 0, 257), None);
}

#[test]
fn every_path_goes_there_and_back() {
    let mut numbers = Numbers(1);
    for _ in 0..20_000 {
        let kind = match numbers.below(65) {
            64 => TileKind::Entries,
            level => hashes(level as u8),
        };
        let index = numbers.next() >> numbers.below(64);
        let tile = tile(kind, index, 1 + numbers.below(256) as u16);
        assert_eq!(Tile::parse_path(&tile.path()), Some(tile));
    }
}

/// Those that tlog-tiles counts.
#[test]
fn a_log_of_70_000_entries_has_the_tiles_of_the_example() {
    let mut counted = BTreeMap::new();
    for tile in Tile::all_of(70_000) {
        *counted.entry((tile.kind(), tile.width())).or_insert(0) += 1;
    }
    let expected = [
        ((TileKind::Entries, 112), 1),
        ((TileKind::Entries, 256), 273),
        ((hashes(0), 112), 1),
        ((hashes(0), 256), 273),
        ((hashes(1), 17), 1),
        ((hashes(1), 256), 1),
        ((hashes(2), 1), 1),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
    let of_256: Vec<_> = Tile::all_of(256).map(|tile| tile.path()).collect();
    assert_eq!(of_256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(Tile::all_of(0).count(), 0);
    assert_eq!(Tile::all_of(255).count(), 2);
}

#[test]
fn the_tiles_between_two_sizes_are_those_that_only_the_larger_log_has() {
    let mut numbers = Numbers(2);
    let mut pairs = vec![
        (0, 1),
        (255, 256),
        (256, 257),
        (65_535, 65_536),
        (9, 9),
        (9, 3),
    ];
    pairs.extend((0..150).map(|_| (numbers.below(70_001), numbers.below(70_001))));
    pairs.extend((0..150).map(|_| {
        let old = numbers.below(70_001);
        (old, old + numbers.below(600))
    }));
    for (old, new) in pairs {
        let before: BTreeSet<_> = Tile::all_of(old).collect();
        let expected: Vec<_> = if old < new {
            Tile::all_of(new)
                .filter(|tile| !before.contains(tile))
                .collect()
        } else {
            Vec::new()
        };
        let between: Vec<_> = Tile::between(old, new).collect();
        assert_eq!(between, expected, "{old} to {new}");
    }
}

#[test]
fn a_log_that_large_has_tiles_up_to_level_seven() {
    let size = u64::MAX;
    let last = Tile::between(size - 1, size).collect::<Vec<_>>();
    assert_eq!(last.len(), 2);
    let tile = Tile::holding(hashes(7), 254, size).unwrap();
    assert_eq!((tile.index(), tile.width()), (0, 255));
    assert_eq!(Tile::holding(hashes(7), 255, size), None);
    assert_eq!(Tile::holding(hashes(8), 0, size), None);
    assert_eq!(Tile::holding(hashes(63), 0, size), None);
    let entry = Tile::holding(TileKind::Entries, size - 1, size).unwrap();
    assert_eq!((entry.index(), entry.width()), (size / 256, 255));
}

#[test]
fn the_bytes_of_a_hash_tile_are_as_many_hashes_as_it_is_wide() {
    let three: Vec<_> = (0..3).map(leaf).collect();
    let bytes = hash_tile_bytes(&three);
    assert_eq!(bytes.len(), 96);
    assert_eq!(hash_tile_read(&bytes, 3), Some(three));
    assert_eq!(hash_tile_read(&bytes, 2), None);
    assert_eq!(hash_tile_read(&bytes, 4), None);
    assert_eq!(hash_tile_read(&bytes[..95], 3), None);
    assert_eq!(hash_tile_read(&bytes[..95], 2), None);
}

/// The hashes of a tile, out of a tree that may have grown since.
fn read(tree: &Tree, tile: Tile) -> Arc<[Hash]> {
    let TileKind::Hashes { level } = tile.kind() else {
        panic!("a proof needs no entries");
    };
    let start = tile.index() as usize * 256;
    tree.level(8 * u32::from(level))[start..start + usize::from(tile.width())].into()
}

#[test]
fn nodes_out_of_tiles_are_those_of_the_tree() {
    let mut tree = Tree::of(70_000);
    let mut numbers = Numbers(3);
    for size in [
        1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, 69_999, 70_000,
    ] {
        let tiles: BTreeSet<_> = Tile::all_of(size).collect();
        let asked = RefCell::new(Vec::new());
        let from_tiles = || {
            TileNodes::new(size, |tile| {
                assert!(tiles.contains(&tile), "{tile} in a log of {size}");
                asked.borrow_mut().push(tile);
                Ok::<_, Infallible>(read(&tree, tile))
            })
        };
        let edge_of = edge(&mut from_tiles(), size).unwrap();
        for _ in 0..30 {
            let (index, old) = (numbers.below(size), numbers.below(size + 1));
            asked.borrow_mut().clear();
            let proof = inclusion(&mut from_tiles(), index, size).unwrap();
            verify_inclusion(&leaf(index), index, size, &proof, &edge_of.root()).unwrap();
            assert_each_once(&asked.borrow());
            asked.borrow_mut().clear();
            let proof = consistency(&mut from_tiles(), old, size).unwrap();
            assert_each_once(&asked.borrow());
            let before = root(&mut Borrowed(&tree), old).unwrap();
            verify_consistency(old, &before, size, &edge_of.root(), &proof).unwrap();
        }
        assert_eq!(edge(&mut tree, size), Ok(edge_of));
    }
}

fn assert_each_once(tiles: &[Tile]) {
    let different: BTreeSet<_> = tiles.iter().collect();
    assert_eq!(different.len(), tiles.len(), "{tiles:?}");
}

struct Borrowed<'a>(&'a Tree);

impl Nodes for Borrowed<'_> {
    type Error = Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0.level(level)[index as usize])
    }
}

#[test]
fn a_proof_of_ten_million_entries_reads_each_tile_once() {
    let mut numbers = Numbers(4);
    for size in [10_000_000, MAX_SIZE] {
        for _ in 0..200 {
            let mut asked = Vec::new();
            let mut nodes = TileNodes::new(size, |tile| {
                asked.push(tile);
                Ok::<_, Infallible>(vec![leaf(0); usize::from(tile.width())].into())
            });
            inclusion(&mut nodes, numbers.below(size), size).unwrap();
            consistency(&mut nodes, numbers.below(size), size).unwrap();
            drop(nodes);
            let levels = if size == MAX_SIZE { 8 } else { 3 };
            assert!(asked.len() <= 3 * levels, "{}", asked.len());
        }
        for _ in 0..200 {
            let mut asked = Vec::new();
            let mut nodes = TileNodes::new(size, |tile| {
                asked.push(tile);
                Ok::<_, Infallible>(vec![leaf(0); usize::from(tile.width())].into())
            });
            inclusion(&mut nodes, numbers.below(size), size).unwrap();
            drop(nodes);
            assert_each_once(&asked);
        }
    }
}

#[test]
fn what_no_tile_holds_is_refused() {
    let mut nodes = TileNodes::new(300, |tile: Tile| match tile.index() {
        0 => Ok(vec![leaf(0); 255].into()),
        _ => Err("gone"),
    });
    let (level, index) = (0, 300);
    let none = TileNodesError::NoNode { level, index };
    assert_eq!(nodes.node(level, index), Err(none));
    for level in [9, 63, 64, u32::MAX] {
        let none = TileNodesError::NoNode { level, index: 0 };
        assert_eq!(nodes.node(level, 0), Err(none));
    }
    assert_eq!(nodes.node(0, 299), Err(TileNodesError::Read("gone")));
    let narrow = TileNodesError::Width {
        tile: tile(hashes(0), 0, 256),
        hashes: 255,
    };
    assert_eq!(nodes.node(0, 1), Err(narrow));
}
