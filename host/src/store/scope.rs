use super::backup::all_files;
use super::closed::Closing;
use super::lock::{self, Tried};
use super::records::AnyVersion;
use super::seal::Seal;
use super::{Dir, Random, Records, StoreError, file, opened};
use crate::custody::{Custody, CustodyError};
use crate::model::TenantId;
use std::sync::Arc;
use std::time::Duration;

const MAX_TEXT_BYTES: u64 = 64 << 20;
/// How long a reader waits for a writer that may be making or repairing the database.
const REPAIR: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);
const STORE: &str = "store.redb";
const NEW_STORE: &str = ".store.redb.new";

/// One tenant's folder. Made by [`super::Home`] alone, and the only way to that tenant's files.
pub struct TenantScope {
    tenant: TenantId,
    dir: Arc<Dir>,
    /// The home's own folder, for the head of the tenant's trail, which is not kept in the tenant's.
    home: Arc<Dir>,
    custody: Arc<dyn Custody>,
    random: Arc<dyn Random>,
    closing: Closing,
}

impl TenantScope {
    pub(super) fn new(
        tenant: TenantId,
        dir: Dir,
        home: Arc<Dir>,
        custody: Arc<dyn Custody>,
        random: Arc<dyn Random>,
        closing: Closing,
    ) -> Self {
        Self {
            tenant,
            dir: Arc::new(dir),
            home,
            custody,
            random,
            closing,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Who keeps the tenant's keys.
    pub fn custody(&self) -> &Arc<dyn Custody> {
        &self.custody
    }

    /// What the tenant's data is sealed with.
    pub(super) fn seal(&self) -> Result<Arc<Seal>, StoreError> {
        let key = self.custody.vault_key(&self.tenant)?;
        let place = self.custody.place(&self.tenant);
        let seal = Seal::new(&self.tenant, &key, Arc::clone(&self.random), place)?;
        Ok(Arc::new(seal))
    }

    /// Makes the keys of a tenant that has nothing sealed yet: a folder that was made by hand, or whose
    /// maker stopped, has none.
    fn first_keys(&self) -> Result<(), StoreError> {
        match self.custody.vault_key(&self.tenant) {
            Err(CustodyError::Missing { .. }) => Ok(self.custody.make(&self.tenant)?),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What closes the tenant in this process once a write to its files fails.
    pub(super) fn closing(&self) -> &Closing {
        &self.closing
    }

    /// The home's own folder.
    pub(super) fn home(&self) -> &Arc<Dir> {
        &self.home
    }

    pub(super) fn folder(&self) -> &Dir {
        &self.dir
    }

    /// The text of the tenant's own boundary file; none where it is not there. The one place where it
    /// is read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn boundary(&self) -> Result<Option<String>, StoreError> {
        self.named(file::read_text(&self.dir, "boundary.toml", MAX_TEXT_BYTES))
    }

    /// Replaces the boundary file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_boundary(&self, text: &str) -> Result<(), StoreError> {
        self.named(file::replace(
            &self.dir,
            "boundary.toml",
            text.as_bytes(),
            false,
        ))
    }

    /// A file of the tenant's knowledge, such as `assets.csv`; none where it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn knowledge(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.named(file::read(
            &self.dir,
            &format!("knowledge/{name}"),
            MAX_TEXT_BYTES,
        ))
    }

    /// Replaces a file of the tenant's knowledge.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_knowledge(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.named(file::replace(
            &self.dir,
            &format!("knowledge/{name}"),
            bytes,
            false,
        ))
    }

    /// Becomes the tenant's one writer until the lock is dropped.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process is.
    pub fn lock(&self) -> Result<WriterLock, StoreError> {
        self.lock_within(Duration::ZERO)
    }

    /// As [`TenantScope::lock`], waiting for another process to end its work.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where it does not in that time.
    pub fn lock_within(&self, wait: Duration) -> Result<WriterLock, StoreError> {
        let path = self.path("lock");
        match lock::within(wait, || lock::attempt(&self.dir, "lock", &path))? {
            Tried::Ours(file) => Ok(WriterLock { _file: file }),
            Tried::Theirs(holder) => Err(StoreError::Locked {
                tenant: self.tenant.to_string(),
                holder,
            }),
        }
    }

    /// Whether a database is there; a link counts as one, and is then not followed.
    pub(super) fn has_store(&self) -> bool {
        self.dir.symlink_metadata(STORE).is_ok()
    }

    /// Opens the tenant's database for writing, making it where it is not there.
    ///
    /// # Errors
    /// When it or its key cannot be opened; [`StoreError::Closed`] once a write to the tenant's files
    /// has failed in this process.
    pub fn records(&self, writer: &WriterLock, cache_bytes: usize) -> Result<Records, StoreError> {
        self.closing.check()?;
        if !self.has_store() {
            self.first_keys()?;
            drop(self.new_records(writer, cache_bytes)?);
            self.put_new_records(writer)?;
        }
        let opened = opened::to_write(&self.dir, STORE);
        let file = opened.map_err(StoreError::io(self.path(STORE)))?;
        Records::open(self.seal()?, file.into_std(), cache_bytes, &self.closing)
    }

    /// A database that has nothing in it yet, under another name: a disk that is full now, or a
    /// machine that stops, must not leave half of one.
    pub(super) fn new_records(
        &self,
        _writer: &WriterLock,
        cache_bytes: usize,
    ) -> Result<Records, StoreError> {
        let made = opened::anew(&self.dir, NEW_STORE, true);
        let file = made.map_err(StoreError::io(self.path(STORE)))?;
        Records::open(self.seal()?, file.into_std(), cache_bytes, &self.closing)
    }

    /// Puts what [`TenantScope::new_records`] made where the database is looked for, at once and
    /// durably.
    pub(super) fn put_new_records(&self, _writer: &WriterLock) -> Result<(), StoreError> {
        let put = self.dir.rename(NEW_STORE, &self.dir, STORE);
        put.and_then(|()| file::sync(&self.dir))
            .map_err(StoreError::io(self.path(STORE)))
    }

    /// The tenant's database for writing, of an earlier version with the same tables; none where it has
    /// none.
    pub(super) fn records_to_upgrade(
        &self,
        _writer: &WriterLock,
        cache_bytes: usize,
    ) -> Result<Option<Records>, StoreError> {
        if !self.has_store() {
            return Ok(None);
        }
        let opened = opened::to_write(&self.dir, STORE);
        let file = opened.map_err(StoreError::io(self.path(STORE)))?;
        Records::to_upgrade(self.seal()?, file.into_std(), cache_bytes, &self.closing).map(Some)
    }

    /// The tenant's database for writing, whatever version it is of; none where it has none.
    pub(super) fn records_of_any_version(
        &self,
        _writer: &WriterLock,
        cache_bytes: usize,
    ) -> Result<Option<AnyVersion>, StoreError> {
        match opened::to_write(&self.dir, STORE) {
            Ok(file) => {
                let file = file.into_std();
                AnyVersion::open(&self.tenant, file, cache_bytes, &self.closing).map(Some)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io(self.path(STORE))(e)),
        }
    }

    /// Opens the tenant's database for reading, beside a writer or without one; none where the
    /// tenant has none yet. A database that a stopped machine left open is repaired first, which
    /// needs the writer's lock for a moment.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn read_records(&self, cache_bytes: usize) -> Result<Option<super::View>, StoreError> {
        let open = || match opened::to_read(&self.dir, STORE) {
            Ok(file) => Ok(Some(file.into_std())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io(self.path(STORE))(e)),
        };
        let view = || match open()? {
            Some(file) => super::View::open(self.seal()?, file, cache_bytes),
            None => Ok(None),
        };
        let mut waited = Duration::ZERO;
        loop {
            let error = match view() {
                Ok(view) => return Ok(view),
                Err(error @ (StoreError::Database { .. } | StoreError::Damaged { .. })) => error,
                Err(error) => return Err(error),
            };
            match lock::attempt(&self.dir, "lock", &self.path("lock"))? {
                Tried::Ours(file) => {
                    let writer = WriterLock { _file: file };
                    drop(self.records(&writer, cache_bytes)?);
                    return view();
                }
                // Its writer is at it, and may be making or repairing it just now.
                Tried::Theirs(_) if waited < REPAIR => {
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                Tried::Theirs(_) => return Err(error),
            }
        }
    }

    /// How many bytes the tenant's files have together.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn size(&self) -> Result<u64, StoreError> {
        fn below(dir: &Dir) -> std::io::Result<u64> {
            let mut sum = 0;
            for entry in dir.entries()? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    sum += below(&entry.open_dir()?)?;
                } else if kind.is_file() {
                    sum += entry.metadata()?.len();
                }
            }
            Ok(sum)
        }
        below(&self.dir).map_err(StoreError::io(format!("tenants/{}", self.tenant)))
    }

    /// How many files an erasure removes, and their bytes together: all but the trail and the lock.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn to_be_erased(&self) -> Result<(u64, u64), StoreError> {
        let (mut files, mut bytes) = (0, 0);
        let listed = all_files(&self.dir, &stays);
        for path in listed.map_err(|(path, error)| StoreError::io(self.path(&path))(error))? {
            let metadata = self.dir.symlink_metadata(&path);
            bytes += metadata.map_err(StoreError::io(self.path(&path)))?.len();
            files += 1;
        }
        Ok((files, bytes))
    }

    /// Removes every file but the trail and the lock. What is not sealed is overwritten with zeros
    /// first: see [`super::KeyFolder`] for what that is worth on which disk.
    pub(crate) fn remove_all_but_trail(&self, _writer: &WriterLock) -> Result<(), StoreError> {
        let listed = all_files(&self.dir, &stays);
        for path in listed.map_err(|(path, error)| StoreError::io(self.path(&path))(error))? {
            self.named(match path.as_str() {
                STORE | NEW_STORE => file::remove(&self.dir, &path),
                _ => file::destroy(&self.dir, &path),
            })?;
        }
        let fail = || StoreError::io(self.path("."));
        for entry in self.dir.entries().map_err(fail())? {
            let entry = entry.map_err(fail())?;
            let name = entry.file_name();
            if !stays(&name.to_string_lossy()) {
                self.dir.remove_dir_all(name).map_err(fail())?;
            }
        }
        file::sync(&self.dir).map_err(fail())
    }

    pub(super) fn path(&self, name: &str) -> String {
        format!("tenants/{}/{name}", self.tenant)
    }

    fn named<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.map_err(|mut error| {
            if let StoreError::Io { path, .. } = &mut error {
                *path = self.path(path);
            }
            error
        })
    }
}

/// Being a tenant's one writer. Given back when dropped, and by the system when the process ends.
pub struct WriterLock {
    _file: std::fs::File,
}

/// What of a tenant's folder an erasure leaves.
fn stays(path: &str) -> bool {
    matches!(path, "trail" | "trails" | "lock")
}
