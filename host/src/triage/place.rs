//! New alerts into groups: a batch to the grouper, its checked answer into the store.

use super::cancel::Ended;
use super::changed::Changed;
use super::group::{self, Checked};
use super::runs::keep;
use super::session::{Session, SessionError};
use super::shadow::Ran;
use super::submit::{BATCH, Submitted};
use crate::model::{Alert, AlertNumber};
use crate::store::{Change, StoreError, View, Waiting};

/// Failed runs of a grouper that a session bears, beside one in so many alerts placed.
const MAX_FAILED_RUNS: u64 = 40;
const PLACED_PER_FAILED_RUN: u64 = 25;
/// Alerts one after the other that the grouper fails on by themselves: then it is the grouper.
const MAX_ALONE_IN_A_ROW: u64 = 3;

/// How often a grouper has failed in a session. One that fails on everything is left alone until the
/// tenant is opened again, and the alerts wait; one that fails on an alert now and then is not.
#[derive(Default)]
pub(super) struct Patience {
    failed: u64,
    placed: u64,
    alone_in_a_row: u64,
}

impl Patience {
    pub(super) fn is_left(&self) -> bool {
        self.alone_in_a_row < MAX_ALONE_IN_A_ROW
            && self.failed < MAX_FAILED_RUNS + self.placed / PLACED_PER_FAILED_RUN
    }
}

impl Session {
    /// Places what waits. A batch on which the grouper fails is cut in halves, down to the alert it
    /// fails on: that one the host lets stand alone, so that one alert cannot keep a queue back.
    pub(super) fn place_waiting(
        &mut self,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        let mut size = BATCH as u64;
        while self.modules.grouper.is_some() && self.patience.is_left() {
            let view = self.records.view()?;
            let (first, last) = (view.placed_through()? + 1, view.last_alert()?);
            if first > last {
                break;
            }
            if self.cancel.is_cancelled() {
                done.ended = Ended::Cancelled;
                break;
            }
            let through = last.min(first + size - 1);
            let stored = view.alerts(first, through)?;
            if stored.is_empty() {
                // Their numbers were lost.
                let mut change = self.records.change()?;
                change.pass_over(through)?;
                change.commit()?;
                continue;
            }
            let rows: Vec<_> = stored.iter().map(|s| (s.number, &s.alert)).collect();
            let change = self.records.change()?;
            match self.group(change, &view, &rows, done)? {
                Ok(placed) => {
                    self.tell_placed(placed, changed);
                    self.shadow_group()?;
                    size = (size * 2).min(BATCH as u64);
                }
                Err(change) => {
                    change.commit()?;
                    if let [(number, alert)] = rows.as_slice() {
                        self.stand_alone(*number, alert, done, changed)?;
                        self.shadow_group()?;
                    }
                    size = (rows.len() as u64).div_ceil(2);
                }
            }
        }
        // What a stopped session left for the candidate, too.
        self.shadow_group()
    }

    /// One run of the grouper over these alerts; gives what it changed. Where it has no answer, gives the change back with
    /// the failure kept in it and nothing placed.
    pub(super) fn group(
        &mut self,
        mut change: Change,
        view: &View,
        rows: &[(AlertNumber, &Alert)],
        done: &mut Submitted,
    ) -> Result<Result<Changed, Change>, SessionError> {
        let Some(grouper) = &self.modules.grouper else {
            return Ok(Err(change));
        };
        let granted = grouper.granted();
        let (module, digest) = (granted.module().clone(), granted.digest());
        let has_memory = granted
            .capabilities()
            .contains(&crate::model::Capability::Memory);
        let (begin, given, table) = self.over_alerts(grouper, self.as_of, rows, view)?;
        let finished = grouper.group(begin, given, &table);
        done.runs += 1;
        let numbers: Vec<AlertNumber> = rows.iter().map(|(number, _)| *number).collect();
        let standing = |group| -> Result<_, StoreError> {
            Ok(view.group(group)?.map(|row| row.group.standing))
        };
        let came = self.settle(&module, finished, &mut done.failures, |_, answer, _| {
            Ok(group::check(answer, &numbers, has_memory, standing)?)
        })?;
        let ran = Ran::<()>::of(&came);
        let beside = self.waits_for_candidate(&module);
        match came {
            Ok(ended) => {
                let checked = keep(&mut change, ended.release()?)?;
                if let (true, Some(first), Some(last)) = (beside, numbers.first(), numbers.last()) {
                    let waiting = Waiting::Placed {
                        first: *first,
                        last: *last,
                        as_of: self.as_of,
                        links: checked.linked().collect(),
                        cost: Some(ran.cost),
                    };
                    change.wait(&module, &waiting)?;
                }
                let placed = checked.keep(&mut change, &module, digest, rows)?;
                change.commit()?;
                done.placed += rows.len() as u64;
                self.patience.placed += rows.len() as u64;
                self.patience.alone_in_a_row = 0;
                Ok(Ok(placed))
            }
            Err(failed) => {
                if let (true, Some(why)) = (beside, ran.why) {
                    let cost = ran.cost;
                    change.wait(&module, &Waiting::Failed { cost, why })?;
                }
                failed.keep(&mut change)?;
                self.patience.failed += 1;
                Ok(Err(change))
            }
        }
    }

    fn stand_alone(
        &mut self,
        number: AlertNumber,
        alert: &Alert,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        let Some(grouper) = &self.modules.grouper else {
            return Ok(());
        };
        let (module, digest) = (
            grouper.granted().module().clone(),
            grouper.granted().digest(),
        );
        let mut change = self.records.change()?;
        if self.waits_for_candidate(&module) {
            let waiting = Waiting::Placed {
                first: number,
                last: number,
                as_of: self.as_of,
                links: Vec::new(),
                cost: None,
            };
            change.wait(&module, &waiting)?;
        }
        let alone = Checked::alone(number);
        let placed = alone.keep(&mut change, &module, digest, &[(number, alert)])?;
        change.commit()?;
        done.placed += 1;
        self.patience.alone_in_a_row += 1;
        self.tell_placed(placed, changed);
        Ok(())
    }

    /// Says what a placement changed, once it is committed.
    pub(super) fn tell_placed(&self, placed: Changed, changed: &mut Changed) {
        self.observer.placed(&self.tenant, &placed);
        for case in &placed.cases {
            self.observer.case_changed(&self.tenant, *case);
        }
        changed.add(placed);
    }
}
