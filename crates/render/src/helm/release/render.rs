//! Rendering a chart for one set of options, with everything shared that does not depend on them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    DOCUMENT_VALUES_MAX, Document, Hook, Options, Release, ReleaseError,
    hook::{Role, role},
    order::by_kind,
    roots::{is_partial, sources, templates},
    split,
};
use crate::helm::{
    chart::{Chart, missing, select},
    template::{Program, Session, Settings},
    value::{Map, MapKind, Value},
    values::{Coalescer, Rules, Warnings, check, layered},
    version::is_compatible,
};
use crate::yaml::Limits;

/// Most compiled variants that are kept: values can switch subcharts on and off.
const PROGRAMS_MAX: usize = 64;
/// Most actions and operands of all variants that are kept, each of which takes some hundred bytes.
const PARTS_MAX: usize = 400_000;

/// A chart that can be rendered for many targets; its templates are compiled once for each choice of subcharts.
pub struct Renderer {
    chart: Chart,
    programs: Mutex<BTreeMap<String, Arc<Program>>>,
}

impl Renderer {
    /// A renderer of a chart.
    pub fn new(chart: Chart) -> Self {
        Self { chart, programs: Mutex::new(BTreeMap::new()) }
    }

    /// The chart.
    pub fn chart(&self) -> &Chart {
        &self.chart
    }

    /// Renders the chart.
    ///
    /// # Errors
    /// The first thing that Helm would refuse, or a limit that was reached.
    pub fn render(&self, options: &Options) -> Result<Release, ReleaseError> {
        self.check_chart(options)?;
        let mut warnings = Warnings::new();
        let given = layered(&options.layers)?;
        let rules = Rules::of(&options.capabilities.helm_version);
        // All that a render does shares its steps, and what reading the chart took is gone.
        let steps_max = options.limits.steps.saturating_sub(self.chart.effort);
        let mut steps = steps_max;
        let chart = select(&self.chart, &given, rules, &mut steps, &mut warnings)?;
        let mut coalescer = Coalescer::new(rules);
        let values = coalescer.coalesce(&chart, given)?;
        warnings.append(coalescer.warnings);
        let findings = check(&chart, &values, &mut steps);
        if !findings.is_empty() {
            return Err(ReleaseError::Schema(findings));
        }
        let program = self.program(&chart)?;
        let mut texts = BTreeMap::new();
        let settings = Settings {
            limits: options.limits,
            steps_used: options.limits.steps - steps,
            entropy: options.entropy.clone(),
            strict: options.strict,
            lookup: None,
        };
        let mut session = Session::new(&program, settings);
        for template in templates(&chart, &values, options) {
            if is_partial(&template.name) {
                continue;
            }
            let own = [
                ("Name".into(), Value::text(template.name.as_str())),
                ("BasePath".into(), Value::text(template.base.as_str())),
            ];
            template.root.insert("Template".into(), Value::Map(Map::of(MapKind::Values, own.into())));
            let text = session.execute(&template.name, Value::Map(template.root))?;
            texts.insert(template.name, text);
        }
        // What the templates left of the work is what reading their documents may take.
        let mut limits = Limits { steps: options.limits.steps - session.steps_used(), ..Limits::default() };
        drop(session);
        let mut release = Release { warnings: warnings.into_texts(), ..Release::default() };
        release.usage.output_bytes = texts.values().map(String::len).sum();
        release.notes = take_notes(&chart, &mut texts);
        sort(texts, &mut limits, &mut release)?;
        collect_definitions(&chart, chart.name(), &mut limits, &mut release.definitions)?;
        warn_once(&mut release.warnings);
        release.usage.steps = steps_max - limits.steps;
        release.usage.document_values = DOCUMENT_VALUES_MAX - limits.nodes;
        Ok(release)
    }

    fn check_chart(&self, options: &Options) -> Result<(), ReleaseError> {
        let metadata = &self.chart.metadata;
        if metadata.kind == "library" {
            return Err(ReleaseError::Library(metadata.name.clone()));
        }
        let missing = missing(&self.chart);
        if !missing.is_empty() {
            return Err(ReleaseError::MissingDependencies(missing.into_iter().map(str::to_owned).collect()));
        }
        let version = options.capabilities.compared_version();
        if !metadata.kube_version.is_empty() && !is_compatible(&metadata.kube_version, &version) {
            let constraint = metadata.kube_version.clone();
            return Err(ReleaseError::KubeVersion { constraint, version });
        }
        Ok(())
    }

    /// The compiled templates of the charts that take part.
    fn program(&self, chart: &Chart) -> Result<Arc<Program>, ReleaseError> {
        let sources = sources(chart);
        // The same path can hold the templates of two versions of a chart, so their bytes' place is part of the key.
        let key: String =
            sources.iter().map(|(name, file)| format!("{name}\0{:p}\0", Arc::as_ptr(&file.data))).collect();
        let known = || self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = known().get(&key) {
            return Ok(Arc::clone(program));
        }
        let files = sources.iter().map(|(name, file)| (name.as_str(), String::from_utf8_lossy(&file.data)));
        let program = Arc::new(Program::parse(files).map_err(ReleaseError::Parse)?);
        let mut known = known();
        let parts: usize = known.values().map(|program| program.parts()).sum();
        if known.len() < PROGRAMS_MAX && parts + program.parts() <= PARTS_MAX {
            known.insert(key, Arc::clone(&program));
        }
        Ok(program)
    }
}

/// Takes the notes out: only those of the chart itself are told to anyone.
fn take_notes(chart: &Chart, texts: &mut BTreeMap<String, String>) -> Option<String> {
    let notes = texts.remove(&format!("{}/templates/NOTES.txt", chart.name()));
    texts.retain(|name, _| !name.ends_with("NOTES.txt"));
    notes
}

fn sort(texts: BTreeMap<String, String>, limits: &mut Limits, release: &mut Release) -> Result<(), ReleaseError> {
    let mut add = |document| match role(document) {
        Role::Plain(document) => release.documents.push(document),
        Role::Hook(hook) => release.hooks.push(hook),
        Role::Unknown(warning) => release.warnings.push(warning),
    };
    for (source, text) in texts {
        match split::only(text) {
            Ok(document) => add(Document::read(&source, document, limits)?),
            Err(text) => {
                for document in split::documents(&text) {
                    add(Document::read(&source, document.to_owned(), limits)?);
                }
            }
        }
    }
    release.documents.sort_by(|a, b| by_kind(a.kind(), b.kind()));
    release.hooks.sort_by(|a: &Hook, b: &Hook| by_kind(a.document.kind(), b.document.kind()));
    release.documents.retain(|document| !document.is_empty());
    Ok(())
}

fn collect_definitions(
    chart: &Chart,
    path: &str,
    limits: &mut Limits,
    definitions: &mut Vec<Document>,
) -> Result<(), ReleaseError> {
    for file in chart.definitions() {
        let source = format!("{path}/{}", file.name);
        for text in split::documents(&String::from_utf8_lossy(&file.data)) {
            let document = Document::read(&source, text.to_owned(), limits)?;
            if !document.is_empty() {
                definitions.push(document);
            }
        }
    }
    for child in &chart.dependencies {
        collect_definitions(child, &format!("{path}/charts/{}", child.name()), limits, definitions)?;
    }
    Ok(())
}

fn warn_once(warnings: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    warnings.retain(|warning| seen.insert(warning.clone()));
}
