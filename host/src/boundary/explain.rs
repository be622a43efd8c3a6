use super::{Boundary, Ruling};
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
}

impl Boundary {
    /// The boundary as it is in effect at that time, in a fixed order: each field, each capability,
    /// each other source, the model, what review needs, who is accountable.
    pub fn explain(&self, as_of: Instant) -> Vec<Explained> {
        let mut lines = Vec::new();
        let (values, tokens) = (self.model_fields(as_of), self.model_tokens(as_of));
        for field in Field::ALL {
            let Ruling { allowed, by } = self.rules_on_field(*field, as_of);
            let answer = match (allowed, values.contains(*field), tokens.contains(*field)) {
                (false, _, _) => "withheld",
                (true, true, _) => "visible to modules and the model",
                (true, false, true) => "visible to modules, a token for the model",
                (true, false, false) => "visible to modules",
            };
            lines.push(explained(format!("field {field}"), answer, by));
        }
        for capability in Capability::ALL {
            let ruling = self.rules_on(capability, as_of);
            lines.push(ruled(format!("capability {capability}"), ruling));
        }
        let of_capability = Capability::ALL.map(super::EnrichmentSource::of);
        for At { value: source, .. } in &self.sources.named {
            if !of_capability.contains(&Some(source.clone())) {
                let ruling = self.rules_on_source(source, as_of);
                lines.push(ruled(format!("source {source}"), ruling));
            }
        }
        lines.push(ruled("model".to_owned(), self.rules_on_model(as_of)));
        self.explain_rest(&mut lines);
        lines
    }

    fn explain_rest(&self, lines: &mut Vec<Explained>) {
        let mut say = |subject: &str, answer: &str, place: Place| {
            lines.push(explained(subject.to_owned(), answer, self.line(place)));
        };
        let endpoint = self.endpoint().unwrap_or("none");
        say("model endpoint", endpoint, self.model.endpoint.place);
        say("model location", self.location(), self.model.location.place);
        let review = &self.review;
        let [required, packet, replay] = review.keys;
        say("review requires", &list(review.required()), required);
        say("review signers", review.signers(), review.signers.place);
        say(
            "signers to lower a severity",
            &review.downgrade_needs().to_string(),
            review.downgrade_needs.place,
        );
        say("a packet needs", &list(review.packet_needs()), packet);
        say("replay bundle for", &list(review.replay_bundle()), replay);
        for class in RetentionClass::ALL {
            if let Some(days) = self.retention.stated(*class) {
                let kept = format!("{} days after it was taken in", days.value);
                say(&format!("retention {class}"), &kept, days.place);
            }
        }
        say("accountable", self.accountable(), self.accountable.place);
    }
}

fn ruled(subject: String, ruling: Ruling) -> Explained {
    let answer = if ruling.allowed { "allowed" } else { "denied" };
    explained(subject, answer, ruling.by)
}

fn explained(subject: String, answer: &str, by: Decision) -> Explained {
    Explained {
        subject,
        answer: answer.to_owned(),
        by,
    }
}

fn list(words: impl Iterator<Item = impl fmt::Display>) -> String {
    let words: Vec<String> = words.map(|w| w.to_string()).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        words => words.join(", "),
    }
}
