//! Runs sandboxed WebAssembly modules over security alerts, one tenant at a time, with a record of
//! every call. This page is for those who embed it.
//!
//! Alerts go in; groups, cases and drafts come out. Modules do the thinking, the host believes none
//! of them: each run of a module has one tenant's data, what three people consented to, and nothing
//! else, and every call it makes is in the tenant's trail before it is answered.
//!
//! # An embedding
//!
//! A whole program: it makes a home where there is none, takes one alert in and prints the drafts.
//! Modules are two files each, `module.wasm` and `module.toml`; no wasm toolchain is needed for them.
//!
//! ```no_run
//! use casemate::ambient::{SystemClock, make_dir, open_dir, own_compiler};
//! use casemate::model::{Clock as _, TenantId};
//! use casemate::queue::{CaseFile, Queue};
//! use casemate::sandbox::GrantedTenants;
//! use casemate::triage::intake::From;
//! use casemate::{Casemate, Settings, setup};
//! use std::sync::Arc;
//!
//! const ALERT: &[u8] = br#"{"class_uid": 2004, "time": 1795212000000, "severity_id": 4,
//!   "metadata": {"version": "1.3.0", "product": {"name": "EDR"}}, "device": {"hostname": "ws-12"},
//!   "finding_info": {"uid": "a1", "title": "Encoded PowerShell", "analytic": {"uid": "PS-7"}}}"#;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let Some(compiler) = own_compiler()? else {
//!         return Ok(()); // this process was started to compile a module, and has
//!     };
//!     let mut args = std::env::args().skip(1);
//!     let (home, modules) = (args.next().ok_or("which home?")?, args.next().ok_or("which modules?")?);
//!     let (tenant, by) = (TenantId::parse("acme")?, "kim@siem.example");
//!     let root = make_dir(&home)?;
//!     if !root.exists("home.toml") {
//!         let home = setup::create(root.try_clone()?, by)?;
//!         setup::add_tenant(&home, &tenant, by)?; // with a boundary file: read it and change it
//!         for module in setup::install_folder(&home, &open_dir(modules)?)? {
//!             setup::grant(&home, &module, GrantedTenants::All, by, SystemClock.now())?;
//!         }
//!     }
//!     let casemate = Casemate::open(root, Settings::new(Arc::new(SystemClock), compiler))?;
//!     for broken in casemate.not_loaded() {
//!         eprintln!("{}: {}", broken.name, broken.why); // the others work
//!     }
//!     let mut session = casemate.start(&tenant, SystemClock.now())?;
//!     let taken = session.submit(ALERT, From::Auto, "siem")?;
//!     let drafted = session.draft()?;
//!     println!("{} new alerts, {} cases drafted", taken.new, drafted.drafts);
//!     drop(session); // gives the tenant back to other writers
//!     if let Some(view) = casemate.view(&tenant)? {
//!         for row in Queue::of(&view)?.cases {
//!             let file = CaseFile::of(&view, row.case)?;
//!             for sentence in file.iter().flat_map(|f| &f.draft).flat_map(|d| &d.sentences) {
//!                 println!("case {}: {}", row.case, sentence.text);
//!             }
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Where things are
//!
//! | you want to | see |
//! |---|---|
//! | make a home, its tenants, modules and grants | [`setup`] |
//! | open it, and start a tenant | [`Casemate`], [`Settings`] |
//! | take alerts in: from a reader | [`triage::Session::submit`] |
//! | … or read elsewhere, a batch at a time, with backpressure | [`triage::intake::documents`], [`triage::Session::take`] |
//! | enrich and draft what changed | [`triage::Session::draft`] |
//! | read what an analyst sees | [`Casemate::view`], [`queue`] |
//! | know what a step changed | [`triage::Changed`] |
//! | try a new version of a module beside the old one | [`shadow`] |
//! | have metrics and progress | [`triage::Observer`] |
//! | stop | [`triage::Cancel`] |
//! | know who acts | [`Casemate::caller`], [`Accounts`] |
//! | keep tenants on several disks | [`store::Folders`] |
//! | work on many tenants at once | [`for_each_tenant`] |
//! | await | `casemate::nonblocking`, with the feature `async` |
//! | check a trail | [`trail::verify()`] |
//! | try a module in the sandbox, as its author | [`workbench`] |
//! | change a boundary or the defaults, and see the difference first | [`boundaries`] |
//! | look at a module before it is granted, compare two versions | [`sandbox::inspect`], [`consent`] |
//! | say what each module can touch, who allowed it, what it used | [`audit`] |
//! | write a boundary, a grant, a known-good fact | [`boundary`], [`sandbox::Grants`], [`knowledge`] |
//!
//! The library reaches for nothing that it was not handed: no file by its path, no clock, no
//! environment, no network. Randomness is the one thing it takes from the machine where
//! [`Settings::random`] says no other. [`ambient`] opens folders and reads the machine's clock, and is
//! called by you or not at all.
//!
//! # Threads
//!
//! [`Casemate`] is `Send + Sync`: open one for a process and share it. [`triage::Session`] is `Send`,
//! the one writer of its tenant until it is dropped, and used by one thread at a time. As many tenants
//! as you like are worked on at once, and results do not depend on how many. A second session of a
//! tenant, in this process or another, is refused with [`store::StoreError::Locked`]; readers
//! ([`store::View`]) are never blocked and see one moment. Threads of its own: one for the engine's
//! clock, some that compile while modules are loaded, and one that reads while
//! [`triage::Session::submit`] runs. There is no event loop.
//!
//! # What is durable when
//!
//! - `take` and `submit` return when every document they count is on stable storage, with its bytes,
//!   taken or not. Hand over the next ones only then, and nothing that you acknowledge can be lost.
//! - A batch is kept whole or not at all: alerts, groups, cases, notes and the record of the run.
//! - The trail's entries of a run are durable before anything that the run computed is kept.
//! - A kill at any moment, a full disk or a panic loses nothing that was counted. Start the tenant
//!   again and hand over the same documents: what is there is counted as delivered before.
//! - Drafts are kept by lots of up to 64 cases; a case that is not done stays changed and is drafted by
//!   the next [`triage::Session::draft`].
//!
//! # Errors
//!
//! One small enum an area: [`OpenError`] (the home), [`triage::NotStarted`] (this tenant; others go
//! on), [`triage::SessionError`] (stopped in the middle), [`store::StoreError`], [`setup::SetupError`],
//! [`CannotRun`] (this module for this tenant). They may get variants. Each has `kind()`, an
//! [`ErrorKind`]: what the command line makes its exit codes of. A module that fails, or that nobody
//! granted, is no error: it is told in `failures`, in the queue's notices and to the observer, and the
//! alerts stay.
//!
//! No panic leaves `open`, `start`, `take`, `submit` and `draft`, though your clock, observer or input
//! panic: it becomes `Panicked`, and the session does no more. A program built with `panic = "abort"`
//! ends instead, which loses nothing either.
//!
//! # Stopping
//!
//! A [`triage::Cancel`] is looked at between documents, batches and runs. What was begun is kept; the
//! result says [`triage::Ended::Cancelled`], and the same call on a session with a new `Cancel`
//! continues. `submit` returns when the reading of its input that is under way comes back: where that
//! can take for ever, read elsewhere and use `take`. A run of a module is not cut: its deadline, five
//! seconds where nothing else is granted, ends it.
//!
//! # What is never done
//!
//! No alert is closed, suppressed or re-rated; nothing leaves the queue because a module says so. No
//! module sees another tenant, a file, a clock, randomness or a network. Nothing is sent anywhere.
//! What an alert says is never logged and never handed to an observer. No file is opened by an
//! absolute path, and no link out of a home is followed.
//!
//! # Features and versions
//!
//! `async` adds the module `nonblocking` and changes nothing else; there are no default features.
//! Versions follow semantic versioning: before 1.0, a new minor version may break, a patch does not.
//! What counts is every public item of this crate and what the documentation says of it; the list is
//! `host/public-api.txt`, which a check compares. The least Rust is the `rust-version` of `Cargo.toml`,
//! 1.95; raising it is a minor version. The contract with modules, the home's layout and the trail's
//! format have versions of their own.

