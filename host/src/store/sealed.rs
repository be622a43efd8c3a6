//! The two sorts of table: sealed ones, whose values go through the tenant's [`Seal`] and cannot be
//! read or written otherwise, and plain ones, which hold numbers and nothing else.

use super::StoreError;
use super::records::{decode, encode, failure};
use super::seal::Seal;
use redb::{AccessGuard, Key, ReadableTable, TableDefinition, TypeName, Value};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::sync::Arc;

type Bytes = &'static [u8];

/// A table whose values are sealed. Its rows are reached through [`Opened`] alone.
pub(super) struct Sealed<K: RowKey> {
    name: &'static str,
    key: PhantomData<fn() -> K>,
}

impl<K: RowKey> Clone for Sealed<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: RowKey> Copy for Sealed<K> {}

impl<K: RowKey> Sealed<K> {
    pub(super) const fn new(name: &'static str) -> Self {
        let key = PhantomData;
        Self { name, key }
    }

    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    fn definition(self) -> TableDefinition<'static, K, Bytes> {
        TableDefinition::new(self.name)
    }

    pub(super) fn to_read(
        self,
        read: &redb::ReadTransaction,
        seal: &Arc<Seal>,
    ) -> Result<ToRead<K>, redb::TableError> {
        Ok(self.opened(read.open_table(self.definition())?, seal))
    }

    pub(super) fn to_write<'t>(
        self,
        write: &'t redb::WriteTransaction,
        seal: &Arc<Seal>,
    ) -> Result<ToWrite<'t, K>, redb::TableError> {
        Ok(self.opened(write.open_table(self.definition())?, seal))
    }

    pub(super) fn make(self, write: &redb::WriteTransaction) -> Result<(), redb::TableError> {
        write.open_table(self.definition()).map(drop)
    }

    fn opened<T>(self, table: T, seal: &Arc<Seal>) -> Opened<K, T> {
        Opened {
            table,
            seal: Arc::clone(seal),
            name: self.name,
            key: PhantomData,
        }
    }
}

/// A table that holds numbers, and says nothing of what a client's text is.
pub(super) struct Plain<K: RowKey, V: Numbers> {
    name: &'static str,
    row: PhantomData<fn() -> (K, V)>,
}

impl<K: RowKey, V: Numbers> Clone for Plain<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: RowKey, V: Numbers> Copy for Plain<K, V> {}

impl<K: RowKey, V: Numbers> Plain<K, V> {
    pub(super) const fn new(name: &'static str) -> Self {
        let row = PhantomData;
        Self { name, row }
    }

    #[cfg(test)]
    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    pub(super) const fn definition(self) -> TableDefinition<'static, K, V> {
        TableDefinition::new(self.name)
    }

    pub(super) fn make(self, write: &redb::WriteTransaction) -> Result<(), redb::TableError> {
        write.open_table(self.definition()).map(drop)
    }
}

/// What may be the key of a row: numbers, the names of modules and of the host's own, and what is
/// hidden. Never a client's text, nor a plain digest of one.
pub(super) trait RowKey: Key + 'static {}

/// What a plain table may hold.
pub(super) trait Numbers: Value + 'static {}

macro_rules! are {
    ($what:ident: $($kind:ty),* $(,)?) => { $(impl $what for $kind {})* };
}
are!(RowKey: u64, u32, (u64, u32), (u64, u64), &'static str, (&'static str, u64));
are!(RowKey: (&'static str, u8, u64), (&'static str, u64, u64));
are!(RowKey: Hidden, (Hidden, u64), (&'static str, Hidden), (&'static str, i64, Hidden), Address);
are!(RowKey: ModuleKey);
are!(Numbers: u64, u32, (), (u64, u64), (u64, Hidden), (u64, u64, u32, bool));

