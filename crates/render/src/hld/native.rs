//! Charts and kustomizations through this crate's own renderers.

use std::fmt::Write as _;

use seaway_core::diagnostic::{Diagnostic, codes};

use super::charts::{ChartRequest, KustomizationRequest, Renderers};
use crate::{
    helm::{
        chart::Chart,
        release::{Options, Renderer},
        values::Layer,
    },
    kustomize::{self, NoCharts, RemoteSources},
    yaml,
};

/// The renderers of this crate. Random values and the time are refused: a commit would render differently tomorrow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Renderers for Native {
    fn chart(&self, request: &ChartRequest<'_>) -> Result<String, Vec<Diagnostic>> {
        let fault = |why: String| vec![Diagnostic::error(codes::HLD_CHART, why).at(request.place.clone())];
        let chart = Chart::from_tree(request.chart, "").map_err(|error| fault(error.to_string()))?;
        let mut options = Options::new(request.release, request.namespace);
        // As a file, which is how the original hands them over.
        let text = yaml::write(request.values, yaml::Style::Kubernetes);
        options.layers.push(Layer::File { name: "values of the component".to_owned(), text });
        let release = Renderer::new(chart).render(&options).map_err(|error| fault(error.to_string()))?;
        let mut out = String::new();
        let hooks = release.hooks.iter().map(|hook| &hook.document);
        for document in release.documents.iter().chain(hooks) {
            // Writing to text cannot fail.
            let _ = write!(out, "---\n# Source: {}\n{}\n", document.source, document.text);
        }
        Ok(out)
    }

    fn kustomization(&self, request: &KustomizationRequest<'_>) -> Result<String, Vec<Diagnostic>> {
        let built = kustomize::build(request.tree, request.folder, &RemoteSources::none(), &NoCharts)?;
        let document = |object: &kustomize::BuiltObject| yaml::write(&object.manifest, yaml::Style::Kubernetes);
        let documents: Vec<String> = built.objects.iter().map(document).collect();
        Ok(documents.join("---\n"))
    }
}
