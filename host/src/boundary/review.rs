use crate::model::Text;
use crate::written::{At, Place};
use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$item])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the file.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What the word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.word() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}
pub(super) use words;

words! {
    /// What an analyst must have looked at before signing.
    ReviewItem {
        /// The assessed severity.
        Severity "severity",
        /// What is affected.
        AffectedAssets "affected-assets",
        /// The record behind each citation.
        EveryCitation "every-citation",
    }
}

words! {
    /// What a packet must hold before it may go to the client.
    PacketPart {
        /// What happened when.
        Timeline "timeline",
        /// What is affected.
        Assets "assets",
        /// What is not known.
        Gaps "gaps",
        /// Every call, answer and refusal.
        Receipts "receipts",
    }
}

words! {
    /// Who may get module binaries and whole batches. The client is not among them: a batch holds
    /// alerts of other cases.
    Audience {
        /// Counsel.
        Counsel "counsel",
        /// The operator's own people.
        Internal "internal",
    }
}

/// Statement 4: what must be reviewed before sign-off.
#[derive(Clone, Debug)]
pub struct Review {
    pub(super) required: Vec<ReviewItem>,
    pub(super) signers: Text,
    pub(super) downgrade_needs: u8,
    pub(super) packet_needs: Vec<PacketPart>,
    pub(super) replay_bundle: Vec<Audience>,
}

/// What one file says of it.
#[derive(Clone, Debug)]
pub(super) struct ReviewSaid {
    pub(super) required: Words<ReviewItem>,
    pub(super) downgrade_needs: At<u8>,
    pub(super) packet_needs: Words<PacketPart>,
    pub(super) replay_bundle: Words<Audience>,
}

/// A list of words.
#[derive(Clone, Debug)]
pub(super) struct Words<T> {
    /// Where its key stands.
    pub(super) key: Place,
    pub(super) named: Vec<At<T>>,
}

impl<T: PartialEq> Words<T> {
    /// Where the word stands.
    pub(super) fn names(&self, word: &T) -> Option<Place> {
        let named = self.named.iter().find(|n| n.value == *word);
        named.map(|n| n.place)
    }
}

impl Review {
    /// What the analyst must have looked at; may be empty.
    pub fn required(&self) -> impl Iterator<Item = ReviewItem> {
        self.required.iter().copied()
    }

    /// The name of the OpenSSH `allowed_signers` file in the tenant's folder.
    pub fn signers(&self) -> &str {
        self.signers.as_str()
    }

    /// How many people must sign to lower a severity: 1 to 8.
    pub fn downgrade_needs(&self) -> u8 {
        self.downgrade_needs
    }

    /// What a packet must hold; may be empty.
    pub fn packet_needs(&self) -> impl Iterator<Item = PacketPart> {
        self.packet_needs.iter().copied()
    }

    /// Who may get the replay bundle; may be empty.
    pub fn replay_bundle(&self) -> impl Iterator<Item = Audience> {
        self.replay_bundle.iter().copied()
    }
}