macro_rules! row_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub(super) struct $name([u8; $length]);

        impl $name {
            pub(super) const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }
        }

        impl Value for $name {
            type SelfType<'a> = Self;
            type AsBytes<'a> = [u8; $length];

            fn fixed_width() -> Option<usize> {
                Some($length)
            }

            fn from_bytes<'a>(data: &'a [u8]) -> Self
            where
                Self: 'a,
            {
                // What the database holds of this type has this length: it checks that.
                Self(data.first_chunk().copied().unwrap_or([0; $length]))
            }

            fn as_bytes<'a, 'b: 'a>(value: &'a Self) -> [u8; $length]
            where
                Self: 'b,
            {
                value.0
            }

            fn type_name() -> TypeName {
                TypeName::new(concat!("casemate::", stringify!($name)))
            }
        }

        impl Key for $name {
            fn compare(one: &[u8], other: &[u8]) -> Ordering {
                one.cmp(other)
            }
        }
    };
}

row_bytes! {
    /// Stands for a text or a digest in a key: made by [`Seal::hidden`].
    Hidden, 16
}
row_bytes! {
    /// Where bytes lie in the vault: made by [`Seal::address`].
    Address, 32
}
row_bytes! {
    /// The digest of a module, which is no client's.
    ModuleKey, 32
}

impl Hidden {
    /// The least of them, where a range begins.
    pub(super) const LEAST: Self = Self([0; 16]);

    pub(super) fn bytes(&self) -> [u8; 16] {
        self.0
    }
}

/// A sealed table, open.
pub(super) struct Opened<K: RowKey, T> {
    table: T,
    seal: Arc<Seal>,
    name: &'static str,
    key: PhantomData<fn() -> K>,
}

pub(super) type ToRead<K> = Opened<K, redb::ReadOnlyTable<K, Bytes>>;
pub(super) type ToWrite<'t, K> = Opened<K, redb::Table<'t, K, Bytes>>;

impl<K: RowKey, T> Opened<K, T> {
    fn fail(&self, error: &dyn std::fmt::Display) -> StoreError {
        failure(self.seal.tenant())(error)
    }
}

impl<K: RowKey, T: ReadableTable<K, Bytes>> Opened<K, T> {
    pub(super) fn get(&self, key: &K::SelfType<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        self.get_as_kind(self.name, key)
    }

    /// As [`Opened::get`], where rows of several kinds are in the table.
    pub(super) fn get_as_kind(
        &self,
        kind: &str,
        key: &K::SelfType<'_>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.table.get(key).map_err(|e| self.fail(&e))?;
        let Some(sealed) = found else { return Ok(None) };
        let row = K::as_bytes(key);
        self.seal.open(kind, row.as_ref(), sealed.value()).map(Some)
    }

    /// As [`Opened::get`], decoded.
    pub(super) fn read<V: for<'a> serde::Deserialize<'a>>(
        &self,
        key: &K::SelfType<'_>,
        what: &'static str,
    ) -> Result<Option<V>, StoreError> {
        let found = self.get(key)?;
        found
            .map(|bytes| decode(self.seal.tenant(), what, &bytes))
            .transpose()
    }

    pub(super) fn has(&self, key: &K::SelfType<'_>) -> Result<bool, StoreError> {
        let found = self.table.get(key).map_err(|e| self.fail(&e))?;
        Ok(found.is_some())
    }

    pub(super) fn len(&self) -> Result<u64, StoreError> {
        self.table.len().map_err(|e| self.fail(&e))
    }

    pub(super) fn rows<'a, B>(
        &self,
        range: impl RangeBounds<B> + 'a,
    ) -> Result<Rows<'_, K>, StoreError>
    where
        B: Borrow<K::SelfType<'a>> + 'a,
    {
        let rows = self.table.range(range).map_err(|e| self.fail(&e))?;
        Ok(self.over(rows))
    }

    pub(super) fn all(&self) -> Result<Rows<'_, K>, StoreError> {
        let rows = self.table.iter().map_err(|e| self.fail(&e))?;
        Ok(self.over(rows))
    }

    fn over<'r>(&'r self, rows: redb::Range<'r, K, Bytes>) -> Rows<'r, K> {
        Rows {
            rows,
            seal: &self.seal,
            name: self.name,
        }
    }
}

