use super::Commitment;
use super::words::{Words, field_names};
use crate::model::{Capability, Digest, FieldSet, Instant, ModuleName};
use std::collections::BTreeSet;

/// A run's number: the number of its `run.start` entry.
pub type RunNumber = u64;

/// What runs over what.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunStart {
    /// The module.
    pub module: ModuleName,
    /// The digest of its component and manifest together.
    pub digest: Digest,
    /// The host's version.
    pub host: Words,
    /// The digest of the host's program file; none where whoever embeds the host does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Digest>,
    /// The digest of the effective boundary.
    pub boundary: Digest,
    /// The digest of the grant, as its `grant` entry names it; none in entries of before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Digest>,
    /// The time of decision handed to the module.
    #[serde(rename = "as_of_ms")]
    pub as_of: Instant,
    /// To the batch as the module saw it.
    pub batch: Commitment,
    /// To the settings as the module saw them; none in entries of before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Commitment>,
    /// How many alerts it holds.
    pub alerts: u64,
    /// What the run can call.
    pub capabilities: BTreeSet<Capability>,
    /// The fields in the batch.
    #[serde(with = "field_names")]
    pub fields: FieldSet,
    /// The fields that the module asked for and the boundary withheld.
    #[serde(with = "field_names")]
    pub withheld: FieldSet,
    /// Whether the sandbox's memory came from a pool.
    pub pooled: bool,
    /// Whether it ran beside the module that counts: nothing of its answer is kept as a group, an
    /// enrichment or a draft.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shadow: bool,
}

/// What is left out of an entry where there is nothing to say.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub(super) fn is_false(said: &bool) -> bool {
    !said
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub(super) fn is_zero(said: &u64) -> bool {
    *said == 0
}

/// A call that leaves a module.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Intent {
    /// The run.
    pub run: RunNumber,
    /// The call's number in the run, from 1.
    pub call: u32,
    /// What is called.
    pub capability: Capability,
    /// To what was asked.
    pub question: Commitment,
    /// How many items were asked for.
    pub items: u64,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was answered.
    Ok {
        /// To the answer.
        answer: Commitment,
        /// How many items it holds.
        items: u64,
    },
    /// It was not.
    Refused {
        /// What the module was told.
        refusal: RefusalCode,
        /// The host's cause.
        cause: Words,
    },
}

/// What a module is told instead of an answer; the words are those of `refusal` in `wit/types.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "wit/types.wit says what each means")]
pub enum RefusalCode {
    OverLimit,
    Unavailable,
    Malformed,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// With an answer that the host found sound.
    Ok {
        /// To the answer.
        answer: Commitment,
    },
    /// Without one.
    Failed(Failure),
}

/// Why a run has no answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// The kind of reason.
    pub code: FailureCode,
    /// The host's cause.
    pub cause: Words,
    /// The limit that was reached, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// A limit of a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limit {
    /// Its name, with the unit in it.
    pub name: Words,
    /// Its value.
    pub value: u64,
}

/// The kinds of reason why a run has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The module could not be instantiated.
    Instantiate,
    /// The module trapped by itself.
    Trap,
    /// A limit of the run was reached.
    Limit,
    /// The answer is not one the host can accept.
    Answer,
    /// The host failed.
    Host,
}

/// What was recorded of a run. Intents are outcomes and abandoned together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Calls that left the module.
    pub intents: u32,
    /// Those whose outcome was recorded.
    pub outcomes: u32,
    /// Those of the outcomes that were a refusal.
    pub refusals: u32,
    /// Those of the intents whose outcome was not recorded.
    pub abandoned: u32,
    /// `refused` entries of the run.
    pub refused: u32,
    /// Lines the module logged.
    pub log_lines: u32,
}
