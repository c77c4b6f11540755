//! The suffix of generated names: a hash over the data, so that whoever uses the data is restarted when it changes.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::Context;
use crate::kustomize::{
    fault::Outcome,
    json::{go_json, to_json},
    node::Node,
    resource::Resource,
    set::Set,
};

/// Characters of the suffix.
const LEN: usize = 10;

pub(crate) fn add_suffixes(set: &mut Set, cx: Context<'_>) -> Outcome<()> {
    for resource in set.list.iter_mut().filter(|one| one.memory.needs_hash && !one.is_gone()) {
        let suffix = suffix(resource).map_err(|fault| resource.blame(fault))?;
        cx.budget.spend(resource.node.weight())?;
        resource.remember_id(cx.scopes);
        let name = format!("{}-{suffix}", resource.name());
        resource.set_name(&name);
    }
    Ok(())
}

/// Over kind, type and data; the field for the name has never been filled by Kustomize.
fn suffix(resource: &Resource) -> Outcome<String> {
    let kind = resource.kind();
    let (texts, maps): (&[&str], &[&str]) = match kind {
        "ConfigMap" => (&[], &["binaryData"]),
        "Secret" => (&["type"], &["stringData"]),
        _ => return encode(&to_json(&resource.node)?),
    };
    let mut hashed = Map::new();
    hashed.insert("kind".to_owned(), kind.into());
    hashed.insert("name".to_owned(), "".into());
    for key in texts.iter().chain(&["data"]) {
        let value = match resource.node.get(key) {
            None => "".into(),
            Some(node) => value(node)?,
        };
        hashed.insert((*key).to_owned(), value);
    }
    for key in maps {
        if let Some(node) = resource.node.get(key).filter(|node| node.is_map()) {
            hashed.insert((*key).to_owned(), value(node)?);
        }
    }
    encode(&Value::Object(hashed))
}

fn value(node: &Node) -> Outcome<Value> {
    if node.as_scalar().is_some() { Ok(node.raw().into()) } else { to_json(node) }
}

/// Ten hexadecimal digits, with those exchanged that could spell words.
fn encode(value: &Value) -> Outcome<String> {
    let digest = Sha256::digest(go_json(value).as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(LEN);
    Ok(digits
        .map(|digit| match digit {
            0 => 'g',
            1 => 'h',
            3 => 'k',
            10 => 'm',
            14 => 't',
            other => char::from_digit(u32::from(other), 16).unwrap_or('0'),
        })
        .collect())
}
