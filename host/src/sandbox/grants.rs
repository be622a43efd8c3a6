use super::WantedLimits;
use super::manifest::{capability_names, name};
use crate::boundary::Roster;
use crate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use crate::written::{Decision, Key, Place, Problems, Sheet, Table, Value, quoted, read};

/// An operator's consent: this module, in these very bytes, may run for these tenants with these
/// capabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The module's name.
    pub module: ModuleName,
    /// Of its component and `module.toml`: see [`super::module_digest`].
    pub digest: Digest,
    /// For whom.
    pub tenants: GrantedTenants,
    /// With which capabilities, at most; may be empty.
    pub capabilities: Vec<Capability>,
    /// The person who granted it, by the id in the roster.
    pub by: Text,
    /// When.
    pub at: Instant,
    /// Limits lower than those the module asks for.
    pub limits: WantedLimits,
    /// Whether it may only run beside the module of its name that counts: what it computes is compared
    /// and never kept.
    pub shadow: bool,
}

/// For whom a grant is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantedTenants {
    /// Every tenant of the home, also later ones.
    All,
    /// These; never empty in a file.
    These(Vec<TenantId>),
}

impl GrantedTenants {
    /// Whether the tenant is among them.
    pub fn contains(&self, tenant: &TenantId) -> bool {
        match self {
            Self::All => true,
            Self::These(tenants) => tenants.contains(tenant),
        }
    }
}

/// An operator's consent taken back: the module, in whatever bytes, does not run for these tenants
/// until it is granted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The module's name.
    pub module: ModuleName,
    /// For whom.
    pub tenants: GrantedTenants,
    /// The person who withdrew it, by the id in the roster.
    pub by: Text,
    /// When.
    pub at: Instant,
    /// Whether it is of those bytes only that may run beside the module that counts.
    pub shadow: bool,
}

/// The grants of a home: `grants.toml`, with what was withdrawn. Where several speak of one digest and
/// tenant, the last one in the file decides alone; so a grant is narrowed, widened or withdrawn by
/// adding to the file, and what was granted before stays to be read.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    text: Box<str>,
    rows: Vec<Row>,
}

/// What stands in one table of the file.
#[derive(Clone, Debug)]
enum Row {
    Given(Placed),
    Withdrawn(Withdrawal, Place),
}

impl Row {
    fn given(&self) -> Option<&Placed> {
        match self {
            Self::Given(placed) => Some(placed),
            Self::Withdrawn(_, _) => None,
        }
    }
}

/// A grant and where it stands.
#[derive(Clone, Debug)]
struct Placed {
    grant: Grant,
    place: Place,
    capabilities: Place,
}

/// What decides about a module's bytes and a tenant.
pub(super) enum Deciding<'a> {
    Grant(&'a Grant, Decision),
    Withdrawn(Decision),
    Nothing,
}

const KEYS: &[Key] = &[("version", "version = 1"), ("grant", "[[grant]]")];
const GRANT: &[Key] = &[
    ("module", "module = \"my-module\""),
    ("digest", "digest = \"sha256:…\""),
    ("tenants", "tenants = [\"a-tenant\"]"),
    ("capabilities", "capabilities = []"),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
    ("limits", "limits = { memory_mib = 32 }"),
    ("shadow", "shadow = true"),
    ("withdrawn", "withdrawn = true"),
];

