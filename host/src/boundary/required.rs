use super::review::words;
use crate::written::{Key, Problems, read};
use std::fmt;

words! {
    /// What may have to be signed.
    Signable {
        /// Grants of modules.
        Grants "grants",
        /// Boundaries of tenants, and their defaults.
        Boundaries "boundaries",
    }
}

/// What must carry an operator's signature: `host.toml` of a home, and what an embedder demands
/// besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequireSigned {
    /// Grants of modules.
    pub grants: bool,
    /// Boundaries of tenants, and their defaults.
    pub boundaries: bool,
}

const KEYS: &[Key] = &[
    ("version", "version = 1"),
    (
        "require_signed",
        "require_signed = [\"grants\", \"boundaries\"]",
    ),
];

impl RequireSigned {
    /// The file's name in a home.
    pub const FILE: &'static str = "host.toml";

    /// Both.
    pub const ALL: Self = Self {
        grants: true,
        boundaries: true,
    };

    /// Parses the file; where there is none, nothing must be signed.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: Option<&str>) -> Result<Self, Problems> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        read(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let mut required = Self::default();
            for word in &file.required("require_signed")?.strings()? {
                match Signable::parse(word.value) {
                    Some(Signable::Grants) => required.grants = true,
                    Some(Signable::Boundaries) => required.boundaries = true,
                    None => {
                        let known = Signable::ALL.iter().map(|s| s.word());
                        file.sheet().unknown(word, "thing that is signed", known);
                    }
                }
            }
            version.map(|()| required)
        })
    }

    /// What either demands.
    pub fn or(self, other: Self) -> Self {
        Self {
            grants: self.grants || other.grants,
            boundaries: self.boundaries || other.boundaries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_signed_is_what_the_file_or_the_embedder_says() {
        let parse = |text| RequireSigned::parse(Some(text)).unwrap();
        let grants = parse("version = 1\nrequire_signed = [\"grants\"]\n");
        assert!(grants.grants && !grants.boundaries);
        let boundaries = parse("version = 1\nrequire_signed = [\"boundaries\"]\n");
        assert_eq!(grants.or(boundaries), RequireSigned::ALL);
        assert_eq!(
            RequireSigned::parse(None).unwrap(),
            RequireSigned::default()
        );
    }

    #[test]
    fn a_misspelt_word_is_no_demand_that_is_silently_dropped() {
        let wrong = RequireSigned::parse(Some("version = 1\nrequire_signed = [\"grant\"]\n"));
        assert!(
            wrong
                .unwrap_err()
                .to_string()
                .contains("did you mean `grants`?")
        );
    }
}
