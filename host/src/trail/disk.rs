//! What is on the disk of a trail, and the order in which it gets there: entries into the journal,
//! from there into tiles, read back, and only then signed.

use super::entry::Before;
use super::frame::Header;
use super::head::Head;
use super::journal::{BUNDLE, Frames, Framing, JOURNAL, Journal};
use super::ledger::Ledger;
use super::log::TrailError;
use super::merkle::{Edge, Hash, Tile, TileKind, bundle_push, bundle_read};
use super::note::{Checkpoint, SignError, SignedCheckpoint, Signer};
use super::right::Right;
use super::shelf::{Shelf, folders_above};
use super::stands::before;
use super::tiles::unfinished;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// The checkpoint's path.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// What it is made under.
pub(super) const NEW_CHECKPOINT: &str = "checkpoint.new";

/// When what is done. Other numbers than the usual ones are for tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The journal is made this long, in bytes, and grows by as much: writing over zeros that are
    /// there is durable some twenty times sooner than growing a file.
    pub(super) chunk: u64,
    /// A journal of more bytes is made anew without what full bundles hold.
    pub(super) long: u64,
    /// Once this many bytes wait to be written, the next append writes them.
    pub(super) full: usize,
    /// Once this many durable entries are not signed, the next sync signs them.
    pub(super) unsigned: u64,
}

impl Limits {
    pub(super) const USUAL: Self = Self {
        chunk: 64 << 10,
        long: 1 << 20,
        full: 64 << 10,
        unsigned: 4096,
    };
}

/// The key that signs the checkpoints of one tenant's logs, wherever it is kept.
pub trait CheckpointKey: Send + Sync {
    /// The key under the name of a log.
    ///
    /// # Errors
    /// When it cannot be used.
    fn signer(&self, log: &str) -> Result<Box<dyn Signer>, SignError>;
}

/// The folder of a trail, opened for writing.
pub(super) struct Disk {
    pub(super) shelf: Box<dyn Shelf>,
    pub(super) signer: Box<dyn Signer>,
    pub(super) journal: Journal,
    /// The number behind the last entry that is known to be on stable storage.
    pub(super) durable: u64,
    /// Empty between two writes; kept for its capacity.
    pub(super) writing: Frames,
    /// The tree over all entries that were handed to the journal, as they were in memory.
    pub(super) written: Edge,
    /// The log as it was last signed.
    pub(super) signed: Right,
    pub(super) checkpoint: Option<Arc<SignedCheckpoint>>,
    /// What the head outside is of; none where there is none of this log.
    pub(super) head: Option<Before>,
    /// The number behind the last entry that the store is known to know; none where no store goes with
    /// the log. Nothing behind it is signed.
    pub(super) stored: Option<u64>,
    /// Folders whose names are on stable storage.
    pub(super) folders: BTreeSet<String>,
    pub(super) limits: Limits,
}

/// A file of tiles that was written and is to be read back.
struct Made {
    path: String,
    bytes: Vec<u8>,
}

impl Disk {
    /// Of a folder that holds this journal, of which this much is signed.
    pub(super) fn over(
        shelf: Box<dyn Shelf>,
        signer: Box<dyn Signer>,
        journal: Journal,
        signed: Right,
        checkpoint: Option<Arc<SignedCheckpoint>>,
        limits: Limits,
    ) -> Self {
        Self {
            shelf,
            signer,
            journal,
            durable: 0,
            writing: Frames::default(),
            written: signed.edge().clone(),
            signed,
            checkpoint,
            head: None,
            stored: None,
            folders: BTreeSet::new(),
            limits,
        }
    }

    /// Writes what waits.
    pub(super) fn append(&mut self) -> Result<(), TrailError> {
        if self.writing.bytes.is_empty() {
            return Ok(());
        }
        self.journal
            .append(&mut *self.shelf, &self.writing)
            .map_err(TrailError::Write)?;
        for leaf in &self.writing.leaves {
            self.written.push(*leaf);
        }
        self.writing.clear();
        Ok(())
    }

    /// How many entries no checkpoint covers.
    pub(super) fn unsigned(&self) -> u64 {
        self.written.size() - self.signed.size()
    }

