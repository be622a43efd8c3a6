use std::fmt;

/// Why the host did not accept a module's answer. The host believes no module: what does not hold is
/// refused as a whole, and the run has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the message says what each means")]
pub enum AnswerFault {
    TooMany {
        what: &'static str,
        count: usize,
        most: usize,
    },
    TextLength {
        what: &'static str,
        bytes: usize,
        most: usize,
    },
    NotPlaced {
        alert: u64,
    },
    PlacedTwice {
        alert: u64,
    },
    UnknownAlert {
        alert: u64,
    },
    UnknownGroup {
        alert: u64,
        group: u64,
    },
    NoOpening {
        group: u64,
    },
    OpeningOfNone {
        group: u64,
    },
    OpenedTwice {
        group: u64,
    },
    UnknownRule {
        index: u32,
        rules: usize,
    },
    LinkOfUnknownGroup {
        group: u64,
    },
    LinkOfRoutineGroup {
        group: u64,
    },
    LinkOfOneGroup {
        group: u64,
    },
    NotesWithoutMemory {
        notes: usize,
    },
    UnknownRow {
        row: u32,
        rows: usize,
    },
    NotHandedOut {
        evidence: u32,
        handed_out: usize,
    },
    CitesNothing {
        row: u32,
    },
    CitesAlertsOnly {
        row: u32,
    },
    CitesNoAsset {
        row: u32,
    },
    CitesNoFact {
        row: u32,
    },
    FactDoesNotHold {
        row: u32,
    },
    FactHasNotExpired {
        row: u32,
    },
    Empty {
        what: &'static str,
    },
}

impl AnswerFault {
    /// What is wrong without the values: fit for the trail.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "more than is taken",
            Self::TextLength { .. } => "a text of a length that is not taken",
            Self::NotPlaced { .. } => "an alert is placed nowhere",
            Self::PlacedTwice { .. } => "an alert is placed twice",
            Self::UnknownAlert { .. } => "an alert is placed that is not in the batch",
            Self::UnknownGroup { .. } => "an alert is placed in a group that nothing opened",
            Self::NoOpening { .. } => "a group is opened and its standing not said",
            Self::OpeningOfNone { .. } => "the standing is said of a group that is not opened",
            Self::OpenedTwice { .. } => "the standing of a group is said twice",
            Self::UnknownRule { .. } => "a rule is named that is not stated",
            Self::LinkOfUnknownGroup { .. } => "a link names a group that nothing opened",
            Self::LinkOfRoutineGroup { .. } => "a link names a routine group",
            Self::LinkOfOneGroup { .. } => "a link joins a group with itself",
            Self::NotesWithoutMemory { .. } => "notes without capability memory",
            Self::UnknownRow { .. } => "a row is named that is not in the batch",
            Self::NotHandedOut { .. } => "a record is cited that was not handed out",
            Self::CitesNothing { .. } => "an enrichment cites nothing",
            Self::CitesAlertsOnly { .. } => "an enrichment cites alerts only",
            Self::CitesNoAsset { .. } => "an asset is stated without citing one",
            Self::CitesNoFact { .. } => "known good is stated without citing a fact",
            Self::FactDoesNotHold { .. } => "a cited fact does not hold",
            Self::FactHasNotExpired { .. } => "a cited fact has not expired",
            Self::Empty { .. } => "nothing where something is needed",
        }
    }
}

impl std::error::Error for AnswerFault {}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { what, count, most } => {
                write!(f, "{count} {what}, at most {most} are taken")
            }
            Self::TextLength { what, bytes, most } => {
                write!(f, "{what} of {bytes} bytes, it must have 1 to {most}")
            }
            Self::NotPlaced { alert } => write!(f, "alert {alert} of the batch is placed nowhere"),
            Self::PlacedTwice { alert } => write!(f, "alert {alert} is placed twice"),
            Self::UnknownAlert { alert } => {
                write!(f, "alert {alert} is placed and not in the batch")
            }
            Self::UnknownGroup { alert, group } => {
                write!(
                    f,
                    "alert {alert} is placed in group {group}, which nothing opened"
                )
            }
            Self::NoOpening { group } => {
                write!(f, "group {group} is opened and its standing not said")
            }
            Self::OpeningOfNone { group } => {
                write!(
                    f,
                    "the standing of group {group} is said, which this answer does not open"
                )
            }
            Self::OpenedTwice { group } => write!(f, "the standing of group {group} is said twice"),
            Self::UnknownRule { index, rules } => {
                write!(f, "rule {index} is named, of {rules} stated")
            }
            Self::LinkOfUnknownGroup { group } => {
                write!(f, "a link names group {group}, which nothing opened")
            }
            Self::LinkOfRoutineGroup { group } => {
                write!(f, "a link names group {group}, which is routine")
            }
            Self::LinkOfOneGroup { group } => write!(f, "a link joins group {group} with itself"),
            Self::NotesWithoutMemory { notes } => {
                write!(f, "{notes} notes to remember, without capability `memory`")
            }
            Self::UnknownRow { row, rows } => {
                write!(f, "row {row} is named, of {rows} in the batch")
            }
            Self::NotHandedOut {
                evidence,
                handed_out,
            } => {
                write!(
                    f,
                    "evidence {evidence} is cited, and {handed_out} records were handed out"
                )
            }
            Self::CitesNothing { row } => write!(f, "an enrichment of row {row} cites nothing"),
            Self::CitesAlertsOnly { row } => {
                write!(
                    f,
                    "an enrichment of row {row} cites alerts only, and no record that was asked for"
                )
            }
            Self::CitesNoAsset { row } => {
                write!(
                    f,
                    "an asset is stated of row {row} without citing an entry of the list of assets"
                )
            }
            Self::CitesNoFact { row } => {
                write!(
                    f,
                    "row {row} is called known good without citing a known-good fact"
                )
            }
            Self::FactDoesNotHold { row } => {
                write!(
                    f,
                    "row {row} is called known good by a fact that does not hold for it"
                )
            }
            Self::FactHasNotExpired { row } => {
                write!(
                    f,
                    "a fact is called expired of row {row} that does not fit it or has not expired"
                )
            }
            Self::Empty { what } => write!(f, "no {what}"),
        }
    }
}

/// Accepts at most `most`.
pub(super) fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), AnswerFault> {
    if count <= most {
        Ok(())
    } else {
        Err(AnswerFault::TooMany { what, count, most })
    }
}

/// Takes in a text of 1 to `most` bytes as a module wrote it.
pub(super) fn text(
    what: &'static str,
    raw: &str,
    most: usize,
) -> Result<crate::model::Text, AnswerFault> {
    if raw.is_empty() || raw.len() > most {
        return Err(AnswerFault::TextLength {
            what,
            bytes: raw.len(),
            most,
        });
    }
    // What is shown in place of a control character may be longer than the character.
    Ok(crate::model::Text::capped(raw, most.saturating_mul(10)))
}
