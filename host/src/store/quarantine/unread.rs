//! Documents that could not be read: so many are kept of one input and of all together, and the others
//! counted.

use super::{Quarantined, failure};
use crate::model::Digest;
use crate::store::StoreError;
use crate::store::change::short;
use crate::store::rejects::Quota;
use redb::{ReadableTable as _, TableDefinition};

type Row = (u64, u64, u64, u64);

/// What is kept of documents that could not be read, by the input, and under [`ALL_INPUTS`] of all: how
/// many, their bytes, how many were not kept, and behind where the last of those began.
pub(super) const UNREAD: TableDefinition<'_, [u8; 16], Row> = TableDefinition::new("unread");
pub(super) const ALL_INPUTS: [u8; 16] = [0; 16];

/// Whether a document may be kept: one that could not be read only while its input and all together hold
/// no more of such than a person could look through.
pub(super) fn room(
    unread: &mut redb::Table<'_, [u8; 16], Row>,
    document: &Quarantined,
) -> Result<bool, StoreError> {
    if document.format.is_some() {
        return Ok(true);
    }
    let input = short(&Digest::of(document.input.as_bytes()));
    let of = |key: [u8; 16]| {
        let row = unread.get(key).map_err(|e| failure(&e))?;
        Ok::<_, StoreError>(row.map_or((0, 0, 0, 0), |row| row.value()))
    };
    let (mut one, mut all) = (of(input)?, of(ALL_INPUTS)?);
    let bytes = (document.bytes.len() + document.why.len()) as u64;
    let fits = Quota::INPUT.holds(one.0 + 1, one.1 + bytes)
        && Quota::TENANT.holds(all.0 + 1, all.1 + bytes);
    if fits {
        for row in [&mut one, &mut all] {
            row.0 += 1;
            row.1 += bytes;
        }
    } else if document.offset >= one.3 {
        // What is delivered again from before it was counted before.
        one.2 += 1;
        one.3 = document.offset + 1;
        all.2 += 1;
    }
    for (key, row) in [(input, one), (ALL_INPUTS, all)] {
        unread.insert(key, row).map_err(|e| failure(&e))?;
    }
    Ok(fits)
}
