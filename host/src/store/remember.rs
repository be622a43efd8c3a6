//! The notes that modules keep.

use super::block::Block;
use super::guard::guarded;
use super::records::{decode, encode, failure};
use super::seal::Seal;
use super::sealed::{Hidden, ToRead};
use super::tables::{self as t, Note, meta};
use super::{Change, NotesOf, StoreError, View};
use crate::model::{Instant, ModuleName, TenantId};
use redb::ReadableTable as _;
use std::sync::Arc;

/// The most notes one module may keep on one tenant.
const MAX_NOTES: u64 = 200_000;

/// A note as it is kept under its hidden key.
pub(super) struct Kept {
    pub(super) freshness: i64,
    /// When the newest alert was taken in that there was when it was written, in milliseconds.
    pub(super) written: i64,
    pub(super) value: Vec<u8>,
}

impl Kept {
    pub(super) fn read(tenant: &TenantId, bytes: &[u8]) -> Result<Self, StoreError> {
        let (freshness, written, value): (i64, i64, &[u8]) = decode(tenant, "a note", bytes)?;
        let value = value.to_vec();
        Ok(Self {
            freshness,
            written,
            value,
        })
    }

    pub(super) fn bytes(&self, tenant: &TenantId) -> Result<Vec<u8>, StoreError> {
        let row = (self.freshness, self.written, self.value.as_slice());
        encode(tenant, "a note", &row)
    }
}

/// What stands for a module's key in the tables of notes: the same for the notes of a candidate, so
/// that they can be copied.
pub(super) fn hidden(seal: &Seal, key: &str) -> Hidden {
    seal.hidden("notes", key.as_bytes())
}

impl Change {
    /// Keeps a module's notes. Where there are more than a module may keep, those with the least
    /// freshness go first, then those whose key comes first hidden: an order that is always the same
    /// for a tenant, and that nobody without its key knows.
    pub(crate) fn keep_notes(&mut self, of: NotesOf<'_>, notes: &[Note]) -> Result<(), StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let owner = of.key();
            let name = owner.as_ref();
            let counter = format!("{}/{name}", meta::NOTE_COUNT);
            let mut count = self.meta(&counter)?;
            let written = self.newest_intake()?.millis();
            let mut table = self.sealed(t::NOTES)?;
            let mut ages = self.plain(t::NOTE_AGES)?;
            for note in notes {
                let hidden = hidden(&self.seal, &note.key);
                let old = match table.get(&(name, hidden))? {
                    Some(bytes) => Some(Kept::read(&self.tenant, &bytes)?.freshness),
                    None => None,
                };
                if note.value.is_empty() {
                    table.remove(&(name, hidden))?;
                } else {
                    let new = (note.freshness, written, note.value.as_slice());
                    table.write(&(name, hidden), "a note", &new)?;
                }
                if let Some(freshness) = old {
                    count -= 1;
                    if note.value.is_empty() || freshness != note.freshness {
                        ages.remove((name, freshness, hidden))
                            .map_err(|e| fail(&e))?;
                    }
                }
                if !note.value.is_empty() {
                    count += 1;
                    if old != Some(note.freshness) {
                        ages.insert((name, note.freshness, hidden), ())
                            .map_err(|e| fail(&e))?;
                    }
                }
            }
            while count > MAX_NOTES {
                let stalest = {
                    let from = (name, i64::MIN, Hidden::LEAST);
                    let mut rows = ages.range(from..).map_err(|e| fail(&e))?;
                    let Some(row) = rows.next() else { break };
                    let (key, _) = row.map_err(|e| fail(&e))?;
                    let (owner, freshness, key) = key.value();
                    if owner != name {
                        break;
                    }
                    (freshness, key)
                };
                ages.remove((name, stalest.0, stalest.1))
                    .map_err(|e| fail(&e))?;
                table.remove(&(name, stalest.1))?;
                count -= 1;
            }
            drop((table, ages));
            self.set_meta(&counter, count)
        })
    }

    /// When the newest alert was taken in.
    fn newest_intake(&self) -> Result<Instant, StoreError> {
        let table = self.sealed(t::ALERTS)?;
        let last = table.all()?.last_row()?;
        let bytes = last.map(|row| row.open()).transpose()?;
        let block = bytes.as_deref().and_then(Block::read);
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
                seal: Arc::clone(&self.seal),
                table: self.sealed(t::NOTES)?,
            })
        })
    }
}

/// One module's notes on one tenant at one moment.
pub struct Notes {
    tenant: TenantId,
    owner: String,
    seal: Arc<Seal>,
    table: ToRead<(&'static str, Hidden)>,
}

impl Notes {
    /// The note under a key.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        guarded!(self.tenant, {
            let hidden = hidden(&self.seal, key);
            let found = self.table.get(&(self.owner.as_str(), hidden))?;
            let note = found.map(|bytes| Kept::read(&self.tenant, &bytes));
            Ok(note.transpose()?.map(|note| note.value))
        })
    }
}
