use super::export::Export;
use crate::support::Folder;
use casemate::trail::note::{SignedCheckpoint, VerifierKey};
use casemate::trail::verify;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

/// Cases that lie on the disk at once.
const AT_ONCE: usize = 1000;
/// Debian's place for the source of Go's packages.
const GO_PATH: &str = "/usr/share/gocode";

/// A trail as somebody is given it, and what he knows of it already.
#[derive(Clone)]
pub(crate) struct Case {
    /// What is good or bad about it.
    pub(crate) what: String,
    pub(crate) is_good: bool,
    pub(crate) export: Export,
    /// The key as it was handed over.
    pub(crate) vkey: Vec<u8>,
    /// The last checkpoint seen.
    pub(crate) seen: Option<Vec<u8>>,
}

/// `ok SIZE ROOT`, or what is wrong.
type Verdict = Result<String, String>;

/// The verifiers that are not ours, ready to run.
pub(crate) struct Others {
    go: PathBuf,
    /// A Python with `cryptography`.
    python: PathBuf,
}

impl Others {
    /// None, said so, where this machine has not what they are made of; where changes are checked
    /// (`CI` is `true`) that is a failure.
    pub(crate) fn here() -> Option<&'static Self> {
        static OTHERS: OnceLock<Result<Others, String>> = OnceLock::new();
        match OTHERS.get_or_init(Self::built) {
            Ok(others) => Some(others),
            Err(why) => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "what is skipped elsewhere fails there"
                )]
                let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
                assert!(!is_ci, "{why}; see tests/verifiers/install.sh");
                #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
                {
                    eprintln!("skipped: {why}; see tests/verifiers/install.sh");
                }
                None
            }
        }
    }

    fn built() -> Result<Self, String> {
        let sumdb = Path::new(GO_PATH).join("src/golang.org/x/mod/sumdb/tlog");
        if !sumdb.is_dir() {
            return Err("the code of Go's checksum database is not here".to_owned());
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let go = folder.join("verify-go");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&go);
        build.arg(source("go/verify.go"));
        build.envs([("GO111MODULE", "off"), ("GOPATH", GO_PATH), ("GOFLAGS", "")]);
        build.env("GOCACHE", folder.join("go-cache"));
        let Ok(built) = build.output() else {
            return Err("go is not here".to_owned());
        };
        assert!(built.status.success(), "{}", text(&built.stderr));
        let has_it = |python: &&str| {
            let import = "from cryptography.hazmat.primitives.asymmetric import ed25519";
            let tried = Command::new(python).args(["-c", import]).output();
            tried.is_ok_and(|tried| tried.status.success())
        };
        let python = ["python3", "/usr/bin/python3"].into_iter().find(has_it);
        let python = python
            .ok_or("no python3 with `cryptography` is here")?
            .into();
        Ok(Self { go, python })
    }

    /// Each of them with these arguments; the text it prints and whether it ended with 0.
    pub(crate) fn run(&self, arguments: &[&Path]) -> [(String, bool); 2] {
        let mut go = Command::new(&self.go);
        let mut python = Command::new(&self.python);
        // No file of its own beside its source.
        python.env("PYTHONDONTWRITEBYTECODE", "1");
        python.arg(source("python/verify.py"));
        // Both at once.
        let begun = [&mut go, &mut python].map(|program| {
            let program = program.args(arguments).stdout(Stdio::piped());
            program.stderr(Stdio::piped()).spawn().unwrap()
        });
        begun.map(|program| {
            let out = program.wait_with_output().unwrap();
            assert_eq!(text(&out.stderr), "");
            (text(&out.stdout), out.status.success())
        })
    }

    fn many(&self, cases: &[Case]) -> [Vec<Verdict>; 2] {
        let folder = Folder::quick();
        let dir = folder.dir();
        // Files that have the same bytes are one file with several names.
        let mut written: BTreeMap<*const Vec<u8>, String> = BTreeMap::new();
        let mut list = String::new();
        for (number, case) in cases.iter().enumerate() {
            for (path, bytes) in &case.export.0 {
                let path = format!("{number}/export/{path}");
                let (above, _) = path.rsplit_once('/').unwrap();
                dir.create_dir_all(above).unwrap();
                if let Some(first) = written.get(&Arc::as_ptr(bytes)) {
                    dir.hard_link(first, &dir, &path).unwrap();
                } else {
                    dir.write(&path, &**bytes).unwrap();
                    written.insert(Arc::as_ptr(bytes), path);
                }
            }
            let mut paths = vec![format!("{number}/export"), format!("{number}/vkey")];
            dir.write(&paths[1], &case.vkey).unwrap();
            if let Some(seen) = &case.seen {
                paths.push(format!("{number}/seen"));
                dir.write(&paths[2], seen).unwrap();
            }
            let paths = paths.iter().map(|path| folder.path().join(path));
            let paths: Vec<_> = paths.map(|path| path.display().to_string()).collect();
            list += &format!("{}\n", paths.join("\t"));
        }
        dir.write("list", list).unwrap();
        let list = folder.path().join("list");
        self.run(&[Path::new("--many"), &list]).map(|(said, _)| {
            let lines: Vec<Verdict> = said.lines().map(read).collect();
            assert_eq!(lines.len(), cases.len(), "{said}");
            lines
        })
    }
}

