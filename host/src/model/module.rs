use super::Capability;
use std::fmt;

/// What a module does; each kind has its world in `wit/`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ModuleKind {
    /// Places alerts in groups.
    Grouper,
    /// Adds facts to alerts.
    Enricher,
    /// Proposes a case's summary.
    Drafter,
}

impl ModuleKind {
    /// All of them, in the order of the flow.
    pub const ALL: [Self; 3] = [Self::Grouper, Self::Enricher, Self::Drafter];

    /// The word, which is also the world's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grouper => "grouper",
            Self::Enricher => "enricher",
            Self::Drafter => "drafter",
        }
    }

    /// Whether one module of the kind works for a tenant. Of two groupers, or two drafters, one would
    /// undo what the other did.
    pub const fn has_one_seat(self) -> bool {
        match self {
            Self::Grouper | Self::Drafter => true,
            Self::Enricher => false,
        }
    }

    /// The capabilities that the kind's world has; a module of the kind cannot ask for others.
    pub const fn may_ask_for(self) -> &'static [Capability] {
        match self {
            Self::Grouper => &[Capability::Memory],
            Self::Enricher => &[Capability::Assets, Capability::KnownGood],
            Self::Drafter => &[],
        }
    }
}

impl fmt::Display for ModuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A module's name: of the same form as a tenant's id.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ModuleName(Box<str>);

/// A text that is no [`ModuleName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a module name: 1 to 64 of a-z, 0-9 and `-`, beginning with a letter or digit"
)]
pub struct InvalidModuleName {
    given: String,
}

impl ModuleName {
    /// Parses a name.
    ///
    /// # Errors
    /// When the text is not of the documented form.
    pub fn parse(text: &str) -> Result<Self, InvalidModuleName> {
        match super::TenantId::parse(text) {
            Ok(_) => Ok(Self(text.into())),
            Err(_) => Err(InvalidModuleName {
                given: super::text::shown(text, 80),
            }),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<ModuleName> for String {
    fn from(name: ModuleName) -> Self {
        name.0.into()
    }
}

impl TryFrom<String> for ModuleName {
    type Error = InvalidModuleName;
    fn try_from(text: String) -> Result<Self, InvalidModuleName> {
        Self::parse(&text)
    }
}
