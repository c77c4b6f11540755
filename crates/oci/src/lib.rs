//! The driver for OCI registries: which tags a repository has, and the chart behind a tag. It reads only.
//!
//! ```text
//!  oci://registry/path/name + tag ──manifest──► layer's digest ──blob──► packed chart, checked against the digest
//! ```
//!
//! A registry is hostile until read: sizes and times are bounded, every blob is checked against its digest, and a
//! credential goes to the registry and to the token server that it names over HTTPS, and nowhere a redirect leads.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod challenge;
mod error;
mod registry;
mod repository;

pub use error::Error;
pub use registry::{Limits, Registry};
pub use repository::Repository;
