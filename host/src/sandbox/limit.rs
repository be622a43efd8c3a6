//! What a run may use. Every limit of the sandbox is named here, with its value and unit.

use std::fmt;

/// The limits of one run. The first three are what module and grant agree on; the others are the
/// host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Linear memory of the whole component, in bytes.
    pub memory_bytes: usize,
    /// Wall clock from the call into the module to its answer, in milliseconds.
    pub deadline_ms: u64,
    /// Calls of capabilities.
    pub host_calls: u32,
    /// Bytes that may cross to the host in one call or answer.
    pub crossing_bytes: usize,
    /// Bytes of all questions and all that is given in answer to them, together. They are kept in
    /// memory until the run has ended, several times over, and then on disk.
    pub run_bytes: usize,
    /// Lines of log.
    pub log_lines: u32,
    /// Core instances in the component.
    pub instances: usize,
    /// Linear memories in the component.
    pub memories: usize,
    /// Tables in the component.
    pub tables: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Live component-model handles.
    pub handles: usize,
}

impl Limits {
    /// What a run gets where nothing lowers it.
    pub const DEFAULT: Self = Self {
        memory_bytes: 64 << 20,
        deadline_ms: 5_000,
        host_calls: 1_024,
        crossing_bytes: 16 << 20,
        run_bytes: 24 << 20,
        log_lines: 256,
        instances: 16,
        memories: 4,
        tables: 8,
        table_elements: 20_000,
        handles: 64,
    };

    /// Stack of one call chain inside a module, in bytes; one setting for the whole engine.
    pub const STACK_BYTES: usize = 512 << 10;
    /// Size of a component that is loaded, in bytes.
    pub const COMPONENT_BYTES: usize = 32 << 20;
    /// Wall clock to compile a component, in milliseconds. What is not done then was perhaps kept from
    /// it by others, and may be tried again.
    pub const COMPILE_MS: u64 = 60_000;
    /// Time of processors to compile a component in a process of its own, in seconds.
    pub const COMPILE_CPU_S: u64 = 40;
    /// Address space of the process that compiles a component, in bytes.
    pub const COMPILE_BYTES: u64 = 1 << 30;
    /// What a component compiles to, in bytes.
    pub const COMPILED_BYTES: usize = 96 << 20;
    /// Bytes of one key of a question; no value that is looked up is longer. A call with a longer one
    /// is refused.
    pub const KEY_BYTES: usize = 8 << 10;
    /// Calls that are kept of the stack of a module that stopped.
    pub const FRAMES: usize = 32;
    /// Bytes of one log line; longer ones are cut.
    pub const LOG_LINE_BYTES: usize = 1_024;
}

impl Limits {
    /// The default ones with what was granted.
    pub const fn granted(granted: super::GrantedLimits) -> Self {
        Self {
            memory_bytes: (granted.memory_mib as usize) << 20,
            deadline_ms: granted.deadline_ms as u64,
            host_calls: granted.host_calls,
            ..Self::DEFAULT
        }
    }
}

/// A limit, by the name it is reported with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each is described at the member of `Limits` it bounds"
)]
pub enum Limit {
    Memory,
    Deadline,
    HostCalls,
    CrossingBytes,
    RunBytes,
    LogLines,
    Instances,
    Memories,
    Tables,
    TableElements,
    Handles,
    Stack,
    ComponentSize,
    CompileTime,
    CompileMemory,
    CompiledSize,
}

impl Limit {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Deadline => "deadline",
            Self::HostCalls => "host-calls",
            Self::CrossingBytes => "crossing-bytes",
            Self::RunBytes => "run-bytes",
            Self::LogLines => "log-lines",
            Self::Instances => "instances",
            Self::Memories => "memories",
            Self::Tables => "tables",
            Self::TableElements => "table-elements",
            Self::Handles => "handles",
            Self::Stack => "stack",
            Self::ComponentSize => "component-size",
            Self::CompileTime => "compile-time",
            Self::CompileMemory => "compile-memory",
            Self::CompiledSize => "compiled-size",
        }
    }

    /// What its value counts.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Memory
            | Self::CrossingBytes
            | Self::RunBytes
            | Self::Stack
            | Self::ComponentSize
            | Self::CompileMemory
            | Self::CompiledSize => "bytes",
            Self::Deadline | Self::CompileTime => "ms",
            Self::HostCalls => "calls",
            Self::LogLines => "lines",
            Self::Instances => "instances",
            Self::Memories => "memories",
            Self::Tables => "tables",
            Self::TableElements => "elements",
            Self::Handles => "handles",
        }
    }
}

/// A limit that a module ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct OverLimit {
    /// Which.
    pub limit: Limit,
    /// Its value, in the limit's unit.
    pub value: u64,
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "over its limit `{}` of {} {}",
            self.limit.name(),
            self.value,
            self.limit.unit()
        )
    }
}

/// Asked by the engine whenever a module wants more memory or table: what does not fit is noted and
/// ends the run, so that no run depends on how much the machine had to spare.
pub(super) struct Meter {
    limits: Limits,
    memory_used: usize,
    over: Option<OverLimit>,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            memory_used: 0,
            over: None,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limit that was run into, if any.
    pub(super) fn over(&self) -> Option<OverLimit> {
        self.over
    }

    /// Linear memory in use, in bytes.
    pub(super) fn memory_used(&self) -> usize {
        self.memory_used
    }

    /// Notes that a limit was run into and gives the error that ends the run.
    pub(super) fn exceeded(&mut self, limit: Limit, value: u64) -> wasmtime::Error {
        self.ran(OverLimit { limit, value })
    }

    /// As [`Meter::exceeded`], for a limit that was noticed elsewhere.
    pub(super) fn ran(&mut self, over: OverLimit) -> wasmtime::Error {
        self.over.get_or_insert(over);
        wasmtime::Error::new(over)
    }
}

impl wasmtime::ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = self
            .memory_used
            .saturating_add(desired.saturating_sub(current));
        if grown > self.limits.memory_bytes {
            return Err(self.exceeded(Limit::Memory, self.limits.memory_bytes as u64));
        }
        self.memory_used = grown;
        Ok(true)
    }

    /// Refused by the machine or by the module's own maximum. What a module does after that depends
    /// on the machine, so the run ends.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.limits.table_elements {
            return Err(self.exceeded(Limit::TableElements, self.limits.table_elements as u64));
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.tables
    }

    fn memories(&self) -> usize {
        self.limits.memories
    }
}
