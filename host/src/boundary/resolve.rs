//! Two files resolved into one boundary: the tenant's own, and the defaults. Everything is the narrower
//! of the two, thing by thing; `widen` of the defaults is the one way past them; an exclusion in force
//! in either beats everything. Demands go the other way: what either file asks for is asked for.

use super::defaults::{Defaults, Widen};
use super::exclusion::Denied;
use super::said::{Said, Statements};
use super::{Audience, Boundary, EnrichmentSource, PacketPart, Retention, Review, ReviewItem};
use crate::model::{Capability, Field, FieldSet, Instant, RetentionClass, Text};
use crate::written::{At, Decision, Place};

/// What the boundary says about one thing, and the line that decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The deciding line: of an exclusion, else the tenant's own that allows it, else the one that
    /// would have to: the tenant's own, or that of the defaults where the tenant's allows it.
    pub by: Decision,
    /// The line of the defaults that lets the tenant's own file allow more than they do.
    pub widened: Option<Decision>,
}

/// What a model sees of a field, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelSees {
    /// Nothing.
    Nothing,
    /// A token in the value's place.
    Token,
    /// The value.
    Value,
}

/// A place in one of the files.
#[derive(Clone, Copy)]
struct Spot<'a> {
    said: &'a Statements,
    place: Place,
    clause: Option<&'a Text>,
}

/// A ruling whose lines are not read out yet.
struct Found<'a> {
    allowed: bool,
    by: Spot<'a>,
    widened: Option<Spot<'a>>,
}

impl Spot<'_> {
    fn decision(self) -> Decision {
        self.said.decision(self.place, self.clause)
    }
}

impl Found<'_> {
    fn ruling(self) -> Ruling {
        Ruling {
            allowed: self.allowed,
            by: self.by.decision(),
            widened: self.widened.map(Spot::decision),
        }
    }
}

impl Boundary {
    /// The fields that modules may see at that time.
    pub fn visible_fields(&self, as_of: Instant) -> FieldSet {
        let all = Field::ALL.iter().copied();
        all.filter(|field| self.on_field(*field, as_of).allowed)
            .collect()
    }

    /// Why a module does not see the field at that time; none where it does.
    pub fn withheld(&self, field: Field, as_of: Instant) -> Option<Decision> {
        let found = self.on_field(field, as_of);
        (!found.allowed).then(|| found.by.decision())
    }

    /// What is said about a field, for modules.
    pub fn rules_on_field(&self, field: Field, as_of: Instant) -> Ruling {
        self.on_field(field, as_of).ruling()
    }

