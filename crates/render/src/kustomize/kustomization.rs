//! The kustomization file.

use std::collections::BTreeMap;

use super::{
    decode::{Fields, Strictness, wrong},
    fault::{Fault, Outcome, quoted},
    field_spec::FieldSpec,
    helm::{ChartSpec, charts_of_old_form},
    node::Node,
};

use super::settings::{Generator, GeneratorOptions, Image, Label, Patch, ReplacementField, Replica, SortOptions, Var};

/// Names that the file may have; exactly one of them must be in a folder.
pub(crate) const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

pub(crate) const COMPONENT: &str = "Component";
const KUSTOMIZATION: &str = "Kustomization";

/// All fields of the file, old spellings brought to the new ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) kind: String,
    pub(crate) open_api: BTreeMap<String, String>,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) namespace: String,
    pub(crate) common_labels: BTreeMap<String, String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: BTreeMap<String, String>,
    pub(crate) patches_strategic_merge: Vec<String>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replacements: Vec<ReplacementField>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) vars: Vec<Var>,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) resources: Vec<String>,
    pub(crate) components: Vec<String>,
    pub(crate) crds: Vec<String>,
    pub(crate) config_maps: Vec<Generator>,
    pub(crate) secrets: Vec<Generator>,
    pub(crate) charts: Vec<ChartSpec>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) configurations: Vec<String>,
    pub(crate) generators: Vec<String>,
    pub(crate) transformers: Vec<String>,
    pub(crate) validators: Vec<String>,
    pub(crate) build_metadata: Vec<String>,
    /// Warnings about fields that Kustomize will drop.
    pub(crate) deprecated: Vec<&'static str>,
}

/// Fields that still work, and what stands in for them.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "`bases` is deprecated: list the folders in `resources`"),
    ("commonLabels", "`commonLabels` is deprecated: use `labels` with `includeSelectors: true`"),
    ("imageTags", "`imageTags` is deprecated: use `images`"),
    ("patchesJson6902", "`patchesJson6902` is deprecated: use `patches`"),
    ("patchesStrategicMerge", "`patchesStrategicMerge` is deprecated: use `patches`"),
    ("vars", "`vars` is deprecated: use `replacements`"),
];

impl Kustomization {
    pub(crate) fn read(node: &Node) -> Outcome<Self> {
        let mut fields = Fields::of("the kustomization", node, Strictness::Strict)?;
        let (kind, api_version) = (fields.text("kind")?, fields.text("apiVersion")?);
        if let Some(metadata) = fields.get("metadata") {
            check_metadata(metadata)?;
        }
        let mut deprecated = Vec::new();
        for (name, warning) in DEPRECATED {
            if fields.get(name).is_some() {
                deprecated.push(warning);
            }
        }
        let mut read = Self {
            kind,
            open_api: fields.text_map("openapi")?.unwrap_or_default(),
            name_prefix: fields.text("namePrefix")?,
            name_suffix: fields.text("nameSuffix")?,
            namespace: fields.text("namespace")?,
            common_labels: fields.text_map("commonLabels")?.unwrap_or_default(),
            labels: fields.list("labels", |one| Label::read(one, Strictness::Strict))?,
            common_annotations: fields.text_map("commonAnnotations")?.unwrap_or_default(),
            patches_strategic_merge: fields.texts("patchesStrategicMerge")?,
            patches_json6902: fields.list("patchesJson6902", |one| Patch::read(one, Strictness::Strict))?,
            patches: fields.list("patches", |one| Patch::read(one, Strictness::Strict))?,
            images: fields.list("images", |one| Image::read(one, Strictness::Strict))?,
            replacements: fields.list("replacements", |one| ReplacementField::read(one, Strictness::Strict))?,
            replicas: fields.list("replicas", |one| Replica::read(one, Strictness::Strict))?,
            vars: fields.list("vars", Var::read)?,
            sort_options: fields
                .get("sortOptions")
                .map(|one| SortOptions::read(one, Strictness::Strict))
                .transpose()?,
            resources: fields.texts("resources")?,
            components: fields.texts("components")?,
            crds: fields.texts("crds")?,
            config_maps: fields.list("configMapGenerator", |one| Generator::read(one, Strictness::Strict, false))?,
            secrets: fields.list("secretGenerator", |one| Generator::read(one, Strictness::Strict, true))?,
            charts: Vec::new(),
            generator_options: fields
                .get("generatorOptions")
                .map(|one| GeneratorOptions::read(one, Strictness::Strict))
                .transpose()?,
            configurations: fields.texts("configurations")?,
            generators: fields.texts("generators")?,
            transformers: fields.texts("transformers")?,
            validators: fields.texts("validators")?,
            build_metadata: fields.texts("buildMetadata")?,
            deprecated,
        };
        read.resources.extend(fields.texts("bases")?);
        read.images.extend(fields.list("imageTags", |one| Image::read(one, Strictness::Strict))?);
        read.read_charts(&mut fields)?;
        fields.finish()?;
        read.check(node, &api_version)?;
        if read.kind.is_empty() {
            KUSTOMIZATION.clone_into(&mut read.kind);
        }
        Ok(read)
    }

