//! Subcharts that a chart declares and does not bring along.

use serde_json::Value;

use crate::{Tree, yaml};

/// Most declared subcharts. Umbrella charts of whole platforms have about fifty.
const DEPENDENCIES_MAX: usize = 256;

/// A declared subchart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The version that the chart's own lock names, else the constraint.
    pub(crate) version: String,
    pub(crate) repository: String,
}

/// The declared subcharts that are not in `charts/`. What cannot be read is for whoever renders the chart.
pub(crate) fn missing(tree: &Tree, chart: &str) -> Vec<Dependency> {
    let read = |name: &str| {
        let path = if chart.is_empty() { name.to_owned() } else { format!("{chart}/{name}") };
        let text = std::str::from_utf8(tree.get(&path)?).ok()?;
        yaml::read(text, yaml::Limits::default()).ok()
    };
    let list = |files: [&str; 2]| {
        let found = files.iter().find_map(|name| read(name)?.get("dependencies")?.as_array().cloned());
        found.unwrap_or_default()
    };
    let declared = list(["Chart.yaml", "requirements.yaml"]);
    let locked = list(["Chart.lock", "requirements.lock"]);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let folder = if chart.is_empty() { "charts".to_owned() } else { format!("{chart}/charts") };
    // A folder may be called otherwise than its chart.
    let own_name = |path: &str| {
        let (_, file) = path.split_once('/')?;
        let chart = (file == "Chart.yaml").then(|| read(&format!("charts/{path}")))??;
        chart.get("name")?.as_str().map(str::to_owned)
    };
    let names: Vec<String> = tree.under(&folder).filter_map(|(path, _)| own_name(path)).collect();
    let is_here = |name: &str| {
        if names.iter().any(|own| own == name) {
            return true;
        }
        let packed = format!("{name}-");
        tree.under(&folder).any(|(path, _)| match path.split_once('/') {
            Some((first, _)) => first == name,
            None => path.starts_with(&packed) && path.ends_with(".tgz"),
        })
    };
    let dependency = |value: &Value| {
        let name = text(value, "name");
        let version = locked.iter().find(|one| text(one, "name") == name).map(|one| text(one, "version"));
        Dependency {
            version: version.unwrap_or_else(|| text(value, "version")),
            repository: text(value, "repository"),
            name,
        }
    };
    let is_missing = |one: &Dependency| !one.name.is_empty() && !one.repository.is_empty() && !is_here(&one.name);
    let mut missing: Vec<Dependency> = Vec::new();
    for one in declared.iter().take(DEPENDENCIES_MAX).map(dependency).filter(is_missing) {
        // The same chart under two names is fetched once.
        if !missing.iter().any(|other| other.name == one.name) {
            missing.push(one);
        }
    }
    missing
}
