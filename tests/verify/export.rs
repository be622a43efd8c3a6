use base64ct::{Base64, Encoding as _};
use casemate::trail::merkle::{
    Edge, Hash, Tile, TileKind, bundle_push, bundle_read, hash_tile_bytes,
};
use casemate::trail::note::{Checkpoint, MemorySigner, SignedCheckpoint, Signer as _};
use casemate::trail::{Files, MemoryShelf};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// A trail as it is handed over: its files by their paths. Copies share the bytes of what is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Export(pub(crate) BTreeMap<String, Arc<Vec<u8>>>);

impl Export {
    /// Of a folder that a log has signed.
    pub(crate) fn of(shelf: &MemoryShelf) -> Self {
        let mut shelf = shelf.clone();
        let mut read = |path: &str| Arc::new(shelf.read(path).unwrap().unwrap());
        let checkpoint = read("checkpoint");
        let signed = SignedCheckpoint::parse(&checkpoint).unwrap();
        let tiles = Tile::all_of(signed.unverified().size()).map(|tile| tile.path());
        let tiles = tiles.map(|path| (path.clone(), read(&path)));
        let mut files: BTreeMap<_, _> = tiles.collect();
        files.insert("checkpoint".to_owned(), checkpoint);
        Self(files)
    }

    /// Of these entries, signed with this key under its own name.
    pub(crate) fn signed(entries: &[Vec<u8>], key: &MemorySigner) -> Self {
        Self::tiles(entries).with("checkpoint", note(&head(entries, key).text(), key))
    }

    /// The tiles of these entries, without a checkpoint.
    pub(crate) fn tiles(entries: &[Vec<u8>]) -> Self {
        let (mut edge, mut hashes) = (Edge::new(), BTreeMap::new());
        for entry in entries {
            edge.push_with(Hash::leaf(entry), |level, index, hash| {
                hashes.insert((level, index), hash);
            });
        }
        let tiles = Tile::all_of(entries.len() as u64).map(|tile| {
            let items = (0..u64::from(tile.width())).map(|nth| tile.index() * 256 + nth);
            let mut bytes = Vec::new();
            match tile.kind() {
                TileKind::Entries => {
                    items.for_each(|at| bundle_push(&mut bytes, &entries[at as usize]).unwrap());
                }
                TileKind::Hashes { level } => {
                    let held: Vec<Hash> = items
                        .map(|at| hashes[&(8 * u32::from(level), at)])
                        .collect();
                    bytes = hash_tile_bytes(&held);
                }
            }
            (tile.path(), Arc::new(bytes))
        });
        Self(tiles.collect())
    }

    pub(crate) fn size(&self) -> u64 {
        let signed = SignedCheckpoint::parse(&self.0["checkpoint"]).unwrap();
        signed.unverified().size()
    }

    pub(crate) fn checkpoint(&self) -> Vec<u8> {
        self.0["checkpoint"].to_vec()
    }

    pub(crate) fn entries(&self) -> Vec<Vec<u8>> {
        let bundles = Tile::all_of(self.size()).filter(|tile| tile.kind() == TileKind::Entries);
        let mut entries = Vec::new();
        for tile in bundles {
            let bytes = &self.0[&tile.path()];
            let held = bundle_read(bytes, tile.width()).unwrap();
            entries.extend(held.into_iter().map(<[u8]>::to_vec));
        }
        entries
    }

    pub(crate) fn with(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let mut files = self.0.clone();
        files.insert(path.to_owned(), Arc::new(bytes.into()));
        Self(files)
    }

    pub(crate) fn without(&self, path: &str) -> Self {
        let mut files = self.0.clone();
        files.remove(path).unwrap();
        Self(files)
    }

    /// With a file that holds something else.
    pub(crate) fn changed(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = self.0[path].to_vec();
        change(&mut bytes);
        self.with(path, bytes)
    }
}

/// What the log of these entries says of itself.
pub(crate) fn head(entries: &[Vec<u8>], key: &MemorySigner) -> Checkpoint {
    let mut edge = Edge::new();
    entries
        .iter()
        .for_each(|entry| edge.push(Hash::leaf(entry)));
    Checkpoint::new(key.key().name(), edge.size(), edge.root()).unwrap()
}

/// A text and its signature, whatever it says.
pub(crate) fn note(text: &str, key: &MemorySigner) -> Vec<u8> {
    format!("{text}\n{}\n", signature(text, key).text()).into_bytes()
}

/// A line of a note, whatever is in it.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) id: [u8; 4],
    pub(crate) bytes: Vec<u8>,
}

impl Line {
    pub(crate) fn text(&self) -> String {
        let bytes = [self.id.as_slice(), &self.bytes].concat();
        format!("\u{2014} {} {}", self.name, Base64::encode_string(&bytes))
    }
}

pub(crate) fn signature(text: &str, key: &MemorySigner) -> Line {
    Line {
        name: key.key().name().to_owned(),
        id: key.key().key_id(),
        bytes: key.sign(text.as_bytes()).unwrap().to_vec(),
    }
}

impl Files for Export {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(path).map(|bytes| bytes.to_vec()))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        let names = self.0.keys().filter_map(|path| {
            let (above, name) = path.rsplit_once('/').unwrap_or((".", path));
            (above == folder).then(|| name.to_owned())
        });
        Ok(names.collect())
    }
}
