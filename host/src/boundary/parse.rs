use super::exclusion::{Denied, Exclusion};
use super::host::is_word;
use super::retention::{RETENTION, RetentionSaid};
use super::review::{ReviewSaid, Words};
use super::roster::is_person;
use super::said::{Data, Fields, ModelSite, Sources, Statements};
use super::{Audience, Boundary, EnrichmentSource, HostNames, PacketPart, ReviewItem, Roster};
use crate::model::{Field, FieldSet, Instant, TenantId, Text};
use crate::written::{At, Key, Problems, Sheet, Table, Value, quoted, read};

const KEYS: &[Key] = &[
    ("version", "version = 1"),
    ("fields", "fields = 1"),
    ("accountable", "accountable = \"first.last@mssp.example\""),
    ("data", "[data]"),
    ("model", "[model]"),
    ("enrichment", "[enrichment]"),
    ("review", "[review]"),
    ("exclusions", "exclusions = []"),
    ("retention", "[retention]"),
];
const DATA: &[Key] = &[
    ("modules", "modules = []"),
    ("model", "model = []"),
    ("memory", "memory = false"),
    ("pseudonymise", "pseudonymise = []"),
];
const MODEL: &[Key] = &[
    ("endpoint", "endpoint = \"none\""),
    ("location", "location = \"on-premises\""),
];
const ENRICHMENT: &[Key] = &[("sources", "sources = []")];
const REVIEW: &[Key] = &[
    ("required", "required = [\"severity\"]"),
    ("signers", "signers = \"allowed_signers\""),
    ("downgrade_needs", "downgrade_needs = 2"),
    ("packet_needs", "packet_needs = []"),
    ("replay_bundle", "replay_bundle = []"),
];
const EXCLUSION: &[Key] = &[
    ("clause", "clause = \"MSA 7.2: what it says\""),
    ("deny", "deny = [\"model\"]"),
    ("until", "until = 2027-03-31"),
];

const DAY_MS: i64 = 86_400_000;

impl Boundary {
    /// Parses a tenant's file. `accountable` must be a person of the roster; a model endpoint must be
    /// one of the host's, where the file says it stands.
    ///
    /// Contradictions are problems: a model cannot see, nor be given a token of, what modules may not
    /// see, since a module is what asks the model. `data.model` may name fields while the endpoint is
    /// `none`: the endpoint is the narrower statement and wins.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn parse(
        tenant: &TenantId,
        text: &str,
        roster: &Roster,
        host: &HostNames,
    ) -> Result<Self, Problems> {
        Self::read(tenant, text, Some((roster, host)))
    }

    /// Parses a file that was in effect once: who was accountable may have left the roster since.
    pub(crate) fn recorded(tenant: &TenantId, text: &str) -> Option<Self> {
        Self::read(tenant, text, None).ok()
    }

    fn read(
        tenant: &TenantId,
        text: &str,
        known: Option<(&Roster, &HostNames)>,
    ) -> Result<Self, Problems> {
        read(Self::FILE, text, KEYS, |file| {
            let head = head(file);
            let accountable = accountable(file, known.map(|(roster, _)| roster));
            let said = statements(file, Self::FILE, text, REVIEW, known.map(|(_, host)| host));
            let review = file.optional("review").and_then(|v| v.table(REVIEW));
            let signers = review.and_then(|t| t.required("signers"));
            let signers = signers.and_then(|v| signers_of(&v));
            head?;
            Some(Self::resolved(
                tenant.clone(),
                accountable?,
                signers?,
                said?,
                None,
            ))
        })
    }
}

/// What every such file begins with.
pub(super) fn head(file: &Table<'_, '_>) -> Option<()> {
    let version = file.version_one();
    let fields = file.required("fields").and_then(|v| list_version(&v));
    version.and(fields)
}

/// The five statements of a file, whose review has these keys. Without a host, any endpoint is taken.
pub(super) fn statements(
    file: &Table<'_, '_>,
    name: &'static str,
    text: &str,
    review_keys: &'static [Key],
    host: Option<&HostNames>,
) -> Option<Statements> {
    let data = section(file, "data", DATA).and_then(|t| data(&t));
    let model = section(file, "model", MODEL).and_then(|t| model(&t, host));
    let sources = section(file, "enrichment", ENRICHMENT).and_then(|t| sources(&t));
    let review = section(file, "review", review_keys).and_then(|t| review(&t));
    let exclusions = file.required("exclusions").and_then(|v| exclusions(&v));
    let retention = match file.optional("retention") {
        None => Some(RetentionSaid::default()),
        Some(value) => value.table(RETENTION).and_then(|t| RetentionSaid::read(&t)),
    };
    Some(Statements {
        file: name,
        text: text.into(),
        data: data?,
        model: model?,
        sources: sources?,
        review: review?,
        exclusions: exclusions?,
        retention: retention?,
    })
}

