//! The seam between a service's source and everything behind it.

mod charts;
mod helm;
mod hld;
mod kustomize;

use std::sync::Arc;

use seaway_core::{
    declaration::{Service, Source},
    diagnostic::{Diagnostic, codes},
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
    Ok(match &service.source {
        Source::Manifests { .. } => Box::new(raw::Manifests::prepare(service, tree)?),
        Source::Kustomize(source) => Box::new(kustomize::Kustomization::prepare(service, source, tree)),
        Source::Hld(source) => Box::new(hld::Definition::prepare(service, source, tree)?),
        Source::Helm(source) => Box::new(helm::HelmChart::prepare(service, source, tree)?),
    })
}

/// Renders a service for a single target. For more than one, [`prepare`] once.
///
/// # Errors
/// All findings.
pub fn render(service: &Service, tree: &Tree, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
    prepare(service, tree)?.render(target)
}

/// The finding for a thread that cannot be started.
fn no_thread(error: std::io::Error) -> Vec<Diagnostic> {
    let message = format!("the source cannot be read now: {error}");
    vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")]
}

/// The finding for a source that gives nothing.
fn empty(tree: &Tree, folder: &str) -> Diagnostic {
    let place = tree.place_of(folder);
    let message = format!("no objects in `{}`, expected at least one", place.trim_end_matches('/'));
    let help = "rolling out nothing would delete everything that runs; remove the service instead";
    Diagnostic::error(codes::EMPTY_SOURCE, message).help(help)
}
