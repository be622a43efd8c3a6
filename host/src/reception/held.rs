use crate::kind::ErrorKind;
use crate::model::Text;
use crate::triage::{NotStarted, SessionError};

/// Why a tenant takes nothing in any more: something of it failed, so what came then is in quarantine,
/// and what comes later waits behind it. Else later alerts would get the lower numbers, and groups
/// would be others than without the failure.
#[derive(Clone, Debug)]
pub struct Held {
    /// What failed.
    pub why: Text,
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// How many documents wait in quarantine.
    pub waiting: u64,
}

/// Why documents of a tenant were not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("it failed before, and this waits behind what came then: {0}")]
    Held(Text),
}

impl NotTaken {
    /// Whether what comes later must wait behind this. A tenant that another process has, or that is
    /// not to start, is asked for again: that is no failure in the middle.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Session(_) => true,
            Self::Held(_) => false,
            Self::NotStarted(error) => match error {
                NotStarted::Store(error) => error.kind() != ErrorKind::TryAgain,
                NotStarted::Trail { .. } | NotStarted::Record(_) | NotStarted::Panicked(_) => true,
                NotStarted::Suspended(_)
                | NotStarted::Erased(_, _)
                | NotStarted::NoBoundary(_)
                | NotStarted::Boundary { .. }
                | NotStarted::Defaults(_)
                | NotStarted::Rollout(_, _)
                | NotStarted::HomeFile(_)
                | NotStarted::TwoSeated(_)
                | NotStarted::NotSigned { .. } => false,
            },
        }
    }

    /// What kind of thing went wrong.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::NotStarted(error) => error.kind(),
            Self::Session(error) => error.kind(),
            Self::Held(_) => ErrorKind::Environment,
        }
    }
}
