//! Documents that are nobody's: kept outside every tenant's folder, for the operator alone.

use super::change::short;
use super::{Dir, StoreError, file, opened};
use crate::model::{Digest, Instant, TenantId, caught};
use redb::backends::FileBackend;
use redb::{ConcurrencyMode, Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::borrow::Cow;
use std::sync::Arc;

const FOLDER: &str = "quarantine";
const FILE: &str = "quarantine/store.redb";
const NEW: &str = "quarantine/.store.redb.new";
const LOCK: &str = "quarantine/lock";
/// Documents by number, from 1.
const DOCUMENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("documents");
/// What wrapped documents, once each: the first 16 bytes of its digest -> the frame. All documents of
/// one envelope have the same, and it can be as long as all of them together.
const FRAMES: TableDefinition<'_, [u8; 16], &str> = TableDefinition::new("frames");
/// The first 16 bytes of a document's digest -> its number.
const KEYS: TableDefinition<'_, [u8; 16], u64> = TableDefinition::new("keys");
/// Those that were given to a tenant since: number -> [`Released`].
const RELEASED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("released");
/// Those of which not all was kept, by their numbers.
const CUT: TableDefinition<'_, u64, ()> = TableDefinition::new("cut");
/// What is kept of a document that is too long. Before [`CUT`] was there, only this told such a one.
const KEPT_OF_LONG_BYTES: usize = 64 * 1024;
/// Bytes of documents that are read together, beside one document of any size.
const LOT_BYTES: usize = 16 << 20;
/// Memory of the database: it is opened seldom and for a moment.
const CACHE_BYTES: usize = 4 << 20;

/// A document that is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// When it came.
    pub taken_in: Instant,
    /// What it came from: a file's name or `-`.
    pub input: String,
    /// Where it began in that input, in bytes.
    pub offset: u64,
    /// The tenant it was delivered for, if any.
    pub delivered: Option<TenantId>,
    /// Why it is nobody's.
    pub why: String,
    /// Its bytes; of one that could not be read and is very long, the beginning.
    pub bytes: Vec<u8>,
    /// What it was read as, by its word; none where it could not be read.
    pub format: Option<String>,
    /// What wrapped it.
    pub frame: Option<Arc<str>>,
    /// Whether `bytes` and `frame` are all of it. Of what is cut nobody can tell whose it is.
    pub is_whole: bool,
}

/// A document as it lies in the database.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stored<'a> {
    taken_in: Instant,
    input: Cow<'a, str>,
    offset: u64,
    delivered: Option<TenantId>,
    why: Cow<'a, str>,
    format: Option<Cow<'a, str>>,
    frame: Option<[u8; 16]>,
    bytes: Cow<'a, [u8]>,
}

/// What became of a document in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Released {
    /// Whose it is.
    pub tenant: TenantId,
    /// When that was found.
    pub time: Instant,
}

/// A document in quarantine, with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InQuarantine {
    /// Its number, from 1; never reused.
    pub number: u64,
    /// The document.
    pub document: Quarantined,
    /// What became of it; none while it is nobody's.
    pub released: Option<Released>,
}

/// The quarantine of a home, opened for writing by this process alone. Keep it for as long as it
/// takes, and no longer: others wait.
pub struct Quarantine {
    database: Database,
    _alone: std::fs::File,
}

impl Quarantine {
    /// Opens it, making it where it is not there.
    pub(super) fn open(root: &Dir) -> Result<Self, StoreError> {
        sound(|| {
            file::make_private_dir(root, FOLDER).map_err(StoreError::io(FOLDER))?;
            let alone = locked(root)?;
            // Made under another name: a disk that is full now must not leave half of one for ever.
            if root.symlink_metadata(FILE).is_err() {
                drop(Self::made(root, NEW, true)?);
                root.rename(NEW, root, FILE).map_err(StoreError::io(FILE))?;
            }
            let database = Self::made(root, FILE, false)?;
            Ok(Self {
                database,
                _alone: alone,
            })
        })
    }

