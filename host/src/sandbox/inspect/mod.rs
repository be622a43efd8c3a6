//! What a module can touch, read from its two files and from nothing else: every import and export
//! exactly, what it asks for against what it imports, and what of that somebody should look at.
//!
//! The bytes may be anybody's. They are read by the reader that the engine itself uses, in time and
//! memory that their size bounds, and nothing of them is run.

mod contents;
mod diff;
mod effective;
mod finding;
mod import;
mod interface;
mod search;
#[cfg(test)]
mod tests;

pub use contents::{Contents, CustomSection, Declared, Producer};
pub(crate) use effective::too_much;

pub use diff::{Area, Change, Difference, Direction, Version};
pub use finding::{Finding, Level, Rule, Spot};
pub use import::Import;
pub use interface::Interface;
pub use search::{Hit, Word, WordKind, Words};

use super::{GrantedLimits, Limits, Manifest, WantedLimits, module_digest};
use crate::model::{Capability, Digest, Field, ModuleKind, ModuleName};
use crate::written::Problems;
use std::collections::{BTreeMap, BTreeSet};

/// The component's name beside its manifest.
pub(super) const COMPONENT: &str = "module.wasm";

/// What a module is, asks for and holds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Inspection {
    /// What its manifest states; none where there is no manifest.
    pub stated: Option<Stated>,
    /// The digest that a grant names: of component and manifest together.
    pub digest: Option<Digest>,
    /// The SHA-256 of the component alone.
    pub component: Digest,
    /// The component's size, in bytes.
    pub bytes: u64,
    /// Every capability that is asked for or imported, in the order of their names.
    pub capabilities: Vec<Asked>,
    /// Its imports, in its order.
    pub imports: Vec<Interface>,
    /// Its exports, in its order.
    pub exports: Vec<Interface>,
    /// What else the component holds.
    pub contents: Contents,
    /// What to look at, what weighs most first.
    pub findings: Vec<Finding>,
}

/// What a manifest states.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stated {
    /// The module's name.
    pub name: ModuleName,
    /// Its version.
    pub version: String,
    /// What it does.
    pub kind: ModuleKind,
    /// The fields it reads, in the order of the list.
    pub fields: Vec<Field>,
    /// The limits it asks for.
    pub asks_limits: WantedLimits,
    /// What it gets where a grant lowers nothing.
    pub limits: GrantedLimits,
    /// Its settings, each key with its value as written; a key in a table has its path before it.
    pub settings: BTreeMap<String, String>,
}

/// A capability as it is asked for and imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// Which.
    pub capability: Capability,
    /// Whether the manifest asks for it.
    pub asked: bool,
    /// Whether the component imports it.
    pub imported: bool,
}

impl Inspection {
    /// Looks at a module's two files.
    ///
    /// # Errors
    /// When the manifest does not hold. A component that cannot be read is a finding.
    pub fn of(component: &[u8], manifest: Option<&str>) -> Result<Self, Problems> {
        let parsed = manifest.map(Manifest::parse).transpose()?;
        let most = Limits::COMPONENT_BYTES;
        let too_large = (component.len() > most).then(|| {
            format!(
                "the component has {} bytes, and at most {most} are loaded",
                component.len()
            )
        });
        let too_large = too_large.or_else(|| too_much(component));
        let (contents, linked, not_read) = if let Some(said) = too_large {
            let found = finding(Rule::TooLarge, said);
            (
                Contents::default(),
                contents::Linked::default(),
                Some(found),
            )
        } else {
            match contents::read(component) {
                (contents, Ok(linked)) => (contents, linked, None),
                (contents, Err(why)) => {
                    let found = finding(Rule::NotAComponent, why);
                    (contents, contents::Linked::default(), Some(found))
                }
            }
        };
        let imported: BTreeSet<Capability> = linked
            .imports
            .iter()
            .filter_map(|import| import.is.capability())
            .collect();
        let asked: BTreeSet<Capability> = parsed.iter().flat_map(Manifest::capabilities).collect();
        let each = |capability: &Capability| Asked {
            capability: *capability,
            asked: asked.contains(capability),
            imported: imported.contains(capability),
        };
        let mut inspection = Self {
            digest: manifest.map(|text| module_digest(component, text.as_bytes())),
            component: Digest::of(component),
            bytes: component.len() as u64,
            capabilities: asked.union(&imported).map(each).collect(),
            stated: parsed.as_ref().map(Stated::of),
            imports: linked.imports,
            exports: linked.exports,
            contents,
            findings: Vec::new(),
        };
        inspection.findings = match not_read {
            Some(found) => vec![found],
            None => inspection.look(parsed.as_ref()),
        };
        if parsed.is_none() {
            let said = Rule::NoManifest.says().trim_end_matches('.').to_owned();
            let found = Finding::new(Rule::NoManifest, said, Spot::file(Manifest::FILE));
            inspection.findings.push(found);
        }
        for found in &mut inspection.findings {
            found.module = parsed.as_ref().map(|m| m.name().clone());
        }
        inspection
            .findings
            .sort_by_key(|f| std::cmp::Reverse(f.level));
        Ok(inspection)
    }

