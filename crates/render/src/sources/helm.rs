//! A Helm chart as a service's source.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use seaway_core::{
    ANNOTATION_PHASE, ANNOTATION_REPLACE,
    declaration::{ChartOrigin, HelmSource, HookPolicy, Service},
    diagnostic::{Diagnostic, codes, excerpt, has_errors},
    yaml::on_deep_stack,
};
use serde_json::{Map, Value, json};

use super::{
    Inputs,
    native::{chart_finding, release_findings, with_further},
    origin, whole,
};
use crate::{
    Prepared, Rendering, TargetContext, Tree,
    drawn::Draws,
    external::{Call, Program, text_of},
    generated::{Made, Product, text_on},
    helm::{
        chart::Chart,
        functions::Entropy,
        release::{Capabilities, Document, Event, Hook, Options, Release, Renderer, read_stream},
        values::Layer,
    },
    memo::Memo,
    patches::Patches,
    remote::{self, Locked, Remotes, Source},
    template::{Compiler, Placeholder, Template, Use, Values},
};

/// Phases of hooks are this far from the phases of the service's own objects.
const HOOK_PHASE: i64 = 10_000;
/// Hooks whose weights are further apart than this share the outermost phase.
const WEIGHT_MAX: i64 = 5_000;

/// A chart that was read and compiled once.
pub(crate) struct HelmChart {
    service: Service,
    source: HelmSource,
    tree: Tree,
    /// What the chart is called in findings: its path, or where it is from.
    label: String,
    /// The chart and its subcharts, as far as they are from elsewhere.
    elsewhere: BTreeMap<Source, Locked>,
    patches: Option<Arc<Patches>>,
    maker: Maker,
    capabilities: Capabilities,
    values: Template,
    uses: Vec<Use>,
    draws: Draws,
    /// What each set of values gives.
    known: Memo<Arc<Result<Product, Vec<Diagnostic>>>>,
}

impl HelmChart {
    /// Reads the chart and the values of the declaration.
    ///
    /// # Errors
    /// All findings.
    pub(crate) fn prepare(
        service: &Service,
        source: &HelmSource,
        inputs: &Inputs<'_>,
        patches: Option<Arc<Patches>>,
        program: Option<Arc<dyn Program>>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let Inputs { tree, remotes, .. } = *inputs;
        let read = || match &source.chart {
            ChartOrigin::Workspace { path } => match tree.get(path) {
                Some(archive) => Read::packed(archive, path, program.as_ref()),
                None => Read::of(service, (tree, path), path, remotes, program.as_ref()),
            },
            ChartOrigin::Repository { .. } | ChartOrigin::Git { .. } => {
                let Some(source) = origin(service) else { return Err(Vec::new()) };
                let chart = remotes.view().get(&source);
                let chart = chart.map_err(|missing| vec![missing.finding(whole(&service.file))])?;
                Read::of(service, (&chart, ""), &source.to_string(), remotes, program.as_ref())
            }
        };
        let Read { maker, label, elsewhere } = on_deep_stack(read).map_err(super::no_thread)??;
        let mut compiler = Compiler::new(service, &service.file, "", false);
        let values = compiler.compile(&source.values);
        if has_errors(&compiler.findings) {
            return Err(compiler.findings);
        }
        let further = source.api_versions.iter().cloned();
        let capabilities = match &source.kube_version {
            None => with_further(Capabilities::default(), further),
            Some(version) => Capabilities::of(version, further).ok_or_else(|| {
                let message = format!("`kubeVersion` is no version of Kubernetes: `{}`", excerpt(version));
                vec![Diagnostic::error(codes::HELM_VALUES, message).at(whole(&service.file)).help("such as `1.33.0`")]
            })?,
        };
        Ok(Self {
            service: service.clone(),
            source: source.clone(),
            tree: tree.clone(),
            label,
            elsewhere,
            patches,
            maker,
            capabilities,
            values,
            uses: compiler.uses,
            draws: Draws::of(service, inputs.key),
            known: Memo::new(),
        })
    }

    /// The declaration's values on a target.
    fn values(&self, target: &TargetContext) -> Result<Value, Vec<Diagnostic>> {
        let mut values = Values::new();
        let mut findings = Vec::new();
        for one in &self.uses {
            match target.value(&self.service, &one.placeholder) {
                Some(value) => drop(values.insert(one.placeholder.clone(), value)),
                None => findings.push(self.without_value(one, target)),
            }
        }
        if findings.is_empty() { Ok(self.values.substitute(&values)) } else { Err(findings) }
    }

    fn without_value(&self, one: &Use, target: &TargetContext) -> Diagnostic {
        let message = format!("`${{{}}}` has no value on target `{}`", one.placeholder, target.cluster);
        let help = match &one.placeholder {
            Placeholder::RegionName => "a global cluster is in no region".to_owned(),
            other => format!("give `{other}` a value there"),
        };
        Diagnostic::error(codes::NO_VALUE_HERE, message).help(help).at(one.span.in_file(&self.service.file))
    }

