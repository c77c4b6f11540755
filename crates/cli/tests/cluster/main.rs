//! The `seaway` command against real API servers. What happened is read from the servers' own audit logs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod example;
mod failure;
mod fleet;
mod full_disk;
mod kill;
mod rollout;
mod shop;
