use crate::model::{TenantId, Text};
use crate::sandbox::Manifest;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeMap;
use wasmparser::{Parser, Payload};

/// What kind of word of a tenant it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WordKind {
    /// The tenant's id.
    Id,
    /// A name that stands for it, such as the value of a field that says whose an alert is.
    Name,
    /// A domain.
    Domain,
    /// A name of a machine, account or service of its list.
    Asset,
}

impl WordKind {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Domain => "domain",
            Self::Asset => "asset",
        }
    }
}

/// A word of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// Whose it is.
    pub tenant: TenantId,
    /// What kind.
    pub kind: WordKind,
    /// The word.
    pub text: String,
}

/// A word that was found in a module's files.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Hit {
    /// Whose word it is.
    pub tenant: TenantId,
    /// What kind.
    pub kind: WordKind,
    /// The word.
    pub word: Text,
    /// The file: `module.wasm` or `module.toml`.
    pub file: &'static str,
    /// Where it is first, in bytes from the beginning of the file.
    pub byte: u64,
    /// Which part of the file that is.
    pub part: String,
    /// `UTF-8` or `UTF-16`.
    pub encoding: &'static str,
    /// How often it is there.
    pub count: u64,
    /// Whether it is also an ordinary word, which a module may have for reasons of its own.
    pub ordinary: bool,
}

/// The words of all tenants, to be searched for.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Each word in lower case, with whose it is.
    owners: BTreeMap<String, Vec<(TenantId, WordKind)>>,
}

/// Words that are looked for at once: bounds the memory of one search.
const AT_ONCE: usize = 20_000;
/// The most bytes of a word. A longer name is looked for by its beginning.
const MOST: usize = 200;

/// Text that every module has reason to hold.
const CONTRACT: &[&str] = &[
    include_str!("../../../../wit/types.wit"),
    include_str!("../../../../wit/log.wit"),
    include_str!("../../../../wit/assets.wit"),
    include_str!("../../../../wit/known-good.wit"),
    include_str!("../../../../wit/memory.wit"),
    include_str!("../../../../wit/grouper.wit"),
    include_str!("../../../../wit/enricher.wit"),
    include_str!("../../../../wit/drafter.wit"),
];
/// Words of the trade that name machines and accounts of many tenants.
const ORDINARY: &[&str] = &[
    "admin",
    "administrator",
    "android",
    "backup",
    "camera",
    "client",
    "cluster",
    "console",
    "database",
    "desktop",
    "docker",
    "domain",
    "exchange",
    "external",
    "firewall",
    "gateway",
    "github",
    "google",
    "internal",
    "jenkins",
    "kubernetes",
    "laptop",
    "localhost",
    "machine",
    "mailserver",
    "microsoft",
    "mobile",
    "monitor",
    "network",
    "office",
    "oracle",
    "postgres",
    "printer",
    "production",
    "public",
    "router",
    "scanner",
    "server",
    "service",
    "session",
    "sharepoint",
    "staging",
    "storage",
    "switch",
    "system",
    "tablet",
    "terminal",
    "testing",
    "ubuntu",
    "webserver",
    "windows",
    "workstation",
];

impl Words {
    /// The fewest bytes of a word that is looked for; shorter ones are everywhere.
    pub const LEAST: usize = 6;

    /// Adds a word; one that is too short is left away.
    pub fn add(&mut self, word: Word) {
        let text = word.text.trim().to_ascii_lowercase();
        let text = text
            .get(..text.floor_char_boundary(MOST))
            .unwrap_or_default();
        if text.len() < Self::LEAST {
            return;
        }
        let owners = self.owners.entry(text.to_owned()).or_default();
        if !owners.iter().any(|(tenant, _)| *tenant == word.tenant) {
            owners.push((word.tenant, word.kind));
        }
    }

    /// How many different words there are.
    pub fn count(&self) -> usize {
        self.owners.len()
    }

