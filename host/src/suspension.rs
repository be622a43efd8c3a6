//! Which tenants are suspended, and which were erased: `tenants.toml` of a home.

use crate::boundary::is_person;
use crate::model::{Instant, TenantId, Text};
use crate::written::{Key, Problems, Table, quoted, read};

/// A tenant was suspended, or resumed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StandingChange {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether it is suspended from here on.
    pub suspended: bool,
    /// Who did it, by the id in the roster.
    pub by: Text,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// A tenant was erased, or its erasure was begun.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Erasure {
    /// The tenant.
    pub tenant: TenantId,
    /// Who did it, by the id in the roster.
    pub by: Text,
    /// When it was begun.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// The changes of a home's tenants, in the order of the file: the last one of a tenant decides. A
/// tenant that is not named works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspensions {
    changes: Vec<StandingChange>,
    erasures: Vec<Erasure>,
}

const KEYS: &[Key] = &[
    ("version", "version = 1"),
    ("change", "[[change]]"),
    ("erasure", "[[erasure]]"),
];
const CHANGE: &[Key] = &[
    ("tenant", "tenant = \"a-tenant\""),
    ("suspended", "suspended = true"),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
    ("reason", "reason = \"the contract ended\""),
];
const ERASURE: &[Key] = &[
    ("tenant", "tenant = \"a-tenant\""),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
    ("reason", "reason = \"the contract ended\""),
];
const REASON_BYTES: usize = 500;

impl Suspensions {
    /// The file's name in a home.
    pub const FILE: &'static str = "tenants.toml";
    const HEAD: &'static str = "# Which tenants are suspended and which were erased. Newest last; the last change of a tenant decides.\nversion = 1\n";

    /// Parses the file; none is the same as an empty one.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn parse(text: Option<&str>) -> Result<Self, Problems> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        read(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let tables = match file.optional("change") {
                None => Vec::new(),
                Some(value) => value.tables(CHANGE)?,
            };
            let changes = tables.iter().filter_map(change).collect();
            let tables = match file.optional("erasure") {
                None => Vec::new(),
                Some(value) => value.tables(ERASURE)?,
            };
            let erasures = tables.iter().filter_map(erasure).collect();
            version.map(|()| Self { changes, erasures })
        })
    }

    /// The text of the file with one change more behind what is there, which stays as it is.
    ///
    /// # Errors
    /// When the text or the change is not valid.
    pub fn add(text: Option<&str>, change: &StandingChange) -> Result<String, Problems> {
        let row = format!(
            "[[change]]\ntenant = {}\nsuspended = {}\nby = {}\nat = {}\nreason = {}\n",
            quote(change.tenant.as_str()),
            change.suspended,
            quote(change.by.as_str()),
            change.at,
            quote(change.reason.as_str()),
        );
        Self::with(text, &row)
    }

    /// As [`Suspensions::add`], with an erasure more.
    ///
    /// # Errors
    /// When the text or the erasure is not valid.
    pub fn add_erasure(text: Option<&str>, erasure: &Erasure) -> Result<String, Problems> {
        let row = format!(
            "[[erasure]]\ntenant = {}\nby = {}\nat = {}\nreason = {}\n",
            quote(erasure.tenant.as_str()),
            quote(erasure.by.as_str()),
            erasure.at,
            quote(erasure.reason.as_str()),
        );
        Self::with(text, &row)
    }

    fn with(text: Option<&str>, row: &str) -> Result<String, Problems> {
        let mut new = text.unwrap_or(Self::HEAD).to_owned();
        if !new.ends_with('\n') {
            new.push('\n');
        }
        new.push('\n');
        new.push_str(row);
        Self::parse(Some(&new))?;
        Ok(new)
    }

    /// The erasure of a tenant, as it was begun first; none where it was not erased.
    pub fn erased(&self, tenant: &TenantId) -> Option<&Erasure> {
        self.erasures.iter().find(|e| e.tenant == *tenant)
    }

    /// The changes of one tenant, in the order of the file.
    pub fn of<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a StandingChange> {
        self.changes.iter().filter(move |c| c.tenant == *tenant)
    }

    /// The change that suspended the tenant; none where it works.
    pub fn suspended(&self, tenant: &TenantId) -> Option<&StandingChange> {
        let last = self.changes.iter().rev().find(|c| c.tenant == *tenant);
        last.filter(|change| change.suspended)
    }
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn change(table: &Table<'_, '_>) -> Option<StandingChange> {
    let suspended = table.required("suspended").and_then(|v| v.boolean());
    let Erasure {
        tenant,
        by,
        at,
        reason,
    } = erasure(table)?;
    Some(StandingChange {
        tenant,
        suspended: suspended?.value,
        by,
        at,
        reason,
    })
}

