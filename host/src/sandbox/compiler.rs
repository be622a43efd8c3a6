//! Where components are compiled: in a process of its own, whose limits hold whatever the bytes are.
//!
//! A compiler works through input that a stranger wrote, and takes memory and time that no count of
//! the input foretells. So the host hands the bytes to a child, and takes back machine code or a reason.

use super::aot;
use super::engine::{self, CompileError};
use super::inspect::too_much;
use super::limit::{Limit, Limits, OverLimit};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The first byte of what the child writes, before machine code.
const COMPILED: u8 = b'c';
/// The first byte of what the child writes, before the reason why there is none.
const NOT_COMPILED: u8 = b'n';
/// How much is read of what the child says besides.
const SAID_BYTES: u64 = 4_096;

/// Who compiles components.
#[derive(Clone, Debug)]
pub struct Compiler(By);

#[derive(Clone, Debug)]
enum By {
    Child {
        program: PathBuf,
        args: Vec<OsString>,
    },
    Here,
}

impl Compiler {
    /// What a program that is its own compiler is started with: see
    /// [`own_compiler`](crate::ambient::own_compiler).
    pub const ARGUMENT: &str = "casemate-compile";

    /// A program that is started for each component with these arguments, and does nothing but call
    /// [`Compiler::serve`]. It can be the embedding program itself, which looks for the argument before
    /// it does anything else. Its environment is empty, its standard streams are pipes.
    pub fn program(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        Self(By::Child {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
        })
    }

    /// This process. For modules of the embedder's own and for tests: one component can take all of
    /// the memory that the process may have, and no limit on time ends its thread.
    pub fn here() -> Self {
        Self(By::Here)
    }

    /// The child's side: limits its own process for good, reads a component from `input` to its end and
    /// writes what it compiles to, or why it does not. A process that has called this does nothing else
    /// any more.
    ///
    /// # Errors
    /// When the limits cannot be set, or the streams do not work.
    pub fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
        limit_this_process()?;
        let mut component = Vec::new();
        let most = Limits::COMPONENT_BYTES as u64;
        input.by_ref().take(most).read_to_end(&mut component)?;
        let engine = engine::for_compiling().map_err(io::Error::other)?;
        match engine.precompile_component(&component) {
            Ok(compiled) => {
                output.write_all(&[COMPILED])?;
                output.write_all(&compiled)?;
            }
            Err(error) => {
                output.write_all(&[NOT_COMPILED])?;
                write!(output, "{error:#}")?;
            }
        }
        output.flush()
    }

    /// Compiles a component within the limits on its size, on what it comes to and on the time.
    pub(super) fn compile(
        &self,
        engine: &Engine,
        component: &[u8],
        within: Duration,
    ) -> Result<Component, CompileError> {
        if component.len() > Limits::COMPONENT_BYTES {
            return Err(over(Limit::ComponentSize, Limits::COMPONENT_BYTES as u64));
        }
        if let Some(why) = too_much(component) {
            return Err(CompileError::TooMuch(why));
        }
        match &self.0 {
            By::Here => engine::compile(engine, component, within),
            By::Child { program, args } => {
                let mut command = Command::new(program);
                command.args(args);
                let answer = Answer::of(command, component, within)?;
                aot::from_child(engine, &answer.compiled()?)
            }
        }
    }
}

fn over(limit: Limit, value: u64) -> CompileError {
    CompileError::OverLimit(OverLimit { limit, value })
}

/// What became of a child.
struct Answer {
    /// What it wrote; more than this many bytes were not read.
    written: Vec<u8>,
    /// The beginning of what it said besides.
    said: String,
    /// None where its time was over.
    ended: Option<ExitStatus>,
    within: Duration,
}

impl Answer {
    fn of(mut command: Command, component: &[u8], within: Duration) -> Result<Self, CompileError> {
        command
            .env_clear()
            // What the compiler's threads set aside counts against the limit on its memory.
            .envs([("RAYON_NUM_THREADS", "2"), ("MALLOC_ARENA_MAX", "2")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = command.spawn();
        let mut child = started.map_err(|error| CompileError::Child(error.to_string()))?;
        let (input, output, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            let spawn = |name: &str| std::thread::Builder::new().name(name.into());
            // One that ends before it has read everything says why in another way.
            let giving = spawn("compile-in").spawn_scoped(scope, move || {
                input.map(|mut input| input.write_all(component))
            });
            let most = Limits::COMPILED_BYTES as u64 + 2;
            let written = spawn("compile-out").spawn_scoped(scope, move || read_some(output, most));
            let said =
                spawn("compile-said").spawn_scoped(scope, move || read_some(said, SAID_BYTES));
            let ended = wait(&mut child, within);
            let (written, said, ended) = match (giving, written, said, ended) {
                (Ok(_), Ok(written), Ok(said), Ok(ended)) => (written, said, ended),
                (giving, written, said, ended) => {
                    let no_thread = [giving.err(), written.err(), said.err(), ended.err()];
                    let why = no_thread.into_iter().flatten().next();
                    let why = why.map_or_else(String::new, |error| error.to_string());
                    return Err(CompileError::Child(why));
                }
            };
            let read = |bytes: std::thread::ScopedJoinHandle<'_, Vec<u8>>| {
                bytes.join().unwrap_or_default()
            };
            Ok(Self {
                written: read(written),
                said: String::from_utf8_lossy(&read(said)).trim().to_owned(),
                ended,
                within,
            })
        })
    }

