//! A trail copied for a stranger.

use super::{Dir, StoreError, TenantScope, TrailReader, file};
use crate::trail::merkle::Tile;
use crate::trail::note::{Checkpoint, SignedCheckpoint};
use crate::trail::{EXPORT_README, Files as _};

/// Copies the checkpoint of a tenant's trail and every tile of a log of its size into an empty folder,
/// the checkpoint last: without it that is no export. None where nothing was signed yet.
///
/// # Errors
/// When the folder is not empty, or a file cannot be read or written. A tile that a writer replaces at
/// this moment is told as missing; the next call finds the later one.
pub fn export_trail(scope: &TenantScope, to: &Dir) -> Result<Option<Checkpoint>, StoreError> {
    is_empty(to)?;
    let (Some(signed), Some(mut trail)) = (scope.checkpoint()?, scope.read_trail()?) else {
        return Ok(None);
    };
    copy(&mut trail, &signed, to)?;
    Ok(Some(signed.unverified().clone()))
}

/// Copies an earlier log, as it was put aside, into a folder of an export, made for it.
///
/// # Errors
/// As [`export_trail`].
pub(crate) fn export_earlier(
    (mut trail, signed): (TrailReader, SignedCheckpoint),
    to: &Dir,
    folder: &str,
) -> Result<(), StoreError> {
    let fail = || StoreError::io(folder.to_owned());
    to.create_dir_all(folder).map_err(fail())?;
    copy(&mut trail, &signed, &to.open_dir(folder).map_err(fail())?)
}

/// Copies an earlier log alone into an empty folder.
///
/// # Errors
/// As [`export_trail`].
pub(crate) fn export_log(
    (mut trail, signed): (TrailReader, SignedCheckpoint),
    to: &Dir,
) -> Result<(), StoreError> {
    is_empty(to)?;
    copy(&mut trail, &signed, to)
}

/// Writes the text for whoever gets an export.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn export_text(to: &Dir, text: &str) -> Result<(), StoreError> {
    let fail = StoreError::io(EXPORT_README.to_owned());
    super::write_file(to, EXPORT_README, text.as_bytes()).map_err(fail)
}

fn is_empty(to: &Dir) -> Result<(), StoreError> {
    let fail = |path: &str| StoreError::io(path.to_owned());
    let mut entries = to.entries().map_err(fail("."))?;
    if let Some(entry) = entries.next() {
        let name = entry.map_err(fail("."))?.file_name();
        let error = "the folder for it is not empty: choose an empty or a new one";
        return Err(fail(&name.to_string_lossy())(std::io::Error::other(error)));
    }
    Ok(())
}

fn copy(trail: &mut TrailReader, signed: &SignedCheckpoint, to: &Dir) -> Result<(), StoreError> {
    let fail = |path: &str| StoreError::io(path.to_owned());
    for tile in Tile::all_of(signed.unverified().size()) {
        let path = tile.path();
        let bytes = trail.read(&path).map_err(fail(&path))?;
        let gone = || fail(&path)(std::io::ErrorKind::NotFound.into());
        let bytes = bytes.ok_or_else(gone)?;
        if let Some((folder, _)) = path.rsplit_once('/') {
            to.create_dir_all(folder).map_err(fail(&path))?;
        }
        file::write_file(to, &path, &bytes).map_err(fail(&path))?;
    }
    file::replace(to, "checkpoint", signed.as_bytes(), false)
}
