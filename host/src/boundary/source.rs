use super::host::is_word;
use crate::model::Capability;
use std::fmt;

/// A source of enrichment, by the contract's name for it.
///
/// A boundary may name every source of the contract, whether this host has it or not, so that the
/// same file serves a later host. What the host does not have is in no run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EnrichmentSource {
    /// The tenant's list of machines, accounts and services.
    Assets,
    /// The tenant's facts about what is normal.
    KnownGood,
    /// The tenant's prior cases.
    Cases,
    /// The runbooks.
    Runbooks,
    /// One list of indicators.
    Feed(FeedName),
}

/// The name of a list of indicators: 1 to 64 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedName(Box<str>);

impl FeedName {
    /// The name, without `feeds/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EnrichmentSource {
    /// The names in a boundary file; `feeds/` is followed by the name of a list.
    pub const NAMES: [&'static str; 5] =
        ["assets", "known-good", "cases", "runbooks", "feeds/<name>"];

    /// The source of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "assets" => Some(Self::Assets),
            "known-good" => Some(Self::KnownGood),
            "cases" => Some(Self::Cases),
            "runbooks" => Some(Self::Runbooks),
            other => {
                let feed = other.strip_prefix("feeds/").filter(|feed| is_word(feed))?;
                Some(Self::Feed(FeedName(feed.into())))
            }
        }
    }

    /// The source that a capability reads; none for `memory`, which is a statement of its own.
    pub(super) fn of(capability: Capability) -> Option<Self> {
        match capability {
            Capability::Assets => Some(Self::Assets),
            Capability::KnownGood => Some(Self::KnownGood),
            Capability::Memory => None,
        }
    }
}

impl fmt::Display for EnrichmentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assets => f.pad("assets"),
            Self::KnownGood => f.pad("known-good"),
            Self::Cases => f.pad("cases"),
            Self::Runbooks => f.pad("runbooks"),
            Self::Feed(name) => write!(f, "feeds/{}", name.as_str()),
        }
    }
}
