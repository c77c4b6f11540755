//! What the templates of each chart see: `.Values`, `.Chart`, `.Release`, `.Capabilities`, `.Files`, `.Subcharts`.

use serde_json::Value as Json;

use super::Options;
use crate::helm::{
    chart::{Chart, Dependency, File, Import, Metadata},
    value::{Files, IntKind, List, Map, MapKind, Str, Value},
    values::Values,
};

/// A template file with what it sees.
pub(super) struct Template {
    /// Path with the charts around it.
    pub(super) name: String,
    pub(super) root: Map,
    /// Folder of the templates of its chart.
    pub(super) base: String,
}

/// The templates of a chart and of all charts in it, in Helm's order: deepest paths first, then backwards.
pub(super) fn templates(chart: &Chart, values: &Values, options: &Options) -> Vec<Template> {
    let shared = Shared { release: release(options), capabilities: options.capabilities.value() };
    let values = of_values(values).seen_as(MapKind::Values);
    let mut templates = Vec::new();
    collect(chart, chart.name(), values, true, &shared, &mut templates);
    templates.sort_by(|a, b| {
        let depth = |name: &str| name.matches('/').count();
        depth(&b.name).cmp(&depth(&a.name)).then_with(|| b.name.cmp(&a.name))
    });
    templates
}

/// Names of the templates that [`templates`] gives, without values: what a compiled program depends on.
pub(super) fn sources(chart: &Chart) -> Vec<(String, &File)> {
    let mut sources = Vec::new();
    name_sources(chart, chart.name(), &mut sources);
    sources.sort_by(|a, b| {
        let depth = |name: &str| name.matches('/').count();
        depth(&b.0).cmp(&depth(&a.0)).then_with(|| b.0.cmp(&a.0))
    });
    sources
}

fn name_sources<'c>(chart: &'c Chart, path: &str, sources: &mut Vec<(String, &'c File)>) {
    for child in &chart.dependencies {
        name_sources(child, &format!("{path}/charts/{}", child.name()), sources);
    }
    sources.extend(usable(chart).map(|file| (format!("{path}/{}", file.name), file)));
}

struct Shared {
    release: Value,
    capabilities: Value,
}

/// Templates of a chart that take part: of a library, only those that define something.
fn usable(chart: &Chart) -> impl Iterator<Item = &File> {
    let is_library = chart.metadata.kind == "library";
    chart.templates.iter().filter(move |file| !is_library || is_partial(&file.name))
}

/// Whether a file only defines templates.
pub(super) fn is_partial(path: &str) -> bool {
    path.rsplit('/').next().unwrap_or(path).starts_with('_')
}

fn collect(
    chart: &Chart,
    path: &str,
    values: Map,
    is_root: bool,
    shared: &Shared,
    templates: &mut Vec<Template>,
) -> Map {
    let subcharts = Map::new();
    let root = Map::new();
    root.insert("Chart".into(), Value::Map(metadata(&chart.metadata, is_root)));
    root.insert("Files".into(), Value::object(files(chart)));
    root.insert("Release".into(), shared.release.clone());
    root.insert("Capabilities".into(), shared.capabilities.clone());
    root.insert("Subcharts".into(), Value::Map(subcharts.clone()));
    for child in &chart.dependencies {
        // The same map as in the parent's values: what a template changes there is seen here.
        let own = match values.get(child.name()) {
            Some(Value::Map(own)) => own.seen_as(MapKind::Values),
            _ => Map::of(MapKind::Values, Vec::new()),
        };
        share_globals(&values, &own);
        let path = format!("{path}/charts/{}", child.name());
        let below = collect(child, &path, own, false, shared, templates);
        subcharts.insert(child.name().into(), Value::Map(below));
    }
    root.insert("Values".into(), Value::Map(values));
    for file in usable(chart) {
        let name = format!("{path}/{}", file.name);
        // `.` has a type of its own, as in Helm; in `.Subcharts` the same entries are a plain map.
        templates.push(Template { name, root: root.seen_as(MapKind::Values), base: format!("{path}/templates") });
    }
    root
}

