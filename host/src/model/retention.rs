use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize,
        )]
        pub enum $name { $($(#[$item])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

words! {
    /// What is kept for one length of time.
    RetentionClass {
        /// What came from a source, as it came.
        Raw "raw",
        /// What was made of it here.
        Derived "derived",
        /// What went to the client.
        Packets "packets",
    }
}

words! {
    /// What can be deleted because its time is over. The order is part of the store's form.
    Holding {
        /// The source's bytes of alerts, with their revisions and what wrapped them. The alerts
        /// themselves stay.
        Documents "documents",
        /// Documents that were not taken.
        Rejects "rejects",
        /// What was added to groups. That a fact covers an alert stays, without its text.
        Enrichments "enrichments",
        /// Drafts of cases.
        Drafts "drafts",
        /// The notes of modules.
        Notes "notes",
        /// What runs and intakes committed to.
        Material "material",
    }
}

impl Holding {
    /// The class whose time decides about it.
    pub const fn class(self) -> RetentionClass {
        match self {
            Self::Documents | Self::Rejects => RetentionClass::Raw,
            Self::Enrichments | Self::Drafts | Self::Notes | Self::Material => {
                RetentionClass::Derived
            }
        }
    }
}
