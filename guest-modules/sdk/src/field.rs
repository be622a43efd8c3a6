use crate::bindings::imports::casemate::soc::types as wire;

/// A field as it crosses: one of the list, or one of a later list by its name.
pub type FieldName = wire::Field;

macro_rules! fields {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// A property an alert can have; what `module.toml` calls it is in its first line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $(#[doc = concat!("`", $name, "`: ", $doc)] $variant,)* }

        impl Field {
            /// All of them, in the order of the list.
            pub const ALL: [Self; 24] = [$(Self::$variant,)*];

            /// Its name in `module.toml` and in the boundary file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The field that crossed; none where it's of a later list.
            pub const fn of(name: &FieldName) -> Option<Self> {
                match name {
                    $(FieldName::$variant => Some(Self::$variant),)*
                    FieldName::Other(_) => None,
                }
            }
        }

        impl From<Field> for FieldName {
            fn from(field: Field) -> Self {
                match field { $(Field::$variant => Self::$variant,)* }
            }
        }
    };
}

fields! {
    Product "product" "the product that raised the alert.",
    Severity "severity" "the source's severity as an OCSF word.",
    RuleId "rule.id" "the detector's stable id.",
    RuleName "rule.name" "the detector's title.",
    RuleCategory "rule.category" "the detector's category or family.",
    RuleTechnique "rule.technique" "MITRE ATT&CK technique ids, separated by spaces.",
    HostName "host.name" "the machine the alert is about.",
    HostIp "host.ip" "that machine's address.",
    UserName "user.name" "the account the alert is about.",
    ProcessName "process.name" "the acting process: its name.",
    ProcessPath "process.path" "the acting process: its file's path.",
    ProcessHash "process.hash" "the acting process: its file's hash.",
    ProcessCommandLine "process.command-line" "the acting process: its command line.",
    ProcessParent "process.parent" "the acting process: its parent's name.",
    SourceIp "source.ip" "address the traffic came from.",
    SourcePort "source.port" "port the traffic came from, in decimal.",
    DestinationIp "destination.ip" "address the traffic went to.",
    DestinationPort "destination.port" "port the traffic went to, in decimal.",
    Protocol "protocol" "transport or application protocol.",
    Url "url" "URL the alert names.",
    Domain "domain" "domain the alert names.",
    FilePath "file.path" "path of the file the alert names.",
    FileHash "file.hash" "hash of the file the alert names.",
    Message "message" "the source's own message or log line.",
}
