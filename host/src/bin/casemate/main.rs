//! The command line.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the commands that show the demonstration call it")
)]
mod demo;

fn main() {}
