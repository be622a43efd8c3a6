//! The folder of a tenant's trail.

use super::closed::Closing;
use super::{Dir, file, opened};
use crate::trail::{Files, Shelf};
use cap_std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

/// The largest file of a trail that is read at once, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// A tenant's trail as it is read, also beside its writer.
pub struct TrailReader {
    folder: Dir,
    /// Where in the home it lies, for errors.
    path: String,
}

/// A tenant's trail, opened by its scope for the one writer.
pub struct TrailFolder {
    reader: TrailReader,
    home: Arc<Dir>,
    /// Where in the home its head is kept.
    head: String,
    /// The file that was written last and is still open.
    open: Option<(String, File)>,
    closing: Closing,
}

impl TrailReader {
    /// Of a folder that is no home's: an export, or one that somebody sent.
    pub fn of_folder(folder: Dir) -> Self {
        Self::new(folder, ".".to_owned())
    }

    pub(super) fn new(folder: Dir, path: String) -> Self {
        Self { folder, path }
    }

    /// Says which file an error is of.
    fn at(&self, path: &str) -> impl Fn(io::Error) -> io::Error + use<> {
        let path = format!("{}/{path}", self.path);
        move |error| io::Error::new(error.kind(), format!("`{path}`: {error}"))
    }
}

impl TrailFolder {
    pub(super) fn new(reader: TrailReader, home: Arc<Dir>, head: String, closing: Closing) -> Self {
        Self {
            reader,
            home,
            head,
            open: None,
            closing,
        }
    }

    fn folder(&self) -> &Dir {
        &self.reader.folder
    }

    fn at(&self, path: &str) -> impl Fn(io::Error) -> io::Error + use<> {
        self.reader.at(path)
    }

    fn opened(&mut self, path: &str) -> io::Result<&mut File> {
        let is_open = self.open.as_ref().is_some_and(|(open, _)| open == path);
        if !is_open {
            let file = opened::to_write(self.folder(), path).map_err(self.at(path))?;
            self.open = Some((path.to_owned(), file));
        }
        let (_, file) = self.open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        Ok(file)
    }
}

impl Files for TrailReader {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match opened::to_read(&self.folder, path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.at(path)(e)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .map_err(self.at(path))?;
        Ok(Some(bytes))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        super::backup::all_files(&self.folder, &|_| false)
            .map_err(|(path, error)| self.at(&path)(error))
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match self.folder.read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(self.at(folder)(e)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(self.at(folder))?;
            if entry.file_type().map_err(self.at(folder))?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

impl Files for TrailFolder {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.reader.read(path)
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        self.reader.list()
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        self.reader.names(folder)
    }
}

impl Shelf for TrailFolder {
    fn create(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let above = path.rsplit_once('/').map(|(above, _)| above);
        let made = above.map_or(Ok(()), |above| self.folder().create_dir_all(above));
        let made = made.and_then(|()| opened::anew(self.folder(), path, false));
        let written = made.and_then(|mut file| file.write_all(bytes));
        self.closing.watch(written.map_err(self.at(path)))
    }

    fn write_at(&mut self, path: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let at = self.at(path);
        let file = self.opened(path)?;
        let written = file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| file.write_all(bytes));
        self.closing.watch(written.map_err(at))
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        let at = self.at(path);
        let synced = self.opened(path)?.sync_data();
        self.closing.watch(synced.map_err(at))
    }

    fn sync_folder(&mut self, folder: &str) -> io::Result<()> {
        let dir = self.folder().open_dir(folder).map_err(self.at(folder))?;
        self.closing
            .watch(file::sync(&dir).map_err(self.at(folder)))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.open = None;
        let renamed = self.folder().rename(from, self.folder(), to);
        self.closing.watch(renamed.map_err(self.at(to)))
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        match self.folder().remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.at(path)(e)),
            Ok(()) | Err(_) => (),
        }
        // The folder where nothing else is in it; else it stays.
        if let Some((above, _)) = path.rsplit_once('/') {
            let _ = self.folder().remove_dir(above);
        }
        Ok(())
    }

    fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        let read = file::read(&self.home, &self.head, MAX_BYTES);
        read.map_err(|e| io::Error::other(e.to_string()))
    }

    fn keep_head(&mut self, bytes: &[u8]) -> io::Result<()> {
        let kept = file::replace(&self.home, &self.head, bytes, false);
        let kept = kept.map_err(|e| io::Error::other(e.to_string()));
        self.closing.watch(kept)
    }
}
