//! Times as the sources write them.

use super::reason::Reason;
use crate::model::{Instant, Text};

/// 2201-01-01T00:00:00Z in milliseconds: times from here on are a fault of the source.
const TOO_LATE_MS: i64 = 7_289_654_400_000;
/// A count below this is no time counted from the epoch, but for example a year.
const LEAST_COUNT: i64 = 100_000_000;
/// Between these a count is Windows' FILETIME, 100 nanoseconds since 1601, of 1973 to 2200: in
/// nanoseconds since the epoch it would be of 1973 to 1976, of which nobody counts nanoseconds.
const FILETIME: std::ops::Range<i64> = 117_444_736_000_000_000..189_341_280_000_000_000;
/// 1970-01-01T00:00:00Z as FILETIME.
const FILETIME_EPOCH: i64 = 116_444_736_000_000_000;

/// Reads a time: a count since the epoch, of seconds, milliseconds, microseconds or nanoseconds, or
/// FILETIME, told apart by their size, which for times from 1973, in nanoseconds from 1976, to 2200 can
/// be one only; or a date and time as RFC 3339, ISO 8601 or CEF write it.
/// Says whether its zone is known; where it is not, UTC is assumed.
///
/// # Errors
/// When it is none of these, or before 1970 or after 2200.
pub(super) fn read(path: &'static str, given: &str) -> Result<(Instant, bool), Reason> {
    let text = given.trim_ascii();
    let found = counted(text)
        .or_else(|| Some((Instant::parse(text)?, true)))
        .or_else(|| without_zone(text));
    found
        .filter(|(time, _)| in_range(time.millis()))
        .ok_or_else(|| Reason::Time {
            field: path,
            given: Text::capped(given, 80),
        })
}

fn in_range(ms: i64) -> bool {
    (0..TOO_LATE_MS).contains(&ms)
}

fn counted(text: &str) -> Option<(Instant, bool)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || fraction.is_some_and(|f| !digits(f)) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    let ms = match count {
        _ if count < LEAST_COUNT => return None,
        _ if count < TOO_LATE_MS / 1000 => {
            let thousandths = fraction.map_or(0, |fraction| {
                let padded = format!("{fraction:0<3}");
                padded.get(..3).and_then(|ms| ms.parse().ok()).unwrap_or(0)
            });
            count * 1000 + thousandths
        }
        _ if count < TOO_LATE_MS => count,
        _ if count < TOO_LATE_MS * 1000 => count / 1000,
        _ if FILETIME.contains(&count) => (count - FILETIME_EPOCH) / 10_000,
        _ => count / 1_000_000,
    };
    // Less is a number of another kind, or one that stands for "not set".
    (ms >= LEAST_COUNT * 1000).then(|| (Instant::from_millis(ms), true))
}

/// Date and time without a zone, or with one as CEF and LEEF write it.
fn without_zone(text: &str) -> Option<(Instant, bool)> {
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y/%m/%d %H:%M:%S%.f",
        "%b %d %Y %H:%M:%S%.f",
    ];
    forms.iter().find_map(|form| in_form(form, text))
}

/// Date and time of a form, perhaps with a zone behind it.
pub(super) fn in_form(form: &str, text: &str) -> Option<(Instant, bool)> {
    let (bare, east_seconds) = zone(text);
    let time = jiff::civil::DateTime::strptime(form, bare).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    let ms = time.timestamp().as_millisecond() - east_seconds.unwrap_or(0) * 1000;
    in_range(ms).then(|| (Instant::from_millis(ms), east_seconds.is_some()))
}

/// What is before a zone, and how far east of UTC the zone is: `Z`, `UTC`, `GMT`, `+0100`, `-04:00`,
/// `GMT+01:00`. Other names of zones are not taken: CST is in America and in China.
fn zone(text: &str) -> (&str, Option<i64>) {
    let written = text.rsplit_once(' ').or_else(|| {
        let at = text.rfind(['+', '-', 'Z']).filter(|at| *at > 10)?;
        text.split_at_checked(at)
    });
    let Some((before, zone)) = written else {
        return (text, None);
    };
    let names = ["UTC", "GMT", "Z"];
    let name = names.iter().find(|name| zone.starts_with(**name));
    let offset = name.map_or(zone, |name| zone.trim_start_matches(name));
    match offset_seconds(offset) {
        Some(seconds) => (before, Some(seconds)),
        None if offset.is_empty() && name.is_some() => (before, Some(0)),
        None => (text, None),
    }
}

fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None => digits.split_at_checked(2)?,
    };
    let number = |text: &str| -> Option<i64> {
        let whole = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| text.parse().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> Option<(i64, bool)> {
        let (time, zoned) = read("t", text).ok()?;
        Some((time.millis(), zoned))
    }

    #[test]
    fn a_time_before_1970_or_after_2200_is_a_fault() {
        assert_eq!(
            Instant::parse("2201-01-01"),
            Some(Instant::from_millis(TOO_LATE_MS))
        );
        assert!(ms("2200-12-31T23:59:59.999Z").is_some());
        for bad in [
            "2201-01-01",
            "1969-12-31T23:59:59Z",
            "now",
            "",
            "2026",
            "-1",
            "1e400",
            "0",
            "7289654400000",
            "99999999999999999999",
            "0001-01-01T00:00:00Z",
        ] {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_unit_of_a_count_is_told_by_its_size() {
        let want = Some((1_795_212_000_123, true));
        for text in [
            "1795212000.123",
            "1795212000123",
            "1795212000123456",
            "1795212000123456789",
            "134396856001230000",
        ] {
            assert_eq!(ms(text), want, "{text}");
        }
        assert_eq!(ms("1795212000"), Some((1_795_212_000_000, true)));
        assert_eq!(ms("1795212000.5"), Some((1_795_212_000_500, true)));
    }

    #[test]
    fn a_time_without_a_zone_is_utc_and_says_so() {
        let at = 1_795_420_800_000;
        for (text, want) in [
            ("2026-11-23T08:00:00", (at, false)),
            ("2026-11-23 08:00:00.250", (at + 250, false)),
            ("2026/11/23 08:00:00", (at, false)),
            ("Nov 23 2026 08:00:00", (at, false)),
            ("Nov 23 2026 08:00:00.250", (at + 250, false)),
            ("Nov 23 2026 08:00:00 UTC", (at, true)),
            ("Nov 23 2026 10:00:00 +0200", (at, true)),
            ("Nov 23 2026 10:00:00 GMT+02:00", (at, true)),
            ("Nov 23 2026 04:00:00.000 UTC-04:00", (at, true)),
            ("Nov 3 2026 08:00:00 GMT", (at - 20 * 86_400_000, true)),
            ("Nov  3 2026 08:00:00", (at - 20 * 86_400_000, false)),
            ("2026-11-23 08:00:00.000000000", (at, false)),
            ("2026-11-23 08:00:00 +0000", (at, true)),
            ("2026-11-23 08:00:00Z", (at, true)),
            ("2026-11-23 09:00:00+01:00", (at, true)),
            ("2026-11-23T09:00:00.000+0100", (at, true)),
        ] {
            assert_eq!(ms(text), Some(want), "{text}");
        }
        for bad in [
            "Nov 23 08:00:00",
            "Nov 23 2026 08:00:00 PDT",
            "Nov 23 2026 08:00:00 GMT+1",
            "Nov 23 2026 08:00:00 +25:00",
            "23.11.2026",
        ] {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }
}
