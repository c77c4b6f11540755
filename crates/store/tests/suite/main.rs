//! The tests of the store: one suite for SQLite and PostgreSQL, and what only one of them can do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod appending;
mod blobs;
mod claiming;
mod crash;
mod documents;
mod faults;
mod full_disk;
mod leasing;
mod ledger;
mod model;
mod opening;
mod place;
mod rollouts;
mod servers;
mod watching;
