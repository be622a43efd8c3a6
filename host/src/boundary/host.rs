use crate::model::Text;

/// The names of the host that a boundary file may refer to: its model endpoints.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    endpoints: Vec<Endpoint>,
}

/// A place where the host reaches a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    name: Text,
    location: Text,
}

/// An endpoint whose name or location is not of the documented form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not 1 to 64 of a-z, 0-9 and `-`, or is `none`")]
pub struct InvalidEndpoint(Text);

impl Endpoint {
    /// An endpoint by its name and location: each 1 to 64 of `a-z`, `0-9` and `-`; the name is not
    /// `none`.
    ///
    /// # Errors
    /// When either is not of that form.
    pub fn new(name: &str, location: &str) -> Result<Self, InvalidEndpoint> {
        for (word, is_right) in [
            (name, is_word(name) && name != "none"),
            (location, is_word(location)),
        ] {
            if !is_right {
                return Err(InvalidEndpoint(crate::written::quoted(word)));
            }
        }
        Ok(Self {
            name: Text::capped(name, 64),
            location: Text::capped(location, 64),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Where it stands, for example `on-premises`.
    pub fn location(&self) -> &str {
        self.location.as_str()
    }
}

impl HostNames {
    /// A host with these endpoints.
    pub fn new(endpoints: Vec<Endpoint>) -> Self {
        Self { endpoints }
    }

    /// A host that reaches no model.
    pub fn none() -> Self {
        Self::default()
    }

    /// Its endpoints.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }
}

/// Whether a word is of the form that names have in the files.
pub(super) fn is_word(word: &str) -> bool {
    crate::model::TenantId::parse(word).is_ok()
}
