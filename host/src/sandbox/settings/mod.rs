//! Settings of a module: what its manifest declares, what a grant says, and what is in effect.

mod declared;

pub use declared::{DeclaredSetting, SettingKind, SettingText};
pub(super) use declared::{EXAMPLE, read as read_declared};

use super::bindings::types;
use crate::model::Text;
use crate::written::{At, Decision, Plain, Value, nearest};
use std::collections::BTreeMap;
use std::fmt;

/// Settings that one module can declare.
pub const MAX_SETTINGS: usize = 32;
/// The longest text of a setting, and all the texts of one together, in bytes.
pub const MAX_SETTING_BYTES: usize = 4_096;
/// Texts in one setting of type `texts`.
pub const MAX_SETTING_TEXTS: usize = 64;

/// A setting's name: 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct SettingName(Box<str>);

impl SettingName {
    /// Parses a name; none where the text is not of the documented form.
    pub fn parse(text: &str) -> Option<Self> {
        let of_name =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let begins = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        (begins && text.len() <= 64 && text.bytes().all(of_name)).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The value of a setting. No text in one has a character that a terminal or a page would obey.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A whole number.
    Integer(i64),
    /// At most [`MAX_SETTING_BYTES`]; may be empty.
    Text(Text),
    /// Yes or no.
    Flag(bool),
    /// At most [`MAX_SETTING_TEXTS`] and [`MAX_SETTING_BYTES`] together, none of them twice; may be
    /// none.
    Texts(Vec<Text>),
}

impl SettingValue {
    /// What it is, in words.
    pub fn is(&self) -> &'static str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Text(_) => "a text",
            Self::Flag(_) => "`true` or `false`",
            Self::Texts(_) => "a list of texts",
        }
    }

    /// From what stands in a file.
    ///
    /// # Errors
    /// What is wrong with it.
    fn of(plain: Plain) -> Result<Self, String> {
        Ok(match plain {
            Plain::Integer(value) => Self::Integer(value),
            Plain::Flag(value) => Self::Flag(value),
            Plain::Text(value) => Self::Text(text(&value)?),
            Plain::Texts(values) if values.len() > MAX_SETTING_TEXTS => {
                let count = values.len();
                return Err(format!("has {count} texts, more than {MAX_SETTING_TEXTS}"));
            }
            Plain::Texts(values) => {
                let bytes: usize = values.iter().map(String::len).sum();
                if bytes > MAX_SETTING_BYTES {
                    let most = MAX_SETTING_BYTES;
                    return Err(format!("has {bytes} bytes together, more than {most}"));
                }
                let texts = values.iter().map(|value| text(value));
                Self::Texts(texts.collect::<Result<_, _>>()?)
            }
        })
    }

    /// Reads the value of a key.
    fn read(value: &Value<'_, '_>) -> Option<Self> {
        match Self::of(value.plain()?) {
            Ok(read) => Some(read),
            Err(says) => {
                value.wrong(&says, None);
                None
            }
        }
    }
}

/// A text that is shown as it is written.
fn text(written: &str) -> Result<Text, String> {
    if written.len() > MAX_SETTING_BYTES {
        let bytes = written.len();
        return Err(format!("has {bytes} bytes, more than {MAX_SETTING_BYTES}"));
    }
    let shown = Text::capped(written, MAX_SETTING_BYTES);
    if shown.as_str() == written {
        return Ok(shown);
    }
    Err("holds a character that would be obeyed and not shown, such as a line's end".to_owned())
}

impl fmt::Display for SettingValue {
    /// As it is written in TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &Text| toml::Value::String(text.as_str().to_owned()).to_string();
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Flag(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(&quoted(value)),
            Self::Texts(values) => {
                let values: Vec<String> = values.iter().map(quoted).collect();
                write!(f, "[{}]", values.join(", "))
            }
        }
    }
}

/// The settings that a grant says, by name; the others have their default. Whether the module
/// declares them is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedSettings(BTreeMap<SettingName, SettingValue>);

impl WantedSettings {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets one. What was set under the name before is forgotten.
    pub fn set(&mut self, name: SettingName, value: SettingValue) {
        self.0.insert(name, value);
    }

    /// The pairs, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SettingName, &SettingValue)> {
        self.0.iter()
    }

    /// Reads the table of a grant, and where each name stands.
    pub(super) fn read(value: &Value<'_, '_>) -> Option<(Self, Vec<At<SettingName>>)> {
        let (mut wanted, mut places) = (Self::default(), Vec::new());
        let entries = value.entries()?;
        if entries.len() > MAX_SETTINGS {
            let says = format!("has {} settings, more than {MAX_SETTINGS}", entries.len());
            value.wrong(&says, None);
        }
        for (word, value) in entries {
            let name = named(&word, &value);
            let read = SettingValue::read(&value);
            if let (Some(name), Some(read)) = (name, read) {
                places.push(word.with(name.clone()));
                wanted.set(name, read);
            }
        }
        Some((wanted, places))
    }

    /// As it is written in a grant: `{ a = 1, b = "x" }`, by name.
    pub(super) fn text(&self) -> String {
        let pairs: Vec<String> = self.iter().map(|(n, v)| format!("{n} = {v}")).collect();
        format!("{{ {} }}", pairs.join(", "))
    }
}