    /// Paths of the files of values on a target.
    fn value_files(&self, target: &TargetContext) -> Result<Vec<String>, Vec<Diagnostic>> {
        let on_target = |pattern: &String| text_on(&self.service, target, &self.service.file, pattern);
        self.source.value_files.iter().map(on_target).collect()
    }

    fn layers(&self, files: &[String], values: Value) -> Result<Vec<Layer>, Vec<Diagnostic>> {
        let mut layers = Vec::new();
        for path in files {
            let Some(bytes) = self.tree.get(path) else {
                let message = format!("no file of values `{}`", excerpt(path));
                let help = "write the file, or name it only where it exists";
                return Err(vec![
                    Diagnostic::error(codes::HELM_VALUES, message).at(whole(&self.service.file)).help(help),
                ]);
            };
            let text = String::from_utf8(bytes.to_vec())
                .map_err(|_| vec![Diagnostic::error(codes::NOT_TEXT, "expected UTF-8 text").at(whole(path))])?;
            layers.push(Layer::File { name: path.clone(), text });
        }
        if let Value::Object(values) = values {
            layers.push(Layer::Values(values));
        }
        Ok(layers)
    }

    fn product(&self, files: &[String], values: Value, entropy: Entropy) -> Result<Product, Vec<Diagnostic>> {
        let name = self.source.release_name.as_deref().unwrap_or(self.service.name.as_str());
        let mut options = Options::new(name, &self.service.namespace);
        options.layers = self.layers(files, values)?;
        options.capabilities = self.capabilities.clone();
        options.entropy = entropy;
        let release = match &self.maker {
            Maker::Native(renderer) => on_deep_stack(|| renderer.render(&options)),
            Maker::Program { program, chart } => {
                let call = self.call(chart, &options)?;
                let text = text_of(&**program, &call, &whole(&self.service.file))?;
                on_deep_stack(|| read_stream(&text))
            }
        };
        let release = release
            .map_err(super::no_thread)?
            .map_err(|error| release_findings(&error, &self.label, &self.service.file))?;
        let made = self.made(&release);
        if made.is_empty() {
            return Err(vec![super::empty(&Tree::new(""), &self.label)]);
        }
        Ok(Product::complete(made, self.warnings(&release)).patched(self.patches.clone()))
    }

    /// What a program of somebody else is called with.
    fn call(&self, chart: &Call, options: &Options) -> Result<Call, Vec<Diagnostic>> {
        let mut call = chart.clone();
        let mut arguments = vec!["template".to_owned(), options.name.clone()];
        arguments.extend(chart.files.first().map(|(path, _)| path.split('/').next().unwrap_or_default().to_owned()));
        arguments.extend(["--namespace".to_owned(), options.namespace.clone(), "--include-crds".to_owned()]);
        for (index, layer) in options.layers.iter().enumerate() {
            let path = format!("values-{index}.yaml");
            let text = match layer {
                Layer::File { text, .. } => text.clone(),
                Layer::Values(values) => Value::Object(values.clone()).to_string(),
                _ => return Err(vec![Diagnostic::error(codes::EXTERNAL, "values of a form that no file has")]),
            };
            call.write(path.clone(), text);
            arguments.extend(["--values".to_owned(), path]);
        }
        if let Some(version) = &self.source.kube_version {
            arguments.extend(["--kube-version".to_owned(), version.clone()]);
        }
        for version in &self.source.api_versions {
            arguments.extend(["--api-versions".to_owned(), version.clone()]);
        }
        call.arguments = arguments;
        Ok(call)
    }

    fn warnings(&self, release: &Release) -> Vec<Diagnostic> {
        let finding = |text: &String| Diagnostic::warning(codes::HELM_CHART, text.as_str()).at(whole(&self.label));
        release.warnings.iter().map(finding).collect()
    }

    fn made(&self, release: &Release) -> Vec<Made> {
        let mut made = Vec::new();
        if self.source.include_crds {
            made.extend(release.definitions.iter().flat_map(|one| self.documents(one, None)));
        }
        made.extend(release.documents.iter().flat_map(|one| self.documents(one, None)));
        if self.source.hooks == HookPolicy::Phases {
            let hooks = release.hooks.iter().filter_map(|hook| Some((hook, phase(hook)?)));
            made.extend(hooks.flat_map(|(hook, phase)| self.documents(&hook.document, Some(phase))));
        }
        made
    }

