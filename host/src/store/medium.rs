//! The trail's file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

/// A tenant's trail file, opened by its scope.
pub struct TrailFile {
    file: File,
}

impl TrailFile {
    pub(super) fn new(file: File) -> Self {
        Self { file }
    }
}
