//! A module's candidate beside it: the same input, its own sandbox, an answer that is checked, compared
//! and not kept.
//!
//! Each candidate comes after what counts is durable: a grouper's after the batch is committed, an
//! enricher's and a drafter's after the drafts of their lot are. What a grouper placed waits for its
//! candidate in the store, in the same change as the placements, so that a kill between the two makes
//! neither of them lose a batch: the candidate's notes go on where they were. A lot of enrichments or
//! drafts whose comparison a kill takes is not compared; it leaves no notes.
//!
//! A candidate's failed run is not cut in halves: its alerts are not compared. One that fails three
//! times in a row is left alone until the tenant is opened again.

use super::compare::{self, Both, Found, Table};
use super::draft::{self, dossier};
use super::enrich::Subject;
use super::group::{self, Checked};
use super::runs::{Came, encoded, keep};
use super::session::{Session, SessionError};
use crate::model::{
    AlertNumber, Compared, Cost, Digest, Draft, Enrichment, Example, Groups, Instant, ModuleKind,
    ModuleName, Shadowed, Standing, Text,
};
use crate::sandbox::Prepared;
use crate::store::{Change, NotesOf, Records, Side, StoreError, View, Waiting};
use std::collections::{BTreeMap, BTreeSet};

/// Failed runs one after the other after which a candidate is left alone.
const MAX_FAILED_IN_A_ROW: u32 = 3;
/// The most bytes of what each of the two says in an example.
const MAX_SAID_BYTES: usize = 300;

/// What there is to know at a start of a module that may run beside the one that counts.
pub(crate) struct Beside {
    pub(crate) module: ModuleName,
    pub(crate) kind: ModuleKind,
    pub(crate) candidate: Digest,
    /// The digest of the one that counts; none where none does.
    pub(crate) counting: Option<Digest>,
    /// Why it does not run; none where it does.
    pub(crate) cannot: Option<String>,
    /// Whether that is because boundary or grant refuse it something.
    pub(crate) refused: bool,
}

/// How a run of the module that counts went, for the comparison.
pub(super) struct Ran<T> {
    pub(super) answer: Option<T>,
    pub(super) cost: Cost,
    pub(super) why: Option<Text>,
}

impl<T> Ran<T> {
    /// Looks at a run before it is kept.
    pub(super) fn of<K>(came: &Came<K>) -> Self {
        match came {
            Ok(ended) => Self {
                answer: None,
                cost: ended.peek(|kept| kept.cost),
                why: None,
            },
            Err(failed) => Self {
                answer: None,
                cost: failed.cost(),
                why: Some(failed.why()),
            },
        }
    }
}

/// Begins, goes on and ends records of candidates as the start of a session finds them.
pub(super) fn begin(
    records: &Records,
    change: &mut Change,
    all: &[Beside],
    now: Instant,
) -> Result<(), StoreError> {
    let view = records.view()?;
    for mut old in view.shadows()? {
        let goes_on = all.iter().any(|beside| {
            let counts = beside.counting.is_none_or(|digest| digest == old.counting);
            beside.module == old.module && beside.candidate == old.candidate && counts
        });
        if !goes_on && old.ended.is_none() {
            old.ended = Some(now);
            old.examples.clear();
            change.clear_shadow(&old.module)?;
            change.put_shadowed(&old)?;
        }
    }
    for beside in all {
        let name = &beside.module;
        let placed = view.placed_through()?;
        let live = change.shadowed(name)?.filter(|old| old.ended.is_none());
        let Some(counting) = beside.counting.or(live.as_ref().map(|old| old.counting)) else {
            continue;
        };
        let is_new = live.is_none();
        let mut record = live.unwrap_or_else(|| {
            let (kind, candidate) = (beside.kind, beside.candidate);
            Shadowed::begin(kind, name.clone(), counting, candidate, now)
        });
        if let Compared::Groups(groups) = &mut record.compared {
            let through = change.shadow_through(name)?;
            // The tenant worked without it, or it was begun just now: its notes are those that count.
            if is_new || through != placed {
                if !is_new {
                    groups.begun_again += 1;
                    groups.not_compared += placed.saturating_sub(through);
                }
                change.clear_shadow(name)?;
                change.copy_notes(name)?;
                change.set_shadow_from(name, placed + 1)?;
                change.set_shadow_through(name, placed)?;
            }
        }
        record.refused_starts += u64::from(beside.refused);
        let nothing_counts = "no module of its name counts for the tenant";
        let why = match (&beside.cannot, beside.counting) {
            (Some(why), _) => Some(why.as_str()),
            (None, None) => Some(nothing_counts),
            (None, Some(_)) => None,
        };
        record.cannot = why.map(|why| Text::capped(why, 1_000));
        change.put_shadowed(&record)?;
    }
    Ok(())
}

