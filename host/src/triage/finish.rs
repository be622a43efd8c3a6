//! Enriches and drafts the cases that have changed.

use super::cancel::Ended;
use super::changed::Changed;
use super::draft::{self, dossier};
use super::enrich::{Subject, representatives};
use super::runs::{Came, encoded, keep};
use super::session::{Session, SessionError};
use super::shadow::Ran;
use super::submit::BATCH;
use crate::model::{AlertNumber, Case, Draft, Enrichment, ModuleName};
use crate::sandbox::Prepared;
use crate::store::{GroupRow, View};
use std::collections::{BTreeMap, BTreeSet};

/// Cases enriched and drafted together: one sync of the trail and one commit for all of them.
const CASES: usize = 64;

/// What enrichers and drafter did of a lot that has candidates beside them.
#[derive(Default)]
struct Besides {
    /// What the enrichers went by.
    view: Option<View>,
    enriched: Vec<(Vec<Subject>, Vec<Enriched>)>,
    gaps: Vec<String>,
    drafted: Vec<(AlertNumber, Ran<Draft>)>,
}

/// What an enricher did of a batch.
type Enriched = (ModuleName, Ran<Vec<Enrichment>>);

/// What became of the cases that had changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Drafted {
    /// Cases that had changed.
    pub cases: u64,
    /// Enrichments now held of their groups.
    pub enrichments: u64,
    /// Cases that have a draft of their present state.
    pub drafts: u64,
    /// Cases that have none, because no drafter could.
    pub without_draft: u64,
    /// Runs of enrichers and drafter, failed ones too.
    pub runs: u64,
    /// Why runs failed; each reason once.
    pub failures: Vec<String>,
    /// Whether all of it was done.
    pub ended: Ended,
}

impl Drafted {
    /// Adds what was done after it.
    pub fn add(&mut self, later: Self) {
        self.cases += later.cases;
        self.enrichments += later.enrichments;
        self.drafts += later.drafts;
        self.without_draft += later.without_draft;
        self.runs += later.runs;
        if later.ended == Ended::Cancelled {
            self.ended = Ended::Cancelled;
        }
        for failure in later.failures {
            if !self.failures.contains(&failure) {
                self.failures.push(failure);
            }
        }
    }
}

impl Session {
    /// Enriches the groups of every case that has changed since it was last drafted, and drafts it.
    ///
    /// Cancelled, it says so in [`Drafted::ended`]: cases that are not done stay changed.
    ///
    /// # Errors
    /// When the store or the trail fails. What was drafted before is kept; calling it again
    /// continues.
    pub fn draft(&mut self) -> Result<Drafted, SessionError> {
        let mut done = Drafted::default();
        self.draft_changed(&mut done, &mut Changed::default())?;
        Ok(done)
    }

    /// As [`Session::draft`]; adds to `changed` the cases that have a new draft.
    ///
    /// # Errors
    /// As [`Session::draft`]. What `done` and `changed` have then is durable.
    pub fn draft_changed(
        &mut self,
        done: &mut Drafted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        self.guarded(|session| session.drafted(done, changed))
    }

    fn drafted(&mut self, done: &mut Drafted, changed: &mut Changed) -> Result<(), SessionError> {
        let cases = self.records.view()?.changed_cases()?;
        let (mut looked_at, of) = (0, cases.len() as u64);
        for lot in cases.chunks(CASES) {
            // What the candidates of enrichers and drafter are compared with, once all of it is kept.
            let mut beside = Besides::default();
            done.ended = self.enrich(lot, done, &mut beside)?;
            if done.ended == Ended::Whole {
                done.ended = self.draft_lot(lot, done, changed, &mut beside)?;
            }
            self.shadow_lot(beside)?;
            self.sign_in_time()?;
            if done.ended == Ended::Cancelled {
                break;
            }
            looked_at += lot.len() as u64;
            self.observer.cases_done(&self.tenant, looked_at, of);
        }
        Ok(())
    }

