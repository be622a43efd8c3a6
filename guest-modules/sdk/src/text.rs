//! Text from an alert within a statement: bounded and visibly quoted; times in words.

use crate::Instant;

/// At most `bytes` of a text, cut between characters.
pub fn capped(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
}

/// A value in quotation marks, at most `bytes` of it, with `…` where it was cut.
pub fn quoted(value: &str, bytes: usize) -> String {
    let kept = capped(value, bytes);
    let cut = if kept.len() < value.len() { "…" } else { "" };
    format!("“{kept}{cut}”")
}

/// A time as `2026-11-23 08:14:05 UTC`, whole seconds, the fraction cut off.
pub fn utc(time: Instant) -> String {
    let seconds = time.div_euclid(1_000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(day);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let second = second % 60;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`:
/// years begin in March, so that the leap day is a year's last.
const fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_the_calendar_has_it() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_795_421_645_999), "2026-11-23 08:14:05 UTC");
        assert_eq!(utc(4_107_542_399_000), "2100-02-28 23:59:59 UTC");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01 00:00:00 UTC");
        assert!(!utc(i64::MIN).is_empty() && !utc(i64::MAX).is_empty());
    }

    #[test]
    fn a_cut_value_shows_that_it_was_cut_and_never_splits_a_character() {
        assert_eq!(quoted("aä", 2), "“a…”");
        assert_eq!(quoted("aä", 3), "“aä”");
    }
}
