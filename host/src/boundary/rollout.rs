//! Defaults that are in effect for some tenants first: `defaults/rollout.toml` of a home.

use super::roster::is_person;
use crate::model::{Digest, Instant, TenantId, Text};
use crate::written::{At, Key, Problems, Table, quoted, read};

/// Which tenants `defaults/next.toml` is in effect for, and which bytes of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Rollout {
    /// The digest of `defaults/next.toml`; with other bytes these tenants do not start.
    pub digest: Digest,
    /// The tenants, each once, in the order of their ids.
    pub tenants: Vec<TenantId>,
    /// Who did it.
    pub by: Text,
    /// When.
    pub at: Instant,
}

const KEYS: &[Key] = &[
    ("version", "version = 1"),
    ("digest", "digest = \"sha256:...\""),
    ("tenants", "tenants = [\"a-tenant\"]"),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
];

impl Rollout {
    /// The file's path in a home.
    pub const FILE: &'static str = "defaults/rollout.toml";

    /// Parses the file.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        read(Self::FILE, text, KEYS, |file| {
            let version = file.version_one();
            let digest = digest(file);
            let tenants = file.required("tenants").and_then(|value| {
                let words = value.strings()?;
                let mut tenants: Vec<TenantId> =
                    words.iter().filter_map(|word| tenant(file, word)).collect();
                tenants.sort();
                Some(tenants)
            });
            let by = by(file);
            let at = file.required("at").and_then(|v| v.instant());
            ((),) = (version?,);
            Some(Self {
                digest: digest?,
                tenants: tenants?,
                by: by?,
                at: at?.0.value,
            })
        })
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let tenants: Vec<String> = self.tenants.iter().map(|t| format!("\"{t}\"")).collect();
        format!(
            "# The tenants that defaults/next.toml is in effect for. With other bytes they do not start.\nversion = 1\ndigest = \"sha256:{}\"\ntenants = [{}]\nby = {}\nat = {}\n",
            self.digest,
            tenants.join(", "),
            toml::Value::String(self.by.to_string()),
            self.at,
        )
    }
}

/// The digest that a table names.
pub(super) fn digest(table: &Table<'_, '_>) -> Option<Digest> {
    let value = table.required("digest")?;
    let word = value.string(71)?;
    let digest = Digest::parse(word.value);
    if digest.is_none() {
        let help = "write `sha256:` and 64 hexadecimal digits".to_owned();
        value.wrong("is no digest", Some(help));
    }
    digest
}

pub(super) fn tenant(table: &Table<'_, '_>, word: &At<&str>) -> Option<TenantId> {
    match TenantId::parse(word.value) {
        Ok(tenant) => Some(tenant),
        Err(error) => {
            table.sheet().problem(word.place, error.to_string(), None);
            None
        }
    }
}

/// Who a table says it was.
pub(super) fn by(table: &Table<'_, '_>) -> Option<Text> {
    let value = table.required("by")?;
    let by = value.string(254)?;
    if is_person(by.value) {
        return Some(Text::capped(by.value, 254));
    }
    let help = "write `first.last@mssp.example`, a person of the roster".to_owned();
    let message = format!("`{}` is no id of a person", quoted(by.value));
    value.wrong(&message, Some(help));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let rollout = Rollout {
            digest: Digest::of(b"x"),
            tenants: vec![
                TenantId::parse("acme").unwrap(),
                TenantId::parse("bolt").unwrap(),
            ],
            by: Text::capped("ada@mssp.example", 254),
            at: Instant::from_millis(1_795_420_800_123),
        };
        assert_eq!(Rollout::parse(&rollout.text()).unwrap(), rollout);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let text = "version = 1\ndigest = \"x\"\ntenants = [\"Not One\"]\nby = \"team\"\nat = 7\n";
        assert_eq!(Rollout::parse(text).unwrap_err().count(), 4);
    }
}
