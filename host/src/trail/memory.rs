use super::memory_names::{Names, Naming};
use super::shelf::{Files, Shelf, folders_above};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes at once or not at all, in bytes.
const SECTOR: usize = 512;

/// A folder in memory that keeps what was written and what is on stable storage apart, and fails or
/// stops when told to: for tests, and for trying a module without a disk. Its clones are handles on
/// the same folder.
#[derive(Clone, Debug, Default)]
pub struct MemoryShelf(Arc<Mutex<Memory>>);

#[derive(Clone, Debug, Default)]
struct Memory {
    files: BTreeMap<u64, File>,
    next: u64,
    /// The names as they are seen.
    names: Names,
    /// The names on stable storage, and what was done since to which, in order.
    kept: Names,
    since: Vec<Naming>,
    head: Option<Vec<u8>>,
    /// What a head that was being kept when the machine stopped may have become.
    next_head: Option<Vec<u8>>,
    operations: u64,
    syncs: u64,
    failing: Option<Failing>,
}

#[derive(Clone, Debug, Default)]
struct File {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Whether it was emptied since the last sync, before all that was written since.
    emptied: bool,
    /// The sectors that were written since the last sync.
    since: BTreeSet<usize>,
    /// Those that a sync failed on: the kernel shows them and never writes them again by itself.
    lost: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Failing {
    /// The number of the operation.
    at: u64,
    /// Bytes that a write leaves before it fails.
    kept: usize,
    /// Whether every operation after it fails too.
    stopped: bool,
    /// Whether only syncs are counted.
    syncs: bool,
}

impl MemoryShelf {
    /// How many operations that change something were done or failed.
    pub fn operations(&self) -> u64 {
        self.memory().operations
    }

    /// How many syncs of a file or a folder were done or failed.
    pub fn syncs(&self) -> u64 {
        self.memory().syncs
    }

    /// Makes the `n`-th operation from now (0 is the next one) fail, a write after `kept` of its
    /// bytes.
    pub fn fail_operation(&self, n: u64, kept: usize) {
        let mut memory = self.memory();
        memory.failing = Some(Failing {
            at: memory.operations + n,
            kept,
            stopped: false,
            syncs: false,
        });
    }

    /// Makes the `n`-th sync from now (0 is the next one) fail.
    pub fn fail_sync(&self, n: u64) {
        let mut memory = self.memory();
        memory.failing = Some(Failing {
            at: memory.syncs + n,
            kept: 0,
            stopped: false,
            syncs: true,
        });
    }

    /// Stops the machine in the `n`-th operation from now: it and all after it fail.
    pub fn stop_at(&self, n: u64, kept: usize) {
        let mut memory = self.memory();
        memory.failing = Some(Failing {
            at: memory.operations + n,
            kept,
            stopped: true,
            syncs: false,
        });
    }

    /// The folder as it is seen, all of it on stable storage: another one, with no failure to come.
    pub fn copy(&self) -> Self {
        let memory = self.memory();
        let mut copy = Memory {
            head: memory.head.clone(),
            ..Memory::default()
        };
        for (path, file) in &memory.names.files {
            let bytes = memory.files.get(file).map(|f| f.now.clone());
            copy.put_kept(path, bytes.unwrap_or_default());
        }
        Self(Arc::new(Mutex::new(copy)))
    }

    /// What a machine that stops now leaves, as `choose` decides: it is asked for a number below the
    /// one it is given, first how many of the namings since the last sync of their folders were
    /// kept, then for each sector that was written and not synced whether it was, then whether a
    /// head that was being replaced is the new one.
    pub fn left(&self, choose: &mut dyn FnMut(u64) -> u64) -> Self {
        let memory = self.memory();
        let mut names = memory.kept.clone();
        let kept = choose(memory.since.len() as u64 + 1);
        for naming in memory.since.iter().take(kept as usize) {
            names.apply(naming);
        }
        let mut left = Memory::default();
        for (path, file) in &names.files {
            let is_there = folders_above(path).all(|f| f == "." || names.folders.contains(f));
            if let Some(file) = memory.files.get(file).filter(|_| is_there) {
                left.put_kept(path, file.left(choose));
            }
        }
        left.head = match &memory.next_head {
            Some(next) if choose(2) == 1 => Some(next.clone()),
            Some(_) | None => memory.head.clone(),
        };
        Self(Arc::new(Mutex::new(left)))
    }

