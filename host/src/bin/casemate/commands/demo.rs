use crate::args::{Demo, Shared};
use crate::output::{Exit, Failure};

pub fn run(_shared: &Shared, _args: &Demo) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
