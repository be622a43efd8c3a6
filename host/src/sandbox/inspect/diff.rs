use super::{Inspection, Interface, Level};
use crate::model::{Digest, ModuleName};
use std::collections::BTreeMap;

/// What changed between two versions of a module, and whether consent to the new one is a formality.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Difference {
    /// The version that is approved.
    pub old: Version,
    /// The version that is asked about.
    pub new: Version,
    /// What changed, what needs a fresh look first; empty where nothing did.
    pub changes: Vec<Change>,
    /// Whether nothing more is asked and no type changed.
    pub formality: bool,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    /// Its name; none without a manifest.
    pub name: Option<ModuleName>,
    /// Its version; none without a manifest.
    pub version: Option<String>,
    /// Its digest; none without a manifest.
    pub digest: Option<Digest>,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is named as what it is about")]
pub enum Area {
    Module,
    Capability,
    Import,
    Export,
    Type,
    Field,
    Limit,
    Setting,
    Finding,
    Memory,
    Size,
    Toolchain,
}

impl Area {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Capability => "capability",
            Self::Import => "import",
            Self::Export => "export",
            Self::Type => "type",
            Self::Field => "field",
            Self::Limit => "limit",
            Self::Setting => "setting",
            Self::Finding => "finding",
            Self::Memory => "memory",
            Self::Size => "size",
            Self::Toolchain => "toolchain",
        }
    }

    /// Whether a change of it, in this direction, is more than a formality. Size, memory within the
    /// limits and toolchain are told and give the module nothing.
    const fn weighs(self, direction: Direction) -> bool {
        match self {
            Self::Module | Self::Setting => true,
            Self::Type
            | Self::Capability
            | Self::Import
            | Self::Export
            | Self::Field
            | Self::Limit
            | Self::Finding => !matches!(direction, Direction::Less),
            Self::Memory | Self::Size | Self::Toolchain => false,
        }
    }
}

/// Which way it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is named as what it is")]
pub enum Direction {
    More,
    Less,
    Other,
}

