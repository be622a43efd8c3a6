use super::entry::{AbandonedRun, Stamped};
use super::frame::{self, Fault, Frames, HEAD, HEADER, HeaderFault, Origin, Step};
use super::ledger::{Disagreement, Ledger, Totals};
use std::io;

/// The entries of a trail, one by one. Ends after the first error.
pub struct Entries<R> {
    frames: Frames<R>,
    origin: Origin,
    next: u64,
    failed: bool,
}

/// An entry as it lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where its frame begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub stamped: Stamped,
}

/// Why a trail could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be read.
    #[error("the trail cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The header is bad.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// A frame is bad.
    #[error("entry {entry} at byte {offset}: {fault}")]
    Frame {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        offset: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// A frame is whole and what it holds is no entry that this host knows.
    #[error("entry {entry} at byte {offset} is none that this host knows: {cause}")]
    Unknown {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        offset: u64,
        /// What is wrong.
        cause: serde_json::Error,
    },
}

/// What [`verify`] found.
#[derive(Debug)]
pub struct Report {
    /// The trail's random id, if the header is sound.
    pub origin: Option<Origin>,
    /// What the entries before the first bad thing hold.
    pub totals: Totals,
    /// Bytes before the first bad thing.
    pub sound_bytes: u64,
    /// Runs that have begun and not ended, ascending: they go on, or the next start will find them.
    pub open: Vec<AbandonedRun>,
    /// The first bad thing; none if all is sound.
    pub bad: Option<Finding>,
}

/// Something bad in a trail.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// The bytes are bad.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The bytes are as they were written and what they say contradicts itself.
    #[error("entry {entry} at byte {offset}: {what}")]
    Disagreement {
        /// The entry's number.
        entry: u64,
        /// Where its frame begins.
        offset: u64,
        /// What is wrong.
        what: Disagreement,
    },
}

/// Checks a whole trail: every frame against its checksum, the numbers, that every outcome has its
/// intent, and that the counts at the end of each run are those of its entries.
pub fn verify(bytes: &[u8]) -> Report {
    let mut report = Report {
        origin: None,
        totals: Totals::default(),
        sound_bytes: 0,
        open: Vec::new(),
        bad: None,
    };
    let mut checked = match Checked::new(bytes) {
        Ok(checked) => checked,
        Err(error) => {
            report.bad = Some(error.into());
            return report;
        }
    };
    report.origin = Some(checked.entries.origin());
    report.sound_bytes = checked.entries.offset();
    for found in &mut checked {
        match found {
            Ok(found) => {
                report.sound_bytes = found.offset + (HEAD + found.bytes.len()) as u64;
            }
            Err(bad) => report.bad = Some(bad),
        }
    }
    report.totals = checked.totals;
    report.open = checked.ledger.open().collect();
    report
}

/// The entries of a trail, one by one, each checked as [`verify`] does before it is given out. For
/// whoever reads a long trail once and must not believe a bad one. Ends after the first bad thing.
pub struct Checked<R> {
    entries: Entries<R>,
    ledger: Ledger,
    totals: Totals,
    failed: bool,
}

impl<R: io::Read> Checked<R> {
    /// Of the bytes of a whole file.
    ///
    /// # Errors
    /// When the header cannot be read or is bad.
    pub fn new(reader: R) -> Result<Self, ReadError> {
        Ok(Self {
            entries: Entries::new(reader)?,
            ledger: Ledger::default(),
            totals: Totals::default(),
            failed: false,
        })
    }

    /// What the entries that were given out hold together.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn check(&mut self, found: Found) -> Result<Found, Finding> {
        if let Err(what) = self.ledger.enter(&found.stamped) {
            return Err(Finding::Disagreement {
                entry: self.totals.entries,
                offset: found.offset,
                what,
            });
        }
        self.totals = self.ledger.totals();
        Ok(found)
    }
}

