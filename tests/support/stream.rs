use super::alerts::Finding;

/// Numbers that look random and are the same each time (SplitMix64; Steele, Lea, Flood 2014).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// One of `0..below`.
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// A day of alerts: a scanner that repeats itself, three rules that fire now and then, and a burst.
pub(crate) fn stream(count: usize, seed: u64) -> Vec<Finding> {
    let mut numbers = Numbers(seed);
    let mut ago = 1_440 * 3;
    (0..count)
        .map(|i| {
            ago -= (numbers.below(9) as i64 - 1).min(ago);
            let (rule, host) = match numbers.below(10) {
                0..=4 => ("scan".to_owned(), "web-1".to_owned()),
                5..=7 => (
                    format!("rule-{}", numbers.below(3)),
                    format!("host-{}", numbers.below(6)),
                ),
                _ => (format!("rare-{}", numbers.below(20)), "db-1".to_owned()),
            };
            let mut finding = Finding::new(&format!("id-{i}"), &rule, &host).ago(ago);
            finding.user = format!("user-{}", numbers.below(4));
            finding.source = format!("198.51.100.{}", numbers.below(8));
            finding.message = format!("message {i}");
            finding
        })
        .collect()
}
