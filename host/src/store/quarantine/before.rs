//! The quarantine as it was before any of it was sealed.

use super::sealing::{Seals, key_of, sealed};
use super::{FRAME, KEYS, Quarantine, Quarantined, failure};
use crate::model::{Instant, TenantId};
use crate::store::StoreError;
use redb::{ReadableTable as _, TableDefinition, TableHandle as _, UntypedTableHandle};
use std::borrow::Cow;

const DOCUMENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("documents");
const FRAMES: TableDefinition<'_, [u8; 16], &str> = TableDefinition::new("frames");
/// Those of which not all was kept, by their numbers.
const CUT: TableDefinition<'_, u64, ()> = TableDefinition::new("cut");
/// What was kept of a document that was too long, before [`CUT`] was there.
const CUT_BYTES: usize = 64 << 10;

#[derive(serde::Deserialize)]
struct Stored<'a> {
    taken_in: Instant,
    input: Cow<'a, str>,
    offset: u64,
    delivered: Option<TenantId>,
    why: Cow<'a, str>,
    format: Option<Cow<'a, str>>,
    frame: Option<[u8; 16]>,
    bytes: Cow<'a, [u8]>,
}

impl Quarantine {
    /// Seals what a home of before has in quarantine and keeps the numbers; all of it or nothing.
    pub(super) fn seal_what_is_plain(&self) -> Result<(), StoreError> {
        let write = self.database.begin_write().map_err(|e| failure(&e))?;
        let is_old = |name: UntypedTableHandle| name.name() == "documents";
        if !write.list_tables().map_err(|e| failure(&e))?.any(is_old) {
            return write.abort().map_err(|e| failure(&e));
        }
        {
            let old = write.open_table(DOCUMENTS).map_err(|e| failure(&e))?;
            let cut = write.open_table(CUT).map_err(|e| failure(&e))?;
            let old_frames = write.open_table(FRAMES).map_err(|e| failure(&e))?;
            let mut table = write
                .open_table(super::DOCUMENTS)
                .map_err(|e| failure(&e))?;
            let mut frames = write.open_table(super::FRAMES).map_err(|e| failure(&e))?;
            let mut keys = write.open_table(KEYS).map_err(|e| failure(&e))?;
            keys.retain(|_, _| false).map_err(|e| failure(&e))?;
            let mut seals = Seals::new(self);
            for row in old.iter().map_err(|e| failure(&e))? {
                let (number, bytes) = row.map_err(|e| failure(&e))?;
                let number = number.value();
                let old: Stored<'_> =
                    postcard::from_bytes(bytes.value()).map_err(|e| failure(&e))?;
                let frame = match old.frame {
                    Some(key) => old_frames.get(key).map_err(|e| failure(&e))?,
                    None => None,
                };
                let is_cut = cut.get(number).map_err(|e| failure(&e))?.is_some();
                let was_long = old.format.is_none() && old.bytes.len() == CUT_BYTES;
                let document = Quarantined {
                    taken_in: old.taken_in,
                    input: old.input.into_owned(),
                    offset: old.offset,
                    known: old.delivered.clone(),
                    delivered: old.delivered,
                    why: old.why.into_owned(),
                    is_whole: !is_cut && !was_long,
                    bytes: old.bytes.into_owned(),
                    format: old.format.map(Cow::into_owned),
                    frame: frame.map(|frame| frame.value().into()),
                };
                let known = document.known.as_ref();
                let seal = known.and_then(|tenant| seals.of(tenant).into_seal());
                let seal = seal.as_deref();
                let mut of_frame = None;
                if let Some(frame) = &document.frame {
                    let key = key_of(seal, &[frame.as_bytes()]);
                    let value = sealed(seal, FRAME, &key, frame.as_bytes())?;
                    frames.insert(key, &*value).map_err(|e| failure(&e))?;
                    of_frame = Some(key);
                }
                let delivered = document.delivered.as_ref().map_or("", TenantId::as_str);
                let in_key = of_frame.unwrap_or_default();
                let parts = [&*document.bytes, &in_key, delivered.as_bytes()];
                keys.insert(key_of(seal, &parts), number)
                    .map_err(|e| failure(&e))?;
                let bytes = document.stored(number, of_frame, seal)?;
                table
                    .insert(number, bytes.as_slice())
                    .map_err(|e| failure(&e))?;
            }
        }
        write.delete_table(DOCUMENTS).map_err(|e| failure(&e))?;
        write.delete_table(FRAMES).map_err(|e| failure(&e))?;
        write.delete_table(CUT).map_err(|e| failure(&e))?;
        write.commit().map_err(|e| failure(&e))?;
        Ok(())
    }
}
