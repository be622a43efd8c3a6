use std::fmt;

/// Severity in the words and numbers of OCSF 1.x `severity_id` (schema.ocsf.io): 0 unknown,
/// 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal. OCSF's 99 ("other") is `Unknown`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are OCSF's own")]
pub enum Severity {
    #[default]
    Unknown,
    Informational,
    Low,
    Medium,
    High,
    Critical,
    Fatal,
}

impl Severity {
    /// All of them, ascending.
    pub const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
        Self::Fatal,
    ];

    /// OCSF's `severity_id`.
    pub const fn ocsf_id(self) -> u8 {
        self as u8
    }

    /// From OCSF's `severity_id`; 99 and what OCSF does not define are `Unknown`.
    pub fn from_ocsf_id(id: u64) -> Self {
        usize::try_from(id)
            .ok()
            .and_then(|i| Self::ALL.get(i))
            .copied()
            .unwrap_or_default()
    }

    /// The lower-case word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Fatal => "fatal",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
