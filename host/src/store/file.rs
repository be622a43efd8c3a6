//! Whole files: read with a bound, replaced at once or not at all.

use super::{Dir, StoreError, opened};
use std::io::{self, Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

/// The file's bytes, or none where it is not there.
pub(super) fn read(dir: &Dir, path: &str, max: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match opened::to_read(dir, path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::io(path)(e)),
    };
    bounded(file, max).map(Some).map_err(StoreError::io(path))
}

/// A file's bytes, read from a folder that somebody named: where a module is, an export, a bench's
/// samples. Waits for nothing, and reads regular files only.
///
/// # Errors
/// When it is not there, is not a regular file, cannot be read, or is larger than `max` bytes.
pub fn read_file(dir: &Dir, path: &str, max: u64) -> io::Result<Vec<u8>> {
    bounded(opened::given(dir, path)?, max)
}

/// As [`read_file`], for UTF-8 text.
///
/// # Errors
/// As [`read_file`]; when it is not UTF-8.
pub fn read_text_file(dir: &Dir, path: &str, max: u64) -> io::Result<String> {
    String::from_utf8(read_file(dir, path, max)?).map_err(|e| not_text(&e))
}

/// Writes a file into a folder that somebody named. What had the name before is replaced, not
/// written to.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(dir: &Dir, path: &str, bytes: &[u8]) -> io::Result<()> {
    opened::anew(dir, path, false)?.write_all(bytes)
}

fn bounded(file: impl io::Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if length as u64 > max {
        let error = format!("larger than the {max} bytes that are read");
        return Err(io::Error::other(error));
    }
    Ok(bytes)
}

/// As [`read`], for UTF-8 text.
pub(super) fn read_text(dir: &Dir, path: &str, max: u64) -> Result<Option<String>, StoreError> {
    let Some(bytes) = read(dir, path, max)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|e| StoreError::io(path)(not_text(&e)))
}

fn not_text(error: &std::string::FromUtf8Error) -> io::Error {
    let at = error.utf8_error().valid_up_to();
    io::Error::other(format!("not UTF-8 from byte {at} on"))
}

/// Replaces a file: a reader, or a machine that stops, sees the old bytes or the new ones.
pub(super) fn replace(
    dir: &Dir,
    path: &str,
    bytes: &[u8],
    private: bool,
) -> Result<(), StoreError> {
    let fail = || StoreError::io(path);
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    dir.create_dir_all(folder).map_err(fail())?;
    let folder = dir.open_dir(folder).map_err(fail())?;
    let new = being_made(name);
    let made = opened::anew(&folder, &new, private).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        folder.rename(&new, &folder, name)?;
        sync(&folder)
    });
    made.map_err(|error| {
        // What is left of it would only take up space that is short.
        let _ = folder.remove_file(&new);
        StoreError::io(path)(error)
    })
}

/// Removes a file, durably.
pub(super) fn remove(dir: &Dir, path: &str) -> Result<(), StoreError> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let removed = dir.open_dir(folder).and_then(|folder| {
        folder.remove_file(name)?;
        sync(&folder)
    });
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(StoreError::io(path)),
    }
}

/// Overwrites a file with zeros, makes that durable, and removes it. One that is not there is none to
/// destroy.
pub(super) fn destroy(dir: &Dir, path: &str) -> Result<(), StoreError> {
    let overwritten = opened::to_overwrite(dir, path).and_then(|mut file| {
        let length = file.metadata()?.len();
        io::copy(&mut io::repeat(0).take(length), &mut file)?;
        file.sync_all()
    });
    match overwritten {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        overwritten => overwritten.map_err(StoreError::io(path))?,
    }
    remove(dir, path)
}

/// The name of a file while it is being made: no other thread or process makes one of this name.
fn being_made(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(".{name}.{}-{next}.new", std::process::id())
}

/// Whether a file of this name was being made when its process stopped.
pub(super) fn is_being_made(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".new")
}

/// Makes the folder's entries durable.
pub(super) fn sync(dir: &Dir) -> io::Result<()> {
    // The handle of a `Dir` only names the folder; syncing needs one opened for reading.
    opened::folder(dir)?.sync_all()
}

/// Makes a folder, where it is not there, that nobody but its owner can look into.
#[cfg(unix)]
pub(super) fn make_private_dir(dir: &Dir, path: &str) -> io::Result<()> {
    use cap_std::fs::DirBuilderExt as _;
    let mut builder = cap_std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    dir.create_dir_with(path, &builder)
}

#[cfg(not(unix))]
pub(super) fn make_private_dir(dir: &Dir, path: &str) -> io::Result<()> {
    dir.create_dir_all(path)
}

/// Takes away every right of others on a folder, and refuses one that another account owns.
#[cfg(unix)]
pub(super) fn owner_alone(dir: &Dir) -> io::Result<()> {
    use cap_std::fs::{MetadataExt as _, Permissions, PermissionsExt as _};
    let metadata = dir.dir_metadata()?;
    if metadata.mode() & 0o077 != 0 {
        dir.set_permissions(".", Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn owner_alone(_: &Dir) -> io::Result<()> {
    Ok(())
}
