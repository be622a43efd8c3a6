//! The rules a second time, as plainly as they can be put: each question asked of the words of the
//! files, one after the other. It shares no code with the resolution that it is compared with.

use super::ModelSees;
use super::worlds::{AUDIENCES, SOURCES, Said, World, named};
use crate::model::{Field, FieldSet};

/// What is allowed, in a form that can be compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) seen: FieldSet,
    pub(super) values: FieldSet,
    pub(super) tokens: FieldSet,
    /// Sources, memory, the model with its endpoint, audiences, and what is not asked for.
    pub(super) names: Vec<String>,
    pub(super) downgrade: u64,
    /// Days; the most there is where for ever.
    pub(super) kept: Vec<u64>,
}

impl Allowed {
    /// Whether it allows nothing that the other does not.
    pub(super) fn is_within(&self, more: &Self) -> bool {
        let shown = |a: &Self| a.values.union(a.tokens);
        self.seen.without(more.seen).is_empty()
            && self.values.without(more.values).is_empty()
            && shown(self).without(shown(more)).is_empty()
            && self.names.iter().all(|name| more.names.contains(name))
            && self.downgrade >= more.downgrade
            && self
                .kept
                .iter()
                .zip(&more.kept)
                .all(|(less, more)| less <= more)
    }
}

/// Whether a clause of either file that is in force on 2026-11-23 names it, alone or in a group.
fn is_excluded(world: &World, what: &str) -> bool {
    let mut all = world.own.exclusions.clone();
    if let Some((said, _)) = &world.defaults {
        all.extend(said.exclusions.clone());
    }
    for (deny, until) in all {
        if until == Some("2026-11-22") {
            continue;
        }
        for word in deny {
            let field = Field::parse(what);
            let in_group = Field::named(word)
                .zip(field)
                .is_some_and(|(g, f)| g.contains(f));
            if word == what || in_group {
                return true;
            }
        }
    }
    false
}

fn level(said: &Said, field: &str) -> ModelSees {
    if said.pseudonymise.contains(&field) {
        ModelSees::Token
    } else if said.model.contains(&field) {
        ModelSees::Value
    } else {
        ModelSees::Nothing
    }
}

pub(super) fn allowed(world: &World) -> Allowed {
    let own = &world.own;
    let mut names = Vec::new();
    for source in SOURCES {
        let mut yes = own.sources.contains(&source);
        if let Some((said, widening)) = &world.defaults {
            yes &= said.sources.contains(&source) || widening.sources.contains(&source);
        }
        if yes && !is_excluded(world, source) {
            names.push(source.to_owned());
        }
    }
    let mut memory = own.memory;
    let mut model = own.endpoint != "none";
    if let Some((said, widening)) = &world.defaults {
        memory &= said.memory || widening.memory;
        model &= said.endpoint == own.endpoint || widening.endpoint;
    }
    model &= !is_excluded(world, "model");
    if memory && !is_excluded(world, "memory") {
        names.push("memory".to_owned());
    }
    if model {
        names.push(format!("model at {}", own.endpoint));
    }
    for audience in AUDIENCES {
        let mut yes = own.replay.contains(&audience);
        if let Some((said, widening)) = &world.defaults {
            yes &= said.replay.contains(&audience) || widening.replay.contains(&audience);
        }
        if yes {
            names.push(format!("replay for {audience}"));
        }
    }
    let (mut seen, mut values, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for field in Field::ALL.iter().copied() {
        let mut visible = named(&own.modules).contains(field);
        let mut sees = level(own, field.name());
        if let Some((said, widening)) = &world.defaults {
            visible &=
                named(&said.modules).contains(field) || named(&widening.modules).contains(field);
            if !widening.model.contains(&field.name()) {
                sees = sees.min(level(said, field.name()));
            }
        }
        if !visible || is_excluded(world, field.name()) {
            continue;
        }
        seen.push(field);
        match sees {
            ModelSees::Value if model => values.push(field),
            ModelSees::Token if model => tokens.push(field),
            ModelSees::Value | ModelSees::Token | ModelSees::Nothing => (),
        }
    }
    let (mut required, mut packet) = (own.required.clone(), own.packet.clone());
    let mut downgrade = own.downgrade;
    let mut kept = own.kept;
    if let Some((said, widening)) = &world.defaults {
        required.extend(&said.required);
        packet.extend(&said.packet);
        downgrade = downgrade.max(said.downgrade);
        for (mine, theirs) in kept.iter_mut().zip(said.kept) {
            *mine = match (*mine, theirs) {
                (Some(mine), Some(theirs)) if !widening.retention => Some(mine.min(theirs)),
                (Some(mine), _) => Some(mine),
                (None, theirs) => theirs,
            };
        }
    }
    for item in ["severity", "affected-assets", "every-citation"] {
        if !required.contains(&item) {
            names.push(format!("no review of {item}"));
        }
    }
    for part in ["timeline", "assets", "gaps", "receipts"] {
        if !packet.contains(&part) {
            names.push(format!("no {part} in a packet"));
        }
    }
    names.sort();
    Allowed {
        seen: seen.into_iter().collect(),
        values: values.into_iter().collect(),
        tokens: tokens.into_iter().collect(),
        names,
        downgrade,
        kept: kept.iter().map(|days| days.unwrap_or(u64::MAX)).collect(),
    }
}
