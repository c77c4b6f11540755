//! `helmCharts`: the seam to whatever renders charts.
//!
//! Kustomize lays `valuesInline` over the values file by itself and then runs `helm template`. Here the values are
//! laid together in the same way, and a [`ChartRenderer`] of the caller renders the chart out of the tree.

use serde_json::Value;

use super::{
    budget::Budget,
    decode::{Fields, Strictness},
    fault::{Fault, Outcome, quoted},
    json::to_json,
    kustomization::mapping,
    load::Folder,
    merge::Merger,
    node::Node,
    read,
    scalar::Words,
    schema::Schema,
};
use crate::{Tree, remote::Source};

const DEFAULT_HOME: &str = "charts";

/// What is asked of a chart.
#[derive(Clone, PartialEq, Debug)]
pub struct ChartRequest<'a> {
    /// The tree with the chart.
    pub tree: &'a Tree,
    /// The chart's folder in the tree.
    pub path: String,
    /// The chart's name as written.
    pub name: String,
    /// Name of the release; empty when the kustomization gives none.
    pub release_name: String,
    /// A template for the name of the release.
    pub name_template: String,
    /// Namespace of the release; empty = the default one.
    pub namespace: String,
    /// Values in the order in which they are laid over the chart's own, later ones win.
    pub values: Vec<Value>,
    /// Whether custom resource definitions are wanted.
    pub include_crds: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// API versions that the chart may ask for.
    pub api_versions: Vec<String>,
    /// The version of Kubernetes that the chart may ask for; empty = the renderer's own.
    pub kube_version: String,
}

/// Renders a chart to YAML as `helm template` prints it.
pub trait ChartRenderer: Sync {
    /// The documents of a chart.
    ///
    /// # Errors
    /// Why the chart cannot be rendered, as a lower-case sentence.
    fn render(&self, request: &ChartRequest<'_>) -> Result<String, String>;
}

/// Refuses every chart.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCharts;

impl ChartRenderer for NoCharts {
    fn render(&self, _request: &ChartRequest<'_>) -> Result<String, String> {
        Err("charts are not rendered here".to_owned())
    }
}

/// How inline values and the values file are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum ValuesMerge {
    /// Inline values win.
    #[default]
    Override,
    /// The file wins.
    Merge,
    /// The file does not count.
    Replace,
}

/// An entry of `helmCharts`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChartSpec {
    /// Folder of the charts.
    pub(crate) home: String,
    name: String,
    version: String,
    repository: String,
    release_name: String,
    name_template: String,
    namespace: String,
    additional_values_files: Vec<String>,
    values_file: String,
    values_inline: Option<Node>,
    values_merge: String,
    include_crds: bool,
    skip_hooks: bool,
    skip_tests: bool,
    api_versions: Vec<String>,
    kube_version: String,
}

