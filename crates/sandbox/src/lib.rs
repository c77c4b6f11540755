//! Foreign programs, kept small: the only code that runs one on a user's behalf beside `git`.
//!
//! ```text
//!  files ──put──► private folder ◄──provide── program, checked by digest and copied
//!                      │
//!                     run ──► what it printed, and whether it had a network
//! ```
//!
//! A program gets an empty environment but for `HOME`, `TMPDIR`, `PATH` and `LC_ALL`, all of them ours; its processor
//! time, data, output and folder are bounded; it and all that it started are ended at the limit. Where the system allows
//! it, it has no network. What this does not do: hide the files of the machine that its user may read. It is a way out
//! that somebody chose, never a way to run what nobody trusts.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod error;
mod folder;
mod network;
mod run;

pub use error::Error;
pub use folder::Sandbox;
pub use network::Network;
pub use run::{Limits, Output, Run};
