//! What is past its time, found and deleted. What keeps a second delivery from being a new alert
//! stays, and so does every alert's record: groups, queue and titles rest on it.

use super::block::Block;
use super::guard::guarded;
use super::records::{failure, unreadable};
use super::remember::Kept;
use super::sealed::Hidden;
use super::tables::{self as t, Rejected, meta};
use super::{Change, StoreError, View};
use crate::model::{AlertNumber, Case, Enrichment, Holding, Instant, Statement, Text};
use std::collections::{BTreeMap, BTreeSet};

/// What is said instead of a text that was deleted.
const GONE: &str = "deleted by retention";

/// What of one kind is past its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Expired {
    /// The least number of what is: of an alert, a reject, a group, a case or an entry.
    pub from: Option<u64>,
    /// The greatest.
    pub through: Option<u64>,
    /// How many.
    pub count: u64,
}

/// Something that was deleted because its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deletion {
    /// What.
    pub what: Holding,
    /// The least number.
    pub from: Option<u64>,
    /// The greatest number.
    pub through: Option<u64>,
    /// How many.
    pub count: u64,
    /// When.
    pub at: Instant,
}

impl Expired {
    const NOTHING: Self = Self {
        from: None,
        through: None,
        count: 0,
    };

    fn add(&mut self, number: u64, count: u64) {
        self.from = Some(self.from.map_or(number, |from| from.min(number)));
        let through = number + count.saturating_sub(1);
        self.through = Some(self.through.map_or(through, |known| known.max(through)));
        self.count += count;
    }
}

impl Change {
    /// Deletes what of a kind was taken in before a time; says what it was. `entries` are the entries
    /// of the trail from before that time whose material goes. A change that is dropped deletes
    /// nothing.
    pub(crate) fn expire(
        &mut self,
        what: Holding,
        before: Instant,
        entries: &[u64],
    ) -> Result<Expired, StoreError> {
        guarded!(self.tenant, {
            match what {
                Holding::Documents => self.expire_documents(before),
                Holding::Rejects => self.expire_rejects(before),
                Holding::Enrichments => {
                    self.expire_examples(before)?;
                    self.expire_enrichments(before)
                }
                Holding::Drafts => {
                    self.expire_examples(before)?;
                    self.expire_drafts(before)
                }
                Holding::Notes => self.expire_notes(before),
                Holding::Material => self.expire_material(entries),
            }
        })
    }

