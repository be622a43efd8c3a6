use super::Usable;
use crate::model::{Record, Text};
use crate::written::{Place, Problems, Report, quoted};
use std::collections::HashMap;
use std::net::IpAddr;

/// Bytes of a cell that are kept.
const CELL_BYTES: usize = 1_024;
/// Columns a list may have.
const COLUMNS: usize = 64;

/// One entry of a tenant's list of machines, accounts and services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The line of the file it begins on, from 1.
    pub line: u32,
    /// Its name; never empty.
    pub name: Text,
    /// What it is; may be empty.
    pub kind: Text,
    /// Who answers for it; may be empty.
    pub owner: Text,
    /// How much depends on it, in the tenant's words; may be empty.
    pub criticality: Text,
    /// What else the list says, in its column order: each column's name and a cell that is not
    /// empty. Addresses and aliases are among them.
    pub attributes: Vec<(Text, Text)>,
}

impl Asset {
    /// As a citation of it has it.
    pub(crate) fn record(&self) -> Record {
        let record = Record::of("asset")
            .text(self.name.as_str())
            .text(self.kind.as_str())
            .text(self.owner.as_str())
            .text(self.criticality.as_str())
            .count(self.attributes.len());
        let each = self.attributes.iter();
        each.fold(record, |record, (name, value)| {
            record.text(name.as_str()).text(value.as_str())
        })
    }
}

/// A tenant's list: `knowledge/assets.csv`. A missing file is the same as [`Assets::default`].
#[derive(Clone, Debug, Default)]
pub struct Assets {
    list: Vec<Asset>,
    by_key: HashMap<String, Vec<usize>>,
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Kind,
    Owner,
    Criticality,
    Address,
    Aliases,
    Other,
}

impl Column {
    fn of(header: &str) -> Self {
        match header {
            "name" => Self::Name,
            "kind" => Self::Kind,
            "owner" => Self::Owner,
            "criticality" => Self::Criticality,
            "address" => Self::Address,
            "aliases" => Self::Aliases,
            _ => Self::Other,
        }
    }
}

impl Assets {
    /// The file's name in a tenant's `knowledge` folder.
    pub const FILE: &'static str = "assets.csv";
    /// A file to begin with: the columns that are known, and no row.
    pub const TEMPLATE: &'static str = "name,kind,owner,criticality,address,aliases\n";

