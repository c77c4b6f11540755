//! Declaration → plan → execution → record, as pure rules.
//!
//! This crate holds what Seaway *decides*: how declarations are read and checked, how a plan is computed,
//! how a rollout moves, and how its events are folded into views. It has no clock, no network, no file
//! system, no randomness and no async: time and answers arrive as values. `cargo xtask tidy` keeps it so.

pub mod declaration;
pub mod diagnostic;
pub mod digest;
pub mod duration;
pub mod execution;
pub mod health;
pub mod ids;
pub mod object;
pub mod plan;
pub mod provenance;
pub mod record;
pub mod release;
pub mod yaml;

/// The `apiVersion` of every declaration, plan and release.
pub const API_VERSION: &str = "seaway.dev/v1";
/// The field manager of every server-side apply.
pub const FIELD_MANAGER: &str = "seaway";
/// Label on every object that Seaway owns: the service that it belongs to.
pub const LABEL_SERVICE: &str = "seaway.dev/service";
/// Label on every object that Seaway owns: the environment that it was rolled out for.
pub const LABEL_ENVIRONMENT: &str = "seaway.dev/environment";
/// Annotation: the phase inside one cluster; lower numbers first, default 0.
pub const ANNOTATION_PHASE: &str = "seaway.dev/phase";
/// Annotation with value `allowed`: Seaway may delete and create the object again when a change cannot be made in place.
pub const ANNOTATION_REPLACE: &str = "seaway.dev/replace";
/// Annotation with value `allowed`: Seaway may take over an object that exists and belongs to nobody's Seaway yet.
pub const ANNOTATION_ADOPT: &str = "seaway.dev/adopt";
/// Label on inventories, with value `true`.
pub const LABEL_INVENTORY: &str = "seaway.dev/inventory";
/// Annotation with value `cluster` or `namespaced`: the scope of an object whose kind Seaway does not know.
pub const ANNOTATION_SCOPE: &str = "seaway.dev/scope";
/// Namespace of Seaway's own objects in a cluster: one inventory per service.
pub const SYSTEM_NAMESPACE: &str = "seaway-system";
