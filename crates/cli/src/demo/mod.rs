//! The demo: a whole rollout in a minute, on a simulated fleet or on real clusters.

pub mod real;
pub mod simulated;

/// Environment of the demo, on either fleet.
pub const ENVIRONMENT: &str = "demo";
/// Service of the demo.
pub const SERVICE: &str = "harbour";
/// Namespace that the demo makes on real clusters, and removes again.
pub const NAMESPACE: &str = "seaway-demo";

/// The service's declaration and manifests, by path.
pub const FILES: [(&str, &str); 4] = [
    ("services/harbour/seaway.yaml", include_str!("harbour/seaway.yaml")),
    ("services/harbour/manifests/base.yaml", include_str!("harbour/base.yaml")),
    ("services/harbour/manifests/api.yaml", include_str!("harbour/api.yaml")),
    ("services/harbour/manifests/web.yaml", include_str!("harbour/web.yaml")),
];
