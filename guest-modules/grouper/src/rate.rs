//! How often something happens: occurrences, older ones counting less.

use crate::method::Method;

/// Occurrences of one thing, an occurrence being all its alerts within a bucket of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    /// Occurrences, each halved for every half-life since.
    pub(crate) mass: f64,
    /// The latest bucket that had an alert.
    pub(crate) bucket: i64,
    /// The time up to which `mass` is decayed.
    pub(crate) time: i64,
    /// Occurrences, none forgotten.
    pub(crate) seen: u32,
    /// Alerts in the latest bucket.
    pub(crate) now: u32,
}

/// What a rate was when an alert arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Occurrences before this alert's own.
    pub(crate) before: u32,
    /// Alerts of this occurrence so far, this one included.
    pub(crate) now: u32,
    /// Occurrences a ms, as of this alert.
    pub(crate) rate: f64,
}

impl Seen {
    /// How many occurrences are expected in `ms`, in thousandths.
    pub(crate) fn expected(&self, ms: i64) -> i64 {
        let thousandths = self.rate * ms as f64 * 1_000.0;
        // A float is cut to the range of the integer.
        thousandths as i64
    }
}

impl Rate {
    /// Counts an alert at `time`.
    pub(crate) fn count(&mut self, time: i64, method: &Method) -> Seen {
        let bucket = time.div_euclid(method.bucket);
        let fresh = self.seen == 0;
        if fresh || bucket > self.bucket {
            let mass = self.mass * halved(time.saturating_sub(self.time), method.half_life);
            let mass = if fresh { 0.0 } else { mass };
            let seen = Seen {
                before: self.seen,
                now: 1,
                rate: per_ms(mass, method),
            };
            *self = Self {
                mass: mass + 1.0,
                bucket,
                time,
                seen: self.seen.saturating_add(1),
                now: 1,
            };
            return seen;
        }
        let now = if bucket == self.bucket {
            self.now = self.now.saturating_add(1);
            self.now
        } else {
            // Late: it counts as what it would have left by now, and belongs to no present burst.
            self.mass += halved(self.time.saturating_sub(time), method.half_life);
            self.seen = self.seen.saturating_add(1);
            1
        };
        let mass = self.mass * halved(time.saturating_sub(self.time), method.half_life);
        Seen {
            before: self.seen.saturating_sub(1),
            now,
            rate: per_ms(mass, method),
        }
    }
}

fn per_ms(mass: f64, method: &Method) -> f64 {
    mass * std::f64::consts::LN_2 / method.half_life as f64
}

/// What is left of 1 after `ms`. By addition and multiplication only, which IEEE 754 fixes to the
/// bit, so that every machine gets the same.
fn halved(ms: i64, half_life: i64) -> f64 {
    let ms = ms.max(0);
    let whole = ms / half_life;
    if whole >= 64 {
        return 0.0;
    }
    let x = -std::f64::consts::LN_2 * ((ms % half_life) as f64 / half_life as f64);
    let mut sum = 1.0;
    let mut term = 1.0;
    for i in 1..16 {
        term *= x / f64::from(i);
        sum += term;
    }
    sum / (1_u64 << whole) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::METHOD;

    #[test]
    fn a_half_life_halves() {
        let day = METHOD.half_life;
        assert_eq!(halved(0, day), 1.0);
        assert_eq!(halved(day, day), 0.5);
        assert!((halved(day / 2, day) - 0.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(halved(i64::MAX, day), 0.0);
    }

    #[test]
    fn alerts_of_ten_seconds_are_one_occurrence() {
        let mut rate = Rate::default();
        for t in [0, 5, 9_999] {
            rate.count(t, &METHOD);
        }
        assert_eq!((rate.seen, rate.now), (1, 3));
        let seen = rate.count(10_000, &METHOD);
        assert_eq!((seen.before, seen.now, rate.seen), (1, 1, 2));
    }

    #[test]
    fn times_at_the_ends_of_the_range_are_counted() {
        let mut rate = Rate::default();
        for t in [i64::MAX, i64::MIN, 0, i64::MIN, i64::MAX] {
            rate.count(t, &METHOD);
        }
        assert!(rate.mass.is_finite() && rate.seen > 0);
    }
}
