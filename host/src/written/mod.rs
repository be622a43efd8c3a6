//! Files that people write: read whole, so that everything that is wrong with one is said at once,
//! each with its line.

mod place;
mod problems;
mod reader;
mod spelling;
mod value;

#[cfg(test)]
pub(crate) mod fixtures;

pub use place::{Decision, Place};
pub(crate) use problems::Report;
pub use problems::{Problem, Problems};
pub(crate) use reader::{At, Key, Sheet, Table, read, reported};
pub use spelling::nearest;
pub(crate) use value::{Plain, Value};

use crate::model::Text;

/// A word of a file as it is shown in a message.
pub(crate) fn quoted(word: &str) -> Text {
    Text::capped(word, 80)
}
