//! Documents that were not taken: equal ones once, with how often they came, and of one input no more
//! than a person could look through. What is left out is counted.

use super::change::short;
use super::guard::guarded;
use super::records::failure;
use super::seal::Seal;
use super::sealed::Hidden;
use super::tables::{self as t, Rejected, meta};
use super::{Change, StoreError, View};
use crate::model::Digest;
use redb::ReadableTable as _;
use std::collections::BTreeMap;

/// What is kept of documents that were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Quota {
    documents: u64,
    bytes: u64,
}

impl Quota {
    /// Of one input.
    pub(super) const INPUT: Self = Self {
        documents: 10_000,
        bytes: 16 << 20,
    };
    /// Of one tenant: whoever sends files chooses their names.
    pub(super) const TENANT: Self = Self {
        documents: 40_000,
        bytes: 64 << 20,
    };

    pub(super) fn holds(self, documents: u64, bytes: u64) -> bool {
        documents <= self.documents && bytes <= self.bytes
    }
}

/// What a row takes beside the document.
const ROW_BYTES: u64 = 256;

/// Equal documents that were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejects {
    /// The one that came first.
    pub first: Rejected,
    /// How often it came. One that is delivered again from the same place is the same one.
    pub times: u64,
}

/// Documents of an input that were neither taken nor kept, because too many of it are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What they came from.
    pub input: String,
    /// How many.
    pub documents: u64,
}

/// What is known of the rejects of one input.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct OfInput {
    input: String,
    kept: u64,
    bytes: u64,
    left_out: u64,
    /// Behind where the last that was left out began: what comes from before it came before.
    through: u64,
}

fn key(seal: &Seal, reject: &Rejected) -> Hidden {
    let digest = Digest::of_parts(&[
        reject.input.as_bytes(),
        reject.reason.as_bytes(),
        &reject.length.to_le_bytes(),
        &reject.bytes,
    ]);
    seal.hidden("equal-rejects", &short(&digest))
}

fn input_key(seal: &Seal, input: &str) -> Hidden {
    seal.hidden("rejects-of-input", input.as_bytes())
}

fn bytes_of(reject: &Rejected) -> u64 {
    ROW_BYTES + (reject.bytes.len() + reject.reason.len()) as u64
}

