//! The program as a user has it: its own process.

use super::folder::Folder;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Longer than anything takes on a machine that does something else, too.
const LONG: Duration = Duration::from_secs(60);
/// A time of decision behind every alert made here.
pub(crate) const AS_OF: &str = "2026-11-23T08:00:00Z";

/// The program, called for a home.
pub(crate) fn casemate(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casemate"));
    command
        .env_remove("CASEMATE_HOME")
        .arg("--home")
        .arg(home)
        .args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How it ended and what it said.
pub(crate) fn said(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = casemate(home, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A home with the four modules and one tenant.
pub(crate) fn made() -> (Folder, PathBuf) {
    let folder = Folder::new();
    let home = folder.path().join("home");
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/modules");
    let modules = modules.to_str().unwrap();
    let init = [
        "init",
        "--operator",
        "ada@mssp.example",
        "--modules",
        modules,
        "--tenant",
        "acme",
    ];
    let (code, _, stderr) = said(&home, &init);
    assert_eq!(code, 0, "{stderr}");
    (folder, home)
}

/// A file beside the home.
pub(crate) fn written(folder: &Folder, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    std::fs::File::create_new(&path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
    path.to_str().unwrap().to_owned()
}

/// A `casemate pipe` that runs.
pub(crate) struct Pipe {
    child: Child,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<Value>,
    seen: Vec<Value>,
}

impl Pipe {
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut command = casemate(home, &[&["pipe"], arguments].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Writes; whether somebody still reads.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).and_then(|()| input.flush()).is_ok()
    }

    /// Waits until so many lines with this schema have come; how long that took.
    pub(crate) fn wait_for(&mut self, schema: &str, count: usize) -> Duration {
        let begun = Instant::now();
        let schema = format!("casemate.{schema}/v1");
        loop {
            let found = self.seen.iter().filter(|line| line["schema"] == *schema);
            if found.count() >= count {
                return begun.elapsed();
            }
            let left = LONG.saturating_sub(begun.elapsed());
            let line = self.lines.recv_timeout(left);
            self.seen
                .push(line.unwrap_or_else(|e| panic!("{e}; no {count} lines of {schema}")));
        }
    }

    /// Sends a signal: `TERM`, `INT` or `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Closes its input and waits for its end: exit code, all lines, what it said on standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<Value>, String) {
        drop(self.input.take());
        self.ended()
    }

    /// Waits for its end with its input open.
    pub(crate) fn ended(mut self) -> (Option<i32>, Vec<Value>, String) {
        let code = code_of(&mut self.child);
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        self.seen.extend(self.lines.iter());
        (code, self.seen, said)
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(child: &Child, name: &str) {
    let process = child.id().to_string();
    let kill = Command::new("kill").args(["-s", name, &process]).status();
    assert!(kill.unwrap().success());
}

/// Waits for the end of a process; its exit code.
pub(crate) fn code_of(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(begun.elapsed() < LONG, "it does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}
