//! Alerts in: read on one thread, taken in and placed on another, a batch at a time.

use super::cancel::Ended;
use super::changed::Changed;
use super::incoming::{Came, Incoming};
use super::intake::{Document, From};
use super::observer::TakenIn;
use super::session::{Session, SessionError};
use crate::model::{Alert, AlertNumber, Digest, Text};
use crate::store::{Delivery, Material, Rejected, StoreError};
use crate::trail::{Commitment, Intake};
use std::io;
use std::time::Duration;

/// Documents taken in together at most; also the most alerts in a grouper's batch.
pub const BATCH: usize = 1_000;
/// Rejects that are told one by one; all are kept.
const TOLD_REJECTS: usize = 5;
/// What became of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
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
    /// Whether all of it was done.
    pub ended: Ended,
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
    /// Takes in an input and places what is new in groups. `name` is what rejects are said to come
    /// from.
    ///
    /// Everything counted in what comes back is durable. A document that cannot be read stops
    /// nothing; it is kept with its reason.
    ///
    /// Cancelled, it says so in [`Submitted::ended`], as soon as a reading of the input that has
    /// begun comes back. What is not taken in then is not counted; the same input again continues.
    ///
    /// # Errors
    /// When the input, the store or the trail fails. What was taken in before is kept; submitting
    /// the same input again continues.
    pub fn submit(
        &mut self,
        input: impl io::Read + Send,
        from: From,
        name: &str,
    ) -> Result<Submitted, SessionError> {
        self.guarded(|session| session.submitted(input, from, name))
    }

    fn submitted(
        &mut self,
        input: impl io::Read + Send,
        from: From,
        name: &str,
    ) -> Result<Submitted, SessionError> {
        let mut done = Submitted::default();
        self.place_waiting(&mut done, &mut Changed::default())?;
        std::thread::scope(|scope| {
            let cancel = self.cancel.clone();
            let mut incoming = Incoming::read_within(scope, input, from, cancel.clone())
                .map_err(|e| SessionError::Thread(e.to_string()))?;
            loop {
                let came = incoming.next(Duration::MAX, &cancel);
                if cancel.is_cancelled() {
                    // What is read and not taken in is read again.
                    done.ended = Ended::Cancelled;
                    return Ok::<_, SessionError>(());
                }
                match came.map_err(SessionError::Input)? {
                    Came::Documents(batch) => {
                        self.taken(batch, name, &mut done, &mut Changed::default())?;
                    }
                    Came::Nothing => {}
                    Came::End => return Ok(()),
                }
            }
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
    /// Cancelled, it has taken in all documents, and some wait to be placed.
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
        self.guarded(|session| session.taken(batch, name, done, changed))
    }

    fn taken(
        &mut self,
        batch: Vec<Document>,
        name: &str,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        done.ended = Ended::Whole;
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
            self.sign_in_time()?;
        }
        done.waiting = self.waiting()?;
        Ok(())
    }

    fn tell_taken_in(&self, came: Submitted, done: &mut Submitted) {
        let batch = TakenIn {
            documents: came.documents,
            new: came.new,
            duplicates: came.duplicates,
            revisions: came.revisions,
            rejects: came.rejects,
        };
        done.add(came);
        self.observer.taken_in(&self.tenant, &batch);
    }

    /// Alerts that no group has.
    fn waiting(&self) -> Result<u64, StoreError> {
        self.records.view()?.waiting_count()
    }

    fn take_in(
        &mut self,
        batch: Vec<Document>,
        name: &str,
        done: &mut Submitted,
        changed: &mut Changed,
    ) -> Result<(), SessionError> {
        let now = self.now();
        // Whoever drops a file chooses its name.
        let name = Text::capped(name, 400).to_string();
        let name = name.as_str();
        // Counted here, and told once it is committed.
        let mut came = Submitted {
            documents: batch.len() as u64,
            ..Submitted::default()
        };
        let (mut taken, mut rejects) = (Vec::with_capacity(batch.len()), Vec::new());
        let mut frames = Vec::with_capacity(batch.len());
        let mut digests = Vec::with_capacity(batch.len() * 32);
        for document in batch {
            match document {
                Document::Alert(alert) => {
                    digests.extend_from_slice(alert.alert.digest.as_bytes());
                    taken.push((alert.alert, alert.bytes));
                    frames.push(alert.wrapping.map(|it| it.stored().text));
                }
                Document::Reject(reject) => {
                    if came.first_rejects.len() < TOLD_REJECTS {
                        let (offset, reason) = (reject.offset, &reject.reason);
                        came.first_rejects
                            .push(format!("{name}, byte {offset}: {reason}"));
                    }
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
        let all_placed = view.placed_through()? == view.last_alert()?;
        let mut change = self.records.change()?;
        let deliveries = change.take_in(now, &taken)?;
        let (fresh, counts) = count(&taken, &deliveries);
        change.keep_frames(&frames_of(&deliveries, &frames))?;
        came.new = fresh.len() as u64;
        came.duplicates = counts.duplicates;
        came.revisions = counts.revisions;
        came.rejects = rejects.len() as u64;
        let left_out = commit_to_rejects(&rejects, &change.reject(&rejects)?, &mut digests);
        let salt = self.salt()?;
        let entry = Intake {
            batch: Commitment::of(&salt, &digests),
            alerts: fresh.len() as u64,
            duplicates: counts.duplicates,
            revisions: counts.revisions,
            rejects: rejects.len() as u64,
            left_out,
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
        let place_now = self.patience.is_left() && !self.cancel.is_cancelled();
        if all_placed && !fresh.is_empty() && place_now {
            match self.group(change, &view, &fresh, done)? {
                Ok(placed) => {
                    changed.deliveries.extend(deliveries);
                    self.tell_taken_in(came, done);
                    self.tell_placed(placed, changed);
                    return self.shadow_group();
                }
                Err(kept) => kept.commit()?,
            }
        } else {
            self.log.sync()?;
            change.commit()?;
        }
        changed.deliveries.extend(deliveries);
        self.tell_taken_in(came, done);
        self.place_waiting(done, changed)
    }
}

/// What wrapped each alert that is new.
fn frames_of<'a>(
    deliveries: &[Delivery],
    frames: &'a [Option<std::sync::Arc<str>>],
) -> Vec<(AlertNumber, &'a str)> {
    let pairs = deliveries.iter().zip(frames);
    let new = |(delivery, frame): (&Delivery, &'a Option<std::sync::Arc<str>>)| match delivery {
        Delivery::New(number) => frame.as_deref().map(|frame| (*number, frame)),
        Delivery::Duplicate(_) | Delivery::Revision(_) => None,
    };
    pairs.filter_map(new).collect()
}

/// Adds to what an intake commits to the digests of its rejects that are kept, and one over those of all
/// that are not. Gives how many those are.
fn commit_to_rejects(rejects: &[Rejected], kept: &[bool], digests: &mut Vec<u8>) -> u64 {
    let (mut left_out, mut count) = (Vec::new(), 0);
    for (reject, kept) in rejects.iter().zip(kept) {
        let digest = Digest::of(&reject.bytes);
        let to = match kept {
            true => &mut *digests,
            false => {
                count += 1;
                &mut left_out
            }
        };
        to.extend_from_slice(digest.as_bytes());
    }
    if count > 0 {
        digests.extend_from_slice(Digest::of(&left_out).as_bytes());
    }
    count
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
