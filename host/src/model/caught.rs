use super::Text;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls it and gives what it said where it panicked. Whatever it held must not be used any further
/// than to be dropped, but by those who say why it can.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Text> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let said = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Text::capped(said.unwrap_or("it says nothing"), 200)
    })
}
