//! What a module's candidate leaves that runs beside it: tables of its own, and notes under a key of
//! its own, so that nothing of it can stand where what counts is looked for.

use super::guard::guarded;
use super::records::failure;
use super::remember::Kept;
use super::sealed::Hidden;
use super::tables as t;
use super::{Change, StoreError, View};
use crate::model::{AlertNumber, Cost, Instant, ModuleName, Seen, Shadowed, Standing, Text};
use std::borrow::Cow;

/// The most batches that wait for a candidate.
const MAX_WAITING: u64 = 1_000;
const RECORD: &str = "a candidate's record";
const WAITING: &str = "what waits for a candidate";

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
            let table = self.sealed(t::SHADOWS)?;
            table.read(&module.as_str(), RECORD)
        })
    }

    pub(crate) fn put_shadowed(&mut self, shadowed: &Shadowed) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let mut table = self.sealed(t::SHADOWS)?;
            table.write(&shadowed.module.as_str(), RECORD, shadowed)
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
            let name = module.as_str();
            let mut table = self.sealed(t::SHADOW_WAITING)?;
            let (first, last) = {
                let mut rows = table.rows((name, 0)..=(name, u64::MAX))?;
                let first = rows.next().transpose()?.map(|row| row.key().1);
                let last = rows.next_back().transpose()?;
                (first, last.map(|row| row.key().1).or(first))
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
            table.write(&(name, next), WAITING, waiting)?;
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
            let mut table = self.sealed(t::SHADOW_WAITING)?;
            table.remove(&(module.as_str(), place)).map(drop)
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
            let mut table = self.plain(t::SHADOW_GROUPS)?;
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
            let mut table = self.plain(t::SHADOW_CELLS)?;
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
                    self.plain(t::$table)?
                        .retain_in($range, |_, _| false)
                        .map_err(|e| fail(&e))?
                };
            }
            self.sealed(t::SHADOW_WAITING)?
                .remove_all((name, 0)..=(name, u64::MAX))?;
            clear!(SHADOW_GROUPS, (name, 0, 0)..=(name, u8::MAX, u64::MAX));
            clear!(SHADOW_CELLS, (name, 0, 0)..=(name, u64::MAX, u64::MAX));
            let owner = NotesOf::Beside(module).key();
            let (owner, behind) = (owner.as_ref(), format!("{owner}\0"));
            let (behind, least) = (behind.as_str(), Hidden::LEAST);
            self.sealed(t::NOTES)?
                .remove_all((owner, least)..(behind, least))?;
            clear!(
                NOTE_AGES,
                (owner, i64::MIN, least)..(behind, i64::MIN, least)
            );
            self.set_meta(&note_count(owner), 0)
        })
    }

    /// Gives the candidate the notes of the module that counts, as they are now.
    pub(crate) fn copy_notes(&mut self, module: &ModuleName) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let name = module.as_str();
            let (owner, behind) = (NotesOf::Beside(module).key(), format!("{name}\0"));
            let mut notes = self.sealed(t::NOTES)?;
            let mut ages = self.plain(t::NOTE_AGES)?;
            let mut copied = Vec::new();
            for row in notes.rows((name, Hidden::LEAST)..(behind.as_str(), Hidden::LEAST))? {
                let row = row?;
                let note = Kept::read(&self.tenant, &row.open()?)?;
                copied.push((row.key().1, note));
            }
            for (key, note) in &copied {
                notes.put(&(owner.as_ref(), *key), &note.bytes(&self.tenant)?)?;
                ages.insert((owner.as_ref(), note.freshness, *key), ())
                    .map_err(|e| fail(&e))?;
            }
            drop((notes, ages));
            self.set_meta(&note_count(&owner), copied.len() as u64)
        })
    }

    /// Removes the examples of what was taken in before a time: they say what enrichments and drafts
    /// say that are deleted then.
    pub(super) fn expire_examples(&mut self, before: Instant) -> Result<(), StoreError> {
        let table = self.sealed(t::SHADOWS)?;
        let mut changed: Vec<Shadowed> = Vec::new();
        for row in table.all()? {
            let mut record: Shadowed = row?.read(RECORD)?;
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
            let table = self.sealed(t::SHADOWS)?;
            table.all()?.map(|row| row?.read(RECORD)).collect()
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
        let table = self.sealed(t::SHADOW_WAITING)?;
        let mut rows = table.rows((name, 0)..=(name, u64::MAX))?;
        for row in [rows.next(), rows.next_back()].into_iter().flatten() {
            let row = row?;
            ends.push((row.key().1, row.read(WAITING)?));
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
            let table = self.plain(t::SHADOW_GROUPS)?;
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
            let table = self.plain(t::SHADOW_CELLS)?;
            let found = table
                .get((module.as_str(), counting, beside))
                .map_err(|e| self.fail(&e))?;
            Ok(found.map_or(0, |row| row.value()))
        })
    }
}

fn through(module: &str) -> String {
    format!("shadow-through/{module}")
}

fn note_count(owner: &str) -> String {
    format!("{}/{owner}", t::meta::NOTE_COUNT)
}
