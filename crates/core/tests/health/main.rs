//! Health from outside: the vectors of `tests/health`, and what holds for any object at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod properties;
mod vectors;
