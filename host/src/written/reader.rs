use super::place::Place;
use super::problems::{Problems, Report};
use super::value::Value;
use super::{quoted, spelling};
use crate::model::Text;
use std::cell::RefCell;
use toml::de::DeTable;

/// A key a table may have, and how it is written, for the help where it is missing; empty for a key that
/// is known and refused by whoever reads the table.
pub(crate) type Key = (&'static str, &'static str);

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

impl<T> At<T> {
    /// Another value at the same place.
    pub(crate) fn with<U>(&self, value: U) -> At<U> {
        At {
            value,
            place: self.place,
        }
    }
}

/// One TOML file while it is read. It collects what is wrong.
pub(crate) struct Sheet<'t> {
    text: &'t str,
    report: RefCell<Report<'t>>,
    /// Lines whose syntax is broken. What else seems wrong there is only its consequence.
    broken: Vec<u32>,
    keys: &'static [Key],
}

/// Reads a TOML file. `make` asks for everything it needs before it gives up, so that all problems
/// are found.
///
/// # Errors
/// Everything that is wrong with the file: its syntax, unknown and missing keys, types, and what
/// `make` reported.
pub(crate) fn read<'t, T>(
    file: &'static str,
    text: &'t str,
    keys: &'static [Key],
    make: impl FnOnce(&Table<'_, 't>) -> Option<T>,
) -> Result<T, Problems> {
    let (made, report) = reported(file, text, keys, make);
    report.finish(made)
}

/// As [`read`], of a file of entries that can be used where others are wrong: what `make` gives, and
/// the report that says what is wrong on which lines.
pub(crate) fn reported<'t, T>(
    file: &'static str,
    text: &'t str,
    keys: &'static [Key],
    make: impl FnOnce(&Table<'_, 't>) -> Option<T>,
) -> (Option<T>, Report<'t>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let (report, broken) = syntax(file, text, &errors);
    let sheet = Sheet {
        text,
        report: RefCell::new(report),
        broken,
        keys,
    };
    let table = Table::open(&sheet, root.get_ref(), String::new(), None, keys);
    let made = make(&table);
    (made, sheet.report.into_inner())
}

/// Reports what is wrong with the syntax; and the lines it is wrong on.
fn syntax<'t>(
    file: &'static str,
    text: &'t str,
    errors: &[toml::de::Error],
) -> (Report<'t>, Vec<u32>) {
    /// What the parser says about every line that follows a list that isn't closed.
    const UNCLOSED: &str = "missing comma between array elements";
    let mut report = Report::new(file, text);
    let mut broken = Vec::new();
    let mut before = "";
    for error in errors {
        let place = report
            .lines
            .place(error.span().map_or(text.len(), |s| s.start));
        // The first complaint about a line is the cause, the others follow from it.
        if broken.contains(&place.line) {
            continue;
        }
        broken.push(place.line);
        let message = Text::capped(error.message(), 300);
        let is_unclosed = message.as_str().starts_with(UNCLOSED);
        if !(is_unclosed && before.starts_with(UNCLOSED)) {
            let help = is_unclosed.then(|| "is the list above it closed with `]`?".to_owned());
            report.add(place, message.as_str().to_owned(), help);
        }
        before = error.message();
    }
    (report, broken)
}

impl Sheet<'_> {
    /// Something at a place is wrong.
    pub(crate) fn problem(&self, place: Place, message: String, help: Option<String>) {
        if !self.broken.contains(&place.line) {
            self.report.borrow_mut().add(place, message, help);
        }
    }

    /// A word that is none of those it may be.
    pub(crate) fn unknown<'n>(
        &self,
        word: &At<&str>,
        what: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let help = match spelling::nearest(word.value, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it may be {}", list(&known)),
        };
        let message = format!("`{}` is no {what}", quoted(word.value));
        self.problem(word.place, message, Some(help));
    }

    /// The place of a byte offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        self.report.borrow().lines.place(offset)
    }

    /// Whether a section's broken header stands above, whose keys then seem to be the file's own.
    fn has_broken_header_above(&self, place: Place) -> bool {
        let report = self.report.borrow();
        self.broken.iter().any(|line| {
            let text = report.lines.line(*line).unwrap_or_default();
            *line < place.line && text.trim_start().starts_with('[')
        })
    }

    /// Whether some line seems to write the key: behind a syntax error it may merely be unread.
    fn mentions(&self, key: &str) -> bool {
        !self.broken.is_empty()
            && self.text.lines().any(|line| {
                let line = line.trim_start_matches([' ', '\t', '[', '"', '\'']);
                line.strip_prefix(key).is_some_and(|rest| {
                    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
                })
            })
    }
}

