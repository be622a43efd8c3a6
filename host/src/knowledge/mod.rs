//! What a tenant wrote down about itself: its assets and what is known good.

mod alone;
mod assets;
mod known_good;

pub use assets::{Asset, Assets};
pub use known_good::{Comparison, Condition, Fact, KnownGood};

use crate::written::Problems;

/// What can be used of a file that a client writes, and what is wrong with the rest.
#[derive(Clone, Debug)]
pub struct Usable<T> {
    /// The entries with which nothing is wrong; none where nothing of the file can be used.
    pub value: Option<T>,
    /// What is wrong.
    pub problems: Option<Problems>,
}

/// Something wrong with a file of a tenant's knowledge. Alerts are taken in nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KnowledgeFault {
    /// The file, below the tenant's folder.
    pub file: String,
    /// Whether its other entries are used. Where not, a module that asks gets `unavailable`.
    pub others_apply: bool,
    /// What is wrong, with the lines.
    pub why: String,
}

impl KnowledgeFault {
    pub(crate) fn invalid(name: &str, others_apply: bool, why: &dyn std::fmt::Display) -> Self {
        Self {
            file: format!("knowledge/{name}"),
            others_apply,
            why: why.to_string(),
        }
    }

    /// The file and the first thing that is wrong with it, in one line.
    pub fn first_line(&self) -> String {
        let first = self.why.lines().next().unwrap_or_default();
        let rest = match self.others_apply {
            true => "left out, the other entries apply",
            false => "nothing of it is used",
        };
        format!("{}: {first} ({rest})", self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_to_begin_with_hold_and_say_nothing() {
        let assets = Assets::parse(Assets::TEMPLATE.as_bytes()).unwrap();
        assert_eq!(assets.iter().count(), 0);
        let facts = KnownGood::parse(KnownGood::TEMPLATE).unwrap();
        assert_eq!(facts.iter().count(), 0);
        // The example holds too, once it is no comment any more.
        let written = |line: &&str| line.contains(" = ") || line.starts_with('[');
        let example = KnownGood::TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line));
        let example = example.filter(written);
        let example: String = example.map(|line| format!("{line}\n")).collect();
        assert_eq!(KnownGood::parse(&example).unwrap().iter().count(), 1);
    }
}
