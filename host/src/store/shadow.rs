//! What a module's candidate leaves that runs beside it: tables of its own, and notes under a key of
//! its own, so that nothing of it can stand where what counts is looked for.

use super::guard::guarded;
use super::records::{decode, encode, failure};
use super::tables as t;
use super::{Change, StoreError, View};
use crate::model::{AlertNumber, Cost, Instant, ModuleName, Seen, Shadowed, Standing, Text};
use redb::{Key, ReadOnlyTable, ReadableTable as _, TableDefinition, TableError, Value};
use std::borrow::Cow;

/// The most batches that wait for a candidate.
const MAX_WAITING: u64 = 1_000;

/// Whose notes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotesOf<'a> {
    /// Of the module that counts.
    Counting(&'a ModuleName),
    /// Of the candidate beside it.
    Beside(&'a ModuleName),
}

impl<'a> NotesOf<'a> {
    /// The owner's key in the tables of notes. No module's name has a `/`.
    pub(super) fn key(self) -> Cow<'a, str> {
        match self {
            Self::Counting(module) => Cow::Borrowed(module.as_str()),
            Self::Beside(module) => Cow::Owned(format!("shadow/{module}")),
        }
    }
}

/// Whose groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Counting,
    Beside,
}

impl Side {
    const fn key(self) -> u8 {
        match self {
            Self::Counting => 0,
            Self::Beside => 1,
        }
    }
}

/// What the grouper that counts did and its candidate did not yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Waiting {
    /// It placed these alerts.
    Placed {
        first: AlertNumber,
        last: AlertNumber,
        /// What it was handed as the time of decision.
        as_of: Instant,
        /// What it linked.
        links: Vec<(AlertNumber, AlertNumber)>,
        /// What its run cost; none where the host placed them.
        cost: Option<Cost>,
    },
    /// It had no answer that the host would keep.
    Failed { cost: Cost, why: Text },
}

