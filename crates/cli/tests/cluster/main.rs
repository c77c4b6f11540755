//! The `seaway` command against real API servers. What happened is read from the servers' own audit logs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod failure;
mod fleet;
mod kill;
mod rollout;
mod shop;