    /// Parses a list: CSV as RFC 4180 has it, in UTF-8, with a header. Column `name` is required;
    /// `kind`, `owner`, `criticality`, `address` and `aliases` are known (the last two hold several
    /// values separated by `;`); any other column is an attribute. A name may be there more than
    /// once.
    ///
    /// # Errors
    /// Every row that is wrong: too few or too many cells, no name, no UTF-8.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problems> {
        let usable = Self::usable(bytes);
        match usable.problems {
            Some(problems) => Err(problems),
            None => Ok(usable.value.unwrap_or_default()),
        }
    }

    /// As [`Assets::parse`], leaving out the rows that are wrong. Without its header nothing of the
    /// file can be used.
    pub fn usable(bytes: &[u8]) -> Usable<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut report = Report::new(Self::FILE, "");
        let mut lines = Lines {
            bytes,
            at: 0,
            line: 1,
        };
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes)
            .into_byte_records();
        let header = match rows.next() {
            Some(Ok(header)) => read_header(&header, &mut report),
            Some(Err(error)) => {
                report.add_missing(format!("the header cannot be read: {error}"), None);
                None
            }
            None => {
                let help = "write `name,kind,owner,criticality,address,aliases`".to_owned();
                report.add_missing("the header is missing".to_owned(), Some(help));
                None
            }
        };
        let Some(columns) = header else {
            let (value, problems) = report.ended(None);
            return Usable { value, problems };
        };
        let mut assets = Self::default();
        for row in rows {
            match row {
                Ok(row) => {
                    let line = lines.of(row.position());
                    assets.take(line, &row, &columns, &mut report);
                }
                Err(error) => {
                    let line = lines.of(error.position());
                    report.add(at(line), format!("the row cannot be read: {error}"), None);
                }
            }
        }
        let (value, problems) = report.ended(Some(assets));
        Usable { value, problems }
    }

    /// The entries that carry the key as a name, an address or an alias, in the list's order.
    /// Letters are compared without case and addresses by value.
    pub fn lookup(&self, key: &str) -> impl Iterator<Item = &Asset> {
        let found = self.by_key.get(&folded(key));
        let numbers = found.into_iter().flatten();
        numbers.filter_map(|number| self.list.get(*number))
    }

    /// All entries, in the list's order.
    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.list.iter()
    }

    fn take(
        &mut self,
        line: u32,
        row: &csv::ByteRecord,
        columns: &[(Column, Text)],
        report: &mut Report<'_>,
    ) {
        if row.len() != columns.len() {
            let message = format!(
                "the row has {} cells, the header {}",
                row.len(),
                columns.len()
            );
            let help = "put a cell that holds a comma or a line break in double quotes";
            report.add(at(line), message, Some(help.to_owned()));
            return;
        }
        let mut asset = Asset {
            line,
            name: Text::default(),
            kind: Text::default(),
            owner: Text::default(),
            criticality: Text::default(),
            attributes: Vec::new(),
        };
        let mut keys = Vec::new();
        for (cell, (column, header)) in row.iter().zip(columns) {
            let Ok(cell) = str::from_utf8(cell) else {
                let message = format!("the cell of `{header}` is not UTF-8");
                report.add(at(line), message, None);
                return;
            };
            let raw = cell.trim();
            let cell = Text::capped(raw, CELL_BYTES);
            match column {
                Column::Name => {
                    keys.push(folded(cell.as_str()));
                    asset.name = cell;
                }
                Column::Kind => asset.kind = cell,
                Column::Owner => asset.owner = cell,
                Column::Criticality => asset.criticality = cell,
                Column::Address | Column::Aliases => {
                    let shown = |key| folded(Text::capped(key, CELL_BYTES).as_str());
                    keys.extend(raw.split(';').map(shown));
                    asset.add_attribute(header, cell);
                }
                Column::Other => asset.add_attribute(header, cell),
            }
        }
        if asset.name.is_empty() {
            report.add(at(line), "the row has no `name`".to_owned(), None);
            return;
        }
        keys.retain(|key| !key.is_empty());
        keys.sort();
        keys.dedup();
        for key in keys {
            self.by_key.entry(key).or_default().push(self.list.len());
        }
        self.list.push(asset);
    }
}

impl Asset {
    fn add_attribute(&mut self, header: &Text, cell: Text) {
        if !cell.is_empty() {
            self.attributes.push((header.clone(), cell));
        }
    }
}

fn read_header(row: &csv::ByteRecord, report: &mut Report<'_>) -> Option<Vec<(Column, Text)>> {
    let mut columns: Vec<(Column, Text)> = Vec::new();
    let mut is_sound = true;
    if row.len() > COLUMNS {
        let message = format!("the header has {} columns, more than {COLUMNS}", row.len());
        report.add_missing(message, None);
        return None;
    }
    for cell in row {
        let Ok(cell) = str::from_utf8(cell) else {
            report.add_missing("the header is not UTF-8".to_owned(), None);
            return None;
        };
        let name = cell.trim().to_lowercase();
        let shown = quoted(&name);
        if name.is_empty() {
            is_sound = false;
            report.add_missing("a column has no name".to_owned(), None);
        } else if columns.iter().any(|(_, other)| *other == shown) {
            is_sound = false;
            report.add_missing(format!("column `{shown}` is there twice"), None);
        }
        columns.push((Column::of(&name), shown));
    }
    if !columns.iter().any(|(column, _)| *column == Column::Name) {
        is_sound = false;
        report.add_missing(
            "column `name` is missing".to_owned(),
            Some("write `name` into the first line".to_owned()),
        );
    }
    is_sound.then_some(columns)
}