impl Grants {
    /// The file's name in a home.
    pub const FILE: &'static str = "grants.toml";

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        read(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let tables = match file.optional("grant") {
                None => Vec::new(),
                Some(value) => value.tables(GRANT)?,
            };
            let rows = tables.iter().filter_map(row).collect();
            version.map(|()| Self {
                text: text.into(),
                rows,
            })
        })
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.given().map(|placed| &placed.grant)
    }

    fn given(&self) -> impl DoubleEndedIterator<Item = &Placed> {
        self.rows.iter().filter_map(Row::given)
    }

    /// The grants that decide for a tenant, one for each module's bytes, in the order of the file:
    /// those that neither a later grant nor a withdrawal has taken the place of.
    pub fn in_effect(&self, tenant: &TenantId) -> Vec<&Grant> {
        let decides = |grant: &&Grant| {
            let found = self.deciding(&grant.module, grant.digest, tenant);
            matches!(found, Deciding::Grant(last, _) if std::ptr::eq(last, *grant))
        };
        self.iter()
            .filter(|grant| grant.tenants.contains(tenant))
            .filter(decides)
            .collect()
    }

    /// The last withdrawal of a module for a tenant.
    pub fn withdrawal(&self, module: &ModuleName, tenant: &TenantId) -> Option<&Withdrawal> {
        self.rows.iter().rev().find_map(|row| match row {
            Row::Withdrawn(row, _) if row.module == *module && row.tenants.contains(tenant) => {
                Some(row)
            }
            Row::Withdrawn(_, _) | Row::Given(_) => None,
        })
    }

    /// The grants whose `by` is no operator of the roster, and where they stand.
    pub fn strangers(&self, roster: &Roster) -> Vec<(&Grant, Decision)> {
        let is_operator = |grant: &Grant| {
            let person = roster.person(grant.by.as_str());
            person.is_some_and(|p| p.is(crate::boundary::Role::Operator))
        };
        self.given()
            .filter(|placed| !is_operator(&placed.grant))
            .map(|placed| (&placed.grant, self.line(placed.place)))
            .collect()
    }

    /// The text of the file with one grant more behind what is there, which stays as it is. An empty
    /// text becomes a whole file.
    ///
    /// # Errors
    /// When the text or the grant is not valid.
    pub fn add(text: &str, grant: &Grant) -> Result<String, Problems> {
        Self::append(text, &grant.text())
    }

    /// As [`Grants::add`], for a withdrawal.
    ///
    /// # Errors
    /// When the text or the withdrawal is not valid.
    pub fn withdraw(text: &str, withdrawal: &Withdrawal) -> Result<String, Problems> {
        Self::append(text, &withdrawal.text())
    }

    fn append(text: &str, row: &str) -> Result<String, Problems> {
        let mut new = match text.trim() {
            "" => format!("{text}version = 1\n"),
            _ => text.to_owned(),
        };
        if !new.ends_with('\n') {
            new.push('\n');
        }
        new.push('\n');
        new.push_str(row);
        Self::parse(&new)?;
        Ok(new)
    }

    /// What decides for the digest and tenant: the last that speaks of them.
    pub(super) fn deciding(
        &self,
        module: &ModuleName,
        digest: Digest,
        tenant: &TenantId,
    ) -> Deciding<'_> {
        // A withdrawal of what runs beside: it is one of these bytes where they do.
        let mut beside = None;
        for row in self.rows.iter().rev() {
            match row {
                Row::Given(placed) => {
                    let grant = &placed.grant;
                    let is_of = grant.digest == digest && grant.module == *module;
                    if is_of && grant.tenants.contains(tenant) {
                        return match beside.filter(|_| grant.shadow) {
                            Some(place) => Deciding::Withdrawn(self.line(place)),
                            None => Deciding::Grant(grant, self.line(placed.capabilities)),
                        };
                    }
                }
                Row::Withdrawn(row, place) => {
                    if row.module == *module && row.tenants.contains(tenant) {
                        if !row.shadow {
                            return Deciding::Withdrawn(self.line(*place));
                        }
                        beside = beside.or(Some(*place));
                    }
                }
            }
        }
        Deciding::Nothing
    }

    /// The last grant that is like this, and where it stands.
    pub(super) fn last(&self, is: impl Fn(&Grant) -> bool) -> Option<(&Grant, Decision)> {
        let placed = self.given().rev().find(|p| is(&p.grant))?;
        Some((&placed.grant, self.line(placed.place)))
    }

    fn line(&self, place: Place) -> Decision {
        Decision::at(Self::FILE, &self.text, place, None)
    }
}

fn row(table: &Table<'_, '_>) -> Option<Row> {
    let Some(value) = table.optional("withdrawn") else {
        return grant(table).map(Row::Given);
    };
    let is = value.boolean()?;
    if !is.value {
        let help = "write `withdrawn = true`, or take the line out".to_owned();
        value.wrong("is no withdrawal", Some(help));
        return None;
    }
    let sheet = table.sheet();
    let module = table.required("module").and_then(|v| name(sheet, &v));
    let tenants = table.required("tenants").and_then(|v| tenants(sheet, &v));
    let by = table.required("by").and_then(|v| by(&v));
    let at = table.required("at").and_then(|v| v.instant());
    let shadow = shadow(table)?;
    for key in ["digest", "capabilities", "limits"] {
        if let Some(value) = table.optional(key) {
            let help = "a withdrawal is of a module whatever its bytes: take this out".to_owned();
            value.wrong("belongs to a grant", Some(help));
        }
    }
    let row = Withdrawal {
        module: module?,
        tenants: tenants?,
        by: by?,
        at: at?.0.value,
        shadow,
    };
    Some(Row::Withdrawn(row, is.place))
}