    /// Signs all that is in the journal, which must be durable. `books` are those of its last entry.
    pub(super) fn sign(&mut self, books: &Ledger) -> Result<Arc<SignedCheckpoint>, TrailError> {
        if let Some(checkpoint) = &self.checkpoint
            && self.unsigned() == 0
        {
            let checkpoint = Arc::clone(checkpoint);
            // A host that stopped in between left the head behind.
            if self.head != before(checkpoint.unverified()) {
                self.keep_head(&checkpoint, books)?;
            }
            return Ok(checkpoint);
        }
        let (right, stale) = match self.unsigned() {
            0 => (self.signed.clone(), Vec::new()),
            _ => self.fold()?,
        };
        let origin = self.journal.header.origin.name();
        let checkpoint = Checkpoint::new(&origin, right.size(), right.edge().root());
        let checkpoint = checkpoint.map_err(|e| TrailError::Key(SignError::new(e.to_string())))?;
        let signed = SignedCheckpoint::sign(checkpoint, &*self.signer).map_err(TrailError::Key)?;
        let signed = Arc::new(signed);
        self.put_checkpoint(&signed).map_err(TrailError::Write)?;
        self.checkpoint = Some(Arc::clone(&signed));
        self.signed = right;
        for path in stale {
            self.shelf.remove(&path).map_err(TrailError::Write)?;
        }
        self.keep_head(&signed, books)?;
        if self.journal.end() > self.limits.long {
            self.shorten().map_err(TrailError::Write)?;
        }
        Ok(signed)
    }

    fn keep_head(&mut self, signed: &SignedCheckpoint, books: &Ledger) -> Result<(), TrailError> {
        let kept = self.shelf.keep_head(&Head::bytes(signed, books));
        kept.map_err(TrailError::Write)?;
        self.head = before(signed.unverified());
        Ok(())
    }

    /// Brings what the last checkpoint lacks from the journal into tiles, makes them durable and
    /// reads them back. Gives the log with it, and the tiles that no longer belong to it.
    fn fold(&mut self) -> Result<(Right, Vec<String>), TrailError> {
        let mut files = self.bundles()?;
        let mut right = self.signed.clone();
        let mut full = Vec::new();
        for (first, made) in &files {
            let bytes = self.read_back(&made.path)?;
            let width = files_width(*first, self.written.size());
            let entries = bundle_read(&bytes, width).map_err(|_| differs(&made.path))?;
            for (place, entry) in (*first..).zip(entries) {
                if place >= self.signed.size() {
                    right.push(Hash::leaf(entry), &mut full);
                }
            }
        }
        if right.edge() != &self.written {
            return Err(differs(JOURNAL));
        }
        let full = full.iter().map(|(tile, hashes)| (*tile, hashes.as_slice()));
        let mut hashes = Vec::new();
        for (tile, held) in full.chain(right.unfinished()) {
            // One that the last checkpoint has as well stays as it is: it must not be lost in between.
            if self.signed.unfinished().any(|(signed, _)| signed == tile) {
                continue;
            }
            let bytes: Vec<u8> = held.iter().flat_map(|h| *h.as_bytes()).collect();
            hashes.push(self.make(tile, bytes).map_err(TrailError::Write)?);
        }
        let made = files.drain(..).map(|(_, made)| made).chain(hashes);
        let made: Vec<Made> = made.collect();
        self.settle(&made)?;
        for file in &made {
            if self.read_back(&file.path)? != file.bytes {
                return Err(differs(&file.path));
            }
        }
        let own: Vec<String> = right
            .unfinished()
            .map(|(tile, _)| tile.path())
            .chain(entries_of(right.size()).map(|tile| tile.path()))
            .collect();
        let before = self.signed.unfinished().map(|(tile, _)| tile.path());
        let bundle = entries_of(self.signed.size()).map(|tile| tile.path());
        Ok((
            right,
            before
                .chain(bundle)
                .filter(|path| !own.contains(path))
                .collect(),
        ))
    }

