//! The one place where files are opened.
//!
//! Clients and operators write to folders of a home, so under the name of a file there can be
//! anything: a FIFO that keeps whoever opens it waiting, a device, a second name of another file. So
//! every file is opened without waiting and must be a regular one, and links are not followed.
//! A file that is written where it is has one name and belongs to this account; that is looked at in
//! what was opened, before anything of it is changed.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one place where files are opened"
)]

use super::Dir;
use cap_std::fs::{File, OpenOptions};
#[cfg(unix)]
use rustix::fs::OFlags;
use std::io;
use std::path::Path;

/// Opens a file to read it.
pub(super) fn to_read(dir: &Dir, path: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    follow_no_link(&mut options);
    regular(dir, path, &options)
}

/// As [`to_read`], of a folder that somebody named: a link below it may be followed to a file below it.
pub(super) fn given(dir: &Dir, path: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    without_waiting(&mut options);
    regular(dir, path, &options)
}

/// As [`given`], by a path that somebody named.
pub(super) fn by_path(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, WITHOUT_WAITING);
    let file = options.open(path).map_err(refusal)?;
    let kind = file.metadata()?.file_type();
    match kind.is_file() {
        true => Ok(file),
        false => Err(not_regular(kind.is_dir())),
    }
}

/// Opens a file that is there to read it and write it where it is.
pub(super) fn to_write(dir: &Dir, path: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    follow_no_link(&mut options);
    let file = regular(dir, path, &options)?;
    alone(&file)?;
    ours(&file)?;
    Ok(file)
}

/// As [`to_write`], making an empty file, for its owner alone where that is wanted, if there is none.
pub(super) fn to_write_or_make(dir: &Dir, path: &str, private: bool) -> io::Result<File> {
    match to_write(dir, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (),
        opened => return opened,
    }
    match new(dir, path, private) {
        // Another process made it at this moment.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => to_write(dir, path),
        made => made,
    }
}

/// Opens a file that is there to overwrite its bytes, also one that a client's account owns.
pub(super) fn to_overwrite(dir: &Dir, path: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    follow_no_link(&mut options);
    let file = regular(dir, path, &options)?;
    alone(&file)?;
    Ok(file)
}

/// Makes a file under a name that nothing has yet.
pub(super) fn new(dir: &Dir, path: &str, private: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    if private {
        owner_only(&mut options);
    }
    dir.open_with(path, &options)
}

/// Makes a file under a name. What had the name before loses it and is not written to.
pub(super) fn anew(dir: &Dir, path: &str, private: bool) -> io::Result<File> {
    match dir.remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => new(dir, path, private),
    }
}

/// Opens the folder itself, which is what makes its entries durable.
pub(super) fn folder(dir: &Dir) -> io::Result<File> {
    dir.open(".")
}

fn regular(dir: &Dir, path: &str, options: &OpenOptions) -> io::Result<File> {
    let file = dir.open_with(path, options).map_err(refusal)?;
    let kind = file.metadata()?.file_type();
    match kind.is_file() {
        true => Ok(file),
        false => Err(not_regular(kind.is_dir())),
    }
}

pub(super) fn not_regular(is_folder: bool) -> io::Error {
    io::Error::other(match is_folder {
        true => "is a folder, not a regular file",
        false => "is a FIFO or a device, not a regular file",
    })
}

#[cfg(unix)]
const WITHOUT_WAITING: i32 = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();

#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;
    options.custom_flags(WITHOUT_WAITING);
}

#[cfg(not(unix))]
fn without_waiting(_: &mut OpenOptions) {}

#[cfg(unix)]
fn follow_no_link(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;
    options.custom_flags(WITHOUT_WAITING | OFlags::NOFOLLOW.bits().cast_signed());
}

#[cfg(not(unix))]
fn follow_no_link(_: &mut OpenOptions) {}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

/// What the system says where it opens no link, FIFO or socket, in words.
#[cfg(unix)]
fn refusal(error: io::Error) -> io::Error {
    use rustix::io::Errno;
    match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => io::Error::other("is a link, and none is followed"),
        Some(Errno::NXIO) => not_regular(false),
        Some(Errno::ISDIR) => not_regular(true),
        _ => error,
    }
}