    /// Keeps what was deleted by which entry.
    pub(crate) fn put_deletion(
        &mut self,
        entry: u64,
        deletion: &Deletion,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.put(t::DELETIONS, entry, "a deletion", deletion)
        })
    }

    fn expire_documents(&mut self, before: Instant) -> Result<Expired, StoreError> {
        let alerts = self.sealed(t::ALERTS)?;
        let mut documents = self.sealed(t::BYTES)?;
        let mut revisions = self.sealed(t::REVISIONS)?;
        let mut frames = self.sealed(t::FRAMES)?;
        let mut expired = Expired::NOTHING;
        for row in alerts.all()? {
            let row = row?;
            let bytes = row.open()?;
            let block = Block::read(&bytes)
                .ok_or_else(|| unreadable(&self.tenant, "a block of alerts", &"it is cut short"))?;
            let (first, count) = (row.key(), block.len() as u64);
            if block.taken_in < before && documents.remove(&first)? {
                expired.add(first, count);
                revisions.remove_all((first, 0)..(first + count, 0))?;
                frames.remove_all(first..first + count)?;
            }
        }
        Ok(expired)
    }

    fn expire_rejects(&mut self, before: Instant) -> Result<Expired, StoreError> {
        let table = self.sealed(t::REJECTS)?;
        let mut past = Vec::new();
        for row in table.all()? {
            let row = row?;
            let reject: Rejected = row.read("a reject")?;
            if reject.taken_in < before {
                past.push((row.key(), reject));
            }
        }
        drop(table);
        let mut expired = Expired::NOTHING;
        for (number, reject) in past {
            self.forget_reject(number, &reject)?;
            expired.add(number, 1);
        }
        Ok(expired)
    }

    fn expire_enrichments(&mut self, before: Instant) -> Result<Expired, StoreError> {
        let mut new: Vec<(AlertNumber, Vec<Enrichment>)> = Vec::new();
        let table = self.sealed(t::ENRICHMENTS)?;
        for row in table.all()? {
            let row = row?;
            let all: Vec<Enrichment> = row.read("a group's enrichments")?;
            let is_gone =
                |e: &Enrichment| e.kind == Statement::KnownGood && e.text.as_str() == GONE;
            if !all.iter().all(is_gone) && self.newest(row.key())? < before {
                // What a fact covers stays covered: the host compared it, and the queue rests on it.
                let kept = all.into_iter().filter(|e| e.kind == Statement::KnownGood);
                let kept = kept.map(|e| Enrichment {
                    text: Text::capped(GONE, 64),
                    ..e
                });
                new.push((row.key(), kept.collect()));
            }
        }
        drop(table);
        let mut expired = Expired::NOTHING;
        for (group, kept) in new {
            self.put_enrichments(group, &kept)?;
            expired.add(group, 1);
        }
        Ok(expired)
    }

    fn expire_drafts(&mut self, before: Instant) -> Result<Expired, StoreError> {
        let mut table = self.sealed(t::DRAFTS)?;
        let mut cases = BTreeSet::new();
        for row in table.all()? {
            cases.insert(row?.key().0);
        }
        let mut expired = Expired::NOTHING;
        for number in cases {
            let case: Option<Case> = self.case(number)?;
            // A case that went into another is as old as the group it was named by.
            let groups = case.map_or_else(|| vec![number], |case| case.groups);
            let mut newest = Instant::default();
            for group in groups {
                newest = newest.max(self.newest(group)?);
            }
            if newest < before {
                table.remove_all((number, 0)..=(number, u32::MAX))?;
                expired.add(number, 1);
            }
        }
        Ok(expired)
    }

    fn expire_notes(&mut self, before: Instant) -> Result<Expired, StoreError> {
        let fail = failure(&self.tenant);
        let mut table = self.sealed(t::NOTES)?;
        let mut ages = self.plain(t::NOTE_AGES)?;
        let mut past: Vec<(String, i64, Hidden)> = Vec::new();
        for row in table.all()? {
            let row = row?;
            let note = Kept::read(&self.tenant, &row.open()?)?;
            if note.written < before.millis() {
                let (module, key) = row.key();
                past.push((module.to_owned(), note.freshness, key));
            }
        }
        let mut by_module: BTreeMap<&str, u64> = BTreeMap::new();
        for (module, freshness, key) in &past {
            table.remove(&(module.as_str(), *key))?;
            ages.remove((module.as_str(), *freshness, *key))
                .map_err(|e| fail(&e))?;
            *by_module.entry(module).or_default() += 1;
        }
        drop((table, ages));
        for (module, gone) in by_module {
            let counter = format!("{}/{module}", meta::NOTE_COUNT);
            let count = self.meta(&counter)?;
            self.set_meta(&counter, count.saturating_sub(gone))?;
        }
        Ok(Expired {
            count: past.len() as u64,
            ..Expired::NOTHING
        })
    }

    fn expire_material(&mut self, entries: &[u64]) -> Result<Expired, StoreError> {
        let mut expired = Expired::NOTHING;
        for entry in entries {
            // What a failed run said goes with what it was handed.
            self.sealed(t::FAILED)?.remove(entry)?;
            if self.remove_material(*entry)? {
                expired.add(*entry, 1);
            }
        }
        Ok(expired)
    }

    /// When the newest alert of a group was taken in.
    fn newest(&self, group: AlertNumber) -> Result<Instant, StoreError> {
        let members = self.sealed(t::MEMBERS)?;
        let last = match members.rows((group, 0)..=(group, u64::MAX))?.last_row()? {
            None => group,
            Some(row) => {
                let alerts: Vec<AlertNumber> = row.read("a group's alerts")?;
                alerts.last().copied().unwrap_or(group)
            }
        };
        let alerts = self.sealed(t::ALERTS)?;
        let Some(row) = alerts.rows(..=last)?.last_row()? else {
            return Ok(Instant::default());
        };
        let bytes = row.open()?;
        Ok(Block::read(&bytes).map_or_else(Instant::default, |block| block.taken_in))
    }
}

impl View {
    /// What was deleted because its time was over, by the entry of the trail that says so, ascending.
    pub fn deletions(&self) -> Result<Vec<(u64, Deletion)>, StoreError> {
        guarded!(self.tenant(), {
            let table = self.sealed(t::DELETIONS)?;
            let rows = table.all()?.map(|row| {
                let row = row?;
                Ok((row.key(), row.read("a deletion")?))
            });
            rows.collect()
        })
    }

    /// The entry that deleted something of a number, and what it says; none where none did. It is of
    /// use only where the thing is not there.
    pub fn deleted(
        &self,
        what: Holding,
        number: u64,
    ) -> Result<Option<(u64, Deletion)>, StoreError> {
        guarded!(self.tenant(), {
            let covers = |deletion: &Deletion| {
                let (from, through) = (deletion.from, deletion.through);
                deletion.what == what && from <= Some(number) && Some(number) <= through
            };
            let mut all = self.deletions()?;
            all.retain(|(_, deletion)| covers(deletion));
            Ok(all.pop())
        })
    }
}