    /// Whether the capability is allowed at that time.
    ///
    /// # Errors
    /// The line that denies it.
    pub fn allows(&self, capability: Capability, as_of: Instant) -> Result<(), Decision> {
        match self.rules_on(capability, as_of) {
            Ruling { allowed: true, .. } => Ok(()),
            Ruling {
                allowed: false, by, ..
            } => Err(by),
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
        excluded
            .unwrap_or_else(|| self.narrower(|s| s.sources.on(source), |w| w.sources.names(source)))
            .ruling()
    }

    fn rules_on_memory(&self, as_of: Instant) -> Ruling {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Memory => true,
            Denied::Source(_) | Denied::Model | Denied::Fields(_) => false,
        });
        excluded
            .unwrap_or_else(|| self.narrower(|s| Said::stated(s.data.memory), |w| yes(w.memory)))
            .ruling()
    }

    /// Whether a model may be reached at all, and the line that decides it.
    pub fn rules_on_model(&self, as_of: Instant) -> Ruling {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Model => true,
            Denied::Source(_) | Denied::Memory | Denied::Fields(_) => false,
        });
        excluded.unwrap_or_else(|| self.on_endpoint()).ruling()
    }

    /// Who may get module binaries and whole batches, and the line that decides it.
    pub fn rules_on_audience(&self, audience: Audience) -> Ruling {
        self.on_audience(audience).ruling()
    }

    /// What a model sees of a field at that time: nothing where it is not reached or modules do not
    /// see the field.
    pub fn model_sees(&self, field: Field, as_of: Instant) -> ModelSees {
        let reached = self.rules_on_model(as_of).allowed;
        if !reached || !self.on_field(field, as_of).allowed {
            return ModelSees::Nothing;
        }
        self.shown_to_model(field)
    }

    /// The fields whose values a model may see at that time: none where there is no endpoint.
    /// A pseudonymised field is not among them, even where `data.model` names it too.
    pub fn model_fields(&self, as_of: Instant) -> FieldSet {
        self.model_set(ModelSees::Value, as_of)
    }

    /// The fields of which a model sees a token at that time.
    pub fn model_tokens(&self, as_of: Instant) -> FieldSet {
        self.model_set(ModelSees::Token, as_of)
    }

    fn model_set(&self, sees: ModelSees, as_of: Instant) -> FieldSet {
        if !self.rules_on_model(as_of).allowed {
            return FieldSet::default();
        }
        let visible = self.visible_fields(as_of).iter();
        visible
            .filter(|field| self.shown_to_model(*field) == sees)
            .collect()
    }

    /// What the lists of both files let a model see of a field.
    pub(super) fn shown_to_model(&self, field: Field) -> ModelSees {
        let own = self.own.data.model_sees(field);
        let most = match &self.defaults {
            None => ModelSees::Value,
            Some(defaults) => match defaults.widen.model.names(field) {
                Some(_) => ModelSees::Value,
                None => defaults.said.data.model_sees(field),
            },
        };
        own.min(most)
    }

    /// Whether both files let a model be reached, exclusions aside.
    pub(super) fn lets_model(&self) -> bool {
        self.on_endpoint().allowed
    }

    fn on_endpoint(&self) -> Found<'_> {
        let own = &self.own.model.endpoint.value;
        // Another endpoint than that of the defaults may stand anywhere: it is none of theirs.
        let on = |said: &Statements| Said {
            allowed: own.is_some() && said.model.endpoint.value == *own,
            place: said.model.endpoint.place,
        };
        self.narrower(on, |widen| yes(widen.endpoint))
    }

    fn on_field(&self, field: Field, as_of: Instant) -> Found<'_> {
        let excluded = self.exclusion(as_of, |denied| match denied {
            Denied::Fields(fields) => fields.contains(field),
            Denied::Source(_) | Denied::Model | Denied::Memory => false,
        });
        excluded.unwrap_or_else(|| {
            self.narrower(|s| s.data.modules.on(field), |w| w.modules.names(field))
        })
    }

    fn on_audience(&self, audience: Audience) -> Found<'_> {
        on_audience(&self.own, self.defaults.as_deref(), audience)
    }

    fn narrower(
        &self,
        says: impl Fn(&Statements) -> Said,
        widens: impl Fn(&Widen) -> Option<Place>,
    ) -> Found<'_> {
        narrower(&self.own, self.defaults.as_deref(), says, widens)
    }

    /// The files that speak: the tenant's own, then the defaults.
    pub(super) fn files(&self) -> impl Iterator<Item = &Statements> {
        let defaults = self.defaults.as_deref().map(|d| &d.said);
        std::iter::once(&self.own).chain(defaults)
    }

    /// What exclusions denied that are over at that time: the line of each thing that they name, with
    /// the clause. What no other line allows stays denied.
    pub fn lapsed(&self, as_of: Instant) -> Vec<Decision> {
        let lines = |said: &Statements| -> Vec<Decision> {
            let over = said.exclusions.iter().filter(|e| !e.holds(as_of));
            let denied = over.flat_map(|e| e.deny.iter().map(move |item| (item.place, &e.clause)));
            denied
                .map(|(place, clause)| {
                    let spot = Spot {
                        said,
                        place,
                        clause: Some(clause),
                    };
                    spot.decision()
                })
                .collect()
        };
        self.files().flat_map(lines).collect()
    }

    /// The first exclusion in force that denies it.
    fn exclusion(&self, as_of: Instant, denies: impl Fn(&Denied) -> bool) -> Option<Found<'_>> {
        self.files().find_map(|said| {
            let mut in_force = said.exclusions.iter().filter(|e| e.holds(as_of));
            let (exclusion, item) = in_force.find_map(|e| {
                let item = e.deny.iter().find(|d| denies(&d.value))?;
                Some((e, item))
            })?;
            Some(Found {
                allowed: false,
                by: Spot {
                    said,
                    place: item.place,
                    clause: Some(&exclusion.clause),
                },
                widened: None,
            })
        })
    }
}

