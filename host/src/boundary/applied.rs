//! Who applied which boundary: `applied.toml` of a home.

use super::rollout::{by, digest, tenant};
use super::{NotSigned, Purpose, Roster, Signed};
use crate::model::{Digest, Instant, TenantId, Text};
use crate::written::{Key, Problems, Table, read};

/// What was applied.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum AppliedTo {
    /// A tenant's own file.
    Tenant(TenantId),
    /// The defaults, for all tenants or for some first.
    Defaults,
}

/// Somebody applied a boundary.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Applied {
    /// Which.
    pub to: AppliedTo,
    /// The digest of its text.
    pub digest: Digest,
    /// Who.
    pub by: Text,
    /// When.
    pub at: Instant,
    /// The operator's signature over the text, for [`AppliedTo::purpose`]; none where it is unsigned.
    pub signature: Option<String>,
}

impl AppliedTo {
    /// What a signature of its text is made for.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Tenant(tenant) => Purpose::Boundary(tenant.clone()),
            Self::Defaults => Purpose::Defaults,
        }
    }
}

/// All that was applied, in the order of the file. A file that was edited in place is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applications {
    all: Vec<Applied>,
}

const KEYS: &[Key] = &[("version", "version = 1"), ("applied", "[[applied]]")];
const APPLIED: &[Key] = &[
    ("tenant", "tenant = \"a-tenant\""),
    ("defaults", "defaults = true"),
    ("digest", "digest = \"sha256:...\""),
    ("by", "by = \"first.last@mssp.example\""),
    ("at", "at = 2026-11-23T08:00:00Z"),
    (
        "signature",
        "signature = \"-----BEGIN SSH SIGNATURE-----...\"",
    ),
];
/// The longest signature in the file, in bytes.
const MAX_SIGNATURE_BYTES: usize = 8 << 10;

impl Applications {
    /// The file's name in a home.
    pub const FILE: &'static str = "applied.toml";
    const HEAD: &'static str =
        "# Who applied which boundary, a tenant's own or the defaults. Newest last.\nversion = 1\n";

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
            let tables = match file.optional("applied") {
                None => Vec::new(),
                Some(value) => value.tables(APPLIED)?,
            };
            let all = tables.iter().filter_map(applied).collect();
            version.map(|()| Self { all })
        })
    }

    /// The text of the file with one more behind what is there, which stays as it is.
    ///
    /// # Errors
    /// When the text is not valid.
    pub fn add(text: Option<&str>, applied: &Applied) -> Result<String, Problems> {
        let mut new = text.unwrap_or(Self::HEAD).to_owned();
        if !new.ends_with('\n') {
            new.push('\n');
        }
        let to = match &applied.to {
            AppliedTo::Tenant(tenant) => format!("tenant = \"{tenant}\""),
            AppliedTo::Defaults => "defaults = true".to_owned(),
        };
        new.push_str(&format!(
            "\n[[applied]]\n{to}\ndigest = \"sha256:{}\"\nby = {}\nat = {}\n",
            applied.digest,
            toml::Value::String(applied.by.to_string()),
            applied.at,
        ));
        if let Some(signature) = &applied.signature {
            let signature = toml::Value::String(signature.trim().to_owned());
            new.push_str(&format!("signature = {signature}\n"));
        }
        Self::parse(Some(&new))?;
        Ok(new)
    }

    /// What was applied to one thing, in the order of the file.
    pub fn of<'a, 't>(
        &'a self,
        to: &'t AppliedTo,
    ) -> impl Iterator<Item = &'a Applied> + use<'a, 't> {
        self.all.iter().filter(move |applied| applied.to == *to)
    }

    /// Whose signature stands behind a text, where it was applied with one: that of whoever applied
    /// it. A text that was signed once counts when it is put back, too.
    ///
    /// # Errors
    /// When there is none, or none that holds.
    pub fn signed(&self, roster: &Roster, to: &AppliedTo, text: &str) -> Result<Signed, NotSigned> {
        let digest = Digest::of(text.as_bytes());
        let mut why = NotSigned::Missing;
        for applied in self.of(to).filter(|applied| applied.digest == digest) {
            match applied.verify(roster, text) {
                Ok(signed) => return Ok(signed),
                Err(NotSigned::Missing) => (),
                Err(other) => why = other,
            }
        }
        Err(why)
    }

    /// Who applied these bytes to it, among what was applied after the first `told`; none where
    /// nobody did.
    pub(crate) fn who<'a>(
        &'a self,
        to: &AppliedTo,
        digest: Digest,
        told: u64,
    ) -> Option<&'a Applied> {
        let untold = self
            .of(to)
            .skip(usize::try_from(told).unwrap_or(usize::MAX));
        untold.filter(|applied| applied.digest == digest).last()
    }
}

