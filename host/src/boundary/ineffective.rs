//! What a tenant's own file names and the defaults do not allow: no error, and without effect.

use super::{Audience, Boundary, ModelSees, resolve};
use crate::model::{Field, RetentionClass};
use crate::written::Decision;

/// A line of a tenant's own file that has no effect, or less than it says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Ineffective {
    /// What has no effect, for example ``modules do not see `host.name` ``.
    pub what: String,
    /// The line of the tenant's own file.
    pub line: Decision,
    /// The line of the defaults that decides.
    pub by: Decision,
}

impl Boundary {
    /// What of the tenant's own file has no effect because of the defaults, in the order of the five
    /// statements. Exclusions are another thing and not looked at.
    pub fn ineffective(&self) -> Vec<Ineffective> {
        let Some(defaults) = self.defaults.as_deref() else {
            return Vec::new();
        };
        let (own, theirs, widen) = (&self.own, &defaults.said, &defaults.widen);
        let mut found = Vec::new();
        let mut add = |what: String, line, by| {
            found.push(Ineffective {
                what,
                line: own.line(line),
                by: theirs.line(by),
            });
        };
        let lets = |field: Field| {
            theirs.data.modules.names(field).is_some() || widen.modules.names(field).is_some()
        };
        for named in &own.data.modules.named {
            let hidden = named.value.iter().filter(|field| !lets(*field));
            if let Some(names) = quoted(hidden.map(Field::name)) {
                let what = format!("modules do not see {names}");
                add(what, named.place, theirs.data.modules.key);
            }
        }
        let lists = [
            (&own.data.model, &theirs.data.model),
            (&own.data.pseudonymise, &theirs.data.pseudonymise),
        ];
        for (list, by) in lists {
            for sees in [ModelSees::Nothing, ModelSees::Token] {
                for named in &list.named {
                    let less = named.value.iter().filter(|field| {
                        let least = self.shown_to_model(*field);
                        lets(*field) && least == sees && least < own.data.model_sees(*field)
                    });
                    if let Some(names) = quoted(less.map(Field::name)) {
                        let (what, by) = match sees {
                            ModelSees::Token => (
                                format!("a model sees a token of {names}"),
                                &theirs.data.pseudonymise,
                            ),
                            ModelSees::Nothing | ModelSees::Value => {
                                (format!("a model does not see {names}"), by)
                            }
                        };
                        add(what, named.place, by.key);
                    }
                }
            }
        }
        let memory = (own.data.memory, theirs.data.memory);
        if memory.0.value && !memory.1.value && !widen.memory.is_some_and(|at| at.value) {
            let what = "modules keep no notes".to_owned();
            add(what, memory.0.place, memory.1.place);
        }
        if let Some(endpoint) = &own.model.endpoint.value
            && !self.lets_model()
        {
            let what = format!("no model is reached at `{endpoint}`");
            add(what, own.model.endpoint.place, theirs.model.endpoint.place);
        }
        for named in &own.sources.named {
            let source = &named.value;
            if theirs.sources.names(source).is_none() && widen.sources.names(source).is_none() {
                let what = format!("source `{source}` is not used");
                add(what, named.place, theirs.sources.key);
            }
        }
        let (mine, least) = (own.review.downgrade_needs, theirs.review.downgrade_needs);
        if mine.value < least.value {
            let what = format!("{} people are needed to lower a severity", least.value);
            add(what, mine.place, least.place);
        }
        for audience in Audience::ALL {
            if let Some(place) = own.review.replay_bundle.names(audience)
                && !self.rules_on_audience(*audience).allowed
            {
                let what = format!("`{audience}` does not get the replay bundle");
                add(what, place, theirs.review.replay_bundle.key);
            }
        }
        for class in RetentionClass::ALL {
            let stated = own.retention.stated(*class);
            let kept = resolve::kept(own, Some(defaults), *class);
            if let (Some(mine), Some((days, _))) = (stated, kept)
                && days.value < mine.value
            {
                let what = format!("{class} is kept {} days", days.value);
                add(what, mine.place, days.place);
            }
        }
        found
    }
}

/// The names in backticks; none where there are none.
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
