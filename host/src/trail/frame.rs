use sha2::Digest as _;
use std::{fmt, io};

/// The most bytes an entry may have.
pub const MAX_ENTRY: usize = 4096;

/// Bytes before the first frame.
pub(super) const HEADER: usize = 40;
/// Bytes of a frame before its entry.
pub(super) const HEAD: usize = 12;

const MAGIC: &[u8; 8] = b"CMTRAIL\n";
const VERSION: u32 = 1;
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
    #[error("the file is shorter than its header of {HEADER} bytes")]
    Cut,
    /// The file is something else.
    #[error("the file does not begin as a trail does")]
    Magic,
    /// The file is a trail of a version that this host does not know.
    #[error("the trail is of version {0}, this host reads version {VERSION}")]
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

/// Goes through the frames of a stream.
pub(super) struct Frames<R> {
    reader: R,
    window: Vec<u8>,
    /// How much of the window is behind us.
    passed: usize,
    ended: bool,
    /// Where in the file we stand.
    pub(super) offset: u64,
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
}

impl fmt::Display for Origin {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

/// The hash of a leaf: SHA-256 of a zero byte and the entry (RFC 6962, section 2.1).
pub(super) fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    let mut hash = sha2::Sha256::new();
    hash.update([0]);
    hash.update(entry);
    hash.finalize().into()
}

/// The first eight bytes of [`leaf_hash`].
fn checksum(entry: &[u8]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = leaf_hash(entry);
    [a, b, c, d, e, f, g, h]
}

/// A file's header.
pub(super) fn header(origin: Origin) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&origin.0);
    let sum = checksum(&out);
    out.extend_from_slice(&sum);
    out
}

/// Reads a file's header.
pub(super) fn read_header(bytes: &[u8]) -> Result<Origin, HeaderFault> {
    let Some((header, _)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(HeaderFault::Cut);
    };
    let Some(rest) = header.strip_prefix(MAGIC) else {
        return Err(HeaderFault::Magic);
    };
    let (version, rest) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(HeaderFault::Version(version));
    }
    let (_, rest) = rest.split_first_chunk::<4>().ok_or(HeaderFault::Cut)?;
    let (origin, sum) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
    let (summed, _) = header.split_last_chunk::<8>().ok_or(HeaderFault::Cut)?;
    if checksum(summed) != sum {
        return Err(HeaderFault::Checksum);
    }
    Ok(Origin(*origin))
}

/// Fills in the head of the frame that begins at `at` and whose entry is all that follows; when the
/// entry is of no valid length, says its length.
pub(super) fn seal(buffer: &mut [u8], at: usize) -> Result<(), usize> {
    let frame = buffer.get_mut(at..).unwrap_or_default();
    let Some((head, entry)) = frame.split_first_chunk_mut::<HEAD>() else {
        return Err(0);
    };
    if entry.is_empty() || entry.len() > MAX_ENTRY {
        return Err(entry.len());
    }
    let [a, b, c, d] = (MARK | entry.len() as u32).to_le_bytes();
    let [e, f, g, h, i, j, k, l] = checksum(entry);
    *head = [a, b, c, d, e, f, g, h, i, j, k, l];
    Ok(())
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

impl<R: io::Read> Frames<R> {
    /// Of a stream whose first byte has this offset in the file.
    pub(super) fn new(reader: R, offset: u64) -> Self {
        Self {
            reader,
            window: Vec::new(),
            passed: 0,
            ended: false,
            offset,
        }
    }

    /// What stands here.
    pub(super) fn step(&mut self) -> io::Result<Step<'_>> {
        const LONGEST: usize = HEAD + MAX_ENTRY;
        const CHUNK: u64 = 1 << 16;
        if self.window.len() - self.passed < LONGEST && !self.ended {
            self.window.drain(..self.passed);
            self.passed = 0;
            while self.window.len() < LONGEST && !self.ended {
                let mut chunk = io::Read::take(&mut self.reader, CHUNK);
                self.ended = io::Read::read_to_end(&mut chunk, &mut self.window)? == 0;
            }
        }
        Ok(step(self.window.get(self.passed..).unwrap_or_default()))
    }

    /// Goes on by this many bytes.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.passed = self.window.len().min(self.passed + bytes);
        self.offset += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_any_bit_flipped_is_none() {
        let good = header(Origin([7; 16]));
        assert_eq!(good.len(), HEADER);
        assert_eq!(read_header(&good), Ok(Origin([7; 16])));
        for bit in 0..HEADER * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(read_header(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn an_entry_of_no_valid_length_is_not_framed() {
        let frame = |length: usize| {
            let mut frame = vec![b'x'; HEAD + length];
            seal(&mut frame, 0).map(|()| frame)
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
