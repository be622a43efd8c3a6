use super::{AlertNumber, Digest, Instant, ModuleKind, ModuleName, Standing, Text};

/// What is known of a module's candidate that runs beside it for one tenant: nothing that the
/// candidate computed counts; here is in what it differed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shadowed {
    /// The name of both.
    pub module: ModuleName,
    /// The digest of the one that counts.
    pub counting: Digest,
    /// The digest of the one beside it.
    pub candidate: Digest,
    /// The start of the tenant that first ran it.
    pub began: Instant,
    /// The start of the tenant that found it stopped or accepted; none while it goes on.
    pub ended: Option<Instant>,
    /// Why it did not run since the last start; none where it did.
    pub cannot: Option<Text>,
    /// Starts of the tenant at which it was refused something and did not run.
    pub refused_starts: u64,
    /// Runs of the one that counts, since then.
    pub counted: RunsOf,
    /// Runs of the candidate.
    pub beside: RunsOf,
    /// What they answered, compared.
    pub compared: Compared,
    /// The first differences of each kind; at most [`Shadowed::MAX_EXAMPLES`] of one.
    pub examples: Vec<Example>,
}

/// The runs of one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunsOf {
    /// Runs, failed ones too.
    pub runs: u64,
    /// Runs without an answer that the host would keep.
    pub failed: u64,
    /// Why the last of them failed, in the host's words.
    pub last_failure: Option<Text>,
    /// Calls of capabilities.
    pub calls: u64,
    /// Those of the calls that were refused.
    pub refused: u64,
    /// Wall clock of all runs together, from the call to the answer, in microseconds.
    pub took_us: u64,
    /// The most linear memory that a run had, in bytes.
    pub peak_memory_bytes: u64,
    /// The wall clock of the last runs, in microseconds, the latest last; at most
    /// [`RunsOf::MAX_RECENT`].
    pub recent_us: Vec<u32>,
}

/// What one run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Wall clock from the call into the module to its answer, in microseconds.
    pub took_us: u64,
    /// Linear memory it had at its end, in bytes.
    pub memory_bytes: u64,
    /// Calls of capabilities.
    pub calls: u64,
    /// Those of the calls that were refused.
    pub refused: u64,
}

/// The answers of the two, compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Of two groupers.
    Groups(Groups),
    /// Of two enrichers.
    Enrichments(Enrichments),
    /// Of two drafters.
    Drafts(Drafts),
}

/// Two groupings of the same alerts.
///
/// A group is named by the alert that opened it, which is its least one. So two groupings are the
/// same partition exactly where each alert is in the group of the same number, and each alert is
/// counted once: `same`, `split`, `joined`, `follows` or `moved`. What one wrong opening does to the
/// alerts after it is told apart (`follows`), and `pairs_split` and `pairs_joined` measure the two
/// partitions without regard to names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Groups {
    /// Alerts that both placed.
    pub alerts: u64,
    /// Alerts that the candidate was not handed, or had no answer for.
    pub not_compared: u64,
    /// How often it was begun anew from the notes of the one that counts, because the tenant worked
    /// without it.
    pub begun_again: u64,
    /// Alerts in the group of the same number.
    pub same: u64,
    /// Alerts with which the candidate opens a group and the other does not.
    pub split: u64,
    /// Alerts with which the other opens a group and the candidate does not.
    pub joined: u64,
    /// Alerts that differ because the alert that opened their group does: each of the two puts them
    /// where it put that one.
    pub follows: u64,
    /// Alerts that neither opens a group with and that are in another group for another reason.
    pub moved: u64,
    /// Alerts in the same group by a rule of another name, text or unit.
    pub other_rule: u64,
    /// Groups that both opened with the same alert, one open and the other routine.
    pub other_standing: u64,
    /// Groups opened by the one that counts.
    pub opened: u64,
    /// Groups opened by the candidate.
    pub opened_beside: u64,
    /// Groups of the one that counts whose alerts the candidate has in several.
    pub groups_split: u64,
    /// Groups of the candidate whose alerts the other has in several.
    pub groups_joined: u64,
    /// Pairs of alerts in one group with both.
    pub pairs_same: u64,
    /// Pairs of alerts in one group with the one that counts only.
    pub pairs_split: u64,
    /// Pairs of alerts in one group with the candidate only.
    pub pairs_joined: u64,
    /// Links between two groups that both propose in runs over the same batch.
    pub links_same: u64,
    /// Links that the candidate proposes only.
    pub links_added: u64,
    /// Links that the one that counts proposes only.
    pub links_missing: u64,
}

/// Two sets of enrichments of the same rows. An enrichment is the same where alert, kind, text,
/// citations and the number of alerts it holds for are. Of what is left of a row, one of each side
/// with the same kind is one that changed, in the order they were said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Enrichments {
    /// Rows that both answered for.
    pub rows: u64,
    /// Enrichments that are the same.
    pub same: u64,
    /// Enrichments of one row and kind with another text or other citations.
    pub changed: u64,
    /// Enrichments of the candidate only.
    pub added: u64,
    /// Enrichments of the one that counts only.
    pub missing: u64,
}

/// Two drafts of each of the same cases. A sentence is the same where section, text and citations are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Drafts {
    /// Drafts that both wrote of one dossier.
    pub drafts: u64,
    /// Those with a difference.
    pub differ: u64,
    /// Sentences that are the same.
    pub same: u64,
    /// Sentences of the same section and text with other citations.
    pub other_citations: u64,
    /// Sentences of the candidate only.
    pub added: u64,
    /// Sentences of the one that counts only.
    pub removed: u64,
}