    /// Enriches the groups of these cases. Cancelled, what ran is kept as run and adds nothing.
    fn enrich(
        &mut self,
        lot: &[AlertNumber],
        done: &mut Drafted,
        beside: &mut Besides,
    ) -> Result<Ended, SessionError> {
        let view = self.records.view()?;
        let mut groups: Vec<GroupRow> = Vec::new();
        for case in lot {
            for group in view
                .case(*case)?
                .map(|case| case.groups)
                .unwrap_or_default()
            {
                groups.extend(view.group(group)?);
            }
        }
        let mut found: BTreeMap<AlertNumber, Vec<Enrichment>> = groups
            .iter()
            .map(|row| (row.group.number, Vec::new()))
            .collect();
        let mut change = self.records.change()?;
        for rows in representatives(&groups).chunks(BATCH) {
            let numbers: Vec<AlertNumber> = rows.iter().map(|(alert, ..)| *alert).collect();
            let subjects: Vec<Subject> = view
                .alerts_of(&numbers)?
                .into_iter()
                .zip(rows)
                .map(|(stored, (_, group, repeats))| Subject {
                    stored,
                    group: *group,
                    repeats: *repeats,
                })
                .collect();
            let mut enriched = Vec::new();
            for place in 0..self.modules.enrichers.len() {
                if self.cancel.is_cancelled() {
                    change.commit()?;
                    return Ok(Ended::Cancelled);
                }
                let came = self.enrich_with(place, &view, &subjects, done)?;
                let mut ran = Ran::of(&came);
                match came {
                    Ok(ended) => {
                        let kept = keep(&mut change, ended.release()?)?;
                        ran.answer = Some(kept.clone());
                        for enrichment in kept {
                            found.entry(enrichment.group).or_default().push(enrichment);
                        }
                    }
                    Err(failed) => failed.keep(&mut change)?,
                }
                if let Some(module) = self.shadowed_enricher(place) {
                    enriched.push((module, ran));
                }
            }
            if !enriched.is_empty() {
                beside.enriched.push((subjects, enriched));
            }
        }
        for (group, mut enrichments) in found {
            enrichments
                .sort_by(|a, b| (a.alert, a.kind, &a.module).cmp(&(b.alert, b.kind, &b.module)));
            done.enrichments += enrichments.len() as u64;
            change.put_enrichments(group, &enrichments)?;
        }
        change.commit()?;
        beside.view = Some(view);
        Ok(Ended::Whole)
    }

    fn shadowed_enricher(&self, place: usize) -> Option<ModuleName> {
        let enricher = self.modules.enrichers.get(place)?;
        let name = enricher.granted().module();
        self.waits_for_candidate(name).then(|| name.clone())
    }

    /// Lets the candidates of the enrichers and the drafter do what was done of a lot.
    fn shadow_lot(&mut self, beside: Besides) -> Result<(), SessionError> {
        for (subjects, enriched) in &beside.enriched {
            for (module, ran) in enriched {
                let Some(view) = &beside.view else { continue };
                if self.cancel.is_cancelled() {
                    return Ok(());
                }
                self.shadow_enrich(view, module, subjects, ran)?;
            }
        }
        for (case, ran) in &beside.drafted {
            if self.cancel.is_cancelled() {
                return Ok(());
            }
            self.shadow_draft(*case, &beside.gaps, ran)?;
        }
        Ok(())
    }

    fn enrich_with(
        &mut self,
        place: usize,
        view: &View,
        subjects: &[Subject],
        done: &mut Drafted,
    ) -> Result<Came<Vec<Enrichment>>, SessionError> {
        let Some(enricher) = self.modules.enrichers.get(place) else {
            return Err(SessionError::Lost("an enricher"));
        };
        let module = enricher.granted().module().clone();
        let finished = self.enrich_over(enricher, subjects, view)?;
        done.runs += 1;
        self.settle_enriched(&module, finished, subjects, &mut done.failures)
    }

