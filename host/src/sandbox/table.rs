//! A batch of alerts as the table of `wit/types.wit`: what a module asked for AND what the boundary
//! shows, and nothing else. Withheld fields are dropped here, before anything enters a sandbox.

use super::bindings::types;
use crate::model::{Alert, AlertNumber, Field, FieldSet, ObservableKind, Text};
use std::collections::HashMap;

/// One row of a batch.
pub(crate) type Row<'a> = (AlertNumber, &'a Alert);

/// The table of these alerts with these fields. Rows keep their order.
pub(crate) fn project(rows: &[Row<'_>], fields: FieldSet) -> types::Alerts {
    let mut strings = Strings::default();
    let mut columns = Vec::new();
    // An alert's fields are in the order of the list, as the columns are: one pass over each alert.
    let mut rest: Vec<&[(Field, Text)]> = rows.iter().map(|(_, a)| a.fields.as_slice()).collect();
    for field in fields.iter().filter(|f| *f != Field::Observables) {
        // A source repeats itself: what the row before has needs no looking up.
        let mut last = ("", 0);
        let values = rows.iter().zip(&mut rest).map(|((_, alert), rest)| {
            let value = if field == Field::Severity {
                alert.severity.word()
            } else {
                next(rest, field)
            };
            if value != last.0 {
                last = (value, strings.index(value));
            }
            last.1
        });
        columns.push(types::Column {
            name: wit_field(field),
            values: values.collect(),
        });
    }
    let mut observables = Vec::new();
    if fields.contains(Field::Observables) {
        for (row, (_, alert)) in rows.iter().enumerate() {
            for observable in &alert.observables {
                if shows(alert, fields, observable.field, observable.value.as_str()) {
                    observables.push(types::Observable {
                        alert: row as u32,
                        kind: wit_kind(observable.kind),
                        value: strings.index(observable.value.as_str()),
                    });
                }
            }
        }
    }
    types::Alerts {
        numbers: rows.iter().map(|(number, _)| *number).collect(),
        times: rows.iter().map(|(_, alert)| alert.time.millis()).collect(),
        columns,
        observables,
        text: strings.text,
        ends: strings.ends,
    }
}

/// The field's value, from fields in the order of the list, of which those before it are done with.
fn next<'a>(rest: &mut &'a [(Field, Text)], field: Field) -> &'a str {
    while let [(found, value), more @ ..] = *rest {
        if *found > field {
            break;
        }
        *rest = more;
        if *found == field {
            return value.as_str();
        }
    }
    ""
}

/// An observable is shown where its own field is, and never where its value is that of a field that
/// is withheld: a source's own list may repeat a host name that the boundary withholds.
fn shows(alert: &Alert, fields: FieldSet, own: Option<Field>, value: &str) -> bool {
    own.is_none_or(|field| fields.contains(field))
        && !alert
            .fields
            .iter()
            .any(|(f, v)| !fields.contains(*f) && v.as_str() == value)
}

struct Strings<'a> {
    text: String,
    ends: Vec<u32>,
    seen: HashMap<&'a str, u32>,
}

impl Default for Strings<'_> {
    fn default() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
            seen: HashMap::new(),
        }
    }
}

impl<'a> Strings<'a> {
    fn index(&mut self, value: &'a str) -> u32 {
        if value.is_empty() {
            return 0;
        }
        *self.seen.entry(value).or_insert_with(|| {
            self.text.push_str(value);
            self.ends.push(self.text.len() as u32);
            (self.ends.len() - 1) as u32
        })
    }
}

fn wit_kind(kind: ObservableKind) -> types::ObservableKind {
    match kind {
        ObservableKind::Ip => types::ObservableKind::Ip,
        ObservableKind::Domain => types::ObservableKind::Domain,
        ObservableKind::Hash => types::ObservableKind::Hash,
        ObservableKind::User => types::ObservableKind::User,
        ObservableKind::Host => types::ObservableKind::Host,
        ObservableKind::Process => types::ObservableKind::Process,
        ObservableKind::Url => types::ObservableKind::Url,
    }
}

