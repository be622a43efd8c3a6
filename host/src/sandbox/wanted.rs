use crate::written::{Key, Value};

/// Bounds of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct GrantedLimits {
    /// Linear memory, in MiB.
    pub memory_mib: u32,
    /// Wall clock of the whole run, in milliseconds.
    pub deadline_ms: u32,
    /// Calls of the module to capabilities.
    pub host_calls: u32,
}

/// The limits that somebody wrote; what is not written is left to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct WantedLimits {
    /// Linear memory, in MiB.
    pub memory_mib: Option<u32>,
    /// Wall clock of the whole run, in milliseconds.
    pub deadline_ms: Option<u32>,
    /// Calls of the module to capabilities.
    pub host_calls: Option<u32>,
}

pub(super) const KEYS: &[Key] = &[
    ("memory_mib", "memory_mib = 64"),
    ("deadline_ms", "deadline_ms = 5000"),
    ("host_calls", "host_calls = 1024"),
];

impl GrantedLimits {
    /// What a module gets that states nothing.
    pub const DEFAULT: Self = Self {
        memory_mib: 64,
        deadline_ms: 5_000,
        host_calls: 1_024,
    };

    /// What a module can ask for at most.
    pub const MAX: Self = Self {
        memory_mib: 512,
        deadline_ms: 60_000,
        host_calls: 65_536,
    };

    /// The default, replaced by what the module asks for, lowered to what the grant says.
    pub(crate) fn of(asked: WantedLimits, granted: WantedLimits) -> Self {
        let bound = |asked: Option<u32>, default: u32, granted: Option<u32>, max: u32| {
            let wanted = asked.unwrap_or(default).min(max);
            granted.map_or(wanted, |granted| wanted.min(granted))
        };
        let (default, max) = (Self::DEFAULT, Self::MAX);
        Self {
            memory_mib: bound(
                asked.memory_mib,
                default.memory_mib,
                granted.memory_mib,
                max.memory_mib,
            ),
            deadline_ms: bound(
                asked.deadline_ms,
                default.deadline_ms,
                granted.deadline_ms,
                max.deadline_ms,
            ),
            host_calls: bound(
                asked.host_calls,
                default.host_calls,
                granted.host_calls,
                max.host_calls,
            ),
        }
    }
}

impl WantedLimits {
    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads a table of limits, each from 1 to the host's maximum.
    pub(super) fn read(value: &Value<'_, '_>) -> Option<Self> {
        let table = value.table(KEYS)?;
        let read = |key, max: u32| match table.optional(key) {
            None => Some(None),
            Some(value) => {
                let bound = value.integer(1..=u64::from(max))?;
                u32::try_from(bound.value).ok().map(Some)
            }
        };
        let memory_mib = read("memory_mib", GrantedLimits::MAX.memory_mib);
        let deadline_ms = read("deadline_ms", GrantedLimits::MAX.deadline_ms);
        let host_calls = read("host_calls", GrantedLimits::MAX.host_calls);
        Some(Self {
            memory_mib: memory_mib?,
            deadline_ms: deadline_ms?,
            host_calls: host_calls?,
        })
    }

    /// The pairs that are written, in the order of the keys.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let values = [self.memory_mib, self.deadline_ms, self.host_calls];
        let keys = KEYS.iter().map(|(key, _)| *key);
        keys.zip(values)
            .filter_map(|(key, value)| Some((key, value?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_lowers_a_limit_and_never_raises_it() {
        let wanted = |mib| WantedLimits {
            memory_mib: mib,
            ..WantedLimits::default()
        };
        let mib = |asked, granted| GrantedLimits::of(wanted(asked), wanted(granted)).memory_mib;
        assert_eq!(mib(None, None), 64);
        assert_eq!(mib(Some(128), None), 128);
        assert_eq!(mib(Some(128), Some(32)), 32);
        assert_eq!(mib(Some(128), Some(512)), 128);
        assert_eq!(mib(Some(9_999), None), 512);
    }
}
