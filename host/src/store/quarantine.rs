//! Documents that are nobody's: kept outside every tenant's folder, for the operator alone. Where it is
//! known for which tenant one came, what it holds is sealed with that tenant's key and goes with it
//! when the tenant is erased.

mod before;
mod sealing;
mod unread;

use sealing::{Of, Seals, key_of, sealed, unsealed};
use unread::{ALL_INPUTS, UNREAD, room};

use super::seal::Seal;
use super::{Dir, Random, StoreError, file, opened};
use crate::custody::Custody;
use crate::model::{Instant, TenantId, caught};
use redb::backends::FileBackend;
use redb::{ConcurrencyMode, Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

const FOLDER: &str = "quarantine";
const FILE: &str = "quarantine/store.redb";
const NEW: &str = "quarantine/.store.redb.new";
const LOCK: &str = "quarantine/lock";
/// Documents by number, from 1.
const DOCUMENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");
/// What wrapped documents, once each: its key -> the frame. All documents of one envelope have the same.
const FRAMES: TableDefinition<'_, [u8; 16], &[u8]> = TableDefinition::new("wrappers");
/// A document's key -> its number. A key is the first 16 bytes of a digest; of what is sealed for a
/// tenant the digest is hidden with the tenant's key, as it could be guessed otherwise.
const KEYS: TableDefinition<'_, [u8; 16], u64> = TableDefinition::new("keys");
/// Those that were given to a tenant since: number -> [`Released`].
const RELEASED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("released");
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
    /// The tenant whose it would be, delivered for it or by what it says itself; none where nobody
    /// knows.
    pub known: Option<TenantId>,
    /// Why it is nobody's.
    pub why: String,
    /// Its bytes; of one that could not be read and is very long, the beginning.
    pub bytes: Vec<u8>,
    /// What it was read as, by its word; none where it could not be read.
    pub format: Option<String>,
    /// What wrapped it, as [`Wrapping::stored`](crate::triage::intake::Wrapping::stored) gives it.
    pub frame: Option<Arc<str>>,
    /// Whether `bytes` and `frame` are all of it. Of what is cut nobody can tell whose it is.
    pub is_whole: bool,
}

/// A document as it lies in the database.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stored<'a> {
    taken_in: Instant,
    offset: u64,
    delivered: Option<TenantId>,
    /// The tenant with whose key the frame and the body are sealed.
    sealed: Option<TenantId>,
    known: Option<TenantId>,
    format: Option<Cow<'a, str>>,
    is_whole: bool,
    frame: Option<[u8; 16]>,
    body: Cow<'a, [u8]>,
}

/// What of a document is its client's.
#[derive(serde::Serialize, serde::Deserialize)]
struct Body<'a> {
    input: Cow<'a, str>,
    why: Cow<'a, str>,
    bytes: Cow<'a, [u8]>,
}

/// What the values are sealed as.
const DOCUMENT: &str = "quarantined document";
const FRAME: &str = "quarantined frame";

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
    custody: Arc<dyn Custody>,
    random: Arc<dyn Random>,
    _alone: std::fs::File,
}