/// What both kinds of row have.
fn erasure(table: &Table<'_, '_>) -> Option<Erasure> {
    let tenant = table.required("tenant").and_then(|value| {
        let word = value.string(200)?;
        match TenantId::parse(word.value) {
            Ok(tenant) => Some(tenant),
            Err(error) => {
                table.sheet().problem(word.place, error.to_string(), None);
                None
            }
        }
    });
    let by = table.required("by").and_then(|value| {
        let by = value.string(254)?;
        if is_person(by.value) {
            return Some(Text::capped(by.value, 254));
        }
        let help = "write `first.last@mssp.example`, a person of the roster";
        let message = format!("`{}` is no id of a person", quoted(by.value));
        value.wrong(&message, Some(help.to_owned()));
        None
    });
    let at = table.required("at").and_then(|v| v.instant());
    let reason = table
        .required("reason")
        .and_then(|v| v.string(REASON_BYTES));
    Some(Erasure {
        tenant: tenant?,
        by: by?,
        at: at?.0.value,
        reason: Text::capped(reason?.value, REASON_BYTES),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(tenant: &str, suspended: bool) -> StandingChange {
        StandingChange {
            tenant: TenantId::parse(tenant).unwrap(),
            suspended,
            by: Text::capped("ada@mssp.example", 80),
            at: Instant::from_millis(1_795_420_800_000),
            reason: Text::capped("a \"quoted\" reason", 80),
        }
    }

    #[test]
    fn the_last_change_of_a_tenant_decides() {
        let mut text = None;
        for (tenant, suspended) in [("acme", true), ("bolt", true), ("acme", false)] {
            let change = change(tenant, suspended);
            text = Some(Suspensions::add(text.as_deref(), &change).unwrap());
        }
        let read = Suspensions::parse(text.as_deref()).unwrap();
        let suspended = |id: &str| read.suspended(&TenantId::parse(id).unwrap()).cloned();
        assert_eq!(suspended("acme"), None);
        assert_eq!(suspended("bolt"), Some(change("bolt", true)));
        assert_eq!(suspended("cord"), None);
    }

    #[test]
    fn a_home_without_the_file_has_no_suspended_tenant() {
        let none = Suspensions::parse(None).unwrap();
        assert_eq!(none, Suspensions::parse(Some("version = 1\n")).unwrap());
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let text = "version = 1\n[[change]]\ntenant = \"Not One\"\nby = \"the team\"\nat = 7\nreason = \"x\"\n";
        let problems = Suspensions::parse(Some(text)).unwrap_err();
        assert_eq!(problems.count(), 4, "{problems}");
    }

    #[test]
    fn an_erasure_stands_beside_the_changes_and_is_never_taken_back() {
        let change = change("acme", true);
        let text = Suspensions::add(None, &change).unwrap();
        let erasure = Erasure {
            tenant: change.tenant.clone(),
            by: change.by.clone(),
            at: change.at,
            reason: change.reason.clone(),
        };
        let text = Suspensions::add_erasure(Some(&text), &erasure).unwrap();
        let resumed = StandingChange {
            suspended: false,
            ..change
        };
        let text = Suspensions::add(Some(&text), &resumed).unwrap();
        let read = Suspensions::parse(Some(&text)).unwrap();
        assert_eq!(read.erased(&erasure.tenant), Some(&erasure));
        assert_eq!(read.suspended(&erasure.tenant), None);
        assert_eq!(read.erased(&TenantId::parse("bolt").unwrap()), None);
    }
}