impl ChartSpec {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("a chart", node, strictness)?;
        let read = Self::from(&mut fields)?;
        fields.finish().map(|()| read)
    }

    /// As plugin configuration, which has the globals beside.
    pub(crate) fn from(fields: &mut Fields<'_>) -> Outcome<Self> {
        let read = Self {
            home: String::new(),
            name: fields.text("name")?,
            version: fields.text("version")?,
            repository: fields.text("repo")?,
            release_name: fields.text("releaseName")?,
            name_template: fields.text("nameTemplate")?,
            namespace: fields.text("namespace")?,
            additional_values_files: fields.texts("additionalValuesFiles")?,
            values_file: fields.text("valuesFile")?,
            values_inline: mapping(fields, "valuesInline")?,
            values_merge: fields.text("valuesMerge")?,
            include_crds: fields.flag("includeCRDs")?,
            skip_hooks: fields.flag("skipHooks")?,
            skip_tests: fields.flag("skipTests")?,
            api_versions: fields.texts("apiVersions")?,
            kube_version: fields.text("kubeVersion")?,
        };
        // What Helm prints or fetches besides.
        fields.flag("debug")?;
        fields.flag("devel")?;
        Ok(read)
    }

    /// The YAML of the chart.
    pub(crate) fn inflate(&self, folder: &Folder<'_>, charts: &dyn ChartRenderer, budget: &Budget) -> Outcome<String> {
        if self.name.is_empty() {
            return Err(Fault::field("an entry of `helmCharts` needs a `name`"));
        }
        let home = self.chart_home(&folder.path())?;
        let path = super::load::join_text(&home, &self.name);
        let (tree, path) = match self.elsewhere(folder.tree(), &folder.path()) {
            Some(source) => (folder.remotes().chart(&source)?, String::new()),
            None => (folder.tree(), path),
        };
        if !super::load::has_folder(tree, &path) {
            let message =
                format!("there is no chart {} in `{}`", quoted(&self.name), seaway_core::diagnostic::excerpt(&home));
            let help = "put the chart there, or name its repository with `repo`";
            return Err(Fault::new(seaway_core::diagnostic::codes::KUSTOMIZE_REMOTE, message).help(help));
        }
        let request = ChartRequest {
            tree,
            values: self.values(folder, tree, &path, budget)?,
            path,
            name: self.name.clone(),
            release_name: self.release_name.clone(),
            name_template: self.name_template.clone(),
            namespace: self.namespace.clone(),
            include_crds: self.include_crds,
            skip_hooks: self.skip_hooks,
            skip_tests: self.skip_tests,
            api_versions: self.api_versions.clone(),
            kube_version: self.kube_version.clone(),
        };
        let text = charts.render(&request);
        text.map_err(|why| Fault::step(format!("the chart {} cannot be rendered: {why}", quoted(&self.name))))
    }

    /// The chart's folder in the tree of the kustomization in a folder; `None` = outside of it.
    pub(crate) fn path(&self, folder: &str) -> Option<String> {
        Some(super::load::join_text(&self.chart_home(folder).ok()?, &self.name))
    }

    /// The chart in its repository, when it has one and is not in the tree.
    pub(crate) fn elsewhere(&self, tree: &Tree, folder: &str) -> Option<Source> {
        let path = self.path(folder).filter(|_| !self.repository.is_empty() && !self.name.is_empty())?;
        let source = Source::Chart {
            repository: self.repository.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
        };
        (!super::load::has_folder(tree, &path)).then_some(source)
    }

    fn chart_home(&self, folder: &str) -> Outcome<String> {
        let home = if self.home.is_empty() { DEFAULT_HOME } else { &self.home };
        if home.starts_with('/') {
            return Err(Fault::field(format!("expected a relative `chartHome`, found {}", quoted(home))));
        }
        let mut home = super::load::join_text(folder, home);
        if home.split('/').next() == Some("..") {
            return Err(Fault::field("`chartHome` leaves the source"));
        }
        if !self.version.is_empty() && !self.repository.is_empty() {
            home = super::load::join_text(&home, &format!("{}-{}", self.name, self.version));
        }
        Ok(home)
    }

    fn values(&self, folder: &Folder<'_>, tree: &Tree, chart: &str, budget: &Budget) -> Outcome<Vec<Value>> {
        let merge = match self.values_merge.as_str() {
            "" | "override" => ValuesMerge::Override,
            "merge" => ValuesMerge::Merge,
            "replace" => ValuesMerge::Replace,
            other => {
                let message = format!("unknown `valuesMerge` {}", quoted(other));
                return Err(Fault::field(message).help("one of `merge`, `override`, `replace`"));
            }
        };
        let inline = self.values_inline.as_ref().filter(|values| !values.is_empty());
        let first = match (inline, merge) {
            (Some(inline), ValuesMerge::Replace) => inline.clone(),
            (Some(inline), ValuesMerge::Override) => {
                lay(&self.own_values(folder, tree, chart, budget)?, inline, budget)?
            }
            (Some(inline), ValuesMerge::Merge) => lay(inline, &self.own_values(folder, tree, chart, budget)?, budget)?,
            (None, _) => self.own_values(folder, tree, chart, budget)?,
        };
        let mut all = vec![to_json(&first)?];
        for path in &self.additional_values_files {
            let more = values(folder.text(path)?, budget).map_err(|fault| fault.at(&folder.name_of(path), 0, 0))?;
            all.push(to_json(&more)?);
        }
        Ok(all)
    }

    /// The values file, or that of the chart.
    fn own_values(&self, folder: &Folder<'_>, tree: &Tree, chart: &str, budget: &Budget) -> Outcome<Node> {
        if !self.values_file.is_empty() {
            return values(folder.text(&self.values_file)?, budget);
        }
        let path = super::load::join_text(chart, "values.yaml");
        let bytes = tree.get(&path).ok_or_else(|| {
            Fault::new(seaway_core::diagnostic::codes::KUSTOMIZE_PATH, format!("expected a file at {}", quoted(&path)))
        })?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Fault::field(format!("expected UTF-8 text in {}", quoted(&path))))?;
        values(text, budget)
    }
}

fn values(text: &str, budget: &Budget) -> Outcome<Node> {
    let found = read::document(text, Words::Modern, budget)?;
    Ok(found.filter(|values| !values.is_null()).unwrap_or_else(Node::map))
}

fn lay(below: &Node, above: &Node, budget: &Budget) -> Outcome<Node> {
    let schema = Schema::default();
    let merged = Merger { schema: &schema, budget }.merge(below, above)?;
    Ok(merged.unwrap_or_else(Node::map))
}

/// `helmChartInflationGenerator`, with the folder of its charts.
pub(crate) fn charts_of_old_form(fields: &mut Fields<'_>) -> Outcome<(Vec<ChartSpec>, String)> {
    let mut home = String::new();
    let charts = fields.list("helmChartInflationGenerator", |node| {
        let mut fields = Fields::of("`helmChartInflationGenerator`", node, Strictness::Strict)?;
        let own_home = fields.text("chartHome")?;
        if !own_home.is_empty() {
            home = own_home;
        }
        let chart = ChartSpec {
            name: fields.text("chartName")?,
            version: fields.text("chartVersion")?,
            repository: fields.text("chartRepoUrl")?,
            values_file: fields.text("values")?,
            values_inline: mapping(&mut fields, "valuesLocal")?,
            values_merge: fields.text("valuesMerge")?,
            release_name: fields.text("releaseName")?,
            ..ChartSpec::default()
        };
        for ignored in ["chartRepoName", "helmBin", "helmHome", "releaseNamespace"] {
            fields.text(ignored)?;
        }
        fields.texts("extraArgs")?;
        fields.finish().map(|()| chart)
    })?;
    Ok((charts, home))
}
