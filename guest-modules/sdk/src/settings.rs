//! What the operator set for this tenant.

use crate::bindings::imports::casemate::soc::types::{Setting, SettingValue};

/// A module's settings as they are in effect for this tenant: every one that its `module.toml`
/// declares, with the declared type and within the declared bounds, by the host's word.
///
/// ```
/// use casemate_sdk::Settings;
///
/// let settings = Settings::default().with("warn-days", 30).with("quiet", false);
/// assert_eq!(settings.integer("warn-days"), 30);
/// assert!(!settings.flag("quiet"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(Vec<Setting>);

impl Settings {
    /// A whole number. A name that `module.toml` doesn't declare as an `integer` is a slip of the
    /// module's author: the run fails and says which.
    pub fn integer(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(SettingValue::Integer(value)) => *value,
            _ => undeclared(name, "integer"),
        }
    }

    /// A text; may be empty. As [`Settings::integer`] where it isn't declared as a `text`.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(SettingValue::Text(value)) => value,
            _ => undeclared(name, "text"),
        }
    }

    /// Yes or no. As [`Settings::integer`] where it isn't declared as a `flag`.
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(SettingValue::Flag(value)) => *value,
            _ => undeclared(name, "flag"),
        }
    }

    /// Texts in the order they were written; may be none. As [`Settings::integer`] where it isn't
    /// declared as `texts`.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(SettingValue::Texts(value)) => value,
            _ => undeclared(name, "texts"),
        }
    }

    /// The value under a name, whatever its type.
    pub fn get(&self, name: &str) -> Option<&SettingValue> {
        let found = self.0.iter().find(|setting| setting.name == name)?;
        Some(&found.value)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SettingValue)> {
        self.0.iter().map(|s| (s.name.as_str(), &s.value))
    }

    /// The same with one more, or with another value of one: for tests and native use.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<SettingValue>) -> Self {
        let setting = Setting {
            name: name.to_owned(),
            value: value.into(),
        };
        match self.0.binary_search_by(|s| s.name.as_str().cmp(name)) {
            Ok(at) => {
                if let Some(slot) = self.0.get_mut(at) {
                    *slot = setting;
                }
            }
            Err(at) => self.0.insert(at, setting),
        }
        self
    }
}

#[expect(
    clippy::panic,
    reason = "a slip of the author that no value could stand for: the run has to fail and say so"
)]
fn undeclared(name: &str, kind: &str) -> ! {
    panic!("module.toml declares no setting `{name}` of type `{kind}`")
}

#[doc(hidden)]
impl From<Vec<Setting>> for Settings {
    fn from(settings: Vec<Setting>) -> Self {
        Self(settings)
    }
}

impl From<i64> for SettingValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for SettingValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<bool> for SettingValue {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&[&str]> for SettingValue {
    fn from(values: &[&str]) -> Self {
        Self::Texts(values.iter().map(|v| (*v).to_owned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_by_name_and_the_last_value_of_one_holds() {
        let settings = Settings::default()
            .with("words", ["b", "a"].as_slice())
            .with("days", 1)
            .with("days", 30)
            .with("mode", "strict")
            .with("on", true);
        let names: Vec<_> = settings.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["days", "mode", "on", "words"]);
        assert_eq!(
            (settings.integer("days"), settings.text("mode")),
            (30, "strict")
        );
        assert!(settings.flag("on"));
        assert_eq!(settings.texts("words"), ["b", "a"]);
        assert_eq!(settings.get("day"), None);
    }

    #[test]
    #[should_panic(expected = "module.toml declares no setting `days` of type `text`")]
    fn a_setting_of_another_type_is_no_value_of_this_one() {
        let _ = Settings::default().with("days", 30).text("days").len();
    }
}
