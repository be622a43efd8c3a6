use std::borrow::Cow;

/// The host's own words: a literal of the program. So nothing that a module, an alert or an
/// operator wrote can stand in an entry as text.
///
/// A text of more than [`Words::MAX`] bytes is cut at a character.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Words(Cow<'static, str>);

impl Words {
    /// The most bytes they have.
    pub const MAX: usize = 160;

    /// From a literal.
    pub fn new(text: &'static str) -> Self {
        let end = text.floor_char_boundary(Self::MAX);
        Self(Cow::Borrowed(text.get(..end).unwrap_or_default()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A set of fields as the list of their names.
pub(super) mod field_names {
    use crate::model::{Field, FieldSet};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::trail) fn serialize<S: Serializer>(
        fields: &FieldSet,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(fields.iter())
    }

    pub(in crate::trail) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<FieldSet, D::Error> {
        Ok(Vec::<Field>::deserialize(from)?.into_iter().collect())
    }
}

/// A root as checkpoints write it.
pub(super) mod root {
    use crate::trail::merkle::Hash;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::trail) fn serialize<S: Serializer>(
        root: &Hash,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(root)
    }

    pub(in crate::trail) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Hash, D::Error> {
        let text = String::deserialize(from)?;
        Hash::parse(&text).ok_or_else(|| serde::de::Error::custom("not 32 bytes in base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_a_character() {
        let long = Box::leak("ä".repeat(81).into_boxed_str());
        assert_eq!(Words::new(long).as_str(), "ä".repeat(80));
        assert_eq!(Words::new("fuel").as_str(), "fuel");
    }
}
