//! The notes that modules keep.

use super::block::Block;
use super::guard::guarded;
use super::records::failure;
use super::tables::{self as t, Note, meta};
use super::{Change, NotesOf, StoreError, View};
use crate::model::{Instant, ModuleName, TenantId};
use redb::{ReadOnlyTable, ReadableTable as _};

/// The most notes one module may keep on one tenant.
const MAX_NOTES: u64 = 200_000;

impl Change {
    /// Keeps a module's notes. Where there are more than a module may keep, those with the least
    /// freshness go first, then those with the least key.
    pub(crate) fn keep_notes(&mut self, of: NotesOf<'_>, notes: &[Note]) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let owner = of.key();
            let name = owner.as_ref();
            let counter = format!("{}/{name}", meta::NOTE_COUNT);
            let mut count = self.meta(&counter)?;
            let written = self.newest_intake()?.millis();
            let mut table = self.write.open_table(t::NOTES).map_err(|e| fail(&e))?;
            let mut ages = self.write.open_table(t::NOTE_AGES).map_err(|e| fail(&e))?;
            for note in notes {
                let key = (name, note.key.as_str());
                let old = if note.value.is_empty() {
                    table
                        .remove(key)
                        .map_err(|e| fail(&e))?
                        .map(|old| old.value().0)
                } else {
                    let value = (note.freshness, written, note.value.as_slice());
                    table
                        .insert(key, value)
                        .map_err(|e| fail(&e))?
                        .map(|old| old.value().0)
                };
                if let Some(freshness) = old {
                    count -= 1;
                    if note.value.is_empty() || freshness != note.freshness {
                        ages.remove((name, freshness, note.key.as_str()))
                            .map_err(|e| fail(&e))?;
                    }
                }
                if !note.value.is_empty() {
                    count += 1;
                    if old != Some(note.freshness) {
                        ages.insert((name, note.freshness, note.key.as_str()), ())
                            .map_err(|e| fail(&e))?;
                    }
                }
            }
            while count > MAX_NOTES {
                let stalest = {
                    let mut rows = ages.range((name, i64::MIN, "")..).map_err(|e| fail(&e))?;
                    let Some(row) = rows.next() else { break };
                    let (key, _) = row.map_err(|e| fail(&e))?;
                    let (owner, freshness, key) = key.value();
                    if owner != name {
                        break;
                    }
                    (freshness, key.to_owned())
                };
                ages.remove((name, stalest.0, stalest.1.as_str()))
                    .map_err(|e| fail(&e))?;
                table
                    .remove((name, stalest.1.as_str()))
                    .map_err(|e| fail(&e))?;
                count -= 1;
            }
            drop((table, ages));
            self.set_meta(&counter, count)
        })
    }

    /// When the newest alert was taken in.
    fn newest_intake(&self) -> Result<Instant, StoreError> {
        let fail = failure(&self.tenant);
        let table = self.write.open_table(t::ALERTS).map_err(|e| fail(&e))?;
        let last = table.last().map_err(|e| fail(&e))?;
        let block = last
            .as_ref()
            .and_then(|(_, bytes)| Block::read(bytes.value()));
        Ok(block.map_or_else(Instant::default, |block| block.taken_in))
    }
}

impl View {
    /// One module's notes as they are now.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn notes(&self, module: &ModuleName) -> Result<Notes, StoreError> {
        self.notes_of(NotesOf::Counting(module))
    }

    pub(crate) fn notes_of(&self, of: NotesOf<'_>) -> Result<Notes, StoreError> {
        guarded!(self.tenant(), {
            Ok(Notes {
                tenant: self.tenant().clone(),
                owner: of.key().into_owned(),
                table: self.table(t::NOTES)?,
            })
        })
    }
}

/// One module's notes on one tenant at one moment.
pub struct Notes {
    tenant: TenantId,
    owner: String,
    table: ReadOnlyTable<(&'static str, &'static str), (i64, i64, &'static [u8])>,
}

impl Notes {
    /// The note under a key.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        guarded!(self.tenant, {
            let found = self
                .table
                .get((self.owner.as_str(), key))
                .map_err(|e| failure(&self.tenant)(&e))?;
            Ok(found.map(|note| note.value().2.to_vec()))
        })
    }
}
