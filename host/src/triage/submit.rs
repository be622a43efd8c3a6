//! Alerts in: read on one thread, taken in and placed on another, a batch at a time.

use super::changed::Changed;
use super::group::{self, Checked};
use super::intake::{Document, From, documents};
use super::runs::{encoded, keep};
use super::session::{Session, SessionError};
use crate::model::{Alert, AlertNumber};
use crate::sandbox::table::project;
use crate::store::{Change, Delivery, Material, Rejected, StoreError, View};
use crate::trail::{Commitment, Intake};
use std::io;
use std::sync::mpsc;
use std::time::Duration;

/// Documents taken in together at most; also the most alerts in a grouper's batch.
pub const BATCH: usize = 1_000;
/// Bytes of documents after which a batch is not filled further.
const BATCH_BYTES: usize = 8 << 20;
/// Rejects that are told one by one; all are kept.
const TOLD_REJECTS: usize = 5;
/// Documents handed over together by the reading thread.
const CHUNK: usize = 250;
/// How long a batch waits to be filled: long enough for a pipe, too short for a person to notice.
const FILLING: Duration = Duration::from_millis(20);
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
    fn is_left(&self) -> bool {
        self.alone_in_a_row < MAX_ALONE_IN_A_ROW
            && self.failed < MAX_FAILED_RUNS + self.placed / PLACED_PER_FAILED_RUN
    }
}

/// What became of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Submitted {
    /// Documents read.
    pub documents: u64,
    /// Alerts that were new.
    pub new: u64,
    /// Alerts that were there already, byte for byte.
    pub duplicates: u64,
    /// Alerts that were there already with other bytes.
    pub revisions: u64,
    /// Documents that were not taken.
    pub rejects: u64,
    /// The first of them: where each began, in bytes, and why it was not taken.
    pub first_rejects: Vec<String>,
    /// Alerts that were placed in groups.
    pub placed: u64,
    /// Alerts that wait to be placed, because no grouper could.
    pub waiting: u64,
    /// Runs of the grouper, failed ones too.
    pub runs: u64,
    /// Why runs failed; each reason once.
    pub failures: Vec<String>,
}

impl Submitted {
    /// Adds what became of what came after it.
    pub fn add(&mut self, later: Self) {
        self.documents += later.documents;
        self.new += later.new;
        self.duplicates += later.duplicates;
        self.revisions += later.revisions;
        self.rejects += later.rejects;
        self.first_rejects.extend(later.first_rejects);
        self.first_rejects.truncate(TOLD_REJECTS);
        self.placed += later.placed;
        self.waiting = later.waiting;
        self.runs += later.runs;
        for failure in later.failures {
            if !self.failures.contains(&failure) {
                self.failures.push(failure);
            }
        }
    }
}

impl Session {
    /// Takes in an input and places what is new in groups. `name` is what rejects are said to come
    /// from; `progress` is called after each batch.
    ///
    /// Everything counted in what comes back is durable. A document that cannot be read stops
    /// nothing; it is kept with its reason.
    ///
    /// # Errors
    /// When the input, the store or the trail fails. What was taken in before is kept; submitting
    /// the same input again continues.
    pub fn submit(
        &mut self,
        input: impl io::Read + Send,
        from: From,
        name: &str,
        progress: &mut dyn FnMut(&Submitted),
    ) -> Result<Submitted, SessionError> {
        let mut done = Submitted::default();
        self.place_waiting(&mut done, &mut Changed::default())?;
        let (send, receive) = mpsc::sync_channel::<io::Result<Vec<Document>>>(8);
        std::thread::scope(|scope| {
            let reader = std::thread::Builder::new().name("reader".into());
            let reading = reader.spawn_scoped(scope, move || read(input, from, &send));
            reading.map_err(|e| SessionError::Thread(e.to_string()))?;
            let mut batch = Vec::new();
            let mut open = true;
            let mut broken = None;
            while open && broken.is_none() {
                fill(&receive, &mut batch, &mut open, &mut broken);
                if !batch.is_empty() {
                    let batch = std::mem::take(&mut batch);
                    self.take(batch, name, &mut done, &mut Changed::default())?;
                    progress(&done);
                }
            }
            // The reader ends at its next document: nobody receives it.
            drop(receive);
            broken.map_or(Ok(()), |error| Err(SessionError::Input(error)))
        })?;
        done.waiting = self.waiting()?;
        Ok(done)
    }