impl<K: RowKey> ToWrite<'_, K> {
    /// Puts a value, which is sealed here.
    pub(super) fn put(&mut self, key: &K::SelfType<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.put_as_kind(self.name, key, value)
    }

    /// As [`Opened::put`], where rows of several kinds are in the table.
    pub(super) fn put_as_kind(
        &mut self,
        kind: &str,
        key: &K::SelfType<'_>,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let sealed = self.seal.seal(kind, K::as_bytes(key).as_ref(), value)?;
        let put = self.table.insert(key, sealed.as_slice()).map(drop);
        put.map_err(|e| self.fail(&e))
    }

    /// As [`Opened::put`], encoded.
    pub(super) fn write(
        &mut self,
        key: &K::SelfType<'_>,
        what: &'static str,
        value: &impl serde::Serialize,
    ) -> Result<(), StoreError> {
        let bytes = encode(self.seal.tenant(), what, value)?;
        self.put(key, &bytes)
    }

    /// Removes a row; says whether there was one.
    pub(super) fn remove(&mut self, key: &K::SelfType<'_>) -> Result<bool, StoreError> {
        let removed = self.table.remove(key).map(|row| row.is_some());
        removed.map_err(|e| self.fail(&e))
    }

    pub(super) fn remove_all<'a, B>(
        &mut self,
        range: impl RangeBounds<B> + 'a,
    ) -> Result<(), StoreError>
    where
        B: Borrow<K::SelfType<'a>> + 'a,
    {
        let removed = self.table.retain_in(range, |_, _| false);
        removed.map_err(|e| self.fail(&e))
    }
}

/// Rows of a sealed table, in the order of their keys.
pub(super) struct Rows<'r, K: RowKey> {
    rows: redb::Range<'r, K, Bytes>,
    seal: &'r Seal,
    name: &'static str,
}

/// One row, not opened yet.
pub(super) struct Row<'r, K: RowKey> {
    key: AccessGuard<'r, K>,
    sealed: AccessGuard<'r, Bytes>,
    seal: &'r Seal,
    name: &'static str,
}

type Found<'r, K> = Result<(AccessGuard<'r, K>, AccessGuard<'r, Bytes>), redb::StorageError>;

impl<'r, K: RowKey> Rows<'r, K> {
    fn row(&self, found: Found<'r, K>) -> Result<Row<'r, K>, StoreError> {
        let (key, sealed) = found.map_err(|e| failure(self.seal.tenant())(&e))?;
        Ok(Row {
            key,
            sealed,
            seal: self.seal,
            name: self.name,
        })
    }

    /// The last of them.
    pub(super) fn last_row(mut self) -> Result<Option<Row<'r, K>>, StoreError> {
        self.next_back().transpose()
    }
}

impl<'r, K: RowKey> Iterator for Rows<'r, K> {
    type Item = Result<Row<'r, K>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.rows.next()?;
        Some(self.row(found))
    }
}

impl<K: RowKey> DoubleEndedIterator for Rows<'_, K> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let found = self.rows.next_back()?;
        Some(self.row(found))
    }
}

impl<K: RowKey> Row<'_, K> {
    pub(super) fn key(&self) -> K::SelfType<'_> {
        self.key.value()
    }

    pub(super) fn open(&self) -> Result<Vec<u8>, StoreError> {
        let key = self.key.value();
        let row = K::as_bytes(&key);
        self.seal.open(self.name, row.as_ref(), self.sealed.value())
    }

    pub(super) fn read<V: for<'a> serde::Deserialize<'a>>(
        &self,
        what: &'static str,
    ) -> Result<V, StoreError> {
        decode(self.seal.tenant(), what, &self.open()?)
    }
}