/// That all three say of each case whether it is good, and say the same where it is. All that is not
/// so is told at once. Where the others are not here, that ours does.
pub(crate) fn all_agree(cases: &[Case]) {
    let others = Others::here();
    let mut wrong = String::new();
    for cases in cases.chunks(AT_ONCE) {
        let mut said: Vec<Vec<Verdict>> = vec![cases.iter().map(ours).collect()];
        said.extend(others.into_iter().flat_map(|others| others.many(cases)));
        for (nth, case) in cases.iter().enumerate() {
            let said: Vec<&Verdict> = said.iter().map(|of| &of[nth]).collect();
            let is_right = said.iter().all(|verdict| match verdict {
                Ok(_) => case.is_good && *verdict == said[0],
                Err(_) => !case.is_good,
            });
            if !is_right {
                let is = if case.is_good { "good" } else { "bad" };
                wrong += &format!("{is}: {}\n", case.what);
                for (who, said) in ["ours", "go", "python"].iter().zip(said) {
                    wrong += &format!("  {who}: {said:?}\n");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What the library says.
pub(crate) fn ours(case: &Case) -> Verdict {
    let said = |fault: &dyn std::fmt::Display| fault.to_string();
    let vkey = std::str::from_utf8(&case.vkey).map_err(|e| said(&e))?;
    let vkey = vkey.strip_suffix('\n').unwrap_or(vkey);
    let key = VerifierKey::parse(vkey).map_err(|e| said(&e))?;
    let seen = case.seen.as_deref().map(|bytes| {
        let signed = SignedCheckpoint::parse(bytes)?;
        signed.verify(&key).cloned()
    });
    let seen = seen.transpose().map_err(|e| said(&e))?;
    let mut export = case.export.clone();
    let report = verify(&mut export, &|_| Some(key.clone()), seen.as_ref());
    match (report.bad, report.checkpoint) {
        (Some(bad), _) => Err(bad.to_string()),
        (None, None) => Err("there is no checkpoint".to_owned()),
        (None, Some(signed)) => {
            let checkpoint = signed.unverified();
            Ok(format!("ok {} {}", checkpoint.size(), checkpoint.root()))
        }
    }
}

fn read(line: &str) -> Verdict {
    match line.starts_with("ok ") {
        true => Ok(line.to_owned()),
        false => Err(line.to_owned()),
    }
}

fn source(path: &str) -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.join("../tests/verifiers").join(path)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
