//! The file of a database as redb sees it: whatever fails to be written closes its tenant.

use super::closed::Closing;
use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};
use std::io;
use std::ops::Bound;

/// A backend whose failed writes and syncs close the tenant in this process.
#[derive(Debug)]
pub(super) struct Watched<B> {
    below: B,
    closing: Closing,
}

impl Watched<FileBackend> {
    pub(super) fn of_file(file: std::fs::File, closing: Closing) -> Result<Self, DatabaseError> {
        let below = FileBackend::new(file)?;
        Ok(Self { below, closing })
    }
}

impl<B: StorageBackend> StorageBackend for Watched<B> {
    fn len(&self) -> Result<u64, io::Error> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.below.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.closing.watch(self.below.set_len(len))
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.closing.watch(self.below.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.closing.watch(self.below.write(offset, data))
    }

    fn close(&self) -> Result<(), io::Error> {
        self.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.query_lock_range(start, end)
    }
}

/// Lets go of what the kernel keeps of a file, so that the next reading is of the disk. What was not
/// written yet is written first; what a failed sync left behind is not, and would be read from memory as
/// if it were on the disk.
pub(super) fn read_from_disk(file: &std::fs::File) -> io::Result<()> {
    file.sync_data()?;
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(())
}
