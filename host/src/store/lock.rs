//! Locks of files: held while the file is open, given back by the system when a process ends however
//! it ends.

use super::{Dir, StoreError, opened};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::time::Duration;

/// How long a step that takes a moment is waited for.
pub(super) const WAIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// What became of trying.
pub(super) enum Tried {
    /// It is ours until the file is dropped.
    Ours(File),
    /// Another process holds it: what is known of that, to be put behind a sentence.
    Theirs(String),
}

/// Tries to take the lock of that name once.
pub(super) fn attempt(dir: &Dir, name: &str, path: &str) -> Result<Tried, StoreError> {
    let mut file = opened::to_write_or_make(dir, name, false)
        .map_err(StoreError::io(path))?
        .into_std();
    match file.try_lock() {
        Ok(()) => {
            // Only a hint for those who wait; a full disk is no reason not to hold the lock.
            let _ = file
                .set_len(0)
                .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
            Ok(Tried::Ours(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = (&file).take(64).read_to_string(&mut holder);
            Ok(Tried::Theirs(match holder.trim().parse::<u32>() {
                Ok(process) => format!(" (process {process})"),
                Err(_) => String::new(),
            }))
        }
        Err(TryLockError::Error(error)) => Err(StoreError::io(path)(error)),
    }
}

/// Tries until it is ours or the time is over.
pub(super) fn within(
    wait: Duration,
    mut attempt: impl FnMut() -> Result<Tried, StoreError>,
) -> Result<Tried, StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        match attempt()? {
            Tried::Theirs(_) if waited < wait => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            tried @ (Tried::Ours(_) | Tried::Theirs(_)) => return Ok(tried),
        }
    }
}
