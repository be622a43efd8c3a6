use super::disk::{CHECKPOINT, NEW_CHECKPOINT, entries_of};
use super::entry::{AbandonedRun, Entry, Stamped};
use super::finding::Finding;
use super::frame::{HEADER, Header, Origin};
use super::journal::{BUNDLE, Framing, JOURNAL};
use super::ledger::{Ledger, Totals};
use super::merkle::{Hash, Tile, TileKind, bundle_read};
use super::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use super::read::{Entries, Found, Place, ReadError, one_line};
use super::right::Right;
use super::shelf::Files;
use std::collections::{BTreeSet, VecDeque};

/// What [`verify`] found.
#[derive(Debug, Default)]
pub struct Report {
    /// The log, as its checkpoint or journal names it; none where neither can be read.
    pub origin: Option<Origin>,
    /// The checkpoint that everything was compared with; none where none was signed yet.
    pub checkpoint: Option<SignedCheckpoint>,
    /// What the sound entries hold.
    pub totals: Totals,
    /// Sound entries behind the checkpoint: written and not signed yet.
    pub unsigned: u64,
    /// Runs that have begun and not ended, ascending: they go on, or the next start will find them.
    pub open: Vec<AbandonedRun>,
    /// The first bad thing; none if all is sound.
    pub bad: Option<Finding>,
}

impl Report {
    /// Of a trail that is not there.
    pub(crate) fn without(bad: Finding) -> Self {
        Self {
            bad: Some(bad),
            ..Self::default()
        }
    }
}

/// Checks a whole trail, or an export of one: the checkpoint against the key, every entry and every
/// tile against the checkpoint, the journal against the tiles, that it follows from a checkpoint that
/// was seen before, that no other file lies in the folder, and what the entries say: the numbers, that
/// every outcome has its intent, and that the counts at the end of each run are those of its entries.
///
/// It reads one tile at a time and keeps nothing: whoever wants to know that a later state follows
/// keeps [`Report::checkpoint`] and hands it in as `seen`.
pub fn verify(
    files: &mut dyn Files,
    key: &dyn Fn(&str) -> Option<VerifierKey>,
    seen: Option<&Checkpoint>,
) -> Report {
    let mut checking = Checking {
        files,
        right: Right::default(),
        full: Vec::new(),
        seen,
        books: None,
        is_forked: false,
        recent: VecDeque::new(),
        report: Report::default(),
    };
    let bad = checking.all(key).err();
    let books = checking.books.unwrap_or_default();
    Report {
        totals: books.totals(),
        open: books.open().collect(),
        bad,
        ..checking.report
    }
}

struct Checking<'a> {
    files: &'a mut dyn Files,
    right: Right,
    full: Vec<(Tile, Vec<Hash>)>,
    seen: Option<&'a Checkpoint>,
    books: Option<Ledger>,
    /// The root at the size that was seen is another. Told last: whatever is damaged is the cause.
    is_forked: bool,
    /// The leaves from the journal's first entry on.
    recent: VecDeque<Hash>,
    report: Report,
}

