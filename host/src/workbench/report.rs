//! What a test of a module says.

use super::Answer;
use crate::model::{Capability, ModuleKind, ModuleName, Text};

/// What came of trying a module.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Its name.
    pub module: ModuleName,
    /// Its version.
    pub version: String,
    /// Its kind.
    pub kind: ModuleKind,
    /// The digest that a grant would name.
    pub digest: String,
    /// Size of the component, in bytes.
    pub component_bytes: usize,
    /// What it asks for.
    pub asked: Asked,
    /// Documents of the samples.
    pub documents: usize,
    /// Those that are alerts.
    pub alerts: u64,
    /// The fields it saw, by name.
    pub fields_seen: Vec<&'static str>,
    /// The fields it asked for and did not see.
    pub fields_withheld: Vec<Withheld>,
    /// Its runs over the samples.
    pub runs: Vec<RunShown>,
    /// Its calls in these runs, a capability each.
    pub calls: Vec<CallsOf>,
    /// The most that one of its runs took.
    pub cost: Cost,
    /// What it was held against.
    pub checks: Vec<Check>,
    /// What it answered over the samples.
    pub answers: Vec<Answer>,
}

/// What a module asks for, beside what its component imports.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// Capabilities that `module.toml` names.
    pub capabilities: Vec<Capability>,
    /// Those of them that the component does not import.
    pub not_imported: Vec<Capability>,
    /// Fields that `module.toml` names.
    pub fields: Vec<&'static str>,
    /// Interfaces that the component imports.
    pub imports: Vec<String>,
}

/// A field that was asked for and kept away.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Withheld {
    /// The field.
    pub field: &'static str,
    /// The line of the boundary that decides.
    pub by: String,
}

/// A run.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct RunShown {
    /// Alerts in its batch.
    pub alerts: u64,
    /// From making the sandbox to its answer, in microseconds.
    pub took_us: u64,
    /// Linear memory it had at its end, in bytes.
    pub memory_bytes: u64,
    /// Calls of capabilities.
    pub calls: u64,
    /// Lines it logged.
    pub log_lines: u32,
    /// Why it has no answer; none where its answer was accepted.
    pub failure: Option<String>,
}

/// The calls of one capability.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct CallsOf {
    /// The capability.
    pub capability: Capability,
    /// Calls.
    pub calls: u64,
    /// Items asked for in them.
    pub asked: u64,
    /// Items answered.
    pub answered: u64,
    /// Calls that were refused.
    pub refused: u64,
}

/// The most that one run took, and what it may take.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// Wall clock, in microseconds.
    pub longest_us: u64,
    /// Of this many, in milliseconds.
    pub deadline_ms: u64,
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// Of this many, in bytes.
    pub memory_limit_bytes: u64,
    /// Calls of capabilities.
    pub calls: u64,
    /// Of this many.
    pub calls_limit: u64,
}

/// Something that a module is held against.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What should be so.
    pub check: &'static str,
    /// Whether it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: Text,
    /// More of it, a line each; may be empty.
    pub details: Vec<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is so.
    Passed,
    /// It is so, and somebody should look.
    Warned,
    /// It is not so.
    Failed,
    /// There was nothing to look at.
    Skipped,
}

impl Verdict {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Report {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        !self.checks.iter().any(|c| c.verdict == Verdict::Failed)
    }
}