#[cfg(not(unix))]
fn refusal(error: io::Error) -> io::Error {
    error
}

/// That the file has one name.
#[cfg(unix)]
fn alone(file: &File) -> io::Result<()> {
    use cap_std::fs::MetadataExt as _;
    match file.metadata()?.nlink() {
        1 => Ok(()),
        links => Err(io::Error::other(format!(
            "has {links} names (hard links), so a write would change another file: replace it by a copy of its own"
        ))),
    }
}

#[cfg(not(unix))]
fn alone(_: &File) -> io::Result<()> {
    Ok(())
}

/// That the file belongs to the account that this process runs as.
#[cfg(unix)]
fn ours(file: &File) -> io::Result<()> {
    use cap_std::fs::MetadataExt as _;
    let (owner, us) = (file.metadata()?.uid(), rustix::process::geteuid().as_raw());
    if owner == us {
        return Ok(());
    }
    let error = format!(
        "belongs to account {owner}, and this process runs as account {us}: run it as the owner, or change the owner"
    );
    Err(io::Error::other(error))
}

#[cfg(not(unix))]
fn ours(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::make_dir;
    use std::io::{Read as _, Write as _};

    fn with_folder(name: &str, test: impl FnOnce(&Dir, &Path)) {
        let name = format!("casemate-opened-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        test(&make_dir(&path).unwrap(), &path);
        std::fs::remove_dir_all(path).unwrap();
    }

    type Opening = fn(&Dir, &str) -> io::Result<File>;
    const TO_READ: &[Opening] = &[to_read, given];
    const TO_WRITE: &[Opening] = &[to_write, to_overwrite, |dir, path| {
        to_write_or_make(dir, path, false)
    }];

    #[test]
    fn what_is_not_a_regular_file_is_refused_at_once() {
        with_folder("kinds", |dir, path| {
            let mode = rustix::fs::Mode::RWXU;
            let fifo = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, path.join("fifo"), fifo, mode, 0).unwrap();
            let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
            dir.create_dir("folder").unwrap();
            for name in ["fifo", "socket", "folder"] {
                for open in TO_READ.iter().chain(TO_WRITE) {
                    let said = open(dir, name).unwrap_err().to_string();
                    assert!(said.contains("not a regular file"), "{name}: {said}");
                }
            }
        });
    }

    #[test]
    fn a_link_is_followed_only_where_somebody_named_the_folder() {
        with_folder("links", |dir, _| {
            dir.write("file", "text").unwrap();
            dir.symlink("file", "link").unwrap();
            for open in TO_WRITE.iter().chain([&(to_read as Opening)]) {
                let said = open(dir, "link").unwrap_err().to_string();
                assert!(said.contains("is a link"), "{said}");
            }
            let mut text = String::new();
            given(dir, "link")
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "text");
        });
    }

    #[test]
    fn a_file_with_a_second_name_is_read_and_never_written() {
        with_folder("names", |dir, _| {
            dir.write("roster", "people").unwrap();
            dir.hard_link("roster", dir, "lock").unwrap();
            to_read(dir, "lock").unwrap();
            for open in TO_WRITE {
                let said = open(dir, "lock").unwrap_err().to_string();
                assert!(said.contains("has 2 names"), "{said}");
            }
            assert!(new(dir, "lock", false).is_err());
            anew(dir, "lock", false)
                .unwrap()
                .write_all(b"ours")
                .unwrap();
            assert_eq!(dir.read_to_string("roster").unwrap(), "people");
            assert_eq!(dir.read_to_string("lock").unwrap(), "ours");
            to_write(dir, "roster").unwrap();
        });
    }

    #[test]
    fn a_file_of_another_account_is_not_written_where_it_is() {
        with_folder("accounts", |dir, path| {
            dir.write("lock", "").unwrap();
            // Only root can give a file away; others have nothing to try here.
            if std::os::unix::fs::chown(path.join("lock"), Some(4711), None).is_ok() {
                let said = to_write(dir, "lock").unwrap_err().to_string();
                assert!(said.contains("belongs to account 4711"), "{said}");
                to_overwrite(dir, "lock").unwrap();
            }
        });
    }
}
