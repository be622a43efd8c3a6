//! The one place where the program reaches for what nobody handed it: the file system's root, the
//! clock, the environment's width of the machine.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place where ambient authority is taken"
)]

use anyhow::Context as _;
use casemate::model::{Digest, Instant};
use casemate::store::Dir;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;

/// The time by the machine's clock.
pub(crate) fn now() -> Instant {
    Instant::from_millis(jiff::Timestamp::now().as_millisecond())
}

/// Opens a folder that is there.
pub(crate) fn open_dir(path: &Path) -> anyhow::Result<Dir> {
    Dir::open_ambient_dir(path, cap_std::ambient_authority())
        .with_context(|| format!("the folder `{}` cannot be opened", path.display()))
}

/// Opens a folder, making it where it is not there.
pub(crate) fn make_dir(path: &Path) -> anyhow::Result<Dir> {
    Dir::create_ambient_dir_all(path, cap_std::ambient_authority())
        .with_context(|| format!("the folder `{}` cannot be made", path.display()))?;
    open_dir(path)
}

/// Opens a file for reading.
pub(crate) fn open_file(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("`{}` cannot be opened", path.display()))
}

/// The digest of this program, for the trail.
pub(crate) fn build() -> Option<Digest> {
    let path = std::env::current_exe().ok()?;
    Some(Digest::of(&std::fs::read(path).ok()?))
}

/// How this program was called.
pub(crate) fn program() -> String {
    std::env::args()
        .next()
        .unwrap_or_else(|| "casemate".to_owned())
}

/// How many threads the machine runs at once.
pub(crate) fn threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Whether colour is not wanted.
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// What is logged, by `CASEMATE_LOG`; warnings where it is not set.
pub(crate) fn log_filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_env("CASEMATE_LOG").unwrap_or_else(|_| "warn".into())
}
