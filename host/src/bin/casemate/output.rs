//! What is printed, and how the program ends.

pub(crate) mod csv;

use crate::ambient;
use casemate::ErrorKind;
use casemate::setup::SetupError;
use casemate::store::StoreError;
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// Done, with rejects, refusals or findings.
    Findings = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Denied by boundary or grant.
    Denied = 3,
    /// A trail or store is damaged.
    Integrity = 4,
    /// The machine or the home cannot be used.
    Environment = 5,
    /// Try again later.
    TryAgain = 75,
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Denied => Self::Denied,
            ErrorKind::Integrity => Self::Integrity,
            ErrorKind::Environment => Self::Environment,
            ErrorKind::TryAgain => Self::TryAgain,
        }
    }
}

/// A failure that says how the program ends and how to go on.
#[derive(Debug)]
pub(crate) struct Failure {
    pub exit: Exit,
    pub help: Option<String>,
    pub error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            help: None,
            error: error.into(),
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let known = error
            .downcast_ref::<SetupError>()
            .map(SetupError::kind)
            .or_else(|| error.downcast_ref::<StoreError>().map(StoreError::kind));
        Self::new(known.map_or(Exit::Environment, Exit::from), error)
    }
}

/// A reader that has gone away is no failure: whoever reads has seen enough.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| {
        e.downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// A JSON document with its schema's name.
#[derive(Serialize)]
pub(crate) struct Document<'a, T> {
    schema: &'a str,
    #[serde(flatten)]
    data: &'a T,
}

impl<'a, T> Document<'a, T> {
    pub(crate) fn of(schema: &'a str, data: &'a T) -> Self {
        Self { schema, data }
    }
}

/// Prints one JSON document.
pub(crate) fn json<T: Serialize>(schema: &str, data: &T) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut bytes = serde_json::to_vec_pretty(&Document { schema, data })?;
    bytes.push(b'\n');
    printed(out.write_all(&bytes).and_then(|()| out.flush()))
}

/// Prints a JSON document whose form somebody else decided.
pub(crate) fn plain_json(data: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut bytes = serde_json::to_vec_pretty(data)?;
    bytes.push(b'\n');
    printed(out.write_all(&bytes).and_then(|()| out.flush()))
}

/// Prints one JSON document a line.
pub(crate) fn ndjson<'a, T: Serialize + 'a>(
    schema: &str,
    rows: impl IntoIterator<Item = &'a T>,
) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for data in rows {
        serde_json::to_writer(&mut out, &Document { schema, data }).map_err(io::Error::from)?;
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

/// Prints text.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// A reader that has gone away has seen enough, and the exit code is still what was found.
fn printed(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Says something to the person at the terminal. One that has gone away misses nothing.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// How far a long step is: rewritten in place on a terminal, a line at its end elsewhere.
pub(crate) struct Progress {
    shown: bool,
    width: usize,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            shown: io::stderr().is_terminal(),
            width: 0,
        }
    }

    pub(crate) fn show(&mut self, line: &str) {
        if self.shown {
            let pad = self.width.saturating_sub(line.chars().count());
            let _ = write!(io::stderr().lock(), "\r{line}{}", " ".repeat(pad));
            let _ = io::stderr().flush();
            self.width = line.chars().count();
        }
    }

    pub(crate) fn done(&mut self, line: &str) {
        if self.shown {
            self.show(line);
            let _ = writeln!(io::stderr().lock());
            self.width = 0;
        } else {
            say(line);
        }
    }
}

/// Colour, where a person sees it.
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn stdout() -> Self {
        Self {
            on: io::stdout().is_terminal() && !ambient::no_color(),
        }
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.with("2", text)
    }

    pub(crate) fn red(&self, text: &str) -> String {
        self.with("31", text)
    }

    pub(crate) fn green(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A table: columns as wide as their widest cell, the last one free.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let wide = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = head.iter().map(|h| wide(h)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(wide(cell));
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, width) in cells.zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(wide(cell)) + 2));
        }
        format!("{}\n", line.trim_end())
    };
    let mut out = line(&mut head.iter().copied());
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

/// A text cut to a width, with a sign that it was.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of things, in the singular where it is one.
pub(crate) fn many(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// A number of things whose plural is a word of its own.
pub(crate) fn many_of(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// A time to the second, in UTC.
pub(crate) fn time(instant: casemate::model::Instant) -> String {
    let text = instant.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}
