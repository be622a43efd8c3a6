//! The one place where the program reaches for what nobody handed it: folders and files by their
//! paths, the clock, the environment, the width of the machine.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place where ambient authority is taken"
)]

use anyhow::Context as _;
use casemate::ambient::SystemClock;
use casemate::model::{Clock as _, Digest, Instant};
use casemate::sandbox::Compiler;
use casemate::store::Dir;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The time by the machine's clock.
pub(crate) fn now() -> Instant {
    SystemClock.now()
}

/// Opens a folder that is there.
pub(crate) fn open_dir(path: &Path) -> anyhow::Result<Dir> {
    casemate::ambient::open_dir(path)
        .with_context(|| format!("the folder `{}` cannot be opened", path.display()))
}

/// Opens a folder, making it where it is not there.
pub(crate) fn make_dir(path: &Path) -> anyhow::Result<Dir> {
    casemate::ambient::make_dir(path)
        .with_context(|| format!("the folder `{}` cannot be made", path.display()))
}

/// Opens a file for reading.
pub(crate) fn open_file(path: &Path) -> anyhow::Result<File> {
    casemate::ambient::open_file(path)
        .with_context(|| format!("`{}` cannot be opened", path.display()))
}

/// Makes a file that is not there yet, for writing.
pub(crate) fn new_file(path: &Path) -> anyhow::Result<File> {
    File::create_new(path).with_context(|| format!("`{}` cannot be made", path.display()))
}

/// A small file's bytes; none where it is not there.
pub(crate) fn read_if_there(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let of = || format!("`{}` cannot be read", path.display());
    match casemate::ambient::open_file(path) {
        Ok(file) => {
            let mut bytes = Vec::new();
            let mut some = std::io::Read::take(file, 64 << 20);
            std::io::Read::read_to_end(&mut some, &mut bytes).with_context(of)?;
            Ok(Some(bytes))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(of),
    }
}

/// Replaces a file, at once or not at all.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let of = || format!("`{}` cannot be written", path.display());
    let new = path.with_added_extension("new");
    // What an earlier process left under this name, or somebody put there, is not written to.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(of);
        }
        Ok(()) | Err(_) => (),
    }
    let written = File::create_new(&new).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    written
        .and_then(|()| std::fs::rename(&new, path))
        .with_context(of)
}

/// What compiles components: this program, started anew. None where it was started for that, and has
/// done it.
pub(crate) fn compiler() -> anyhow::Result<Option<Compiler>> {
    casemate::ambient::own_compiler().context("this program cannot compile components by itself")
}

/// Whether the path is a folder that is there.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// A folder of nobody else's, gone with the value.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let above = std::env::temp_dir();
        let mut builder = std::fs::DirBuilder::new();
        // What is tried may be tried on a client's alerts.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for attempt in 0_u32..1_000 {
            let path = above.join(format!("casemate-bench-{}-{attempt}", std::process::id()));
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => (),
                Err(error) => {
                    let problem = || format!("the folder `{}` cannot be made", path.display());
                    return Err(error).with_context(problem);
                }
            }
        }
        anyhow::bail!("no folder can be made in `{}`", above.display())
    }

    pub(crate) fn dir(&self) -> anyhow::Result<Dir> {
        open_dir(&self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of its temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The digest of this program, for the trail.
pub(crate) fn build() -> Option<Digest> {
    let path = std::env::current_exe().ok()?;
    let mut bytes = Vec::new();
    let mut file = casemate::ambient::open_file(path).ok()?;
    std::io::Read::read_to_end(&mut file, &mut bytes).ok()?;
    Some(Digest::of(&bytes))
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

/// How long a program that was asked to end may take to do so.
const ENDING: std::time::Duration = std::time::Duration::from_secs(20);

/// Becomes true when the system asks the program to end: SIGTERM or SIGINT. Asked a second time, the
/// program ends at once, whatever it waits for.
pub(crate) fn stop_signal() -> anyhow::Result<std::sync::Arc<std::sync::atomic::AtomicBool>> {
    let stop: std::sync::Arc<std::sync::atomic::AtomicBool> = std::sync::Arc::default();
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        let at_once = crate::output::Exit::TryAgain as i32;
        let flag = std::sync::Arc::clone(&stop);
        // Registered first, so that the signal that sets the flag does not see it set.
        signal_hook::flag::register_conditional_shutdown(signal, at_once, flag)
            .and_then(|_| signal_hook::flag::register(signal, std::sync::Arc::clone(&stop)))
            .context("the signals to end cannot be listened to")?;
    }
    // Whoever does not read what it writes must not keep it for ever. What it wrote down is durable.
    let asked = std::sync::Arc::clone(&stop);
    let watch = std::thread::Builder::new().name("stop".into());
    watch.spawn(move || {
        while !asked.load(std::sync::atomic::Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        std::thread::sleep(ENDING);
        std::process::exit(crate::output::Exit::TryAgain as i32);
    })?;
    Ok(stop)
}