    /// Writes the bundles of entries that the last checkpoint lacks. Gives the place of the first
    /// entry of each.
    fn bundles(&mut self) -> Result<Vec<(u64, Made)>, TrailError> {
        let (old, new) = (self.signed.size(), self.written.size());
        let first = old - old % BUNDLE;
        let journal = self.read_back(JOURNAL)?;
        let offset = self.journal.bundle(first).map(usize::try_from);
        let Some(Ok(offset)) = offset else {
            return Err(differs(JOURNAL));
        };
        let mut framing = Framing::new(&journal, offset);
        let (mut files, mut bundle) = (Vec::new(), Vec::new());
        for place in first..new {
            let framed = framing.next().ok_or_else(|| differs(JOURNAL))?;
            bundle_push(&mut bundle, framed.entry).map_err(|_| differs(JOURNAL))?;
            let behind = place + 1;
            if behind.is_multiple_of(BUNDLE) || behind == new {
                let tile = Tile::holding(TileKind::Entries, place, new);
                let tile = tile.ok_or_else(|| differs(JOURNAL))?;
                let made = self.make(tile, std::mem::take(&mut bundle));
                let made = made.map_err(TrailError::Write)?;
                files.push((place - place % BUNDLE, made));
            }
        }
        Ok(files)
    }

    fn make(&mut self, tile: Tile, bytes: Vec<u8>) -> io::Result<Made> {
        let path = tile.path();
        self.shelf.create(&path, &bytes)?;
        Ok(Made { path, bytes })
    }

    /// Makes files and their names durable.
    fn settle(&mut self, made: &[Made]) -> Result<(), TrailError> {
        for file in made {
            self.shelf.sync(&file.path).map_err(TrailError::Sync)?;
        }
        // The folder a file lies in always; those above it where they may be new.
        let mut folders = BTreeSet::new();
        for file in made {
            for (nth, folder) in folders_above(&file.path).enumerate() {
                if nth == 0 || !self.folders.contains(folder) {
                    folders.insert(folder.to_owned());
                }
            }
            let parents: Vec<&str> = folders_above(&file.path).collect();
            for pair in parents.windows(2) {
                if let [folder, above] = pair
                    && !self.folders.contains(*folder)
                {
                    folders.insert((*above).to_owned());
                }
            }
        }
        for folder in &folders {
            self.shelf.sync_folder(folder).map_err(TrailError::Sync)?;
        }
        self.folders.extend(folders);
        Ok(())
    }

    fn read_back(&mut self, path: &str) -> Result<Vec<u8>, TrailError> {
        let read = self.shelf.read(path).map_err(TrailError::Write)?;
        read.ok_or_else(|| differs(path))
    }

    fn put_checkpoint(&mut self, signed: &SignedCheckpoint) -> io::Result<()> {
        self.shelf.create(NEW_CHECKPOINT, signed.as_bytes())?;
        self.shelf.sync(NEW_CHECKPOINT)?;
        self.shelf.rename(NEW_CHECKPOINT, CHECKPOINT)?;
        self.shelf.sync_folder(".")
    }

    /// Makes the journal anew without what is in full bundles.
    pub(super) fn shorten(&mut self) -> io::Result<()> {
        let size = self.signed.size();
        let first = size - size % BUNDLE;
        let bytes = self.shelf.read(JOURNAL)?.unwrap_or_default();
        // At a size that is a whole number of bundles nothing of it has to stay.
        let offset = self.journal.bundle(first).unwrap_or(self.journal.end());
        let end = usize::try_from(self.journal.end()).map_err(io::Error::other)?;
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let frames = bytes.get(from..end).unwrap_or_default();
        let lengths = Framing::new(frames, 0).map(|f| super::frame::HEAD + f.entry.len());
        let header = Header {
            first,
            ..self.journal.header
        };
        self.journal = Journal::make(&mut *self.shelf, self.limits, header, frames, lengths)?;
        Ok(())
    }
}

/// The bundle at the end of a log of this size, where it is not full.
pub(super) fn entries_of(size: u64) -> Option<Tile> {
    unfinished(TileKind::Entries, size)
}

/// How many entries the bundle has that begins at this place of a log.
fn files_width(first: u64, size: u64) -> u16 {
    (size - first).min(BUNDLE) as u16
}

fn differs(path: &str) -> TrailError {
    TrailError::Differs {
        path: path.to_owned(),
    }
}
