use std::fmt;

macro_rules! fields {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// A property an alert can have: field list version 1. The name is the same in the boundary
        /// file, in `module.toml` and, with `-` for `.`, in `wit/types.wit`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $(#[doc = $doc] $variant,)* }

        impl Field {
            /// All of them, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The one name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it holds, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

fields! {
    Product "product" "The product that raised the alert.",
    Severity "severity" "The source's severity as an OCSF word.",
    RuleId "rule.id" "The detector's stable id.",
    RuleName "rule.name" "The detector's title.",
    RuleCategory "rule.category" "The detector's category or family.",
    RuleTechnique "rule.technique" "MITRE ATT&CK technique ids, separated by spaces.",
    HostName "host.name" "The machine the alert is about.",
    HostIp "host.ip" "That machine's address.",
    UserName "user.name" "The account the alert is about.",
    ProcessName "process.name" "The acting process: its name.",
    ProcessPath "process.path" "The acting process: its file's path.",
    ProcessHash "process.hash" "The acting process: its file's hash.",
    ProcessCommandLine "process.command-line" "The acting process: its command line.",
    ProcessParent "process.parent" "The acting process: its parent's name.",
    SourceIp "source.ip" "Address the traffic came from.",
    SourcePort "source.port" "Port the traffic came from, in decimal.",
    DestinationIp "destination.ip" "Address the traffic went to.",
    DestinationPort "destination.port" "Port the traffic went to, in decimal.",
    Protocol "protocol" "Transport or application protocol.",
    Url "url" "URL the alert names.",
    Domain "domain" "Domain the alert names.",
    FilePath "file.path" "Path of the file the alert names.",
    FileHash "file.hash" "Hash of the file the alert names.",
    Message "message" "The source's own message or log line.",
    Observables "observables" "Typed values one can pivot on; each only where its own field is allowed too.",
}

impl Field {
    /// The version of this list, which a boundary file names as `fields`.
    pub const LIST_VERSION: u32 = 1;

    /// The names that stand for several fields.
    pub const GROUPS: [&'static str; 8] = [
        "rule",
        "host",
        "user",
        "process",
        "source",
        "destination",
        "network",
        "file",
    ];

    /// The field of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// The fields a name stands for: one for a field's own name, several for one of
    /// [`Field::GROUPS`]. `network` is source, destination and protocol.
    pub fn named(name: &str) -> Option<FieldSet> {
        if let Some(field) = Self::parse(name) {
            return Some(FieldSet::from_iter([field]));
        }
        let of_group = |group: &str| -> FieldSet {
            Self::ALL
                .iter()
                .copied()
                .filter(|f| f.name().split_once('.').is_some_and(|(g, _)| g == group))
                .collect()
        };
        match name {
            "rule" | "host" | "user" | "process" | "source" | "destination" | "file" => {
                Some(of_group(name))
            }
            "network" => Some(
                of_group("source")
                    .union(of_group("destination"))
                    .union(FieldSet::from_iter([Self::Protocol])),
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of fields. Iterates in the order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldSet(u32);

impl FieldSet {
    /// Every field of the list.
    pub fn all() -> Self {
        Field::ALL.iter().copied().collect()
    }

    /// Whether the field is in it.
    pub const fn contains(self, field: Field) -> bool {
        self.0 & (1 << field as u32) != 0
    }

    /// What is in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one and not in the other.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its fields in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL
            .iter()
            .copied()
            .filter(move |f| self.contains(*f))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self(fields.into_iter().fold(0, |set, f| set | (1 << f as u32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_own_bit_and_name() {
        assert!(Field::ALL.len() <= 32);
        for field in Field::ALL {
            assert_eq!(Field::parse(field.name()), Some(*field));
            assert_eq!(
                FieldSet::from_iter([*field]).iter().collect::<Vec<_>>(),
                [*field]
            );
        }
        assert_eq!(FieldSet::all().iter().count(), Field::ALL.len());
    }

    #[test]
    fn a_group_stands_for_a_fixed_list() {
        let names =
            |group| Field::named(group).map(|set| set.iter().map(Field::name).collect::<Vec<_>>());
        assert_eq!(names("host"), Some(vec!["host.name", "host.ip"]));
        assert_eq!(names("network").map(|n| n.len()), Some(5));
        assert_eq!(names("hosts"), None);
    }
}
