use casemate::store::Dir;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that goes when it is dropped.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// One in memory, where the machine has a place for that: for many small files.
    pub(crate) fn quick() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::below(memory)
        } else {
            Self::new()
        }
    }

    fn below(above: &Path) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "casemate-test-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = above.join(name);
        std::fs::create_dir(&path).unwrap();
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn dir(&self) -> Dir {
        open(&self.path).unwrap()
    }

    /// A copy of all that lies in it now: what a machine that stops at this moment leaves behind.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        copy_all(&self.path, &copy.path);
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            super::receipts::check_homes(&self.path);
        }
        // What cannot be removed is left to the system's own cleaning of its temporary folder.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Opens a folder of this machine.
pub(crate) fn open(path: &Path) -> std::io::Result<Dir> {
    casemate::ambient::open_dir(path)
}

/// The project's own folder.
pub(crate) fn project() -> Dir {
    open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

/// Copies files and folders; the links between them are kept as links.
fn copy_all(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy_all(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}