impl Direction {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
            Self::Other => "other",
        }
    }

    fn of<T: Ord>(old: &T, new: &T) -> Self {
        match new.cmp(old) {
            std::cmp::Ordering::Greater => Self::More,
            std::cmp::Ordering::Less => Self::Less,
            std::cmp::Ordering::Equal => Self::Other,
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// What it is about.
    pub area: Area,
    /// Which way.
    pub direction: Direction,
    /// What changed, for example a capability's name.
    pub what: String,
    /// How it was; none where it was not there.
    pub old: Option<String>,
    /// How it is; none where it is not there.
    pub new: Option<String>,
    /// Whether it needs a fresh look.
    pub weighs: bool,
}

impl Difference {
    /// Compares two modules, or two versions of one.
    pub fn between(old: &Inspection, new: &Inspection) -> Self {
        let mut changes = Changes::default();
        changes.stated(old, new);
        changes.sets(Area::Capability, capabilities(old), capabilities(new));
        changes.interfaces(Area::Import, &old.imports, &new.imports);
        changes.interfaces(Area::Export, &old.exports, &new.exports);
        changes.findings(old, new);
        let memory = |i: &Inspection| i.contents.memory_bytes() >> 10;
        changes.number(Area::Memory, "at its start, KiB", memory(old), memory(new));
        changes.number(Area::Size, "component, bytes", old.bytes, new.bytes);
        let built =
            |i: &Inspection| BTreeMap::from([("built with".to_owned(), i.contents.built_with())]);
        changes.sets(Area::Toolchain, built(old), built(new));
        let mut changes = changes.list;
        changes.sort_by_key(|change| (!change.weighs, change.area));
        Self {
            old: Version::of(old),
            new: Version::of(new),
            formality: changes.iter().all(|change| !change.weighs),
            changes,
        }
    }
}

impl Version {
    fn of(inspection: &Inspection) -> Self {
        let stated = inspection.stated.as_ref();
        Self {
            name: stated.map(|s| s.name.clone()),
            version: stated.map(|s| s.version.clone()),
            digest: inspection.digest,
        }
    }
}

/// A set as what is told of each of its members.
type Told = BTreeMap<String, String>;

fn capabilities(inspection: &Inspection) -> Told {
    let asked = inspection.capabilities.iter().filter(|c| c.asked);
    asked
        .map(|c| (c.capability.to_string(), String::new()))
        .collect()
}

#[derive(Default)]
struct Changes {
    list: Vec<Change>,
}

impl Changes {
    fn add(
        &mut self,
        area: Area,
        direction: Direction,
        what: &str,
        old: Option<String>,
        new: Option<String>,
    ) {
        self.list.push(Change {
            area,
            direction,
            what: what.to_owned(),
            old,
            new,
            weighs: area.weighs(direction),
        });
    }

    /// What came, went and is another now.
    fn sets(&mut self, area: Area, old: Told, new: Told) {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        for (what, was) in &old {
            match new.get(what) {
                Some(is) if is == was => {}
                Some(is) => self.add(area, Direction::Other, what, text(was), text(is)),
                None => self.add(area, Direction::Less, what, text(was), None),
            }
        }
        for (what, is) in new.iter().filter(|(what, _)| !old.contains_key(*what)) {
            self.add(area, Direction::More, what, None, text(is));
        }
    }

    fn number(&mut self, area: Area, what: &str, old: u64, new: u64) {
        if old != new {
            let direction = Direction::of(&old, &new);
            self.add(
                area,
                direction,
                what,
                Some(old.to_string()),
                Some(new.to_string()),
            );
        }
    }

    /// What the manifests state. A module without one asks for nothing that could be compared, so
    /// that one came or went is a change of the module.
    fn stated(&mut self, old: &Inspection, new: &Inspection) {
        let (old, new) = match (&old.stated, &new.stated) {
            (Some(old), Some(new)) => (old, new),
            (None, None) => return,
            (was, is) => {
                let there = |there: bool| Some(if there { "there" } else { "missing" }.to_owned());
                let (was, is) = (there(was.is_some()), there(is.is_some()));
                return self.add(Area::Module, Direction::Other, "module.toml", was, is);
            }
        };
        for (what, was, is) in [
            ("name", old.name.to_string(), new.name.to_string()),
            ("kind", old.kind.to_string(), new.kind.to_string()),
        ] {
            if was != is {
                self.add(Area::Module, Direction::Other, what, Some(was), Some(is));
            }
        }
        let fields = |s: &super::Stated| -> Told {
            let names = s.fields.iter();
            names.map(|f| (f.to_string(), String::new())).collect()
        };
        self.sets(Area::Field, fields(old), fields(new));
        let (was, is) = (old.limits, new.limits);
        for (what, was, is) in [
            ("memory_mib", was.memory_mib, is.memory_mib),
            ("deadline_ms", was.deadline_ms, is.deadline_ms),
            ("host_calls", was.host_calls, is.host_calls),
        ] {
            self.number(Area::Limit, what, u64::from(was), u64::from(is));
        }
        self.sets(Area::Setting, old.settings.clone(), new.settings.clone());
    }

    /// Imports or exports that came and went, and each type or function that is another now.
    fn interfaces(&mut self, area: Area, old: &[Interface], new: &[Interface]) {
        let named = |list: &[Interface]| -> BTreeMap<String, Interface> {
            let each = list.iter();
            each.map(|i| (i.name.to_string(), i.clone())).collect()
        };
        let (old, new) = (named(old), named(new));
        let names = |list: &BTreeMap<String, Interface>| -> Told {
            list.keys()
                .map(|name| (name.clone(), String::new()))
                .collect()
        };
        self.sets(area, names(&old), names(&new));
        for (name, was) in &old {
            let Some(is) = new.get(name) else {
                continue;
            };
            let items = |interface: &Interface| -> Vec<String> {
                let all = interface.types.iter().chain(&interface.functions);
                all.map(ToString::to_string).collect()
            };
            let (was_items, is_items) = (items(was), items(is));
            let gone = was_items.iter().filter(|item| !is_items.contains(item));
            let come = is_items.iter().filter(|item| !was_items.contains(item));
            let lines = |lines: Vec<&String>| {
                let lines: Vec<&str> = lines.into_iter().map(String::as_str).collect();
                (!lines.is_empty()).then(|| lines.join("; "))
            };
            let (gone, come) = (lines(gone.collect()), lines(come.collect()));
            if gone.is_none() && come.is_none() && was.shortened == is.shortened {
                continue;
            }
            // Importing less than before gives it nothing; an export is what the host calls.
            let direction = match (area, &gone, &come) {
                (Area::Import, Some(_), None) => Direction::Less,
                (_, None, Some(_)) => Direction::More,
                (_, _, _) => Direction::Other,
            };
            self.add(Area::Type, direction, name, gone, come);
        }
    }

    /// Findings that weigh more than a note and are new, or are there no more.
    fn findings(&mut self, old: &Inspection, new: &Inspection) {
        let told = |inspection: &Inspection| -> Told {
            let found = inspection.findings.iter().filter(|f| f.level > Level::Note);
            found
                .map(|f| (format!("{}: {}", f.rule.id(), f.message), String::new()))
                .collect()
        };
        self.sets(Area::Finding, told(old), told(new));
    }
}