    /// Its database, with its tables.
    fn made(root: &Dir, path: &str, anew: bool) -> Result<Database, StoreError> {
        let opened = match anew {
            true => opened::anew(root, path, true),
            false => opened::to_write(root, path),
        };
        let opened = opened.map_err(StoreError::io(path))?;
        let backend = FileBackend::new(opened.into_std()).map_err(|e| failure(&e))?;
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .set_concurrency_mode(ConcurrencyMode::SingleWriter)
            .create_with_backend(backend)
            .map_err(|e| failure(&e))?;
        let write = database.begin_write().map_err(|e| failure(&e))?;
        for table in [DOCUMENTS, RELEASED] {
            write.open_table(table).map_err(|e| failure(&e))?;
        }
        write.open_table(KEYS).map_err(|e| failure(&e))?;
        write.open_table(FRAMES).map_err(|e| failure(&e))?;
        write.open_table(CUT).map_err(|e| failure(&e))?;
        write.commit().map_err(|e| failure(&e))?;
        Ok(database)
    }

    /// Keeps others from changing it while what comes back is held; none where there is none.
    pub(super) fn still(root: &Dir) -> Result<Option<std::fs::File>, StoreError> {
        let is_there = Self::is_there(root);
        is_there.then(|| locked(root)).transpose()
    }

    /// Whether there is one: opening it makes it.
    pub(super) fn is_there(root: &Dir) -> bool {
        root.exists(FILE)
    }

    /// Keeps documents; when it returns, they are durable. One that is kept already is not kept
    /// twice; one that went to a tenant since and is nobody's again is kept anew under its number.
    /// Gives their numbers.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, documents: &[Quarantined]) -> Result<Vec<u64>, StoreError> {
        sound(|| {
            let write = self.database.begin_write().map_err(|e| failure(&e))?;
            let mut numbers = Vec::with_capacity(documents.len());
            {
                let mut keys = write.open_table(KEYS).map_err(|e| failure(&e))?;
                let mut table = write.open_table(DOCUMENTS).map_err(|e| failure(&e))?;
                let mut released = write.open_table(RELEASED).map_err(|e| failure(&e))?;
                let mut frames = write.open_table(FRAMES).map_err(|e| failure(&e))?;
                let mut cut = write.open_table(CUT).map_err(|e| failure(&e))?;
                let last = table.last().map_err(|e| failure(&e))?;
                let mut next = last.map_or(1, |(number, _)| number.value() + 1);
                let mut framed: Option<(&Arc<str>, [u8; 16])> = None;
                for document in documents {
                    let frame = match (&document.frame, framed) {
                        (None, _) => None,
                        (Some(frame), Some((before, key))) if Arc::ptr_eq(frame, before) => {
                            Some(key)
                        }
                        (Some(frame), _) => {
                            let key = short(&Digest::of(frame.as_bytes()));
                            frames.insert(key, &**frame).map_err(|e| failure(&e))?;
                            framed = Some((frame, key));
                            Some(key)
                        }
                    };
                    let delivered = document.delivered.as_ref().map_or("", TenantId::as_str);
                    let of_frame = frame.unwrap_or_default();
                    let parts = [&*document.bytes, &of_frame, delivered.as_bytes()];
                    let key = short(&Digest::of_parts(&parts));
                    let known = keys.get(key).map_err(|e| failure(&e))?.map(|n| n.value());
                    let number = known.unwrap_or(next);
                    numbers.push(number);
                    let went = released.remove(number).map_err(|e| failure(&e))?;
                    if known.is_some() && went.is_none() {
                        continue;
                    }
                    let bytes = document.stored(frame)?;
                    table
                        .insert(number, bytes.as_slice())
                        .map_err(|e| failure(&e))?;
                    keys.insert(key, number).map_err(|e| failure(&e))?;
                    if !document.is_whole {
                        cut.insert(number, ()).map_err(|e| failure(&e))?;
                    }
                    next = next.max(number + 1);
                }
            }
            write.commit().map_err(|e| failure(&e))?;
            Ok(numbers)
        })
    }

    /// Those from a number on: at least one where there is any, at most `most`, and no more than fit
    /// into 16 MiB together.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn from(&self, first: u64, most: usize) -> Result<Vec<InQuarantine>, StoreError> {
        sound(|| {
            let read = self.database.begin_read().map_err(|e| failure(&e))?;
            let table = read.open_table(DOCUMENTS).map_err(|e| failure(&e))?;
            let released = read.open_table(RELEASED).map_err(|e| failure(&e))?;
            let frames = read.open_table(FRAMES).map_err(|e| failure(&e))?;
            let cut = read.open_table(CUT).map_err(|e| failure(&e))?;
            let (mut all, mut length) = (Vec::new(), 0);
            let mut framed: Option<([u8; 16], Arc<str>)> = None;
            for row in table.range(first..).map_err(|e| failure(&e))?.take(most) {
                let (number, bytes) = row.map_err(|e| failure(&e))?;
                let out = released.get(number.value()).map_err(|e| failure(&e))?;
                let out = out.map(|out| postcard::from_bytes(out.value())).transpose();
                let stored: Stored<'_> =
                    postcard::from_bytes(bytes.value()).map_err(|e| failure(&e))?;
                let frame = match (stored.frame, &framed) {
                    (None, _) => None,
                    (Some(key), Some((before, frame))) if key == *before => Some(Arc::clone(frame)),
                    (Some(key), _) => {
                        let frame = frames.get(key).map_err(|e| failure(&e))?;
                        let frame: Option<Arc<str>> = frame.map(|frame| frame.value().into());
                        length += frame.as_ref().map_or(0, |frame| frame.len());
                        framed = frame.clone().map(|frame| (key, frame));
                        frame
                    }
                };
                length += stored.bytes.len();
                if length > LOT_BYTES && !all.is_empty() {
                    break;
                }
                let long = stored.format.is_none() && stored.bytes.len() == KEPT_OF_LONG_BYTES;
                let is_cut = cut.get(number.value()).map_err(|e| failure(&e))?.is_some();
                all.push(InQuarantine {
                    number: number.value(),
                    document: stored.document(frame, !is_cut && !long),
                    released: out.map_err(|e| failure(&e))?,
                });
            }
            Ok(all)
        })
    }

    /// How many are nobody's.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn waiting(&self) -> Result<u64, StoreError> {
        sound(|| {
            use redb::ReadableTableMetadata as _;
            let read = self.database.begin_read().map_err(|e| failure(&e))?;
            let all = read.open_table(DOCUMENTS).map_err(|e| failure(&e))?;
            let released = read.open_table(RELEASED).map_err(|e| failure(&e))?;
            let (all, released) = (
                all.len().map_err(|e| failure(&e))?,
                released.len().map_err(|e| failure(&e))?,
            );
            Ok(all.saturating_sub(released))
        })
    }

    /// Says that documents are somebody's now and were taken in there.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn release(&self, numbers: &[u64], released: &Released) -> Result<(), StoreError> {
        sound(|| {
            let write = self.database.begin_write().map_err(|e| failure(&e))?;
            {
                let mut table = write.open_table(RELEASED).map_err(|e| failure(&e))?;
                let bytes = postcard::to_stdvec(released).map_err(|e| failure(&e))?;
                for number in numbers {
                    table
                        .insert(*number, bytes.as_slice())
                        .map_err(|e| failure(&e))?;
                }
            }
            write.commit().map_err(|e| failure(&e))
        })
    }
}

