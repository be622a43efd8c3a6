use std::fmt;

/// A kind of access a module can be given. Its name is the same in `wit/`, in `sandbox/capability/`,
/// in `module.toml`, in the boundary file and in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The tenant's list of machines, accounts and services.
    Assets,
    /// The tenant's facts about what is normal.
    KnownGood,
    /// The module's own notes on the tenant.
    Memory,
}

impl Capability {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 3] = [Self::Assets, Self::KnownGood, Self::Memory];

    /// The one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assets => "assets",
            Self::KnownGood => "known-good",
            Self::Memory => "memory",
        }
    }

    /// The capability of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// The WIT interface that gives it, without a version.
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Assets => "casemate:soc/assets",
            Self::KnownGood => "casemate:soc/known-good",
            Self::Memory => "casemate:soc/memory",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl serde::Serialize for Capability {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Capability {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = <String as serde::Deserialize>::deserialize(from)?;
        Self::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no capability")))
    }
}
