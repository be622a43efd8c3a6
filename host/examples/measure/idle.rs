//! Many tenants, each worked on once and now idle, in one open home.

use crate::Effort;
use crate::place::{Now, Place};
use crate::table::Table;
use anyhow::Context as _;
use casemate::model::Clock as _;
use casemate::triage::intake::From;
use std::path::Path;

/// The process's memory with a home of many idle tenants. The home lies in memory where that can
/// be, which is not the process's: the disk has no part in this figure.
pub(crate) fn tenants(modules: &Path, effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let shared = Path::new("/dev/shm");
    let root = if shared.is_dir() {
        shared.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    let place = Place::new(&root, modules, &["grouper"], effort.tenants)?;
    let casemate = place.open(true)?;
    let alerts = crate::source::edr(20);
    let before = resident_mib()?;
    for tenant in &place.tenants {
        let mut session = casemate.start(tenant, Now.now())?;
        session.submit(alerts.as_slice(), From::Auto, "-")?;
    }
    let after = resident_mib()?;
    table.title(format!("{} idle tenants in an open home", effort.tenants));
    table.figure(
        "memory of the process",
        "MiB",
        after,
        "aim 300 at 1,000 tenants",
    );
    table.figure(
        "of it for the tenants",
        "MiB",
        after - before,
        "less what was there before them",
    );
    Ok(())
}

fn resident_mib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next());
    Ok(kib
        .context("`VmRSS` in /proc/self/status")?
        .parse::<f64>()?
        / 1024.0)
}
