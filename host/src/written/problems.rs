use super::place::{Lines, Place};
use crate::model::Text;
use std::fmt;

/// Problems that are kept of one file; what is over is counted.
const KEPT: usize = 200;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// The line as it is written; none where something is missing from the file as a whole.
    source: Option<Text>,
    /// How far the caret stands from the source's beginning, in characters as shown.
    caret: Option<usize>,
}

/// Everything that is wrong with one file, in the order of its lines. Shown as
/// `boundary.toml:12:5: what is wrong`, the line with a caret below it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    file: &'static str,
    problems: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// The file's name.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The problems, in the order of the file; never empty.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.problems.len() + self.more
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.problems.iter().enumerate() {
            if nth > 0 {
                writeln!(f)?;
            }
            let Problem {
                line,
                column,
                message,
                ..
            } = problem;
            write!(f, "{}:{line}:{column}: {message}", self.file)?;
            if let Some(source) = &problem.source {
                write!(f, "\n  | {source}")?;
                if let Some(caret) = problem.caret {
                    write!(f, "\n  | {:caret$}^", "")?;
                }
            }
            if let Some(help) = &problem.help {
                write!(f, "\n  = help: {help}")?;
            }
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n{}: {more} more problems", self.file),
        }
    }
}

/// Collects the problems of one file.
#[derive(Debug)]
pub(crate) struct Report<'t> {
    file: &'static str,
    pub(super) lines: Lines<'t>,
    problems: Vec<Problem>,
}

impl<'t> Report<'t> {
    pub(crate) fn new(file: &'static str, text: &'t str) -> Self {
        Self {
            file,
            lines: Lines::of(text),
            problems: Vec::new(),
        }
    }

    /// Something at a place is wrong.
    pub(crate) fn add(&mut self, place: Place, message: String, help: Option<String>) {
        let (source, caret) = match self.lines.line(place.line) {
            Some(line) => picture(line, place.column),
            None => (None, None),
        };
        self.push(place, message, help, source, caret);
    }

    /// Something is missing from the file as a whole.
    pub(crate) fn add_missing(&mut self, message: String, help: Option<String>) {
        self.push(Place::START, message, help, None, None);
    }

    fn push(
        &mut self,
        place: Place,
        message: String,
        help: Option<String>,
        source: Option<Text>,
        caret: Option<usize>,
    ) {
        self.problems.push(Problem {
            line: place.line,
            column: place.column,
            message,
            help,
            source,
            caret,
        });
    }

    /// The value, if nothing was wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let file = self.file;
        let (value, problems) = self.ended(value);
        match problems {
            Some(problems) => Err(problems),
            None => value.ok_or(Problems {
                file,
                problems: Vec::new(),
                more: 0,
            }),
        }
    }

    /// Whatever there is of the value, and what was wrong. One of them is always there.
    pub(crate) fn ended<T>(mut self, value: Option<T>) -> (Option<T>, Option<Problems>) {
        if value.is_none() && self.problems.is_empty() {
            self.add_missing("the file could not be understood".to_owned(), None);
        }
        self.problems.sort_by_key(|p| (p.line, p.column));
        self.problems.dedup();
        let more = self.problems.len().saturating_sub(KEPT);
        self.problems.truncate(KEPT);
        let problems = Problems {
            file: self.file,
            problems: self.problems,
            more,
        };
        (value, (!problems.problems.is_empty()).then_some(problems))
    }

    /// Whether something is wrong on these lines.
    pub(crate) fn is_wrong_within(&self, lines: std::ops::Range<u32>) -> bool {
        self.problems.iter().any(|p| lines.contains(&p.line))
    }
}

/// The line as shown, and where its caret stands.
fn picture(line: &str, column: u32) -> (Option<Text>, Option<usize>) {
    const WIDTH: usize = 200;
    // A tab is no danger here and would only blur the picture as an escape.
    let line = line.replace('\t', " ");
    let line = line.trim_end();
    if line.is_empty() {
        return (None, None);
    }
    let source = Text::capped(line, WIDTH);
    let before: String = line.chars().take(column as usize - 1).collect();
    let caret = (source.as_str().len() <= WIDTH || before.len() < WIDTH / 2)
        .then(|| Text::capped(&before, WIDTH).as_str().chars().count());
    (Some(source), caret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_the_caret_still_points() {
        let text = "\u{1b}[31m = 1\n";
        let mut report = Report::new("x.toml", text);
        let place = report.lines.place(5);
        report.add(place, "bad".to_owned(), Some("better".to_owned()));
        let shown = report.finish(None::<()>).unwrap_err().to_string();
        assert_eq!(
            shown,
            "x.toml:1:6: bad\n  | \\u{1b}[31m = 1\n  |           ^\n  = help: better"
        );
    }

    #[test]
    fn a_file_of_nothing_but_faults_is_bounded() {
        let text = "x\n".repeat(1_000);
        let mut report = Report::new("x.toml", &text);
        for line in 1..=1_000 {
            report.add(Place { line, column: 1 }, "bad".to_owned(), None);
        }
        let problems = report.finish(None::<()>).unwrap_err();
        assert_eq!((problems.iter().count(), problems.count()), (200, 1_000));
        assert!(problems.to_string().ends_with("x.toml: 800 more problems"));
    }
}
