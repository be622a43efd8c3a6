//! The bytes of a record that a citation's digest is of, as `trail/FORMAT.md` says: anybody who holds the
//! record can make them and compare. They are named by a version, and none of them is what a compiler
//! or a derive makes of a type.

use super::{Citation, Digest, Enrichment, Evidence, Group, Standing, Statement};

/// What the bytes of every record begin with.
const FORM: &str = "casemate.record/v1";

/// A record as bytes: texts after their length, numbers in eight bytes, lists after their count.
pub(crate) struct Record(Vec<u8>);

impl Record {
    pub(crate) fn of(kind: &str) -> Self {
        Self(Vec::new()).text(FORM).text(kind)
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut record = self.count(bytes.len());
        record.0.extend_from_slice(bytes);
        record
    }

    /// Of a list or a text that follows.
    pub(crate) fn count(self, count: usize) -> Self {
        self.natural(count as u64)
    }

    pub(crate) fn natural(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// As a two's complement.
    pub(crate) fn integer(mut self, number: i64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    fn citation(self, citation: &Citation) -> Self {
        let record = match &citation.evidence {
            Evidence::Alert(number) => self.text("alert").natural(*number),
            Evidence::Group(number) => self.text("group").natural(*number),
            Evidence::Earlier(number) => self.text("earlier").natural(*number),
            Evidence::Asset(line) => self.text("asset").natural(u64::from(*line)),
            Evidence::Fact(id) => self.text("fact").text(id),
            Evidence::Enrichment(alert, place) => self
                .text("enrichment")
                .natural(*alert)
                .natural(u64::from(*place)),
            Evidence::Gap(text) => self.text("gap").text(text),
        };
        record.bytes(citation.digest.as_bytes())
    }
}

impl Group {
    /// As a citation of it has it.
    pub(crate) fn record(&self) -> Record {
        let standing = match self.standing {
            Standing::Open => "open",
            Standing::Routine => "routine",
        };
        Record::of("group")
            .natural(self.number)
            .text(standing)
            .natural(self.count)
            .integer(self.first.millis())
            .integer(self.last.millis())
            .natural(u64::from(self.severity.ocsf_id()))
    }
}

impl Enrichment {
    /// As a citation of it has it.
    pub(crate) fn record(&self) -> Record {
        let kind = match self.kind {
            Statement::Asset => "asset",
            Statement::KnownGood => "known-good",
            Statement::ExpiredKnownGood => "expired-known-good",
            Statement::Note => "note",
        };
        let record = Record::of("enrichment")
            .natural(self.alert)
            .natural(self.group)
            .natural(self.repeats)
            .text(kind)
            .text(self.text.as_str())
            .text(self.module.as_str())
            .count(self.citations.len());
        self.citations.iter().fold(record, Record::citation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Instant, ModuleName, Severity, Text};

    const PAGE: &str = include_str!("../trail/FORMAT.md");

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The page's example of a record: the bytes of its lines before the `|`, and its digest.
    fn example(kind: &str) -> (String, String) {
        let (_, block) = PAGE.split_once(&format!("```record {kind}\n")).unwrap();
        let (block, rest) = block.split_once("```").unwrap();
        let bytes = block.lines().filter_map(|line| line.split_once('|'));
        let bytes = bytes.map(|(bytes, _)| bytes.replace(' ', "")).collect();
        let (_, digest) = rest.split_once("sha256:").unwrap();
        (bytes, digest[..64].to_owned())
    }

    fn group() -> Group {
        Group {
            number: 7,
            standing: Standing::Open,
            count: 3,
            first: Instant::from_millis(1_795_000_000_000),
            last: Instant::from_millis(1_795_000_060_000),
            severity: Severity::High,
        }
    }

    fn enrichment() -> Enrichment {
        Enrichment {
            alert: 7,
            group: 7,
            repeats: 3,
            kind: Statement::Asset,
            text: Text::capped("db-1 is a server", 100),
            module: ModuleName::parse("assets").unwrap(),
            citations: vec![Citation {
                evidence: Evidence::Asset(2),
                digest: Digest::of(b"an asset"),
            }],
        }
    }

    #[test]
    fn the_bytes_of_a_record_are_those_of_the_page() {
        for (kind, record) in [
            ("group", group().record()),
            ("enrichment", enrichment().record()),
        ] {
            let (bytes, digest) = example(kind);
            assert_eq!(hex(&record.0), bytes, "{kind}");
            assert_eq!(record.digest(), Digest::parse(&digest).unwrap(), "{kind}");
        }
    }

    #[test]
    fn every_part_of_a_record_changes_its_digest() {
        let other = |change: fn(&mut Enrichment)| {
            let mut one = enrichment();
            change(&mut one);
            one.record().digest()
        };
        let all = [
            other(|_| {}),
            other(|e| e.alert = 8),
            other(|e| e.group = 8),
            other(|e| e.repeats = 4),
            other(|e| e.kind = Statement::Note),
            other(|e| e.text = Text::capped("db-1 is a serve", 100)),
            other(|e| e.module = ModuleName::parse("asset").unwrap()),
            other(|e| e.citations.clear()),
            other(|e| e.citations[0].evidence = Evidence::Alert(2)),
            other(|e| e.citations[0].digest = Digest::of(b"another")),
            group().record().digest(),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
