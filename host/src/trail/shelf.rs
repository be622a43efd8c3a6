use std::io;

/// The folder of a trail, or of an export of one, as it is read. Paths are below it, with `/`.
pub trait Files {
    /// A whole file; none where it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// Every file below the folder, by its path, ascending.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn list(&mut self) -> io::Result<Vec<String>>;

    /// The names of the files in one folder; none where it is not there.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn names(&mut self, folder: &str) -> io::Result<Vec<String>>;
}

/// The folder of a trail as its one writer needs it: each call does one thing to the disk, so that
/// what must be durable before what is to be read in the caller. The store implements it over a real
/// folder.
///
/// One process at a time holds a tenant's folder for writing; that lock is the store's.
pub trait Shelf: Files + Send {
    /// Makes a file that holds these bytes, or gives it these bytes alone; makes the folders above
    /// it. Nothing of that is durable yet. After an error anything may be there.
    ///
    /// # Errors
    /// When not all of it could be done.
    fn create(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Writes all of these bytes into a file from an offset on, which is within it or its end. After
    /// an error any of them may be there.
    ///
    /// # Errors
    /// When not all of them could be written.
    fn write_at(&mut self, path: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns once what was written to a file, and its size, is on stable storage (`fdatasync`).
    ///
    /// # Errors
    /// When that is not certain. It is never called again then: the kernel may have dropped the
    /// pages, and a second call would report success without them.
    fn sync(&mut self, path: &str) -> io::Result<()>;

    /// Returns once the names in a folder (not in those below it) are on stable storage. `.` is the
    /// folder itself.
    ///
    /// # Errors
    /// As [`Shelf::sync`].
    fn sync_folder(&mut self, folder: &str) -> io::Result<()>;

    /// Gives a file another name, in place of one that has it, at once or not at all.
    ///
    /// # Errors
    /// When it could not be done.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file, and the folder it lies in where that is empty then; one that is not there is
    /// removed already.
    ///
    /// # Errors
    /// When it could not be removed.
    fn remove(&mut self, path: &str) -> io::Result<()>;

    /// What is kept of this trail outside its folder; none where nothing is.
    ///
    /// # Errors
    /// When it cannot be read.
    fn head(&mut self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces what is kept outside the folder, durably, at once or not at all.
    ///
    /// # Errors
    /// When that is not certain.
    fn keep_head(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl<F: Files + ?Sized> Files for &mut F {
    fn read(&mut self, path: &str) -> io::Result<Option<Vec<u8>>> {
        (**self).read(path)
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        (**self).list()
    }

    fn names(&mut self, folder: &str) -> io::Result<Vec<String>> {
        (**self).names(folder)
    }
}

/// The folders above a path, the innermost first; the last is `.`.
pub(super) fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let above = path.rsplit_once('/').map(|(above, _)| above);
        rest = above;
        Some(above.unwrap_or("."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_above_a_path_end_with_the_folder_itself() {
        let of = |path| folders_above(path).collect::<Vec<_>>();
        assert_eq!(of("checkpoint"), ["."]);
        assert_eq!(
            of("tile/0/x001/067.p/3"),
            ["tile/0/x001/067.p", "tile/0/x001", "tile/0", "tile", "."]
        );
    }
}