fn section<'a, 't>(
    file: &Table<'a, 't>,
    name: &'static str,
    keys: &'static [Key],
) -> Option<Table<'a, 't>> {
    file.required(name)?.table(keys)
}

fn list_version(value: &Value<'_, '_>) -> Option<()> {
    let version = value.integer(0..=u64::MAX)?;
    if version.value == u64::from(Field::LIST_VERSION) {
        return Some(());
    }
    let known = Field::LIST_VERSION;
    let message = format!("is {}, a field list this host does not have", version.value);
    value.wrong(&message, Some(format!("write `fields = {known}`")));
    None
}

fn accountable(file: &Table<'_, '_>, roster: Option<&Roster>) -> Option<At<Text>> {
    let value = file.required("accountable")?;
    let id = value.string(254)?;
    let Some(roster) = roster.filter(|r| r.person(id.value).is_none()) else {
        return Some(id.with(Text::capped(id.value, 254)));
    };
    if is_person(id.value) {
        let known = roster.people().iter().map(super::Person::id);
        file.sheet().unknown(&id, "person of the roster", known);
    } else {
        let message = format!("`{}` is no id of a person", quoted(id.value));
        let help = "name a person of the roster, not a role".to_owned();
        file.sheet().problem(id.place, message, Some(help));
    }
    None
}

fn data(table: &Table<'_, '_>) -> Option<Data> {
    let list = |key| table.required(key).and_then(|v| fields(table.sheet(), &v));
    let modules = list("modules");
    let model = list("model");
    let memory = table.required("memory").and_then(|v| v.boolean());
    let pseudonymise = list("pseudonymise");
    if let Some(modules) = &modules {
        for (name, inner) in [("model", &model), ("pseudonymise", &pseudonymise)] {
            for named in inner.iter().flat_map(|f| &f.named) {
                within(table.sheet(), &format!("data.{name}"), named, modules.set());
            }
        }
    }
    Some(Data {
        modules: modules?,
        model: model?,
        pseudonymise: pseudonymise?,
        memory: memory?,
    })
}

/// That a list of what a model may see names nothing that modules may not see.
pub(super) fn within(sheet: &Sheet<'_>, list: &str, named: &At<FieldSet>, modules: FieldSet) {
    let hidden: Vec<_> = named
        .value
        .without(modules)
        .iter()
        .map(|f| format!("`{f}`"))
        .collect();
    if !hidden.is_empty() {
        let message = format!(
            "`{list}` names {}, which `data.modules` withholds",
            hidden.join(", ")
        );
        let help = "a model is asked by a module, so it can see no more: take it out here, or add it to `data.modules`";
        sheet.problem(named.place, message, Some(help.to_owned()));
    }
}

