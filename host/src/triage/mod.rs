//! The flow, one step a module.

pub mod intake;
