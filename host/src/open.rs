//! A home, opened: what an embedder begins with.

use crate::boundary::{Boundary, RequireSigned, Roster};
use crate::caller::{Accounts, AsInRoster, Caller, NoCaller};
use crate::cannot_run::CannotRun;
use crate::custody::Custody;
use crate::knowledge::KnowledgeFault;
use crate::link::Linking;
use crate::model::{Clock, Digest, Instant, ModuleName, TenantId, Text, caught};
use crate::record::Written;
use crate::sandbox::{Compiler, EngineError, Granted, Grants, Manifest, Memory, Module, Sandbox};
use crate::store::{
    Below, Dir, Folders, Home, Random, StoreError, SystemRandom, TenantScope, View,
};
use crate::suspension::Suspensions;
use crate::triage::{Cancel, NotStarted, Observer, Parts, Session};
use crate::written::Problems;
use std::sync::Arc;

/// What an embedder decides once for a process.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub random: Arc<dyn Random>,
    /// Where the memory of runs comes from.
    pub memory: Memory,
    /// Who compiles components.
    pub compiler: Compiler,
    /// Memory for one tenant's database, in bytes, while the tenant is open.
    pub cache_bytes: usize,
    /// The digest of the program that embeds the host, for the trail; none where it is not known.
    pub build: Option<Digest>,
    /// Whether compiled components are kept in the home.
    pub keep_compiled: bool,
    /// Says which person of the roster stands behind an account.
    pub accounts: Arc<dyn Accounts>,
    /// What must carry an operator's signature, besides what `host.toml` of the home says.
    pub require_signed: RequireSigned,
    /// Stops every session that is given no other.
    pub cancel: Cancel,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
}

impl Settings {
    /// The usual ones, with the embedder's clock and compiler.
    pub fn new(clock: Arc<dyn Clock>, compiler: Compiler) -> Self {
        Self {
            clock,
            random: Arc::new(SystemRandom),
            memory: Memory::OnDemand,
            compiler,
            cache_bytes: 16 << 20,
            build: None,
            keep_compiled: true,
            accounts: Arc::new(AsInRoster),
            require_signed: RequireSigned::default(),
            cancel: Cancel::new(),
            observer: Arc::new(()),
        }
    }
}

/// Why a home cannot be worked with as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its files cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file of the home is missing.
    #[error("`{0}` is not there; `casemate init` makes it")]
    Missing(&'static str),
    /// A file of the home does not hold.
    #[error("{0}")]
    Written(Problems),
    /// Something panicked: in the host, which is a fault of it, or in what the embedder brought.
    #[error("opening the home panicked: {0}")]
    Panicked(Text),
}

/// A module that is installed and cannot be loaded. The others can.
#[derive(Debug)]
pub struct NotLoaded {
    /// Its name.
    pub name: ModuleName,
    /// Why, for the operator.
    pub why: String,
}

/// A home, opened, with its modules loaded and the sandbox running. One is enough for a process; it
/// can be shared between threads.
pub struct Casemate {
    home: Home,
    settings: Settings,
    sandbox: Sandbox,
    roster: Roster,
    grants: Grants,
    modules: Vec<Module>,
    not_loaded: Vec<NotLoaded>,
    candidates: Vec<Module>,
    candidates_not_loaded: Vec<NotLoaded>,
}

impl Casemate {
    /// Opens a home: reads its roster and grants and loads its modules.
    ///
    /// # Errors
    /// When the folder is no home, or one of these files does not hold. A module that cannot be
    /// loaded is no error: see [`Casemate::not_loaded`].
    pub fn open(root: Dir, settings: Settings) -> Result<Self, OpenError> {
        Self::open_in(Arc::new(Below::new(root)), settings)
    }

    /// Opens a home whose folders come from elsewhere, as [`Casemate::open`].
    ///
    /// # Errors
    /// As [`Casemate::open`].
    pub fn open_in(places: Arc<dyn Folders>, settings: Settings) -> Result<Self, OpenError> {
        caught(|| Self::opened(Home::open_in(places)?, settings))
            .unwrap_or_else(|said| Err(OpenError::Panicked(said)))
    }

    /// Opens a home whose folders come from elsewhere and whose keys somebody else keeps, as
    /// [`Casemate::open`].
    ///
    /// # Errors
    /// As [`Casemate::open`].
    pub fn open_with(
        places: Arc<dyn Folders>,
        custody: Arc<dyn Custody>,
        settings: Settings,
    ) -> Result<Self, OpenError> {
        caught(|| Self::opened(Home::open_with(places, custody)?, settings))
            .unwrap_or_else(|said| Err(OpenError::Panicked(said)))
    }

