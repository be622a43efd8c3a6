use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// From milliseconds since the epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 (`2026-11-23T08:00:00Z`, `+01:00`, `+0100` and fractions allowed) or a plain
    /// date (midnight UTC). Fractions below a millisecond are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(ms) = common_form(text.as_bytes()) {
            return Some(Self(ms));
        }
        if let Ok(t) = text.parse::<jiff::Timestamp>() {
            return Some(Self(t.as_millisecond()));
        }
        if let Ok(t) = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
            && let Ok(t) = t.to_timestamp()
        {
            return Some(Self(t.as_millisecond()));
        }
        // The library would also read the date out of a time without a zone, and drop the time.
        let date = (text.len() == 10).then(|| text.parse::<jiff::civil::Date>().ok())??;
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(midnight.timestamp().as_millisecond()))
    }
}

/// `2026-11-23T08:00:00[.fraction](Z|+01:00|+0100)` from 1970 to 9998, which nearly every source
/// writes; anything else is left to the calendar library.
fn common_form(text: &[u8]) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        text.get(from..to)?.iter().try_fold(0, |n, b| {
            b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
        })
    };
    let is = |at: usize, b: u8| text.get(at) == Some(&b);
    if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    let in_range = (1970..=9998).contains(&year)
        && (1..=last_day).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let mut at = 19;
    let mut ms = 0;
    if is(at, b'.') {
        let digits = text
            .get(20..)?
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        at = 20 + digits;
        ms = match digits {
            1 => number(20, 21)? * 100,
            2 => number(20, 22)? * 10,
            _ => number(20, 23)?,
        };
    }
    let offset_minutes = match (text.get(at)?, text.len() - at) {
        (b'Z', 1) => 0,
        (sign @ (b'+' | b'-'), 5 | 6) => {
            let colon = usize::from(text.len() - at == 6);
            if colon == 1 && !is(at + 3, b':') {
                return None;
            }
            let (h, m) = (
                number(at + 1, at + 3)?,
                number(at + 3 + colon, at + 5 + colon)?,
            );
            if h > 23 || m > 59 {
                return None;
            }
            (h * 60 + m) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    // Days since 1970-01-01 in the Gregorian calendar, counting years from March.
    let y = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719_468;
    let minutes = days * 1440 + hour * 60 + minute - offset_minutes;
    let all = minutes * 60_000 + second * 1000 + ms;
    // Before the epoch, fractions are dropped the other way: left to the library.
    (all >= 0).then_some(all)
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with milliseconds where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => f.pad(&t.to_string()),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_form_means_what_the_calendar_library_says() {
        let mut n: u64 = 7;
        let mut next = |below: u64| {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (n >> 33) % below
        };
        let mut taken = 0;
        for _ in 0..20_000 {
            let zones = [
                "Z", "+01:00", "-06:00", "+05:45", "-00:30", "+23:59", "+24:00",
            ];
            let text = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{}{}",
                1969 + next(300),
                next(14),
                next(33),
                next(25),
                next(61),
                next(61),
                next(1_000_000),
                zones[next(7) as usize]
            );
            let library = text
                .parse::<jiff::Timestamp>()
                .ok()
                .map(|t| t.as_millisecond());
            if let Some(ours) = common_form(text.as_bytes()) {
                taken += 1;
                assert_eq!(Some(ours), library, "{text}");
            }
        }
        assert!(taken > 10_000, "{taken}");
        for text in [
            "",
            "2026-11-23T08:00:00",
            "2026-11-23T08:00:00.Z",
            "2026-11-23T08:00:00+1",
        ] {
            assert_eq!(common_form(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_zone_form_is_the_same_instant() {
        let want = Instant::from_millis(1_509_799_715_198);
        for text in [
            "2017-11-04T12:48:35.198583+0000",
            "2017-11-04T12:48:35.198Z",
            "2017-11-04T06:48:35.198583-0600",
            "2017-11-04T06:48:35.198583-06:00",
        ] {
            assert_eq!(Instant::parse(text), Some(want), "{text}");
        }
        assert_eq!(want.to_string(), "2017-11-04T12:48:35.198Z");
        assert_eq!(
            Instant::parse("1970-01-02"),
            Some(Instant::from_millis(86_400_000))
        );
        for none in ["yesterday", "2026-11-23T08:00:00", "2026-11-23 08:00"] {
            assert_eq!(Instant::parse(none), None, "{none}");
        }
    }
}
