use super::{open_home, store};
use crate::ambient;
use crate::args::{Backup, Format, Restore, Shared};
use crate::output::{self, Exit, Failure, count, many, time};
use casemate::store::{BackedUp, BackupError, Home, Restored, SystemRandom};

pub(crate) fn run(shared: &Shared, args: &Backup) -> Result<Exit, Failure> {
    let home = open_home(shared)?;
    let to = ambient::make_dir(&args.folder)?;
    let mut progress = output::Progress::new();
    let made: BackedUp = home
        .backup(&to, ambient::now(), &mut |tenant| {
            progress.show(&format!("copying tenant `{tenant}`"));
        })
        .map_err(failed)?;
    progress.done(&format!(
        "copied {} of {}",
        many(made.files, "file"),
        many(made.tenants, "tenant")
    ));
    match shared.format {
        Format::Json => output::json("casemate.backup/v1", &made)?,
        Format::Ndjson => output::ndjson("casemate.backup/v1", [&made])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&format!(
            "{} bytes in {}; sha256 of SHA256SUMS: {}\n",
            count(made.bytes),
            args.folder.display(),
            made.digest
        ))?,
    }
    Ok(Exit::Ok)
}

/// The global `--home` is where the restored home is made.
pub(crate) fn restore(shared: &Shared, args: &Restore) -> Result<Exit, Failure> {
    let from = ambient::open_dir(&args.folder)?;
    let to = ambient::make_dir(&shared.home)?;
    let done: Restored = Home::restore(&from, to, &SystemRandom, ambient::now()).map_err(failed)?;
    match shared.format {
        Format::Json => output::json("casemate.restore/v1", &done)?,
        Format::Ndjson => output::ndjson("casemate.restore/v1", [&done])?,
        Format::Table | Format::Csv | Format::Sarif | Format::Html => output::text(&format!(
            "restored {} of {} from the backup of {}; each trail says so\n",
            many(done.files, "file"),
            many(done.tenants.len() as u64, "tenant"),
            time(done.taken)
        ))?,
    }
    for damage in &done.damaged {
        output::say(&format!(
            "error: restored as it was backed up, damaged: {damage}"
        ));
    }
    Ok(if done.damaged.is_empty() {
        Exit::Ok
    } else {
        Exit::Integrity
    })
}

fn failed(error: BackupError) -> Failure {
    match error {
        BackupError::Store(error) => store(error),
        error @ (BackupError::NotEmpty(_) | BackupError::NoBackup) => {
            Failure::new(Exit::Environment, error)
        }
        error @ (BackupError::NotWhole
        | BackupError::Damaged(_)
        | BackupError::Damage { .. }
        | BackupError::Trail { .. }) => Failure::new(Exit::Integrity, error),
    }
}
