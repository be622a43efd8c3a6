use super::merkle::Hash;
use std::fmt;

/// The most bytes an entry may have.
pub const MAX_ENTRY: usize = 4096;

/// Bytes before the first frame.
pub(super) const HEADER: usize = 56;
/// Bytes of a frame before its entry.
pub(super) const HEAD: usize = 12;

const MAGIC: &[u8; 8] = b"CMTRAIL\n";
const VERSION: u32 = 2;
/// The upper half of a frame's first number; the lower half is the entry's length.
const MARK: u32 = 0xCA5E_0000;

/// The random id of a tenant's log; it says nothing of the tenant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin([u8; 16]);

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes end before the frame does.
    #[error("the file ends inside it")]
    Cut,
    /// It does not begin as a frame does.
    #[error("it does not begin with a frame's mark")]
    Mark,
    /// Its length is none an entry can have.
    #[error("it says it has {0} bytes, an entry has 1 to {MAX_ENTRY}")]
    Length(u16),
    /// Its bytes are not the ones its checksum was made of.
    #[error("its bytes do not match its checksum")]
    Checksum,
}

/// What is wrong with a file's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// The file is shorter than a header.
    #[error("the journal is shorter than its header of {HEADER} bytes")]
    Cut,
    /// The file is something else.
    #[error("the journal does not begin as one does")]
    Magic,
    /// The file is a trail of a version that this host does not know.
    #[error("the journal is of version {0}, this host reads version {VERSION}")]
    Version(u32),
    /// The header's bytes are not the ones its checksum was made of.
    #[error("the header's bytes do not match its checksum")]
    Checksum,
}

/// What stands at the beginning of some bytes.
pub(super) enum Step<'a> {
    Entry(&'a [u8]),
    End,
    Bad(Fault),
}

impl Origin {
    /// From 16 random bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Its name in checkpoints, which is the name of their key too: `casemate-trail/` and 32
    /// hexadecimal digits.
    pub fn name(&self) -> String {
        format!("{NAME}{self}")
    }

    /// The id that a checkpoint's name says; none where it is no name of ours.
    pub fn of_name(name: &str) -> Option<Self> {
        let digits = name.strip_prefix(NAME)?;
        let mut bytes = [0; 16];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        let origin = Self(bytes);
        (origin.to_string() == digits).then_some(origin)
    }
}

const NAME: &str = "casemate-trail/";

impl fmt::Display for Origin {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = <String as serde::Deserialize>::deserialize(from)?;
        Self::of_name(&name).ok_or_else(|| serde::de::Error::custom("not the name of a trail"))
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

/// The first eight bytes of a leaf's hash.
fn checksum(entry: &[u8]) -> [u8; 8] {
    short(&Hash::leaf(entry))
}

fn short(leaf: &Hash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *leaf.as_bytes();
    [a, b, c, d, e, f, g, h]
}

/// What a journal says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The log's random id.
    pub(super) origin: Origin,
    /// The place in the log of its first entry.
    pub(super) first: u64,
    /// The number of the log's first entry.
    pub(super) base: u64,
}

impl Header {
    /// Its bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.origin.0);
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.base.to_le_bytes());
        let sum = checksum(&out);
        out.extend_from_slice(&sum);
        out
    }

    /// Reads one.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let Some((header, _)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(HeaderFault::Cut);
        };
        let rest = after_version(header, VERSION)?;
        let (origin, rest) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
        let (first, rest) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
        let (base, _) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
        checked(header)?;
        Ok(Self {
            origin: Origin(*origin),
            first: u64::from_le_bytes(*first),
            base: u64::from_le_bytes(*base),
        })
    }
}

