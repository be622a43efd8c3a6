//! A trail copied for a stranger.

use super::{Dir, StoreError, TenantScope, file};
use crate::trail::Files as _;
use crate::trail::merkle::Tile;
use crate::trail::note::Checkpoint;

/// Copies the checkpoint of a tenant's trail and every tile of a log of its size into an empty folder,
/// the checkpoint last: without it that is no export. None where nothing was signed yet.
///
/// # Errors
/// When the folder is not empty, or a file cannot be read or written. A tile that a writer replaces at
/// this moment is told as missing; the next call finds the later one.
pub fn export_trail(scope: &TenantScope, to: &Dir) -> Result<Option<Checkpoint>, StoreError> {
    let fail = |path: &str| StoreError::io(path.to_owned());
    let mut entries = to.entries().map_err(fail("."))?;
    if let Some(entry) = entries.next() {
        let name = entry.map_err(fail("."))?.file_name();
        let error = "the folder for it is not empty: choose an empty or a new one";
        return Err(fail(&name.to_string_lossy())(std::io::Error::other(error)));
    }
    let (Some(signed), Some(mut trail)) = (scope.checkpoint()?, scope.read_trail()?) else {
        return Ok(None);
    };
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
    file::replace(to, "checkpoint", signed.as_bytes(), false)?;
    Ok(Some(signed.unverified().clone()))
}
