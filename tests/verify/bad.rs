use super::export::Export;
use super::logs::{key, other_key, vkey};
use super::three::Case;
use casemate::trail::Origin;
use casemate::trail::merkle::{Tile, TileKind};
use casemate::trail::note::MemorySigner;

/// A log at two sizes, from which bad ones are made.
pub(crate) struct Log {
    pub(crate) origin: Origin,
    pub(crate) old: Export,
    pub(crate) new: Export,
    /// Another one of the same name and size, with the same key, that differs from where the old one
    /// ends.
    pub(crate) fork: Export,
}

impl Log {
    pub(super) fn key(&self) -> MemorySigner {
        key(self.origin)
    }

    fn case(&self, what: &str, export: Export, seen: Option<&Export>) -> Case {
        let size = self.new.size();
        let seen_size = seen.map(|seen| format!(", one over {} was seen", seen.size()));
        Case {
            what: format!("{what} (of {size}{})", seen_size.unwrap_or_default()),
            is_good: false,
            export,
            vkey: vkey(self.origin),
            seen: seen.map(Export::checkpoint),
        }
    }

    pub(super) fn bad(&self, what: &str, export: Export) -> Case {
        self.case(what, export, None)
    }

    /// What is good, whichever earlier state was seen.
    pub(crate) fn good(&self) -> Vec<Case> {
        let states = [
            ("as it is", &self.new, None),
            ("as it is", &self.new, Some(&self.new)),
            ("grown", &self.new, Some(&self.old)),
            ("before it grew", &self.old, None),
            ("grown in another way", &self.fork, Some(&self.old)),
        ];
        let good = states.map(|(what, export, seen)| Case {
            is_good: true,
            ..self.case(what, export.clone(), seen)
        });
        good.into()
    }

    /// One bit flipped in each file, somewhere.
    pub(crate) fn some_bits(&self, chosen: &mut impl FnMut(usize) -> usize) -> Vec<Case> {
        let flipped = self.new.0.iter().map(|(path, bytes)| {
            let (byte, bit) = (chosen(bytes.len()), chosen(8));
            let export = self.new.changed(path, |bytes| bytes[byte] ^= 1 << bit);
            self.bad(&format!("bit {bit} of byte {byte} of {path}"), export)
        });
        flipped.collect()
    }

    /// Every bit of every file flipped, those of the key and of what was seen among them.
    pub(crate) fn every_bit(&self) -> Vec<Case> {
        let seen = self.case("", self.new.clone(), Some(&self.old));
        let mut cases = Vec::new();
        for (path, bytes) in &self.new.0 {
            for bit in 0..bytes.len() * 8 {
                let export = self.new.changed(path, |bytes| flip(bytes, bit));
                cases.push(self.bad(&format!("bit {bit} of {path}"), export));
            }
        }
        // The line's end behind a key is none of it.
        for bit in 0..(seen.vkey.len() - 1) * 8 {
            let mut case = seen.clone();
            case.what = format!("bit {bit} of the key");
            flip(&mut case.vkey, bit);
            cases.push(case);
        }
        for bit in 0..self.old.checkpoint().len() * 8 {
            let mut case = seen.clone();
            case.what = format!("bit {bit} of what was seen");
            flip(case.seen.as_mut().unwrap(), bit);
            cases.push(case);
        }
        cases
    }

    /// An entry removed and two swapped, with everything made anew that can be.
    pub(crate) fn removed_and_swapped(&self, places: &[usize]) -> Vec<Case> {
        let entries = self.new.entries();
        let mut cases = Vec::new();
        for place in places.iter().copied().filter(|p| *p < entries.len()) {
            let mut without = entries.clone();
            without.remove(place);
            cases.extend(self.other_entries(&format!("entry {place} removed"), &without));
            if place + 1 < entries.len() {
                let mut swapped = entries.clone();
                swapped.swap(place, place + 1);
                let what = format!("entries {place} and {} swapped", place + 1);
                cases.extend(self.other_entries(&what, &swapped));
            }
        }
        cases
    }

    /// These entries instead of those that were signed.
    fn other_entries(&self, what: &str, entries: &[Vec<u8>]) -> Vec<Case> {
        let tiles = Export::tiles(entries);
        let mut bundles = self.new.clone();
        for tile in Tile::all_of(self.new.size()).filter(|tile| tile.kind() == TileKind::Entries) {
            // As many as there are go into the files of the same names.
            let narrow = Tile::holding(tile.kind(), tile.index() * 256, entries.len() as u64);
            let bytes = narrow.map(|tile| tiles.0[&tile.path()].to_vec());
            bundles = bundles.with(&tile.path(), bytes.unwrap_or_default());
        }
        let checkpoint = self.new.checkpoint();
        let own = Export::signed(entries, &self.key());
        let others = Export::signed(entries, &other_key(self.origin));
        let bad = |how: &str, export: Export| self.bad(&format!("{what}, {how}"), export);
        vec![
            bad("in the bundles alone", bundles),
            bad("with their tiles", tiles.with("checkpoint", checkpoint)),
            bad("signed by another key", others),
            self.case(&format!("{what}, signed again"), own, Some(&self.new)),
        ]
    }

