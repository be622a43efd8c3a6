use super::disk::CHECKPOINT;
use super::entry::Stamped;
use super::frame::{Fault, HEADER, Header, HeaderFault, Origin};
use super::journal::{BUNDLE, Framing, JOURNAL};
use super::merkle::{BundleFault, TILE_WIDTH, Tile, TileKind, bundle_read};
use super::note::SignedCheckpoint;
use super::shelf::Files;
use std::collections::VecDeque;
use std::{fmt, io};

/// The entries of a trail, one by one, as they lie in its full bundles and its journal, or in all
/// bundles of an export. Nothing is checked but that they can be read. Ends after the first error.
pub struct Entries<F> {
    files: F,
    origin: Origin,
    /// The place in the log of the next entry.
    place: u64,
    at: At,
    /// The place of the journal's first entry, as far as it is known: it only rises.
    journal_from: u64,
    failed: bool,
}

/// Where the next entry comes from.
enum At {
    /// It is to be looked for.
    Nowhere,
    Bundle {
        path: String,
        /// Where each entry that is left begins, and its bytes.
        left: VecDeque<(u64, Vec<u8>)>,
    },
    Journal {
        bytes: Vec<u8>,
        offset: usize,
    },
    End,
}

/// An entry as it lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place in the log: how many entries of this log stand before it.
    pub index: u64,
    /// Where it lies.
    pub place: Place,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub stamped: Stamped,
}

/// A place in a file of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, below the trail's folder.
    pub path: String,
    /// Where in it, in bytes.
    pub offset: u64,
}

impl fmt::Display for Place {
    /// `` `journal`, byte 56 ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, byte {}", self.path, self.offset)
    }
}

/// Why a trail could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("the trail cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The journal's header is bad.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// The folder holds neither a journal nor a checkpoint that could be read.
    #[error(
        "the folder holds no trail: there is no journal in it, and no checkpoint that can be read"
    )]
    NoTrail,
    /// A frame of the journal is bad.
    #[error("entry {index} ({place}): {fault}")]
    Frame {
        /// The entry's place in the log.
        index: u64,
        /// Where its frame begins.
        place: Place,
        /// What is wrong.
        fault: Fault,
    },
    /// A bundle of entries is bad.
    #[error("`{path}`: {fault}")]
    Bundle {
        /// The file.
        path: String,
        /// What is wrong.
        fault: BundleFault,
    },
    /// Entries are in no file.
    #[error("entry {index} is in no file: `{path}` is not there, and the journal does not have it")]
    Missing {
        /// The first of them.
        index: u64,
        /// The bundle that should have it.
        path: String,
    },
    /// An entry is whole and none that this host knows.
    #[error("entry {index} ({place}) is none that this host knows: {cause}")]
    Unknown {
        /// The entry's place in the log.
        index: u64,
        /// Where it lies.
        place: Place,
        /// What is wrong.
        cause: serde_json::Error,
    },
}

impl<F: Files> Entries<F> {
    /// Of a trail's folder, or an export of one.
    ///
    /// # Errors
    /// When it holds no trail, or cannot be read.
    pub fn new(files: F) -> Result<Self, ReadError> {
        Self::after(files, 0)
    }

    /// As [`Entries::new`], without the first entries of the log.
    ///
    /// # Errors
    /// As [`Entries::new`].
    pub fn after(mut files: F, entries: u64) -> Result<Self, ReadError> {
        let origin = match files.read(JOURNAL)? {
            Some(journal) => Header::read(&journal)?.origin,
            None => note(&mut files)?
                .and_then(|note| Origin::of_name(note.unverified().origin()))
                .ok_or(ReadError::NoTrail)?,
        };
        Ok(Self {
            files,
            origin,
            place: entries,
            at: At::Nowhere,
            journal_from: 0,
            failed: false,
        })
    }

