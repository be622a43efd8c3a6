use crate::field::{Field, FieldName};
use crate::{AlertNumber, Evidence, Instant, ObservableKind};

/// Alerts as they cross: a table of distinct strings, and rows of indices into it.
pub use crate::bindings::imports::casemate::soc::types::Alerts;

/// The alerts of a run, read where they lie. Nothing is copied or decoded before it's asked for.
#[derive(Clone, Debug)]
pub struct Batch {
    alerts: Alerts,
    place: [Option<usize>; Field::ALL.len()],
}

/// One alert of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    batch: &'a Batch,
    row: usize,
}

/// A value of an alert that one can pivot on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observable<'a> {
    /// Its type.
    pub kind: ObservableKind,
    /// Its text.
    pub value: &'a str,
    /// Equal values of a batch have equal keys.
    pub key: u32,
}

impl From<Alerts> for Batch {
    fn from(alerts: Alerts) -> Self {
        let mut place = [None; Field::ALL.len()];
        for (i, column) in alerts.columns.iter().enumerate() {
            if let Some(slot) = Field::of(&column.name).and_then(|f| place.get_mut(f as usize)) {
                *slot = Some(i);
            }
        }
        Self { alerts, place }
    }
}

impl Batch {
    /// How many alerts it has.
    pub const fn len(&self) -> usize {
        self.alerts.numbers.len()
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.alerts.numbers.is_empty()
    }

    /// The alert in that row, from 0.
    pub const fn alert(&self, row: usize) -> Option<Alert<'_>> {
        if row < self.len() {
            Some(Alert { batch: self, row })
        } else {
            None
        }
    }

    /// The alerts in row order: by running number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Alert<'_>> + Clone {
        (0..self.len()).map(move |row| Alert { batch: self, row })
    }

    /// Whether the field arrives at all; if not, the boundary withholds it or the module didn't ask.
    pub fn has(&self, field: Field) -> bool {
        self.column(field).is_some()
    }

    /// The string keys of a field, one a row; none where the field is withheld.
    pub fn column(&self, field: Field) -> Option<&[u32]> {
        let place = (*self.place.get(field as usize)?)?;
        Some(&self.alerts.columns.get(place)?.values)
    }

    /// The same for any field that crosses, one of a later list too.
    pub fn column_named(&self, name: &FieldName) -> Option<&[u32]> {
        let column = self.alerts.columns.iter().find(|c| c.name == *name)?;
        Some(&column.values)
    }

    /// The text of a string key; empty for 0, the absent value.
    pub fn text(&self, key: u32) -> &str {
        let i = key as usize;
        let ends = &self.alerts.ends;
        match (i.checked_sub(1).and_then(|j| ends.get(j)), ends.get(i)) {
            (Some(&from), Some(&to)) => self
                .alerts
                .text
                .get(from as usize..to as usize)
                .unwrap_or_default(),
            _ => "",
        }
    }

    /// How many string keys there are: each key is less than this.
    pub const fn strings(&self) -> usize {
        self.alerts.ends.len()
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = Alert<'a>;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        Rows {
            batch: self,
            row: 0,
        }
    }
}

/// The alerts of a batch in row order.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    batch: &'a Batch,
    row: usize,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Alert<'a>;

    fn next(&mut self) -> Option<Alert<'a>> {
        let alert = self.batch.alert(self.row)?;
        self.row += 1;
        Some(alert)
    }
}

impl<'a> Alert<'a> {
    /// Its row in the batch, from 0.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// Its evidence id in this run.
    pub fn evidence(&self) -> Evidence {
        Evidence::try_from(self.row).unwrap_or(Evidence::MAX)
    }

    /// The tenant's running number of it.
    pub fn number(&self) -> AlertNumber {
        self.batch
            .alerts
            .numbers
            .get(self.row)
            .copied()
            .unwrap_or(0)
    }

    /// When it happened, by its source.
    pub fn time(&self) -> Instant {
        self.batch.alerts.times.get(self.row).copied().unwrap_or(0)
    }

    /// A string key: equal texts of a batch have equal keys, so that comparing and hashing need no
    /// text. 0 is absent or withheld.
    pub fn key(&self, field: Field) -> u32 {
        self.batch
            .column(field)
            .and_then(|c| c.get(self.row))
            .copied()
            .unwrap_or(0)
    }

    /// The text of a field; empty where absent or withheld.
    pub fn get(&self, field: Field) -> &'a str {
        self.batch.text(self.key(field))
    }

    /// The detector's stable id.
    pub fn rule_id(&self) -> &'a str {
        self.get(Field::RuleId)
    }

    /// The detector's title.
    pub fn rule_name(&self) -> &'a str {
        self.get(Field::RuleName)
    }

    /// The machine it is about.
    pub fn host_name(&self) -> &'a str {
        self.get(Field::HostName)
    }

    /// The account it is about.
    pub fn user_name(&self) -> &'a str {
        self.get(Field::UserName)
    }

    /// Its observables; empty where withheld.
    pub fn observables(&self) -> impl Iterator<Item = Observable<'a>> + use<'a> {
        let (batch, row) = (self.batch, self.row);
        let all = batch.alerts.observables.as_slice();
        let from = all.partition_point(|o| (o.alert as usize) < row);
        all.iter()
            .skip(from)
            .take_while(move |o| o.alert as usize == row)
            .map(move |o| Observable {
                kind: o.kind,
                value: batch.text(o.value),
                key: o.value,
            })
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::BatchBuilder;

    #[test]
    fn equal_texts_have_equal_keys_and_absent_ones_are_0() {
        let mut b = BatchBuilder::new(&[Field::RuleId, Field::HostName]);
        b.alert(1, 10)
            .set(Field::RuleId, "r")
            .set(Field::HostName, "h");
        b.alert(2, 20)
            .set(Field::RuleId, "r")
            .set(Field::UserName, "withheld");
        b.observable(ObservableKind::Host, "h");
        let batch = b.build();
        let rows: Vec<_> = batch.iter().collect();
        assert_eq!(rows[0].key(Field::RuleId), rows[1].key(Field::RuleId));
        assert_eq!(rows[1].key(Field::HostName), 0);
        assert_eq!(
            (rows[1].get(Field::HostName), rows[1].user_name()),
            ("", "")
        );
        assert_eq!(
            (rows[0].host_name(), rows[1].number(), rows[1].time()),
            ("h", 2, 20)
        );
        assert_eq!(rows[0].observables().count(), 0);
        let seen: Vec<_> = rows[1].observables().collect();
        assert_eq!(
            (seen[0].value, seen[0].key),
            ("h", rows[0].key(Field::HostName))
        );
        assert!(!batch.has(Field::UserName));
    }

    #[test]
    fn a_malformed_table_reads_as_empty_text() {
        let alerts = Alerts {
            text: "ä".to_owned(),
            ends: vec![0, 1, 900],
            numbers: vec![1],
            times: Vec::new(),
            columns: Vec::new(),
            observables: Vec::new(),
        };
        let batch = Batch::from(alerts);
        assert_eq!(
            [batch.text(0), batch.text(1), batch.text(2), batch.text(3)],
            [""; 4]
        );
        assert_eq!(batch.alert(0).map(|a| a.time()), Some(0));
    }
}