impl Change {
    pub(crate) fn shadowed(&self, module: &ModuleName) -> Result<Option<Shadowed>, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let table = self.write.open_table(t::SHADOWS).map_err(|e| fail(&e))?;
            let found = table.get(module.as_str()).map_err(|e| fail(&e))?;
            found
                .map(|bytes| decode(&self.tenant, "a candidate's record", bytes.value()))
                .transpose()
        })
    }

    pub(crate) fn put_shadowed(&mut self, shadowed: &Shadowed) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let bytes = encode(&self.tenant, "a candidate's record", shadowed)?;
            let mut table = self.write.open_table(t::SHADOWS).map_err(|e| fail(&e))?;
            table
                .insert(shadowed.module.as_str(), bytes.as_slice())
                .map_err(|e| fail(&e))?;
            Ok(())
        })
    }

    /// Lets something wait for the candidate. Where too much does, no alerts are added any more, and
    /// the candidate is begun anew at the next start, which finds that it is not where placing is.
    pub(crate) fn wait(
        &mut self,
        module: &ModuleName,
        waiting: &Waiting,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let name = module.as_str();
            let bytes = encode(&self.tenant, "what waits for a candidate", waiting)?;
            let mut table = self
                .write
                .open_table(t::SHADOW_WAITING)
                .map_err(|e| fail(&e))?;
            let (first, last) = {
                let mut rows = table
                    .range((name, 0)..=(name, u64::MAX))
                    .map_err(|e| fail(&e))?;
                let first = rows.next().transpose().map_err(|e| fail(&e))?;
                let first = first.map(|(key, _)| key.value().1);
                let last = rows.next_back().transpose().map_err(|e| fail(&e))?;
                (first, last.map(|(key, _)| key.value().1).or(first))
            };
            let next = last.map_or(0, |last| last + 1);
            if next - first.unwrap_or(next) >= MAX_WAITING {
                return Ok(());
            }
            let through = match waiting {
                Waiting::Placed { first, last, .. } => {
                    if *first != self.meta(&through(name))? + 1 {
                        return Ok(());
                    }
                    Some(*last)
                }
                Waiting::Failed { .. } => None,
            };
            table
                .insert((name, next), bytes.as_slice())
                .map_err(|e| fail(&e))?;
            drop(table);
            match through {
                Some(last) => self.set_shadow_through(module, last),
                None => Ok(()),
            }
        })
    }

    /// The last alert that the candidate was handed, or that waits for it.
    pub(crate) fn shadow_through(&self, module: &ModuleName) -> Result<AlertNumber, StoreError> {
        guarded!(self.tenant, { self.meta(&through(module.as_str())) })
    }

    /// Says that the candidate goes on behind this alert.
    pub(crate) fn set_shadow_through(
        &mut self,
        module: &ModuleName,
        last: AlertNumber,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.set_meta(&through(module.as_str()), last)
        })
    }

    /// The first alert that the candidate was handed: groups of a lower number are those that count.
    pub(crate) fn set_shadow_from(
        &mut self,
        module: &ModuleName,
        first: AlertNumber,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            self.set_meta(&format!("shadow-from/{module}"), first)
        })
    }

    pub(crate) fn waited(&mut self, module: &ModuleName, place: u64) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut table = self
                .write
                .open_table(t::SHADOW_WAITING)
                .map_err(|e| fail(&e))?;
            table
                .remove((module.as_str(), place))
                .map_err(|e| fail(&e))?;
            Ok(())
        })
    }

    pub(crate) fn put_seen(
        &mut self,
        module: &ModuleName,
        (side, group): (Side, AlertNumber),
        seen: &Seen,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut table = self
                .write
                .open_table(t::SHADOW_GROUPS)
                .map_err(|e| fail(&e))?;
            let is_routine = match seen.standing {
                Standing::Open => false,
                Standing::Routine => true,
            };
            let value = (seen.alerts, seen.opener_in, seen.cells, is_routine);
            table
                .insert((module.as_str(), side.key(), group), value)
                .map_err(|e| fail(&e))?;
            Ok(())
        })
    }

    pub(crate) fn put_cell(
        &mut self,
        module: &ModuleName,
        (counting, beside): (AlertNumber, AlertNumber),
        alerts: u64,
    ) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut table = self
                .write
                .open_table(t::SHADOW_CELLS)
                .map_err(|e| fail(&e))?;
            table
                .insert((module.as_str(), counting, beside), alerts)
                .map_err(|e| fail(&e))?;
            Ok(())
        })
    }

    /// Removes what a candidate works with, its notes too. Its record stays.
    pub(crate) fn clear_shadow(&mut self, module: &ModuleName) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let name = module.as_str();
            macro_rules! clear {
                ($table:ident, $range:expr) => {
                    self.write
                        .open_table(t::$table)
                        .map_err(|e| fail(&e))?
                        .retain_in($range, |_, _| false)
                        .map_err(|e| fail(&e))?
                };
            }
            clear!(SHADOW_WAITING, (name, 0)..=(name, u64::MAX));
            clear!(SHADOW_GROUPS, (name, 0, 0)..=(name, u8::MAX, u64::MAX));
            clear!(SHADOW_CELLS, (name, 0, 0)..=(name, u64::MAX, u64::MAX));
            let owner = NotesOf::Beside(module).key();
            let (owner, behind) = (owner.as_ref(), format!("{owner}\0"));
            let behind = behind.as_str();
            clear!(NOTES, (owner, "")..(behind, ""));
            clear!(NOTE_AGES, (owner, i64::MIN, "")..(behind, i64::MIN, ""));
            self.set_meta(&note_count(owner), 0)
        })
    }

    /// Gives the candidate the notes of the module that counts, as they are now.
    pub(crate) fn copy_notes(&mut self, module: &ModuleName) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let name = module.as_str();
            let (owner, behind) = (NotesOf::Beside(module).key(), format!("{name}\0"));
            let mut notes = self.write.open_table(t::NOTES).map_err(|e| fail(&e))?;
            let mut ages = self.write.open_table(t::NOTE_AGES).map_err(|e| fail(&e))?;
            let mut copied = Vec::new();
            for row in notes
                .range((name, "")..(behind.as_str(), ""))
                .map_err(|e| fail(&e))?
            {
                let (key, value) = row.map_err(|e| fail(&e))?;
                let (freshness, written, value) = value.value();
                copied.push((key.value().1.to_owned(), freshness, written, value.to_vec()));
            }
            for (key, freshness, written, value) in &copied {
                notes
                    .insert(
                        (owner.as_ref(), key.as_str()),
                        (*freshness, *written, value.as_slice()),
                    )
                    .map_err(|e| fail(&e))?;
                ages.insert((owner.as_ref(), *freshness, key.as_str()), ())
                    .map_err(|e| fail(&e))?;
            }
            drop((notes, ages));
            self.set_meta(&note_count(&owner), copied.len() as u64)
        })
    }

    /// Removes the examples of what was taken in before a time: they say what enrichments and drafts
    /// say that are deleted then.
    pub(super) fn expire_examples(&mut self, before: Instant) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        let table = self.write.open_table(t::SHADOWS).map_err(|e| fail(&e))?;
        let mut changed: Vec<Shadowed> = Vec::new();
        for row in table.iter().map_err(|e| fail(&e))? {
            let (_, bytes) = row.map_err(|e| fail(&e))?;
            let mut record: Shadowed = decode(&self.tenant, "a candidate's record", bytes.value())?;
            let all = record.examples.len();
            record.examples.retain(|e| e.taken_in >= before);
            if record.examples.len() < all {
                changed.push(record);
            }
        }
        drop(table);
        for record in &changed {
            self.put_shadowed(record)?;
        }
        Ok(())
    }
}

