use std::fmt;

/// Text from a module or an alert: hostile, so it is bounded and made visible when it is taken in.
///
/// Control characters, bidirectional overrides, line separators and other characters that a terminal
/// or a page would obey are replaced by a visible `\u{..}` form; what is over the bound is cut and
/// replaced by its length and a digest, so that two texts that differ never become the same one.
#[derive(
    Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Text(Box<str>);

impl Text {
    /// Takes in a text of at most `max_bytes` bytes once made visible; a longer one is cut and ends
    /// in `…[+N bytes, sha256:XXXXXXXXXXXXXXXX]`.
    pub fn capped(raw: &str, max_bytes: usize) -> Self {
        let plain = |raw: &str| raw.bytes().all(|b| matches!(b, 0x20..=0x7E));
        let escaped = raw.contains("\\u{");
        if raw.len() <= max_bytes && !escaped && (plain(raw) || !raw.chars().any(is_obeyed)) {
            return Self(raw.into());
        }
        Self(shown(raw, max_bytes).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// Whether a terminal, a browser or a reader's eye would obey the character instead of showing it, or
/// whether it is one of the host's own marks. Spaces are shown as what they are.
fn is_obeyed(c: char) -> bool {
    use unicode_properties::GeneralCategory as Gc;
    use unicode_properties::UnicodeGeneralCategory as _;
    if matches!(c, ' '..='~') {
        return false;
    }
    let category = c.general_category();
    matches!(
        category,
        Gc::Control | Gc::Format | Gc::LineSeparator | Gc::ParagraphSeparator
    ) || is_default_ignorable(c)
        || is_blank(c)
        || super::mark::is_of_a_mark(c)
}

/// Unicode's Default_Ignorable_Code_Point, which renders as nothing, in its DerivedCoreProperties of
/// version 17.0. It has what is not assigned yet, so that later versions only rarely change it.
fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Symbols and letters whose glyph is blank: no property of Unicode says it of them. Braille blank,
/// musical null notehead, Khitan filler, the two blank hieroglyphs.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{2800}' | '\u{1D159}' | '\u{16FE4}' | '\u{13441}' | '\u{13442}'
    )
}

/// The text made visible and cut to `max_bytes` bytes, with what was cut named behind it.
pub(crate) fn shown(raw: &str, max_bytes: usize) -> String {
    let mut out = String::with_capacity(raw.len().min(max_bytes) + 64);
    for (at, c) in raw.char_indices() {
        let before = out.len();
        if is_obeyed(c) {
            out.extend(c.escape_unicode());
        } else if c == '\\' && raw.get(at..).is_some_and(|rest| rest.starts_with("\\u{")) {
            // So that a text that already looks escaped cannot be taken for one that we escaped.
            out.push_str("\\\\");
        } else {
            out.push(c);
        }
        if out.len() > max_bytes {
            out.truncate(before);
            let digest = super::Digest::of(raw.as_bytes()).to_string();
            let short = digest.get(..16).unwrap_or(&digest);
            out.push_str(&format!("…[+{} bytes, sha256:{short}]", raw.len() - at));
            return out;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(Text::capped("a\u{1b}[31mb", 80).as_str(), "a\\u{1b}[31mb");
        assert_eq!(
            Text::capped("exe\u{202e}gpj", 80).as_str(),
            "exe\\u{202e}gpj"
        );
        assert_eq!(
            Text::capped("tab\tline\n", 80).as_str(),
            "tab\\u{9}line\\u{a}"
        );
        assert_eq!(Text::capped("grüße 漢字 🦀", 80).as_str(), "grüße 漢字 🦀");
    }

    #[test]
    fn of_all_characters_none_that_is_hidden_is_taken_for_visible() {
        use unicode_properties::{GeneralCategoryGroup as Group, UnicodeGeneralCategory as _};
        let (mut hidden, mut letters) = (0, 0);
        for c in '\0'..=char::MAX {
            let shown = Text::capped(&c.to_string(), 80);
            if shown.as_str() == c.to_string() {
                assert!(!is_obeyed(c), "{c:?}");
                letters += 1;
            } else {
                assert_eq!(shown.as_str(), c.escape_unicode().to_string());
                hidden += 1;
            }
            // Spaces and what is printed stay as they are, but for the blank ones that are listed.
            let prints = matches!(
                c.general_category_group(),
                Group::Letter | Group::Number | Group::Punctuation | Group::Symbol
            );
            let listed = is_default_ignorable(c) || is_blank(c);
            let mark = crate::model::mark::is_of_a_mark(c);
            assert!(!prints || listed || mark || !is_obeyed(c), "{c:?}");
        }
        assert!(hidden > 4_200 && letters > 1_000_000, "{hidden} {letters}");
        let hidden = "\u{ad}\u{34f}\u{61c}\u{600}\u{115f}\u{180e}\u{200b}\u{2028}\u{202e}\u{2065}\u{2066}\u{2800}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{13430}\u{1343f}\u{13441}\u{1bca0}\u{1bca3}\u{1d159}\u{1d173}\u{1d17a}\u{e0041}\u{e01ef}";
        for c in hidden.chars() {
            assert!(is_obeyed(c), "{c:?}");
        }
    }

    #[test]
    fn an_escape_cannot_be_forged() {
        assert_ne!(Text::capped("x\\u{1b}", 80), Text::capped("x\u{1b}", 80));
        assert_ne!(
            Text::capped("x\\u{1b}\u{1}", 80),
            Text::capped("x\u{1b}\u{1}", 80)
        );
    }

    #[test]
    fn a_cut_text_still_tells_two_texts_apart() {
        let (a, b) = (
            format!("{}A", "x".repeat(5000)),
            format!("{}B", "x".repeat(5000)),
        );
        let (a, b) = (Text::capped(&a, 100), Text::capped(&b, 100));
        assert_ne!(a, b);
        assert!(a.as_str().len() < 160);
        assert!(a.as_str().contains("…[+4901 bytes, sha256:"));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        for max in 0..12 {
            let _ = Text::capped("aä漢🦀\u{202e}b", max);
        }
    }
}
