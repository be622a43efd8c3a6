use super::closed::{Closed, Closing};
use super::lock::{self, Tried};
use super::{Below, Folders, KeyFolder, SystemRandom};
use super::{CompiledCache, Dir, Quarantine, Random, StoreError, TenantScope};
use super::{file, folders, version};
use crate::custody::Custody;
use crate::model::{Digest, ModuleName, TenantId};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// The largest text file of a home that is read, in bytes.
pub const MAX_TEXT_BYTES: u64 = 64 << 20;
/// The largest component file that is read, in bytes.
pub const MAX_COMPONENT_BYTES: u64 = 256 << 20;
/// Folders of a home in which a tenant has a file or a folder of its name, besides `tenants`.
const NAMING: [&str; 2] = ["heads", "keys"];

/// One folder that holds everything a host knows: tenants, modules, grants, the roster.
pub struct Home {
    pub(super) root: Arc<Dir>,
    places: Arc<dyn Folders>,
    custody: Arc<dyn Custody>,
    random: Arc<dyn Random>,
    closed: Arc<Closed>,
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
        Self::create_in(Arc::new(Below::new(root)))
    }

    /// Makes a home whose folders come from elsewhere. Keys are kept in `keys/` of its own folder.
    ///
    /// # Errors
    /// When it is one already or cannot be written.
    pub fn create_in(places: Arc<dyn Folders>) -> Result<Self, StoreError> {
        let custody = usual(&*places)?;
        Self::create_with(places, custody)
    }

    /// Makes a home whose folders come from elsewhere and whose keys somebody else keeps.
    ///
    /// # Errors
    /// When it is one already or cannot be written.
    pub fn create_with(
        places: Arc<dyn Folders>,
        custody: Arc<dyn Custody>,
    ) -> Result<Self, StoreError> {
        let root = places.home().map_err(StoreError::io("."))?;
        match version::stated(&root) {
            Ok(None) => (),
            Ok(Some(_)) | Err(StoreError::NoVersion { .. }) => return Err(StoreError::HomeExists),
            Err(error) => return Err(error),
        }
        // What is of clients is for whoever runs the host, and for no other user of the machine.
        file::make_private_dir(&root, "tenants").map_err(StoreError::io("tenants"))?;
        root.create_dir_all("modules")
            .map_err(StoreError::io("modules"))?;
        version::state(&root)?;
        Ok(Self::of(root, places, custody))
    }

    /// Opens a home.
    ///
    /// # Errors
    /// When the folder is no home, is one of another version, or cannot be read.
    pub fn open(root: Dir) -> Result<Self, StoreError> {
        Self::open_in(Arc::new(Below::new(root)))
    }

    /// Opens a home whose folders come from elsewhere. Keys are kept in `keys/` of its own folder.
    ///
    /// # Errors
    /// When the folder is no home, is one of another version, or cannot be read.
    pub fn open_in(places: Arc<dyn Folders>) -> Result<Self, StoreError> {
        let custody = usual(&*places)?;
        Self::open_with(places, custody)
    }

    /// Opens a home whose folders come from elsewhere and whose keys somebody else keeps.
    ///
    /// # Errors
    /// When the folder is no home, is one of another version, or cannot be read.
    pub fn open_with(
        places: Arc<dyn Folders>,
        custody: Arc<dyn Custody>,
    ) -> Result<Self, StoreError> {
        let root = places.home().map_err(StoreError::io("."))?;
        version::check_home(&root)?;
        Ok(Self::of(root, places, custody))
    }

    /// A home whose version is not looked at.
    pub(super) fn unchecked(
        places: Arc<dyn Folders>,
        custody: Arc<dyn Custody>,
    ) -> Result<Self, StoreError> {
        let root = places.home().map_err(StoreError::io("."))?;
        Ok(Self::of(root, places, custody))
    }

    fn of(root: Dir, places: Arc<dyn Folders>, custody: Arc<dyn Custody>) -> Self {
        Self {
            root: Arc::new(root),
            places,
            custody,
            random: Arc::new(SystemRandom),
            closed: Arc::default(),
        }
    }

    /// The same with random bytes from elsewhere: every value that is sealed takes 24 of them, which
    /// must never come twice.
    #[must_use]
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Who keeps the tenants' keys.
    pub fn custody(&self) -> &Arc<dyn Custody> {
        &self.custody
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
        let mut names = self.places.tenants().map_err(StoreError::io("tenants"))?;
        names.sort();
        for name in names {
            match TenantId::parse(&name) {
                Ok(id) => tenants.push(id),
                Err(_) => strangers.push(name),
            }
        }
        Ok((tenants, strangers))
    }

    /// Every tenant that anything in the home names: what lies in `tenants/`, whatever it is, a head of a
    /// trail, or keys; in the order of their ids. Of some the folder cannot be opened, or is gone.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn named_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let mut named: BTreeSet<TenantId> = self.tenants()?.0.into_iter().collect();
        for folder in ["tenants"].into_iter().chain(NAMING) {
            let entries = match self.root.read_dir(folder) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(StoreError::io(folder))?,
            };
            for entry in entries {
                let name = entry.map_err(StoreError::io(folder))?.file_name();
                named.extend(TenantId::parse(&name.to_string_lossy()).ok());
            }
        }
        Ok(named.into_iter().collect())
    }

    /// Makes the folder of a new tenant, and its keys.
    ///
    /// # Errors
    /// When it is there already or cannot be made.
    pub fn add_tenant(&self, tenant: &TenantId) -> Result<TenantScope, StoreError> {
        let made = self.places.add_tenant(tenant);
        let dir = made.map_err(StoreError::io(format!("tenants/{tenant}")))?;
        self.custody.make(tenant)?;
        Ok(self.scope(tenant, dir))
    }

    fn scope(&self, tenant: &TenantId, dir: Dir) -> TenantScope {
        let (custody, random) = (Arc::clone(&self.custody), Arc::clone(&self.random));
        let closing = Closing::of(Arc::clone(&self.closed), tenant.clone());
        let root = Arc::clone(&self.root);
        TenantScope::new(tenant.clone(), dir, root, custody, random, closing)
    }

    /// Opens a tenant's folder: the only way to a [`TenantScope`].
    ///
    /// # Errors
    /// When there is no such tenant; [`StoreError::TenantFolder`] where there is one and its folder cannot
    /// be used.
    pub fn tenant(&self, tenant: &TenantId) -> Result<TenantScope, StoreError> {
        let error = match self.places.tenant(tenant) {
            Ok(dir) => return Ok(self.scope(tenant, dir)),
            Err(error) => error,
        };
        // A home of another user is not damaged: nothing below `tenants` can be seen.
        if error.kind() == io::ErrorKind::PermissionDenied && self.places.tenants().is_err() {
            return Err(StoreError::io(format!("tenants/{tenant}"))(error));
        }
        let id = tenant.to_string();
        let why = match error.kind() == io::ErrorKind::NotFound {
            false => format!("cannot be used: {error}"),
            true => match self.named_by(tenant) {
                Some(file) => format!("is not there, and `{file}` says that there is this tenant"),
                None => return Err(StoreError::NoTenant { tenant: id }),
            },
        };
        Err(StoreError::TenantFolder { tenant: id, why })
    }

    /// What in the home names a tenant, besides its folder.
    fn named_by(&self, tenant: &TenantId) -> Option<String> {
        let files = NAMING.map(|folder| format!("{folder}/{tenant}"));
        let is_there = |file: &String| self.root.symlink_metadata(file).is_ok();
        files.into_iter().find(is_there)
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

    /// Removes a text file of the home itself; one that is not there is none to remove.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_text(&self, name: &str) -> Result<(), StoreError> {
        file::remove(&self.root, name)
    }

    /// The text of the home's boundary defaults, from one of the files that may hold them; none where
    /// it is not there. The one place where it is read.
    ///
    /// # Errors
    /// When it cannot be read or is not UTF-8.
    pub fn defaults(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.text(name)
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
        self.pair("modules", name)
    }

    fn pair(
        &self,
        folder: &str,
        name: &ModuleName,
    ) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        let path = |file: &str| format!("{folder}/{name}/{file}");
        let wasm = file::read(&self.root, &path("module.wasm"), MAX_COMPONENT_BYTES)?;
        let toml = file::read_text(&self.root, &path("module.toml"), MAX_TEXT_BYTES)?;
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
        self.put_pair("modules", name, wasm, toml)
    }

    fn put_pair(
        &self,
        folder: &str,
        name: &ModuleName,
        wasm: &[u8],
        toml: &str,
    ) -> Result<(), StoreError> {
        let path = |file: &str| format!("{folder}/{name}/{file}");
        file::replace(&self.root, &path("module.wasm"), wasm, false)?;
        file::replace(&self.root, &path("module.toml"), toml.as_bytes(), false)
    }

    /// The modules of which a candidate lies beside the installed one, in the order of their names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn candidates(&self) -> Result<Vec<ModuleName>, StoreError> {
        if !self.root.exists("candidates") {
            return Ok(Vec::new());
        }
        let names = self.folders("candidates")?;
        Ok(names
            .iter()
            .filter_map(|n| ModuleName::parse(n).ok())
            .collect())
    }

    /// A candidate's component and its `module.toml`; none where there is none, or not yet both.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn candidate(&self, name: &ModuleName) -> Result<Option<(Vec<u8>, String)>, StoreError> {
        self.pair("candidates", name)
    }

    /// Puts a candidate beside the installed module of its name, replacing another one.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn put_candidate(
        &self,
        name: &ModuleName,
        wasm: &[u8],
        toml: &str,
    ) -> Result<(), StoreError> {
        self.put_pair("candidates", name, wasm, toml)
    }

    /// Removes a candidate; one that is not there is removed already.
    ///
    /// # Errors
    /// When its files cannot be removed.
    pub fn remove_candidate(&self, name: &ModuleName) -> Result<(), StoreError> {
        let path = format!("candidates/{name}");
        match self.root.remove_dir_all(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path)(e)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The quarantine: documents that are nobody's. Waits while another process has it.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn quarantine(&self) -> Result<Quarantine, StoreError> {
        Quarantine::open(&self.root, &self.custody, &self.random)
    }

    /// As [`Home::quarantine`]; none where nothing was ever put there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn quarantine_if_any(&self) -> Result<Option<Quarantine>, StoreError> {
        let is_there = Quarantine::is_there(&self.root);
        is_there.then(|| self.quarantine()).transpose()
    }

    /// The cache of compiled components.
    ///
    /// # Errors
    /// When its folder cannot be made or its key not read.
    pub fn compiled(&self, random: &dyn Random) -> Result<CompiledCache, StoreError> {
        CompiledCache::open(&self.root, random)
    }

    /// Forgets what the cache has under this name.
    pub(crate) fn forget_compiled(&self, name: &Digest) -> Result<(), StoreError> {
        CompiledCache::forget(&self.root, name)
    }

    fn folders(&self, below: &str) -> Result<Vec<String>, StoreError> {
        let mut names = folders::folders(&self.root, below).map_err(StoreError::io(below))?;
        names.sort();
        Ok(names)
    }
}

/// Keys in the home's own folder.
fn usual(places: &dyn Folders) -> Result<Arc<dyn Custody>, StoreError> {
    let root = places.home().map_err(StoreError::io("."))?;
    Ok(Arc::new(KeyFolder::new(root, Arc::new(SystemRandom))))
}
