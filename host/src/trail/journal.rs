//! The journal: where entries are appended, before the tiles have them.

use super::disk::Limits;
use super::entry::{Entry, Stamped};
use super::frame::{self, Fault, HEADER, Header, Step};
use super::ledger::Ledger;
use super::log::TrailError;
use super::merkle::Hash;
use super::shelf::Shelf;
use crate::model::Instant;
use std::collections::VecDeque;
use std::io;

/// The journal's path.
pub(crate) const JOURNAL: &str = "journal";
/// What it is made under.
const NEW: &str = "journal.new";
/// Entries of a full bundle.
pub(super) const BUNDLE: u64 = 256;

/// The journal, open for appending.
pub(super) struct Journal {
    pub(super) header: Header,
    /// Where the next frame goes, in bytes.
    end: u64,
    /// How long the file is; zeros behind the end.
    length: u64,
    /// Entries in it.
    entries: u64,
    /// Where the entries begin whose places are multiples of [`BUNDLE`], oldest first.
    bundles: VecDeque<(u64, u64)>,
    chunk: u64,
}

/// An entry in a journal.
pub(super) struct Framed<'a> {
    /// Where its frame begins.
    pub(super) offset: u64,
    /// Its bytes.
    pub(super) entry: &'a [u8],
}

/// The frames of a journal's bytes, one by one, to the first that is bad or the end.
pub(super) struct Framing<'a> {
    bytes: &'a [u8],
    /// Where we stand.
    pub(super) offset: usize,
    /// What is wrong where it stopped; none at the end.
    pub(super) bad: Option<Fault>,
}

impl<'a> Framing<'a> {
    /// From an offset on.
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self {
            bytes,
            offset,
            bad: None,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    /// How many bytes from here on are of no use and not zeros at the end; and how many whole frames
    /// begin in them, wherever.
    pub(super) fn behind(&self) -> (u64, u64) {
        let rest = self.rest();
        let used = rest
            .iter()
            .rposition(|b| *b != 0)
            .map_or(0, |last| last + 1);
        let mut rest = rest.get(..used).unwrap_or_default();
        let mut whole = 0;
        while !rest.is_empty() {
            let passed = match frame::step(rest) {
                Step::Entry(entry) => {
                    whole += 1;
                    frame::HEAD + entry.len()
                }
                Step::End | Step::Bad(_) => 1,
            };
            rest = rest.get(passed..).unwrap_or_default();
        }
        (used as u64, whole)
    }
}

impl<'a> Iterator for Framing<'a> {
    type Item = Framed<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest();
        let is_zero = |bytes: &[u8]| bytes.iter().all(|b| *b == 0);
        let head = rest.get(..frame::HEAD).unwrap_or(rest);
        if self.bad.is_some() || is_zero(head) && is_zero(rest) {
            return None;
        }
        match frame::step(rest) {
            Step::End => None,
            Step::Bad(fault) => {
                self.bad = Some(fault);
                None
            }
            Step::Entry(entry) => {
                let offset = self.offset as u64;
                self.offset += frame::HEAD + entry.len();
                Some(Framed { offset, entry })
            }
        }
    }
}

impl Journal {
    /// Makes a journal that begins with these frames, in place of one that is there: durably, at once
    /// or not at all. `lengths` are those of the frames.
    pub(super) fn make(
        shelf: &mut dyn Shelf,
        limits: Limits,
        header: Header,
        frames: &[u8],
        lengths: impl Iterator<Item = usize>,
    ) -> io::Result<Self> {
        let mut bytes = header.bytes();
        bytes.extend_from_slice(frames);
        let end = bytes.len() as u64;
        let length = end.next_multiple_of(limits.chunk);
        bytes.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
        shelf.create(NEW, &bytes)?;
        shelf.sync(NEW)?;
        shelf.rename(NEW, JOURNAL)?;
        shelf.sync_folder(".")?;
        Ok(Self::found(limits, header, length, lengths))
    }

    /// One that is there, read by its frames' lengths.
    pub(super) fn found(
        limits: Limits,
        header: Header,
        length: u64,
        lengths: impl Iterator<Item = usize>,
    ) -> Self {
        let mut journal = Self {
            header,
            end: HEADER as u64,
            length,
            entries: 0,
            bundles: VecDeque::new(),
            chunk: limits.chunk,
        };
        for length in lengths {
            journal.pass(length);
        }
        journal
    }

    fn pass(&mut self, length: usize) {
        let place = self.behind();
        if place.is_multiple_of(BUNDLE) {
            self.bundles.push_back((place, self.end));
        }
        self.end += length as u64;
        self.entries += 1;
    }

    /// The place in the log behind its last entry.
    pub(super) fn behind(&self) -> u64 {
        self.header.first + self.entries
    }

    /// How many bytes of it are in use.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Appends whole frames.
    pub(super) fn append(&mut self, shelf: &mut dyn Shelf, frames: &Frames) -> io::Result<()> {
        let end = self.end + frames.bytes.len() as u64;
        if end > self.length {
            // Zeros first, in one go with the frames.
            let length = end.next_multiple_of(self.chunk);
            let mut bytes = frames.bytes.clone();
            let zeros = usize::try_from(length - end).map_err(io::Error::other)?;
            bytes.resize(bytes.len() + zeros, 0);
            shelf.write_at(JOURNAL, self.end, &bytes)?;
            self.length = length;
        } else {
            shelf.write_at(JOURNAL, self.end, &frames.bytes)?;
        }
        for length in &frames.lengths {
            self.pass(*length);
        }
        Ok(())
    }

    /// Where the bundle begins that holds this place, in bytes.
    pub(super) fn bundle(&self, place: u64) -> Option<u64> {
        let first = place - place % BUNDLE;
        let (oldest, _) = self.bundles.front()?;
        let nth = first.checked_sub(*oldest)? / BUNDLE;
        let (_, offset) = self.bundles.get(usize::try_from(nth).ok()?)?;
        Some(*offset)
    }
}

/// Frames that wait to be written, with what the tree needs of them.
#[derive(Default)]
pub(super) struct Frames {
    pub(super) bytes: Vec<u8>,
    pub(super) lengths: Vec<usize>,
    pub(super) leaves: Vec<Hash>,
}

impl Frames {
    /// Puts the next entry behind those that wait, where it agrees with the books, and enters it there.
    pub(super) fn enter(
        &mut self,
        time: Instant,
        entry: Entry,
        books: &mut Ledger,
    ) -> Result<u64, TrailError> {
        let (at, seq) = (self.bytes.len(), books.next());
        let stamped = Stamped {
            seq,
            time,
            entry,
            back_ms: books.back_ms(time),
        };
        self.bytes.extend_from_slice(&[0; frame::HEAD]);
        let written = serde_json::to_writer(&mut self.bytes, &stamped).map_err(|_| 0);
        let leaf = match written.and_then(|()| frame::seal(&mut self.bytes, at)) {
            Ok(leaf) => leaf,
            Err(bytes) => {
                self.bytes.truncate(at);
                return Err(TrailError::TooLong { bytes });
            }
        };
        if let Err(disagreement) = books.enter(&stamped) {
            self.bytes.truncate(at);
            return Err(disagreement.into());
        }
        self.lengths.push(self.bytes.len() - at);
        self.leaves.push(leaf);
        Ok(seq)
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
        self.leaves.clear();
    }
}