    /// The finding that weighs most.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|found| found.level).max()
    }

    fn look(&self, manifest: Option<&Manifest>) -> Vec<Finding> {
        let mut found = Vec::new();
        for import in &self.imports {
            let name = &import.name;
            match import.is {
                Import::Capability(_) | Import::EveryWorld => {}
                Import::OtherVersion => found.push(finding(
                    Rule::OtherVersion,
                    format!(
                        "it imports `{name}`, and this host speaks `{}`",
                        Manifest::CONTRACT
                    ),
                )),
                Import::Wasi => found.push(finding(
                    Rule::WasiImport,
                    format!("it imports `{name}`, and no WASI interface is offered here"),
                )),
                Import::Unknown => found.push(finding(
                    Rule::UnknownImport,
                    format!(
                        "it imports `{name}`, which is not of the contract `{}`",
                        Manifest::CONTRACT
                    ),
                )),
            }
        }
        if self.contents.start {
            let said = "code of it runs when it is instantiated, within the run's limits";
            found.push(finding(Rule::StartFunction, said.to_owned()));
        }
        if self.contents.toolchain.is_empty() {
            let said = "it has no section `producers`";
            found.push(finding(Rule::NoToolchain, said.to_owned()));
        }
        if let Some(manifest) = manifest {
            self.compare(manifest, &mut found);
        }
        found
    }

    /// What the manifest states against what the component is.
    fn compare(&self, manifest: &Manifest, found: &mut Vec<Finding>) {
        for asked in &self.capabilities {
            let capability = asked.capability;
            let line = manifest.asks_in(capability).line;
            let place = Spot::line(Manifest::FILE, line);
            match (asked.asked, asked.imported) {
                (true, false) => found.push(Finding::new(
                    Rule::AsksMore,
                    format!("it asks for `{capability}` and does not import it: take it out of `capabilities`"),
                    place,
                )),
                (false, true) => found.push(Finding::new(
                    Rule::ImportsMore,
                    format!("it imports `{capability}` and does not ask for it, so it does not instantiate"),
                    place,
                )),
                (true, true) | (false, false) => {}
            }
        }
        let kind = manifest.kind();
        let is_ours = |export: &Interface| import::is_export_of(export.name.as_str(), kind);
        if !self.exports.iter().any(is_ours) {
            let want = import::export_of(kind);
            let said = format!("a module of kind {kind} exports `{want}`, and this one does not");
            found.push(finding(Rule::ExportMissing, said));
        }
        for extra in self.exports.iter().filter(|export| !is_ours(export)) {
            let said = format!("it exports `{}`, which the host never calls", extra.name);
            found.push(finding(Rule::ExportExtra, said));
        }
        let limit = GrantedLimits::of(manifest.limits(), WantedLimits::default());
        found.extend(self.over_memory(limit));
        if manifest.fields().is_empty() {
            let said = "it names no field, so it sees no value of an alert".to_owned();
            let place = Spot::file(Manifest::FILE);
            found.push(Finding::new(Rule::ReadsNoField, said, place));
        }
    }

    /// A finding where the component declares more memory than a run with these limits has.
    pub fn over_memory(&self, limits: GrantedLimits) -> Option<Finding> {
        let (declared, most) = (
            self.contents.memory_bytes(),
            u64::from(limits.memory_mib) << 20,
        );
        (declared > most).then(|| {
            let said = format!(
                "it declares {} MiB of memory at its start, and a run of it has {} MiB: it does not \
                 instantiate",
                declared.div_ceil(1 << 20),
                limits.memory_mib
            );
            finding(Rule::MemoryOverLimit, said)
        })
    }
}

fn finding(rule: Rule, message: String) -> Finding {
    Finding::new(rule, message, Spot::file(COMPONENT))
}

impl Stated {
    fn of(manifest: &Manifest) -> Self {
        Self {
            name: manifest.name().clone(),
            version: manifest.version().to_owned(),
            kind: manifest.kind(),
            fields: manifest.fields().iter().collect(),
            asks_limits: manifest.limits(),
            limits: GrantedLimits::of(manifest.limits(), WantedLimits::default()),
            settings: settings(manifest.text()),
        }
    }
}

/// The table `settings` of a manifest, flat. What it may hold is the manifest's own matter; here it is
/// text that two versions are compared by.
fn settings(manifest: &str) -> BTreeMap<String, String> {
    fn put(path: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    put(&format!("{path}.{key}"), value, into);
                }
            }
            toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {
                let key = crate::model::Text::capped(path.trim_start_matches('.'), 200);
                let value = crate::model::Text::capped(&value.to_string(), 500);
                into.insert(key.to_string(), value.to_string());
            }
        }
    }
    let mut flat = BTreeMap::new();
    let parsed: Option<toml::Table> = manifest.parse().ok();
    if let Some(settings) = parsed.as_ref().and_then(|table| table.get("settings")) {
        put("", settings, &mut flat);
    }
    flat
}
