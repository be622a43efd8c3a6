//! Grants and withdrawals as they are written in `grants.toml`.

use super::{Grant, GrantedTenants, Withdrawal};
use crate::model::Digest;

/// A text as a string of TOML.
pub(super) fn quote(text: &str) -> String {
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
    /// The digest that the trail names it by: of its text.
    pub fn text_digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// The grant as it is written in the file, which is what is signed.
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
        if !self.settings.is_empty() {
            text.push_str(&format!("settings = {}\n", self.settings.text()));
        }
        text
    }
}

impl Withdrawal {
    /// The withdrawal as it is written in the file.
    pub fn text(&self) -> String {
        format!(
            "[[grant]]\nwithdrawn = true\nmodule = {}\ntenants = {}\nby = {}\nat = {}\n",
            quote(self.module.as_str()),
            self.tenants.text(),
            quote(self.by.as_str()),
            self.at,
        )
    }
}
