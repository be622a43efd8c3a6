//! Compiled components, kept. Loading one is running machine code: `Component::deserialize` is the
//! one unsafe call of the project.

use crate::model::Digest;
use crate::store::CompiledCache;
use std::hash::{Hash as _, Hasher};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The name under which the compiled form is kept: of these bytes, by an engine of this version,
/// configuration and machine.
pub(super) fn name(engine: &Engine, component: &[u8]) -> Digest {
    let mut settings = Bytes(Vec::new());
    engine.precompile_compatibility_hash().hash(&mut settings);
    Digest::of_parts(&[b"casemate compiled component 1", &settings.0, component])
}

/// The compiled form, if the cache has it as this host wrote it.
#[expect(unsafe_code, reason = "see the comment at the call")]
pub(super) fn get(engine: &Engine, cache: &CompiledCache, name: &Digest) -> Option<Component> {
    let compiled = cache.get(name)?;
    // SAFETY: `deserialize` must be given only what `Component::serialize` of a compatible engine
    // gave. The cache hands out only bytes that carry the authentication code of this host's key for
    // this name; `put` below is the one place that makes such a code, over the result of
    // `serialize`; and the name holds the engine's version and settings.
    match unsafe { Component::deserialize(engine, compiled) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(%error, "a compiled component in the cache is not used");
            None
        }
    }
}

/// Keeps a compiled form. A cache that cannot be written costs time, nothing else.
pub(super) fn put(cache: &CompiledCache, name: &Digest, component: &Component) {
    let kept = component
        .serialize()
        .map_err(|e| e.to_string())
        .and_then(|compiled| cache.put(name, &compiled).map_err(|e| e.to_string()));
    if let Err(error) = kept {
        tracing::warn!(error, "the compiled component is not kept");
    }
}

struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