/// The field's name in the contract.
pub(crate) fn wit_field(field: Field) -> types::Field {
    match field {
        Field::Product => types::Field::Product,
        Field::Severity => types::Field::Severity,
        Field::RuleId => types::Field::RuleId,
        Field::RuleName => types::Field::RuleName,
        Field::RuleCategory => types::Field::RuleCategory,
        Field::RuleTechnique => types::Field::RuleTechnique,
        Field::HostName => types::Field::HostName,
        Field::HostIp => types::Field::HostIp,
        Field::UserName => types::Field::UserName,
        Field::ProcessName => types::Field::ProcessName,
        Field::ProcessPath => types::Field::ProcessPath,
        Field::ProcessHash => types::Field::ProcessHash,
        Field::ProcessCommandLine => types::Field::ProcessCommandLine,
        Field::ProcessParent => types::Field::ProcessParent,
        Field::SourceIp => types::Field::SourceIp,
        Field::SourcePort => types::Field::SourcePort,
        Field::DestinationIp => types::Field::DestinationIp,
        Field::DestinationPort => types::Field::DestinationPort,
        Field::Protocol => types::Field::Protocol,
        Field::Url => types::Field::Url,
        Field::Domain => types::Field::Domain,
        Field::FilePath => types::Field::FilePath,
        Field::FileHash => types::Field::FileHash,
        Field::Message => types::Field::Message,
        // A list of its own in the table; as a condition's field it has no column.
        Field::Observables => types::Field::Other("observables".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Identity, Instant, Observable, Severity, Source, Text, TimeBasis};

    fn text(value: &str) -> Text {
        Text::capped(value, 512)
    }

    fn alert() -> Alert {
        let observable = |kind, value, field| Observable {
            kind,
            value: text(value),
            field,
        };
        Alert {
            identity: Identity {
                product: text("EDR"),
                id: None,
            },
            format: Source::Eve,
            time: Instant::from_millis(7),
            basis: TimeBasis::Event,
            observed: None,
            severity: Severity::High,
            source_severity: text("4"),
            digest: Digest::of(b"x"),
            fields: vec![
                (Field::RuleId, text("r1")),
                (Field::HostName, text("db-1")),
                (Field::UserName, text("amelie")),
            ],
            observables: vec![
                observable(ObservableKind::Host, "db-1", Some(Field::HostName)),
                observable(ObservableKind::User, "amelie", Some(Field::UserName)),
                observable(ObservableKind::Host, "db-1", None),
                observable(ObservableKind::Ip, "192.0.2.1", None),
            ],
        }
    }

    fn everything_in(table: &types::Alerts) -> String {
        format!("{table:?}")
    }

    #[test]
    fn what_is_withheld_is_nowhere_in_the_table() {
        let alert = alert();
        let fields = FieldSet::all().without(FieldSet::from_iter([Field::HostName]));
        let table = project(&[(1, &alert)], fields);
        assert!(!everything_in(&table).contains("db-1"));
        assert!(table.text.contains("192.0.2.1") && table.text.contains("amelie"));
    }

    #[test]
    fn each_distinct_string_crosses_once() {
        let alert = alert();
        let rows: Vec<Row<'_>> = (1..=100).map(|n| (n, &alert)).collect();
        let table = project(&rows, FieldSet::all());
        assert_eq!(table.text.matches("amelie").count(), 1);
        assert_eq!(table.numbers.len(), 100);
        assert!(table.columns.iter().all(|c| c.values.len() == 100));
        assert_eq!(table.ends.last().copied(), Some(table.text.len() as u32));
    }

    #[test]
    fn every_column_has_each_alerts_own_value_or_none() {
        let (full, mut bare) = (alert(), alert());
        bare.fields.retain(|(field, _)| *field == Field::UserName);
        bare.severity = Severity::Low;
        let rows = [(1, &full), (2, &bare), (3, &full), (4, &full)];
        for fields in [
            FieldSet::all(),
            FieldSet::from_iter([Field::Severity, Field::UserName, Field::Message]),
        ] {
            let table = project(&rows, fields);
            let text = |index: u32| {
                let at = |i: u32| table.ends[i as usize] as usize;
                table.text[at(index.max(1) - 1)..at(index)].to_owned()
            };
            let names = fields.iter().filter(|f| *f != Field::Observables);
            for (field, column) in names.zip(&table.columns) {
                for ((_, alert), value) in rows.iter().zip(&column.values) {
                    let value = if *value == 0 {
                        String::new()
                    } else {
                        text(*value)
                    };
                    assert_eq!(value, alert.field(field).unwrap_or(""), "{field}");
                }
            }
        }
    }

    #[test]
    fn no_field_at_all_still_has_numbers_and_times() {
        let alert = alert();
        let table = project(&[(1, &alert)], FieldSet::default());
        assert_eq!((table.numbers, table.times), (vec![1], vec![7]));
        assert!(table.columns.is_empty() && table.observables.is_empty() && table.text.is_empty());
    }
}
