//! High-level definitions on disk: the folder, the store of fetched trees, fetching, hooks, and the folder of the output.
//!
//! What is rendered is decided in `seaway-render`; here files are read and written and drivers are called.

pub mod desk;
pub mod fetch;
pub mod hooks;
pub mod output;
