//! The tests of the store: one suite for SQLite and PostgreSQL, and what only one of them can do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod appending;
mod blobs;
mod claiming;
mod documents;
mod leasing;
mod ledger;
mod place;
mod rollouts;
mod watching;
