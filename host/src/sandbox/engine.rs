//! The one engine of a process: its configuration, its clock and the loading of components.

use super::limit::{Limits, OverLimit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

/// The engine and its version; the manifest pins it, and a test compares the two.
pub const ENGINE: &str = "wasmtime 48.0.8";

/// One tick of the engine's clock, in milliseconds. A runaway module is stopped at the first tick
/// after its deadline.
pub(super) const TICK_MS: u64 = 5;

/// Where the memory of a run comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Fresh from the kernel for every run.
    #[default]
    OnDemand,
    /// From a pool that the engine resets between runs: quicker for many small runs on many cores,
    /// and an explicit choice of the host because pools have leaked across instances before.
    Pooled,
}

impl Memory {
    /// The word it is reported with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Pooled => "pooled",
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine does not take its configuration on this machine.
    #[error("the sandbox engine does not start on this machine: {0:#}")]
    Unusable(wasmtime::Error),
    /// The thread that counts time could not be started.
    #[error("the sandbox's clock thread could not be started: {0}")]
    Clock(std::io::Error),
}

/// Why a component was not loaded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// It is larger than is loaded, or takes more time or memory to compile than it gets.
    #[error("the component is {0}")]
    OverLimit(OverLimit),
    /// Its instances come to more than is compiled.
    #[error("the component is not compiled: {0}")]
    TooMuch(String),
    /// It failed before, and the same bytes are not compiled again by the same engine.
    #[error("{0} (found before; to try again, add the module again)")]
    Before(String),
    /// It is no component that this engine takes.
    #[error("the component is not valid: {0}")]
    Invalid(String),
    /// It was not done within this many milliseconds, perhaps because the machine is busy.
    #[error(
        "the component was not compiled within {0} ms; try again when the machine is less busy"
    )]
    Slow(u64),
    /// The process or thread that compiles could not be started, was killed, or broke off.
    #[error("the compiler did not do its work: {0}")]
    Child(String),
}

/// The engine with its clock. The clock stops when this is dropped.
pub(super) struct Ticking {
    pub(super) engine: Engine,
    stop: Arc<AtomicBool>,
}

impl Ticking {
    pub(super) fn start(memory: Memory) -> Result<Self, EngineError> {
        let engine = Engine::new(&config(memory)).map_err(EngineError::Unusable)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (clock, stopped) = (engine.weak(), stop.clone());
        std::thread::Builder::new()
            .name("sandbox-clock".into())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(TICK_MS));
                    match clock.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })
            .map_err(EngineError::Clock)?;
        Ok(Self { engine, stop })
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// An engine that compiles for every other of this version, and runs nothing.
pub(super) fn for_compiling() -> Result<Engine, EngineError> {
    Engine::new(&config(Memory::OnDemand)).map_err(EngineError::Unusable)
}

/// The configuration. What is not deterministic is off: no threads, no GC, NaNs in one form, relaxed
/// SIMD as on every machine.
fn config(memory: Memory) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .wasm_component_model(true)
        .wasm_relaxed_simd(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .cranelift_nan_canonicalization(true)
        .epoch_interruption(true)
        .consume_fuel(false)
        .max_wasm_stack(Limits::STACK_BYTES)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(Limits::FRAMES))
        .generate_address_map(true)
        .memory_init_cow(true);
    match memory {
        Memory::OnDemand => config.allocation_strategy(InstanceAllocationStrategy::OnDemand),
        Memory::Pooled => {
            let most = Limits::DEFAULT;
            let mut pool = PoolingAllocationConfig::new();
            pool.max_memory_size((super::GrantedLimits::MAX.memory_mib as usize) << 20)
                .linear_memory_keep_resident(256 << 10)
                .table_keep_resident(16 << 10)
                .table_elements(most.table_elements)
                .max_memories_per_component(most.memories as u32)
                .max_tables_per_component(most.tables as u32)
                .max_core_instances_per_component(most.instances as u32)
                .total_component_instances(64)
                .total_core_instances(256)
                .total_memories(64)
                .total_tables(256);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        }
    };
    config
}

/// Compiles a component in this process. What takes too long is given up: its thread ends by itself,
/// its result is dropped.
pub(super) fn compile(
    engine: &Engine,
    bytes: &[u8],
    within: Duration,
) -> Result<Component, CompileError> {
    let (engine, bytes) = (engine.clone(), bytes.to_vec());
    let (send, receive) = mpsc::channel();
    std::thread::Builder::new()
        .name("sandbox-compile".into())
        .spawn(move || {
            // The receiver is gone where the time ran out; then nobody wants the result.
            let _ = send.send(Component::from_binary(&engine, &bytes));
        })
        .map_err(|error| CompileError::Child(error.to_string()))?;
    match receive.recv_timeout(within) {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(CompileError::Invalid(format!("{error:#}"))),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(CompileError::Slow(within.as_millis() as u64)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(CompileError::Invalid(
            "the compiler stopped without a result".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_takes_too_long_to_compile_is_given_up() {
        let function = "(func (param i32) (result i32) local.get 0 i32.const 7 i32.mul)";
        let functions = function.repeat(20_000);
        let bytes = wat::parse_str(format!("(component (core module {functions}))")).unwrap();
        let ticking = Ticking::start(Memory::OnDemand).unwrap();
        match compile(&ticking.engine, &bytes, Duration::from_millis(1)) {
            Err(CompileError::Slow(1)) => {}
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was compiled"),
        }
        let within = Duration::from_millis(Limits::COMPILE_MS);
        let empty = wat::parse_str("(component)").unwrap();
        assert!(compile(&ticking.engine, &empty, within).is_ok());
    }

    #[test]
    fn one_engine_compiles_for_both_kinds_of_memory() {
        let of = |memory| {
            let engine = Engine::new(&config(memory)).unwrap();
            super::super::aot::name(&engine, b"")
        };
        assert_eq!(of(Memory::OnDemand), of(Memory::Pooled));
    }

    #[test]
    fn the_engine_that_is_named_is_the_one_that_is_built_in() {
        let manifest = include_str!("../../Cargo.toml");
        let version = ENGINE.strip_prefix("wasmtime ").unwrap();
        assert!(manifest.contains(&format!("wasmtime = {{ version = \"={version}\"")));
    }
}
