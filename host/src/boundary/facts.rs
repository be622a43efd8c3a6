//! A boundary told as facts that can be compared: each is about one thing and has a rank, and a higher
//! one allows more.

use super::{Audience, Boundary, EnrichmentSource, ModelSees, PacketPart, ReviewItem};
use crate::model::{Field, Instant, RetentionClass};

/// What holds about one thing at a time.
pub(super) struct Fact {
    /// The kind of thing.
    pub(super) about: &'static str,
    /// The thing; empty where its kind is only one.
    pub(super) item: String,
    /// More is more.
    pub(super) rank: u64,
    /// The same in words.
    pub(super) says: String,
    /// Whether something is asked for or limited here, rather than allowed.
    pub(super) is_demand: bool,
}

impl Boundary {
    /// Every source that the boundary's own file names.
    pub(super) fn named_sources(&self) -> impl Iterator<Item = &EnrichmentSource> {
        self.own.sources.named.iter().map(|named| &named.value)
    }

    /// The times from which on an exclusion is over.
    pub(super) fn ends(&self) -> impl Iterator<Item = Instant> {
        let exclusions = self.files().flat_map(|said| &said.exclusions);
        exclusions.filter_map(|exclusion| exclusion.over)
    }

    /// All of them, about the same things in the same order for every boundary.
    pub(super) fn facts(&self, sources: &[EnrichmentSource], as_of: Instant) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut add = |about, item: String, rank: u64, says: &str, is_demand| {
            facts.push(Fact {
                about,
                item,
                rank,
                says: says.to_owned(),
                is_demand,
            });
        };
        let visible = self.visible_fields(as_of);
        for field in Field::ALL {
            let (rank, says) = match visible.contains(*field) {
                true => (1, "visible"),
                false => (0, "withheld"),
            };
            add("fields for modules", field.to_string(), rank, says, false);
        }
        for field in Field::ALL {
            let (rank, says) = match self.model_sees(*field, as_of) {
                ModelSees::Nothing => (0, "nothing"),
                ModelSees::Token => (1, "a token"),
                ModelSees::Value => (2, "the value"),
            };
            add("fields for a model", field.to_string(), rank, says, false);
        }
        let ruled = |allowed| match allowed {
            true => (1, "allowed"),
            false => (0, "denied"),
        };
        for source in sources {
            let (rank, says) = ruled(self.rules_on_source(source, as_of).allowed);
            add("sources", source.to_string(), rank, says, false);
        }
        let (rank, says) = ruled(
            self.rules_on(crate::model::Capability::Memory, as_of)
                .allowed,
        );
        add("memory", String::new(), rank, says, false);
        let (rank, says) = match self.rules_on_model(as_of).allowed {
            true => (1, "reached"),
            false => (0, "not reached"),
        };
        add("a model", String::new(), rank, says, false);
        let gets = |audience| self.review.replay_bundle().any(|a| a == audience);
        for audience in Audience::ALL {
            let (rank, says) = ruled(gets(*audience));
            add("replay bundle", audience.to_string(), rank, says, false);
        }
        let asked = |asked| match asked {
            true => (0, "needed"),
            false => (1, "not needed"),
        };
        for item in ReviewItem::ALL {
            let (rank, says) = asked(self.review.required().any(|i| i == *item));
            add(
                "reviewed before sign-off",
                item.to_string(),
                rank,
                says,
                true,
            );
        }
        for part in PacketPart::ALL {
            let (rank, says) = asked(self.review.packet_needs().any(|p| p == *part));
            add("in a packet", part.to_string(), rank, says, true);
        }
        let people = self.review.downgrade_needs();
        let rank = u64::from(u8::MAX - people);
        let about = "people who must sign to lower a severity";
        add(about, String::new(), rank, &people.to_string(), true);
        for class in RetentionClass::ALL {
            let (rank, says) = match self.retention.days(*class) {
                Some(days) => (days, format!("{days} days")),
                None => (u64::MAX, "for ever".to_owned()),
            };
            add("kept", class.to_string(), rank, &says, true);
        }
        facts
    }
}
