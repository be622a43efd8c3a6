//! A block of alerts as it lies in the database, so that one of them can be read without the others:
//! when it was taken in (i64, milliseconds), how many alerts there are (u32), for each where its
//! record and its document end (u32, u32), all little-endian; then the records, in postcard. The
//! documents lie in a value of their own.

use crate::model::{Alert, Instant};
use std::ops::Range;

/// The most alerts in one block: few enough that reading one alert reads little else.
pub(super) const MOST: usize = 64;

const HEAD: usize = 12;
const ENDS: usize = 8;

/// A block that is being put together.
pub(super) struct Building {
    taken_in: Instant,
    ends: Vec<u8>,
    records: Vec<u8>,
    /// The documents, one after another.
    pub(super) documents: Vec<u8>,
}

impl Building {
    pub(super) fn new(taken_in: Instant) -> Self {
        Self {
            taken_in,
            ends: Vec::with_capacity(MOST * ENDS),
            records: Vec::new(),
            documents: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len() / ENDS
    }

    pub(super) fn push(&mut self, alert: &Alert, document: &[u8]) -> Result<(), postcard::Error> {
        self.records = postcard::to_extend(alert, std::mem::take(&mut self.records))?;
        self.documents.extend_from_slice(document);
        let end = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.ends.extend(end(&self.records));
        self.ends.extend(end(&self.documents));
        Ok(())
    }

    /// The block without its documents.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.ends.len() + self.records.len());
        bytes.extend(self.taken_in.millis().to_le_bytes());
        bytes.extend((self.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.ends);
        bytes.extend_from_slice(&self.records);
        bytes
    }
}

/// A block, read where it lies.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) taken_in: Instant,
    ends: &'a [u8],
    records: &'a [u8],
}

impl<'a> Block<'a> {
    /// None where the bytes are no block.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (taken_in, rest) = bytes.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let (ends, records) = rest.split_at_checked(count.checked_mul(ENDS)?)?;
        Some(Self {
            taken_in: Instant::from_millis(i64::from_le_bytes(*taken_in)),
            ends,
            records,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len() / ENDS
    }

    /// The alert in that place, from 0; none where the block is shorter.
    pub(super) fn alert(&self, place: usize) -> Option<Result<Alert, postcard::Error>> {
        Some(postcard::from_bytes(self.record(place)?))
    }

    /// The record of the alert in that place, as it lies.
    pub(super) fn record(&self, place: usize) -> Option<&'a [u8]> {
        self.records.get(self.span(place, 0)?)
    }

    /// Where the document of the alert in that place lies among the documents.
    pub(super) fn document(&self, place: usize) -> Option<Range<usize>> {
        self.span(place, 4)
    }

    fn span(&self, place: usize, which: usize) -> Option<Range<usize>> {
        let end = |place: usize| {
            let from = place * ENDS + which;
            let bytes = self.ends.get(from..)?.first_chunk()?;
            usize::try_from(u32::from_le_bytes(*bytes)).ok()
        };
        let to = end(place)?;
        let from = match place.checked_sub(1) {
            Some(before) => end(before)?,
            None => 0,
        };
        Some(from..to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Field, Identity, Severity, Source, Text, TimeBasis};

    fn alert(rule: &str) -> Alert {
        Alert {
            identity: Identity {
                product: Text::capped("EDR", 64),
                id: None,
            },
            format: Source::Ocsf,
            time: Instant::from_millis(7),
            basis: TimeBasis::Event,
            observed: None,
            severity: Severity::High,
            source_severity: Text::capped("4", 64),
            digest: Digest::of(rule.as_bytes()),
            fields: vec![(Field::RuleId, Text::capped(rule, 64))],
            observables: Vec::new(),
        }
    }

    #[test]
    fn each_alert_and_document_is_read_by_itself() {
        let mut building = Building::new(Instant::from_millis(-5));
        let alerts: Vec<Alert> = ["a", "bb", "", "cccc"].map(alert).into();
        for (alert, document) in alerts.iter().zip(["{}", "{\"a\":1}", "", "x"]) {
            building.push(alert, document.as_bytes()).unwrap();
        }
        let bytes = building.bytes();
        let block = Block::read(&bytes).unwrap();
        assert_eq!((block.len(), block.taken_in.millis()), (4, -5));
        for (place, alert) in alerts.iter().enumerate() {
            assert_eq!(&block.alert(place).unwrap().unwrap(), alert);
        }
        let documents: Vec<&[u8]> = (0..4)
            .map(|place| &building.documents[block.document(place).unwrap()])
            .collect();
        assert_eq!(documents, [&b"{}"[..], b"{\"a\":1}", b"", b"x"]);
        assert!(block.alert(4).is_none() && block.document(4).is_none());
    }

    #[test]
    fn bytes_that_are_no_block_are_not_read_as_one() {
        let mut building = Building::new(Instant::from_millis(1));
        building.push(&alert("a"), b"{}").unwrap();
        let bytes = building.bytes();
        for cut in 0..HEAD + ENDS {
            assert!(Block::read(&bytes[..cut]).is_none());
        }
        let cut = Block::read(&bytes[..bytes.len() - 1]).unwrap();
        assert!(cut.alert(0).is_none());
    }
}
