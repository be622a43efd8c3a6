use crate::model::{Instant, RetentionClass};
use crate::written::{At, Key, Table};

pub(super) const RETENTION: &[Key] = &[
    ("raw_days", "raw_days = 400"),
    ("derived_days", "derived_days = 400"),
    ("packet_days", "packet_days = 3650"),
];
/// A hundred years.
const MOST_DAYS: u64 = 36_500;
const DAY_MS: i64 = 86_400_000;

/// How long things are kept after they were taken in; what is not stated is kept for ever.
#[derive(Clone, Debug, Default)]
pub struct Retention {
    raw: Option<u64>,
    derived: Option<u64>,
    packets: Option<u64>,
}

/// What one file states of it.
#[derive(Clone, Debug, Default)]
pub(super) struct RetentionSaid {
    raw: Option<At<u64>>,
    derived: Option<At<u64>>,
    packets: Option<At<u64>>,
}

impl RetentionSaid {
    pub(super) fn read(table: &Table<'_, '_>) -> Option<Self> {
        let days = |key| match table.optional(key) {
            None => Some(None),
            Some(value) => value.integer(1..=MOST_DAYS).map(Some),
        };
        let (raw, derived, packets) = (days("raw_days"), days("derived_days"), days("packet_days"));
        Some(Self {
            raw: raw?,
            derived: derived?,
            packets: packets?,
        })
    }

    pub(super) fn stated(&self, class: RetentionClass) -> Option<At<u64>> {
        match class {
            RetentionClass::Raw => self.raw,
            RetentionClass::Derived => self.derived,
            RetentionClass::Packets => self.packets,
        }
    }
}

impl Retention {
    /// What is kept how many days.
    pub(super) fn of(days: impl Fn(RetentionClass) -> Option<u64>) -> Self {
        Self {
            raw: days(RetentionClass::Raw),
            derived: days(RetentionClass::Derived),
            packets: days(RetentionClass::Packets),
        }
    }

    /// How many days a class is kept; none where for ever.
    pub fn days(&self, class: RetentionClass) -> Option<u64> {
        match class {
            RetentionClass::Raw => self.raw,
            RetentionClass::Derived => self.derived,
            RetentionClass::Packets => self.packets,
        }
    }

    /// What was taken in before this is past its time; none where it is kept for ever.
    pub fn over_before(&self, class: RetentionClass, as_of: Instant) -> Option<Instant> {
        let days = i64::try_from(self.days(class)?).ok()?;
        let back = as_of.millis().checked_sub(days.checked_mul(DAY_MS)?)?;
        Some(Instant::from_millis(back))
    }
}
