//! Notes as bytes: a version byte, then fixed-width little-endian fields. What doesn't decode to the
//! last byte is no note.

use crate::digest::Digest;
use crate::rate::Rate;

const VERSION: u8 = 1;

/// Something that can stand in a note.
pub(crate) trait Stored: Sized {
    /// Appends it.
    fn put(&self, to: &mut Vec<u8>);
    /// Takes it off the front; none where the bytes don't hold it.
    fn take(from: &mut &[u8]) -> Option<Self>;
}

/// A note's bytes.
pub(crate) fn encode(value: &impl Stored) -> Vec<u8> {
    let mut out = vec![VERSION];
    value.put(&mut out);
    out
}

/// The value of a note's bytes; none where they are not of this version or have a byte too many or
/// too few.
pub(crate) fn decode<T: Stored>(bytes: &[u8]) -> Option<T> {
    let (&VERSION, mut rest) = bytes.split_first()? else {
        return None;
    };
    let value = T::take(&mut rest)?;
    rest.is_empty().then_some(value)
}

fn array<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*head)
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Stored for $number {
            fn put(&self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                array(from).map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8 u32 u64 i64);

impl Stored for bool {
    fn put(&self, to: &mut Vec<u8>) {
        u8::from(*self).put(to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        match u8::take(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Stored for f64 {
    fn put(&self, to: &mut Vec<u8>) {
        self.to_bits().put(to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let value = Self::from_bits(u64::take(from)?);
        (value.is_finite() && value >= 0.0).then_some(value)
    }
}

impl Stored for Digest {
    fn put(&self, to: &mut Vec<u8>) {
        to.extend(self.0);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        array(from).map(Self)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self, to: &mut Vec<u8>) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put(to);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        if bool::take(from)? {
            T::take(from).map(Some)
        } else {
            Some(None)
        }
    }
}

/// At most 255 of them.
impl<T: Stored> Stored for Vec<T> {
    fn put(&self, to: &mut Vec<u8>) {
        let count = u8::try_from(self.len()).unwrap_or(u8::MAX);
        count.put(to);
        for value in self.iter().take(usize::from(count)) {
            value.put(to);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let count = u8::take(from)?;
        (0..count).map(|_| T::take(from)).collect()
    }
}

macro_rules! stored {
    ($type:ty { $($field:ident)* }) => {
        impl $crate::note::Stored for $type {
            fn put(&self, to: &mut Vec<u8>) {
                $(self.$field.put(to);)*
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                $(let $field = $crate::note::Stored::take(from)?;)*
                Some(Self { $($field,)* })
            }
        }
    };
}
pub(crate) use stored;

stored!(Rate { mass bucket time seen now });
