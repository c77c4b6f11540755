//! The driver against real repositories: folders, `git daemon`, and `git http-backend` behind a small HTTP server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fetching;
mod hostile;
mod http;
mod repository;
