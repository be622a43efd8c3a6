//! What a program has without being handed it: folders by their path, and the machine's clock.
//!
//! Nothing in the library calls this; a program that embeds it does, where it decides to. Who has a
//! [`Dir`] or a [`Clock`] of their own needs nothing from here.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place where the machine's clock is read"
)]

use crate::model::{Clock, Instant};
use crate::sandbox::Compiler;
use crate::store::{self, Dir};
use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a folder that is there, by its path. Whoever holds the [`Dir`] reaches that folder and what
/// is below it, and nothing else.
///
/// # Errors
/// When it is not there or cannot be opened.
pub fn open_dir(path: impl AsRef<Path>) -> io::Result<Dir> {
    store::open_dir(path.as_ref())
}

/// Opens a folder by its path, making it and those above it where they are not there.
///
/// # Errors
/// When it cannot be made or opened.
pub fn make_dir(path: impl AsRef<Path>) -> io::Result<Dir> {
    store::make_dir(path.as_ref())
}

/// Opens a regular file for reading, by its path. A FIFO, a device or a folder is an error at once.
///
/// # Errors
/// When it is not there, is not a regular file, or cannot be opened.
pub fn open_file(path: impl AsRef<Path>) -> io::Result<File> {
    store::open_file(path.as_ref())
}

/// This program as its own [`Compiler`]: it starts itself for each component, with the argument
/// [`Compiler::ARGUMENT`]. A program that uses this calls it before anything else in `main`, and
/// returns where it gets none: then it was started to compile, and has done that.
///
/// # Errors
/// When it was started to compile and that could not be answered, or its own path is not known.
pub fn own_compiler() -> io::Result<Option<Compiler>> {
    let argument = std::env::args_os().nth(1);
    if argument.is_some_and(|argument| argument == Compiler::ARGUMENT) {
        Compiler::serve(io::stdin().lock(), io::stdout().lock())?;
        return Ok(None);
    }
    // On Linux what runs, though another program lies at its path by now.
    let running = std::path::PathBuf::from("/proc/self/exe");
    let program = match running.exists() {
        true => running,
        false => std::env::current_exe()?,
    };
    Ok(Some(Compiler::program(program, [Compiler::ARGUMENT])))
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::from_millis(jiff::Timestamp::now().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_is_after_this_was_written_and_does_not_run_back() {
        let then = Instant::parse("2026-01-01").unwrap();
        let (first, second) = (SystemClock.now(), SystemClock.now());
        assert!(then < first && first <= second);
    }

    #[test]
    fn a_folder_that_is_not_there_is_made_and_then_opened() {
        let path = std::env::temp_dir().join(format!("casemate-ambient-{}", std::process::id()));
        assert!(open_dir(&path).is_err());
        make_dir(path.join("below")).unwrap();
        assert!(open_dir(&path).unwrap().exists("below"));
        std::fs::remove_dir_all(path).unwrap();
    }
}
