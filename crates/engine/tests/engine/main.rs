//! The engine on a real store with drivers in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod drive;
mod fixture;
mod people;