/// A difference, to look at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Example {
    /// Of which kind.
    pub difference: Difference,
    /// The alert, or the case, that it is of.
    pub of: AlertNumber,
    /// When that alert was taken in; retention goes by it.
    pub taken_in: Instant,
    /// What the one that counts says; empty where it says nothing.
    pub counting: Text,
    /// What the candidate says; empty where it says nothing.
    pub candidate: Text,
}

/// The kinds of difference that have examples.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the counts say what each means")]
pub enum Difference {
    Split,
    Joined,
    Moved,
    OtherRule,
    OtherStanding,
    LinkAdded,
    LinkMissing,
    EnrichmentChanged,
    EnrichmentAdded,
    EnrichmentMissing,
    SentenceAdded,
    SentenceRemoved,
    OtherCitations,
}

/// A group as one of the two has it, of the alerts that were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Alerts compared that are in it.
    pub(crate) alerts: u64,
    /// Where the other of the two put the alert that opened it.
    pub(crate) opener_in: AlertNumber,
    /// How many groups of the other its alerts are in.
    pub(crate) cells: u32,
    /// Where it stands.
    pub(crate) standing: Standing,
}

impl Shadowed {
    /// How many examples of one kind are kept.
    pub const MAX_EXAMPLES: usize = 10;

    /// How many differences were found, of whatever kind; none where the answers are the same.
    pub fn differences(&self) -> u64 {
        match &self.compared {
            Compared::Groups(g) => {
                let placed = g.split + g.joined + g.follows + g.moved;
                placed + g.other_rule + g.other_standing + g.links_added + g.links_missing
            }
            Compared::Enrichments(e) => e.changed + e.added + e.missing,
            Compared::Drafts(d) => d.other_citations + d.added + d.removed,
        }
    }

    /// Begins with nothing compared.
    pub(crate) fn begin(
        kind: ModuleKind,
        module: ModuleName,
        counting: Digest,
        candidate: Digest,
        began: Instant,
    ) -> Self {
        Self {
            module,
            counting,
            candidate,
            began,
            ended: None,
            cannot: None,
            refused_starts: 0,
            counted: RunsOf::default(),
            beside: RunsOf::default(),
            compared: match kind {
                ModuleKind::Grouper => Compared::Groups(Groups::default()),
                ModuleKind::Enricher => Compared::Enrichments(Enrichments::default()),
                ModuleKind::Drafter => Compared::Drafts(Drafts::default()),
            },
            examples: Vec::new(),
        }
    }

    /// Keeps an example, unless there are enough of its kind.
    pub(crate) fn show(&mut self, example: Example) {
        let kind = example.difference;
        let same = self.examples.iter().filter(|e| e.difference == kind);
        if same.count() < Self::MAX_EXAMPLES {
            self.examples.push(example);
        }
    }
}

impl RunsOf {
    /// How many runs the median is of, at most.
    pub const MAX_RECENT: usize = 500;

    /// The median of the last runs, in microseconds; the lower one of two. None where nothing ran.
    pub fn median_us(&self) -> Option<u32> {
        let mut sorted = self.recent_us.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()
    }

    /// Counts a run; `failure` is why it has no answer.
    pub(crate) fn add(&mut self, cost: Cost, failure: Option<&Text>) {
        self.runs += 1;
        self.calls += cost.calls;
        self.refused += cost.refused;
        self.took_us = self.took_us.saturating_add(cost.took_us);
        self.peak_memory_bytes = self.peak_memory_bytes.max(cost.memory_bytes);
        if self.recent_us.len() >= Self::MAX_RECENT {
            self.recent_us.remove(0);
        }
        let took = u32::try_from(cost.took_us).unwrap_or(u32::MAX);
        self.recent_us.push(took);
        if let Some(failure) = failure {
            self.failed += 1;
            self.last_failure = Some(failure.clone());
        }
    }
}

impl Difference {
    /// The word, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Joined => "joined",
            Self::Moved => "moved",
            Self::OtherRule => "other-rule",
            Self::OtherStanding => "other-standing",
            Self::LinkAdded => "link-added",
            Self::LinkMissing => "link-missing",
            Self::EnrichmentChanged => "enrichment-changed",
            Self::EnrichmentAdded => "enrichment-added",
            Self::EnrichmentMissing => "enrichment-missing",
            Self::SentenceAdded => "sentence-added",
            Self::SentenceRemoved => "sentence-removed",
            Self::OtherCitations => "other-citations",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_the_last_runs_and_the_sum_of_all() {
        let mut runs = RunsOf::default();
        assert_eq!(runs.median_us(), None);
        for took_us in (0..100).map(|_| 1_000_000).chain(1..=500) {
            let cost = Cost {
                took_us,
                memory_bytes: took_us,
                ..Cost::default()
            };
            runs.add(cost, (took_us == 7).then_some(&Text::capped("it", 9)));
        }
        assert_eq!((runs.runs, runs.failed), (600, 1));
        assert_eq!(runs.median_us(), Some(250));
        assert_eq!(runs.took_us, 100 * 1_000_000 + 500 * 501 / 2);
        assert_eq!(runs.peak_memory_bytes, 1_000_000);
        assert_eq!(runs.recent_us.len(), RunsOf::MAX_RECENT);
    }
}
