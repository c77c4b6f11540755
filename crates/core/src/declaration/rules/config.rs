//! Configuration: keys, types and bounds of every layered value, and a value for every key on every target.

use std::collections::BTreeSet;

use super::selection::chosen;
use crate::{
    declaration::{
        ConfigKey, ConfigType, Environment, Service, Workspace,
        config::{missing, value_of},
        decode,
        findings::Findings,
        load::Declared,
    },
    diagnostic::{Diagnostic, codes, excerpt, nearest},
    yaml::{Entry, Node},
};

pub(super) fn check(one: &Declared<'_>, workspace: &Workspace, findings: &mut Vec<Diagnostic>) {
    let Some(service) = decode::service(one.file, &one.document) else { return };
    let Some(config) = one.spec("config") else { return };
    let mut findings = Findings::new(one.file, findings);
    let schema = config.get("schema").map(Node::entries).unwrap_or_default();
    for entry in schema {
        key_name(entry, &mut findings);
        key_schema(entry, &mut findings);
    }
    if let Some(values) = config.get("values") {
        layers(&service, schema, values, &mut findings);
        names(&service, values, workspace, &mut findings);
    }
    for entry in schema {
        value_everywhere(&service, entry, workspace, &mut findings);
    }
}

/// Keys stand in `${config.key}`: letters, digits, `_` and `-`, starting with a letter.
fn key_name(entry: &Entry, findings: &mut Findings<'_>) {
    let text = &entry.key.text;
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts_well || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        let message = format!("`{}` is not a configuration key", excerpt(text));
        let help = "expected letters, digits, `_` and `-`, starting with a letter".to_owned();
        findings.error(codes::BAD_CONFIG_KEY, entry.key.span, message, Some(help));
    }
}

fn key_schema(entry: &Entry, findings: &mut Findings<'_>) {
    let Some(key) = decode::config_key(&entry.value) else { return };
    let name = excerpt(&entry.key.text);
    let mut contradiction = |node: &Node, message: String| {
        findings.error(codes::CONFIG_CONTRADICTION, node.span, message, None);
    };
    for (bound, node) in ["minimum", "maximum"].iter().filter_map(|bound| Some((bound, entry.value.get(bound)?))) {
        if !matches!(key.kind, ConfigType::Integer | ConfigType::Number) {
            contradiction(node, format!("`{bound}` of `{name}` needs a number, but its type is `{}`", key.kind.name()));
        }
    }
    if let (Some(minimum), Some(maximum), Some(node)) = (key.minimum, key.maximum, entry.value.get("maximum"))
        && minimum > maximum
    {
        contradiction(node, format!("the maximum {maximum} of `{name}` is below its minimum {minimum}"));
    }
    let single = ConfigKey { one_of: Vec::new(), ..key.clone() };
    for node in entry.value.get("enum").map(Node::items).unwrap_or_default() {
        if let Err(refusal) = single.check(&node.to_json()) {
            contradiction(node, format!("`enum` of `{name}`: {}", refusal.why));
        }
    }
    if let Some(node) = entry.value.get("default")
        && let Err(refusal) = key.check(&node.to_json())
    {
        contradiction(node, format!("the default of `{name}`: {}", refusal.why));
    }
}

fn layers(service: &Service, schema: &[Entry], values: &Node, findings: &mut Findings<'_>) {
    if let Some(global) = values.get("global") {
        layer(service, schema, "the global layer", global, findings);
    }
    for (section, what) in [("environments", "environment"), ("regions", "region"), ("clusters", "cluster")] {
        for entry in values.get(section).map(Node::entries).unwrap_or_default() {
            let name = format!("{what} `{}`", excerpt(&entry.key.text));
            layer(service, schema, &name, &entry.value, findings);
        }
    }
}

fn layer(service: &Service, schema: &[Entry], name: &str, layer: &Node, findings: &mut Findings<'_>) {
    for entry in layer.entries() {
        let key = &entry.key.text;
        if let Some(schema) = service.config.get(key) {
            if let Err(refusal) = schema.check(&entry.value.to_json()) {
                let message = format!("`{}` in {name}: {}", excerpt(key), refusal.why);
                findings.error(refusal.code, entry.value.span, message, schema_help(schema));
            }
        } else if !schema.iter().any(|one| one.key.text == *key) {
            let message = format!("{name} gives a value for the unknown configuration key `{}`", excerpt(key));
            let help = match nearest(key, schema.iter().map(|one| one.key.text.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `config.schema`".to_owned(),
            };
            findings.error(codes::UNKNOWN_CONFIG_KEY, entry.key.span, message, Some(help));
        }
    }
}

fn schema_help(schema: &ConfigKey) -> Option<String> {
    (!schema.description.is_empty()).then(|| format!("it is for: {}", excerpt(&schema.description)))
}

/// Layers of environments, regions and clusters that do not exist would be values that silently hold nowhere.
fn names(service: &Service, values: &Node, workspace: &Workspace, findings: &mut Findings<'_>) {
    if workspace.environments.is_empty() {
        return;
    }
    let environments: Vec<&Environment> = chosen(&service.targets, workspace).collect();
    let mut known: [(&str, &str, BTreeSet<&str>); 3] = [
        ("environments", "environment", environments.iter().map(|e| e.name.as_str()).collect()),
        ("regions", "region", BTreeSet::new()),
        ("clusters", "cluster", BTreeSet::new()),
    ];
    for environment in &environments {
        known[1].2.extend(environment.regions.iter().map(|region| region.name.as_str()));
        known[2].2.extend(environment.clusters().map(|(_, cluster)| cluster.name.as_str()));
    }
    for (section, what, known) in &known {
        for entry in values.get(section).map(Node::entries).unwrap_or_default() {
            let name = &entry.key.text;
            if known.contains(name.as_str()) {
                continue;
            }
            let message = format!("values for the unknown {what} `{}`", excerpt(name));
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("name a {what} that the service goes to"),
            };
            findings.error(codes::CONFIG_UNKNOWN_LAYER, entry.key.span, message, Some(help));
        }
    }
}

fn value_everywhere(service: &Service, entry: &Entry, workspace: &Workspace, findings: &mut Findings<'_>) {
    let key = &entry.key.text;
    let Some(schema) = service.config.get(key) else { return };
    if schema.default.is_some() || service.values.global.contains_key(key) {
        return;
    }
    let mut first = None;
    let mut count = 0_usize;
    for environment in chosen(&service.targets, workspace) {
        for (region, cluster) in environment.clusters() {
            if service.targets.mismatch(environment, region, cluster).is_none()
                && value_of(service, key, schema, environment, region, cluster).is_none()
            {
                count += 1;
                first.get_or_insert((environment, cluster));
            }
        }
    }
    let Some((environment, cluster)) = first else { return };
    let more = match count - 1 {
        0 => String::new(),
        1 => " and on one more target".to_owned(),
        more => format!(" and on {more} more targets"),
    };
    let message = format!("{} of environment `{}`{more}", missing(service, key, cluster), environment.name);
    let help = "give it a `default`, or a value in a layer that covers the target".to_owned();
    findings.error(codes::CONFIG_MISSING, entry.key.span, message, Some(help));
}
