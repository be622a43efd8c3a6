//! Folders and files by their path: the one place where the library takes authority that nobody handed it, for
//! `crate::ambient`, which an embedder calls.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place where ambient authority is taken"
)]

use super::{Dir, opened};
use std::fs::File;
use std::io;
use std::path::Path;

pub(crate) fn open_dir(path: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, cap_std::ambient_authority())
}

pub(crate) fn make_dir(path: &Path) -> io::Result<Dir> {
    Dir::create_ambient_dir_all(path, cap_std::ambient_authority())?;
    open_dir(path)
}

/// Opens a regular file for reading, without waiting for anything.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    opened::by_path(path)
}