impl Checking<'_> {
    fn all(&mut self, key: &dyn Fn(&str) -> Option<VerifierKey>) -> Result<(), Finding> {
        // Before the checkpoint: a writer may sign a later one and make the journal anew in between,
        // and then the journal that was read still has what the tiles of this checkpoint lack.
        let journal = self.files.read(JOURNAL)?;
        let header = journal.as_deref().map(Header::read).transpose();
        let header = header.map_err(ReadError::from)?;
        let size = self.checkpoint(header, key)?;
        let recent = header.map_or(size, |header| header.first);
        self.bundles(size, recent)?;
        self.unfinished()?;
        let root = self
            .report
            .checkpoint
            .as_ref()
            .map(|c| c.unverified().root());
        if root.is_some_and(|root| root != self.right.edge().root()) {
            return Err(Finding::Root { size });
        }
        if let (Some(journal), Some(header)) = (journal, header) {
            self.journal(&journal, header, size)?;
        }
        self.strangers(size, header.is_some())?;
        match self.seen.filter(|_| self.is_forked) {
            Some(seen) => Err(Finding::Forked { seen: seen.size() }),
            None => Ok(()),
        }
    }

    /// The size that the checkpoint is over.
    fn checkpoint(
        &mut self,
        header: Option<Header>,
        key: &dyn Fn(&str) -> Option<VerifierKey>,
    ) -> Result<u64, Finding> {
        self.report.origin = header.map(|header| header.origin);
        let Some(bytes) = self.files.read(CHECKPOINT)? else {
            if let Some(seen) = self.seen {
                return Err(Finding::NoCheckpoint { seen: seen.size() });
            }
            return match header {
                Some(_) => Ok(0),
                None => Err(ReadError::NoTrail.into()),
            };
        };
        let signed = SignedCheckpoint::parse(&bytes)?;
        let (origin, size) = (signed.unverified().origin(), signed.unverified().size());
        let journal = header.map(|header| header.origin.name());
        let wanted = self
            .seen
            .map(|seen| seen.origin().to_owned())
            .or(journal.clone());
        let is_other = |wanted: &String| wanted != origin;
        if let Some(wanted) = wanted.filter(is_other).or(journal.filter(is_other)) {
            return Err(Finding::OtherLog {
                found: origin.to_owned(),
                wanted,
            });
        }
        let key = key(origin).ok_or_else(|| Finding::NoKey(origin.to_owned()))?;
        signed.verify_log(&key)?;
        if let Some(seen) = self.seen
            && seen.size() > size
        {
            return Err(Finding::RolledBack {
                seen: seen.size(),
                found: size,
            });
        }
        self.report.origin = Origin::of_name(origin).or(self.report.origin);
        self.report.checkpoint = Some(signed);
        self.saw();
        Ok(size)
    }

    /// Where the tree has the size that was seen before, that it has the root.
    fn saw(&mut self) {
        if let Some(seen) = self.seen
            && seen.size() == self.right.size()
            && seen.root() != self.right.edge().root()
        {
            self.is_forked = true;
        }
    }

    fn bundles(&mut self, size: u64, recent: u64) -> Result<(), Finding> {
        for index in 0..size.div_ceil(BUNDLE) {
            let Some(tile) = Tile::holding(TileKind::Entries, index * BUNDLE, size) else {
                return Err(Finding::Root { size });
            };
            let path = tile.path();
            let bytes = self.tile(&path)?;
            let fault = |fault| ReadError::Bundle {
                path: path.clone(),
                fault,
            };
            let mut offset = 0;
            for entry in bundle_read(&bytes, tile.width()).map_err(fault)? {
                let place = Place {
                    path: path.clone(),
                    offset,
                };
                let index = self.right.size();
                let leaf = Hash::leaf(entry);
                if index >= recent {
                    self.recent.push_back(leaf);
                }
                self.right.push(leaf, &mut self.full);
                self.saw();
                self.hashes()?;
                self.enter(index, place, entry)?;
                offset += 2 + entry.len() as u64;
            }
        }
        Ok(())
    }

    fn tile(&mut self, path: &str) -> Result<Vec<u8>, Finding> {
        let read = self.files.read(path)?;
        read.ok_or_else(|| Finding::Missing(path.to_owned()))
    }

    /// Compares the tiles of hashes that have become full.
    fn hashes(&mut self) -> Result<(), Finding> {
        for (tile, hashes) in std::mem::take(&mut self.full) {
            self.compare(tile, &hashes)?;
        }
        Ok(())
    }

    fn unfinished(&mut self) -> Result<(), Finding> {
        let unfinished = self.right.unfinished();
        let unfinished: Vec<_> = unfinished
            .map(|(tile, held)| (tile, held.to_vec()))
            .collect();
        for (tile, hashes) in unfinished {
            self.compare(tile, &hashes)?;
        }
        Ok(())
    }

    fn compare(&mut self, tile: Tile, hashes: &[Hash]) -> Result<(), Finding> {
        let path = tile.path();
        let bytes = self.tile(&path)?;
        if bytes
            .iter()
            .eq(hashes.iter().flat_map(|hash| hash.as_bytes()))
        {
            return Ok(());
        }
        let level = match tile.kind() {
            TileKind::Hashes { level } => u32::from(level),
            TileKind::Entries => 0,
        };
        let first = tile.index() << (8 * (level + 1));
        Err(Finding::Hashes { path, first })
    }

    fn enter(&mut self, index: u64, place: Place, entry: &[u8]) -> Result<(), Finding> {
        let stamped = match one_line(entry) {
            Ok(stamped) => stamped,
            Err(cause) => {
                return Err(ReadError::Unknown {
                    index,
                    place,
                    cause,
                }
                .into());
            }
        };
        let books = self
            .books
            .get_or_insert_with(|| Ledger::beginning(&stamped));
        books
            .enter(&stamped)
            .map_err(|what| Finding::Disagreement { index, place, what })
    }

    fn journal(&mut self, journal: &[u8], header: Header, size: u64) -> Result<(), Finding> {
        let mut framing = Framing::new(journal, HEADER);
        let mut index = header.first;
        let place = |offset: u64| Place {
            path: JOURNAL.to_owned(),
            offset,
        };
        for framed in &mut framing {
            let place = place(framed.offset);
            if index >= size {
                self.enter(index, place, framed.entry)?;
                self.report.unsigned += 1;
            } else if self.recent.pop_front() != Some(Hash::leaf(framed.entry)) {
                return Err(Finding::Changed { index, place });
            }
            index += 1;
        }
        if let Some(fault) = framing.bad {
            let place = place(framing.offset as u64);
            return Err(ReadError::Frame {
                index,
                place,
                fault,
            }
            .into());
        }
        if header.first > size || index < size {
            return Err(Finding::Gap {
                first: header.first,
                behind: index,
                size,
            });
        }
        Ok(())
    }

    /// That no other file lies in the folder. What files are made under may be left by a host that was
    /// stopped, where there is one that writes, and not in an export.
    fn strangers(&mut self, size: u64, is_written: bool) -> Result<(), Finding> {
        let own: &[&str] = match is_written {
            true => &[CHECKPOINT, NEW_CHECKPOINT, JOURNAL, "journal.new"],
            false => &[CHECKPOINT],
        };
        let unfinished: BTreeSet<String> = self
            .right
            .unfinished()
            .map(|(tile, _)| tile.path())
            .chain(entries_of(size).map(|tile| tile.path()))
            .collect();
        for path in self.files.list()? {
            let is_part = own.contains(&path.as_str())
                || unfinished.contains(&path)
                || Tile::parse_path(&path).is_some_and(|tile| {
                    // Tiles that no checkpoint covers yet, or any more: the next start removes them.
                    if is_written {
                        return true;
                    }
                    let first = tile.index().checked_mul(BUNDLE);
                    let same = first.and_then(|first| Tile::holding(tile.kind(), first, size));
                    !tile.is_partial() && same == Some(tile)
                });
            if !is_part {
                return Err(Finding::NoPart(path));
            }
        }
        Ok(())
    }
}

