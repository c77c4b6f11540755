//! Kustomize, native: a folder with a kustomization becomes objects, equal to what `kubectl kustomize` prints.
//!
//! ```text
//!  Tree + path ──Build──► Layer ─┬─ resources, bases ──► Set (objects, what they were called)
//!                                ├─ generators, charts ─► absorbed
//!                                ├─ components ─────────► laid over
//!                                └─ transformers ───────► changed in Kustomize's order
//!               at the end: name suffixes, references by name, variables, order
//! ```
//!
//! It follows Kustomize 5.7 (`kubectl` 1.35), its faults included: what is refused there is refused here, and what
//! comes out differently than one might expect comes out so here as well, because people have such trees. Programs,
//! containers and functions are never run, and nothing is fetched: remote bases come from [`RemoteSources`], charts
//! from a [`ChartRenderer`]. Work, depth and the number of objects are bounded.

mod address;
mod budget;
mod build;
mod config;
mod crds;
mod decode;
mod defaults;
mod fault;
mod field_path;
mod field_spec;
mod generate;
mod helm;
mod ident;
mod json;
mod json_patch;
mod kustomization;
mod label_selector;
mod load;
mod merge;
mod merge_list;
mod node;
mod objects;
mod origin;
mod patch_files;
mod plugins;
pub(crate) mod post;
mod read;
mod references;
mod remote;
mod resource;
mod scalar;
mod schema;
mod select;
mod set;
mod settings;
mod sort;
mod steps;
mod transform;
mod transformer;
mod twins;
mod vars;

pub use budget::{DEPTH_MAX, LAYERS_MAX, RESOURCES_MAX, WORK_MAX};
pub use helm::{ChartRenderer, ChartRequest, NoCharts};
pub use load::RemoteSources;
pub use remote::{Survey, remotes};
use seaway_core::{
    diagnostic::{Diagnostic, codes},
    yaml::on_deep_stack,
};
use serde_json::Value;

use crate::{CONTENT_BYTES_MAX, Tree};

/// What a kustomization gives.
#[derive(Clone, PartialEq, Debug)]
pub struct Built {
    /// The objects, in the order of the output.
    pub objects: Vec<BuiltObject>,
    /// Remarks, such as the use of deprecated fields.
    pub remarks: Vec<Diagnostic>,
}

/// One object.
#[derive(Clone, PartialEq, Debug)]
pub struct BuiltObject {
    /// The object itself.
    pub manifest: Value,
    /// The file that it was read from, or the kustomization that generated it, as path in the workspace.
    pub file: String,
    /// Its line there; 0 when it was generated.
    pub line: u32,
}

/// Builds the kustomization in the folder `path` of a tree; an empty path is the tree itself.
///
/// # Errors
/// One finding: like Kustomize, a build stops at its first fault.
pub fn build(
    tree: &Tree,
    path: &str,
    remotes: &RemoteSources,
    charts: &dyn ChartRenderer,
) -> Result<Built, Vec<Diagnostic>> {
    // Folders that build on each other are walked by recursion.
    on_deep_stack(|| run(tree, path, remotes, charts)).unwrap_or_else(|error| {
        let message = format!("the source cannot be read now: {error}");
        Err(vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")])
    })
}

fn run(tree: &Tree, path: &str, remotes: &RemoteSources, charts: &dyn ChartRenderer) -> Result<Built, Vec<Diagnostic>> {
    let place = |file: &str| tree.place_of(file);
    let build = build::Build::new(charts);
    let resources = build.run(tree, path, remotes).map_err(|fault| vec![fault.diagnostic(place)])?;
    let mut objects = Vec::with_capacity(resources.len());
    let mut bytes = 0_u64;
    for resource in &resources {
        let manifest = json::to_json(&resource.node).map_err(|fault| vec![resource.blame(fault).diagnostic(place)])?;
        bytes = bytes.saturating_add(resource.node.text_len());
        if bytes > CONTENT_BYTES_MAX as u64 {
            let fault = budget::too_large(format!("the objects have more than {CONTENT_BYTES_MAX} bytes"));
            return Err(vec![fault.diagnostic(place)]);
        }
        objects.push(BuiltObject { manifest, file: place(&resource.file), line: resource.node.line });
    }
    let mut remarks = build.warnings.into_inner();
    for remark in &mut remarks {
        if let Some(at) = &mut remark.place {
            at.file = place(&at.file);
        }
    }
    Ok(Built { objects, remarks })
}
