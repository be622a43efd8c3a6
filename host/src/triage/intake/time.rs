//! Times as the sources write them.

use super::reason::Reason;
use crate::model::{Instant, Text};

/// 2201-01-01T00:00:00Z in milliseconds: times from here on are a fault of the source.
const TOO_LATE_MS: i64 = 7_289_654_400_000;

fn plausible(field: &'static str, given: &str, time: Option<Instant>) -> Result<Instant, Reason> {
    time.filter(|time| (0..TOO_LATE_MS).contains(&time.millis()))
        .ok_or_else(|| Reason::Time {
            field,
            given: Text::capped(given, 80),
        })
}

/// A written time.
pub(super) fn written(field: &'static str, given: &str) -> Result<Instant, Reason> {
    plausible(field, given, Instant::parse(given.trim()))
}

/// Milliseconds since the epoch, or a written time where a source has one there.
pub(super) fn millis(field: &'static str, given: &str) -> Result<Instant, Reason> {
    match given.parse::<i64>() {
        Ok(ms) => plausible(field, given, Some(Instant::from_millis(ms))),
        Err(_) => written(field, given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_or_after_2200_is_a_fault() {
        assert_eq!(
            Instant::parse("2201-01-01"),
            Some(Instant::from_millis(TOO_LATE_MS))
        );
        assert!(written("t", "2200-12-31T23:59:59.999Z").is_ok());
        assert!(millis("t", "0").is_ok());
        assert!(millis("t", "2017-11-04T12:48:35.198583+0000").is_ok());
        for bad in [
            "2201-01-01",
            "1969-12-31T23:59:59Z",
            "2020-01-01T00:00:00",
            "now",
            "",
        ] {
            assert!(written("t", bad).is_err(), "{bad}");
        }
        for bad in ["-1", "7289654400000", "1e400", "99999999999999999999"] {
            assert!(millis("t", bad).is_err(), "{bad}");
        }
    }
}
