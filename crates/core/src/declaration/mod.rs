//! Declarations: what a workspace says should be.
//!
//! ```text
//!  files ──yaml──► documents ──format──► findings
//!                      │                    ▲
//!                      └──decode──► model ──┤ rules
//! ```
//!
//! The types of [`Environment`] and [`Service`] are the checked model. [`load`] reads YAML into it with every
//! finding and its place; nothing else makes these values from files. No file system here: the caller brings
//! the files as text.

mod amount;
mod config;
mod decode;
mod drawn;
mod environment;
mod findings;
mod format;
mod load;
mod patch;
mod path;
mod renderer;
mod rules;
mod service;
mod source;
mod workspace;

pub use config::{ConfigValue, Layer, resolve};
pub use drawn::{DrawKey, Drawn, DrawnPer};
pub use environment::{
    Amount, ApprovalGate, Cluster, ClusterState, Connection, Environment, Gate, Global, Limits, Region, Stage,
    Unreachable,
};
pub use format::{Kind, reference, schema};
pub use load::{FINDINGS_MAX, load};
pub use patch::{Patch, PatchChange, PatchTarget};
pub use renderer::ExternalRenderer;
pub use rules::CLUSTERS_MAX;
pub use service::{ConfigKey, ConfigType, HealthPolicy, Layers, Prune, Selector, Service};
pub use source::{ChartOrigin, Git, HelmSource, HldProfile, HldSource, HookPolicy, KustomizeSource, Source};
pub use workspace::{SourceFile, Workspace};
