//! The tests that need a module, a disk or several tenants, through the public API of the host: one
//! binary. The modules are built first: run `cargo tests`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on says so by stopping"
)]

mod agree;
mod alerts;
mod answers;
mod audit;
#[cfg(feature = "author")]
mod author;
mod backup;
mod boundaries;
mod boundary_commands;
mod command_line;
mod consent;
mod crash;
mod damage;
mod embedding;
mod erase;
mod examples;
mod failures;
mod fields;
mod files;
mod house;
mod inspection;
mod isolation;
mod kept;
mod knowledge;
mod limits;
mod links;
mod loading;
mod logs;
mod owned;
mod pipe;
mod processes;
mod quarantine;
mod real_data;
mod receipts;
mod restart;
mod retention;
mod rollout;
mod seats;
mod settings;
mod shadow;
mod signed;
mod standing;
mod store;
mod support;
mod tenants;
mod trail;
mod trail_figures;
mod upgrade;
mod vault;
mod verify;
