//! High-level definitions: a tree of components with layered configuration becomes manifests, as Fabrikate made them.
//!
//! ```text
//!  Tree ──component──► components ──walk──► visited ──generate──► generated/<environments>/…
//!          config  ──► layers ──merge──┘       │
//!          lock + fetched trees ───────────────┘
//! ```
//!
//! Everything is a pure function over trees in memory. What comes from elsewhere (Git, chart repositories) is named by
//! [`wanted`], fetched by somebody else, pinned in a [`Lock`] and found again by digest; a chart or a kustomization is
//! rendered by [`Renderers`]. Hooks are data: nothing here runs a command.
//!
//! Two profiles: [`Profile::Compat`] gives the objects that existing repositories give today and warns at every trap;
//! [`Profile::Strict`] refuses the traps. A finding of the trap kind is therefore made in one place
//! (`Trouble::trap`) and is a warning or an error by profile.

mod access;
mod charts;
mod component;
mod config;
mod document;
pub mod edit;
mod explain;
mod file;
mod find;
mod generate;
mod ground;
mod hook;
mod kinds;
mod merge;
mod name;
mod output;
pub(crate) mod plain;
mod profile;
mod reach;
mod setting;
mod source;
mod trouble;
mod walk;

pub use access::{Access, access};
pub use charts::{ChartRequest, KustomizationRequest, Renderers};
pub use document::{fault_of_manifest, validate};
pub use explain::{Explained, Standing, explain};
pub use find::find;
pub(crate) use generate::no_thread;
pub use generate::{Generated, Request, Summary, generate, hooks};
pub use hook::{Event, Home, Hook};
pub use profile::{Lists, Profile, SETTINGS_FILE, Settings, settings};
pub use reach::{Part, reach};
pub use source::{Wanted, wanted};

pub use crate::remote::{Lock, Locked, Source, Store};

/// Name of the lock file, beside the root's component file.
pub const LOCK_FILE: &str = "hld.lock";
