//! The notes of one kind that a batch needs, by number.

use casemate_sdk::memory::Note;

use crate::digest::{Digest, FastMap};
use crate::note::{self, Stored};

/// Notes of one kind: what was recalled, and what became of it.
pub(crate) struct Table<T> {
    kind: char,
    index: FastMap<Digest, u32>,
    rows: Vec<Row<T>>,
    asked: usize,
}

struct Row<T> {
    digest: Digest,
    value: T,
    changed: bool,
}

/// A row of a table. Only the table makes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct At<T>(u32, std::marker::PhantomData<T>);

impl<T> Clone for At<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for At<T> {}

impl<T: Stored + Default> Table<T> {
    /// Of a kind of notes, by its letter.
    pub(crate) fn new(kind: char) -> Self {
        Self {
            kind,
            index: FastMap::default(),
            rows: Vec::new(),
            asked: 0,
        }
    }

    /// The row of a digest, made where there is none.
    pub(crate) fn row(&mut self, digest: Digest) -> At<T> {
        let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let i = *self.index.entry(digest).or_insert(next);
        if i == next {
            self.rows.push(Row {
                digest,
                value: T::default(),
                changed: false,
            });
        }
        At(i, std::marker::PhantomData)
    }

    /// The row of a digest.
    pub(crate) fn find(&self, digest: &Digest) -> Option<At<T>> {
        Some(At(*self.index.get(digest)?, std::marker::PhantomData))
    }

    /// The digest of a row.
    #[expect(
        clippy::indexing_slicing,
        reason = "only the table makes `At`, and never drops a row"
    )]
    pub(crate) fn digest(&self, at: At<T>) -> Digest {
        self.rows[at.0 as usize].digest
    }

    /// A row's value.
    #[expect(
        clippy::indexing_slicing,
        reason = "only the table makes `At`, and never drops a row"
    )]
    pub(crate) fn get(&self, at: At<T>) -> &T {
        &self.rows[at.0 as usize].value
    }

    /// A row's value, to be changed and remembered.
    #[expect(
        clippy::indexing_slicing,
        reason = "only the table makes `At`, and never drops a row"
    )]
    pub(crate) fn change(&mut self, at: At<T>) -> &mut T {
        let row = &mut self.rows[at.0 as usize];
        row.changed = true;
        &mut row.value
    }

    /// The values of all rows.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().map(|r| &r.value)
    }

    /// Adds the keys of the rows not asked for yet.
    pub(crate) fn ask(&mut self, keys: &mut Vec<String>) {
        let new = self.rows.iter().skip(self.asked);
        keys.extend(new.map(|r| r.digest.note_key(self.kind)));
    }

    /// Takes the answers to those keys off the front.
    pub(crate) fn answered(&mut self, notes: &mut impl Iterator<Item = Option<Vec<u8>>>) {
        for row in self.rows.iter_mut().skip(self.asked) {
            let Some(bytes) = notes.next().flatten() else {
                continue;
            };
            match note::decode(&bytes) {
                Some(value) => row.value = value,
                None => casemate_sdk::log!("a note of kind {} does not decode: ignored", self.kind),
            }
        }
        self.asked = self.rows.len();
    }

    /// The changed rows as notes.
    pub(crate) fn notes(&self, to: &mut Vec<Note>, freshness: impl Fn(&T) -> i64) {
        let changed = self.rows.iter().filter(|r| r.changed);
        to.extend(changed.map(|r| Note {
            key: r.digest.note_key(self.kind),
            value: note::encode(&r.value),
            freshness: freshness(&r.value),
        }));
    }
}
