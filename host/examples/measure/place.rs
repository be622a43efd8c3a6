//! Homes that are made for a measurement and removed behind it.

use anyhow::Context as _;
pub(crate) use casemate::ambient::SystemClock as Now;
use casemate::model::{Clock as _, TenantId};
use casemate::sandbox::{Compiler, GrantedTenants};
use casemate::store::Dir;
use casemate::{Casemate, Settings, setup};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A home for a measurement.
pub(crate) struct Place {
    path: PathBuf,
    /// Its tenants.
    pub(crate) tenants: Vec<TenantId>,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Place {
    /// Makes a home below `root` with so many tenants and, for all of them, the built modules of
    /// these names.
    pub(crate) fn new(
        root: &Path,
        modules: &Path,
        names: &[&str],
        tenants: usize,
    ) -> anyhow::Result<Self> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = root.join(format!("casemate-measure-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        let mut place = Self {
            path,
            tenants: Vec::new(),
        };
        let by = "measure@casemate.example";
        let home = setup::create(place.dir()?, by)?;
        for name in names {
            let folder = modules.join(name);
            let component = std::fs::read(folder.join("module.wasm"))
                .with_context(|| format!("module `{name}` is not built"))?;
            let manifest = std::fs::read_to_string(folder.join("module.toml"))?;
            let name = setup::install(&home, name, &component, &manifest)?;
            setup::grant(&home, &name, GrantedTenants::All, by, Now.now())?;
        }
        for number in 0..tenants {
            let tenant = TenantId::parse(&format!("tenant-{number}"))?;
            setup::add_tenant(&home, &tenant, by)?;
            place.tenants.push(tenant);
        }
        Ok(place)
    }

    fn dir(&self) -> anyhow::Result<Dir> {
        Ok(casemate::ambient::open_dir(&self.path)?)
    }

    /// Opens it.
    pub(crate) fn open(&self, keep_compiled: bool) -> anyhow::Result<Casemate> {
        let mut settings = Settings::new(Arc::new(Now), Compiler::here());
        settings.keep_compiled = keep_compiled;
        Ok(Casemate::open(self.dir()?, settings)?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left behind is in a folder for what may be left behind.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// CPU time of this process so far, in seconds: user and system, to a hundredth.
pub(crate) fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|f| f.parse::<f64>().ok())
            .unwrap_or_default()
    };
    (ticks(11) + ticks(12)) / 100.0
}
