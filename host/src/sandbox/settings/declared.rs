use super::{MAX_SETTING_BYTES, MAX_SETTINGS, SettingName, SettingValue, named, text};
use crate::model::Text;
use crate::written::{Key, Plain, Sheet, Table, Value, quoted};

/// How a section of a setting begins.
pub(in crate::sandbox) const EXAMPLE: &str = "[settings.my-setting]";

const KEYS: &[Key] = &[
    ("type", "type = \"integer\""),
    ("default", "default = …` or `required = true"),
    ("required", "required = true"),
    ("help", "help = \"what it does\""),
    ("min", "min = 0"),
    ("max", "max = 365"),
    ("max_bytes", "max_bytes = 64"),
    ("one_of", "one_of = [\"a\", \"b\"]"),
];

/// One setting that a module declares in its `module.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredSetting {
    name: SettingName,
    kind: SettingKind,
    default: Option<SettingValue>,
    help: Text,
}

/// What a setting can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A whole number from `min` to `max`.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// One text.
    Text(SettingText),
    /// Yes or no.
    Flag,
    /// A list of texts, each of this form.
    Texts(SettingText),
}

/// What a text of a setting can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingText {
    /// Its length in bytes, at most.
    pub max_bytes: usize,
    /// The words it can be; empty where any will do.
    pub one_of: Vec<Text>,
}

const KINDS: [&str; 4] = ["integer", "text", "flag", "texts"];

impl DeclaredSetting {
    /// Its name.
    pub fn name(&self) -> &SettingName {
        &self.name
    }

    /// What it can be.
    pub fn kind(&self) -> &SettingKind {
        &self.kind
    }

    /// Its value where a grant says nothing; none where every grant has to say it.
    pub fn default(&self) -> Option<&SettingValue> {
        self.default.as_ref()
    }

    /// What it does, by its author; may be empty.
    pub fn help(&self) -> &Text {
        &self.help
    }

    /// What it can be and what it does, as help for whoever sets it.
    pub fn describes(&self) -> String {
        let what = match &self.kind {
            SettingKind::Integer { min, max } => match (*min, *max) {
                (i64::MIN, i64::MAX) => "an integer".to_owned(),
                (i64::MIN, max) => format!("an integer of at most {max}"),
                (min, i64::MAX) => format!("an integer of at least {min}"),
                (min, max) => format!("an integer from {min} to {max}"),
            },
            SettingKind::Text(text) => text.describes("a text"),
            SettingKind::Flag => "`true` or `false`".to_owned(),
            SettingKind::Texts(text) => text.describes("a list of texts, each"),
        };
        match self.help.as_str() {
            "" => format!("it is {what}"),
            help => format!("it is {what}: {help}"),
        }
    }
}

impl SettingText {
    fn describes(&self, what: &str) -> String {
        match self.one_of.as_slice() {
            [] => format!("{what} of at most {} bytes", self.max_bytes),
            words => format!("{what} one of {}", listed(words)),
        }
    }

    fn check(&self, value: &Text) -> Result<(), String> {
        let bytes = value.as_str().len();
        if bytes > self.max_bytes {
            return Err(format!("has {bytes} bytes, more than {}", self.max_bytes));
        }
        if self.one_of.is_empty() || self.one_of.contains(value) {
            return Ok(());
        }
        Err(format!(
            "is `{}`, none of {}",
            quoted(value.as_str()),
            listed(&self.one_of)
        ))
    }
}

fn listed(words: &[Text]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

impl SettingKind {
    /// The word in `module.toml`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Integer { .. } => "integer",
            Self::Text(_) => "text",
            Self::Flag => "flag",
            Self::Texts(_) => "texts",
        }
    }

    /// Whether the value is one of these.
    ///
    /// # Errors
    /// What is wrong with it, as a predicate.
    pub(super) fn check(&self, value: &SettingValue) -> Result<(), String> {
        match (self, value) {
            (Self::Integer { min, max }, SettingValue::Integer(value)) => {
                if (min..=max).contains(&value) {
                    Ok(())
                } else {
                    Err(match (*min, *max) {
                        (i64::MIN, max) => format!("is {value}, more than {max}"),
                        (min, i64::MAX) => format!("is {value}, less than {min}"),
                        (min, max) => format!("is {value}, not {min} to {max}"),
                    })
                }
            }
            (Self::Flag, SettingValue::Flag(_)) => Ok(()),
            (Self::Text(text), SettingValue::Text(value)) => text.check(value),
            (Self::Texts(text), SettingValue::Texts(values)) => {
                values.iter().try_for_each(|value| text.check(value))
            }
            (Self::Integer { .. } | Self::Flag | Self::Text(_) | Self::Texts(_), value) => {
                let wanted = self.word();
                Err(format!("is {}, and its type is `{wanted}`", value.is()))
            }
        }
    }

    /// A value as it is written on a command line.
    ///
    /// # Errors
    /// What is wrong with it, as a predicate.
    pub(super) fn parse(&self, written: &str) -> Result<SettingValue, String> {
        let not = |what: &str| format!("is `{}`, not {what}", quoted(written));
        match self {
            Self::Integer { .. } => {
                let value = written.trim().parse();
                value
                    .map(SettingValue::Integer)
                    .map_err(|_| not("an integer"))
            }
            Self::Flag => match written.trim() {
                "true" => Ok(SettingValue::Flag(true)),
                "false" => Ok(SettingValue::Flag(false)),
                _ => Err(not("`true` or `false`")),
            },
            Self::Text(_) => Ok(SettingValue::Text(text(written)?)),
            Self::Texts(_) => {
                let words = written.split(',').map(str::trim).filter(|w| !w.is_empty());
                let mut seen: Vec<String> = Vec::new();
                for word in words {
                    if seen.iter().any(|other| other == word) {
                        return Err(format!("names `{}` twice", quoted(word)));
                    }
                    seen.push(word.to_owned());
                }
                SettingValue::of(Plain::Texts(seen))
            }
        }
    }
}