    fn draft_lot(
        &mut self,
        lot: &[AlertNumber],
        done: &mut Drafted,
        changed: &mut Changed,
        beside: &mut Besides,
    ) -> Result<Ended, SessionError> {
        let Some(drafter) = &self.modules.drafter else {
            done.cases += lot.len() as u64;
            done.without_draft += lot.len() as u64;
            return Ok(Ended::Whole);
        };
        let candidate = self.modules.candidate(drafter.granted().module());
        let candidate = candidate.and_then(|place| self.modules.shadows.get(place));
        let is_shadowed = candidate.is_some();
        // As it would be handed them if it counted.
        beside.gaps = candidate.map_or_else(Vec::new, |candidate| self.gaps(Some(candidate)));
        let view = self.records.view()?;
        let gaps = self.gaps(self.modules.drafter.as_ref());
        let (mut ended, mut failed) = (Vec::new(), Vec::new());
        let mut came = Ended::Whole;
        for number in lot {
            if self.cancel.is_cancelled() {
                came = Ended::Cancelled;
                break;
            }
            done.cases += 1;
            let Some(case) = view.case(*number)? else {
                continue;
            };
            let one = self.draft_one(&view, &case, &gaps, done)?;
            if is_shadowed {
                beside.drafted.push((*number, Ran::of(&one)));
            }
            match one {
                Ok(one) => ended.push(one),
                Err(one) => failed.push(one),
            }
        }
        let mut change = self.records.change()?;
        let mut drafted = BTreeSet::new();
        // In the order of their ends; the first release makes all of them durable.
        for one in ended {
            let draft = keep(&mut change, one.release()?)?;
            change.set_changed(draft.case, false)?;
            drafted.insert(draft.case);
            if let Some((_, ran)) = beside.drafted.iter_mut().find(|(c, _)| *c == draft.case) {
                ran.answer = Some(draft.clone());
            }
            change.put_draft(draft)?;
        }
        let without = failed.len() as u64;
        for one in failed {
            one.keep(&mut change)?;
        }
        let committed = self.log.sync()?;
        change.set_trail(committed)?;
        change.commit()?;
        done.drafts += drafted.len() as u64;
        done.without_draft += without;
        for case in &drafted {
            self.observer.draft_written(&self.tenant, *case);
        }
        changed.drafts.extend(drafted);
        Ok(came)
    }

    fn draft_one(
        &mut self,
        view: &View,
        case: &Case,
        gaps: &[String],
        done: &mut Drafted,
    ) -> Result<Came<Draft>, SessionError> {
        let Some(drafter) = &self.modules.drafter else {
            return Err(SessionError::Lost("a drafter"));
        };
        let granted = drafter.granted();
        let (module, digest) = (granted.module().clone(), granted.digest());
        let prepared = dossier(view, case, granted.fields(), gaps)?;
        let batch = encoded("the dossier", &prepared.dossier)?;
        let alerts = prepared.dossier.alerts.numbers.len();
        let begin = self.beginning(drafter, self.as_of, batch, alerts, prepared.handed)?;
        let given = self.given(drafter, view)?;
        let finished = drafter.draft(begin, given, &prepared.dossier);
        done.runs += 1;
        self.settle(
            &module,
            finished,
            &mut done.failures,
            |session, answer, handed| {
                Ok(draft::check(
                    answer,
                    handed,
                    case.number,
                    session.as_of,
                    &module,
                    digest,
                ))
            },
        )
    }

    /// What is missing in every case of this session: fields withheld from those who write about
    /// it, and enrichers that did not do their work.
    fn gaps(&self, drafter: Option<&Prepared>) -> Vec<String> {
        let mut gaps = Vec::new();
        for module in self.modules.enrichers.iter().chain(drafter) {
            for withheld in module.granted().withheld() {
                let gap = draft::withheld(withheld.field);
                if !gaps.contains(&gap) {
                    gaps.push(gap);
                }
            }
        }
        gaps.sort();
        gaps.extend(
            self.limping
                .iter()
                .map(|(module, why)| draft::not_consulted(module, why)),
        );
        gaps
    }
}
