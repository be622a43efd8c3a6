//! How a source's documents become alerts: one table a source, in a file of its own below `source/`,
//! and the one way in which all tables are read.

use super::detect::Top;
use super::gathered::{Gathered, joined};
use super::reason::Reason;
use super::tree::{Names, Node, Object, steps};
use crate::model::{Field, ObservableKind, Severity, Source};
use std::sync::LazyLock;

/// What is known of a source: how its documents are recognised and what each field is taken from.
pub(super) struct Table {
    pub(super) source: Source,
    /// Where the mapping comes from: the vendor's page.
    pub(super) origin: &'static str,
    /// What a document of it is recognised by, for people.
    pub(super) because: &'static str,
    /// Whether a document is of it.
    pub(super) is: fn(&Top<'_>) -> bool,
    /// Paths that [`Table::check`] reads.
    pub(super) checks: &'static [&'static str],
    /// Why a document of it is no alert, such as a record of another class.
    pub(super) check: fn(&Object<'_>) -> Result<(), Reason>,
    /// The product's name, where documents do not say it.
    pub(super) product: Option<&'static str>,
    /// From the top down; what is set stays set.
    pub(super) rows: &'static [Row],
}

/// What a text is taken as.
#[derive(Clone, Copy)]
pub(super) enum To {
    /// The product's name.
    Product,
    /// The source's own id of the alert.
    Id,
    /// The time of the event.
    Event,
    /// The time at which it was observed or written down.
    Observed,
    /// The severity, and its text where nothing else is.
    Severity(fn(&str) -> Severity),
    /// The severity as it was written.
    SeverityText,
    /// A field.
    Field(Field),
    /// A field of all texts there, separated by spaces.
    Words(Field),
    /// A field, the last part of the path that the text is.
    FileName(Field),
    /// An address, and a port where the text has one behind it.
    Endpoint(Field, Field),
    /// A value of the source's own list of observables.
    Seen(ObservableKind),
}

/// A row of a table.
pub(super) enum Row {
    /// The first text of these paths that can be taken; for observables and words, all of them.
    Take(To, &'static [&'static str]),
    /// Rows for each object at a path, or for the first that passes.
    Of {
        /// The path; empty for the object that is at hand.
        at: &'static str,
        /// A path below it, and what its text must end with, in lower case.
        when: Option<(&'static str, &'static [&'static str])>,
        /// Passed over where one of these fields is set, so that no two things are mixed.
        unless: &'static [Field],
        /// The rows; their paths begin at the object.
        rows: &'static [Row],
    },
    /// What no row can say, and the paths it reads.
    Call(&'static [&'static str], fn(&Object<'_>, &mut Gathered)),
}

/// For `when`: any text will do.
pub(super) const ANY: &[&str] = &[""];

pub(super) const fn take(to: To, from: &'static [&'static str]) -> Row {
    Row::Take(to, from)
}

pub(super) const fn field(field: Field, from: &'static [&'static str]) -> Row {
    Row::Take(To::Field(field), from)
}

/// Rows for each object at a path.
pub(super) const fn each(at: &'static str, rows: &'static [Row]) -> Row {
    of(at, None, &[], rows)
}

const fn of(
    at: &'static str,
    when: Option<(&'static str, &'static [&'static str])>,
    unless: &'static [Field],
    rows: &'static [Row],
) -> Row {
    Row::Of {
        at,
        when,
        unless,
        rows,
    }
}

/// Rows for each object at a path whose text at `path` ends with one of `ends` (in lower case).
pub(super) const fn each_when(
    at: &'static str,
    path: &'static str,
    ends: &'static [&'static str],
    rows: &'static [Row],
) -> Row {
    of(at, Some((path, ends)), &[], rows)
}

/// The fields that one process fills.
const PROCESS: &[Field] = &[
    Field::ProcessName,
    Field::ProcessPath,
    Field::ProcessCommandLine,
];

/// Rows of a process: the first one named is the acting one, and all its fields come from it.
pub(super) const fn process(at: &'static str, rows: &'static [Row]) -> Row {
    of(at, None, PROCESS, rows)
}

/// As [`process`], for each object whose text at `path` ends with one of `ends`.
pub(super) const fn process_when(
    at: &'static str,
    path: &'static str,
    ends: &'static [&'static str],
    rows: &'static [Row],
) -> Row {
    of(at, Some((path, ends)), PROCESS, rows)
}

/// For a table whose documents are all alerts.
pub(super) fn any(_: &Object<'_>) -> Result<(), Reason> {
    Ok(())
}

/// A table with its paths taken apart.
pub(super) struct Compiled {
    pub(super) table: &'static Table,
    pub(super) names: Names,
    rows: Vec<CompiledRow>,
}

enum CompiledRow {
    Take(To, Vec<(&'static str, Vec<&'static str>)>),
    Of {
        at: Vec<&'static str>,
        prefix: &'static str,
        when: Option<(&'static str, &'static [&'static str])>,
        unless: &'static [Field],
        rows: Vec<CompiledRow>,
    },
    Call(&'static [&'static str], fn(&Object<'_>, &mut Gathered)),
}

impl Compiled {
    fn new(table: &'static Table) -> Self {
        let mut names = if super::source::is_loose(table.source) {
            Names::loose()
        } else {
            Names::default()
        };
        for path in table.checks {
            names.add(steps(path));
        }
        let rows = compile(table.rows, &[], &mut names);
        Self { table, names, rows }
    }

    /// The table of a source.
    pub(super) fn of(source: Source) -> &'static Self {
        static ALL: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
            let tables = Source::ALL
                .iter()
                .map(|source| super::source::table(*source));
            tables.map(Compiled::new).collect()
        });
        static NONE: LazyLock<Compiled> =
            LazyLock::new(|| Compiled::new(super::source::table(Source::Ocsf)));
        // The order of `Source::ALL` is that of its numbers; a test holds it.
        ALL.get(source as usize).unwrap_or(&NONE)
    }