    /// Takes in documents that were read elsewhere, in their order, and places what is new in
    /// groups, on the thread that calls it. When it returns, all of them are durable: whoever hands
    /// over the next ones only then can never be ahead of the disk. No documents place what waits
    /// from before.
    ///
    /// `name` is what rejects are said to come from. What became of the documents is added to
    /// `done`, and what that changed to `changed`.
    ///
    /// [`BATCH`] documents are one run of the grouper and one commit; more are taken in parts.
    ///
    /// # Errors
    /// When the store or the trail fails. What `done` and `changed` have then is durable; handing
    /// over the same documents again continues.
    pub fn take(
        &mut self,
        batch: Vec<Document>,
        name: &str,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        if batch.is_empty() {
            self.place_waiting(done, changed)?;
        }
        let mut rest = batch.into_iter();
        loop {
            let part: Vec<Document> = rest.by_ref().take(BATCH).collect();
            if part.is_empty() {
                break;
            }
            self.take_in(part, name, done, changed)?;
        }
        done.waiting = self.waiting()?;
        Ok(())
    }

    /// Alerts that no group has.
    fn waiting(&self) -> Result<u64, StoreError> {
        let view = self.records.view()?;
        Ok(view.alert_count()? - view.placed_through()?)
    }

    fn take_in(
        &mut self,
        batch: Vec<Document>,
        name: &str,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        let now = self.now();
        // Counted here, and told once it is committed.
        let mut came = Submitted {
            documents: batch.len() as u64,
            ..Submitted::default()
        };
        let (mut taken, mut rejects) = (Vec::with_capacity(batch.len()), Vec::new());
        let mut digests = Vec::with_capacity(batch.len() * 32);
        for document in batch {
            match document {
                Document::Alert(alert) => {
                    digests.extend_from_slice(alert.alert.digest.as_bytes());
                    taken.push((alert.alert, alert.bytes));
                }
                Document::Reject(reject) => {
                    if came.first_rejects.len() < TOLD_REJECTS {
                        let (offset, reason) = (reject.offset, &reject.reason);
                        came.first_rejects
                            .push(format!("{name}, byte {offset}: {reason}"));
                    }
                    digests.extend_from_slice(crate::model::Digest::of(&reject.bytes).as_bytes());
                    rejects.push(Rejected {
                        taken_in: now,
                        input: name.to_owned(),
                        offset: reject.offset,
                        length: reject.length,
                        reason: reject.reason.to_string(),
                        bytes: reject.bytes,
                    });
                }
            }
        }
        let view = self.records.view()?;
        let all_placed = view.placed_through()? == view.alert_count()?;
        let mut change = self.records.change()?;
        let deliveries = change.take_in(now, &taken)?;
        let (fresh, counts) = count(&taken, &deliveries);
        came.new = fresh.len() as u64;
        came.duplicates = counts.duplicates;
        came.revisions = counts.revisions;
        came.rejects = rejects.len() as u64;
        change.reject(&rejects)?;
        let salt = self.salt()?;
        let entry = Intake {
            batch: Commitment::of(&salt, &digests),
            alerts: fresh.len() as u64,
            duplicates: counts.duplicates,
            revisions: counts.revisions,
            rejects: rejects.len() as u64,
            first: fresh.first().map(|(number, _)| *number),
            last: fresh.last().map(|(number, _)| *number),
        };
        let number = self.log.append(now, entry)?;
        change.put_material(
            number,
            &Material {
                salt: *salt.as_bytes(),
                batch: digests,
                ..Material::default()
            },
        )?;
        // In one change with the intake where that can be: the usual case is one commit a batch.
        if all_placed && !fresh.is_empty() && self.patience.is_left() {
            match self.group(change, &view, &fresh, done, changed)? {
                Ok(()) => {
                    done.add(came);
                    return Ok(());
                }
                Err(kept) => kept.commit()?,
            }
        } else {
            self.log.sync()?;
            change.commit()?;
        }
        done.add(came);
        self.place_waiting(done, changed)
    }

    /// Places what waits. A batch on which the grouper fails is cut in halves, down to the alert it
    /// fails on: that one the host lets stand alone, so that one alert cannot keep a queue back.
    fn place_waiting(
        &mut self,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        let mut size = BATCH as u64;
        while self.modules.grouper.is_some() && self.patience.is_left() {
            let view = self.records.view()?;
            let (first, last) = (view.placed_through()? + 1, view.alert_count()?);
            if first > last {
                break;
            }
            let stored = view.alerts(first, last.min(first + size - 1))?;
            let rows: Vec<_> = stored.iter().map(|s| (s.number, &s.alert)).collect();
            let change = self.records.change()?;
            match self.group(change, &view, &rows, done, changed)? {
                Ok(()) => size = (size * 2).min(BATCH as u64),
                Err(change) => {
                    change.commit()?;
                    if let [(number, alert)] = rows.as_slice() {
                        self.stand_alone(*number, alert, done, changed)?;
                    }
                    size = (rows.len() as u64).div_ceil(2);
                }
            }
        }
        Ok(())
    }