impl Session {
    /// The candidate beside the module of this name, unless it is left alone.
    fn candidate(&self, module: &ModuleName) -> Option<usize> {
        let failed = self.shadow_failed.get(module).copied().unwrap_or_default();
        if failed >= MAX_FAILED_IN_A_ROW {
            return None;
        }
        self.modules.candidate(module)
    }

    /// Whether something is to wait for a candidate of the grouper.
    pub(super) fn waits_for_candidate(&self, module: &ModuleName) -> bool {
        self.modules.candidate(module).is_some()
    }

    fn of_candidate(&self, place: usize) -> Result<&Prepared, SessionError> {
        let found = self.modules.shadows.get(place);
        found.ok_or(SessionError::Lost("a candidate"))
    }

    /// Lets the grouper's candidate place what the grouper placed, batch for batch as that did.
    pub(super) fn shadow_group(&mut self) -> Result<(), SessionError> {
        let Some(grouper) = &self.modules.grouper else {
            return Ok(());
        };
        let module = grouper.granted().module().clone();
        while let Some(place) = self.candidate(&module) {
            let view = self.records.view()?;
            let Some((key, waiting)) = view.waiting(&module)? else {
                break;
            };
            if self.cancel.is_cancelled() {
                break;
            }
            match waiting {
                Waiting::Failed { cost, why } => {
                    let mut change = self.records.change()?;
                    change.waited(&module, key)?;
                    let mut record = record(&change, &module)?;
                    record.counted.add(cost, Some(&why));
                    change.put_shadowed(&record)?;
                    change.commit()?;
                }
                Waiting::Placed { .. } => self.shadow_batch(place, &view, (key, waiting))?,
            }
        }
        Ok(())
    }

    fn shadow_batch(
        &mut self,
        place: usize,
        view: &View,
        (key, waiting): (u64, Waiting),
    ) -> Result<(), SessionError> {
        let Waiting::Placed {
            first,
            last,
            as_of,
            links,
            cost,
        } = waiting
        else {
            return Ok(());
        };
        let candidate = self.of_candidate(place)?;
        let granted = candidate.granted();
        let module = granted.module().clone();
        let has_memory = granted
            .capabilities()
            .contains(&crate::model::Capability::Memory);
        let stored = view.alerts(first, last)?;
        let rows: Vec<_> = stored.iter().map(|s| (s.number, &s.alert)).collect();
        let (begin, given, table) = self.over_alerts(candidate, as_of, &rows, view)?;
        let finished = candidate.group(begin, given, &table);
        let numbers: Vec<AlertNumber> = rows.iter().map(|(number, _)| *number).collect();
        let from = view.shadow_from(&module)?;
        // The groups that were there when it began are both's; of later ones it knows its own.
        let standing = |group| -> Result<Option<Standing>, StoreError> {
            if group < from {
                return Ok(view.group(group)?.map(|row| row.group.standing));
            }
            let seen = view.seen(&module, (Side::Beside, group))?;
            Ok(seen.map(|seen| seen.standing))
        };
        let came = self.settle(&module, finished, &mut Vec::new(), |_, answer, _| {
            Ok(group::check(answer, &numbers, has_memory, standing)?)
        })?;
        let mut change = self.records.change()?;
        change.waited(&module, key)?;
        let mut record = record(&change, &module)?;
        if let Some(cost) = cost {
            record.counted.add(cost, None);
        }
        self.count_run(&module, &came, &mut record);
        match came {
            Ok(ended) => {
                let checked = keep(&mut change, ended.release()?)?;
                change.keep_notes(NotesOf::Beside(&module), checked.notes())?;
                if let Compared::Groups(groups) = &mut record.compared {
                    let range = (first, last);
                    let mut found =
                        compare_batch(view, &mut change, &module, range, &checked, groups)?;
                    found.extend(compare::links(links, checked.linked(), groups));
                    show(&mut record, found, view)?;
                }
            }
            Err(failed) => {
                failed.keep(&mut change)?;
                if let Compared::Groups(groups) = &mut record.compared {
                    groups.not_compared += rows.len() as u64;
                }
            }
        }
        change.put_shadowed(&record)?;
        Ok(change.commit()?)
    }

