use super::lock::{self, Tried};
use super::{CompiledCache, Dir, Random, StoreError, TenantScope, file, version};
use crate::model::{ModuleName, TenantId};
use std::io;

/// The largest text file of a home that is read, in bytes.
const MAX_TEXT_BYTES: u64 = 64 << 20;
/// The largest component file that is read, in bytes.
const MAX_COMPONENT_BYTES: u64 = 256 << 20;
/// One folder that holds everything a host knows: tenants, modules, grants, the roster.
pub struct Home {
    pub(super) root: Dir,
}

/// Being the one who changes the home's own files: roster, grants, tenants, modules. Given back when
/// dropped, and by the system when the process ends. Readers need none.
pub struct HomeLock {
    _file: std::fs::File,
}

impl Home {
    /// Makes a home in a folder that is not one yet.
    ///
    /// # Errors
    /// When it is one already or cannot be written.
    pub fn create(root: Dir) -> Result<Self, StoreError> {
        match version::stated(&root) {
            Ok(None) => (),
            Ok(Some(_)) | Err(StoreError::NoVersion { .. }) => return Err(StoreError::HomeExists),
            Err(error) => return Err(error),
        }
        for folder in ["tenants", "modules"] {
            root.create_dir_all(folder)
                .map_err(StoreError::io(folder))?;
        }
        version::state(&root)?;
        Ok(Self { root })
    }

    /// Opens a home.
    ///
    /// # Errors
    /// When the folder is no home, is one of another version, or cannot be read.
    pub fn open(root: Dir) -> Result<Self, StoreError> {
        version::check_home(&root)?;
        Ok(Self { root })
    }

    /// The folder of a home whose version is not looked at.
    pub(super) fn unchecked(root: Dir) -> Self {
        Self { root }
    }

    /// Keeps other processes from changing the home's own files until the lock is dropped: whoever
    /// reads one of them and writes it back changed holds it in between. Waits a few seconds.
    ///
    /// # Errors
    /// [`StoreError::HomeLocked`] where another process holds it for longer.
    pub fn lock(&self) -> Result<HomeLock, StoreError> {
        match lock::within(lock::WAIT, || lock::attempt(&self.root, "lock", "lock"))? {
            Tried::Ours(file) => Ok(HomeLock { _file: file }),
            Tried::Theirs(holder) => Err(StoreError::HomeLocked { holder }),
        }
    }

    /// The tenants that have a folder, in the order of their ids, and the names of what else lies
    /// between them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn tenants(&self) -> Result<(Vec<TenantId>, Vec<String>), StoreError> {
        let (mut tenants, mut strangers) = (Vec::new(), Vec::new());
        for name in self.folders("tenants")? {
            match TenantId::parse(&name) {
                Ok(id) => tenants.push(id),
                Err(_) => strangers.push(name),
            }
        }
        Ok((tenants, strangers))
    }

    /// Makes the folder of a new tenant.
    ///
    /// # Errors
    /// When it is there already or cannot be made.
    pub fn add_tenant(&self, tenant: &TenantId) -> Result<TenantScope, StoreError> {
        let path = format!("tenants/{tenant}");
        self.root
            .create_dir_all("tenants")
            .map_err(StoreError::io("tenants"))?;
        self.root.create_dir(&path).map_err(StoreError::io(path))?;
        self.tenant(tenant)
    }

    /// Opens a tenant's folder: the only way to a [`TenantScope`].
    ///
    /// # Errors
    /// When there is no such tenant.
    pub fn tenant(&self, tenant: &TenantId) -> Result<TenantScope, StoreError> {
        let path = format!("tenants/{tenant}");
        let opened = self.root.symlink_metadata(&path).and_then(|found| {
            // A link would make one tenant's folder another's.
            if found.is_symlink() {
                let error = "is a link; a tenant's folder is a folder of its own";
                return Err(io::Error::other(error));
            }
            self.root.open_dir(&path)
        });
        match opened {
            Ok(dir) => Ok(TenantScope::new(tenant.clone(), dir)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(StoreError::NoTenant {
                tenant: tenant.to_string(),
            }),
            Err(e) => Err(StoreError::io(path)(e)),
        }
    }

    /// A text file of the home itself, such as `grants.toml`; none where it is not there.
    ///
    /// # Errors
    /// When it cannot be read or is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>, StoreError> {
        file::read_text(&self.root, name, MAX_TEXT_BYTES)
    }

    /// Replaces a text file of the home itself, at once or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_text(&self, name: &str, text: &str) -> Result<(), StoreError> {
        file::replace(&self.root, name, text.as_bytes(), false)
    }

    /// The modules that are installed, in the order of their names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn modules(&self) -> Result<Vec<ModuleName>, StoreError> {
        Ok(self
            .folders("modules")?
            .iter()
            .filter_map(|n| ModuleName::parse(n).ok())
            .collect())
    }

    /// A module's component and its `module.toml`; none where it is not installed.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn module(&self, name: &ModuleName) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        let wasm = file::read(
            &self.root,
            &format!("modules/{name}/module.wasm"),
            MAX_COMPONENT_BYTES,
        )?;
        let toml = file::read_text(
            &self.root,
            &format!("modules/{name}/module.toml"),
            MAX_TEXT_BYTES,
        )?;
        Ok(wasm.zip(toml))
    }

    /// Installs a module's two files, replacing those of the same name.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn install_module(
        &self,
        name: &ModuleName,
        wasm: &[u8],
        toml: &str,
    ) -> Result<(), StoreError> {
        file::replace(
            &self.root,
            &format!("modules/{name}/module.wasm"),
            wasm,
            false,
        )?;
        file::replace(
            &self.root,
            &format!("modules/{name}/module.toml"),
            toml.as_bytes(),
            false,
        )
    }

    /// The cache of compiled components.
    ///
    /// # Errors
    /// When its folder cannot be made or its key not read.
    pub fn compiled(&self, random: &dyn Random) -> Result<CompiledCache, StoreError> {
        CompiledCache::open(&self.root, random)
    }

    fn folders(&self, below: &str) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        let entries = match self.root.read_dir(below) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(names),
            Err(e) => return Err(StoreError::io(below)(e)),
        };
        for entry in entries {
            let entry = entry.map_err(StoreError::io(below))?;
            if entry.file_type().map_err(StoreError::io(below))?.is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}