/// Reads the name of a setting, which is a key.
fn named(word: &At<&str>, value: &Value<'_, '_>) -> Option<SettingName> {
    let name = SettingName::parse(word.value);
    if name.is_none() {
        let help = "write 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter";
        value.wrong("is no name of a setting", Some(help.to_owned()));
    }
    name
}

/// The settings of a run: every one that the module declares, by name, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantedSettings(Vec<(SettingName, SettingValue)>);

impl GrantedSettings {
    /// What is in effect where a grant says this: all that is declared, with the default where nothing
    /// is said.
    ///
    /// # Errors
    /// Everything that is wrong, at once: a name that is not declared, a value that does not fit, one
    /// that is required and missing.
    pub fn resolve(
        declared: &[DeclaredSetting],
        wanted: &WantedSettings,
    ) -> Result<Self, Vec<WrongSetting>> {
        let mut wrong: Vec<WrongSetting> = wanted
            .iter()
            .filter(|(name, _)| declared.iter().all(|d| d.name() != *name))
            .map(|(name, _)| WrongSetting::unknown(name.as_str(), declared))
            .collect();
        let mut settings = Vec::with_capacity(declared.len());
        for one in declared {
            match (wanted.0.get(one.name()), one.default()) {
                (Some(value), _) => match one.kind().check(value) {
                    Ok(()) => settings.push((one.name().clone(), value.clone())),
                    Err(says) => wrong.push(WrongSetting::of(one, says)),
                },
                (None, Some(default)) => settings.push((one.name().clone(), default.clone())),
                (None, None) => {
                    let says = "is required and not set".to_owned();
                    wrong.push(WrongSetting::of(one, says));
                }
            }
        }
        if wrong.is_empty() {
            Ok(Self(settings))
        } else {
            Err(wrong)
        }
    }

    /// The settings, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SettingName, &SettingValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// As they cross to the module.
    pub(crate) fn crossing(&self) -> Vec<types::Setting> {
        let text = |text: &Text| text.as_str().to_owned();
        let one = |(name, value): (&SettingName, &SettingValue)| types::Setting {
            name: name.as_str().to_owned(),
            value: match value {
                SettingValue::Integer(value) => types::SettingValue::Integer(*value),
                SettingValue::Text(value) => types::SettingValue::Text(text(value)),
                SettingValue::Flag(value) => types::SettingValue::Flag(*value),
                SettingValue::Texts(values) => {
                    types::SettingValue::Texts(values.iter().map(text).collect())
                }
            },
        };
        self.iter().map(one).collect()
    }
}

impl serde::Serialize for GrantedSettings {
    /// As one table, by name.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

/// A setting that a module cannot be granted with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WrongSetting {
    /// Its name, as it was written.
    pub name: Text,
    /// What is wrong.
    pub says: String,
    /// What would be right.
    pub help: String,
    /// The line that sets it, or the one that should; none where it was not read from a file.
    pub line: Option<Decision>,
}

impl WrongSetting {
    fn of(declared: &DeclaredSetting, says: String) -> Self {
        Self {
            name: Text::capped(declared.name().as_str(), 80),
            says,
            help: declared.describes(),
            line: None,
        }
    }

    /// A name that the module does not declare.
    fn unknown(name: &str, declared: &[DeclaredSetting]) -> Self {
        let known = || declared.iter().map(|d| d.name().as_str());
        let help = match nearest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if declared.is_empty() => "the module declares none".to_owned(),
            None => {
                let known: Vec<String> = known().map(|name| format!("`{name}`")).collect();
                format!("it declares {}", known.join(", "))
            }
        };
        Self {
            name: Text::capped(name, 80),
            says: "is none that the module declares".to_owned(),
            help,
            line: None,
        }
    }

    /// Reads `name=value` as it is written on a command line: the value by the type that the module
    /// declares, texts with commas between.
    ///
    /// # Errors
    /// When the module declares no such setting, or the value is not of its type.
    pub fn parse(
        declared: &[DeclaredSetting],
        written: &str,
    ) -> Result<(SettingName, SettingValue), Self> {
        let (name, value) = written.split_once('=').unwrap_or((written, ""));
        let name = name.trim();
        let Some(one) = declared.iter().find(|d| d.name().as_str() == name) else {
            return Err(Self::unknown(name, declared));
        };
        if !written.contains('=') {
            return Err(Self::of(one, "has no value: write `name=value`".to_owned()));
        }
        let value = one.kind().parse(value);
        let value = value.and_then(|value| one.kind().check(&value).map(|()| value));
        match value {
            Ok(value) => Ok((one.name().clone(), value)),
            Err(says) => Err(Self::of(one, says)),
        }
    }
}

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = &self.line {
            write!(f, "{}:{}: ", line.file, line.line)?;
        }
        write!(f, "setting `{}` {}; {}", self.name, self.says, self.help)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