    /// Lets the candidate of an enricher enrich these rows, and compares with what counts of them.
    pub(super) fn shadow_enrich(
        &mut self,
        view: &View,
        module: &ModuleName,
        subjects: &[Subject],
        counted: &Ran<Vec<Enrichment>>,
    ) -> Result<(), SessionError> {
        let Some(place) = self.candidate(module) else {
            return Ok(());
        };
        let finished = self.enrich_over(self.of_candidate(place)?, subjects, view)?;
        let came = self.settle_enriched(module, finished, subjects, &mut Vec::new())?;
        self.compared(
            module,
            counted,
            came,
            view,
            |compared, counting, candidate| match compared {
                Compared::Enrichments(counts) => {
                    compare::enrichments(subjects.len(), counting, candidate, counts)
                }
                Compared::Groups(_) | Compared::Drafts(_) => Vec::new(),
            },
        )
    }

    /// Lets the drafter's candidate draft a case, and compares with the draft that counts.
    pub(super) fn shadow_draft(
        &mut self,
        case: AlertNumber,
        gaps: &[String],
        counted: &Ran<Draft>,
    ) -> Result<(), SessionError> {
        let Some(drafter) = &self.modules.drafter else {
            return Ok(());
        };
        let module = drafter.granted().module().clone();
        let Some(place) = self.candidate(&module) else {
            return Ok(());
        };
        let candidate = self.of_candidate(place)?;
        let granted = candidate.granted();
        let digest = granted.digest();
        let view = self.records.view()?;
        let Some(case) = view.case(case)? else {
            return Ok(());
        };
        let prepared = dossier(&view, &case, granted.fields(), gaps)?;
        let batch = encoded("the dossier", &prepared.dossier)?;
        let alerts = prepared.dossier.alerts.numbers.len();
        let begin = self.beginning(candidate, self.as_of, batch, alerts, prepared.handed)?;
        let given = self.given(candidate, &view)?;
        let finished = candidate.draft(begin, given, &prepared.dossier);
        let came = self.settle(
            &module,
            finished,
            &mut Vec::new(),
            |session, answer, handed| {
                let (number, as_of) = (case.number, session.as_of);
                Ok(draft::check(answer, handed, number, as_of, &module, digest))
            },
        )?;
        self.compared(
            &module,
            counted,
            came,
            &view,
            |compared, counting, candidate| match compared {
                Compared::Drafts(counts) => compare::drafts(
                    case.number,
                    &counting.sentences,
                    &candidate.sentences,
                    counts,
                ),
                Compared::Groups(_) | Compared::Enrichments(_) => Vec::new(),
            },
        )
    }

    /// Counts a run of each, and compares their answers where both have one.
    fn compared<T>(
        &mut self,
        module: &ModuleName,
        counted: &Ran<T>,
        came: Came<T>,
        view: &View,
        compare: impl FnOnce(&mut Compared, &T, &T) -> Vec<Found>,
    ) -> Result<(), SessionError> {
        let mut change = self.records.change()?;
        let mut record = record(&change, module)?;
        record.counted.add(counted.cost, counted.why.as_ref());
        self.count_run(module, &came, &mut record);
        match came {
            Ok(ended) => {
                let answer = keep(&mut change, ended.release()?)?;
                if let Some(counting) = &counted.answer {
                    let found = compare(&mut record.compared, counting, &answer);
                    show(&mut record, found, view)?;
                }
            }
            Err(failed) => failed.keep(&mut change)?,
        }
        change.put_shadowed(&record)?;
        Ok(change.commit()?)
    }