/// Makes one of what is one in Helm, which copies `global` and the mappings directly in it for each chart: what a
/// template changes deeper inside is seen by the templates of the charts around its own and beside it.
fn share_globals(values: &Map, own: &Map) {
    if let (Some(Value::Map(values)), Some(Value::Map(own))) = (values.get("global"), own.get("global")) {
        share(&values, &own, true);
    }
}

fn share(values: &Map, own: &Map, copies_mappings: bool) {
    for (key, value) in own.snapshot() {
        match (values.get(&key), value) {
            (Some(Value::Map(values)), Value::Map(own)) if copies_mappings => share(&values, &own, false),
            (Some(common @ Value::Map(_)), Value::Map(_)) | (Some(common @ Value::List(_)), Value::List(_)) => {
                own.insert(key, common);
            }
            _ => {}
        }
    }
}

/// Values as templates compute with them: whole numbers were set on the command line, all others are floating point.
pub(super) fn of_values(values: &Values) -> Map {
    Map::of(MapKind::Any, values.iter().map(|(key, value)| (Str::from(key.as_str()), of_value(value))).collect())
}

fn of_value(value: &Json) -> Value {
    match value {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole, IntKind::Int64),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => Value::List(List::new(items.iter().map(of_value).collect())),
        Json::Object(entries) => Value::Map(of_values(entries)),
    }
}

fn files(chart: &Chart) -> Files {
    chart.files.iter().map(|file| (file.name.clone(), std::sync::Arc::clone(&file.data))).collect()
}

fn release(options: &Options) -> Value {
    let entries = [
        ("Name", Value::text(options.name.as_str())),
        ("Namespace", Value::text(options.namespace.as_str())),
        ("IsUpgrade", Value::Bool(options.is_upgrade)),
        ("IsInstall", Value::Bool(!options.is_upgrade)),
        ("Revision", Value::int(i64::from(options.revision))),
        ("Service", Value::text("Helm")),
    ];
    Value::Map(map(entries))
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Map {
    Map::of(MapKind::Any, entries.into_iter().map(|(key, value)| (Str::from(key), value)).collect())
}

fn metadata(metadata: &Metadata, is_root: bool) -> Map {
    let text = |text: &str| Value::text(text);
    let texts = |texts: &[String]| Value::list(texts.iter().map(|text| Value::text(text.as_str())).collect());
    let maintainers = metadata
        .maintainers
        .iter()
        .map(|one| Value::Map(map([("Name", text(&one.name)), ("Email", text(&one.email)), ("URL", text(&one.url))])));
    let annotations = metadata.annotations.iter().map(|(key, value)| (Str::from(key.as_str()), text(value))).collect();
    map([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::list(maintainers.collect())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", Value::Map(Map::of(MapKind::Str, annotations))),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Value::list(metadata.dependencies.iter().map(dependency).collect())),
        ("Type", text(&metadata.kind)),
        ("IsRoot", Value::Bool(is_root)),
    ])
}

fn dependency(dependency: &Dependency) -> Value {
    let imports = dependency.import_values.iter().map(|import| match import {
        Import::Export(key) => Value::text(key.as_str()),
        Import::Move { child, parent } => {
            Value::Map(map([("child", Value::text(child.as_str())), ("parent", Value::text(parent.as_str()))]))
        }
    });
    Value::Map(map([
        ("Name", Value::text(dependency.name.as_str())),
        ("Version", Value::text(dependency.version.as_str())),
        ("Repository", Value::text(dependency.repository.as_str())),
        ("Condition", Value::text(dependency.condition.as_str())),
        ("Tags", Value::list(dependency.tags.iter().map(|tag| Value::text(tag.as_str())).collect())),
        ("Enabled", Value::Bool(dependency.is_enabled)),
        ("ImportValues", Value::list(imports.collect())),
        ("Alias", Value::text(dependency.alias.as_str())),
    ]))
}
