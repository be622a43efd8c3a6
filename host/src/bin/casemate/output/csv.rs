//! The one writer of CSV.

use std::borrow::Cow;
use std::io::Write;

/// Writes rows that a spreadsheet shows and does not run.
pub(crate) struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    pub(crate) fn to(out: W) -> Self {
        Self(csv::Writer::from_writer(out))
    }

    pub(crate) fn row<T: AsRef<str>>(
        &mut self,
        cells: impl IntoIterator<Item = T>,
    ) -> anyhow::Result<()> {
        for cell in cells {
            let cell = plain(cell.as_ref());
            self.0.write_field(cell.as_bytes()).map_err(unwrapped)?;
        }
        // Ends the row that was begun.
        self.0.write_record(None::<&[u8]>).map_err(unwrapped)
    }

    pub(crate) fn end(self) -> anyhow::Result<()> {
        let mut out = self.0.into_inner().map_err(|e| e.into_error())?;
        Ok(out.flush()?)
    }
}

/// A cell that no spreadsheet takes for a formula: what begins like one gets a `'` before it, as OWASP's
/// page on CSV injection says.
fn plain(cell: &str) -> Cow<'_, str> {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{cell}"))
        }
        Some(_) | None => Cow::Borrowed(cell),
    }
}

/// The io error inside, so that a closed pipe is recognised.
fn unwrapped(error: csv::Error) -> anyhow::Error {
    let text = error.to_string();
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        return error.into();
    }
    anyhow::anyhow!("the line could not be written: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_text() {
        let mut bytes = Vec::new();
        let mut out = Csv::to(&mut bytes);
        for cell in [
            "=1+1", "+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "a=b", "", "acme/1",
        ] {
            out.row([cell, "x"]).unwrap();
        }
        out.end().unwrap();
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice());
        let rows: Vec<String> = rows.records().map(|r| r.unwrap()[0].to_owned()).collect();
        let want = [
            "'=1+1", "'+1", "'-2+3", "'@SUM(1)", "'\t=1", "'\r=1", "a=b", "", "acme/1",
        ];
        assert_eq!(rows, want);
    }
}