    /// Counts a run of the candidate, and how often it has failed in a row.
    fn count_run<T>(&mut self, module: &ModuleName, came: &Came<T>, record: &mut Shadowed) {
        let ran = Ran::<()>::of(came);
        record.beside.add(ran.cost, ran.why.as_ref());
        let failed = self.shadow_failed.entry(module.clone()).or_default();
        *failed = match ran.why {
            Some(_) => *failed + 1,
            None => 0,
        };
    }
}

fn record(change: &Change, module: &ModuleName) -> Result<Shadowed, SessionError> {
    let found = change.shadowed(module)?;
    found.ok_or(SessionError::Lost("a candidate's record"))
}

/// Compares where both put a batch's alerts, and keeps what later batches are compared with.
fn compare_batch(
    view: &View,
    change: &mut Change,
    module: &ModuleName,
    (first, last): (AlertNumber, AlertNumber),
    checked: &Checked,
    groups: &mut Groups,
) -> Result<Vec<Found>, SessionError> {
    let placements = view.placements(first, last)?;
    let (mut rules, mut standings) = (BTreeMap::new(), BTreeMap::new());
    for placement in &placements {
        if let std::collections::btree_map::Entry::Vacant(place) = rules.entry(placement.rule) {
            place.insert(view.rule(placement.rule)?);
        }
        if placement.alert == placement.group {
            let row = view.group(placement.group)?;
            standings.insert(placement.group, row.map(|row| row.group.standing));
        }
    }
    let batch: Vec<Both<'_>> = placements
        .iter()
        .zip(checked.puts())
        .map(|(placement, (alert, candidate))| {
            let rule = rules.get(&placement.rule).and_then(Option::as_ref);
            let rule = rule.map_or([""; 3], |r| {
                [r.name.as_str(), r.says.as_str(), r.unit.as_str()]
            });
            let standing = standings.get(&placement.group).copied().flatten();
            let counting = compare::counting(placement, rule, standing.unwrap_or(Standing::Open));
            Both {
                alert,
                counting,
                candidate,
            }
        })
        .collect();
    let mut table = Table::default();
    for both in &batch {
        let (g, h) = (both.counting.group, both.candidate.group);
        for key in [(Side::Counting, g), (Side::Beside, h)] {
            if let std::collections::btree_map::Entry::Vacant(place) = table.groups.entry(key) {
                let seen = view.seen(module, key)?;
                place.insert(seen.unwrap_or(Table::unseen(key.1)));
            }
        }
        if let std::collections::btree_map::Entry::Vacant(place) = table.cells.entry((g, h)) {
            place.insert(view.cell(module, (g, h))?);
        }
    }
    let found = table.compare(&batch, groups);
    for (key, seen) in &table.groups {
        change.put_seen(module, *key, seen)?;
    }
    for (cell, alerts) in &table.cells {
        change.put_cell(module, *cell, *alerts)?;
    }
    Ok(found)
}

/// Keeps the first examples of each kind of difference.
fn show(record: &mut Shadowed, found: Vec<Found>, view: &View) -> Result<(), SessionError> {
    let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
    let few = found.into_iter().filter(|found| {
        let kind = kinds.entry(found.difference).or_default();
        *kind += 1;
        *kind <= Shadowed::MAX_EXAMPLES
    });
    let few: Vec<Found> = few.collect();
    let alerts: BTreeSet<AlertNumber> = few.iter().map(|found| found.of).collect();
    let alerts: Vec<AlertNumber> = alerts.into_iter().collect();
    let taken_in: BTreeMap<AlertNumber, Instant> = view
        .alerts_of(&alerts)?
        .into_iter()
        .map(|stored| (stored.number, stored.taken_in))
        .collect();
    for found in few {
        record.show(Example {
            difference: found.difference,
            of: found.of,
            taken_in: taken_in.get(&found.of).copied().unwrap_or_default(),
            counting: Text::capped(&found.counting, MAX_SAID_BYTES),
            candidate: Text::capped(&found.candidate, MAX_SAID_BYTES),
        });
    }
    Ok(())
}