/// Whether a row is of what runs beside the module that counts.
fn shadow(table: &Table<'_, '_>) -> Option<bool> {
    match table.optional("shadow") {
        None => Some(false),
        Some(value) => value.boolean().map(|is| is.value),
    }
}

fn grant(table: &Table<'_, '_>) -> Option<Placed> {
    let sheet = table.sheet();
    let module = table.required("module").and_then(|v| name(sheet, &v));
    let digest = table.required("digest").and_then(|v| digest(&v));
    let tenants = table.required("tenants").and_then(|v| tenants(sheet, &v));
    let named = table.required("capabilities");
    let key = named.as_ref().map(|v| v.key);
    let capabilities = named.and_then(|v| capability_names(sheet, &v));
    let by = table.required("by").and_then(|v| by(&v));
    let at = table.required("at").and_then(|v| v.instant());
    let limits = match table.optional("limits") {
        None => Some(WantedLimits::default()),
        Some(value) => WantedLimits::read(&value),
    };
    let shadow = shadow(table);
    let capabilities = capabilities?.iter().map(|c| c.value).collect();
    Some(Placed {
        place: table.place(),
        capabilities: key?,
        grant: Grant {
            module: module?,
            digest: digest?,
            tenants: tenants?,
            capabilities,
            by: by?,
            at: at?.0.value,
            limits: limits?,
            shadow: shadow?,
        },
    })
}

fn digest(value: &Value<'_, '_>) -> Option<Digest> {
    let written = value.string(200)?;
    let digest = Digest::parse(written.value).filter(|_| written.value.starts_with("sha256:"));
    if digest.is_none() {
        value.wrong("is not `sha256:` and 64 hexadecimal digits", None);
    }
    digest
}

fn tenants(sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<GrantedTenants> {
    const HELP: &str = "write `tenants = \"all\"` or `tenants = [\"a-tenant\"]`";
    if let Some(word) = value.as_str() {
        if word == "all" {
            return Some(GrantedTenants::All);
        }
        let message = format!("is `{}`, not `all` or a list", quoted(word));
        value.wrong(&message, Some(HELP.to_owned()));
        return None;
    }
    let words = value.strings()?;
    if words.is_empty() {
        value.wrong("is empty", Some(HELP.to_owned()));
    }
    let mut tenants = Vec::new();
    for word in &words {
        match TenantId::parse(word.value) {
            Ok(tenant) => tenants.push(tenant),
            Err(error) => sheet.problem(word.place, error.to_string(), None),
        }
    }
    Some(GrantedTenants::These(tenants))
}

fn by(value: &Value<'_, '_>) -> Option<Text> {
    let by = value.string(254)?;
    if crate::boundary::is_person(by.value) {
        return Some(Text::capped(by.value, 254));
    }
    let help = "write `first.last@mssp.example`, a person of the roster";
    value.wrong("is no id of a person", Some(help.to_owned()));
    None
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(items: Vec<String>) -> String {
    format!("[{}]", items.join(", "))
}

impl GrantedTenants {
    fn text(&self) -> String {
        match self {
            Self::All => quote("all"),
            Self::These(these) => list(these.iter().map(|t| quote(t.as_str())).collect()),
        }
    }
}

impl Grant {
    /// The grant as it is written in the file.
    pub fn text(&self) -> String {
        let capabilities = self.capabilities.iter().map(|c| quote(c.name())).collect();
        let mut text = format!(
            "[[grant]]\nmodule = {}\ndigest = \"sha256:{}\"\ntenants = {}\ncapabilities = {}\nby = {}\nat = {}\n",
            quote(self.module.as_str()),
            self.digest,
            self.tenants.text(),
            list(capabilities),
            quote(self.by.as_str()),
            self.at,
        );
        if !self.limits.is_empty() {
            let pairs = self.limits.pairs();
            let pairs = pairs.map(|(key, value)| format!("{key} = {value}"));
            let pairs: Vec<String> = pairs.collect();
            text.push_str(&format!("limits = {{ {} }}\n", pairs.join(", ")));
        }
        if self.shadow {
            text.push_str("shadow = true\n");
        }
        text
    }
}

impl Withdrawal {
    /// The withdrawal as it is written in the file.
    pub fn text(&self) -> String {
        let beside = if self.shadow { "shadow = true\n" } else { "" };
        format!(
            "[[grant]]\nwithdrawn = true\n{beside}module = {}\ntenants = {}\nby = {}\nat = {}\n",
            quote(self.module.as_str()),
            self.tenants.text(),
            quote(self.by.as_str()),
            self.at,
        )
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
