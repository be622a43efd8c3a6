use std::collections::HashMap;

use crate::bindings::imports::casemate::soc::types::{Column, Observable};
use crate::{AlertNumber, Alerts, Batch, Field, Instant, ObservableKind};

/// Makes a [`Batch`] on any machine, as the host would: for tests, benchmarks and native use.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    alerts: Alerts,
    fields: Vec<Field>,
    keys: HashMap<String, u32>,
}

impl BatchBuilder {
    /// An empty batch that has these fields; all others are withheld.
    pub fn new(fields: &[Field]) -> Self {
        Self {
            alerts: Alerts {
                text: String::new(),
                ends: vec![0],
                numbers: Vec::new(),
                times: Vec::new(),
                columns: fields
                    .iter()
                    .map(|f| Column {
                        name: (*f).into(),
                        values: Vec::new(),
                    })
                    .collect(),
                observables: Vec::new(),
            },
            fields: fields.to_vec(),
            keys: HashMap::new(),
        }
    }

    /// Adds an alert; what follows is about it. Numbers must ascend.
    pub fn alert(&mut self, number: AlertNumber, time: Instant) -> &mut Self {
        self.alerts.numbers.push(number);
        self.alerts.times.push(time);
        for column in &mut self.alerts.columns {
            column.values.push(0);
        }
        self
    }

    /// Sets a field of the latest alert; nothing happens where the field is withheld.
    pub fn set(&mut self, field: Field, text: &str) -> &mut Self {
        let Some(place) = self.fields.iter().position(|f| *f == field) else {
            return self;
        };
        let key = self.key(text);
        if let Some(value) = self
            .alerts
            .columns
            .get_mut(place)
            .and_then(|c| c.values.last_mut())
        {
            *value = key;
        }
        self
    }

    /// Adds an observable of the latest alert.
    pub fn observable(&mut self, kind: ObservableKind, text: &str) -> &mut Self {
        let value = self.key(text);
        if let Some(row) = self.alerts.numbers.len().checked_sub(1) {
            let alert = u32::try_from(row).unwrap_or(u32::MAX);
            self.alerts
                .observables
                .push(Observable { alert, kind, value });
        }
        self
    }

    /// The batch.
    pub fn build(self) -> Batch {
        Batch::from(self.alerts)
    }

    fn key(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(key) = self.keys.get(text) {
            return *key;
        }
        self.alerts.text.push_str(text);
        let key = u32::try_from(self.alerts.ends.len()).unwrap_or(0);
        self.alerts
            .ends
            .push(u32::try_from(self.alerts.text.len()).unwrap_or(u32::MAX));
        self.keys.insert(text.to_owned(), key);
        key
    }
}
