//! A second reading of a folder, which uses nothing of the code it checks.

use super::*;
use sha2::{Digest as _, Sha256};

/// What lies in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) base: u64,
    pub(super) entries: Vec<Vec<u8>>,
    /// Bytes behind the last sound frame, up to the last that is no zero.
    pub(super) torn: u64,
}

pub(super) fn raw(shelf: &MemoryShelf) -> Raw {
    let Some(journal) = shelf.clone().read("journal").unwrap() else {
        return Raw::default();
    };
    let number = |at: usize| u64::from_le_bytes(journal[at..at + 8].try_into().unwrap());
    let (first, base) = (number(32), number(40));
    let mut entries = Vec::new();
    for index in 0..first / 256 {
        let bundle = file(shelf, &format!("tile/entries/{index:03}"));
        let mut rest = bundle.as_slice();
        while let [high, low, behind @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            entries.push(behind[..length].to_vec());
            rest = &behind[length..];
        }
    }
    let mut at = 56;
    while let Some(entry) = frame_at(&journal, at) {
        at += 12 + entry.len();
        entries.push(entry.to_vec());
    }
    let end = journal.iter().rposition(|b| *b != 0).unwrap() + 1;
    Raw {
        base,
        entries,
        torn: end.saturating_sub(at) as u64,
    }
}

fn frame_at(journal: &[u8], at: usize) -> Option<&[u8]> {
    let head = journal.get(at..at + 12)?;
    let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
    let entry = journal.get(at + 12..at + 12 + length)?;
    let is_sound = head[2..4] == [0x5e, 0xca] && head[4..12] == leaf(entry)[..8];
    is_sound.then_some(entry)
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn leaf(entry: &[u8]) -> [u8; 32] {
    hash(&[&[0], entry])
}

/// The root over entries, as RFC 6962 defines it (section 2.1).
pub(super) fn root(entries: &[Vec<u8>]) -> [u8; 32] {
    match entries {
        [] => hash(&[]),
        [entry] => leaf(entry),
        _ => {
            let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
            hash(&[&[1], &root(left), &root(right)])
        }
    }
}

/// What an entry says, as JSON.
pub(super) fn json(entry: &[u8]) -> serde_json::Value {
    serde_json::from_slice(entry).unwrap()
}

pub(super) fn is_recovery(entry: &[u8]) -> bool {
    json(entry)["kind"] == "recovery"
}
