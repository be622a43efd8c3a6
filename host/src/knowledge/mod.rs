//! What a tenant wrote down about itself: its assets and what is known good.

mod assets;
mod known_good;

pub use assets::{Asset, Assets};
pub use known_good::{Comparison, Condition, Fact, KnownGood};
