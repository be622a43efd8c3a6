use crate::model::{ModuleName, TenantId};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something to know.
    Note,
    /// Something to look at before consent is given or left as it is.
    Warning,
    /// It cannot run here, or what is said about it cannot be relied on.
    Error,
}

impl Level {
    /// The word, which is also SARIF's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! rules {
    ($($variant:ident $id:literal $level:ident $says:literal,)*) => {
        /// What is looked for. An id never changes its meaning: pipelines name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = $says] $variant,)* }

        impl Rule {
            /// All of them, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable id.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// How much it weighs.
            pub const fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// What it says, in one sentence.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }
    };
}

rules! {
    NotAComponent "not-a-component" Error "The bytes are no component that this host takes.",
    TooLarge "too-large" Error "The component is larger, or comes to more once it is instantiated, than this host loads.",
    WasiImport "wasi-import" Error "The component imports a WASI interface, and none is offered.",
    UnknownImport "unknown-import" Error "The component imports something that is not of the contract.",
    OtherVersion "wrong-contract-version" Error "The component imports an interface of the contract in a version that this host does not speak.",
    ImportsMore "imports-more" Error "The component imports a capability that its manifest does not ask for.",
    ExportMissing "export-missing" Error "The component does not export what its kind must export.",
    MemoryOverLimit "memory-over-limit" Error "The component declares more memory at its start than the run may have.",
    AsksMore "asks-more" Warning "The manifest asks for a capability that the component does not import.",
    ExportExtra "export-extra" Note "The component exports something that the host never calls.",
    StartFunction "start-function" Note "Code of the module runs before it is called.",
    ReadsNoField "reads-no-field" Note "The manifest names no field, so the module sees no value of an alert.",
    NoToolchain "no-toolchain" Note "The component does not say with what it was built.",
    NoManifest "no-manifest" Note "There is no module.toml beside the component, so nothing is known of what it asks for.",
    TenantData "tenant-data" Warning "A word of a tenant is compiled into the module and would cross to every tenant it runs for.",
    OrdinaryWord "ordinary-word" Note "A word of a tenant is in the module, and it is also an ordinary one.",
    Unused "unused" Note "A capability is given and was never used.",
    Refused "refused" Warning "A module asks for a capability and is refused it, or was refused one in a run.",
    Ungranted "ungranted" Note "An installed module is not granted to the tenant.",
    ExpiredExclusion "expired-exclusion" Warning "A contractual exclusion is past its end, so what it denied is allowed again where another line allows it.",
    StaleGrant "stale-grant" Warning "A grant in effect names a module, or bytes of it, that are not installed.",
    GrantByStranger "grant-by-stranger" Warning "A grant names somebody who is no operator of the roster.",
    NoBoundary "boundary-does-not-hold" Error "The tenant's boundary is missing or does not hold, so nothing runs for it.",
    NotVerified "trail-not-verified" Error "The tenant's trail cannot be verified to its end, so what was used may be more than is told.",
    NotReadable "module-not-readable" Error "The installed module's files cannot be read as a module.",
}

impl Rule {
    /// The rule of that id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }

    /// The id whose spelling is closest, where one is near.
    pub fn nearest(id: &str) -> Option<&'static str> {
        crate::written::nearest(id, Self::ALL.iter().map(|rule| rule.id()))
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.id())
    }
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Spot {
    /// The file: its name, or its path within the home.
    pub file: String,
    /// The line, from 1, in a file of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The byte, from 0, in a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
}

impl Spot {
    pub(crate) fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            byte: None,
        }
    }

    pub(crate) fn line(file: impl Into<String>, line: u32) -> Self {
        Self {
            line: Some(line),
            ..Self::file(file)
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// How much it weighs.
    pub level: Level,
    /// The tenant it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The module it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<ModuleName>,
    /// What was found, for people.
    pub message: String,
    /// Where.
    pub place: Spot,
}

impl Finding {
    pub(crate) fn new(rule: Rule, message: String, place: Spot) -> Self {
        Self {
            rule,
            level: rule.level(),
            tenant: None,
            module: None,
            message,
            place,
        }
    }

    pub(crate) fn of_tenant(mut self, tenant: &TenantId) -> Self {
        self.tenant = Some(tenant.clone());
        self
    }

    pub(crate) fn of_module(mut self, module: &ModuleName) -> Self {
        self.module = Some(module.clone());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_an_id_of_its_own_and_is_found_by_it() {
        for rule in Rule::ALL {
            assert_eq!(Rule::parse(rule.id()), Some(*rule));
            assert!(rule.says().ends_with('.'), "{}", rule.id());
        }
        assert_eq!(Rule::parse("nothing"), None);
        assert_eq!(Rule::nearest("ask-more"), Some("asks-more"));
    }
}
