//! The seam between a service's source and everything behind it.

mod helm;
mod hld;
mod kustomize;
mod native;
mod needs;

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    declaration::{ChartOrigin, Git, Service, Source},
    diagnostic::{Diagnostic, Place, codes},
    release::Content,
};

use crate::{
    TargetContext, Tree,
    drawn::Key,
    external::Program,
    patches::Patches,
    raw,
    remote::{self, Locked, Remotes},
};

pub use hld::definition_parts;
pub use native::Native;
pub use needs::{Need, needs};

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

    /// What came from elsewhere into the renderings so far, and what it is locked to.
    fn elsewhere(&self) -> BTreeMap<remote::Source, Locked> {
        BTreeMap::new()
    }
}

/// What a service is rendered from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The files of its source.
    pub tree: &'a Tree,
    /// Files of the workspace that its patches name, by path.
    pub beside: &'a Tree,
    /// What is locked and here of what is elsewhere.
    pub remotes: &'a Remotes,
    /// The program that the service names as its renderer.
    pub program: Option<&'a Arc<dyn Program>>,
    /// The key that the service draws random values from.
    pub key: Option<&'a Arc<Key>>,
}

impl<'a> Inputs<'a> {
    /// A source without patches in files.
    pub fn of(tree: &'a Tree, remotes: &'a Remotes) -> Self {
        static NOTHING: std::sync::LazyLock<Tree> = std::sync::LazyLock::new(|| Tree::new(""));
        Self { tree, beside: &NOTHING, remotes, program: None, key: None }
    }
}

/// Reads a service's source.
///
/// # Errors
/// All findings that do not depend on a target: syntax, placeholders that do not exist, limits, and what is not locked
/// or not here.
pub fn prepare(service: &Service, inputs: &Inputs<'_>) -> Result<Box<dyn Prepared>, Vec<Diagnostic>> {
    let Inputs { tree, beside, program, key, .. } = *inputs;
    let patches = Patches::prepare(service, beside)?;
    if let (Some(renderer), None) = (&service.renderer, program) {
        let message = format!("the program `{}` cannot be run here", renderer.path);
        return Err(vec![Diagnostic::error(codes::EXTERNAL, message).at(whole(&service.file))]);
    }
    if let (Some(named), None) = (service.drawn.as_ref().and_then(|drawn| drawn.key.as_ref()), key) {
        let message = format!("{named}, which random values are drawn from, cannot be read here");
        return Err(vec![Diagnostic::error(codes::DRAW_KEY, message).at(whole(&service.file))]);
    }
    let program = program.filter(|_| service.renderer.is_some()).cloned();
    Ok(match &service.source {
        Source::Manifests { .. } => Box::new(raw::Manifests::prepare(service, tree, patches)?),
        Source::Kustomize(source) => {
            Box::new(kustomize::Kustomization::prepare(service, source, inputs, patches, program))
        }
        Source::Hld(source) => Box::new(hld::Definition::prepare(service, source, inputs, patches)?),
        Source::Helm(source) => Box::new(helm::HelmChart::prepare(service, source, inputs, patches, program)?),
    })
}

/// Renders a service for a single target, without anything from elsewhere. For more, [`prepare`] once.
///
/// # Errors
/// All findings.
pub fn render(service: &Service, tree: &Tree, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
    prepare(service, &Inputs::of(tree, &Remotes::none()))?.render(target)
}

/// What holds the whole source of a service, or its chart, when that is not in the workspace.
pub fn origin(service: &Service) -> Option<remote::Source> {
    let (git, path) = match &service.source {
        Source::Helm(helm) => match &helm.chart {
            ChartOrigin::Workspace { .. } => return None,
            ChartOrigin::Repository { url, name, version, .. } => {
                let (repository, name, version) = (url.clone(), name.clone(), version.clone());
                return Some(remote::Source::Chart { repository, name, version });
            }
            ChartOrigin::Git { git, path } => (git, path.as_str()),
        },
        // A component may name what is beside the definition's folder.
        Source::Hld(source) => (source.git.as_ref()?, ""),
        other => other.git()?,
    };
    let Git { url, reference, .. } = git;
    let (url, version) = (url.clone(), reference.clone());
    Some(remote::Source::Git { url, branch: String::new(), version, path: path.to_owned() })
}

/// The file as a whole.
fn whole(file: &str) -> Place {
    Place { file: file.to_owned(), line: 0, column: 0, offset: 0, len: 0 }
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
