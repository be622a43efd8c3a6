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

/// The grants of a home: `grants.toml`. Where several grants are for one digest and tenant, the last
/// one in the file decides alone; so a grant is narrowed, widened or taken back (`capabilities = []`)
/// by adding another.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    text: Box<str>,
    grants: Vec<Placed>,
}

/// A grant and where it stands.
#[derive(Clone, Debug)]
struct Placed {
    grant: Grant,
    place: Place,
    capabilities: Place,
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
            let grants = tables.iter().filter_map(grant).collect();
            version.map(|()| Self {
                text: text.into(),
                grants,
            })
        })
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().map(|placed| &placed.grant)
    }

    /// The grants whose `by` is no operator of the roster, and where they stand.
    pub fn strangers(&self, roster: &Roster) -> Vec<(&Grant, Decision)> {
        let is_operator = |grant: &Grant| {
            let person = roster.person(grant.by.as_str());
            person.is_some_and(|p| p.is(crate::boundary::Role::Operator))
        };
        self.grants
            .iter()
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
        let mut new = match text.trim() {
            "" => format!("{text}version = 1\n"),
            _ => text.to_owned(),
        };
        if !new.ends_with('\n') {
            new.push('\n');
        }
        new.push('\n');
        new.push_str(&render(grant));
        Self::parse(&new)?;
        Ok(new)
    }

    /// The grant that decides for the digest and tenant: the last one.
    pub(super) fn deciding(
        &self,
        module: &ModuleName,
        digest: Digest,
        tenant: &TenantId,
    ) -> Option<(&Grant, Decision)> {
        let placed = self.grants.iter().rev().find(|placed| {
            let grant = &placed.grant;
            grant.digest == digest && grant.module == *module && grant.tenants.contains(tenant)
        })?;
        Some((&placed.grant, self.line(placed.capabilities)))
    }

    /// The last grant that is like this, and where it stands.
    pub(super) fn last(&self, is: impl Fn(&Grant) -> bool) -> Option<(&Grant, Decision)> {
        let placed = self.grants.iter().rev().find(|p| is(&p.grant))?;
        Some((&placed.grant, self.line(placed.place)))
    }

    fn line(&self, place: Place) -> Decision {
        Decision::at(Self::FILE, &self.text, place, None)
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

fn render(grant: &Grant) -> String {
    let quote = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let tenants = match &grant.tenants {
        GrantedTenants::All => quote("all"),
        GrantedTenants::These(these) => list(these.iter().map(|t| quote(t.as_str())).collect()),
    };
    let capabilities = grant.capabilities.iter().map(|c| quote(c.name())).collect();
    let mut text = format!(
        "[[grant]]\nmodule = {}\ndigest = \"sha256:{}\"\ntenants = {tenants}\ncapabilities = {}\nby = {}\nat = {}\n",
        quote(grant.module.as_str()),
        grant.digest,
        list(capabilities),
        quote(grant.by.as_str()),
        grant.at,
    );
    if !grant.limits.is_empty() {
        let pairs: Vec<String> = grant
            .limits
            .pairs()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        text.push_str(&format!("limits = {{ {} }}\n", pairs.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            module: ModuleName::parse("enrich").unwrap(),
            digest: Digest::of(b"x"),
            tenants: GrantedTenants::These(vec![TenantId::parse("acme").unwrap()]),
            capabilities: vec![Capability::Assets],
            by: Text::capped("ada@mssp.example", 80),
            at: Instant::from_millis(1_795_420_800_000),
            limits: WantedLimits {
                memory_mib: Some(32),
                ..WantedLimits::default()
            },
        }
    }

    #[test]
    fn what_is_added_is_read_back_and_what_was_there_stays() {
        let one = Grants::add("", &grant()).unwrap();
        let all = Grant {
            tenants: GrantedTenants::All,
            limits: WantedLimits::default(),
            ..grant()
        };
        let commented = format!("{one}# kept \u{e9} as it is");
        let two = Grants::add(&commented, &all).unwrap();
        assert!(two.starts_with(&commented));
        let read = Grants::parse(&two).unwrap();
        assert_eq!(read.iter().cloned().collect::<Vec<_>>(), [grant(), all]);
    }

    #[test]
    fn nothing_is_added_to_a_broken_file_nor_an_invalid_grant() {
        assert!(Grants::add("version = 1\nx = \"", &grant()).is_err());
        let nobody = Grant {
            by: Text::capped("a role", 80),
            ..grant()
        };
        assert!(Grants::add("", &nobody).is_err());
    }

    #[test]
    fn a_file_without_grants_grants_nothing() {
        assert_eq!(Grants::parse("version = 1\n").unwrap().iter().count(), 0);
    }

    #[test]
    fn a_grant_by_somebody_who_is_no_operator_is_found() {
        let text = Grants::add("", &grant()).unwrap();
        let grants = Grants::parse(&text).unwrap();
        let roster = |role| {
            let text = format!(
                "version = 1\n[[people]]\nid = \"ada@mssp.example\"\nname = \"Ada\"\nroles = [\"{role}\"]\n"
            );
            Roster::parse(&text).unwrap()
        };
        assert!(grants.strangers(&roster("operator")).is_empty());
        assert_eq!(grants.strangers(&roster("analyst")).len(), 1);
    }

    #[test]
    fn every_wrong_grant_is_explained_as_its_fixture_says() {
        crate::written::fixtures::each("grants", |text| Grants::parse(text).err());
    }
}
