use super::folder::{Folder, open, project};
use casemate::boundary::Boundary;
use casemate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use casemate::sandbox::{
    Compiler, Grant, GrantedTenants, Grants, Manifest, WantedLimits, WantedSettings, module_digest,
};
use casemate::store::{Home, Random, StoreError};
use casemate::triage::Session;
use casemate::{Casemate, Settings};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

/// 2026-11-23T08:00:00Z, the time of every clock here.
pub(crate) const NOW: Instant = Instant::from_millis(1_795_420_800_000);
/// Who is accountable and grants.
pub(crate) const PERSON: &str = "ada@mssp.example";

pub(crate) fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

/// A home to put tenants and modules into.
pub(crate) struct Bench {
    folder: Folder,
}

/// A module's two files.
#[derive(Clone)]
pub(crate) struct Built {
    pub(crate) wasm: Vec<u8>,
    pub(crate) toml: String,
}

impl Built {
    /// A module as the build made it, ours or a hostile one.
    pub(crate) fn read(name: &str) -> Self {
        let below = if name.starts_with("hostile-") {
            "target/hostile"
        } else {
            "target/modules"
        };
        let read = |file: &str| project().read(format!("{below}/{name}/{file}"));
        match (read("module.wasm"), read("module.toml")) {
            (Ok(wasm), Ok(toml)) => Self {
                wasm,
                toml: String::from_utf8(toml).unwrap(),
            },
            _ => panic!("module `{name}` is not in `{below}`: run `cargo tests`, which builds it"),
        }
    }

    /// The same with another manifest.
    pub(crate) fn with(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.toml = change(self.toml);
        self
    }

    /// The same with this where the manifest has that, which it must have.
    pub(crate) fn saying(self, this: &str, instead_of: &str) -> Self {
        assert!(self.toml.contains(instead_of), "{}", self.toml);
        self.with(|toml| toml.replace(instead_of, this))
    }

    /// The same with these limits.
    pub(crate) fn wanting(self, limits: &str) -> Self {
        self.with(|toml| format!("{toml}\n[limits]\n{limits}\n"))
    }

    pub(crate) fn manifest(&self) -> Manifest {
        Manifest::parse(&self.toml).unwrap_or_else(|problems| panic!("{problems}"))
    }

    pub(crate) fn name(&self) -> ModuleName {
        self.manifest().name().clone()
    }

