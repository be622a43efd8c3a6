//! How one table of `grants.toml` is read and written.

use super::grants::{Placed, Proof, Row};
use super::manifest::{capability_names, name};
use super::{Grant, GrantedTenants, WantedLimits, WantedSettings, Withdrawal};
use crate::boundary::{NotSigned, Purpose, Roster, Signed};
use crate::model::{Digest, ModuleName, TenantId, Text};
use crate::written::{Key, Sheet, Table, Value, quoted};

/// The longest signature in the file, in bytes.
const MAX_SIGNATURE_BYTES: usize = 8 << 10;
pub(super) const GRANT: &[Key] = &[
    ("module", "module = \"my-module\""),
    ("digest", "digest = \"sha256:…\""),
    ("tenants", "tenants = [\"a-tenant\"]"),
    ("capabilities", "capabilities = []"),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
    ("limits", "limits = { memory_mib = 32 }"),
    ("settings", "settings = { my-setting = 30 }"),
    ("shadow", "shadow = true"),
    ("replaces", "replaces = \"another-module\""),
    ("withdrawn", "withdrawn = true"),
    (
        "signature",
        "signature = \"\"\"-----BEGIN SSH SIGNATURE-----…\"\"\"",
    ),
];

pub(super) fn row(table: &Table<'_, '_>) -> Option<Row> {
    let Some(value) = table.optional("withdrawn") else {
        return grant(table).map(|placed| Row::Given(Box::new(placed)));
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
    for key in [
        "digest",
        "capabilities",
        "limits",
        "settings",
        "replaces",
        "signature",
    ] {
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

/// The module that a grant takes the place of: another one, and only where the grant counts.
fn replaces(
    table: &Table<'_, '_>,
    module: Option<&ModuleName>,
    shadow: Option<bool>,
) -> Option<Option<ModuleName>> {
    let Some(value) = table.optional("replaces") else {
        return Some(None);
    };
    let replaced = name(table.sheet(), &value)?;
    if module == Some(&replaced) {
        let help = "a later grant of a module decides anyway: take this out".to_owned();
        value.wrong("is the module itself", Some(help));
        return None;
    }
    if shadow == Some(true) {
        let help = "what runs beside another takes no place: take this out".to_owned();
        value.wrong("belongs to a grant that counts", Some(help));
        return None;
    }
    Some(Some(replaced))
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
    let signature = match table.optional("signature") {
        None => Some(None),
        Some(value) => value
            .string(MAX_SIGNATURE_BYTES)
            .map(|s| Some(s.value.into())),
    };
    let settings = match table.optional("settings") {
        None => Some(Default::default()),
        Some(value) => WantedSettings::read(&value),
    };
    let (settings, places) = settings?;
    let shadow = shadow(table);
    let replaces = replaces(table, module.as_ref(), shadow);
    let capabilities = capabilities?.iter().map(|c| c.value).collect();
    Some(Placed {
        place: table.place(),
        capabilities: key?,
        signature: signature?,
        proof: Proof::NotWanted,
        settings: places,
        grant: Grant {
            module: module?,
            digest: digest?,
            tenants: tenants?,
            capabilities,
            by: by?,
            at: at?.0.value,
            limits: limits?,
            settings,
            shadow: shadow?,
            replaces: replaces?,
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
    /// Verifies an operator's signature over [`Grant::text`], for [`Purpose::Grant`].
    ///
    /// # Errors
    /// When it does not hold, or is not that of the person who grants.
    pub fn signed(&self, roster: &Roster, signature: &str) -> Result<Signed, NotSigned> {
        let text = self.text();
        Signed::verify(roster, &Purpose::Grant, text.as_bytes(), signature)?.named(&self.by)
    }

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
        if self.shadow {
            text.push_str("shadow = true\n");
        }
        if let Some(replaced) = &self.replaces {
            text.push_str(&format!("replaces = {}\n", quote(replaced.as_str())));
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
