use crate::model::{Capability, ModuleKind};
use crate::sandbox::Manifest;

/// What an import of a component is to this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// The interface of a capability.
    Capability(Capability),
    /// The types or the log: part of every world and no capability.
    EveryWorld,
    /// An interface of the contract in a version that this host does not speak, or in none.
    OtherVersion,
    /// A WASI interface. None is offered here.
    Wasi,
    /// Nothing of the contract.
    Unknown,
}

/// The interfaces that every world has.
const EVERY_WORLD: [&str; 2] = ["casemate:soc/types", "casemate:soc/log"];

impl Import {
    /// What the import of that name is. Versions are compared as the linker compares them: `0.1.2` and
    /// `0.1.7` are the same, and `0.1` and `0.2` are not. This is the one place that decides which
    /// capability an import is.
    pub fn of(name: &str) -> Self {
        let interface = interface(name);
        let capability = Capability::ALL
            .into_iter()
            .find(|c| c.interface() == interface);
        let of_contract = capability.is_some() || EVERY_WORLD.contains(&interface);
        if of_contract && !speaks(name, interface) {
            return Self::OtherVersion;
        }
        match capability {
            Some(capability) => Self::Capability(capability),
            None if of_contract => Self::EveryWorld,
            None if interface.starts_with("wasi:") => Self::Wasi,
            None => Self::Unknown,
        }
    }

    /// The word for it in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Capability(_) => "capability",
            Self::EveryWorld => "every-world",
            Self::OtherVersion => "other-version",
            Self::Wasi => "wasi",
            Self::Unknown => "unknown",
        }
    }

    /// The capability, where it is one's.
    pub const fn capability(self) -> Option<Capability> {
        match self {
            Self::Capability(capability) => Some(capability),
            Self::EveryWorld | Self::OtherVersion | Self::Wasi | Self::Unknown => None,
        }
    }
}

impl serde::Serialize for Import {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

/// The interface that a kind of module exports, without a version.
pub(super) const fn export_of(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Grouper => "casemate:soc/grouping",
        ModuleKind::Enricher => "casemate:soc/enriching",
        ModuleKind::Drafter => "casemate:soc/drafting",
    }
}

/// Whether the export of that name is the one that the host calls in a module of the kind.
pub(super) fn is_export_of(name: &str, kind: ModuleKind) -> bool {
    interface(name) == export_of(kind) && speaks(name, export_of(kind))
}

/// The name without its version.
fn interface(name: &str) -> &str {
    name.split_once('@')
        .map_or(name, |(interface, _)| interface)
}

/// Whether the linker takes the name for this interface in the version that the host speaks.
fn speaks(name: &str, interface: &str) -> bool {
    let version = Manifest::CONTRACT
        .split_once('@')
        .map_or("", |(_, version)| version);
    let ours = format!("{interface}@{version}");
    name == ours || matches!((track(name), track(&ours)), (Some(a), Some(b)) if a == b)
}

/// The name with as much of its version as decides about compatibility, as wasmtime's linker has it:
/// up to the first number that is not zero. None where the name is compatible with itself alone: a
/// version before a release, one that begins with two zeros, none.
fn track(name: &str) -> Option<&str> {
    let (_, text) = name.split_once('@')?;
    let version = semver::Version::parse(text).ok()?;
    let numbers = match (version.major, version.minor) {
        _ if !version.pre.is_empty() => return None,
        (0, 0) => return None,
        (0, _) => 2,
        (_, _) => 1,
    };
    let (at, _) = text.match_indices('.').nth(numbers - 1)?;
    name.get(..name.len() - text.len() + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Engine;
    use wasmtime::component::{Component, Linker};

    /// A linker with every interface of the contract, each with one function: an instance without one
    /// is given to whoever imports it, whatever its name.
    fn everything(engine: &Engine) -> Linker<()> {
        let mut linker = Linker::new(engine);
        let interfaces = Capability::ALL.map(Capability::interface);
        for interface in interfaces.into_iter().chain(EVERY_WORLD) {
            let name = format!("{interface}@0.1.0");
            let mut instance = linker.instance(&name).unwrap();
            instance.func_wrap("probe", |_, ()| Ok(())).unwrap();
        }
        linker
    }

    #[test]
    fn an_import_is_known_exactly_where_the_linker_links_it() {
        let engine = Engine::default();
        let linker = everything(&engine);
        let mut versions: Vec<String> = ["", "@0.1.0-rc.1", "@0.1.0+build.7", "@1.0.0", "@0.10.0"]
            .map(str::to_owned)
            .into();
        for major in 0..3 {
            for minor in 0..4 {
                for patch in [0, 1, 7, 12] {
                    for rest in ["", "-alpha", "+x"] {
                        versions.push(format!("@{major}.{minor}.{patch}{rest}"));
                    }
                }
            }
        }
        let interfaces = Capability::ALL.map(Capability::interface);
        let others = [
            "casemate:soc/tenants",
            "wasi:cli/environment",
            "casemate:so/assets",
        ];
        let (mut linked, mut refused) = (0, 0);
        for interface in interfaces.into_iter().chain(EVERY_WORLD).chain(others) {
            for version in &versions {
                let name = format!("{interface}{version}");
                let component =
                    format!("(component (import \"{name}\" (instance (export \"probe\" (func)))))");
                let component = wat::parse_str(component).unwrap();
                let component = Component::from_binary(&engine, &component).unwrap();
                let links = linker.instantiate_pre(&component).is_ok();
                let known = match Import::of(&name) {
                    Import::Capability(_) | Import::EveryWorld => true,
                    Import::OtherVersion | Import::Wasi | Import::Unknown => false,
                };
                assert_eq!(known, links, "{name}");
                linked += usize::from(links);
                refused += usize::from(!links);
            }
        }
        assert!(linked >= 5 * 8 && refused > linked, "{linked} {refused}");
    }

    #[test]
    fn what_an_import_is_follows_from_its_name() {
        for (name, is) in [
            (
                "casemate:soc/assets@0.1.7",
                Import::Capability(Capability::Assets),
            ),
            (
                "casemate:soc/known-good@0.1.0",
                Import::Capability(Capability::KnownGood),
            ),
            ("casemate:soc/assets@0.2.0", Import::OtherVersion),
            ("casemate:soc/assets", Import::OtherVersion),
            ("casemate:soc/log@0.1.3", Import::EveryWorld),
            ("casemate:soc/types@1.0.0", Import::OtherVersion),
            ("wasi:cli/environment@0.2.0", Import::Wasi),
            ("casemate:soc/tenants@0.1.0", Import::Unknown),
            ("casemate:soc/assetsx@0.1.0", Import::Unknown),
            ("plain", Import::Unknown),
            ("", Import::Unknown),
            ("@0.1.0", Import::Unknown),
        ] {
            assert_eq!(Import::of(name), is, "{name}");
        }
        assert!(is_export_of(
            "casemate:soc/grouping@0.1.4",
            ModuleKind::Grouper
        ));
        assert!(!is_export_of(
            "casemate:soc/grouping@0.2.0",
            ModuleKind::Grouper
        ));
    }
}
