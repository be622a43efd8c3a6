//! The boundary a module runs behind: what it asks for, what it is granted.

mod granted;
mod grants;
mod limits;
mod manifest;

pub use granted::{Denial, DeniedBy, Granted, NotGranted, WhyNotGranted, Withheld};
pub use grants::{Grant, GrantedTenants, Grants};
pub use limits::{Limits, WantedLimits};
pub use manifest::{Manifest, module_digest};