/// Allowed where the tenant's own file allows it and the defaults do, or let it be widened.
fn narrower<'a>(
    own: &'a Statements,
    defaults: Option<&'a Defaults>,
    says: impl Fn(&Statements) -> Said,
    widens: impl Fn(&Widen) -> Option<Place>,
) -> Found<'a> {
    let spot = |said: &'a Statements, place| Spot {
        said,
        place,
        clause: None,
    };
    let mine = says(own);
    let mut found = Found {
        allowed: mine.allowed,
        by: spot(own, mine.place),
        widened: None,
    };
    let Some(defaults) = defaults.filter(|_| mine.allowed) else {
        return found;
    };
    let theirs = says(&defaults.said);
    if !theirs.allowed {
        match widens(&defaults.widen) {
            Some(place) => found.widened = Some(spot(&defaults.said, place)),
            None => {
                found.allowed = false;
                found.by = spot(&defaults.said, theirs.place);
            }
        }
    }
    found
}

fn on_audience<'a>(
    own: &'a Statements,
    defaults: Option<&'a Defaults>,
    audience: Audience,
) -> Found<'a> {
    let on = |said: &Statements| {
        let list = &said.review.replay_bundle;
        let named = list.names(&audience);
        Said {
            allowed: named.is_some(),
            place: named.unwrap_or(list.key),
        }
    };
    narrower(own, defaults, on, |w| w.replay_bundle.names(&audience))
}

/// Where something is stated to be so.
fn yes(stated: Option<At<bool>>) -> Option<Place> {
    stated.filter(|at| at.value).map(|at| at.place)
}

/// How many days a class is kept, and the file that says it; none where for ever. The tenant's own
/// statement counts, and the fewer days where both state some and the defaults do not let it widen.
pub(super) fn kept<'a>(
    own: &'a Statements,
    defaults: Option<&'a Defaults>,
    class: RetentionClass,
) -> Option<(At<u64>, &'a Statements)> {
    let mine = own.retention.stated(class).map(|days| (days, own));
    let theirs = defaults.and_then(|d| Some((d.said.retention.stated(class)?, &d.said)));
    let widens = defaults.is_some_and(|d| yes(d.widen.retention).is_some());
    match (mine, theirs) {
        (Some(mine), Some(theirs)) if theirs.0.value < mine.0.value && !widens => Some(theirs),
        (Some(mine), _) => Some(mine),
        (None, theirs) => theirs,
    }
}

/// What does not depend on the time.
pub(super) fn settled(
    own: &Statements,
    signers: &Text,
    defaults: Option<&Defaults>,
) -> (Review, Retention) {
    let files = || std::iter::once(own).chain(defaults.map(|d| &d.said));
    let asked = |item: &ReviewItem| files().any(|s| s.review.required.names(item).is_some());
    let needed = |part: &PacketPart| files().any(|s| s.review.packet_needs.names(part).is_some());
    let needs = files().map(|s| s.review.downgrade_needs.value).max();
    let review = Review {
        required: ReviewItem::ALL.iter().copied().filter(asked).collect(),
        signers: signers.clone(),
        downgrade_needs: needs.unwrap_or(u8::MAX),
        packet_needs: PacketPart::ALL.iter().copied().filter(needed).collect(),
        replay_bundle: Audience::ALL
            .iter()
            .copied()
            .filter(|audience| on_audience(own, defaults, *audience).allowed)
            .collect(),
    };
    let days = |class| kept(own, defaults, class).map(|(days, _)| days.value);
    (review, Retention::of(days))
}
