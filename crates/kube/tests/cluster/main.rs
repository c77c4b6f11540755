//! The driver against real API servers: requests are counted by the server's audit log, not by the driver.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apply;
mod connection;
mod consent;
mod faults;
mod guard;
mod health;
mod refusal;
mod scale;
mod secrets;
mod support;
mod wire;
