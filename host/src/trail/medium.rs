use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An append-only file as the trail needs it. The store implements it over a real file.
///
/// One process at a time holds a tenant's medium for writing; that lock is the store's.
pub trait Medium: Send {
    /// How many bytes it holds.
    ///
    /// # Errors
    /// When the medium cannot say.
    fn size(&mut self) -> io::Result<u64>;

    /// Reads from `offset` into `into` and says how many bytes that were; 0 only at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` behind what is there. After an error any prefix of them may be there.
    ///
    /// # Errors
    /// When not all of them could be written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything appended, and the size, is on stable storage (`fdatasync`). A medium
    /// that creates its file also makes the file's name durable before it hands the file out.
    ///
    /// # Errors
    /// When that is not certain. It is never called again then: the kernel may have dropped the
    /// pages, and a second call would report success without them.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts it to `size` bytes, which is at most what it holds.
    ///
    /// # Errors
    /// When it could not be cut.
    fn truncate(&mut self, size: u64) -> io::Result<()>;
}

/// Reads a medium from an offset to its end.
pub(super) struct MediumReader<'a> {
    pub(super) medium: &'a mut dyn Medium,
    pub(super) offset: u64,
}

impl io::Read for MediumReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.medium.read_at(self.offset, into)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// A medium in memory that fails when told to, for tests. Its clones are handles on the same bytes.
#[derive(Clone, Debug, Default)]
pub struct MemoryMedium(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    bytes: Vec<u8>,
    synced: usize,
    appends: u64,
    syncs: u64,
    failing_append: Option<(u64, usize)>,
    failing_sync: Option<u64>,
}

impl MemoryMedium {
    /// A medium that holds these bytes, all of them synced.
    pub fn holding(bytes: Vec<u8>) -> Self {
        let synced = bytes.len();
        Self(Arc::new(Mutex::new(Memory {
            bytes,
            synced,
            ..Memory::default()
        })))
    }

    /// Everything written, synced or not.
    pub fn written(&self) -> Vec<u8> {
        self.memory().bytes.clone()
    }

    /// How many bytes were there at the last sync that succeeded.
    pub fn synced(&self) -> usize {
        self.memory().synced
    }

    /// How many times it was synced or the sync failed.
    pub fn syncs(&self) -> u64 {
        self.memory().syncs
    }

    /// How many times something was appended or the append failed.
    pub fn appends(&self) -> u64 {
        self.memory().appends
    }

    /// Makes the `n`-th append from now (0 is the next one) fail after `kept` of its bytes.
    pub fn fail_append(&self, n: u64, kept: usize) {
        let mut memory = self.memory();
        memory.failing_append = Some((memory.appends + n, kept));
    }

    /// Makes the `n`-th sync from now (0 is the next one) fail.
    pub fn fail_sync(&self, n: u64) {
        let mut memory = self.memory();
        memory.failing_sync = Some(memory.syncs + n);
    }

    /// What a crash leaves: everything synced and the first `kept` bytes written since.
    pub fn crash(&self, kept: usize) -> Self {
        let memory = self.memory();
        let left = memory.synced.saturating_add(kept);
        Self::holding(memory.bytes.iter().copied().take(left).collect())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for MemoryMedium {
    fn size(&mut self) -> io::Result<u64> {
        Ok(self.memory().bytes.len() as u64)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let memory = self.memory();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut rest = memory.bytes.get(offset..).unwrap_or_default();
        io::Read::read(&mut rest, into)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut memory = self.memory();
        memory.appends += 1;
        if let Some((n, kept)) = memory.failing_append
            && memory.appends > n
        {
            memory.bytes.extend(bytes.iter().take(kept));
            return Err(io::ErrorKind::StorageFull.into());
        }
        memory.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut memory = self.memory();
        memory.syncs += 1;
        if memory.failing_sync.is_some_and(|n| memory.syncs > n) {
            return Err(io::Error::other("told to fail"));
        }
        memory.synced = memory.bytes.len();
        Ok(())
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        let mut memory = self.memory();
        memory
            .bytes
            .truncate(usize::try_from(size).unwrap_or(usize::MAX));
        memory.synced = memory.synced.min(memory.bytes.len());
        Ok(())
    }
}
