//! Declarations: what a workspace says should be.
//!
//! The types here are the checked model. Reading YAML into it, with every finding and its place, is the
//! loader's work; nothing else makes these values from files.

mod environment;
mod service;

pub use environment::{
    Amount, ApprovalGate, Cluster, ClusterState, Connection, Environment, Gate, Global, Limits, Region, Stage,
    Unreachable,
};
pub use service::{ConfigKey, ConfigType, HealthPolicy, Layers, Prune, Selector, Service, Source};
