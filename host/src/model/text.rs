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

/// Whether a terminal, a browser or a reader's eye would obey the character instead of showing it.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
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