    fn opened(home: Home, settings: Settings) -> Result<Self, OpenError> {
        let home = home.with_random(settings.random.clone());
        let written = |name| home.text(name)?.ok_or(OpenError::Missing(name));
        let roster = Roster::parse(&written("roster.toml")?).map_err(OpenError::Written)?;
        let required = required(&home, &settings)?.map_err(OpenError::Written)?;
        let grants =
            grants(&written(Grants::FILE)?, required, &roster).map_err(OpenError::Written)?;
        let sandbox = Sandbox::start(settings.memory, settings.compiler.clone())?;
        let cache = match settings
            .keep_compiled
            .then(|| home.compiled(&*settings.random))
        {
            Some(Ok(cache)) => Some(cache),
            Some(Err(error)) => {
                tracing::info!(%error, "compiled components are not kept");
                None
            }
            None => None,
        };
        let mut casemate = Self {
            home,
            settings,
            sandbox: sandbox.keeping(cache),
            roster,
            grants,
            modules: Vec::new(),
            not_loaded: Vec::new(),
            candidates: Vec::new(),
            candidates_not_loaded: Vec::new(),
        };
        for name in casemate.home.modules()? {
            let files = casemate.home.module(&name);
            match casemate.load("modules", &name, files) {
                Ok(module) => casemate.modules.push(module),
                Err(why) => casemate.not_loaded.push(NotLoaded { name, why }),
            }
        }
        for name in casemate.home.candidates()? {
            let files = casemate.home.candidate(&name);
            match casemate.load("candidates", &name, files) {
                // One that was accepted, by a host that stopped before it took it away here.
                Ok(module) if casemate.has(&module) => (),
                Ok(module) => casemate.candidates.push(module),
                Err(why) => casemate.candidates_not_loaded.push(NotLoaded { name, why }),
            }
        }
        Ok(casemate)
    }

    fn has(&self, module: &Module) -> bool {
        self.modules.iter().any(|m| m.digest() == module.digest())
    }

    /// Reads a module, and compiles it where somebody is granted it.
    fn load(
        &self,
        folder: &str,
        name: &ModuleName,
        files: Result<Option<(Vec<u8>, String)>, StoreError>,
    ) -> Result<Module, String> {
        let (component, text) = files
            .map_err(|e| e.to_string())?
            .ok_or_else(|| format!("`{folder}/{name}` needs `module.wasm` and `module.toml`"))?;
        let manifest = Manifest::parse(&text).map_err(|e| e.to_string())?;
        if manifest.name() != name {
            return Err(format!(
                "`{folder}/{name}/module.toml` names it `{}`",
                manifest.name()
            ));
        }
        let module = Module::new(component, manifest);
        if self
            .grants
            .iter()
            .any(|grant| grant.digest == module.digest())
        {
            self.sandbox.compile(&module).map_err(|e| e.to_string())?;
        }
        Ok(module)
    }

    /// The two files of a module that is loaded.
    pub(crate) fn files(&self, module: &Digest) -> Option<(&[u8], &str)> {
        let mut all = self.modules.iter().chain(&self.candidates);
        let found = all.find(|loaded| loaded.digest() == *module);
        found.map(|found| (found.component(), found.manifest().text()))
    }

    /// The home's files.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Who may be named in boundaries and grants.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Who acts, by the account that the embedder knows them by.
    ///
    /// # Errors
    /// When the account is nobody's, or the person is not in the roster.
    pub fn caller(&self, account: &str) -> Result<Caller, NoCaller> {
        Caller::of(&self.roster, &*self.settings.accounts, account)
    }

    /// What was granted when the home was opened. A start goes by what is granted then.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The modules that are installed and can be loaded, in the order of their names. Those that nobody
    /// was granted when the home was opened are not compiled.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The modules that are installed and could not be loaded.
    pub fn not_loaded(&self) -> &[NotLoaded] {
        &self.not_loaded
    }

    /// The candidates that lie beside installed modules and are loaded, in the order of their names.
    pub fn candidates(&self) -> &[Module] {
        &self.candidates
    }

    /// The candidates that could not be loaded.
    pub fn candidates_not_loaded(&self) -> &[NotLoaded] {
        &self.candidates_not_loaded
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// What the settings say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The tenants that have a folder and were not erased, in the order of their ids.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.not_erased(self.home.tenants()?.0)
    }

