//! Makes components of modules: finds a compiler for them, compiles, encodes, compares. Begins new
//! modules too.
//!
//! It runs other programs and reads and writes files by their paths, as a build tool does; the host
//! does neither. No build scripts stand behind it, because what it must find first, a compiler with
//! the `wasm32-unknown-unknown` standard library, can take a download.

mod author;
mod compiler;
mod component;
mod debian;
mod debian_std;
mod kit;
mod lock;
mod process;
mod scaffold;
mod sections;
mod toolchain;
pub mod tree;
mod verify;
mod workspace;

pub use author::{Built, build};
pub use process::Missing;
pub use scaffold::{Begun, Kind, begin};
pub use sections::{Difference, Producer, differences, producers};
pub use verify::{Rebuilt, rebuild};