impl View {
    /// What is known of the candidates that run, or ran, beside modules, in the order of their names.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn shadows(&self) -> Result<Vec<Shadowed>, StoreError> {
        guarded!(self.tenant(), {
            let Some(table) = self.table_if_any(t::SHADOWS)? else {
                return Ok(Vec::new());
            };
            let rows = table.iter().map_err(|e| self.fail(&e))?;
            rows.map(|row| {
                let (_, bytes) = row.map_err(|e| self.fail(&e))?;
                decode(self.tenant(), "a candidate's record", bytes.value())
            })
            .collect()
        })
    }

    /// What waits longest for a candidate, with its place.
    pub(crate) fn waiting(
        &self,
        module: &ModuleName,
    ) -> Result<Option<(u64, Waiting)>, StoreError> {
        guarded!(self.tenant(), {
            let mut ends = self.ends(module)?;
            Ok(ends.next())
        })
    }

    /// As [`Change::set_shadow_from`].
    pub(crate) fn shadow_from(&self, module: &ModuleName) -> Result<AlertNumber, StoreError> {
        guarded!(self.tenant(), {
            self.meta(&format!("shadow-from/{module}"))
        })
    }

    /// The first and the last of what waits for a candidate.
    fn ends(&self, module: &ModuleName) -> Result<std::vec::IntoIter<(u64, Waiting)>, StoreError> {
        let name = module.as_str();
        let mut ends = Vec::new();
        if let Some(table) = self.table_if_any(t::SHADOW_WAITING)? {
            let mut rows = table
                .range((name, 0)..=(name, u64::MAX))
                .map_err(|e| self.fail(&e))?;
            for row in [rows.next(), rows.next_back()].into_iter().flatten() {
                let (key, bytes) = row.map_err(|e| self.fail(&e))?;
                let waiting = decode(self.tenant(), "what waits for a candidate", bytes.value())?;
                ends.push((key.value().1, waiting));
            }
        }
        Ok(ends.into_iter())
    }

    /// Batches that were placed and that the candidate was not handed yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn shadow_waiting(&self, module: &ModuleName) -> Result<u64, StoreError> {
        guarded!(self.tenant(), {
            let ends: Vec<_> = self.ends(module)?.collect();
            Ok(match (ends.first(), ends.last()) {
                (Some((first, _)), Some((last, _))) => last - first + 1,
                _ => 0,
            })
        })
    }

    /// A group as one of the two has it, of the alerts that were compared.
    pub(crate) fn seen(
        &self,
        module: &ModuleName,
        (side, group): (Side, AlertNumber),
    ) -> Result<Option<Seen>, StoreError> {
        guarded!(self.tenant(), {
            let Some(table) = self.table_if_any(t::SHADOW_GROUPS)? else {
                return Ok(None);
            };
            let found = table
                .get((module.as_str(), side.key(), group))
                .map_err(|e| self.fail(&e))?;
            Ok(found.map(|row| {
                let (alerts, opener_in, cells, is_routine) = row.value();
                let standing = match is_routine {
                    true => Standing::Routine,
                    false => Standing::Open,
                };
                Seen {
                    alerts,
                    opener_in,
                    cells,
                    standing,
                }
            }))
        })
    }

    /// How many alerts are in a group of the one and a group of the other.
    pub(crate) fn cell(
        &self,
        module: &ModuleName,
        (counting, beside): (AlertNumber, AlertNumber),
    ) -> Result<u64, StoreError> {
        guarded!(self.tenant(), {
            let Some(table) = self.table_if_any(t::SHADOW_CELLS)? else {
                return Ok(0);
            };
            let found = table
                .get((module.as_str(), counting, beside))
                .map_err(|e| self.fail(&e))?;
            Ok(found.map_or(0, |row| row.value()))
        })
    }

    /// A table that a store lacks which no host of today has written to.
    fn table_if_any<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
        match self.read.open_table(table) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.fail(&error)),
        }
    }
}

fn through(module: &str) -> String {
    format!("shadow-through/{module}")
}

fn note_count(owner: &str) -> String {
    format!("{}/{owner}", t::meta::NOTE_COUNT)
}
