use super::grant_text::quote;
use super::manifest::{capability_names, name};
use super::{SettingName, WantedLimits, WantedSettings};
use crate::boundary::{NotSigned, Purpose, Roster, Signed};
use crate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use crate::written::{At, Decision, Key, Place, Problems, Sheet, Table, Value, quoted, read};

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
    /// Settings of the module that are not to be its defaults.
    pub settings: WantedSettings,
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
    settings: Vec<At<SettingName>>,
    signature: Option<Box<str>>,
    proof: Proof,
}

/// Whether a grant is signed, where that is wanted.
#[derive(Clone, Debug)]
enum Proof {
    NotWanted,
    Proven(Signed),
    Lacking(NotSigned),
}

impl Placed {
    fn verify(&self, roster: &Roster) -> Result<Signed, NotSigned> {
        let signature = self.signature.as_deref().ok_or(NotSigned::Missing)?;
        self.grant.signed(roster, signature)
    }
}

/// What decides about a module's bytes and a tenant.
pub(super) enum Deciding<'a> {
    Grant(&'a Grant, Decision),
    Withdrawn(Decision),
    NotSigned(NotSigned, Decision),
    Nothing,
}

const KEYS: &[Key] = &[("version", "version = 1"), ("grant", "[[grant]]")];
/// The longest signature in the file, in bytes.
const MAX_SIGNATURE_BYTES: usize = 8 << 10;
const GRANT: &[Key] = &[
    ("module", "module = \"my-module\""),
    ("digest", "digest = \"sha256:…\""),
    ("tenants", "tenants = [\"a-tenant\"]"),
    ("capabilities", "capabilities = []"),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
    ("limits", "limits = { memory_mib = 32 }"),
    ("settings", "settings = { my-setting = 30 }"),
    ("withdrawn", "withdrawn = true"),
    (
        "signature",
        "signature = \"\"\"-----BEGIN SSH SIGNATURE-----…\"\"\"",
    ),
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

    /// The same grants for a host that wants each signed by an operator: one that is not, or by
    /// somebody other than it names, decides still, and what it decides is that the module does not
    /// run. (An older one that is signed may say more than a later one that is not.) Withdrawals need
    /// no signature.
    #[must_use]
    pub fn signed(mut self, roster: &Roster) -> Self {
        for row in &mut self.rows {
            if let Row::Given(placed) = row {
                placed.proof = match placed.verify(roster) {
                    Ok(signed) => Proof::Proven(signed),
                    Err(why) => Proof::Lacking(why),
                };
            }
        }
        self
    }

    /// Whose signature stands behind a grant of these; none where none is wanted or it does not hold.
    pub fn signed_by(&self, grant: &Grant) -> Option<&Signed> {
        let placed = self.given().find(|p| std::ptr::eq(&p.grant, grant))?;
        match &placed.proof {
            Proof::Proven(signed) => Some(signed),
            Proof::NotWanted | Proof::Lacking(_) => None,
        }
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

    /// As [`Grants::add`], with the signature of an operator over [`Grant::text`], for
    /// [`Purpose::Grant`].
    ///
    /// # Errors
    /// As [`Grants::add`].
    pub fn add_signed(text: &str, grant: &Grant, signature: &str) -> Result<String, Problems> {
        let signature = quote(signature.trim());
        Self::append(text, &format!("{}signature = {signature}\n", grant.text()))
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
        for row in self.rows.iter().rev() {
            match row {
                Row::Given(placed) => {
                    let grant = &placed.grant;
                    let is_of = grant.digest == digest && grant.module == *module;
                    if is_of && grant.tenants.contains(tenant) {
                        return match &placed.proof {
                            Proof::NotWanted | Proof::Proven(_) => {
                                Deciding::Grant(grant, self.line(placed.capabilities))
                            }
                            Proof::Lacking(why) => {
                                Deciding::NotSigned(why.clone(), self.line(placed.place))
                            }
                        };
                    }
                }
                Row::Withdrawn(row, place) => {
                    if row.module == *module && row.tenants.contains(tenant) {
                        return Deciding::Withdrawn(self.line(*place));
                    }
                }
            }
        }
        Deciding::Nothing
    }

    /// The line of a grant of this file that sets this, or its first.
    pub(super) fn sets(&self, grant: &Grant, name: &str) -> Option<Decision> {
        let placed = self.given().find(|p| std::ptr::eq(&p.grant, grant))?;
        let set = placed.settings.iter().find(|s| s.value.as_str() == name);
        Some(self.line(set.map_or(placed.place, |s| s.place)))
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
    for key in ["digest", "capabilities", "limits", "settings", "signature"] {
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
    };
    Some(Row::Withdrawn(row, is.place))
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
    let settings = match table.optional("settings") {
        None => Some(Default::default()),
        Some(value) => WantedSettings::read(&value),
    };
    let (settings, places) = settings?;
    let signature = match table.optional("signature") {
        None => Some(None),
        Some(value) => value
            .string(MAX_SIGNATURE_BYTES)
            .map(|s| Some(s.value.into())),
    };
    let capabilities = capabilities?.iter().map(|c| c.value).collect();
    Some(Placed {
        place: table.place(),
        capabilities: key?,
        settings: places,
        signature: signature?,
        proof: Proof::NotWanted,
        grant: Grant {
            module: module?,
            digest: digest?,
            tenants: tenants?,
            capabilities,
            by: by?,
            at: at?.0.value,
            limits: limits?,
            settings,
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

impl Grant {
    /// Verifies an operator's signature over [`Grant::text`], for [`Purpose::Grant`].
    ///
    /// # Errors
    /// When it does not hold, or is not that of the person who grants.
    pub fn signed(&self, roster: &Roster, signature: &str) -> Result<Signed, NotSigned> {
        let text = self.text();
        let signed = Signed::verify(roster, &Purpose::Grant, text.as_bytes(), signature)?;
        match signed.by() == self.by.as_str() {
            true => Ok(signed),
            false => Err(NotSigned::OtherPerson {
                signed: Text::capped(signed.by(), 254),
                named: self.by.clone(),
            }),
        }
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