/// Reads a list of field and group names.
pub(crate) fn field_names(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<Vec<At<FieldSet>>> {
    let words = value.strings()?;
    let mut named = Vec::new();
    for word in &words {
        match Field::named(word.value) {
            Some(fields) => named.push(word.with(fields)),
            None => {
                let fields = Field::ALL.iter().map(|f| f.name());
                sheet.unknown(word, "field", fields.chain(Field::GROUPS));
            }
        }
    }
    Some(named)
}

pub(super) fn fields(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<Fields> {
    Some(Fields {
        key: value.key,
        named: field_names(sheet, value)?,
    })
}

fn model(table: &Table<'_, '_>, host: Option<&HostNames>) -> Option<ModelSite> {
    let endpoint = table.required("endpoint").and_then(|v| v.string(64));
    let location = table.required("location").and_then(|v| {
        let location = v.string(64)?;
        if is_word(location.value) {
            return Some(location);
        }
        let help = "write a word of a-z, 0-9 and `-`, for example `on-premises`".to_owned();
        v.wrong("is no location", Some(help));
        None
    });
    let named = match endpoint?.value {
        "none" => None,
        name => Some(name),
    };
    if let (Some(name), Some(endpoint), Some(host)) = (named, &endpoint, host) {
        let known = host.endpoints().iter().find(|e| e.name() == name);
        match (known, &location) {
            (None, _) => {
                let names = host.endpoints().iter().map(|e| e.name());
                let names = names.chain(["none"]);
                table
                    .sheet()
                    .unknown(endpoint, "endpoint of this host", names);
            }
            (Some(known), Some(said)) if known.location() != said.value => {
                let message = format!(
                    "endpoint `{name}` stands at `{}`, not at `{}`",
                    known.location(),
                    said.value
                );
                table.sheet().problem(said.place, message, None);
            }
            (Some(_), _) => {}
        }
    }
    let (endpoint, location) = (endpoint?, location?);
    Some(ModelSite {
        endpoint: endpoint.with(named.map(|n| Text::capped(n, 64))),
        location: location.with(Text::capped(location.value, 64)),
    })
}

fn sources(table: &Table<'_, '_>) -> Option<Sources> {
    source_names(table.sheet(), &table.required("sources")?)
}

pub(super) fn source_names(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<Sources> {
    let words = value.strings()?;
    let mut named = Vec::new();
    for word in &words {
        match EnrichmentSource::parse(word.value) {
            Some(source) => named.push(word.with(source)),
            None => sheet.unknown(word, "source", EnrichmentSource::NAMES),
        }
    }
    Some(Sources {
        key: value.key,
        named,
    })
}

fn review(table: &Table<'_, '_>) -> Option<ReviewSaid> {
    let required = table.required("required");
    let downgrade_needs = table.required("downgrade_needs");
    let downgrade_needs = downgrade_needs.and_then(|v| v.integer(1..=8));
    let packet_needs = table.required("packet_needs");
    let replay_bundle = table.required("replay_bundle");
    let sheet = table.sheet();
    let items = ReviewItem::ALL.iter().map(|i| (i.word(), *i)).collect();
    let required = required.and_then(|v| words(sheet, &v, "item of a review", items));
    let parts = PacketPart::ALL.iter().map(|p| (p.word(), *p)).collect();
    let packet_needs = packet_needs.and_then(|v| words(sheet, &v, "part of a packet", parts));
    let replay_bundle = replay_bundle.and_then(|v| audiences(sheet, &v));
    let downgrade_needs = downgrade_needs?;
    Some(ReviewSaid {
        required: required?,
        downgrade_needs: downgrade_needs.with(u8::try_from(downgrade_needs.value).ok()?),
        packet_needs: packet_needs?,
        replay_bundle: replay_bundle?,
    })
}

pub(super) fn audiences(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<Words<Audience>> {
    let known = Audience::ALL.iter().map(|a| (a.word(), *a)).collect();
    words(sheet, value, "audience of the replay bundle", known)
}

fn signers_of(value: &Value<'_, '_>) -> Option<At<Text>> {
    let name = value.string(64)?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.value.bytes().all(is_plain) && !name.value.starts_with('.') {
        return Some(name.with(Text::capped(name.value, 64)));
    }
    let help = "write the name of a file in the tenant's folder: `signers = \"allowed_signers\"`";
    value.wrong("is no plain file name", Some(help.to_owned()));
    None
}

fn words<T: Copy>(
    sheet: &Sheet<'_>,
    value: &Value<'_, '_>,
    what: &str,
    known: Vec<(&'static str, T)>,
) -> Option<Words<T>> {
    let mut found = Vec::new();
    for word in &value.strings()? {
        match known.iter().find(|(name, _)| *name == word.value) {
            Some((_, item)) => found.push(word.with(*item)),
            None => sheet.unknown(word, what, known.iter().map(|(name, _)| *name)),
        }
    }
    Some(Words {
        key: value.key,
        named: found,
    })
}

fn exclusions(value: &Value<'_, '_>) -> Option<Vec<Exclusion>> {
    let tables = value.tables(EXCLUSION)?;
    Some(tables.iter().filter_map(exclusion).collect())
}

fn exclusion(table: &Table<'_, '_>) -> Option<Exclusion> {
    let clause = table.required("clause").and_then(|v| v.string(500));
    let deny = table.required("deny").and_then(|v| {
        let words = v.strings()?;
        if words.is_empty() {
            let help = "name what the clause denies, or take the exclusion out".to_owned();
            v.wrong("is empty", Some(help));
        }
        Some(
            words
                .iter()
                .filter_map(|w| denied(table.sheet(), w))
                .collect(),
        )
    });
    let over = table.optional("until").map(|v| until(&v));
    Some(Exclusion {
        clause: Text::capped(clause?.value, 500),
        deny: deny?,
        over: match over {
            None => None,
            Some(read) => Some(read?),
        },
    })
}

/// A date is the last day, in UTC, and a time the last instant at which the exclusion holds.
fn until(value: &Value<'_, '_>) -> Option<Instant> {
    let (last, is_day) = value.instant()?;
    let length = if is_day { DAY_MS } else { 1 };
    Some(Instant::from_millis(
        last.value.millis().checked_add(length)?,
    ))
}

fn denied(sheet: &Sheet<'_>, word: &At<&str>) -> Option<At<Denied>> {
    let denied = match word.value {
        "model" => Some(Denied::Model),
        "memory" => Some(Denied::Memory),
        other => EnrichmentSource::parse(other)
            .map(Denied::Source)
            .or_else(|| Field::named(other).map(Denied::Fields)),
    };
    if denied.is_none() {
        let known = EnrichmentSource::NAMES
            .into_iter()
            .chain(["model", "memory"])
            .chain(Field::ALL.iter().map(|f| f.name()))
            .chain(Field::GROUPS);
        sheet.unknown(word, "source, field, `model` or `memory`", known);
    }
    denied.map(|d| word.with(d))
}
