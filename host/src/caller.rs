//! Who acts: an account of the embedder's own, resolved to a person of the roster.

use crate::boundary::{Person, Role, Roster};
use crate::model::Text;

/// Says which person of the roster stands behind an account, in whatever form the embedder's own
/// directory names it.
pub trait Accounts: Send + Sync {
    /// The person's id in `roster.toml`; none where the account is nobody's.
    fn person(&self, account: &str) -> Option<String>;
}

/// An account is called what the person is called in the roster.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsInRoster;

impl Accounts for AsInRoster {
    fn person(&self, account: &str) -> Option<String> {
        Some(account.to_owned())
    }
}

/// Somebody who acts and stands in the roster: what is recorded of a deed as "by". Made by
/// [`crate::Casemate::caller`] alone, and handed over by argument: nowhere is one kept as the present
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    person: Person,
}

impl Caller {
    pub(crate) fn of(
        roster: &Roster,
        accounts: &dyn Accounts,
        account: &str,
    ) -> Result<Self, NoCaller> {
        let unknown = || NoCaller::Unknown(Text::capped(account, 100));
        let id = accounts.person(account).ok_or_else(unknown)?;
        match roster.person(&id) {
            Some(person) => Ok(Self {
                person: person.clone(),
            }),
            None => Err(NoCaller::NotInRoster(Text::capped(&id, 100))),
        }
    }

    /// The person's id in the roster.
    pub fn id(&self) -> &str {
        self.person.id()
    }

    /// The person's name.
    pub fn name(&self) -> &str {
        self.person.name()
    }

    /// Whether the person has the role.
    pub fn is(&self, role: Role) -> bool {
        self.person.is(role)
    }
}

/// Why nobody acts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCaller {
    /// The account is nobody's.
    #[error("the account `{0}` is nobody's here")]
    Unknown(Text),
    /// The person is not in the roster.
    #[error("`{0}` is no person of `roster.toml`: write them there first")]
    NotInRoster(Text),
}
