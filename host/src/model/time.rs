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
        if let Ok(t) = text.parse::<jiff::Timestamp>() {
            return Some(Self(t.as_millisecond()));
        }
        if let Ok(t) = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
            && let Ok(t) = t.to_timestamp()
        {
            return Some(Self(t.as_millisecond()));
        }
        let date = text.parse::<jiff::civil::Date>().ok()?;
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(midnight.timestamp().as_millisecond()))
    }
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

/// Says what time it is. The host's clock is a claim; the embedder owns it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Instant;
}

impl<F: Fn() -> Instant + Send + Sync> Clock for F {
    fn now(&self) -> Instant {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(Instant::parse("yesterday"), None);
    }
}