/// Being the one who has it open.
fn locked(root: &Dir) -> Result<std::fs::File, StoreError> {
    let fail = || StoreError::io(LOCK);
    let opened = opened::to_write_or_make(root, LOCK, true);
    let opened = opened.map_err(fail())?.into_std();
    opened.lock().map_err(fail())?;
    Ok(opened)
}

impl Quarantined {
    fn stored(&self, frame: Option<[u8; 16]>) -> Result<Vec<u8>, StoreError> {
        let stored = Stored {
            taken_in: self.taken_in,
            input: Cow::Borrowed(&self.input),
            offset: self.offset,
            delivered: self.delivered.clone(),
            why: Cow::Borrowed(&self.why),
            format: self.format.as_deref().map(Cow::Borrowed),
            frame,
            bytes: Cow::Borrowed(&self.bytes),
        };
        postcard::to_stdvec(&stored).map_err(|e| failure(&e))
    }
}

impl Stored<'_> {
    fn document(self, frame: Option<Arc<str>>, is_whole: bool) -> Quarantined {
        Quarantined {
            taken_in: self.taken_in,
            input: self.input.into_owned(),
            offset: self.offset,
            delivered: self.delivered,
            why: self.why.into_owned(),
            format: self.format.map(Cow::into_owned),
            bytes: self.bytes.into_owned(),
            frame,
            is_whole,
        }
    }
}

/// A damaged database is an error, also where its own code panics over it.
fn sound<T>(read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    caught(read).unwrap_or_else(|said| Err(failure(&format_args!("it is damaged: {said}"))))
}

fn failure(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Quarantine {
        message: error.to_string(),
    }
}