    /// One run of the grouper over these alerts. Where it has no answer, gives the change back with
    /// the failure kept in it and nothing placed.
    fn group(
        &mut self,
        mut change: Change,
        view: &View,
        rows: &[(AlertNumber, &Alert)],
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<Result<(), Change>, SessionError> {
        let Some(grouper) = &self.modules.grouper else {
            return Ok(Err(change));
        };
        let granted = grouper.granted();
        let (module, digest) = (granted.module().clone(), granted.digest());
        let has_memory = granted
            .capabilities()
            .contains(&crate::model::Capability::Memory);
        let table = project(rows, granted.fields());
        let handed = rows
            .iter()
            .map(|(n, a)| (crate::model::Evidence::Alert(*n), a.digest))
            .collect();
        let begin = self.beginning(grouper, encoded("the batch", &table)?, rows.len(), handed)?;
        let given = self.given(grouper, view)?;
        let finished = grouper.group(begin, given, &table);
        done.runs += 1;
        let numbers: Vec<AlertNumber> = rows.iter().map(|(number, _)| *number).collect();
        let standing = |group| -> Result<_, StoreError> {
            Ok(view.group(group)?.map(|row| row.group.standing))
        };
        let came = self.settle(&module, finished, &mut done.failures, |_, answer, _| {
            Ok(group::check(answer, &numbers, has_memory, standing)?)
        })?;
        match came {
            Ok(ended) => {
                let checked = keep(&mut change, ended.release()?)?;
                let placed = checked.keep(&mut change, &module, digest, rows)?;
                change.commit()?;
                changed.add(placed);
                done.placed += rows.len() as u64;
                self.patience.placed += rows.len() as u64;
                self.patience.alone_in_a_row = 0;
                Ok(Ok(()))
            }
            Err(failed) => {
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
        let alone = Checked::alone(number);
        let placed = alone.keep(&mut change, &module, digest, &[(number, alert)])?;
        change.commit()?;
        changed.add(placed);
        done.placed += 1;
        self.patience.alone_in_a_row += 1;
        Ok(())
    }
}

/// Reads an input to its end, or until nobody wants more of it.
fn read(input: impl io::Read, from: From, send: &mpsc::SyncSender<io::Result<Vec<Document>>>) {
    let mut chunk = Vec::with_capacity(CHUNK);
    for document in documents(input, from) {
        match document {
            Ok(document) => chunk.push(document),
            Err(error) => {
                let _ = send.send(Ok(std::mem::take(&mut chunk)));
                let _ = send.send(Err(error));
                return;
            }
        }
        // A quiet source does not wait for a full chunk: whoever receives is ready sooner.
        let wanted = chunk.len() >= CHUNK;
        if wanted
            && send
                .send(Ok(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))))
                .is_err()
        {
            return;
        }
    }
    let _ = send.send(Ok(chunk));
}

/// Fills a batch with what is there, waiting for the first documents and only briefly for more.
fn fill(
    receive: &mpsc::Receiver<io::Result<Vec<Document>>>,
    batch: &mut Vec<Document>,
    open: &mut bool,
    broken: &mut Option<io::Error>,
) {
    let mut bytes = 0;
    while batch.len() + CHUNK <= BATCH && bytes < BATCH_BYTES {
        let next = if batch.is_empty() {
            receive
                .recv()
                .map_err(|_| mpsc::RecvTimeoutError::Disconnected)
        } else {
            receive.recv_timeout(FILLING)
        };
        match next {
            Ok(Ok(chunk)) => {
                bytes += chunk.iter().map(length).sum::<usize>();
                batch.extend(chunk);
            }
            Ok(Err(error)) => {
                *broken = Some(error);
                return;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => return,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                *open = false;
                return;
            }
        }
    }
}

fn length(document: &Document) -> usize {
    match document {
        Document::Alert(taken) => taken.bytes.len(),
        Document::Reject(reject) => reject.bytes.len(),
    }
}

/// The alerts that were new, with their numbers, and how many were not.
fn count<'a>(
    taken: &'a [(Alert, Vec<u8>)],
    deliveries: &[Delivery],
) -> (Vec<(AlertNumber, &'a Alert)>, NotNew) {
    let mut counts = NotNew::default();
    let mut fresh = Vec::with_capacity(taken.len());
    for ((alert, _), delivery) in taken.iter().zip(deliveries) {
        match delivery {
            Delivery::New(number) => fresh.push((*number, alert)),
            Delivery::Duplicate(_) => counts.duplicates += 1,
            Delivery::Revision(_) => counts.revisions += 1,
        }
    }
    (fresh, counts)
}

#[derive(Default)]
struct NotNew {
    duplicates: u64,
    revisions: u64,
}