    /// Every tenant that anything in the home names and that was not erased, in the order of their ids:
    /// see [`Home::named_tenants`]. For whatever reports on all tenants.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub fn named_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.not_erased(self.home.named_tenants()?)
    }

    fn not_erased(&self, mut tenants: Vec<TenantId>) -> Result<Vec<TenantId>, StoreError> {
        let text = self.home.text(Suspensions::FILE)?;
        // One that does not hold is told where it decides.
        let standing = Suspensions::parse(text.as_deref()).unwrap_or_default();
        tenants.retain(|tenant| standing.erased(tenant).is_none());
        Ok(tenants)
    }

    /// Reads what a tenant wrote down about itself, and gives what is wrong with its files. Alerts are
    /// taken in nevertheless; wrong entries are left out.
    pub fn check_knowledge(&self, scope: &TenantScope) -> Vec<KnowledgeFault> {
        Written::read(scope).0.faults
    }

    /// What a tenant's store holds, beside a writer or without one; none where nothing was ever
    /// submitted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn view(&self, tenant: &TenantId) -> Result<Option<View>, StoreError> {
        let read = || {
            let scope = self.home.tenant(tenant)?;
            scope.read_records(self.settings.cache_bytes)
        };
        caught(read).unwrap_or_else(|said| {
            Err(StoreError::Database {
                tenant: tenant.to_string(),
                message: format!("reading it panicked: {said}"),
            })
        })
    }

    /// What a module would be given for a tenant, and the module linked with it.
    ///
    /// # Errors
    /// When it is not granted, or imports what it is not given.
    pub fn prepare(
        &self,
        module: &Module,
        boundary: &Boundary,
        as_of: Instant,
    ) -> Result<crate::sandbox::Prepared, CannotRun> {
        self.prepare_by(&self.grants, module, boundary, as_of)
    }

    fn prepare_by(
        &self,
        grants: &Grants,
        module: &Module,
        boundary: &Boundary,
        as_of: Instant,
    ) -> Result<crate::sandbox::Prepared, CannotRun> {
        let granted = Granted::decide(
            boundary.tenant(),
            module.manifest(),
            module.digest(),
            boundary,
            grants,
            as_of,
        )?;
        Ok(self.sandbox.prepare(module, granted)?)
    }

    /// Opens a tenant for work, as of a time of decision, which modules are handed and which decides
    /// what has expired.
    ///
    /// # Errors
    /// When another process writes for the tenant, its boundary does not hold, or its trail or store
    /// cannot be continued.
    pub fn start(&self, tenant: &TenantId, as_of: Instant) -> Result<Session, NotStarted> {
        let started = caught(|| self.started(tenant, as_of));
        started.unwrap_or_else(|said| Err(NotStarted::Panicked(said)))
    }

    fn started(&self, tenant: &TenantId, as_of: Instant) -> Result<Session, NotStarted> {
        let scope = self.home.tenant(tenant)?;
        let standing = self.standing()?;
        if let Some(erasure) = standing.erased(tenant) {
            return Err(NotStarted::Erased(tenant.clone(), erasure.at));
        }
        if standing.suspended(tenant).is_some() {
            return Err(NotStarted::Suspended(tenant.clone()));
        }
        self.boundary(&scope)?;
        let grants = self.grants_now()?;
        let (knowledge, written) = Written::read(&scope);
        for fault in &knowledge.faults {
            tracing::warn!(%tenant, file = fault.file, "a file of its knowledge is invalid; see `casemate tenant show`");
        }
        let writer = scope.lock()?;
        // Read again: what was applied and recorded by whoever held the lock is in effect here.
        let boundary = self.boundary(&scope)?;
        let now = self.settings.clock.now();
        let (records, log) = self.continue_trail(&scope, &writer, now)?;
        let recorder = self.recorder(&records, &log, now);
        recorder.suspensions(&standing)?;
        recorder.boundary(&boundary, &self.applications()?)?;
        recorder.grants(&grants)?;
        recorder.knowledge(&written, boundary.accountable())?;
        let linking = Linking {
            casemate: self,
            boundary: &boundary,
            grants: &grants,
            as_of,
            now,
            log: &log,
        };
        let linked = linking.link()?;
        log.sync()?;
        self.keep_modules(&records, &linked.modules)?;
        Session::begin(Parts {
            boundary,
            as_of,
            clock: self.settings.clock.clone(),
            random: self.settings.random.clone(),
            build: self.settings.build,
            memory: self.settings.memory,
            modules: linked.modules,
            knowledge,
            log,
            records,
            notices: linked.notices,
            beside: linked.beside,
            writer,
            observer: self.settings.observer.clone(),
            cancel: self.settings.cancel.clone(),
        })
    }

    /// The standing of tenants as it is written now, also by another process.
    pub(crate) fn standing(&self) -> Result<Suspensions, NotStarted> {
        let text = self.home.text(Suspensions::FILE)?;
        Suspensions::parse(text.as_deref()).map_err(NotStarted::HomeFile)
    }

    /// What is granted now, also by another process.
    fn grants_now(&self) -> Result<Grants, NotStarted> {
        let text = self.home.text(Grants::FILE)?.unwrap_or_default();
        let required = self.required()?.map_err(NotStarted::HomeFile)?;
        grants(&text, required, &self.roster).map_err(NotStarted::HomeFile)
    }

    /// What must be signed now: what `host.toml` says and what the settings do.
    pub(crate) fn required(&self) -> Result<Result<RequireSigned, Problems>, StoreError> {
        required(&self.home, &self.settings)
    }
}

fn required(
    home: &Home,
    settings: &Settings,
) -> Result<Result<RequireSigned, Problems>, StoreError> {
    let text = home.text(RequireSigned::FILE)?;
    let stated = RequireSigned::parse(text.as_deref());
    Ok(stated.map(|stated| stated.or(settings.require_signed)))
}

fn grants(text: &str, required: RequireSigned, roster: &Roster) -> Result<Grants, Problems> {
    let grants = Grants::parse(text)?;
    Ok(match required.grants {
        true => grants.signed(roster),
        false => grants,
    })
}