    pub(crate) fn digest(&self) -> Digest {
        module_digest(&self.wasm, self.toml.as_bytes())
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: Folder::new(),
        };
        let home = Home::create(bench.folder.dir()).unwrap();
        let roster = format!(
            "version = 1\n[[people]]\nid = \"{PERSON}\"\nname = \"Ada\"\nroles = [\"operator\", \"analyst\"]\n"
        );
        home.replace_text("roster.toml", &roster).unwrap();
        home.replace_text("grants.toml", "version = 1\n").unwrap();
        bench
    }

    /// A home with our four modules, granted to every tenant, and these tenants.
    pub(crate) fn ordinary(tenants: &[&str]) -> Self {
        let bench = Self::new();
        bench.ours(&["grouper", "assets", "known-good", "drafter"]);
        for id in tenants {
            bench.tenant(id);
        }
        bench
    }

    /// This folder as it is, for example one that a stopped machine left behind.
    pub(crate) fn of(folder: Folder) -> Self {
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn home(&self) -> Home {
        Home::open(self.folder.dir()).unwrap()
    }

    /// A boundary that allows modules everything.
    pub(crate) fn allowing() -> String {
        Boundary::template(PERSON, &[])
            .replace("\"observables\",\n]", "\"observables\", \"message\",\n]")
    }

    /// Adds a tenant that allows modules everything.
    pub(crate) fn tenant(&self, id: &str) -> TenantId {
        self.tenant_with(id, &Self::allowing())
    }

    pub(crate) fn tenant_with(&self, id: &str, boundary: &str) -> TenantId {
        let tenant = tenant(id);
        let scope = self.home().add_tenant(&tenant).unwrap();
        scope.replace_boundary(boundary).unwrap();
        tenant
    }

    pub(crate) fn knowledge(&self, id: &str, file: &str, text: &str) {
        let scope = self.home().tenant(&tenant(id)).unwrap();
        scope.replace_knowledge(file, text.as_bytes()).unwrap();
    }

    pub(crate) fn install(&self, module: &Built) {
        let home = self.home();
        home.install_module(&module.name(), &module.wasm, &module.toml)
            .unwrap();
    }

    /// Installs modules as they are and grants each all it asks for, to every tenant.
    pub(crate) fn ours(&self, names: &[&str]) {
        for name in names {
            self.whole(&Built::read(name));
        }
    }

    /// Installs a module and grants it all it asks for, to every tenant.
    pub(crate) fn whole(&self, module: &Built) {
        self.install(module);
        let asked: Vec<_> = module.manifest().capabilities().collect();
        self.grant(module, GrantedTenants::All, &asked, WantedLimits::default());
    }

    /// Installs a module and grants it all it asks for, to these tenants only.
    pub(crate) fn whole_for(&self, module: &Built, tenants: &[&str]) {
        self.install(module);
        let asked: Vec<_> = module.manifest().capabilities().collect();
        let these = tenants.iter().map(|id| tenant(id)).collect();
        let these = GrantedTenants::These(these);
        self.grant(module, these, &asked, WantedLimits::default());
    }

    pub(crate) fn grant(
        &self,
        module: &Built,
        tenants: GrantedTenants,
        capabilities: &[Capability],
        limits: WantedLimits,
    ) {
        let home = self.home();
        let grant = granted(module, tenants, capabilities, limits);
        let text = home.text("grants.toml").unwrap().unwrap();
        let text = Grants::add(&text, &grant).unwrap_or_else(|problems| panic!("{problems}"));
        home.replace_text("grants.toml", &text).unwrap();
    }

    /// Opens it, with a clock that stands still and random bytes that are the same each time.
    pub(crate) fn open(&self) -> Casemate {
        self.open_with(|_| {})
    }

    pub(crate) fn open_with(&self, change: impl FnOnce(&mut Settings)) -> Casemate {
        share_compiled(self.path());
        let mut settings = settings();
        change(&mut settings);
        let casemate = Casemate::open(self.folder.dir(), settings);
        casemate.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Starts a tenant, which must start. A program that another test begins at this very moment has the
/// lock of a session that was just dropped for a moment longer: it is forked with all that is open.
pub(crate) fn start(casemate: &Casemate, tenant: &TenantId) -> Session {
    let mut session = casemate.start(tenant, NOW);
    for _ in 0..100 {
        match &session {
            Err(error) if error.kind() == casemate::ErrorKind::TryAgain => (),
            Ok(_) | Err(_) => break,
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        session = casemate.start(tenant, NOW);
    }
    session.unwrap_or_else(|error| panic!("{tenant}: {error}"))
}

fn granted(
    module: &Built,
    tenants: GrantedTenants,
    capabilities: &[Capability],
    limits: WantedLimits,
) -> Grant {
    Grant {
        module: module.name(),
        digest: module.digest(),
        tenants,
        capabilities: capabilities.to_vec(),
        by: Text::capped(PERSON, 80),
        at: NOW,
        limits,
        shadow: false,
        replaces: None,
        settings: WantedSettings::default(),
    }
}

/// The program compiles, as for itself.
pub(crate) fn compiler() -> Compiler {
    Compiler::program(env!("CARGO_BIN_EXE_casemate"), [Compiler::ARGUMENT])
}

fn settings() -> Settings {
    let mut settings = Settings::new(Arc::new(|| NOW), compiler());
    settings.random = Arc::new(Counted(AtomicU64::new(0)));
    settings
}

/// The same bytes each time, and never the same bytes twice.
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        for chunk in bytes.chunks_mut(32) {
            let next = self.0.fetch_add(1, Ordering::Relaxed);
            let digest = Digest::of(&next.to_le_bytes());
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Every home gets the compiled modules of one home that is kept between runs of the tests, so that
/// each module is compiled once.
fn share_compiled(home: &Path) {
    static ONCE: Once = Once::new();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    ONCE.call_once(|| {
        std::fs::create_dir_all(&kept).unwrap();
        let shared = match Home::open(open(&kept).unwrap()) {
            Ok(home) => home,
            // None yet, or one of an earlier version, of which nothing is kept.
            Err(_) => {
                std::fs::remove_dir_all(&kept).unwrap();
                std::fs::create_dir_all(&kept).unwrap();
                Home::create(open(&kept).unwrap()).unwrap()
            }
        };
        shared
            .replace_text("roster.toml", "version = 1\npeople = []\n")
            .unwrap();
        let mut grants = "version = 1\n".to_owned();
        for below in ["target/modules", "target/hostile"] {
            let Ok(modules) = project().read_dir(below) else {
                continue;
            };
            for module in modules {
                let module = Built::read(&module.unwrap().file_name().to_string_lossy());
                shared
                    .install_module(&module.name(), &module.wasm, &module.toml)
                    .unwrap();
                // Only what somebody is granted is compiled.
                let all = granted(&module, GrantedTenants::All, &[], WantedLimits::default());
                grants = Grants::add(&grants, &all).unwrap_or_else(|problems| panic!("{problems}"));
            }
        }
        shared.replace_text("grants.toml", &grants).unwrap();
        drop(Casemate::open(open(&kept).unwrap(), settings()).unwrap());
    });
    let (from, to) = (kept.join("cache"), home.join("cache"));
    if to.exists() {
        return;
    }
    std::fs::create_dir(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