    /// What a process that is killed now leaves to the next one on the same machine: all that was
    /// written is seen, and no more of it is on stable storage than is now. A head that was being
    /// replaced is the new one where `head_is_new`. No failure is to come.
    pub fn killed(&self, head_is_new: bool) -> Self {
        let mut left = self.memory().clone();
        left.failing = None;
        if let Some(head) = left.next_head.take().filter(|_| head_is_new) {
            left.head = Some(head);
        }
        Self(Arc::new(Mutex::new(left)))
    }

    /// Changes a file's bytes behind the back of whoever has the folder open; an empty one is removed.
    pub fn tamper(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut memory = self.memory();
        let Some(number) = memory.names.files.get(path).copied() else {
            let mut bytes = Vec::new();
            change(&mut bytes);
            return memory.put_kept(path, bytes);
        };
        if let Some(file) = memory.files.get_mut(&number) {
            change(&mut file.now);
            *file = File::kept(std::mem::take(&mut file.now));
            if file.now.is_empty() {
                memory.names.files.remove(path);
                memory.kept.files.remove(path);
            }
        }
    }

    /// Replaces what is kept outside the folder.
    pub fn set_head(&self, head: Option<Vec<u8>>) {
        self.memory().head = head;
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn put_kept(&mut self, path: &str, bytes: Vec<u8>) {
        let number = self.next;
        self.next += 1;
        self.files.insert(number, File::kept(bytes));
        for names in [&mut self.names, &mut self.kept] {
            names
                .folders
                .extend(folders_above(path).filter(|f| *f != ".").map(str::to_owned));
            names.files.insert(path.to_owned(), number);
        }
    }

    /// Counts an operation; where it is to fail, says how many bytes a write leaves.
    fn operate(&mut self, is_sync: bool) -> Result<(), usize> {
        self.operations += 1;
        self.syncs += u64::from(is_sync);
        let Some(failing) = self.failing else {
            return Ok(());
        };
        let count = if failing.syncs {
            self.syncs
        } else {
            self.operations
        };
        let counted = is_sync || !failing.syncs;
        if counted && count > failing.at && (failing.stopped || count == failing.at + 1) {
            let first = count == failing.at + 1;
            return Err(if first { failing.kept } else { 0 });
        }
        Ok(())
    }

    /// Whether the machine stopped before the operation that was counted last.
    fn is_stopped(&self) -> bool {
        let failing = self.failing.filter(|failing| failing.stopped);
        failing.is_some_and(|failing| self.operations > failing.at + 1)
    }

    fn file(&mut self, path: &str) -> io::Result<&mut File> {
        let number = self.names.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        self.files
            .get_mut(number)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn name(&mut self, naming: Naming) {
        self.names.apply(&naming);
        self.since.push(naming);
    }
}

impl File {
    fn kept(bytes: Vec<u8>) -> Self {
        Self {
            synced: bytes.clone(),
            now: bytes,
            ..Self::default()
        }
    }

    fn empty(&mut self) {
        self.now.clear();
        self.emptied |= !self.synced.is_empty();
        self.since.clear();
        self.lost.clear();
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.now.len() < end {
            self.now.resize(end, 0);
        }
        if let Some(at) = self.now.get_mut(offset..end) {
            at.copy_from_slice(bytes);
        }
        self.since.extend(offset / SECTOR..end.div_ceil(SECTOR));
    }

    fn sync(&mut self) {
        let all = std::mem::take(&mut self.since);
        let lost = std::mem::take(&mut self.lost);
        // What was written again since it was lost is written now.
        self.lost = lost.difference(&all).copied().collect();
        if std::mem::take(&mut self.emptied) {
            self.synced.clear();
        }
        for sector in all {
            self.put(sector);
        }
    }

    fn lose(&mut self) {
        self.lost.append(&mut self.since);
    }

    /// Puts a sector on stable storage.
    fn put(&mut self, sector: usize) {
        let from = sector * SECTOR;
        let new = self.now.get(from..).unwrap_or_default();
        let new = new.get(..SECTOR).unwrap_or(new);
        let end = from + new.len();
        if self.synced.len() < end {
            self.synced.resize(end, 0);
        }
        if let Some(at) = self.synced.get_mut(from..end) {
            at.copy_from_slice(new);
        }
    }

    /// What of it is left: each sector that was written since the last sync as it was or as it is.
    fn left(&self, choose: &mut dyn FnMut(u64) -> u64) -> Vec<u8> {
        let mut left = self.clone();
        if self.emptied && choose(2) == 1 {
            left.synced.clear();
        }
        for sector in self.since.union(&self.lost) {
            if choose(2) == 1 {
                left.put(*sector);
            }
        }
        left.synced
    }
}

/// What an operation that was told to fail says.
fn told(_: usize) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "told to fail")
}

impl Files for MemoryShelf {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let mut memory = self.memory();
        Ok(memory.file(path).ok().map(|file| file.now.clone()))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.memory().names.files.keys().cloned().collect())
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        let memory = self.memory();
        let names = memory.names.files.keys().filter_map(|path| {
            let (above, name) = path.rsplit_once('/').unwrap_or((".", path));
            (above == folder).then(|| name.to_owned())
        });
        Ok(names.collect())
    }
}

