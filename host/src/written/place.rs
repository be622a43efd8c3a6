use crate::model::Text;
use std::fmt;

/// Where something stands in a file that a person wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl Place {
    /// The beginning of the file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The line of a file that decided something.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    /// The file's name, for example `boundary.toml`.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The line as it is written, without the space around it.
    pub text: Text,
    /// The contract's clause, where an exclusion decided.
    pub clause: Option<Text>,
}

impl Decision {
    /// The decision that stands at `place` of `text`.
    pub(crate) fn at(file: &'static str, text: &str, place: Place, clause: Option<Text>) -> Self {
        Self {
            file,
            line: place.line,
            column: place.column,
            text: line_of(text, place.line),
            clause,
        }
    }
}

impl fmt::Display for Decision {
    /// `boundary.toml:12:3: sources = [] (MSA 7.2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.text
        )?;
        match &self.clause {
            Some(clause) => write!(f, " ({clause})"),
            None => Ok(()),
        }
    }
}

/// The line of that number, trimmed and bounded.
fn line_of(text: &str, line: u32) -> Text {
    let line = text.lines().nth(line.saturating_sub(1) as usize);
    Text::capped(line.unwrap_or_default().trim(), 300)
}

/// Finds lines and columns of byte offsets.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let starts = std::iter::once(0).chain(after.map(|(at, _)| at + 1));
        Self {
            text,
            starts: starts.collect(),
        }
    }

    /// The place of a byte offset; one past the end is the end.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let end = offset.min(self.text.len());
        let before = self.text.get(start..end).unwrap_or_default();
        Place {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX),
        }
    }

    /// The line of that number, as it is.
    pub(crate) fn line(&self, line: u32) -> Option<&'t str> {
        let start = *self.starts.get((line as usize).checked_sub(1)?)?;
        self.text.get(start..)?.lines().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_characters() {
        let lines = Lines::of("a = 1\n\"ü漢\" = 2\n");
        let at = |offset| lines.place(offset).to_string();
        assert_eq!(at(0), "1:1");
        assert_eq!(at(6), "2:1");
        assert_eq!(at("a = 1\n\"ü漢".len()), "2:4");
        assert_eq!(at(9_999), "3:1");
        assert_eq!(lines.line(2), Some("\"ü漢\" = 2"));
        assert_eq!(lines.line(0), None);
    }
}
