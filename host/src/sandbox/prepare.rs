//! From a module's files to something that can run for one tenant.

use super::Manifest;
use super::aot;
use super::bindings::{drafter, enricher, grouper};
use super::compiler::Compiler;
use super::engine::{CompileError, EngineError, Memory, Ticking};
use super::inspect::{Import, Inspection};
use super::limit::Limits;
use super::linker::linker;
use super::run::Run;
use super::{Denial, Granted, module_digest};
use crate::model::{Capability, Digest, ModuleKind, ModuleName, TenantId, Text};
use crate::store::CompiledCache;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

/// The sandbox of a process: one engine for every tenant and module.
pub struct Sandbox {
    ticking: Arc<Ticking>,
    memory: Memory,
    compiler: Compiler,
    cache: Option<CompiledCache>,
}

impl Sandbox {
    /// Starts the engine. Nothing that it compiles is kept.
    ///
    /// # Errors
    /// When it does not start on this machine.
    pub fn start(memory: Memory, compiler: Compiler) -> Result<Self, EngineError> {
        Ok(Self {
            ticking: Arc::new(Ticking::start(memory)?),
            memory,
            compiler,
            cache: None,
        })
    }

    /// The same, with what it compiles kept here.
    pub fn keeping(self, cache: Option<CompiledCache>) -> Self {
        Self { cache, ..self }
    }

    /// Where the memory of runs comes from.
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Compiles a module's component, or takes what was compiled before from the cache. Without this it
    /// is done where the module is first prepared for a tenant.
    ///
    /// # Errors
    /// When the component is not valid, or takes more time or memory than it gets.
    pub fn compile(&self, module: &Module) -> Result<(), CompileError> {
        self.compiled(module).map(drop).map_err(Clone::clone)
    }

    fn compiled<'a>(&self, module: &'a Module) -> Result<&'a Component, &'a CompileError> {
        let compiled = module
            .compiled
            .get_or_init(|| self.compile_or_find(&module.component));
        compiled.as_ref().map(|compiled| &compiled.component)
    }

    fn compile_or_find(&self, component: &[u8]) -> Result<Compiled, CompileError> {
        let engine = &self.ticking.engine;
        let name = aot::name(engine, component);
        let cache = self.cache.as_ref();
        if let Some(component) = cache.and_then(|cache| aot::get(engine, cache, &name)) {
            return Ok(Compiled {
                component,
                from_cache: true,
            });
        }
        let failure = aot::failure_name(component);
        if let Some(error) = cache.and_then(|cache| aot::failure(cache, &failure)) {
            return Err(error);
        }
        let within = Duration::from_millis(Limits::COMPILE_MS);
        let compiled = self.compiler.compile(engine, component, within);
        match (&compiled, cache) {
            (Ok(compiled), Some(cache)) => aot::put(cache, &name, compiled),
            (Err(error), Some(cache)) => aot::put_failure(cache, &failure, error),
            (_, None) => (),
        }
        Ok(Compiled {
            component: compiled?,
            from_cache: false,
        })
    }

    /// Links a module with exactly what was granted.
    ///
    /// # Errors
    /// When it cannot be compiled, imports anything else, or exports not what its kind does.
    pub fn prepare(&self, module: &Module, granted: Granted) -> Result<Prepared, NotPrepared> {
        let engine = &self.ticking.engine;
        let refuse = |why| NotPrepared {
            tenant: granted.tenant().clone(),
            module: module.manifest.name().clone(),
            why: Box::new(why),
        };
        let invalid = |e: wasmtime::Error| Refused::Unusable(Text::capped(&format!("{e:#}"), 400));
        let component = self
            .compiled(module)
            .map_err(|error| refuse(Refused::NotCompiled(Text::capped(&error.to_string(), 400))))?;
        let linker = linker(engine, &granted).map_err(|e| refuse(invalid(e)))?;
        let pre = linker.instantiate_pre(component).map_err(|error| {
            refuse(missing(engine, component, &granted).unwrap_or_else(|| invalid(error)))
        })?;
        let exports = match granted.kind() {
            ModuleKind::Grouper => grouper::GrouperPre::new(pre.clone()).map(drop),
            ModuleKind::Enricher => enricher::EnricherPre::new(pre.clone()).map(drop),
            ModuleKind::Drafter => drafter::DrafterPre::new(pre.clone()).map(drop),
        };
        exports.map_err(|e| refuse(invalid(e)))?;
        let limits = Limits::granted(granted.limits());
        Ok(Prepared {
            pre,
            granted,
            limits,
            ticking: self.ticking.clone(),
        })
    }
}