#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "tests lay out and read files as anybody does"
    )
)]

pub mod alarms;
mod alert;
pub mod ambient;
pub mod audit;
pub mod boundaries;
pub mod boundary;
mod caller;
mod cannot_run;
pub mod consent;
mod continued;
pub mod custody;
mod earlier;
mod erase;
mod kind;
pub mod knowledge;
mod link;
pub mod model;
#[cfg(feature = "async")]
pub mod nonblocking;
mod open;
mod parallel;
pub mod queue;
mod reception;
mod record;
mod retain;
mod retry;
pub mod sandbox;
pub mod seat;
pub mod setup;
pub mod shadow;
pub mod store;
mod suspension;
pub mod tenants;
pub mod trail;
mod trails;
pub mod triage;
pub mod workbench;
pub mod written;

pub use alert::AlertFile;
pub use caller::{Accounts, AsInRoster, Caller, NoCaller};
pub use cannot_run::CannotRun;
pub use earlier::{Exported, Growth};
pub use erase::Erased;
pub use kind::ErrorKind;
pub use open::{Casemate, NotLoaded, OpenError, Settings};
pub use parallel::for_each_tenant;
pub use reception::{Held, OfDrafting, Outcome, Received, Reception};
pub use retain::Retained;
pub use retry::{Retried, retry_quarantine};
pub use suspension::{Erasure, StandingChange, Suspensions};
pub use trails::{ClientFile, ClientPerson, Healthy, Proven, TrailsError};
