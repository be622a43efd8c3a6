//! Compiled components, kept. Loading one is running machine code: `Component::deserialize` is the
//! one unsafe call of the project.

use super::engine::{CompileError, ENGINE};
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
pub(super) fn get(engine: &Engine, cache: &CompiledCache, name: &Digest) -> Option<Component> {
    let found = code(engine, &cache.get(name)?);
    let used = found.inspect_err(|error| {
        tracing::warn!(%error, "a compiled component in the cache is not used");
    });
    used.ok()
}

/// What a child of this process compiled.
pub(super) fn from_child(engine: &Engine, compiled: &[u8]) -> Result<Component, CompileError> {
    code(engine, compiled).map_err(|error| {
        CompileError::Child(format!("what it compiled is not of this engine: {error:#}"))
    })
}

#[expect(unsafe_code, reason = "see the comment at the call")]
fn code(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` must be given only what the compiler of a compatible engine gave; the bytes
    // say of which, and it compares. They come from two places. The cache hands out only what carries
    // the authentication code of this host's key for a name that holds the engine's version and
    // settings, and `put` is the one place that makes such a code, over what was loaded here. A child
    // is the program that the embedder named, believed as this process is: it hands on what its
    // compiler gave, and ends without an answer where that did not come to its end.
    unsafe { Component::deserialize(engine, compiled) }
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

/// The name under which is kept why these bytes do not compile, with this version of the engine.
pub(crate) fn failure_name(component: &[u8]) -> Digest {
    let engine = ENGINE.as_bytes();
    Digest::of_parts(&[b"casemate component that fails 1", engine, component])
}

/// Why the bytes did not compile before, if they did not.
pub(super) fn failure(cache: &CompiledCache, name: &Digest) -> Option<CompileError> {
    let why = String::from_utf8(cache.get(name)?).ok()?;
    Some(CompileError::Before(why))
}

/// Keeps why the bytes do not compile, where trying again would cost time and change nothing.
pub(super) fn put_failure(cache: &CompiledCache, name: &Digest, error: &CompileError) {
    match error {
        CompileError::Invalid(_) | CompileError::OverLimit(_) => {
            if let Err(error) = cache.put(name, error.to_string().as_bytes()) {
                tracing::warn!(%error, "it is not kept that a component does not compile");
            }
        }
        // Found again without compiling, kept already, or not the component's fault.
        CompileError::TooMuch(_)
        | CompileError::Before(_)
        | CompileError::Slow(_)
        | CompileError::Child(_) => {}
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
