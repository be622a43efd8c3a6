use std::fmt;

/// The client organisation whose data a run may touch.
///
/// 1 to 64 bytes of `a-z`, `0-9` and `-`, beginning with a letter or a digit: so it is also a safe
/// folder name on every file system. A value of this type is valid.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Box<str>);

/// A text that is no [`TenantId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a tenant id: 1 to 64 of a-z, 0-9 and `-`, beginning with a letter or digit"
)]
pub struct InvalidTenantId {
    given: String,
}

impl TenantId {
    /// Parses an id.
    ///
    /// # Errors
    /// When the text is not of the documented form.
    pub fn parse(text: &str) -> Result<Self, InvalidTenantId> {
        let mut bytes = text.bytes();
        let first = bytes
            .next()
            .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if first && rest && text.len() <= 64 {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTenantId {
                given: super::text::shown(text, 80),
            })
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({})", self.0)
    }
}

impl serde::Serialize for TenantId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for TenantId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_safe_folder_name_or_no_id() {
        for good in ["a", "acme", "t-01", "9lives", &"x".repeat(64)] {
            assert_eq!(
                TenantId::parse(good).map(|t| t.to_string()),
                Ok(good.to_owned())
            );
        }
        for bad in [
            "",
            ".",
            "..",
            "-a",
            "A",
            "a/b",
            "a\\b",
            "a.b",
            "ä",
            "a b",
            "a\0",
            &"x".repeat(65),
        ] {
            assert!(TenantId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
