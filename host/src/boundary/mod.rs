//! The five written statements of a tenant, parsed and resolved. A tenant whose file is missing,
//! incomplete or contradictory does not start; what a file does not name is withheld; an exclusion
//! beats everything.
//!
//! A home may have defaults for all tenants. A tenant's own file then allows what it names AND what
//! the defaults allow or let it widen: the narrower of the two, thing by thing ([`Defaults`]).
//!
//! Nothing here reads a file or a clock: a decision is a function of the files and of the time it is
//! asked for.

mod applied;
mod defaults;
mod difference;
mod exclusion;
mod explain;
mod facts;
mod fields;
mod host;
mod ineffective;
mod parse;
mod required;
mod resolve;
mod retention;
mod review;
mod rollout;
mod roster;
mod said;
mod signed;
mod source;
mod template;

#[cfg(test)]
mod defaults_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod signed_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod worlds;

pub use crate::written::Decision;
pub use applied::{Applications, Applied, AppliedTo};
pub use defaults::Defaults;
pub use difference::{Changed, Difference};
pub use exclusion::ExclusionLine;
pub use explain::Explained;
pub use fields::{FieldLine, field_list};
pub use host::{Endpoint, HostNames, InvalidEndpoint};
pub use ineffective::Ineffective;
pub use required::{RequireSigned, Signable};
pub use resolve::{ModelSees, Ruling};
pub use retention::Retention;
pub use review::{Audience, PacketPart, Review, ReviewItem};
pub use rollout::Rollout;
pub use roster::{Person, Role, Roster};
pub(crate) use signed::signature_digest;
pub use signed::{NotSigned, Purpose, Signed};
pub use source::{EnrichmentSource, FeedName};
pub use template::TemplateExclusion;

pub(crate) use parse::field_names;
pub(crate) use roster::is_person;

use crate::model::{Digest, TenantId, Text};
use crate::written::At;
use said::Statements;
use std::sync::Arc;

/// A tenant's boundary in effect: its own five statements and the person who is accountable, under the
/// home's defaults where there are any.
///
/// It is made by [`Boundary::parse`] and [`Boundary::under`] only, so that one that exists is complete
/// and free of contradictions.
#[derive(Clone, Debug)]
pub struct Boundary {
    tenant: TenantId,
    accountable: At<Text>,
    signers: At<Text>,
    own: Statements,
    defaults: Option<Arc<Defaults>>,
    review: Review,
    retention: Retention,
}

impl Boundary {
    /// The file's name in a tenant's folder.
    pub const FILE: &'static str = "boundary.toml";

    /// The same tenant's statements under these defaults, or under none.
    pub fn under(self, defaults: Option<Arc<Defaults>>) -> Self {
        let Self {
            tenant,
            accountable,
            signers,
            own,
            ..
        } = self;
        Self::resolved(tenant, accountable, signers, own, defaults)
    }

    fn resolved(
        tenant: TenantId,
        accountable: At<Text>,
        signers: At<Text>,
        own: Statements,
        defaults: Option<Arc<Defaults>>,
    ) -> Self {
        let (review, retention) = resolve::settled(&own, &signers.value, defaults.as_deref());
        Self {
            tenant,
            accountable,
            signers,
            own,
            defaults,
            review,
            retention,
        }
    }

    /// The tenant whose statements these are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The person who is accountable for the output, by the id in the roster.
    pub fn accountable(&self) -> &str {
        self.accountable.value.as_str()
    }

    /// The name of the host's model endpoint; none where no model is used or the defaults allow
    /// none. An exclusion may deny it: see [`Boundary::rules_on_model`].
    pub fn endpoint(&self) -> Option<&str> {
        let endpoint = self.own.model.endpoint.value.as_ref()?;
        self.lets_model().then_some(endpoint.as_str())
    }

    /// Where a model may stand, in the words of the tenant's file.
    pub fn location(&self) -> &str {
        self.own.model.location.value.as_str()
    }

    /// What must be reviewed before sign-off: what either file demands.
    pub fn review(&self) -> &Review {
        &self.review
    }

    /// How long things are kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// The defaults it stands under; none where the home has none for it.
    pub fn defaults(&self) -> Option<&Defaults> {
        self.defaults.as_deref()
    }

    /// The digest of what is in effect: of the tenant's file where it stands alone, else of both
    /// files, the tenant's first, each behind its length.
    pub fn digest(&self) -> Digest {
        let own = self.own.text.as_bytes();
        match &self.defaults {
            None => Digest::of(own),
            Some(defaults) => Digest::of_parts(&[own, defaults.text().as_bytes()]),
        }
    }

    /// The tenant's own file as it was parsed.
    pub fn text(&self) -> &str {
        &self.own.text
    }

    /// The digest of the tenant's own file alone.
    pub fn own_digest(&self) -> Digest {
        Digest::of(self.own.text.as_bytes())
    }
}
