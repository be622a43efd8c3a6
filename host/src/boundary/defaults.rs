//! The defaults of a home: the same five statements for all tenants, and what a tenant's own file may
//! widen.

use super::parse::{audiences, fields, head, source_names, statements, within};
use super::review::Words;
use super::said::{Fields, Sources, Statements};
use super::{Audience, HostNames};
use crate::model::Digest;
use crate::written::{At, Key, Problems, Table, read};

/// What applies to all tenants of a home: `defaults/boundary.toml`.
///
/// A tenant's own file states all five statements itself. It may narrow what the defaults say, and
/// allow more only where `[widen]` of the defaults names it. What it names beyond that has no effect
/// and is no error, so that a change of the defaults stops no tenant.
#[derive(Clone, Debug)]
pub struct Defaults {
    pub(super) said: Statements,
    pub(super) widen: Widen,
}

/// What a tenant's own file may allow beyond the defaults.
#[derive(Clone, Debug)]
pub(super) struct Widen {
    pub(super) modules: Fields,
    /// Fields whose values a model may see.
    pub(super) model: Fields,
    pub(super) memory: Option<At<bool>>,
    pub(super) sources: Sources,
    /// Whether it may name an endpoint that the defaults do not.
    pub(super) endpoint: Option<At<bool>>,
    pub(super) replay_bundle: Words<Audience>,
    /// Whether it may keep things for longer.
    pub(super) retention: Option<At<bool>>,
}

const KEYS: &[Key] = &[
    ("version", "version = 1"),
    ("fields", "fields = 1"),
    ("data", "[data]"),
    ("model", "[model]"),
    ("enrichment", "[enrichment]"),
    ("review", "[review]"),
    ("exclusions", "exclusions = []"),
    ("retention", "[retention]"),
    ("widen", "[widen]"),
    ("accountable", ""),
];
/// Without how it is written: what is no part of this file.
const REVIEW: &[Key] = &[
    ("required", "required = [\"severity\"]"),
    ("downgrade_needs", "downgrade_needs = 2"),
    ("packet_needs", "packet_needs = []"),
    ("replay_bundle", "replay_bundle = []"),
    ("signers", ""),
];
const WIDEN: &[Key] = &[
    ("modules", "modules = []"),
    ("model", "model = []"),
    ("memory", "memory = false"),
    ("sources", "sources = []"),
    ("endpoint", "endpoint = false"),
    ("replay_bundle", "replay_bundle = []"),
    ("retention", "retention = false"),
];

impl Defaults {
    /// The file's path in a home.
    pub const FILE: &'static str = "defaults/boundary.toml";
    /// The path of the file that is in effect for some tenants first.
    pub const NEXT: &'static str = "defaults/next.toml";

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once. `accountable` and `review.signers` are a
    /// tenant's own and wrong here.
    pub fn parse(text: &str, host: &HostNames) -> Result<Self, Problems> {
        Self::read(Self::FILE, text, Some(host))
    }

    /// As [`Defaults::parse`], for the file that is in effect for some tenants first.
    ///
    /// # Errors
    /// As [`Defaults::parse`].
    pub fn parse_next(text: &str, host: &HostNames) -> Result<Self, Problems> {
        Self::read(Self::NEXT, text, Some(host))
    }

    /// Parses a file that was in effect once.
    pub(crate) fn recorded(text: &str) -> Option<Self> {
        Self::read(Self::FILE, text, None).ok()
    }

    fn read(name: &'static str, text: &str, host: Option<&HostNames>) -> Result<Self, Problems> {
        read(name, text, KEYS, |file| {
            let head = head(file);
            if let Some(accountable) = file.optional("accountable") {
                let help = "take it out: each tenant's own file names its person";
                let place = accountable.key;
                let message = "`accountable` is a tenant's own".to_owned();
                file.sheet().problem(place, message, Some(help.to_owned()));
            }
            let review = file.optional("review").and_then(|v| v.table(REVIEW));
            if let Some(signers) = review.and_then(|t| t.optional("signers")) {
                let help = "take it out: it names a file in each tenant's own folder";
                let message = "`review.signers` is a tenant's own".to_owned();
                file.sheet()
                    .problem(signers.key, message, Some(help.to_owned()));
            }
            let said = statements(file, name, text, REVIEW, host);
            let widen = match file.optional("widen") {
                None => Some(Widen::none()),
                Some(value) => value.table(WIDEN).and_then(|t| Widen::read(&t)),
            };
            head?;
            let (said, widen) = (said?, widen?);
            let shown = said.data.modules.set().union(widen.modules.set());
            for named in &widen.model.named {
                within(file.sheet(), "widen.model", named, shown);
            }
            Some(Self { said, widen })
        })
    }

    /// The file as it was parsed.
    pub fn text(&self) -> &str {
        &self.said.text
    }

    /// The digest of the file's bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// The path of the file in the home.
    pub fn file(&self) -> &'static str {
        self.said.file
    }
}

impl Widen {
    fn none() -> Self {
        let key = crate::written::Place::START;
        let fields = Fields {
            key,
            named: Vec::new(),
        };
        Self {
            modules: fields.clone(),
            model: fields,
            memory: None,
            sources: Sources {
                key,
                named: Vec::new(),
            },
            endpoint: None,
            replay_bundle: Words {
                key,
                named: Vec::new(),
            },
            retention: None,
        }
    }

    fn read(table: &Table<'_, '_>) -> Option<Self> {
        let sheet = table.sheet();
        let none = Self::none();
        let list = |key, none| match table.optional(key) {
            None => Some(none),
            Some(value) => fields(sheet, &value),
        };
        let whether = |key| match table.optional(key) {
            None => Some(None),
            Some(value) => value.boolean().map(Some),
        };
        let (modules, model) = (list("modules", none.modules), list("model", none.model));
        let memory = whether("memory");
        let sources = match table.optional("sources") {
            None => Some(none.sources),
            Some(value) => source_names(sheet, &value),
        };
        let endpoint = whether("endpoint");
        let replay_bundle = match table.optional("replay_bundle") {
            None => Some(none.replay_bundle),
            Some(value) => audiences(sheet, &value),
        };
        let retention = whether("retention");
        Some(Self {
            modules: modules?,
            model: model?,
            memory: memory?,
            sources: sources?,
            endpoint: endpoint?,
            replay_bundle: replay_bundle?,
            retention: retention?,
        })
    }
}