impl Applied {
    fn verify(&self, roster: &Roster, text: &str) -> Result<Signed, NotSigned> {
        let signature = self.signature.as_deref().ok_or(NotSigned::Missing)?;
        let purpose = self.to.purpose();
        Signed::verify(roster, &purpose, text.as_bytes(), signature)?.named(&self.by)
    }
}

fn applied(table: &Table<'_, '_>) -> Option<Applied> {
    let named = table.optional("tenant").map(|value| {
        let word = value.string(200)?;
        tenant(table, &word)
    });
    let defaults = table.optional("defaults").map(|value| value.boolean());
    let to = match (named, defaults) {
        (Some(tenant), None) => tenant.map(AppliedTo::Tenant),
        (None, Some(yes)) => yes.filter(|at| at.value).map(|_| AppliedTo::Defaults),
        (Some(_), Some(_)) | (None, None) => None,
    };
    if to.is_none() {
        let message = "says neither a `tenant` nor `defaults = true`, or both".to_owned();
        table.sheet().problem(table.place(), message, None);
    }
    let (digest, by) = (digest(table), by(table));
    let at = table.required("at").and_then(|v| v.instant());
    let signature = match table.optional("signature") {
        None => Some(None),
        Some(value) => value
            .string(MAX_SIGNATURE_BYTES)
            .map(|s| Some(s.value.to_owned())),
    };
    Some(Applied {
        to: to?,
        digest: digest?,
        by: by?,
        at: at?.0.value,
        signature: signature?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_told_once_and_only_for_its_own_bytes() {
        let acme = AppliedTo::Tenant(TenantId::parse("acme").unwrap());
        let one = |to: &AppliedTo, bytes: &[u8], by| Applied {
            to: to.clone(),
            digest: Digest::of(bytes),
            by: Text::capped(by, 80),
            at: Instant::from_millis(1_795_420_800_000),
            signature: None,
        };
        let mut text = None;
        let all = [
            one(&acme, b"a", "ada@x"),
            one(&AppliedTo::Defaults, b"a", "bob@x"),
            one(&acme, b"b", "cyd@x"),
        ];
        for applied in &all {
            text = Some(Applications::add(text.as_deref(), applied).unwrap());
        }
        let read = Applications::parse(text.as_deref()).unwrap();
        assert_eq!(read.all, all);
        let by = |applied: Option<&'_ Applied>| applied.map(|applied| applied.by.to_string());
        let some = |by: &str| Some(by.to_owned());
        assert_eq!(by(read.who(&acme, Digest::of(b"a"), 0)), some("ada@x"));
        assert_eq!(read.who(&acme, Digest::of(b"a"), 1), None);
        assert_eq!(by(read.who(&acme, Digest::of(b"b"), 1)), some("cyd@x"));
        assert_eq!(read.who(&acme, Digest::of(b"c"), 0), None);
        let defaults = AppliedTo::Defaults;
        assert_eq!(by(read.who(&defaults, Digest::of(b"a"), 0)), some("bob@x"));
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let text = "version = 1\n[[applied]]\ndigest = \"x\"\nby = \"team\"\nat = 7\n";
        assert_eq!(Applications::parse(Some(text)).unwrap_err().count(), 4);
    }
}