    /// The trail's random id.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    fn next_found(&mut self) -> Result<Option<Found>, ReadError> {
        loop {
            let index = self.place;
            let found = match &mut self.at {
                At::Nowhere => {
                    self.at = self.look()?;
                    continue;
                }
                At::End => return Ok(None),
                At::Bundle { path, left } => match left.pop_front() {
                    None => {
                        self.at = At::Nowhere;
                        continue;
                    }
                    Some((offset, entry)) => {
                        let path = path.clone();
                        found(index, Place { path, offset }, entry)?
                    }
                },
                At::Journal { bytes, offset } => {
                    let place = |offset: u64| Place {
                        path: JOURNAL.to_owned(),
                        offset,
                    };
                    let mut framing = Framing::new(bytes, *offset);
                    let Some(framed) = framing.next() else {
                        if let Some(fault) = framing.bad {
                            let place = place(*offset as u64);
                            return Err(ReadError::Frame {
                                index,
                                place,
                                fault,
                            });
                        }
                        self.at = At::End;
                        continue;
                    };
                    let entry = framed.entry.to_vec();
                    let found = found(index, place(framed.offset), entry)?;
                    *offset = framing.offset;
                    found
                }
            };
            self.place += 1;
            return Ok(Some(found));
        }
    }

    /// Finds where the next entry lies: in the journal, as far as that goes back, else in a full bundle,
    /// or in what an export has for its checkpoint's size. The journal first: a host that stopped may
    /// have left bundles that are not whole, of entries that no checkpoint covers.
    fn look(&mut self) -> Result<At, ReadError> {
        if self.place >= self.journal_from
            && let Some(journal) = self.files.read(JOURNAL)?
        {
            self.journal_from = Header::read(&journal)?.first;
            if let Some(at) = self.journal(journal)? {
                return Ok(at);
            }
        }
        let full = Tile::new(TileKind::Entries, self.place / BUNDLE, TILE_WIDTH);
        let full = full.ok_or(ReadError::NoTrail)?;
        if let Some(at) = self.bundle(full)? {
            return Ok(at);
        }
        let size = note(&mut self.files)?.map_or(0, |note| note.unverified().size());
        if self.place >= size {
            return Ok(At::End);
        }
        let tile = super::disk::entries_of(size).filter(|t| t.index() == full.index());
        let held = tile.map(|t| self.bundle(t)).transpose()?.flatten();
        held.ok_or_else(|| ReadError::Missing {
            index: self.place,
            path: full.path(),
        })
    }

    fn bundle(&mut self, tile: Tile) -> Result<Option<At>, ReadError> {
        let path = tile.path();
        let Some(bytes) = self.files.read(&path)? else {
            return Ok(None);
        };
        let passed = usize::try_from(self.place % BUNDLE).unwrap_or(usize::MAX);
        let entries = match bundle_read(&bytes, tile.width()) {
            Ok(entries) => entries,
            Err(fault) => return Err(ReadError::Bundle { path, fault }),
        };
        let mut offset = 0;
        let placed = entries.into_iter().map(|entry| {
            let at = offset;
            offset += 2 + entry.len() as u64;
            (at, entry.to_vec())
        });
        let left = placed.skip(passed).collect();
        Ok(Some(At::Bundle { path, left }))
    }

    fn journal(&mut self, bytes: Vec<u8>) -> Result<Option<At>, ReadError> {
        let header = Header::read(&bytes)?;
        let Some(passed) = self.place.checked_sub(header.first) else {
            return Ok(None);
        };
        let mut framing = Framing::new(&bytes, HEADER);
        for nth in 0..passed {
            if framing.next().is_none() {
                return match framing.bad {
                    None => Ok(Some(At::End)),
                    Some(fault) => Err(ReadError::Frame {
                        index: header.first + nth,
                        place: Place {
                            path: JOURNAL.to_owned(),
                            offset: framing.offset as u64,
                        },
                        fault,
                    }),
                };
            }
        }
        let offset = framing.offset;
        Ok(Some(At::Journal { bytes, offset }))
    }
}

impl<F: Files> Iterator for Entries<F> {
    type Item = Result<Found, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let found = self.next_found().transpose();
        self.failed = !matches!(found, Some(Ok(_)));
        found
    }
}

/// The last entry that can be read; none where there is none.
pub fn last_entry(mut files: impl Files) -> Option<Found> {
    let size = note(&mut files)
        .ok()?
        .map_or(0, |note| note.unverified().size());
    let entries = Entries::after(files, size.saturating_sub(1)).ok()?;
    entries.map_while(Result::ok).last()
}

/// The checkpoint in a folder, whoever signed it; none where none can be read.
fn note(files: &mut dyn Files) -> io::Result<Option<SignedCheckpoint>> {
    let bytes = files.read(CHECKPOINT)?;
    Ok(bytes.and_then(|bytes| SignedCheckpoint::parse(&bytes).ok()))
}

fn found(index: u64, place: Place, bytes: Vec<u8>) -> Result<Found, ReadError> {
    match one_line(&bytes) {
        Ok(stamped) => Ok(Found {
            index,
            place,
            bytes,
            stamped,
        }),
        Err(cause) => Err(ReadError::Unknown {
            index,
            place,
            cause,
        }),
    }
}

/// Parses an entry, which is one line.
pub(super) fn one_line(bytes: &[u8]) -> serde_json::Result<Stamped> {
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(serde::de::Error::custom("it is not one line of text"));
    }
    serde_json::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line() {
        let line = br#"{"seq":0,"time_ms":0,"kind":"recovery","reason":"torn-tail","dropped_bytes":1,"dropped_whole":0,"abandoned":[],"unstored":[]}"#;
        assert!(one_line(line).is_ok());
        for at in [b"{\n".as_slice(), b"{\t", b"{\r"] {
            assert!(one_line(&[at, &line[1..]].concat()).is_err());
        }
        assert!(one_line(&[line.as_slice(), b"\n"].concat()).is_err());
    }
}
