//! From a module's files to something that can run for one tenant.

use super::Manifest;
use super::aot;
use super::bindings::{drafter, enricher, grouper};
use super::engine::{self, CompileError, EngineError, Memory, Ticking};
use super::inspect::Import;
use super::limit::Limits;
use super::linker::linker;
use super::run::Run;
use super::{Denial, Granted};
use crate::model::{Capability, Digest, ModuleKind, ModuleName, TenantId, Text};
use crate::store::CompiledCache;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

/// The sandbox of a process: one engine for every tenant and module.
pub struct Sandbox {
    ticking: Arc<Ticking>,
    memory: Memory,
}

impl Sandbox {
    /// Starts the engine.
    ///
    /// # Errors
    /// When it does not start on this machine.
    pub fn start(memory: Memory) -> Result<Self, EngineError> {
        Ok(Self {
            ticking: Arc::new(Ticking::start(memory)?),
            memory,
        })
    }

    /// Where the memory of runs comes from.
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Loads a module: compiles its component, or takes what was compiled before from the cache.
    ///
    /// # Errors
    /// When the component is not valid, too large, or takes too long to compile.
    pub fn load(
        &self,
        component: &[u8],
        manifest: Manifest,
        digest: Digest,
        cache: Option<&CompiledCache>,
    ) -> Result<Module, CompileError> {
        let engine = &self.ticking.engine;
        let name = aot::name(engine, component);
        if let Some(cache) = cache
            && let Some(component) = aot::get(engine, cache, &name)
        {
            return Ok(Module {
                manifest,
                digest,
                component,
                from_cache: true,
            });
        }
        let compiled =
            engine::compile(engine, component, Duration::from_millis(Limits::COMPILE_MS))?;
        if let Some(cache) = cache {
            aot::put(cache, &name, &compiled);
        }
        Ok(Module {
            manifest,
            digest,
            component: compiled,
            from_cache: false,
        })
    }

    /// Links a module with exactly what was granted.
    ///
    /// # Errors
    /// When it imports anything else, or exports not what its kind does.
    pub fn prepare(&self, module: &Module, granted: Granted) -> Result<Prepared, NotPrepared> {
        let engine = &self.ticking.engine;
        let refuse = |why| NotPrepared {
            tenant: granted.tenant().clone(),
            module: module.manifest.name().clone(),
            why: Box::new(why),
        };
        let invalid = |e: wasmtime::Error| Refused::Unusable(Text::capped(&format!("{e:#}"), 400));
        let linker = linker(engine, &granted).map_err(|e| refuse(invalid(e)))?;
        let pre = linker.instantiate_pre(&module.component).map_err(|error| {
            refuse(missing(engine, &module.component, &granted).unwrap_or_else(|| invalid(error)))
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

/// A module as loaded, for every tenant.
pub struct Module {
    manifest: Manifest,
    digest: Digest,
    component: Component,
    from_cache: bool,
}

impl Module {
    /// What it asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The digest of its component and manifest together.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether it was compiled before.
    pub fn from_cache(&self) -> bool {
        self.from_cache
    }

    /// Every import of the component, by name, in its order.
    pub fn imports(&self) -> Vec<String> {
        imports(self.component.engine(), &self.component)
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
    /// It is not of its kind's contract in some other way.
    Unusable(Text),
}

impl Refused {
    /// The capability, where one is what was refused.
    pub fn capability(&self) -> Option<Capability> {
        match self {
            Self::Denied(denial) => Some(denial.capability),
            Self::OtherVersion(_) | Self::Wasi(_) | Self::Unknown(_) | Self::Unusable(_) => None,
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
            Self::Unusable(why) => write!(
                f,
                "it does not fit the contract `casemate:soc@0.1.0`: {why}"
            ),
        }
    }
}

fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    component
        .component_type()
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The first import that a run with these grants does not have, in the component's order.
fn missing(engine: &Engine, component: &Component, granted: &Granted) -> Option<Refused> {
    imports(engine, component).iter().find_map(|name| {
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