    fn read_charts(&mut self, fields: &mut Fields<'_>) -> Outcome<()> {
        let (old, old_home) = charts_of_old_form(fields)?;
        let mut home = old_home;
        if let Some(globals) = fields.get("helmGlobals") {
            let mut globals = Fields::of("`helmGlobals`", globals, Strictness::Strict)?;
            home = globals.text("chartHome")?;
            // Where Helm keeps its own settings: there are none here.
            globals.text("configHome")?;
            globals.finish()?;
        }
        self.charts = fields.list("helmCharts", |one| ChartSpec::read(one, Strictness::Strict))?;
        self.charts.extend(old);
        for chart in &mut self.charts {
            chart.home.clone_from(&home);
        }
        Ok(())
    }

    fn check(&self, node: &Node, api_version: &str) -> Outcome<()> {
        let is_meta = |key: &str| key.eq_ignore_ascii_case("kind") || key.eq_ignore_ascii_case("apiVersion");
        if node.fields().iter().all(|field| is_meta(&field.key.text) || field.value.is_null()) {
            return Err(Fault::field("the kustomization says nothing").help("name at least one entry of `resources`"));
        }
        let at = |key: &str, fault: Box<Fault>| {
            let place = node.get(key).map_or((0, 0), |node| (node.line, node.column));
            fault.at("", place.0, place.1)
        };
        if !["", KUSTOMIZATION, COMPONENT].contains(&self.kind.as_str()) {
            let message = format!("expected kind `{KUSTOMIZATION}` or `{COMPONENT}`, found {}", quoted(&self.kind));
            return Err(at("kind", Fault::field(message)));
        }
        let version = if self.kind == COMPONENT { "v1alpha1" } else { "v1beta1" };
        let wanted = format!("kustomize.config.k8s.io/{version}");
        if !api_version.is_empty() && api_version != wanted {
            let message = format!("expected apiVersion `{wanted}`, found {}", quoted(api_version));
            return Err(at("apiVersion", Fault::field(message)));
        }
        Ok(())
    }
}

fn check_metadata(node: &Node) -> Outcome<()> {
    let mut fields = Fields::of("`metadata`", node, Strictness::Strict)?;
    for name in ["name", "namespace"] {
        fields.text(name)?;
    }
    fields.text_map("labels")?;
    fields.text_map("annotations")?;
    fields.finish()
}

/// Reads a list of field paths, as in `labels[].fields` and in transformer configurations.
pub(crate) fn field_specs(
    fields: &mut Fields<'_>,
    name: &'static str,
    strictness: Strictness,
) -> Outcome<Vec<FieldSpec>> {
    fields.list(name, |one| FieldSpec::read(one, strictness))
}

/// An embedded mapping of any content.
pub(crate) fn mapping(fields: &mut Fields<'_>, name: &'static str) -> Outcome<Option<Node>> {
    match fields.get(name) {
        Some(node) if node.is_map() => Ok(Some(node.clone())),
        Some(node) => Err(wrong(node, name, "a mapping")),
        None => Ok(None),
    }
}
