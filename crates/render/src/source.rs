//! The seam between a service's source and everything behind it.

use std::sync::Arc;

use seaway_core::{
    declaration::{Service, Source},
    diagnostic::Diagnostic,
    release::Content,
};

use crate::{TargetContext, Tree, raw};

/// What rendering gives for one target.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The objects. Targets with equal values share one.
    pub content: Arc<Content>,
    /// Remarks and warnings; none is an error.
    pub remarks: Arc<[Diagnostic]>,
}

/// A source that was read once and can be rendered for many targets.
pub trait Prepared: Send + Sync {
    /// The objects for one target.
    ///
    /// # Errors
    /// All findings, at least one of them an error. Targets with the same fault give equal findings.
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>>;
}

/// Reads a service's source.
///
/// # Errors
/// All findings that do not depend on a target: syntax, placeholders that do not exist, limits.
pub fn prepare(service: &Service, tree: &Tree) -> Result<Box<dyn Prepared>, Vec<Diagnostic>> {
    match &service.source {
        Source::Manifests { .. } => Ok(Box::new(raw::Manifests::prepare(service, tree)?)),
    }
}

/// Renders a service for a single target. For more than one, [`prepare`] once.
///
/// # Errors
/// All findings.
pub fn render(service: &Service, tree: &Tree, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
    prepare(service, tree)?.render(target)
}