/// The form in which keys are compared: an address by its value, else the text as a module gets to
/// see it, without case.
fn folded(key: &str) -> String {
    let key = key.trim();
    match key.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => key.to_lowercase(),
    }
}

/// Counts lines as an editor does. (The reader's own count is one less behind `\r\n`.)
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the first byte of a row; rows are asked for in order.
    fn of(&mut self, row: Option<&csv::Position>) -> u32 {
        let start = row.and_then(|r| usize::try_from(r.byte()).ok());
        let start = start.unwrap_or(self.at);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let blank = rest
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        let passed = self.bytes.get(self.at..start + blank).unwrap_or_default();
        let breaks = passed.iter().filter(|b| **b == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.at = start + blank;
        self.line
    }
}

fn at(line: u32) -> Place {
    Place { line, column: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\u{feff}Name,kind,owner,address,aliases,site\r\n\
        web-01,server,Ada,10.0.0.1;2001:db8::1,www;portal,\"Bonn, 2nd floor\"\r\n\
        WEB-01,vm,,10.0.0.9,,\r\n\
        svc\u{202e}x,account,,,,\r\n";

    fn lines(assets: &Assets, key: &str) -> Vec<u32> {
        assets.lookup(key).map(|asset| asset.line).collect()
    }

    #[test]
    fn an_entry_is_found_by_name_address_and_alias_without_case() {
        let assets = Assets::parse(LIST.as_bytes()).unwrap();
        assert_eq!(lines(&assets, "Web-01"), [2, 3]);
        assert_eq!(lines(&assets, "PORTAL"), [2]);
        assert_eq!(lines(&assets, "10.0.0.9"), [3]);
        assert_eq!(lines(&assets, "::ffff:10.0.0.9"), [3]);
        assert_eq!(lines(&assets, "2001:0DB8:0::1"), [2]);
        assert_eq!(lines(&assets, "server"), [] as [u32; 0]);
        assert_eq!(lines(&assets, ""), [] as [u32; 0]);
    }

    #[test]
    fn what_a_list_says_beyond_the_known_columns_is_an_attribute() {
        let assets = Assets::parse(LIST.as_bytes()).unwrap();
        let first = assets.iter().next().unwrap();
        let attributes: Vec<_> = first
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            attributes,
            [
                ("address", "10.0.0.1;2001:db8::1"),
                ("aliases", "www;portal"),
                ("site", "Bonn, 2nd floor")
            ]
        );
    }

    #[test]
    fn a_cell_is_shown_and_never_obeyed() {
        let assets = Assets::parse(LIST.as_bytes()).unwrap();
        let last = assets.iter().last().unwrap();
        assert_eq!(last.name.as_str(), "svc\\u{202e}x");
        assert_eq!(lines(&assets, "svc\\u{202e}x"), [4]);
    }

    #[test]
    fn rows_that_are_wrong_are_left_out_and_a_header_that_is_wrong_leaves_nothing() {
        let usable = Assets::usable(b"name,owner\na,b\nc\n\xff,e\nf,g\n");
        let names = usable.value.unwrap();
        let names: Vec<&str> = names.iter().map(|asset| asset.name.as_str()).collect();
        assert_eq!(names, ["a", "f"]);
        assert_eq!(usable.problems.unwrap().count(), 2);
        for wrong in [
            &b"name,name\nx,y\n"[..],
            b"owner\nx\n",
            b"",
            b"name,\xff\na,b\n",
        ] {
            let usable = Assets::usable(wrong);
            assert!(usable.value.is_none() && usable.problems.is_some());
        }
    }

    #[test]
    fn every_bad_row_is_reported_with_its_line() {
        let bad = b"name,owner\na,b\nc\n,d\n\xff,e\nf,g,h\n\"two\nlines\",i\n,j\n";
        let problems = Assets::parse(bad).unwrap_err();
        let lines: Vec<u32> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 9], "{problems}");
        for no_header in ["", "owner\nx\n", "name,name\nx,y\n"] {
            assert!(Assets::parse(no_header.as_bytes()).is_err(), "{no_header}");
        }
    }
}
