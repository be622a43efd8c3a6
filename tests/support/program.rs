//! The command line as a process of its own.

use super::Folder;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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
