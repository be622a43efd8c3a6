//! The trail of the earlier format, one file of frames, brought to this one: the same entries, byte for
//! byte, under the same origin.

use super::disk::{CheckpointKey, Disk, Limits};
use super::frame::{self, Fault, Frames, HEAD, Header, HeaderFault, Origin, Step};
use super::journal::{BUNDLE, Journal};
use super::ledger::Ledger;
use super::merkle::{Hash, Tile, TileKind, bundle_push, hash_tile_bytes};
use super::open::EARLIER;
use super::open_error::OpenError;
use super::read::{Place, ReadError, one_line};
use super::right::Right;
use super::shelf::{Shelf, folders_above};
use std::collections::BTreeSet;
use std::io;

/// Bytes before the first frame of the earlier format.
const EARLIER_HEADER: usize = 40;
/// The most of a torn tail that is taken along, in bytes.
const TORN: u64 = 1 << 20;

/// Brings a trail of the earlier format to this one and signs it; `earlier` is its file, whole. Gives
/// how many entries it has; none where it had not even a header yet. The old file is removed last:
/// where this stops, it is begun again. A torn tail is taken along, for the next opening to tell.
///
/// # Errors
/// When the old file is damaged, or the new ones cannot be written or signed.
pub fn upgrade(
    mut shelf: Box<dyn Shelf>,
    mut earlier: impl io::Read,
    known: u64,
    key: &dyn CheckpointKey,
) -> Result<Option<u64>, OpenError> {
    let mut header = Vec::with_capacity(EARLIER_HEADER);
    let mut first = io::Read::take(&mut earlier, EARLIER_HEADER as u64);
    io::Read::read_to_end(&mut first, &mut header)?;
    let origin = match read_header(&header) {
        Ok(origin) => origin,
        // It was being made when the host stopped.
        Err(_) if header.len() < EARLIER_HEADER && known == 0 => {
            shelf.remove(EARLIER)?;
            return Ok(None);
        }
        Err(fault) => return Err(OpenError::Header(fault)),
    };
    let signer = key.signer(&origin.name())?;
    let mut copying = Copying {
        shelf: &mut *shelf,
        made: Vec::new(),
        right: Right::default(),
        waiting: Vec::new(),
    };
    let mut books = Ledger::new(0);
    let mut frames = Frames::new(earlier, EARLIER_HEADER as u64);
    let fault = loop {
        let offset = frames.offset;
        let place = || Place {
            path: EARLIER.to_owned(),
            offset,
        };
        let entry = match frames.step()? {
            Step::End => break None,
            Step::Bad(fault) => break Some(fault),
            Step::Entry(entry) => entry.to_vec(),
        };
        let index = books.next();
        let stamped = one_line(&entry).map_err(|cause| {
            OpenError::Unknown(ReadError::Unknown {
                index,
                place: place(),
                cause,
            })
        })?;
        books
            .enter(&stamped)
            .map_err(|what| OpenError::Disagreement {
                entry: index,
                place: place(),
                what,
            })?;
        frames.pass(HEAD + entry.len());
        copying.push(entry)?;
    };
    if books.next() < known {
        return Err(OpenError::Damaged {
            entry: books.next(),
            place: Place {
                path: EARLIER.to_owned(),
                offset: frames.offset,
            },
            fault: fault.unwrap_or(Fault::Cut),
        });
    }
    let torn = frames.rest(TORN)?;
    let Copying { waiting, right, .. } = copying.settled()?;
    let header = Header {
        origin,
        first: right.size(),
        base: 0,
    };
    let mut written = right.edge().clone();
    let (mut bytes, mut lengths) = (Vec::new(), Vec::new());
    for entry in waiting {
        let at = bytes.len();
        bytes.extend_from_slice(&[0; HEAD]);
        bytes.extend_from_slice(&entry);
        let sealed = frame::seal(&mut bytes, at);
        written.push(sealed.map_err(|bytes| super::TrailError::TooLong { bytes })?);
        lengths.push(bytes.len() - at);
    }
    bytes.extend_from_slice(&torn);
    let journal = Journal::make(
        &mut *shelf,
        Limits::USUAL,
        header,
        &bytes,
        lengths.into_iter(),
    )?;
    let mut disk = Disk::over(shelf, signer, journal, right, None, Limits::USUAL);
    disk.written = written;
    disk.sign(&books)?;
    disk.shelf.remove(EARLIER)?;
    disk.shelf.sync_folder(".")?;
    Ok(Some(books.next()))
}

fn read_header(header: &[u8]) -> Result<Origin, HeaderFault> {
    let rest = frame::after_version(header, 1)?;
    let (origin, _) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
    frame::checked(header)?;
    Ok(Origin::from_bytes(*origin))
}

/// Entries on their way into full tiles. The last ones wait: the tiles that are not full are made when
/// the checkpoint is signed.
struct Copying<'a> {
    shelf: &'a mut dyn Shelf,
    made: Vec<String>,
    right: Right,
    waiting: Vec<Vec<u8>>,
}

impl Copying<'_> {
    fn push(&mut self, entry: Vec<u8>) -> io::Result<()> {
        if self.waiting.len() as u64 == BUNDLE {
            self.full()?;
        }
        self.waiting.push(entry);
        Ok(())
    }

    /// Writes a full bundle and the tiles that it fills.
    fn full(&mut self) -> io::Result<()> {
        let (mut bundle, mut tiles) = (Vec::new(), Vec::new());
        let first = self.right.size();
        for entry in self.waiting.drain(..) {
            bundle_push(&mut bundle, &entry).map_err(io::Error::other)?;
            self.right.push(Hash::leaf(&entry), &mut tiles);
        }
        let entries = Tile::holding(TileKind::Entries, first, self.right.size());
        let hashes = tiles
            .iter()
            .map(|(tile, hashes)| (*tile, hash_tile_bytes(hashes)));
        for (tile, bytes) in entries.map(|tile| (tile, bundle)).into_iter().chain(hashes) {
            let path = tile.path();
            self.shelf.create(&path, &bytes)?;
            self.made.push(path);
        }
        Ok(())
    }

    /// Makes what was written durable.
    fn settled(self) -> io::Result<Self> {
        let mut folders = BTreeSet::new();
        for path in &self.made {
            self.shelf.sync(path)?;
            folders.extend(folders_above(path));
        }
        for folder in folders {
            self.shelf.sync_folder(folder)?;
        }
        Ok(self)
    }
}
