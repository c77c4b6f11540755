//! The one renderer of charts and kustomizations inside of other sources, and findings about charts.

use std::borrow::Cow;

use seaway_core::diagnostic::{Diagnostic, Place, codes};
use serde_json::Value;

use crate::{
    Tree,
    helm::{
        self,
        chart::{Chart, ChartError},
        functions::Entropy,
        release::{Capabilities, Event, Options, Release, ReleaseError, Renderer},
        template::{Program, Session, Settings, TemplateError},
        values::{Layer, LayerError},
    },
    hld::{self, Renderers},
    kustomize::{self, ChartRenderer, build},
    remote::{View, whole},
    yaml::{Style, write},
};

/// Kustomize and Fabrikate call Helm 3, and their charts are rendered by its rules. Kustomize takes no newer one.
const HELM: &str = "v3.17.2";
/// What Helm calls a release that nobody names.
const UNNAMED: &str = "release-name";

/// Renders natively whatever a kustomization or a high-level definition asks for.
#[derive(Clone)]
pub struct Native<'a> {
    view: View<'a>,
    entropy: Entropy,
}

impl<'a> Native<'a> {
    /// With what is locked and here, and what charts may draw. Whoever renders into a repository lets them draw
    /// nothing: a commit would render differently tomorrow.
    pub const fn new(view: View<'a>, entropy: Entropy) -> Self {
        Self { view, entropy }
    }
}

impl ChartRenderer for Native<'_> {
    fn render(&self, request: &kustomize::ChartRequest<'_>) -> Result<String, String> {
        let name = match (request.release_name.as_str(), request.name_template.as_str()) {
            ("", "") => UNNAMED.to_owned(),
            ("", template) => name_from(template, &self.entropy)?,
            (name, "") => name.to_owned(),
            _ => return Err("it has both a `releaseName` and a `nameTemplate`".to_owned()),
        };
        let namespace = if request.namespace.is_empty() { "default" } else { &request.namespace };
        let mut options = Options::new(name, namespace);
        options.entropy = self.entropy.clone();
        for values in &request.values {
            let Value::Object(values) = values else { return Err("the values are no mapping".to_owned()) };
            options.layers.push(Layer::Values(values.clone()));
        }
        let further = request.api_versions.iter().cloned();
        options.capabilities = match request.kube_version.as_str() {
            "" => with_further(Capabilities::default(), further),
            version => Capabilities::of(&with_three_numbers(version), further)
                .ok_or_else(|| format!("`{version}` is no version of Kubernetes"))?,
        };
        options.capabilities.helm_version = HELM.to_owned();
        let tree = self.whole(request.tree, &request.path).map_err(|finding| match finding.help {
            Some(help) => format!("{}; {help}", finding.message),
            None => finding.message,
        })?;
        let release = release(&tree, &request.path, &options).map_err(|error| error.to_string())?;
        let is_left_out =
            |events: &[Event]| request.skip_hooks || (request.skip_tests && events.contains(&Event::Test));
        Ok(text(&release, request.include_crds, is_left_out))
    }
}

/// The name that a template gives to a release. It sees no values, as in Helm.
fn name_from(template: &str, entropy: &Entropy) -> Result<String, String> {
    const FILE: &str = "nameTemplate";
    let program = Program::parse([(FILE, template)])
        .map_err(|errors| errors.first().map_or_else(|| FILE.to_owned(), ToString::to_string))?;
    let settings = Settings { entropy: entropy.clone(), ..Settings::default() };
    Session::new(&program, settings).execute(FILE, helm::value::Value::Nil).map_err(|error| error.to_string())
}

/// Helm 3 reads `1.27` as `1.27.0`.
fn with_three_numbers(version: &str) -> String {
    let (numbers, rest) = version.split_at(version.find(['-', '+']).unwrap_or(version.len()));
    let missing = 2_usize.saturating_sub(numbers.matches('.').count());
    format!("{numbers}{}{rest}", ".0".repeat(missing))
}

impl Native<'_> {
    /// The chart with its subcharts; the first reason when one cannot be had.
    fn whole<'t>(&self, tree: &'t Tree, folder: &str) -> Result<Cow<'t, Tree>, Diagnostic> {
        let mut found = whole(tree, folder, None, self.view);
        let place = Place { file: tree.place_of(folder), line: 0, column: 0, offset: 0, len: 0 };
        if let Some(missing) = found.missing.first() {
            return Err(missing.finding(place));
        }
        if found.findings.is_empty() { Ok(found.tree) } else { Err(found.findings.remove(0)) }
    }
}