    /// Takes out of a document what the table says.
    ///
    /// # Errors
    /// When it is no alert, or a time in it cannot be read.
    pub(super) fn gather(&self, document: &Object<'_>, it: &mut Gathered) -> Result<(), Reason> {
        (self.table.check)(document)?;
        gather(&self.rows, document, it, &mut Vec::new())
    }

    /// The first path that a thing is taken from.
    pub(super) fn first_path(&self, wanted: impl Fn(To) -> bool) -> &'static str {
        let found = self.table.rows.iter().find_map(|row| match row {
            Row::Take(to, from) if wanted(*to) => from.first().copied(),
            Row::Take(..) | Row::Of { .. } | Row::Call(..) => None,
        });
        found.unwrap_or("it")
    }
}

fn way_to(at: &'static str) -> Vec<&'static str> {
    if at.is_empty() {
        return Vec::new();
    }
    steps(at).collect()
}

fn compile(rows: &'static [Row], prefix: &[&'static str], names: &mut Names) -> Vec<CompiledRow> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let mut name = |path: &'static str| {
            let way: Vec<&'static str> = steps(path).collect();
            names.add(prefix.iter().copied().chain(way.iter().copied()));
            way
        };
        all.push(match row {
            Row::Take(to, from) => {
                CompiledRow::Take(*to, from.iter().map(|path| (*path, name(path))).collect())
            }
            Row::Call(reads, call) => {
                for path in *reads {
                    name(path);
                }
                CompiledRow::Call(reads, *call)
            }
            Row::Of {
                at,
                when,
                unless,
                rows,
            } => {
                let way: Vec<&'static str> = way_to(at);
                let below: Vec<_> = prefix.iter().chain(&way).copied().collect();
                if let Some((path, _)) = when {
                    names.add(below.iter().copied().chain(steps(path)));
                }
                CompiledRow::Of {
                    at: way,
                    prefix: at,
                    when: *when,
                    unless,
                    rows: compile(rows, &below, names),
                }
            }
        });
    }
    all
}

fn gather(
    rows: &[CompiledRow],
    at: &Object<'_>,
    it: &mut Gathered,
    below: &mut Vec<&'static str>,
) -> Result<(), Reason> {
    for row in rows {
        match row {
            CompiledRow::Take(to, paths) => {
                if it.is_full(*to) {
                    continue;
                }
                let mut texts = Vec::new();
                for (written, path) in paths {
                    at.visit(path, &mut |node| {
                        let Node::Text(text) = node else { return false };
                        if let To::Words(_) = to {
                            texts.push((*written, text.as_ref()));
                            return false;
                        }
                        it.take(*to, text, written, below)
                    });
                    if it.is_full(*to) || !texts.is_empty() {
                        break;
                    }
                }
                if let (To::Words(field), Some((written, _))) = (to, texts.first()) {
                    it.words(*field, &texts, written, below);
                }
            }
            CompiledRow::Call(reads, call) => {
                let (before, had) = (it.mark(), it.has_of_its_own());
                call(at, it);
                let all = || {
                    let there =
                        |path: &&&str| at.text(path).is_some() || !at.objects(path).is_empty();
                    let all: Vec<_> = reads
                        .iter()
                        .filter(there)
                        .map(|path| joined(below, path))
                        .collect();
                    all.join(", ")
                };
                it.trace(before, &all, "");
                let new = it.has_of_its_own().into_iter().zip(had);
                for ((name, _), _) in new.filter(|((_, has), (_, had))| *has && !*had) {
                    it.trace(it.mark(), &all, name);
                }
            }
            CompiledRow::Of {
                at: way,
                prefix,
                when,
                unless,
                rows,
            } => {
                let mut objects = Vec::new();
                if way.is_empty() {
                    objects.push(at);
                }
                at.visit(way, &mut |node| {
                    if let Node::Object(object) = node {
                        objects.push(object);
                    }
                    false
                });
                below.push(prefix);
                for object in objects {
                    let is = when.is_none_or(|(path, ends)| {
                        object.text(path).is_some_and(|text| {
                            let text = text.to_ascii_lowercase();
                            ends.iter().any(|end| text.ends_with(end))
                        })
                    });
                    if is && !unless.iter().any(|field| it.has(*field)) {
                        gather(rows, object, it, below)?;
                    }
                }
                below.pop();
            }
        }
    }
    Ok(())
}