/// A module's two files, read: for every tenant. It is compiled once, when it is first needed: what
/// nobody granted never is.
pub struct Module {
    manifest: Manifest,
    digest: Digest,
    component: Vec<u8>,
    compiled: OnceLock<Result<Compiled, CompileError>>,
}

struct Compiled {
    component: Component,
    from_cache: bool,
}

impl Module {
    /// Of a component and its manifest.
    pub fn new(component: Vec<u8>, manifest: Manifest) -> Self {
        Self {
            digest: module_digest(&component, manifest.text().as_bytes()),
            manifest,
            component,
            compiled: OnceLock::new(),
        }
    }

    /// What it asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The digest of its component and manifest together.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The component's bytes.
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    /// Whether it is compiled.
    pub fn is_compiled(&self) -> bool {
        matches!(self.compiled.get(), Some(Ok(_)))
    }

    /// Whether it is compiled, and was before this process began.
    pub fn from_cache(&self) -> bool {
        let compiled = self.compiled.get();
        compiled.is_some_and(|compiled| compiled.as_ref().is_ok_and(|c| c.from_cache))
    }

    /// Every import of the component, by name, in its order; none where it is not valid.
    pub fn imports(&self) -> Vec<String> {
        let seen = Inspection::of(&self.component, None);
        let imports = seen.map(|seen| seen.imports).unwrap_or_default();
        imports
            .iter()
            .map(|import| import.name.to_string())
            .collect()
    }
}

/// A module linked for one tenant: what was granted to it is in it, and nothing else.
pub struct Prepared {
    pre: InstancePre<Run>,
    granted: Granted,
    limits: Limits,
    ticking: Arc<Ticking>,
}

impl Prepared {
    /// What was granted.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    pub(super) fn pre(&self) -> &InstancePre<Run> {
        &self.pre
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.ticking.engine
    }

    pub(super) fn module(&self) -> &ModuleName {
        self.granted.module()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// A module that cannot run for a tenant.
#[derive(Debug, thiserror::Error)]
#[error("module `{module}` cannot run for tenant `{tenant}`: {why}")]
pub struct NotPrepared {
    /// The tenant.
    pub tenant: TenantId,
    /// The module.
    pub module: ModuleName,
    /// Why.
    pub why: Box<Refused>,
}

/// Why a module cannot run.
#[derive(Debug)]
pub enum Refused {
    /// It imports a capability that it is not given; the place that decides.
    Denied(Denial),
    /// It imports a WASI interface.
    Wasi(Text),
    /// It imports an interface of the contract in a version that this host does not speak.
    OtherVersion(Text),
    /// It imports something else that is not of the contract.
    Unknown(Text),
    /// It cannot be compiled.
    NotCompiled(Text),
    /// It is not of its kind's contract in some other way.
    Unusable(Text),
}

impl Refused {
    /// The capability, where one is what was refused.
    pub fn capability(&self) -> Option<Capability> {
        match self {
            Self::Denied(denial) => Some(denial.capability),
            Self::OtherVersion(_)
            | Self::Wasi(_)
            | Self::Unknown(_)
            | Self::NotCompiled(_)
            | Self::Unusable(_) => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => {
                write!(
                    f,
                    "it imports capability `{}`, which it is not given: {denial}",
                    denial.capability
                )
            }
            Self::Wasi(name) => write!(
                f,
                "it imports `{name}`, and no WASI interface is offered here; build it for \
                 `wasm32-unknown-unknown` so that it imports `casemate:soc/*` only"
            ),
            Self::OtherVersion(name) => write!(
                f,
                "it imports `{name}`, a version that this host does not speak: it speaks `{}`",
                Manifest::CONTRACT
            ),
            Self::Unknown(name) => {
                write!(
                    f,
                    "it imports `{name}`, which is not of the contract `casemate:soc@0.1.0`"
                )
            }
            Self::NotCompiled(why) => f.write_str(why.as_str()),
            Self::Unusable(why) => write!(
                f,
                "it does not fit the contract `casemate:soc@0.1.0`: {why}"
            ),
        }
    }
}

/// The first import that a run with these grants does not have, in the component's order.
fn missing(engine: &Engine, component: &Component, granted: &Granted) -> Option<Refused> {
    let imports = component.component_type();
    imports.imports(engine).find_map(|(name, _)| {
        let shown = || Text::capped(name, 200);
        match Import::of(name) {
            Import::Capability(capability) => {
                granted.denial(capability).cloned().map(Refused::Denied)
            }
            Import::EveryWorld => None,
            Import::OtherVersion => Some(Refused::OtherVersion(shown())),
            Import::Wasi => Some(Refused::Wasi(shown())),
            Import::Unknown => Some(Refused::Unknown(shown())),
        }
    })
}