    /// The objects of a document; a `List` stands for its items.
    fn documents(&self, document: &Document, phase: Option<i64>) -> Vec<Made> {
        if document.is_empty() {
            return Vec::new();
        }
        let file: Arc<str> = format!("{}/{}", self.label, inside(&document.source)).into();
        let items = match (document.kind(), document.value.get("items")) {
            ("List", Some(Value::Array(items))) => items.clone(),
            _ => vec![document.value.clone()],
        };
        let with_phase = |mut manifest: Value| {
            if let Some(phase) = phase {
                annotate(&mut manifest, phase);
            }
            Made { manifest, file: Arc::clone(&file) }
        };
        items.into_iter().map(with_phase).collect()
    }
}

/// The path of a template in its chart: the chart's name goes before it.
fn inside(source: &str) -> &str {
    source.split_once('/').map_or(source, |(_, path)| path)
}

/// The phase of a hook; `None` = it does not belong to an installation or upgrade.
fn phase(hook: &Hook) -> Option<i64> {
    let at = |events: [Event; 2]| hook.events.iter().any(|event| events.contains(event));
    let weight = hook.weight.clamp(-WEIGHT_MAX, WEIGHT_MAX);
    if at([Event::PreInstall, Event::PreUpgrade]) {
        Some(weight - HOOK_PHASE)
    } else if at([Event::PostInstall, Event::PostUpgrade]) {
        Some(weight + HOOK_PHASE)
    } else {
        None
    }
}

/// Gives a hook its phase. Helm makes the object of a hook anew each time, so it may be replaced.
fn annotate(manifest: &mut Value, phase: i64) {
    let Value::Object(manifest) = manifest else { return };
    let metadata = manifest.entry("metadata").or_insert_with(|| json!({}));
    let Value::Object(metadata) = metadata else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if annotations.is_null() {
        *annotations = json!({});
    }
    let Value::Object(annotations) = annotations else { return };
    annotations.entry(ANNOTATION_PHASE).or_insert_with(|| Value::String(phase.to_string()));
    annotations.entry(ANNOTATION_REPLACE).or_insert_with(|| Value::String("allowed".to_owned()));
}

/// What makes the release.
enum Maker {
    Native(Box<Renderer>),
    Program {
        program: Arc<dyn Program>,
        /// The files of the chart.
        chart: Call,
    },
}

/// A chart as it was read.
struct Read {
    maker: Maker,
    label: String,
    elsewhere: BTreeMap<Source, Locked>,
}

impl Read {
    fn packed(archive: &Arc<[u8]>, path: &str, program: Option<&Arc<dyn Program>>) -> Result<Self, Vec<Diagnostic>> {
        let maker = match program {
            Some(program) => {
                let chart = Call { files: vec![("chart.tgz".to_owned(), Arc::clone(archive))], ..Call::default() };
                Maker::Program { program: Arc::clone(program), chart }
            }
            None => {
                let chart = Chart::from_archive(archive).map_err(|error| vec![chart_finding(&error, path)])?;
                Maker::Native(Box::new(Renderer::new(chart)))
            }
        };
        Ok(Self { maker, label: path.to_owned(), elsewhere: BTreeMap::new() })
    }

    /// The chart in a folder of a tree, with its subcharts from elsewhere.
    fn of(
        service: &Service,
        (tree, folder): (&Tree, &str),
        label: &str,
        remotes: &Remotes,
        program: Option<&Arc<dyn Program>>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let view = remotes.view();
        let from = origin(service);
        let found = remote::whole(tree, folder, from.as_ref(), view);
        let mut findings = found.findings;
        findings.extend(found.missing.iter().map(|missing| missing.finding(whole(label))));
        if has_errors(&findings) {
            return Err(findings);
        }
        let tree: Cow<'_, Tree> = found.tree;
        let maker = match program {
            Some(program) => {
                let files = tree.under(folder).map(|(path, bytes)| (format!("chart/{path}"), Arc::clone(bytes)));
                let chart = Call { files: files.collect(), ..Call::default() };
                Maker::Program { program: Arc::clone(program), chart }
            }
            None => {
                let chart = Chart::from_tree(&tree, folder).map_err(|error| vec![chart_finding(&error, label)])?;
                Maker::Native(Box::new(Renderer::new(chart)))
            }
        };
        let locked = |source: Source| view.lock.get(&source).cloned().map(|locked| (source, locked));
        let elsewhere = from.into_iter().chain(found.laid).filter_map(locked).collect();
        Ok(Self { maker, label: label.to_owned(), elsewhere })
    }
}

impl Prepared for HelmChart {
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let files = self.value_files(target)?;
        let values = self.values(target)?;
        let shared = self.draws.shared(target);
        let key = json!([files, values, shared]).to_string();
        let product = self.known.get(key, || Arc::new(self.product(&files, values, self.draws.entropy(&shared))));
        match &*product {
            Ok(product) => product.on(&self.service, target),
            Err(findings) => Err(findings.clone()),
        }
    }

    fn elsewhere(&self) -> BTreeMap<Source, Locked> {
        self.elsewhere.clone()
    }
}