impl<R: io::Read> Iterator for Checked<R> {
    type Item = Result<Found, Finding>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let found = self.entries.next()?;
        let checked = found
            .map_err(Finding::from)
            .and_then(|found| self.check(found));
        self.failed = checked.is_err();
        Some(checked)
    }
}

impl<R: io::Read> Entries<R> {
    /// Of the bytes of a whole file.
    ///
    /// # Errors
    /// When the header cannot be read or is bad.
    pub fn new(mut reader: R) -> Result<Self, ReadError> {
        let mut header = Vec::with_capacity(HEADER);
        let mut first = io::Read::take(&mut reader, HEADER as u64);
        io::Read::read_to_end(&mut first, &mut header)?;
        Ok(Self {
            origin: frame::read_header(&header)?,
            frames: Frames::new(reader, HEADER as u64),
            next: 0,
            failed: false,
        })
    }

    /// The trail's random id.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Where the next frame begins, in bytes from the beginning of the file; after an error, where
    /// the bad one does.
    pub fn offset(&self) -> u64 {
        self.frames.offset
    }

    fn read(&mut self) -> Result<Option<Found>, ReadError> {
        let (entry, offset) = (self.next, self.frames.offset);
        let bytes = match self.frames.step()? {
            Step::End => return Ok(None),
            Step::Bad(fault) => {
                return Err(ReadError::Frame {
                    entry,
                    offset,
                    fault,
                });
            }
            Step::Entry(bytes) => bytes.to_vec(),
        };
        let stamped = one_line(&bytes).map_err(|cause| ReadError::Unknown {
            entry,
            offset,
            cause,
        })?;
        self.frames.pass(HEAD + bytes.len());
        self.next += 1;
        Ok(Some(Found {
            offset,
            bytes,
            stamped,
        }))
    }
}

impl<R: io::Read> Iterator for Entries<R> {
    type Item = Result<Found, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let found = self.read().transpose();
        self.failed = !matches!(found, Some(Ok(_)));
        found
    }
}

/// Parses an entry, which is one line.
fn one_line(bytes: &[u8]) -> serde_json::Result<Stamped> {
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(serde::de::Error::custom("it is not one line of text"));
    }
    serde_json::from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line() {
        let line = br#"{"seq":0,"time_ms":0,"kind":"recovery","reason":"torn-tail","dropped_bytes":1,"dropped_whole":0,"abandoned":[],"unstored":[]}"#;
        assert!(one_line(line).is_ok());
        for at in [b"{\n".as_slice(), b"{\t", b"{\r"] {
            assert!(one_line(&[at, &line[1..]].concat()).is_err());
        }
        assert!(one_line(&[line.as_slice(), b"\n"].concat()).is_err());
    }

    #[test]
    fn a_report_says_where_the_first_bad_thing_is() {
        let (medium, log) = crate::trail::tests::fresh();
        let empty = medium.written();
        for _ in 0..3 {
            let entry = crate::trail::tests::intake();
            let _ = log.append(crate::trail::tests::NOW, entry).unwrap();
        }
        log.sync().unwrap();
        let mut bytes = medium.written();
        assert_eq!(verify(&empty).sound_bytes, empty.len() as u64);
        assert_eq!(verify(&bytes).sound_bytes, bytes.len() as u64);
        let frame = (bytes.len() - empty.len()) / 3;
        bytes[empty.len() + 2 * frame - 1] ^= 1;
        let report = verify(&bytes);
        assert_eq!(report.totals.entries, 1);
        assert_eq!(report.sound_bytes, (empty.len() + frame) as u64);
        let said = report.bad.unwrap().to_string();
        let offset = empty.len() + frame;
        let want = format!("entry 1 at byte {offset}: its bytes do not match its checksum");
        assert_eq!(said, want);
        assert!(matches!(
            verify(b"").bad,
            Some(Finding::Read(ReadError::Header(HeaderFault::Cut)))
        ));
    }
}