    /// The machine code.
    fn compiled(self) -> Result<Vec<u8>, CompileError> {
        let Some(ended) = self.ended else {
            return Err(CompileError::Slow(self.within.as_millis() as u64));
        };
        if !ended.success() {
            return Err(stopped(ended, &self.said));
        }
        if self.written.len() > Limits::COMPILED_BYTES + 1 {
            return Err(over(Limit::CompiledSize, Limits::COMPILED_BYTES as u64));
        }
        let mut written = self.written;
        match written.first() {
            Some(&COMPILED) => Ok(written.split_off(1)),
            Some(&NOT_COMPILED) => {
                let why = String::from_utf8_lossy(&written.split_off(1)).into_owned();
                Err(CompileError::Invalid(why))
            }
            Some(_) | None => Err(CompileError::Child(
                "it wrote something else than a compiled component".into(),
            )),
        }
    }
}

/// Reads so many bytes, and lets the rest go by so that nobody waits for it to be read.
fn read_some(from: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // What cannot be read is missed where it is looked at.
        let _ = from.by_ref().take(most).read_to_end(&mut bytes);
        let _ = io::copy(&mut from, &mut io::sink());
    }
    bytes
}

/// Waits for a child to end; none where it did not in time, and was stopped.
fn wait(child: &mut Child, within: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(ended)) => return Ok(Some(ended)),
            Ok(None) if begun.elapsed() < within => std::thread::sleep(Duration::from_millis(1)),
            Ok(None) => {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Why a child ended without an answer.
fn stopped(ended: ExitStatus, said: &str) -> CompileError {
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use std::os::unix::process::ExitStatusExt as _;
        let signal = ended.signal();
        if signal == Some(Signal::XCPU.as_raw()) {
            return over(Limit::CompileTime, 1_000 * Limits::COMPILE_CPU_S);
        }
        // How Rust ends a process that is given no more memory.
        if signal == Some(Signal::ABORT.as_raw()) && said.contains("memory allocation of") {
            return over(Limit::CompileMemory, Limits::COMPILE_BYTES);
        }
    }
    let last = said.lines().last().unwrap_or_default();
    CompileError::Child(format!("it ended with {ended}: {last}"))
}

/// Limits the process for good: its memory, its time, its files, and that it ends with who started it.
#[cfg(unix)]
fn limit_this_process() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    for (resource, most) in [
        (Resource::As, Limits::COMPILE_BYTES),
        (Resource::Cpu, Limits::COMPILE_CPU_S),
        (Resource::Nofile, 16),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        let most = Some(most);
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn limit_this_process() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Memory, Ticking};
    use super::*;

    /// What comes of a compiler that does this.
    fn by(script: &str, within: Duration) -> CompileError {
        let ticking = Ticking::start(Memory::OnDemand).unwrap();
        let compiler = Compiler::program("/bin/sh", ["-c", script]);
        let component = wat::parse_str("(component)").unwrap();
        let compiled = compiler.compile(&ticking.engine, &component, within);
        compiled.err().unwrap()
    }

    const LONG: Duration = Duration::from_secs(20);

    fn limit(error: &CompileError) -> Option<Limit> {
        let CompileError::OverLimit(over) = error else {
            return None;
        };
        Some(over.limit)
    }

    #[test]
    fn a_compiler_that_takes_its_processors_too_long_is_told_from_a_broken_one() {
        assert_eq!(limit(&by("kill -XCPU $$", LONG)), Some(Limit::CompileTime));
        let error = by("echo why >&2; exit 3", LONG);
        assert!(matches!(error, CompileError::Child(_)), "{error}");
        assert!(
            error.to_string().ends_with("exit status: 3: why"),
            "{error}"
        );
    }

    #[test]
    fn a_compiler_without_memory_is_told_from_one_that_breaks_off() {
        let said = "echo 'memory allocation of 8 bytes failed' >&2; kill -ABRT $$";
        assert_eq!(limit(&by(said, LONG)), Some(Limit::CompileMemory));
        let error = by("echo 'something else' >&2; kill -ABRT $$", LONG);
        assert!(matches!(error, CompileError::Child(_)), "{error}");
    }

    #[test]
    fn a_compiler_that_does_not_end_is_stopped() {
        let begun = Instant::now();
        let error = by("exec sleep 20", Duration::from_millis(50));
        assert!(matches!(error, CompileError::Slow(50)), "{error}");
        assert!(begun.elapsed() < LONG / 2);
    }

    #[test]
    fn more_than_may_be_compiled_is_not_held() {
        let error = by("exec head -c 200000000 /dev/zero", LONG);
        assert_eq!(limit(&error), Some(Limit::CompiledSize));
    }

    #[test]
    fn what_is_no_compiled_component_is_not_loaded() {
        for script in ["", "printf cnonsense", "printf x", "exec cat"] {
            let error = by(script, LONG);
            assert!(matches!(error, CompileError::Child(_)), "{script}: {error}");
        }
        let error = by("printf 'nnot a component'", LONG);
        assert!(matches!(&error, CompileError::Invalid(why) if why == "not a component"));
        let ticking = Ticking::start(Memory::OnDemand).unwrap();
        let nothing = Compiler::program("/no/such/program", [""; 0]);
        let component = wat::parse_str("(component)").unwrap();
        let error = nothing.compile(&ticking.engine, &component, LONG).err();
        assert!(matches!(error, Some(CompileError::Child(_))));
    }
}
