//! The five written statements of a tenant, parsed and resolved. A tenant whose file is missing,
//! incomplete or contradictory does not start; what a file does not name is withheld; an exclusion
//! beats everything.
//!
//! Nothing here reads a file or a clock: a decision is a function of the file and of the time it is
//! asked for.

mod explain;
mod host;
mod parse;
mod required;
mod resolve;
mod retention;
mod review;
mod roster;
mod signed;
#[cfg(test)]
mod signed_tests;
mod source;
mod template;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use crate::written::Decision;
pub use explain::Explained;
pub use host::{Endpoint, HostNames, InvalidEndpoint};
pub use required::{RequireSigned, Signable};
pub use resolve::Ruling;
pub use retention::Retention;
pub use review::{Audience, PacketPart, Review, ReviewItem};
pub use roster::{Person, Role, Roster};
pub use signed::{NotSigned, Purpose, Signed};
pub use source::{EnrichmentSource, FeedName};
pub use template::TemplateExclusion;

pub(crate) use parse::field_names;
pub(crate) use roster::is_person;

use crate::model::{Digest, FieldSet, Instant, TenantId, Text};
use crate::written::{At, Place};

/// A tenant's boundary: its five statements and the person who is accountable.
///
/// It is made by [`Boundary::parse`] only, so that one that exists is complete and free of
/// contradictions.
#[derive(Clone, Debug)]
pub struct Boundary {
    tenant: TenantId,
    text: Box<str>,
    accountable: At<Text>,
    data: Data,
    model: ModelSite,
    sources: Sources,
    review: Review,
    exclusions: Vec<Exclusion>,
    retention: Retention,
}

/// Statement 1: what may be seen.
#[derive(Clone, Debug)]
struct Data {
    modules: Fields,
    model: Fields,
    pseudonymise: Fields,
    memory: At<bool>,
}

/// A list of field and group names.
#[derive(Clone, Debug)]
struct Fields {
    /// Where its key stands: the line that decides about what the list does not name.
    key: Place,
    named: Vec<At<FieldSet>>,
}

impl Fields {
    fn set(&self) -> FieldSet {
        union(self.named.iter().map(|n| n.value))
    }
}

/// Statement 2: where the model boundary sits.
#[derive(Clone, Debug)]
struct ModelSite {
    /// None where no model is used.
    endpoint: At<Option<Text>>,
    location: At<Text>,
}

/// Statement 3: sanctioned sources.
#[derive(Clone, Debug)]
struct Sources {
    key: Place,
    named: Vec<At<EnrichmentSource>>,
}

/// Statement 5: one contractual exclusion.
#[derive(Clone, Debug)]
struct Exclusion {
    clause: Text,
    deny: Vec<At<Denied>>,
    /// The first instant at which it is over; none if it is for ever.
    over: Option<Instant>,
}

/// What an exclusion denies.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Denied {
    Source(EnrichmentSource),
    Model,
    Memory,
    Fields(FieldSet),
}

impl Boundary {
    /// The file's name in a tenant's folder.
    pub const FILE: &'static str = "boundary.toml";

    /// The tenant whose statements these are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The person who is accountable for the output, by the id in the roster.
    pub fn accountable(&self) -> &str {
        self.accountable.value.as_str()
    }

    /// The name of the host's model endpoint; none where no model is used. An exclusion may deny it:
    /// see [`Boundary::model_fields`].
    pub fn endpoint(&self) -> Option<&str> {
        self.model.endpoint.value.as_ref().map(Text::as_str)
    }

    /// Where a model may stand, in the words of the file.
    pub fn location(&self) -> &str {
        self.model.location.value.as_str()
    }

    /// What must be reviewed before sign-off.
    pub fn review(&self) -> &Review {
        &self.review
    }

    /// How long things are kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// The digest of the file's bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// The file as it was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn union(sets: impl IntoIterator<Item = FieldSet>) -> FieldSet {
    sets.into_iter().fold(FieldSet::default(), FieldSet::union)
}
