//! `kind: Service`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    boolean, drawn::drawn, duration, items, labels, number, patch::patches, renderer::renderer, source::source, text,
    texts,
};
use crate::{
    declaration::{ConfigKey, ConfigType, HealthPolicy, Layers, Prune, Selector, Service},
    ids::{EnvironmentName, RegionName, ServiceName, TargetName},
    yaml::Node,
};

/// Reads a service; `None` when it has no name.
pub(in crate::declaration) fn service(file: &str, document: &Node) -> Option<Service> {
    let name = text(document.get("metadata")?, "name")?;
    let nothing = Node::null();
    let spec = document.get("spec").unwrap_or(&nothing);
    let config = spec.get("config").unwrap_or(&nothing);
    Some(Service {
        name: ServiceName::new(name),
        file: file.to_owned(),
        source: source(file, spec),
        patches: patches(file, spec),
        renderer: renderer(file, spec),
        drawn: drawn(file, spec),
        namespace: text(spec, "namespace").unwrap_or_default().to_owned(),
        targets: spec.get("targets").map(selector).unwrap_or_default(),
        config: schema(config),
        values: config.get("values").map(layers).unwrap_or_default(),
        depends_on: texts(spec, "dependsOn").map(ServiceName::new).collect(),
        health: spec.get("health").map(health).unwrap_or_default(),
        prune: if text(spec, "prune") == Some("keep") { Prune::Keep } else { Prune::Delete },
    })
}

fn selector(node: &Node) -> Selector {
    Selector {
        environments: texts(node, "environments").map(EnvironmentName::new).collect(),
        labels: labels(node, "labels"),
        roles: texts(node, "roles").map(str::to_owned).collect(),
        regions: texts(node, "regions").map(RegionName::new).collect(),
        global: boolean(node, "global").unwrap_or_default(),
    }
}

fn schema(config: &Node) -> BTreeMap<String, ConfigKey> {
    let entries = config.get("schema").map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.text.clone(), config_key(&entry.value)?))).collect()
}

/// Reads one key of the configuration schema; `None` when its type is not known.
pub(in crate::declaration) fn config_key(node: &Node) -> Option<ConfigKey> {
    Some(ConfigKey {
        kind: ConfigType::named(text(node, "type")?)?,
        default: node.get("default").map(Node::to_json),
        one_of: items(node, "enum").iter().map(Node::to_json).collect(),
        minimum: number(node, "minimum").and_then(|number| number.as_f64()),
        maximum: number(node, "maximum").and_then(|number| number.as_f64()),
        description: text(node, "description").unwrap_or_default().to_owned(),
    })
}

fn layers(node: &Node) -> Layers {
    Layers {
        global: node.get("global").map(layer).unwrap_or_default(),
        environments: named_layers(node, "environments", |name| EnvironmentName::new(name)),
        regions: named_layers(node, "regions", |name| RegionName::new(name)),
        clusters: named_layers(node, "clusters", |name| TargetName::new(name)),
    }
}

fn named_layers<N: Ord>(node: &Node, key: &str, name: impl Fn(&str) -> N) -> BTreeMap<N, BTreeMap<String, Value>> {
    let entries = node.get(key).map(Node::entries).unwrap_or_default();
    entries.iter().map(|entry| (name(&entry.key.text), layer(&entry.value))).collect()
}

fn layer(node: &Node) -> BTreeMap<String, Value> {
    node.entries().iter().map(|entry| (entry.key.text.clone(), entry.value.to_json())).collect()
}

fn health(node: &Node) -> HealthPolicy {
    let default = HealthPolicy::default();
    HealthPolicy {
        timeout: duration(node, "timeout").unwrap_or(default.timeout),
        stable_for: duration(node, "stableFor").unwrap_or(default.stable_for),
        pod_grace: duration(node, "podGrace").unwrap_or(default.pod_grace),
    }
}