    /// Searches a module's files, as plain text in UTF-8 and UTF-16, letters of ASCII without case. A
    /// word that stands inside a longer one is found too: text in a component has no gaps. What is
    /// encoded, compressed or computed is not found.
    ///
    /// One hit a word and tenant, in the order of the words; empty where nothing is there.
    pub fn search(&self, component: &[u8], manifest: &str) -> Vec<Hit> {
        let contract = CONTRACT.concat().to_ascii_lowercase();
        let words: Vec<&String> = self.owners.keys().collect();
        let mut hits = Vec::new();
        for words in words.chunks(AT_ONCE) {
            let in_component = found(words, component);
            let in_manifest = found(words, manifest.as_bytes());
            for (file, found) in [
                (super::COMPONENT, in_component),
                (Manifest::FILE, in_manifest),
            ] {
                for (word, place) in found {
                    let ordinary = ORDINARY.contains(&word.as_str()) || contract.contains(word);
                    for (tenant, kind) in self.owners.get(word).into_iter().flatten() {
                        hits.push(Hit {
                            tenant: tenant.clone(),
                            kind: *kind,
                            word: Text::capped(word, MOST),
                            file,
                            byte: place.first as u64,
                            part: String::new(),
                            encoding: if place.wide { "UTF-16" } else { "UTF-8" },
                            count: place.count,
                            ordinary,
                        });
                    }
                }
            }
        }
        name_parts(component, &mut hits);
        hits.sort_by(|a, b| (&a.tenant, &a.word, a.file).cmp(&(&b.tenant, &b.word, b.file)));
        hits
    }
}

/// Where a word was found.
struct Places {
    first: usize,
    wide: bool,
    count: u64,
}

/// Each word that is in the bytes.
fn found<'w>(words: &[&'w String], bytes: &[u8]) -> Vec<(&'w String, Places)> {
    let wide = |word: &str| -> Vec<u8> { word.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let patterns = words
        .iter()
        .flat_map(|word| [word.as_bytes().to_vec(), wide(word)]);
    let built = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .ascii_case_insensitive(true)
        .build(patterns);
    // More states than the search can number do not come of so few words.
    let Ok(search) = built else {
        return Vec::new();
    };
    let mut places: BTreeMap<usize, Places> = BTreeMap::new();
    for found in search.find_overlapping_iter(bytes) {
        let pattern = found.pattern().as_usize();
        let place = places.entry(pattern / 2).or_insert(Places {
            first: found.start(),
            wide: pattern % 2 == 1,
            count: 0,
        });
        place.count += 1;
    }
    let word = |(number, place)| words.get(number).map(|word| (*word, place));
    places.into_iter().filter_map(word).collect()
}

/// Says of each hit in which part of its file it is.
fn name_parts(component: &[u8], hits: &mut [Hit]) {
    for hit in hits.iter_mut() {
        hit.part = match hit.file {
            Manifest::FILE => "text of the manifest".to_owned(),
            _ => "elsewhere in the component".to_owned(),
        };
    }
    let mut of_component: Vec<&mut Hit> = hits
        .iter_mut()
        .filter(|hit| hit.file == super::COMPONENT)
        .collect();
    if of_component.is_empty() {
        return;
    }
    of_component.sort_by_key(|hit| hit.byte);
    let mut name = |range: std::ops::Range<usize>, part: &dyn Fn() -> String| {
        let from = of_component.partition_point(|hit| hit.byte < range.start as u64);
        for hit in of_component.iter_mut().skip(from) {
            if hit.byte >= range.end as u64 {
                break;
            }
            hit.part = part();
        }
    };
    let mut module = 0_u32;
    // What cannot be read on is not named; the byte is told all the same.
    for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
        if let Payload::ModuleSection { .. } = payload {
            module += 1;
        } else if let Payload::DataSection(section) = payload {
            for (number, data) in section.into_iter().map_while(Result::ok).enumerate() {
                name(data.range.clone(), &|| {
                    format!(
                        "data segment {number} of core module {}",
                        module.saturating_sub(1)
                    )
                });
            }
        } else if let Payload::CustomSection(section) = payload {
            let called = Text::capped(section.name(), MOST);
            name(section.range(), &|| format!("custom section `{called}`"));
        } else if let Payload::CodeSectionStart { range, .. } = payload {
            name(range, &|| {
                format!("code of core module {}", module.saturating_sub(1))
            });
        } else if let Payload::ImportSection(section) = payload {
            name(section.range(), &|| "imports of a core module".to_owned());
        } else if let Payload::ComponentImportSection(section) = payload {
            name(section.range(), &|| "imports of the component".to_owned());
        } else if let Payload::ComponentExportSection(section) = payload {
            name(section.range(), &|| "exports of the component".to_owned());
        } else if let Payload::ComponentTypeSection(section) = payload {
            name(section.range(), &|| "types of the component".to_owned());
        }
    }
}
