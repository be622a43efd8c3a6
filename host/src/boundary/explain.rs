use super::said::Statements;
use super::{Audience, Boundary, ModelSees, Ruling, resolve};
use crate::model::{Capability, Field, Instant, RetentionClass};
use crate::written::{At, Decision, Place};
use std::fmt;

/// One line of a boundary as it is in effect.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// What it is about, for example `field host.name`.
    pub subject: String,
    /// What holds, for example `withheld`.
    pub answer: String,
    /// The line that decides it.
    pub by: Decision,
    /// The line of the defaults that decides with it: of `widen`, or of what they demand besides.
    pub with: Option<Decision>,
}

impl Boundary {
    /// The boundary as it is in effect at that time, in a fixed order: each field, each capability,
    /// each other source, the model, what review needs, who is accountable.
    pub fn explain(&self, as_of: Instant) -> Vec<Explained> {
        let mut lines = Vec::new();
        for field in Field::ALL {
            let ruling = self.rules_on_field(*field, as_of);
            let answer = match (ruling.allowed, self.model_sees(*field, as_of)) {
                (false, _) => "withheld",
                (true, ModelSees::Value) => "visible to modules and the model",
                (true, ModelSees::Token) => "visible to modules, a token for the model",
                (true, ModelSees::Nothing) => "visible to modules",
            };
            lines.push(ruled(format!("field {field}"), answer, ruling));
        }
        let mut say = |subject: String, ruling: Ruling| {
            let answer = if ruling.allowed { "allowed" } else { "denied" };
            lines.push(ruled(subject, answer, ruling));
        };
        for capability in Capability::ALL {
            let ruling = self.rules_on(capability, as_of);
            say(format!("capability {capability}"), ruling);
        }
        let of_capability = Capability::ALL.map(super::EnrichmentSource::of);
        for At { value: source, .. } in &self.own.sources.named {
            if !of_capability.contains(&Some(source.clone())) {
                let ruling = self.rules_on_source(source, as_of);
                say(format!("source {source}"), ruling);
            }
        }
        say("model".to_owned(), self.rules_on_model(as_of));
        self.explain_rest(&mut lines);
        lines
    }

    fn explain_rest(&self, lines: &mut Vec<Explained>) {
        let own = &self.own;
        let theirs = self.defaults.as_deref().map(|d| &d.said);
        let mut say = |subject: &str, answer: &str, by: Decision, with: Option<Decision>| {
            lines.push(Explained {
                subject: subject.to_owned(),
                answer: answer.to_owned(),
                by,
                with,
            });
        };
        let endpoint = self.endpoint().unwrap_or("none");
        let by = match (self.lets_model(), &own.model.endpoint.value, theirs) {
            (false, Some(_), Some(theirs)) => theirs.line(theirs.model.endpoint.place),
            (_, _, _) => own.line(own.model.endpoint.place),
        };
        say("model endpoint", endpoint, by, None);
        let place = own.model.location.place;
        say("model location", self.location(), own.line(place), None);
        let review = &self.review;
        let demand = |key: fn(&Statements) -> Place, adds: bool| {
            let with = theirs.filter(|_| adds).map(|said| said.line(key(said)));
            (own.line(key(own)), with)
        };
        let adds = review
            .required()
            .any(|item| own.review.required.names(&item).is_none());
        let (by, with) = demand(|said| said.review.required.key, adds);
        say("review requires", &list(review.required()), by, with);
        let signers = own.line(self.signers.place);
        say("review signers", review.signers(), signers, None);
        let mine = own.review.downgrade_needs;
        let more = theirs.filter(|said| said.review.downgrade_needs.value > mine.value);
        let most = more.unwrap_or(own);
        say(
            "signers to lower a severity",
            &review.downgrade_needs().to_string(),
            most.line(most.review.downgrade_needs.place),
            None,
        );
        let adds = review
            .packet_needs()
            .any(|part| own.review.packet_needs.names(&part).is_none());
        let (by, with) = demand(|said| said.review.packet_needs.key, adds);
        say("a packet needs", &list(review.packet_needs()), by, with);
        let key = own.review.replay_bundle.key;
        let with = Audience::ALL.iter().find_map(|audience| {
            own.review.replay_bundle.names(audience)?;
            let ruling = self.rules_on_audience(*audience);
            ruling
                .widened
                .or_else(|| (!ruling.allowed).then_some(ruling.by))
        });
        let audiences = list(review.replay_bundle());
        say("replay bundle for", &audiences, own.line(key), with);
        for class in RetentionClass::ALL {
            if let Some((days, said)) = resolve::kept(own, self.defaults.as_deref(), *class) {
                let kept = format!("{} days after it was taken in", days.value);
                let line = said.line(days.place);
                say(&format!("retention {class}"), &kept, line, None);
            }
        }
        let line = own.line(self.accountable.place);
        say("accountable", self.accountable(), line, None);
    }
}

fn ruled(subject: String, answer: &str, ruling: Ruling) -> Explained {
    Explained {
        subject,
        answer: answer.to_owned(),
        by: ruling.by,
        with: ruling.widened,
    }
}

pub(super) fn list(words: impl Iterator<Item = impl fmt::Display>) -> String {
    let words: Vec<String> = words.map(|w| w.to_string()).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        words => words.join(", "),
    }
}
