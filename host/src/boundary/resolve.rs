use super::{Boundary, Denied, EnrichmentSource, Exclusion, union};
use crate::model::{Capability, Field, FieldSet, Instant};
use crate::written::{At, Decision, Place};

/// What the boundary says about one thing, and the line that decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The deciding line: of an exclusion, else the one that allows it, else the one that would have
    /// to.
    pub by: Decision,
}

impl Exclusion {
    /// Whether it is in force at that time.
    fn holds(&self, as_of: Instant) -> bool {
        self.over.is_none_or(|over| as_of < over)
    }
}

impl Boundary {
    /// The fields that modules may see at that time.
    pub fn visible_fields(&self, as_of: Instant) -> FieldSet {
        self.data.modules.set().without(self.excluded_fields(as_of))
    }

    /// Why a module does not see the field at that time; none where it does.
    pub fn withheld(&self, field: Field, as_of: Instant) -> Option<Decision> {
        let ruling = self.rules_on_field(field, as_of);
        (!ruling.allowed).then_some(ruling.by)
    }

    /// What is said about a field, for modules.
    pub fn rules_on_field(&self, field: Field, as_of: Instant) -> Ruling {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Fields(fields) => fields.contains(field),
            Denied::Source(_) | Denied::Model | Denied::Memory => false,
        });
        if let Some(by) = excluded {
            return Ruling { allowed: false, by };
        }
        let list = &self.data.modules;
        let named = list.named.iter().find(|n| n.value.contains(field));
        self.ruling(named.is_some(), named.map_or(list.key, |n| n.place))
    }

    /// Whether the capability is allowed at that time.
    ///
    /// # Errors
    /// The line that denies it.
    pub fn allows(&self, capability: Capability, as_of: Instant) -> Result<(), Decision> {
        match self.rules_on(capability, as_of) {
            Ruling { allowed: true, .. } => Ok(()),
            Ruling { allowed: false, by } => Err(by),
        }
    }

    /// What is said about a capability.
    pub fn rules_on(&self, capability: Capability, as_of: Instant) -> Ruling {
        match EnrichmentSource::of(capability) {
            Some(source) => self.rules_on_source(&source, as_of),
            None => self.rules_on_memory(as_of),
        }
    }

    /// What is said about a source of enrichment.
    pub fn rules_on_source(&self, source: &EnrichmentSource, as_of: Instant) -> Ruling {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Source(denied) => denied == source,
            Denied::Model | Denied::Memory | Denied::Fields(_) => false,
        });
        if let Some(by) = excluded {
            return Ruling { allowed: false, by };
        }
        let named = self.sources.named.iter().find(|n| n.value == *source);
        self.ruling(named.is_some(), named.map_or(self.sources.key, |n| n.place))
    }

    fn rules_on_memory(&self, as_of: Instant) -> Ruling {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Memory => true,
            Denied::Source(_) | Denied::Model | Denied::Fields(_) => false,
        });
        if let Some(by) = excluded {
            return Ruling { allowed: false, by };
        }
        let At { value, place } = self.data.memory;
        self.ruling(value, place)
    }

    /// Whether a model may be reached at all, and the line that decides it.
    pub fn rules_on_model(&self, as_of: Instant) -> Ruling {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Model => true,
            Denied::Source(_) | Denied::Memory | Denied::Fields(_) => false,
        });
        if let Some(by) = excluded {
            return Ruling { allowed: false, by };
        }
        let endpoint = &self.model.endpoint;
        self.ruling(endpoint.value.is_some(), endpoint.place)
    }

    /// The fields whose values a model may see at that time: none where there is no endpoint.
    /// A pseudonymised field is not among them, even where `data.model` names it too.
    pub fn model_fields(&self, as_of: Instant) -> FieldSet {
        self.model_set(self.data.model.set(), as_of)
            .without(self.data.pseudonymise.set())
    }

    /// The fields of which a model sees a token at that time.
    pub fn model_tokens(&self, as_of: Instant) -> FieldSet {
        self.model_set(self.data.pseudonymise.set(), as_of)
    }

    fn model_set(&self, fields: FieldSet, as_of: Instant) -> FieldSet {
        match self.rules_on_model(as_of).allowed {
            true => fields.intersection(self.visible_fields(as_of)),
            false => FieldSet::default(),
        }
    }

    /// What exclusions denied that are over at that time: the line of each thing that they name, with
    /// the clause. What no other line allows stays denied.
    pub fn lapsed(&self, as_of: Instant) -> Vec<Decision> {
        let over = self.exclusions.iter().filter(|e| !e.holds(as_of));
        over.flat_map(|e| {
            let clause = Some(e.clause.clone());
            let line = move |place| Decision::at(Self::FILE, &self.text, place, clause.clone());
            e.deny.iter().map(move |denied| line(denied.place))
        })
        .collect()
    }

    fn excluded_fields(&self, as_of: Instant) -> FieldSet {
        let in_force = self.exclusions.iter().filter(|e| e.holds(as_of));
        union(in_force.flat_map(|e| &e.deny).map(|d| match &d.value {
            Denied::Fields(fields) => *fields,
            Denied::Source(_) | Denied::Model | Denied::Memory => FieldSet::default(),
        }))
    }

    /// The first exclusion in force that denies it.
    fn exclusion(&self, as_of: Instant, denies: impl Fn(&Denied) -> bool) -> Option<Decision> {
        self.exclusions
            .iter()
            .filter(|e| e.holds(as_of))
            .find_map(|e| {
                let item = e.deny.iter().find(|d| denies(&d.value))?;
                let clause = Some(e.clause.clone());
                Some(Decision::at(Self::FILE, &self.text, item.place, clause))
            })
    }

    fn ruling(&self, allowed: bool, place: Place) -> Ruling {
        Ruling {
            allowed,
            by: self.line(place),
        }
    }

    /// The line of the file at that place.
    pub(super) fn line(&self, place: Place) -> Decision {
        Decision::at(Self::FILE, &self.text, place, None)
    }
}