impl Shelf for MemoryShelf {
    fn create(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut memory = self.memory();
        let written = memory.operate(false);
        if memory.is_stopped() {
            return written.map_err(told);
        }
        let mut folders: Vec<String> = folders_above(path).map(str::to_owned).collect();
        folders.reverse();
        folders.retain(|f| f != "." && !memory.names.folders.contains(f));
        for folder in folders {
            memory.name(Naming::Folder(folder));
        }
        let number = match memory.names.files.get(path) {
            Some(number) => *number,
            None => {
                let number = memory.next;
                memory.next += 1;
                memory.files.insert(number, File::default());
                memory.name(Naming::File(path.to_owned(), number));
                number
            }
        };
        let kept = written
            .err()
            .map_or(bytes.len(), |kept| kept.min(bytes.len()));
        if let Some(file) = memory.files.get_mut(&number) {
            file.empty();
            file.write(0, bytes.get(..kept).unwrap_or_default());
        }
        written.map_err(told)
    }

    fn write_at(&mut self, path: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut memory = self.memory();
        let written = memory.operate(false);
        if memory.is_stopped() {
            return written.map_err(told);
        }
        let kept = written
            .err()
            .map_or(bytes.len(), |kept| kept.min(bytes.len()));
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = bytes.get(..kept).unwrap_or_default();
        memory.file(path)?.write(offset, part);
        written.map_err(told)
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        let mut memory = self.memory();
        let synced = memory.operate(true).map_err(told);
        let is_stopped = memory.is_stopped();
        let file = memory.file(path)?;
        match &synced {
            Ok(()) => file.sync(),
            Err(_) if is_stopped => {}
            Err(_) => file.lose(),
        }
        synced
    }

    fn sync_folder(&mut self, folder: &str) -> io::Result<()> {
        let mut memory = self.memory();
        memory.operate(true).map_err(told)?;
        if folder != "." && !memory.names.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let since = std::mem::take(&mut memory.since);
        let (kept, since): (Vec<_>, Vec<_>) = since
            .into_iter()
            .partition(|naming| naming.folder() == folder);
        memory.since = since;
        for naming in kept {
            memory.kept.apply(&naming);
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut memory = self.memory();
        memory.operate(false).map_err(told)?;
        memory.name(Naming::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        let mut memory = self.memory();
        memory.operate(false).map_err(told)?;
        if memory.names.files.contains_key(path) {
            memory.name(Naming::Remove(path.to_owned()));
        }
        if let Some((folder, _)) = path.rsplit_once('/')
            && memory.names.folders.contains(folder)
            && memory.names.is_empty(folder)
        {
            memory.name(Naming::RemoveFolder(folder.to_owned()));
        }
        Ok(())
    }

    fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.memory().head.clone())
    }

    fn keep_head(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut memory = self.memory();
        let kept = memory.operate(true).map_err(told);
        if !memory.is_stopped() {
            memory.next_head = Some(bytes.to_vec());
        }
        kept?;
        memory.next_head = None;
        memory.head = Some(bytes.to_vec());
        Ok(())
    }
}
