use super::grants_file::{GRANT, quote, row};
use super::{SettingName, WantedLimits, WantedSettings};
use crate::boundary::{NotSigned, Roster, Signed};
use crate::model::{Capability, Digest, Instant, ModuleName, TenantId, Text};
use crate::written::{At, Decision, Key, Place, Problems, read};

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
    /// Settings of the module that are not to be its defaults.
    pub settings: WantedSettings,
    /// The module that it takes the place of: that one is withdrawn for these tenants by the same row.
    /// A tenant has one grouper and one drafter, so a second names the first.
    pub replaces: Option<ModuleName>,
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

impl Grant {
    /// Whether it takes a module from the tenant.
    fn takes_the_place_of(&self, module: &ModuleName, tenant: &TenantId) -> bool {
        self.replaces.as_ref() == Some(module) && self.tenants.contains(tenant)
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
pub(super) enum Row {
    Given(Box<Placed>),
    Withdrawn(Withdrawal, Place),
}

impl Row {
    fn given(&self) -> Option<&Placed> {
        match self {
            Self::Given(placed) => Some(placed.as_ref()),
            Self::Withdrawn(_, _) => None,
        }
    }
}

/// A grant and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) grant: Grant,
    pub(super) place: Place,
    pub(super) capabilities: Place,
    pub(super) signature: Option<Box<str>>,
    pub(super) proof: Proof,
    pub(super) settings: Vec<At<SettingName>>,
}

/// Whether a grant is signed, where that is wanted.
#[derive(Clone, Debug)]
pub(super) enum Proof {
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
    /// By the grant of this module, which names it.
    Replaced(&'a ModuleName, Decision),
    NotSigned(NotSigned, Decision),
    Nothing,
}

const KEYS: &[Key] = &[("version", "version = 1"), ("grant", "[[grant]]")];

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

    /// The last row that took a module from a tenant, withdrawing it or putting another in its place: its
    /// text and who wrote it.
    pub(crate) fn taken(&self, module: &ModuleName, tenant: &TenantId) -> Option<(String, &Text)> {
        self.rows.iter().rev().find_map(|row| match row {
            Row::Withdrawn(row, _) => (row.module == *module && row.tenants.contains(tenant))
                .then(|| (row.text(), &row.by)),
            Row::Given(placed) => {
                let grant = &placed.grant;
                grant
                    .takes_the_place_of(module, tenant)
                    .then(|| (grant.text(), &grant.by))
            }
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
    /// [`Purpose::Grant`](crate::boundary::Purpose::Grant).
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

    /// Whether a row speaks of the module and one of the tenants of a grant that is not older than it: a
    /// grant that was signed once does not come back after a withdrawal.
    pub(crate) fn has_decided_since(&self, grant: &Grant) -> bool {
        let overlap = |tenants: &GrantedTenants| match (tenants, &grant.tenants) {
            (GrantedTenants::These(these), other) => these.iter().any(|t| other.contains(t)),
            (GrantedTenants::All, _) => true,
        };
        self.rows.iter().any(|row| {
            let (module, replaces, tenants, at) = match row {
                Row::Given(placed) => {
                    let given = &placed.grant;
                    (
                        &given.module,
                        given.replaces.as_ref(),
                        &given.tenants,
                        given.at,
                    )
                }
                Row::Withdrawn(row, _) => (&row.module, None, &row.tenants, row.at),
            };
            let is_of = *module == grant.module || replaces == Some(&grant.module);
            is_of && overlap(tenants) && at >= grant.at
        })
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
                        if let Some(place) = beside.filter(|_| grant.shadow) {
                            return Deciding::Withdrawn(self.line(place));
                        }
                        return match &placed.proof {
                            Proof::NotWanted | Proof::Proven(_) => {
                                Deciding::Grant(grant, self.line(placed.capabilities))
                            }
                            Proof::Lacking(why) => {
                                Deciding::NotSigned(why.clone(), self.line(placed.place))
                            }
                        };
                    }
                    if grant.takes_the_place_of(module, tenant) {
                        return Deciding::Replaced(&grant.module, self.line(placed.place));
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

#[path = "grants_history.rs"]
mod history;
#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;

pub use history::{Recorded, Superseded};
