//! One file per verb: its options, its examples, and what it does.

pub mod adopt;
pub mod completions;
pub mod demo;
pub mod diff;
pub mod get;
pub mod hld;
pub mod init;
pub mod install;
pub mod lock;
pub mod man;
pub mod plan;
pub mod render;
pub mod rollout;
pub mod schema;
pub mod validate;