impl Quarantine {
    /// Opens it, making it where it is not there.
    pub(super) fn open(
        root: &Dir,
        custody: &Arc<dyn Custody>,
        random: &Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        sound(|| {
            file::make_private_dir(root, FOLDER).map_err(StoreError::io(FOLDER))?;
            let alone = locked(root)?;
            // Made under another name: a disk that is full now must not leave half of one for ever.
            if root.symlink_metadata(FILE).is_err() {
                drop(Self::made(root, NEW, true)?);
                root.rename(NEW, root, FILE).map_err(StoreError::io(FILE))?;
            }
            let database = Self::made(root, FILE, false)?;
            let quarantine = Self {
                database,
                custody: Arc::clone(custody),
                random: Arc::clone(random),
                _alone: alone,
            };
            quarantine.seal_what_is_plain()?;
            Ok(quarantine)
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
        write.open_table(UNREAD).map_err(|e| failure(&e))?;
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
    /// Gives their numbers; none for one that could not be read where more of its input are kept than
    /// a person could look through: such are counted.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, documents: &[Quarantined]) -> Result<Vec<Option<u64>>, StoreError> {
        sound(|| {
            let write = self.database.begin_write().map_err(|e| failure(&e))?;
            let mut numbers = Vec::with_capacity(documents.len());
            {
                let mut keys = write.open_table(KEYS).map_err(|e| failure(&e))?;
                let mut table = write.open_table(DOCUMENTS).map_err(|e| failure(&e))?;
                let mut released = write.open_table(RELEASED).map_err(|e| failure(&e))?;
                let mut frames = write.open_table(FRAMES).map_err(|e| failure(&e))?;
                let mut unread = write.open_table(UNREAD).map_err(|e| failure(&e))?;
                let last = table.last().map_err(|e| failure(&e))?;
                let mut next = last.map_or(1, |(number, _)| number.value() + 1);
                let mut framed: Option<(&Arc<str>, Option<&TenantId>, [u8; 16])> = None;
                let mut seals = Seals::new(self);
                for document in documents {
                    let known = document.known.as_ref().or(document.delivered.as_ref());
                    let seal = known.and_then(|tenant| seals.of(tenant).into_seal());
                    let seal = seal.as_deref();
                    let frame = match (&document.frame, framed) {
                        (None, _) => None,
                        (Some(frame), Some((before, of, key)))
                            if Arc::ptr_eq(frame, before) && of == known =>
                        {
                            Some(key)
                        }
                        (Some(frame), _) => {
                            let key = key_of(seal, &[frame.as_bytes()]);
                            let value = sealed(seal, FRAME, &key, frame.as_bytes())?;
                            frames.insert(key, &*value).map_err(|e| failure(&e))?;
                            framed = Some((frame, known, key));
                            Some(key)
                        }
                    };
                    let delivered = document.delivered.as_ref().map_or("", TenantId::as_str);
                    let of_frame = frame.unwrap_or_default();
                    let parts = [&*document.bytes, &of_frame, delivered.as_bytes()];
                    let key = key_of(seal, &parts);
                    let here = keys.get(key).map_err(|e| failure(&e))?.map(|n| n.value());
                    if here.is_none() && !room(&mut unread, document)? {
                        numbers.push(None);
                        continue;
                    }
                    let number = here.unwrap_or(next);
                    numbers.push(Some(number));
                    let went = released.remove(number).map_err(|e| failure(&e))?;
                    if here.is_some() && went.is_none() {
                        continue;
                    }
                    let bytes = document.stored(number, frame, seal)?;
                    table
                        .insert(number, bytes.as_slice())
                        .map_err(|e| failure(&e))?;
                    keys.insert(key, number).map_err(|e| failure(&e))?;
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
            let (mut all, mut length) = (Vec::new(), 0);
            let mut framed: Option<([u8; 16], Arc<str>)> = None;
            let mut seals = Seals::new(self);
            for row in table.range(first..).map_err(|e| failure(&e))? {
                let (number, bytes) = row.map_err(|e| failure(&e))?;
                let number = number.value();
                let out = released.get(number).map_err(|e| failure(&e))?;
                let out = out.map(|out| postcard::from_bytes(out.value())).transpose();
                let stored: Stored<'_> =
                    postcard::from_bytes(bytes.value()).map_err(|e| failure(&e))?;
                let seal = match &stored.sealed {
                    None => None,
                    Some(tenant) => match seals.of(tenant) {
                        Of::Seal(seal) => Some(seal),
                        Of::Erased => continue,
                        Of::Unusable(why) => {
                            all.push(InQuarantine {
                                number,
                                document: stored.closed(why),
                                released: out.map_err(|e| failure(&e))?,
                            });
                            if all.len() >= most {
                                break;
                            }
                            continue;
                        }
                    },
                };
                let seal = seal.as_deref();
                let frame = match (stored.frame, &framed) {
                    (None, _) => None,
                    (Some(key), Some((before, frame))) if key == *before => Some(Arc::clone(frame)),
                    (Some(key), _) => {
                        let value = frames.get(key).map_err(|e| failure(&e))?;
                        let gone = || failure(&"what wrapped a document is not there");
                        let value = value.ok_or_else(gone)?;
                        let frame = unsealed(seal, FRAME, &key, value.value())?;
                        let frame = String::from_utf8(frame).map_err(|e| failure(&e))?;
                        let frame: Arc<str> = frame.into();
                        length += frame.len();
                        framed = Some((key, Arc::clone(&frame)));
                        Some(frame)
                    }
                };
                let body = unsealed(seal, DOCUMENT, &number.to_be_bytes(), &stored.body)?;
                let body: Body<'_> = postcard::from_bytes(&body).map_err(|e| failure(&e))?;
                length += body.bytes.len();
                if length > LOT_BYTES && !all.is_empty() {
                    break;
                }
                all.push(InQuarantine {
                    number,
                    document: stored.document(body.input, body.why, body.bytes, frame),
                    released: out.map_err(|e| failure(&e))?,
                });
                if all.len() >= most {
                    break;
                }
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

    /// How many could not be read and are not kept, because too many of their input are.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn left_out(&self) -> Result<u64, StoreError> {
        sound(|| {
            let read = self.database.begin_read().map_err(|e| failure(&e))?;
            let table = read.open_table(UNREAD).map_err(|e| failure(&e))?;
            let all = table.get(ALL_INPUTS).map_err(|e| failure(&e))?;
            Ok(all.map_or(0, |row| row.value().2))
        })
    }

    /// Removes what is kept of an erased tenant's documents; nothing opens it any more. Gives how many.
    pub(crate) fn erase(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        sound(|| {
            let write = self.database.begin_write().map_err(|e| failure(&e))?;
            let mut of_tenant = BTreeSet::new();
            {
                let mut table = write.open_table(DOCUMENTS).map_err(|e| failure(&e))?;
                let mut released = write.open_table(RELEASED).map_err(|e| failure(&e))?;
                for row in table.iter().map_err(|e| failure(&e))? {
                    let (number, bytes) = row.map_err(|e| failure(&e))?;
                    let stored: Stored<'_> =
                        postcard::from_bytes(bytes.value()).map_err(|e| failure(&e))?;
                    let known = stored.known.as_ref().or(stored.delivered.as_ref());
                    if known == Some(tenant) {
                        of_tenant.insert(number.value());
                    }
                }
                for number in &of_tenant {
                    table.remove(number).map_err(|e| failure(&e))?;
                    released.remove(number).map_err(|e| failure(&e))?;
                }
                let mut keys = write.open_table(KEYS).map_err(|e| failure(&e))?;
                keys.retain(|_, number| !of_tenant.contains(&number))
                    .map_err(|e| failure(&e))?;
            }
            write.commit().map_err(|e| failure(&e))?;
            Ok(of_tenant.len() as u64)
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
    fn stored(
        &self,
        number: u64,
        frame: Option<[u8; 16]>,
        seal: Option<&Seal>,
    ) -> Result<Vec<u8>, StoreError> {
        let body = Body {
            input: Cow::Borrowed(&self.input),
            why: Cow::Borrowed(&self.why),
            bytes: Cow::Borrowed(&self.bytes),
        };
        let body = postcard::to_stdvec(&body).map_err(|e| failure(&e))?;
        let stored = Stored {
            taken_in: self.taken_in,
            offset: self.offset,
            delivered: self.delivered.clone(),
            sealed: seal.map(|seal| seal.tenant().clone()),
            known: self.known.clone(),
            format: self.format.as_deref().map(Cow::Borrowed),
            is_whole: self.is_whole,
            frame,
            body: sealed(seal, DOCUMENT, &number.to_be_bytes(), &body)?,
        };
        postcard::to_stdvec(&stored).map_err(|e| failure(&e))
    }
}

impl Stored<'_> {
    /// What can be told of it while its tenant's key cannot be had. It stays as long.
    fn closed(mut self, why: String) -> Quarantined {
        self.is_whole = false;
        self.document("".into(), why.into(), Cow::Borrowed(&[]), None)
    }

    fn document(
        self,
        input: Cow<'_, str>,
        why: Cow<'_, str>,
        bytes: Cow<'_, [u8]>,
        frame: Option<Arc<str>>,
    ) -> Quarantined {
        Quarantined {
            taken_in: self.taken_in,
            input: input.into_owned(),
            offset: self.offset,
            delivered: self.delivered,
            known: self.known,
            why: why.into_owned(),
            format: self.format.map(Cow::into_owned),
            bytes: bytes.into_owned(),
            is_whole: self.is_whole,
            frame,
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