/// `a`, `b` or `c`.
fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// A table whose keys are all known.
pub(crate) struct Table<'a, 't> {
    sheet: &'a Sheet<'t>,
    table: &'a DeTable<'t>,
    path: String,
    at: Option<Place>,
    keys: &'static [Key],
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn open(
        sheet: &'a Sheet<'t>,
        table: &'a DeTable<'t>,
        path: String,
        at: Option<Place>,
        keys: &'static [Key],
    ) -> Self {
        let this = Self {
            sheet,
            table,
            path,
            at,
            keys,
        };
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !keys.iter().any(|(known, _)| *known == name) {
                this.unknown_key(name, sheet.place(key.span().start));
            }
        }
        this
    }

    fn unknown_key(&self, name: &str, place: Place) {
        if self.at.is_none() && self.sheet.has_broken_header_above(place) {
            return;
        }
        // What has no way to be written is known only to be refused with its reason.
        let may_be = self.keys.iter().filter(|(_, how)| !how.is_empty());
        let known: Vec<&str> = may_be.map(|(known, _)| *known).collect();
        let of_file = self.sheet.keys.iter().any(|(known, _)| *known == name);
        let help = if of_file && self.at.is_some() {
            format!("`{name}` belongs to the file as a whole: write it above the first `[section]`")
        } else if let Some(near) = spelling::nearest(name, known.iter().copied()) {
            format!("did you mean `{near}`?")
        } else {
            format!("it may be {}", list(&known))
        };
        let message = format!("unknown key `{}`", quoted(&self.path_of(name)));
        self.sheet.problem(place, message, Some(help));
    }

    fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    /// The file it is in.
    pub(crate) fn sheet(&self) -> &'a Sheet<'t> {
        self.sheet
    }

    /// Where it begins; the file's beginning for the file as a whole.
    pub(crate) fn place(&self) -> Place {
        self.at.unwrap_or(Place::START)
    }

    /// The value of a key; a missing one is a problem.
    pub(crate) fn required(&self, key: &'static str) -> Option<Value<'a, 't>> {
        let value = self.optional(key);
        if value.is_none() && !self.sheet.mentions(key) {
            let help = self.how_to_write(key);
            let message = format!("`{}` is missing", self.path_of(key));
            match self.at {
                Some(place) => self.sheet.problem(place, message, help),
                None => self.sheet.report.borrow_mut().add_missing(message, help),
            }
        }
        value
    }

    fn how_to_write(&self, key: &str) -> Option<String> {
        let (_, how) = self.keys.iter().find(|(known, _)| *known == key)?;
        let is_section = how.starts_with('[') && !how.starts_with("[[");
        let has_sections = || self.sheet.text.lines().any(|line| line.starts_with('['));
        Some(if is_section {
            format!("write `{how}` with all its keys, even where the answer is none")
        } else if self.at.is_none() && !how.starts_with('[') && has_sections() {
            format!("write `{how}` above the first `[section]`")
        } else {
            format!("write `{how}`")
        })
    }

    /// The value of a key, where it is written.
    pub(crate) fn optional(&self, key: &'static str) -> Option<Value<'a, 't>> {
        debug_assert!(self.keys.iter().any(|(known, _)| *known == key), "{key}");
        let (name, value) = self.table.get_key_value(key)?;
        Some(Value {
            sheet: self.sheet,
            path: self.path_of(key),
            key: self.sheet.place(name.span().start),
            place: self.sheet.place(value.span().start),
            value: value.get_ref(),
        })
    }

    /// `version = 1`, which every file begins with.
    pub(crate) fn version_one(&self) -> Option<()> {
        let version = self.required("version")?.integer(0..=u64::MAX)?;
        if version.value == 1 {
            return Some(());
        }
        self.sheet.problem(
            version.place,
            format!("version {} of this file is not known", version.value),
            Some("write `version = 1`".to_owned()),
        );
        None
    }
}