/// What follows the mark and the version, where these are as they should be.
pub(super) fn after_version(header: &[u8], known: u32) -> Result<&[u8], HeaderFault> {
    let rest = header.strip_prefix(MAGIC).ok_or(HeaderFault::Magic)?;
    let (version, rest) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
    let version = u32::from_le_bytes(*version);
    if version != known {
        return Err(HeaderFault::Version(version));
    }
    let (_, rest) = rest.split_first_chunk::<4>().ok_or(HeaderFault::Cut)?;
    Ok(rest)
}

/// That the last eight bytes are the checksum of those before them.
pub(super) fn checked(header: &[u8]) -> Result<(), HeaderFault> {
    let (summed, sum) = header.split_last_chunk::<8>().ok_or(HeaderFault::Cut)?;
    if checksum(summed) == *sum {
        return Ok(());
    }
    Err(HeaderFault::Checksum)
}

/// Fills in the head of the frame that begins at `at` and whose entry is all that follows, and gives
/// the entry's hash; when the entry is of no valid length, says its length.
pub(super) fn seal(buffer: &mut [u8], at: usize) -> Result<Hash, usize> {
    let frame = buffer.get_mut(at..).unwrap_or_default();
    let Some((head, entry)) = frame.split_first_chunk_mut::<HEAD>() else {
        return Err(0);
    };
    if entry.is_empty() || entry.len() > MAX_ENTRY {
        return Err(entry.len());
    }
    let [a, b, c, d] = (MARK | entry.len() as u32).to_le_bytes();
    let leaf = Hash::leaf(entry);
    let [e, f, g, h, i, j, k, l] = short(&leaf);
    *head = [a, b, c, d, e, f, g, h, i, j, k, l];
    Ok(leaf)
}

/// What stands at the beginning of these bytes, which are all there is or at least one frame long.
pub(super) fn step(bytes: &[u8]) -> Step<'_> {
    if bytes.is_empty() {
        return Step::End;
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Step::Bad(Fault::Cut);
    };
    let [a, b, c, d, sum @ ..] = head;
    let first = u32::from_le_bytes([*a, *b, *c, *d]);
    if first & 0xFFFF_0000 != MARK {
        return Step::Bad(Fault::Mark);
    }
    let length = (first & 0xFFFF) as u16;
    if length == 0 || usize::from(length) > MAX_ENTRY {
        return Step::Bad(Fault::Length(length));
    }
    match rest.get(..usize::from(length)) {
        None => Step::Bad(Fault::Cut),
        Some(entry) if checksum(entry) != *sum => Step::Bad(Fault::Checksum),
        Some(entry) => Step::Entry(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_any_bit_flipped_is_none() {
        let header = Header {
            origin: Origin([7; 16]),
            first: 512,
            base: 3,
        };
        let good = header.bytes();
        assert_eq!(good.len(), HEADER);
        assert_eq!(Header::read(&good), Ok(header));
        for bit in 0..HEADER * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::read(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn an_entry_of_no_valid_length_is_not_framed() {
        let frame = |length: usize| {
            let mut frame = vec![b'x'; HEAD + length];
            seal(&mut frame, 0).map(|_| frame)
        };
        assert_eq!(frame(0), Err(0));
        assert_eq!(frame(MAX_ENTRY + 1), Err(MAX_ENTRY + 1));
        let longest = frame(MAX_ENTRY).unwrap();
        assert!(matches!(step(&longest), Step::Entry(e) if e.len() == MAX_ENTRY));
    }

    #[test]
    fn a_frame_with_any_bit_flipped_or_any_byte_missing_is_bad() {
        let mut frame = [&[0; HEAD], b"{\"seq\":0}".as_slice()].concat();
        seal(&mut frame, 0).unwrap();
        assert!(matches!(step(&frame), Step::Entry(b"{\"seq\":0}")));
        for bit in 0..frame.len() * 8 {
            let mut bad = frame.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(step(&bad), Step::Bad(_)), "bit {bit}");
        }
        for length in 1..frame.len() {
            assert!(matches!(step(&frame[..length]), Step::Bad(Fault::Cut)));
        }
    }
}
