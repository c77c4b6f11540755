//! The driver for Helm repositories: `index.yaml`, packed charts, and single files over HTTP(S).
//!
//! A server is hostile until read: sizes and times are bounded, redirects are few and never leave HTTPS, and a credential
//! goes to the host it is meant for and to nobody a redirect or an index names. Which version is wanted is the caller's
//! decision; here versions are only listed.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod archive;
mod error;
mod http;
mod index;

pub use archive::{Files, unpack};
pub use error::Error;
pub use http::{Http, Limits};
pub use index::{Release, releases};