/// Reads `[settings.NAME]`, all of them; by name.
pub(in crate::sandbox) fn read(value: &Value<'_, '_>) -> Option<Vec<DeclaredSetting>> {
    let entries = value.entries()?;
    if entries.len() > MAX_SETTINGS {
        let says = format!("has {} settings, more than {MAX_SETTINGS}", entries.len());
        value.wrong(&says, None);
    }
    let mut declared = Vec::new();
    let mut whole = true;
    for (word, value) in &entries {
        let name = named(word, value);
        let read = value.table(KEYS).and_then(|table| one(&table));
        match (name, read) {
            (Some(name), Some((kind, default, help))) => declared.push(DeclaredSetting {
                name,
                kind,
                default,
                help,
            }),
            (_, _) => whole = false,
        }
    }
    declared.sort_by(|a, b| a.name.cmp(&b.name));
    whole.then_some(declared)
}

type Read = (SettingKind, Option<SettingValue>, Text);

fn one(table: &Table<'_, '_>) -> Option<Read> {
    let sheet = table.sheet();
    let kind = table.required("type").and_then(|v| kind(table, sheet, &v));
    let help = match table.optional("help") {
        None => Some(Text::default()),
        Some(value) => value.string(500).map(|help| Text::capped(help.value, 500)),
    };
    let required = match table.optional("required") {
        None => Some(false),
        Some(value) => value.boolean().map(|required| required.value),
    };
    let default = match (table.optional("default"), required) {
        (Some(value), Some(true)) => {
            let help = "take out `default` or `required`".to_owned();
            value.wrong("belongs to a setting that is not required", Some(help));
            None
        }
        (Some(value), _) => SettingValue::read(&value).and_then(|default| {
            // Where the type is wrong that is said already.
            let Some(kind) = &kind else { return None };
            match kind.check(&default) {
                Ok(()) => Some(Some(default)),
                Err(says) => {
                    value.wrong(&says, None);
                    None
                }
            }
        }),
        (None, Some(true)) => Some(None),
        (None, Some(false)) => {
            let _missing = table.required("default");
            None
        }
        (None, None) => None,
    };
    Some((kind?, default?, help?))
}

fn kind(table: &Table<'_, '_>, sheet: &Sheet<'_>, value: &Value<'_, '_>) -> Option<SettingKind> {
    let word = value.string(64)?;
    let bounds: &[&'static str] = match word.value {
        "integer" => &["min", "max"],
        "text" | "texts" => &["max_bytes", "one_of"],
        "flag" => &[],
        _ => {
            sheet.unknown(&word, "type of a setting", KINDS);
            return None;
        }
    };
    for key in ["min", "max", "max_bytes", "one_of"] {
        if let Some(value) = table.optional(key).filter(|_| !bounds.contains(&key)) {
            let says = format!("does not belong to type `{}`", word.value);
            value.wrong(&says, None);
        }
    }
    match word.value {
        "integer" => {
            let bound = |key, open: i64| match table.optional(key) {
                None => Some(open),
                Some(value) => value.signed().map(|bound| bound.value),
            };
            let (min, max) = (bound("min", i64::MIN), bound("max", i64::MAX));
            let (min, max) = (min?, max?);
            if min > max {
                let value = table.optional("min")?;
                value.wrong(&format!("is {min}, more than `max`, which is {max}"), None);
                return None;
            }
            Some(SettingKind::Integer { min, max })
        }
        "flag" => Some(SettingKind::Flag),
        "text" => form(table).map(SettingKind::Text),
        _ => form(table).map(SettingKind::Texts),
    }
}

/// What each text can be.
fn form(table: &Table<'_, '_>) -> Option<SettingText> {
    let max_bytes = match table.optional("max_bytes") {
        None => Some(MAX_SETTING_BYTES),
        Some(value) => {
            let bytes = value.integer(1..=MAX_SETTING_BYTES as u64)?;
            usize::try_from(bytes.value).ok()
        }
    };
    let Some(value) = table.optional("one_of") else {
        return Some(SettingText {
            max_bytes: max_bytes?,
            one_of: Vec::new(),
        });
    };
    let words = value.strings()?;
    if words.is_empty() {
        value.wrong(
            "is empty",
            Some("take it out, and any text will do".to_owned()),
        );
        return None;
    }
    let mut one_of = Vec::new();
    for word in &words {
        match text(word.value) {
            Ok(word) => one_of.push(word),
            Err(says) => {
                value.wrong(&says, None);
                return None;
            }
        }
    }
    let max_bytes = max_bytes?;
    Some(SettingText { max_bytes, one_of })
}
