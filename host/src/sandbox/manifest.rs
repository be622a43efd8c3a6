use super::WantedLimits;
use super::settings::{self, DeclaredSetting};
use crate::boundary::field_names;
use crate::model::{Capability, Digest, FieldSet, ModuleKind, ModuleName, Text};
use crate::written::{At, Decision, Key, Place, Problems, Sheet, Table, Value, quoted, read};

/// What a module asks for: `module.toml`, which lies beside its component.
#[derive(Clone, Debug)]
pub struct Manifest {
    text: Box<str>,
    name: ModuleName,
    version: Text,
    kind: ModuleKind,
    /// Where the key stands that names the capabilities.
    asks: Place,
    capabilities: Vec<At<Capability>>,
    fields: FieldSet,
    limits: WantedLimits,
    settings: Vec<DeclaredSetting>,
    description: Text,
    authors: Vec<Text>,
}

const KEYS: &[Key] = &[
    ("name", "name = \"my-module\""),
    ("version", "version = \"0.1.0\""),
    ("kind", "kind = \"enricher\""),
    ("contract", "contract = \"casemate:soc@0.1.0\""),
    ("description", "description = \"what it does\""),
    ("authors", "authors = [\"First Last\"]"),
    ("capabilities", "capabilities = []"),
    ("fields", "fields = []"),
    ("limits", "[limits]"),
    ("settings", settings::EXAMPLE),
];

/// The digest that a grant names: of the component and its `module.toml` together.
pub fn module_digest(component: &[u8], manifest: &[u8]) -> Digest {
    Digest::of_parts(&[component, manifest])
}

impl Manifest {
    /// The file's name beside the component.
    pub const FILE: &'static str = "module.toml";

    /// The contract that this host speaks.
    pub const CONTRACT: &'static str = "casemate:soc@0.1.0";

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once. A capability that the kind's world does not have
    /// is wrong.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        read(Self::FILE, text, KEYS, |file| {
            let sheet = file.sheet();
            let name = file.required("name").and_then(|v| name(sheet, &v));
            let version = file.required("version").and_then(|v| version(&v));
            let kind = file.required("kind").and_then(|v| kind(sheet, &v));
            let contract = file.required("contract").and_then(|v| contract(&v));
            let asked = file.required("capabilities");
            let asks = asked.as_ref().map(|v| v.key);
            let capabilities = asked.and_then(|v| capabilities(sheet, &v, kind));
            let fields = file.required("fields").and_then(|v| field_names(sheet, &v));
            let limits = match file.optional("limits") {
                None => Some(WantedLimits::default()),
                Some(value) => WantedLimits::read(&value),
            };
            let settings = match file.optional("settings") {
                None => Some(Vec::new()),
                Some(value) => settings::read_declared(&value),
            };
            let description = optional_text(file, "description");
            let authors = authors(file);
            contract?;
            Some(Self {
                text: text.into(),
                name: name?,
                version: version?,
                kind: kind?,
                asks: asks?,
                capabilities: capabilities?,
                fields: fields?
                    .iter()
                    .fold(FieldSet::default(), |set, named| set.union(named.value)),
                limits: limits?,
                settings: settings?,
                description: description?,
                authors: authors?,
            })
        })
    }

    /// The module's name.
    pub fn name(&self) -> &ModuleName {
        &self.name
    }

    /// The module's version, in the form of semver.
    pub fn version(&self) -> &str {
        self.version.as_str()
    }

    /// What it does.
    pub fn kind(&self) -> ModuleKind {
        self.kind
    }

    /// The capabilities it asks for, in the order of the file; may be empty.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> {
        self.capabilities.iter().map(|asked| asked.value)
    }

    /// The fields it reads; may be empty.
    pub fn fields(&self) -> FieldSet {
        self.fields
    }

    /// The limits it states.
    pub fn limits(&self) -> WantedLimits {
        self.limits
    }

    /// The settings it declares, by name; may be none.
    pub fn settings(&self) -> &[DeclaredSetting] {
        &self.settings
    }

    /// What it says it does; may be empty.
    pub fn description(&self) -> &Text {
        &self.description
    }

    /// Who wrote it; may be empty.
    pub fn authors(&self) -> &[Text] {
        &self.authors
    }

    /// The file as it was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line that asks for the capability; the one that lists capabilities where none does.
    pub fn asks_in(&self, capability: Capability) -> Decision {
        let asked = self.capabilities.iter().find(|c| c.value == capability);
        let place = asked.map_or(self.asks, |c| c.place);
        Decision::at(Self::FILE, &self.text, place, None)
    }
}

