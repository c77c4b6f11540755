//! The seam to what renders charts and kustomizations.

use seaway_core::diagnostic::{Diagnostic, Place};
use serde_json::Value;

use crate::Tree;

/// One chart to render.
#[derive(Clone, Copy, Debug)]
pub struct ChartRequest<'a> {
    /// Release name.
    pub release: &'a str,
    /// Namespace of the release.
    pub namespace: &'a str,
    /// The chart, with `Chart.yaml` at its root.
    pub chart: &'a Tree,
    /// Values above the chart's own.
    pub values: &'a Value,
    /// Where the component stands, for findings about the chart as a whole.
    pub place: &'a Place,
}

/// One kustomization to build.
#[derive(Clone, Copy, Debug)]
pub struct KustomizationRequest<'a> {
    /// The tree that holds it and all that it names.
    pub tree: &'a Tree,
    /// Its folder in the tree.
    pub folder: &'a str,
    /// Where the component stands.
    pub place: &'a Place,
}

/// What renders charts and kustomizations.
pub trait Renderers: Sync {
    /// The documents as `helm template` prints them: `---` before each; without `crds/` and notes, with hooks.
    ///
    /// # Errors
    /// All findings.
    fn chart(&self, request: &ChartRequest<'_>) -> Result<String, Vec<Diagnostic>>;

    /// The documents as `kustomize build` prints them.
    ///
    /// # Errors
    /// All findings.
    fn kustomization(&self, request: &KustomizationRequest<'_>) -> Result<String, Vec<Diagnostic>>;
}
