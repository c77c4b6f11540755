//! A file tree and values become Kubernetes objects: pure, hermetic, bounded.
//!
//! ```text
//!  Service + Tree ──prepare──► dyn Prepared ──render(target)──► Content
//!    (once: read, parse,         (many: put values in,
//!     find every placeholder)     share equal results)
//! ```
//!
//! A source is read once and rendered for thousands of targets. Nothing here reads a disk, a clock or a
//! network: equal input gives equal bytes. A new kind of source is one more implementation of [`Prepared`]
//! and one arm in [`prepare`]; what every object needs, whatever made it, is in `object.rs`.

mod assembly;
mod cores;
pub mod drawn;
pub mod external;
mod generated;
pub mod helm;
pub mod hld;
pub mod kustomize;
mod memo;
mod object;
mod patches;
mod raw;
pub mod remote;
mod scope;
mod sources;
mod target;
mod template;
mod tree;
#[allow(dead_code, unused_imports)]
mod yaml;

pub use seaway_core::declaration::{ConfigValue, Layer, resolve};

/// Version of this renderer, for the record.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use object::{CONTENT_BYTES_MAX, OBJECT_BYTES_MAX, OBJECTS_MAX};
pub use raw::MANIFEST_BYTES_MAX;
pub use remote::Remotes;
pub use sources::{Inputs, Native, Need, Prepared, Rendering, definition_parts, needs, origin, prepare, render};
pub use target::TargetContext;
pub use tree::{TREE_BYTES_MAX, TREE_FILES_MAX, Tree};