/// Reads a module's name.
pub(super) fn name(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<ModuleName> {
    let written = value.string(200)?;
    match ModuleName::parse(written.value) {
        Ok(name) => Some(name),
        Err(error) => {
            sheet.problem(written.place, error.to_string(), None);
            None
        }
    }
}

/// Three numbers with dots between, then perhaps `-` or `+` and more.
fn version(value: &Value<'_, '_>) -> Option<Text> {
    let version = value.string(64)?;
    let (numbers, rest) = match version.value.find(['-', '+']) {
        Some(at) => version.value.split_at(at),
        None => (version.value, ""),
    };
    let is_number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
    let is_rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    let parts: Vec<&str> = numbers.split('.').collect();
    let is_right = parts.len() == 3
        && parts.iter().all(|n| is_number(n))
        && rest.len() != 1
        && rest.bytes().all(is_rest);
    if is_right {
        return Some(Text::capped(version.value, 64));
    }
    value.wrong(
        "is no version",
        Some("write `version = \"0.1.0\"`".to_owned()),
    );
    None
}

fn kind(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<ModuleKind> {
    let word = value.string(64)?;
    let kind = ModuleKind::ALL.into_iter().find(|k| k.word() == word.value);
    if kind.is_none() {
        let known = ModuleKind::ALL.map(ModuleKind::word);
        sheet.unknown(&word, "kind of module", known);
    }
    kind
}

fn contract(value: &Value<'_, '_>) -> Option<()> {
    let contract = value.string(200)?;
    if contract.value == Manifest::CONTRACT {
        return Some(());
    }
    let message = format!(
        "is `{}`, which this host does not speak",
        quoted(contract.value)
    );
    let help = format!("write `contract = \"{}\"`", Manifest::CONTRACT);
    value.wrong(&message, Some(help));
    None
}

/// Reads names of capabilities.
pub(super) fn capability_names(
    sheet: &Sheet<'_>,
    value: &Value<'_, '_>,
) -> Option<Vec<At<Capability>>> {
    let mut named = Vec::new();
    for word in &value.strings()? {
        match Capability::parse(word.value) {
            Some(capability) => named.push(word.with(capability)),
            None => sheet.unknown(word, "capability", Capability::ALL.map(Capability::name)),
        }
    }
    Some(named)
}

fn capabilities(
    sheet: &Sheet<'_>,
    value: &Value<'_, '_>,
    kind: Option<ModuleKind>,
) -> Option<Vec<At<Capability>>> {
    let named = capability_names(sheet, value)?;
    let Some(kind) = kind else {
        return Some(named);
    };
    for asked in &named {
        if !kind.may_ask_for().contains(&asked.value) {
            let may: Vec<String> = kind
                .may_ask_for()
                .iter()
                .map(|c| format!("`{c}`"))
                .collect();
            let help = match may.as_slice() {
                [] => format!("a {kind} works from what it is handed: write `capabilities = []`"),
                may => format!("it may ask for {}", may.join(", ")),
            };
            let message = format!("a module of kind {kind} cannot ask for `{}`", asked.value);
            sheet.problem(asked.place, message, Some(help));
        }
    }
    Some(named)
}

fn optional_text(file: &Table<'_, '_>, key: &'static str) -> Option<Text> {
    match file.optional(key) {
        None => Some(Text::default()),
        Some(value) => Some(Text::capped(value.string(1_000)?.value, 1_000)),
    }
}

fn authors(file: &Table<'_, '_>) -> Option<Vec<Text>> {
    match file.optional("authors") {
        None => Some(Vec::new()),
        Some(value) => {
            let authors = value.strings()?;
            Some(authors.iter().map(|a| Text::capped(a.value, 200)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Field;

    const GOOD: &str = r#"
name = "enrich-assets"
version = "0.1.0-rc.1"
kind = "enricher"
contract = "casemate:soc@0.1.0"
description = "Says what a machine is"
authors = ["Ada"]
capabilities = [
    "assets",
]
fields = ["host", "source.ip"]
[limits]
memory_mib = 32
"#;

    #[test]
    fn a_manifest_says_what_a_module_asks_for_and_where() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.name().as_str(), "enrich-assets");
        assert_eq!(manifest.kind(), ModuleKind::Enricher);
        assert_eq!(
            manifest.capabilities().collect::<Vec<_>>(),
            [Capability::Assets]
        );
        assert_eq!(
            manifest.fields(),
            [Field::HostName, Field::HostIp, Field::SourceIp]
                .into_iter()
                .collect()
        );
        assert_eq!(manifest.limits().memory_mib, Some(32));
        let asked = manifest.asks_in(Capability::Assets);
        assert_eq!(asked.to_string(), "module.toml:9:5: \"assets\",");
        assert_eq!(manifest.asks_in(Capability::Memory).line, 8);
    }

    #[test]
    fn the_digest_covers_component_and_manifest() {
        let digest = module_digest(b"a", b"b");
        assert_ne!(digest, module_digest(b"ab", b""));
        assert_ne!(digest, module_digest(b"a", b"c"));
        assert_ne!(digest, module_digest(b"c", b"b"));
    }

    #[test]
    fn every_wrong_manifest_is_explained_as_its_fixture_says() {
        crate::written::fixtures::each("manifest", |text| Manifest::parse(text).err());
    }
}