impl Ledger {
    /// The books of a log that begins with this entry: only one that goes on after another begins
    /// with a number that is not 0.
    pub(super) fn beginning(first: &Stamped) -> Self {
        match &first.entry {
            Entry::Restore(restore) if restore.before.is_some() => Self::new(first.seq),
            Entry::Restore(_)
            | Entry::RunStart { .. }
            | Entry::Intent(_)
            | Entry::Outcome { .. }
            | Entry::Refused { .. }
            | Entry::RunEnd { .. }
            | Entry::Recovery(_)
            | Entry::Intake(_)
            | Entry::Boundary(_)
            | Entry::Grant(_)
            | Entry::Knowledge(_)
            | Entry::Suspension(_)
            | Entry::Deletion(_)
            | Entry::Erasure(_) => Self::new(0),
        }
    }
}

/// The entries of a trail, one by one, each checked to agree with those before it before it is given
/// out; that they are the signed ones is for [`verify`]. For whoever reads a long trail once and must
/// not believe a bad one. Ends after the first bad thing.
pub struct Checked<F> {
    entries: Entries<F>,
    books: Option<Ledger>,
    totals: Totals,
    failed: bool,
}

impl<F: Files> Checked<F> {
    /// Of a trail's folder, or an export of one.
    ///
    /// # Errors
    /// When it holds no trail or cannot be read.
    pub fn new(files: F) -> Result<Self, ReadError> {
        Ok(Self {
            entries: Entries::new(files)?,
            books: None,
            totals: Totals::default(),
            failed: false,
        })
    }

    /// What the entries that were given out hold together.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn check(&mut self, found: Found) -> Result<Found, Finding> {
        let books = self
            .books
            .get_or_insert_with(|| Ledger::beginning(&found.stamped));
        if let Err(what) = books.enter(&found.stamped) {
            return Err(Finding::Disagreement {
                index: found.index,
                place: found.place,
                what,
            });
        }
        self.totals = books.totals();
        Ok(found)
    }
}

impl<F: Files> Iterator for Checked<F> {
    type Item = Result<Found, Finding>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let found = self.entries.next()?;
        let checked = found
            .map_err(Finding::from)
            .and_then(|found| self.check(found));
        self.failed = checked.is_err();
        Some(checked)
    }
}
