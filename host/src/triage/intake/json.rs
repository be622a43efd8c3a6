//! JSON read where it lies: a value is a slice of the document, looked into only when it is needed.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// A value in a document, not looked into yet.
pub(super) type Value<'a> = Option<&'a RawValue>;

pub(super) fn first_byte(value: &RawValue) -> u8 {
    value.get().bytes().next().unwrap_or_default()
}

/// The elements of an array, at most `most`; a value that is no array is an array of itself.
pub(super) fn list<'a>(value: Value<'a>, most: usize) -> Vec<&'a RawValue> {
    let Some(value) = value else {
        return Vec::new();
    };
    if first_byte(value) != b'[' {
        return vec![value];
    }
    struct Elements(usize);
    impl<'de> serde::de::Visitor<'de> for Elements {
        type Value = Vec<&'de RawValue>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(
            self,
            mut seq: A,
        ) -> Result<Self::Value, A::Error> {
            let mut out = Vec::new();
            while out.len() < self.0 {
                match seq.next_element()? {
                    Some(element) => out.push(element),
                    None => return Ok(out),
                }
            }
            while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(out)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(value.get());
    serde::Deserializer::deserialize_seq(&mut reader, Elements(most)).unwrap_or_default()
}

/// The text of a string, a number (as written) or a boolean, or of the first of these in an array.
/// Empty text and a lone `-`, which sources write for "nothing", are no text.
pub(super) fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    let value = value?;
    let raw = value.get();
    let found = match first_byte(value) {
        b'"' => {
            let inner = raw.get(1..raw.len().checked_sub(1)?)?;
            if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
                Cow::Borrowed(inner)
            } else {
                // A lone surrogate is legal JSON and no text: its escaped form is shown.
                serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
            }
        }
        b'[' => {
            return list(Some(value), 16)
                .into_iter()
                .filter(|v| !matches!(first_byte(v), b'[' | b'{'))
                .find_map(|v| text(Some(v)));
        }
        b'{' | b'n' => return None,
        _ => Cow::Borrowed(raw),
    };
    let bare = found.trim_ascii();
    (!bare.is_empty() && bare != "-").then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_text_only_where_it_has_one() {
        let raw = |s: &'static str| serde_json::from_str::<&RawValue>(s).ok();
        for (json, want) in [
            (r#""x""#, Some("x")),
            (r#""\u0041\n""#, Some("A\n")),
            (r#""\ud800""#, Some("\\ud800")),
            ("18446744073709551616", Some("18446744073709551616")),
            ("[[], {}, null, 7]", Some("7")),
            (r#""""#, None),
            (r#""-""#, None),
            (r#"{"a":1}"#, None),
            ("null", None),
        ] {
            assert_eq!(text(raw(json)).as_deref(), want, "{json}");
        }
    }
}
