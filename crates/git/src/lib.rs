//! The Git driver: the only code that runs `git`.
//!
//! ```text
//!  URL + branch, tag or commit ──resolve──► commit ──fetch──► bare cache ──read──► path → bytes
//! ```
//!
//! A repository is hostile until read: nothing is checked out, so no hook, filter or submodule of it ever runs; only
//! chosen transports are allowed; time and sizes are bounded; symbolic links are followed inside the tree alone. Nobody
//! is asked for a password, and credentials stand neither in arguments nor in the cache nor in errors.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod cache;
mod error;
mod listing;
mod remote;
mod runner;
mod tree;

pub use cache::Cache;
pub use error::Error;
pub use remote::{Reference, Remote, Transports};
pub use runner::{Git, Limits};
pub use tree::Files;