    /// Older states, and another one than was seen.
    pub(crate) fn old_and_split(&self) -> Vec<Case> {
        let Self { old, new, fork, .. } = self;
        let replayed = new.with("checkpoint", old.checkpoint());
        let ahead = old.with("checkpoint", new.checkpoint());
        let numbered = exchanged(&new.entries());
        let mut cases = vec![
            self.case("a truncated tail", old.clone(), Some(new)),
            self.case("an older checkpoint replayed", replayed.clone(), None),
            self.case("an older checkpoint replayed", replayed, Some(new)),
            self.bad("a checkpoint without its tail", ahead),
            self.case("a split", fork.clone(), Some(new)),
            self.bad(
                "the tiles of a split",
                fork.with("checkpoint", new.checkpoint()),
            ),
        ];
        if let Some(entries) = numbered {
            let export = Export::signed(&entries, &self.key());
            cases.push(self.case("what two entries say exchanged", export, Some(new)));
        }
        cases
    }

    /// Files that are not what they should be, not there, or too many.
    pub(crate) fn files(&self) -> Vec<Case> {
        const MORE: &[&str] = &[
            "note.txt",
            "journal",
            "journal.new",
            "checkpoint.new",
            "tile/note.txt",
            "tile/0/000.p/1",
            "tile/0/000.p/256",
            "tile/0/999",
            "tile/0/x000/000",
            "tile/1/000.p/1",
            "tile/7/000.p/1",
            "tile/8/000.p/1",
            "tile/00/000",
            "tile/entries/000.p/1",
            "tile/entries/000.p/01",
            "tile/entries/x000/000",
        ];
        let mut cases = Vec::new();
        for path in MORE.iter().filter(|path| !self.new.0.contains_key(**path)) {
            // What a tile of that name would hold, as far as there is such a thing.
            let first = self.new.0.iter().find(|(tile, _)| {
                path.starts_with("tile/entries/") == tile.starts_with("tile/entries/")
            });
            let (bundle, hash) = (self.new.entries().swap_remove(0), first.unwrap().1);
            let bytes = match path.starts_with("tile/entries/") {
                true => [&(bundle.len() as u16).to_be_bytes()[..], &bundle].concat(),
                false => hash.iter().copied().take(32).collect(),
            };
            for bytes in [bytes, Vec::new()] {
                let what = format!("{path} with {} bytes", bytes.len());
                cases.push(self.bad(&what, self.new.with(path, bytes)));
            }
        }
        for (path, bytes) in &self.new.0 {
            let change = |how: &str, change: &dyn Fn(&mut Vec<u8>)| {
                let export = self.new.changed(path, change);
                self.bad(&format!("{path} {how}"), export)
            };
            cases.extend([
                self.bad(&format!("{path} not there"), self.new.without(path)),
                change("with a zero behind", &|bytes| bytes.push(0)),
                change("with a line's end behind", &|bytes| bytes.push(b'\n')),
                change("without its last byte", &|bytes| {
                    bytes.truncate(bytes.len() - 1)
                }),
                change("with its first byte behind", &|bytes| bytes.rotate_left(1)),
                change("without 32 bytes", &|bytes| {
                    bytes.truncate(bytes.len() - 32)
                }),
                change("emptied", &Vec::clear),
            ]);
            let other = self.new.0.values().find(|other| *other != bytes);
            let export = self.new.with(path, other.unwrap().to_vec());
            cases.push(self.bad(&format!("{path} is another file"), export));
        }
        cases
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// The first entry that stands twice with other numbers, at both places the number of the place.
fn exchanged(entries: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let [first, second, ..] = entries else {
        return None;
    };
    let split = |entry: &[u8]| {
        let comma = entry.iter().position(|b| *b == b',').unwrap();
        (entry[..comma].to_vec(), entry[comma..].to_vec())
    };
    let ((one, says), (two, says_too)) = (split(first), split(second));
    let mut entries = entries.to_vec();
    entries[0] = [one, says_too].concat();
    entries[1] = [two, says].concat();
    Some(entries)
}
