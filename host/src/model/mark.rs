//! The host's own marks in a page that shows what modules say: in brackets that [`super::Text`] never
//! has, so that no text of a module or an alert can look like one.

/// What stands before a mark of the host, and behind it.
const BRACKETS: [char; 2] = ['\u{27E6}', '\u{27E7}'];

/// A mark of the host in a page: what it says, in brackets that no [`super::Text`] has.
pub fn mark(says: &str) -> String {
    let [open, close] = BRACKETS;
    format!("{open}{says}{close}")
}

/// Whether the character is one that only a mark of the host has, or is easily taken for one.
pub(super) fn is_of_a_mark(c: char) -> bool {
    BRACKETS.contains(&c) || matches!(c, '\u{301A}' | '\u{301B}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    #[test]
    fn no_text_has_a_mark_in_it() {
        for says in ["1, 2", "uncited", "proposed, signed by nobody"] {
            let mark = mark(says);
            let text = Text::capped(&format!("benign {mark}"), 400);
            assert!(!text.as_str().contains(&mark), "{text}");
            assert!(!text.as_str().contains(BRACKETS), "{text}");
        }
    }
}
