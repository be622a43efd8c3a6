//! What one file says: a tenant's own, or the defaults. Both are written in the same five statements.

use super::exclusion::Exclusion;
use super::retention::RetentionSaid;
use super::review::ReviewSaid;
use super::{EnrichmentSource, ModelSees};
use crate::model::{Field, FieldSet, Text};
use crate::written::{At, Decision, Place};

/// The five statements of one file.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    /// The file's name as decisions give it.
    pub(super) file: &'static str,
    pub(super) text: Box<str>,
    pub(super) data: Data,
    pub(super) model: ModelSite,
    pub(super) sources: Sources,
    pub(super) review: ReviewSaid,
    pub(super) exclusions: Vec<Exclusion>,
    pub(super) retention: RetentionSaid,
}

/// Statement 1: what may be seen.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) modules: Fields,
    pub(super) model: Fields,
    pub(super) pseudonymise: Fields,
    pub(super) memory: At<bool>,
}

/// A list of field and group names.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    /// Where its key stands: the line that decides about what the list does not name.
    pub(super) key: Place,
    pub(super) named: Vec<At<FieldSet>>,
}

/// Statement 2: where the model boundary sits.
#[derive(Clone, Debug)]
pub(super) struct ModelSite {
    /// None where no model is used.
    pub(super) endpoint: At<Option<Text>>,
    pub(super) location: At<Text>,
}

/// Statement 3: sanctioned sources.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub(super) key: Place,
    pub(super) named: Vec<At<EnrichmentSource>>,
}

/// What a file says about one thing, exclusions aside, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) allowed: bool,
    pub(super) place: Place,
}

impl Fields {
    pub(super) fn set(&self) -> FieldSet {
        let sets = self.named.iter().map(|n| n.value);
        sets.fold(FieldSet::default(), FieldSet::union)
    }

    /// Where the field is named, alone or in a group.
    pub(super) fn names(&self, field: Field) -> Option<Place> {
        let named = self.named.iter().find(|n| n.value.contains(field));
        named.map(|n| n.place)
    }

    pub(super) fn on(&self, field: Field) -> Said {
        Said::of(self.names(field), self.key)
    }
}

impl Sources {
    pub(super) fn names(&self, source: &EnrichmentSource) -> Option<Place> {
        let named = self.named.iter().find(|n| n.value == *source);
        named.map(|n| n.place)
    }

    pub(super) fn on(&self, source: &EnrichmentSource) -> Said {
        Said::of(self.names(source), self.key)
    }
}

impl Data {
    /// What a model may see of a field by this file's lists. What is pseudonymised is a token, also
    /// where the other list names it too.
    pub(super) fn model_sees(&self, field: Field) -> ModelSees {
        if self.pseudonymise.names(field).is_some() {
            ModelSees::Token
        } else if self.model.names(field).is_some() {
            ModelSees::Value
        } else {
            ModelSees::Nothing
        }
    }
}

impl Said {
    /// Allowed where it is named; else the list's key is what would have to name it.
    fn of(named: Option<Place>, key: Place) -> Self {
        Self {
            allowed: named.is_some(),
            place: named.unwrap_or(key),
        }
    }

    pub(super) fn stated(at: At<bool>) -> Self {
        Self {
            allowed: at.value,
            place: at.place,
        }
    }
}

impl Statements {
    /// The line of this file at that place.
    pub(super) fn line(&self, place: Place) -> Decision {
        self.decision(place, None)
    }

    pub(super) fn decision(&self, place: Place, clause: Option<&Text>) -> Decision {
        Decision::at(self.file, &self.text, place, clause.cloned())
    }
}
