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
    pub(super) required: Vec<At<ReviewItem>>,
    pub(super) signers: At<Text>,
    pub(super) downgrade_needs: At<u8>,
    pub(super) packet_needs: Vec<At<PacketPart>>,
    pub(super) replay_bundle: Vec<At<Audience>>,
    /// Where the keys of the three lists stand.
    pub(super) keys: [Place; 3],
}

impl Review {
    /// What the analyst must have looked at; may be empty.
    pub fn required(&self) -> impl Iterator<Item = ReviewItem> {
        self.required.iter().map(|item| item.value)
    }

    /// The name of the OpenSSH `allowed_signers` file in the tenant's folder.
    pub fn signers(&self) -> &str {
        self.signers.value.as_str()
    }

    /// How many people must sign to lower a severity: 1 to 8.
    pub fn downgrade_needs(&self) -> u8 {
        self.downgrade_needs.value
    }

    /// What a packet must hold; may be empty.
    pub fn packet_needs(&self) -> impl Iterator<Item = PacketPart> {
        self.packet_needs.iter().map(|part| part.value)
    }

    /// Who may get the replay bundle; may be empty.
    pub fn replay_bundle(&self) -> impl Iterator<Item = Audience> {
        self.replay_bundle.iter().map(|audience| audience.value)
    }
}
