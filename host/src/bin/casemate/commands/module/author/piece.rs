//! A module from where its author has it, and its samples.

use super::not_tried;
use crate::ambient;
use crate::args::OnBench;
use crate::output::{Exit, Failure};
use anyhow::Context as _;
use casemate::store::{Dir, read_file, read_text_file};
use casemate::store::{MAX_COMPONENT_BYTES, MAX_TEXT_BYTES};
use casemate::workbench::{Piece, Samples, Workbench};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The files of samples.
const ALERTS: &str = "alerts.ndjson";
pub(super) const EXPECTED: &str = "expected.json";

/// A module on its bench.
pub(super) struct OnTable {
    pub(super) bench: Workbench,
    /// The folder of its samples.
    pub(super) samples: PathBuf,
    /// What it is expected to answer, where that is written.
    pub(super) expected: Option<String>,
}

/// Puts a module on the bench: builds it first where its source is given.
pub(super) fn put(args: &OnBench, alerts: Option<&Path>) -> Result<OnTable, Failure> {
    let folder = args.samples.clone();
    let folder = folder.unwrap_or_else(|| args.folder.join("samples"));
    let module = obtain(&args.folder)?;
    let beside = args
        .with
        .iter()
        .map(|folder| obtain(folder))
        .collect::<Result<_, _>>()?;
    // Alerts of one's own need no folder of samples.
    let dir = match (alerts, folder.is_dir()) {
        (Some(_), false) => None,
        (None, _) | (_, true) => Some(ambient::open_dir(&folder)?),
    };
    let dir = dir.as_ref();
    let mut samples = Samples {
        alerts: Vec::new(),
        assets: optional(dir, "assets.csv")?,
        known_good: optional(dir, "known-good.toml")?,
        boundary: text(dir, "boundary.toml")?,
        settings: args.set.clone(),
    };
    match alerts {
        Some(path) => samples.alerts = bytes(path)?,
        None => {
            let found = optional(dir, ALERTS)?;
            samples.alerts = found
                .with_context(|| format!("`{}` is not there", folder.join(ALERTS).display()))?;
        }
    }
    let expected = text(dir, EXPECTED)?;
    Ok(OnTable {
        bench: Workbench::new(
            module,
            beside,
            samples,
            crate::commands::compiler()?,
            args.as_of,
        )
        .map_err(not_tried)?,
        samples: folder,
        expected,
    })
}

/// A module's two files; of its source, what it builds to.
fn obtain(folder: &Path) -> Result<Piece, Failure> {
    if !folder.join("Cargo.toml").is_file() {
        return read(folder);
    }
    #[cfg(feature = "author")]
    return {
        let built = casemate_build::build(folder, None).map_err(super::not_built)?;
        read(&built.folder)
    };
    #[cfg(not(feature = "author"))]
    Err(super::no_compiler())
}

/// The two files of a folder.
pub(super) fn read(folder: &Path) -> Result<Piece, Failure> {
    let dir = ambient::open_dir(folder)?;
    let missing = |file: &str| format!("`{}`", folder.join(file).display());
    Ok(Piece {
        component: read_file(&dir, "module.wasm", MAX_COMPONENT_BYTES)
            .with_context(|| missing("module.wasm"))?,
        manifest: read_text_file(&dir, "module.toml", MAX_TEXT_BYTES)
            .with_context(|| missing("module.toml"))?,
    })
}

fn optional(dir: Option<&Dir>, file: &str) -> Result<Option<Vec<u8>>, Failure> {
    match dir.map(|dir| read_file(dir, file, MAX_TEXT_BYTES)) {
        None => Ok(None),
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Some(Err(error)) => Err(error).with_context(|| format!("`{file}` of the samples"))?,
    }
}

fn text(dir: Option<&Dir>, file: &str) -> Result<Option<String>, Failure> {
    let Some(bytes) = optional(dir, file)? else {
        return Ok(None);
    };
    String::from_utf8(bytes).map(Some).map_err(|_| {
        let error = anyhow::anyhow!("`{file}` of the samples is not UTF-8");
        Failure::new(Exit::Usage, error)
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("standard input")?;
    } else {
        let mut file = ambient::open_file(path)?;
        file.read_to_end(&mut bytes)
            .with_context(|| format!("`{}`", path.display()))?;
    }
    Ok(bytes)
}
