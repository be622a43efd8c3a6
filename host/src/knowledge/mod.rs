//! What a tenant wrote down about itself: its assets and what is known good.

mod assets;
mod known_good;

pub use assets::{Asset, Assets};
pub use known_good::{Comparison, Condition, Fact, KnownGood};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_to_begin_with_hold_and_say_nothing() {
        let assets = Assets::parse(Assets::TEMPLATE.as_bytes()).unwrap();
        assert_eq!(assets.iter().count(), 0);
        let facts = KnownGood::parse(KnownGood::TEMPLATE).unwrap();
        assert_eq!(facts.iter().count(), 0);
        // The example holds too, once it is no comment any more.
        let written = |line: &&str| line.contains(" = ") || line.starts_with('[');
        let example = KnownGood::TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line));
        let example = example.filter(written);
        let example: String = example.map(|line| format!("{line}\n")).collect();
        assert_eq!(KnownGood::parse(&example).unwrap().iter().count(), 1);
    }
}