impl Change {
    /// Keeps documents that were not taken. Gives for each whether it is kept: as itself, or as one
    /// more of an equal one.
    pub(crate) fn reject(&mut self, rejects: &[Rejected]) -> Result<Vec<bool>, StoreError> {
        guarded!(self.tenant, {
            let fail = failure(&self.tenant);
            let mut next = self.meta(meta::REJECTS)?;
            let mut total = self.meta(meta::REJECT_BYTES)?;
            let mut rows = self.sealed(t::REJECTS)?;
            let mut held = rows.len()?;
            let mut counts = self.plain(t::REJECT_COUNTS)?;
            let mut keys = self.plain(t::REJECT_KEYS)?;
            let mut table = self.sealed(t::REJECT_INPUTS)?;
            let mut inputs: BTreeMap<&str, OfInput> = BTreeMap::new();
            let mut kept = Vec::with_capacity(rejects.len());
            for reject in rejects {
                let key = key(&self.seal, reject);
                let known = keys.get(key).map_err(|e| fail(&e))?.map(|n| n.value());
                // One that is known and whose row was deleted comes anew.
                let known = match known {
                    Some(number) if rows.has(&number)? => Some(number),
                    Some(_) | None => None,
                };
                if let Some(number) = known {
                    let counted = counts.get(number).map_err(|e| fail(&e))?;
                    let (times, through) = counted.map_or((1, 0), |row| row.value());
                    if reject.offset >= through {
                        counts
                            .insert(number, (times + 1, reject.offset + 1))
                            .map_err(|e| fail(&e))?;
                    }
                    kept.push(true);
                    continue;
                }
                let input = match inputs.entry(&reject.input) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(new) => {
                        let key = input_key(&self.seal, &reject.input);
                        let read = table.read(&key, "the rejects of an input")?;
                        new.insert(read.unwrap_or_else(|| OfInput::new(&reject.input)))
                    }
                };
                let bytes = bytes_of(reject);
                let fits = Quota::INPUT.holds(input.kept + 1, input.bytes + bytes)
                    && Quota::TENANT.holds(held + 1, total + bytes);
                kept.push(fits);
                if !fits {
                    if reject.offset >= input.through {
                        input.left_out += 1;
                        input.through = reject.offset + 1;
                    }
                    continue;
                }
                keys.insert(key, next).map_err(|e| fail(&e))?;
                counts
                    .insert(next, (1, reject.offset + 1))
                    .map_err(|e| fail(&e))?;
                rows.write(&next, "a reject", reject)?;
                next += 1;
                held += 1;
                total += bytes;
                input.kept += 1;
                input.bytes += bytes;
            }
            for (name, input) in &inputs {
                table.write(
                    &input_key(&self.seal, name),
                    "the rejects of an input",
                    input,
                )?;
            }
            drop((rows, counts, keys, table));
            self.set_meta(meta::REJECTS, next)?;
            self.set_meta(meta::REJECT_BYTES, total)?;
            Ok(kept)
        })
    }

    /// Keeps anew what a store of before kept each for itself, one by one: it can be any number.
    pub(super) fn collapse_rejects(&mut self) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        let mut numbers = Vec::new();
        for row in self.sealed(t::REJECTS)?.all()? {
            numbers.push(row?.key());
        }
        let mut keys = self.plain(t::REJECT_KEYS)?;
        keys.retain(|_, _| false).map_err(|e| fail(&e))?;
        drop(keys);
        for number in numbers {
            let mut rows = self.sealed(t::REJECTS)?;
            let reject = rows.read(&number, "a reject")?;
            rows.remove(&number)?;
            drop(rows);
            self.reject(reject.as_slice())?;
        }
        Ok(())
    }

    /// Deletes a reject, and makes room for another.
    pub(super) fn forget_reject(
        &mut self,
        number: u64,
        reject: &Rejected,
    ) -> Result<(), StoreError> {
        let fail = failure(&self.tenant);
        self.sealed(t::REJECTS)?.remove(&number)?;
        let mut counts = self.plain(t::REJECT_COUNTS)?;
        counts.remove(number).map_err(|e| fail(&e))?;
        let mut keys = self.plain(t::REJECT_KEYS)?;
        keys.remove(key(&self.seal, reject)).map_err(|e| fail(&e))?;
        let mut table = self.sealed(t::REJECT_INPUTS)?;
        let of_input = input_key(&self.seal, &reject.input);
        let known: Option<OfInput> = table.read(&of_input, "the rejects of an input")?;
        if let Some(mut input) = known {
            input.kept = input.kept.saturating_sub(1);
            input.bytes = input.bytes.saturating_sub(bytes_of(reject));
            table.write(&of_input, "the rejects of an input", &input)?;
        }
        drop((counts, keys, table));
        let total = self.meta(meta::REJECT_BYTES)?;
        self.set_meta(meta::REJECT_BYTES, total.saturating_sub(bytes_of(reject)))
    }
}

impl OfInput {
    fn new(input: &str) -> Self {
        Self {
            input: input.to_owned(),
            kept: 0,
            bytes: 0,
            left_out: 0,
            through: 0,
        }
    }
}

impl View {
    /// Documents that were not taken: distinct ones that are held, and those that were left out.
    pub fn reject_count(&self) -> Result<u64, StoreError> {
        let held = guarded!(self.tenant(), { self.sealed(t::REJECTS)?.len() })?;
        let left_out = self.rejects_left_out()?;
        Ok(held + left_out.iter().map(|input| input.documents).sum::<u64>())
    }

    /// The documents that were not taken, equal ones once, in the order they first came.
    pub fn rejects(&self) -> Result<Vec<Rejects>, StoreError> {
        guarded!(self.tenant(), {
            let fail = failure(self.tenant());
            let counts = self.plain(t::REJECT_COUNTS)?;
            let mut all = Vec::new();
            for row in self.sealed(t::REJECTS)?.all()? {
                let row = row?;
                let counted = counts.get(row.key()).map_err(|e| fail(&e))?;
                all.push(Rejects {
                    first: row.read("a reject")?,
                    times: counted.map_or(1, |counted| counted.value().0),
                });
            }
            Ok(all)
        })
    }

    /// The inputs of which documents were neither taken nor kept.
    pub fn rejects_left_out(&self) -> Result<Vec<LeftOut>, StoreError> {
        guarded!(self.tenant(), {
            let all: Vec<OfInput> = self.all(t::REJECT_INPUTS, "the rejects of an input")?;
            let over = all.into_iter().filter(|input| input.left_out > 0);
            let mut over: Vec<LeftOut> = over
                .map(|input| LeftOut {
                    input: input.input,
                    documents: input.left_out,
                })
                .collect();
            over.sort_by(|one, other| one.input.cmp(&other.input));
            Ok(over)
        })
    }
}
