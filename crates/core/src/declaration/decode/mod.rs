//! From a document to the model.
//!
//! What does not fit was reported when the document was checked against its description, so decoding is
//! silent: parts that cannot be read are left out, and names are taken as they are written, so that one bad
//! name does not make every reference to it look wrong.

mod drawn;
mod environment;
mod patch;
mod renderer;
mod service;
mod source;

pub(super) use environment::environment;
pub(super) use service::{config_key, service};

use crate::{
    duration::Millis,
    yaml::{Node, Yaml},
};

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Node::text)
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

fn texts<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a str> {
    items(node, key).iter().filter_map(Node::text)
}

fn duration(node: &Node, key: &str) -> Option<Millis> {
    text(node, key).and_then(|text| Millis::parse_iso(text).ok())
}

fn boolean(node: &Node, key: &str) -> Option<bool> {
    match node.get(key).map(|node| &node.value) {
        Some(Yaml::Bool(value)) => Some(*value),
        Some(Yaml::Null | Yaml::Number(_) | Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_)) | None => None,
    }
}

fn number(node: &Node, key: &str) -> Option<serde_json::Number> {
    match node.get(key).map(|node| &node.value) {
        Some(Yaml::Number(value)) => Some(value.clone()),
        Some(Yaml::Null | Yaml::Bool(_) | Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_)) | None => None,
    }
}

fn count(node: &Node, key: &str) -> Option<u32> {
    number(node, key)?.as_u64().and_then(|count| u32::try_from(count).ok())
}

/// Text values of a mapping with text keys.
fn labels(node: &Node, key: &str) -> std::collections::BTreeMap<String, String> {
    let entries = node.get(key).map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.text.clone(), entry.value.text()?.to_owned()))).collect()
}