impl Renderers for Native<'_> {
    fn chart(&self, request: &hld::ChartRequest<'_>) -> Result<String, Vec<Diagnostic>> {
        let mut options = Options::new(request.release, request.namespace);
        options.entropy = self.entropy.clone();
        options.capabilities.helm_version = HELM.to_owned();
        // As a file, which is how the original hands them over.
        let values = write(request.values, Style::Kubernetes);
        options.layers.push(Layer::File { name: "values of the component".to_owned(), text: values });
        let release =
            release(request.chart, "", &options).map_err(|error| vec![at(&error.to_string(), request.place)])?;
        Ok(text(&release, false, |_| false))
    }

    fn kustomization(&self, request: &hld::KustomizationRequest<'_>) -> Result<String, Vec<Diagnostic>> {
        let survey = kustomize::remotes(request.tree, &[request.folder.to_owned()], self.view);
        let built = build(request.tree, request.folder, &survey.remotes, self)?;
        Ok(built.objects.iter().map(|one| format!("---\n{}", write(&one.manifest, Style::Kubernetes))).collect())
    }
}

fn at(message: &str, place: &Place) -> Diagnostic {
    Diagnostic::error(codes::HLD_CHART, message).at(place.clone())
}

/// The same cluster with further API versions.
pub(super) fn with_further(mut capabilities: Capabilities, further: impl Iterator<Item = String>) -> Capabilities {
    capabilities.api_versions = capabilities.api_versions.iter().cloned().chain(further).collect();
    capabilities
}

/// Why a chart of somebody else gives nothing.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Chart(#[from] ChartError),
    #[error(transparent)]
    Release(#[from] ReleaseError),
}

fn release(tree: &Tree, folder: &str, options: &Options) -> Result<Release, Trouble> {
    let chart = Chart::from_tree(tree, folder)?;
    Ok(Renderer::new(chart).render(options)?)
}

/// The documents as `helm template` prints them.
fn text(release: &Release, has_definitions: bool, is_left_out: impl Fn(&[Event]) -> bool) -> String {
    let mut out = String::new();
    let definitions = release.definitions.iter().filter(|_| has_definitions);
    let hooks = release.hooks.iter().filter(|hook| !is_left_out(&hook.events)).map(|hook| &hook.document);
    for document in definitions.chain(&release.documents).chain(hooks) {
        out += &format!("---\n# Source: {}\n{}\n", document.source, document.text);
    }
    out
}

/// A fault of a chart's files.
pub(super) fn chart_finding(error: &ChartError, chart: &str) -> Diagnostic {
    let file = if error.file.is_empty() { chart.to_owned() } else { format!("{chart}/{}", error.file) };
    let place = Place { file, line: error.line, column: error.column, offset: 0, len: 0 };
    Diagnostic::error(codes::HELM_CHART, &error.message).at(place)
}

/// Why a chart gives no release. What was rendered is never shown: it may be a Secret.
pub(super) fn release_findings(error: &ReleaseError, chart: &str, declared_in: &str) -> Vec<Diagnostic> {
    let place = |file: &str, line, column| Place { file: file.to_owned(), line, column, offset: 0, len: 0 };
    match error {
        ReleaseError::Parse(errors) => errors.iter().map(|error| template_finding(error, chart)).collect(),
        ReleaseError::Template(error) => vec![template_finding(error, chart)],
        ReleaseError::Schema(problems) => {
            let finding =
                |problem: &String| Diagnostic::error(codes::HELM_VALUES, problem).at(place(declared_in, 0, 0));
            problems.iter().map(finding).collect()
        }
        ReleaseError::Layer(LayerError::File { file, line, column, problem }) => {
            vec![Diagnostic::error(codes::HELM_VALUES, problem).at(place(file, *line, *column))]
        }
        ReleaseError::Layer(LayerError::Set { .. } | LayerError::TooLarge) | ReleaseError::Values(_) => {
            vec![Diagnostic::error(codes::HELM_VALUES, error.to_string()).at(place(declared_in, 0, 0))]
        }
        ReleaseError::Document { source_file, .. } => {
            vec![Diagnostic::error(codes::HELM_TEMPLATE, error.to_string()).at(in_chart(source_file, chart, 0, 0))]
        }
        ReleaseError::Library(_) | ReleaseError::MissingDependencies(_) | ReleaseError::KubeVersion { .. } => {
            vec![Diagnostic::error(codes::HELM_CHART, error.to_string()).at(place(chart, 0, 0))]
        }
    }
}

fn template_finding(error: &TemplateError, chart: &str) -> Diagnostic {
    let finding = Diagnostic::error(codes::HELM_TEMPLATE, error.to_string());
    match error.place() {
        Some(at) => finding.at(in_chart(&at.file, chart, at.line, at.column)),
        None => finding.at(Place { file: chart.to_owned(), line: 0, column: 0, offset: 0, len: 0 }),
    }
}

/// A template's place in the workspace: its name has the chart's name before the path in the chart.
fn in_chart(name: &str, chart: &str, line: u32, column: u32) -> Place {
    let path = name.split_once('/').map_or(name, |(_, path)| path);
    Place { file: format!("{chart}/{path}"), line, column, offset: 0, len: 0 }
}
