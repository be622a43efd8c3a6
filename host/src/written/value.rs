use super::place::Place;
use super::quoted;
use super::reader::{At, Key, Sheet, Table};
use crate::model::Instant;
use std::ops::RangeInclusive;
use toml::de::{DeTable, DeValue};

/// The value of a key.
pub(crate) struct Value<'a, 't> {
    pub(super) sheet: &'a Sheet<'t>,
    pub(super) path: String,
    /// Where the key stands.
    pub(crate) key: Place,
    /// Where the value stands.
    pub(crate) place: Place,
    pub(super) value: &'a DeValue<'t>,
}

/// A value that is no table, date or fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    Integer(i64),
    Text(String),
    Flag(bool),
    /// None of them twice.
    Texts(Vec<String>),
}

impl<'a, 't> Value<'a, 't> {
    /// The value is of the right type and still wrong: `path` followed by the message.
    pub(crate) fn wrong(&self, message: &str, help: Option<String>) {
        let message = format!("`{}` {message}", self.path);
        self.sheet.problem(self.place, message, help);
    }

    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        self.wrong(&format!("is {}, not {wanted}", type_of(self.value)), None);
        None
    }

    fn at<T>(&self, value: T) -> At<T> {
        At {
            value,
            place: self.place,
        }
    }

    /// A string of 1 to `max_bytes` bytes.
    pub(crate) fn string(&self, max_bytes: usize) -> Option<At<&'a str>> {
        let Some(text) = self.value.as_str() else {
            return self.wrong_type("a string");
        };
        if text.trim().is_empty() {
            self.wrong("is empty", None);
            return None;
        }
        if text.len() > max_bytes {
            let message = format!("has {} bytes, more than {max_bytes}", text.len());
            self.wrong(&message, None);
            return None;
        }
        Some(self.at(text))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<At<bool>> {
        match self.value.as_bool() {
            Some(value) => Some(self.at(value)),
            None => self.wrong_type("`true` or `false`"),
        }
    }

    /// An integer of the range.
    pub(crate) fn integer(&self, range: RangeInclusive<u64>) -> Option<At<u64>> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong_type("an integer");
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) if range.contains(&value) => Some(self.at(value)),
            Ok(_) | Err(_) => {
                let message = format!(
                    "is {}, not {} to {}",
                    quoted(integer.as_str()),
                    range.start(),
                    range.end()
                );
                self.wrong(&message, None);
                None
            }
        }
    }

    /// A list of strings, none of them twice; may be empty.
    pub(crate) fn strings(&self) -> Option<Vec<At<&'a str>>> {
        let Some(array) = self.value.as_array() else {
            return self.wrong_type("a list of strings");
        };
        let mut strings: Vec<At<&str>> = Vec::new();
        for item in array.iter() {
            let place = self.sheet.place(item.span().start);
            let Some(value) = item.get_ref().as_str() else {
                let is = type_of(item.get_ref());
                let message = format!("`{}` holds {is}, not only strings", self.path);
                self.sheet.problem(place, message, None);
                continue;
            };
            if strings.iter().any(|other| other.value == value) {
                let message = format!("`{}` is named twice", quoted(value));
                self.sheet.problem(place, message, None);
            } else {
                strings.push(At { value, place });
            }
        }
        Some(strings)
    }

    /// A whole number of either sign.
    pub(crate) fn signed(&self) -> Option<At<i64>> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong_type("an integer");
        };
        match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) => Some(self.at(value)),
            Err(_) => {
                let message = format!("is {}, which is too large", quoted(integer.as_str()));
                self.wrong(&message, None);
                None
            }
        }
    }

    /// An integer, a string, `true` or `false`, or a list of strings.
    pub(crate) fn plain(&self) -> Option<Plain> {
        const WANTED: &str = "an integer, a string, `true` or `false`, or a list of strings";
        match self.value {
            DeValue::Integer(_) => Some(Plain::Integer(self.signed()?.value)),
            DeValue::String(text) => Some(Plain::Text(text.clone().into_owned())),
            DeValue::Boolean(flag) => Some(Plain::Flag(*flag)),
            DeValue::Array(_) => {
                let texts = self.strings()?;
                Some(Plain::Texts(
                    texts.iter().map(|t| t.value.to_owned()).collect(),
                ))
            }
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => self.wrong_type(WANTED),
        }
    }

    /// The entries of a table whose keys are names that somebody chose, in the order of the file; each
    /// name with where it stands.
    pub(crate) fn entries(&self) -> Option<Vec<(At<&'a str>, Value<'a, 't>)>> {
        let Some(table) = self.value.as_table() else {
            return self.wrong_type("a table");
        };
        let mut entries: Vec<_> = table
            .iter()
            .map(|(name, value)| {
                let key = self.sheet.place(name.span().start);
                let name: &'a str = name.get_ref();
                let value = Value {
                    sheet: self.sheet,
                    path: format!("{}.{}", self.path, quoted(name)),
                    key,
                    place: self.sheet.place(value.span().start),
                    value: value.get_ref(),
                };
                let name = At {
                    value: name,
                    place: key,
                };
                (name, value)
            })
            .collect();
        entries.sort_by_key(|(name, _)| (name.place.line, name.place.column));
        Some(entries)
    }

    /// The string, where it is one; without a problem where it is not.
    pub(crate) fn as_str(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// A date, or a date with time and offset; and whether it is a plain date, whose instant is its
    /// beginning in UTC.
    pub(crate) fn instant(&self) -> Option<(At<Instant>, bool)> {
        const FORMS: &str = "write `2027-03-31` or `2027-03-31T08:00:00Z`, without quotes";
        let Some(mut written) = self.value.as_datetime().copied() else {
            let is = type_of(self.value);
            self.wrong(&format!("is {is}, not a date"), Some(FORMS.to_owned()));
            return None;
        };
        if let Some(time) = &mut written.time {
            time.second.get_or_insert(0);
        }
        let is_plain = written.time.is_none();
        let is_whole = written.date.is_some() && (is_plain || written.offset.is_some());
        match Instant::parse(&written.to_string()).filter(|_| is_whole) {
            Some(instant) => Some((self.at(instant), is_plain)),
            None => {
                self.wrong("is no point in time", Some(FORMS.to_owned()));
                None
            }
        }
    }

    /// A table with these keys.
    pub(crate) fn table(&self, keys: &'static [Key]) -> Option<Table<'a, 't>> {
        match self.value.as_table() {
            Some(table) => Some(self.open(table, self.place, keys)),
            None => self.wrong_type("a table"),
        }
    }

    /// A list of tables with these keys; may be empty.
    pub(crate) fn tables(&self, keys: &'static [Key]) -> Option<Vec<Table<'a, 't>>> {
        let Some(array) = self.value.as_array() else {
            return self.wrong_type("a list of tables");
        };
        let mut tables = Vec::new();
        for item in array.iter() {
            let place = self.sheet.place(item.span().start);
            match item.get_ref().as_table() {
                Some(table) => tables.push(self.open(table, place, keys)),
                None => {
                    let is = type_of(item.get_ref());
                    let message = format!("`{}` holds {is}, not only tables", self.path);
                    self.sheet.problem(place, message, None);
                }
            }
        }
        Some(tables)
    }

    fn open(&self, table: &'a DeTable<'t>, at: Place, keys: &'static [Key]) -> Table<'a, 't> {
        Table::open(self.sheet, table, self.path.clone(), Some(at), keys)
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
