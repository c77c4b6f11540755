//! Fingerprint of the live state that an apply of ours left.
//!
//! It covers exactly what our last server-side apply owns: the fields that the API server lists for our manager,
//! and their values. What controllers and other managers add or change beside us (replicas set by an autoscaler, a
//! volume name, injected sidecars) does not move it; a field of ours that somebody changed or took away does,
//! because the server then takes it out of our set. So equal fingerprints mean: a repeated apply of the same
//! manifest would change nothing.
//!
//! Objects without such a list are covered whole, noise taken out.

use std::fmt::Write as _;

use seaway_core::{
    FIELD_MANAGER,
    digest::{Digest, canonical_json},
};
use serde_json::{Map, Value};

use crate::noise;

/// The fingerprint of a live object as the server sent it, with its `managedFields`.
pub(crate) fn of(live: &Value) -> Digest {
    let mut text = String::new();
    let mut is_owned = false;
    for fields in owned_fields(live) {
        is_owned = true;
        write_owned(live, fields, &mut text);
    }
    if is_owned {
        return Digest::of(text.as_bytes());
    }
    let mut whole = live.clone();
    noise::strip(&mut whole);
    Digest::of_json(&whole)
}

/// Stands for the state of an object that is not ours: it is another one when it is deleted and created again.
pub(crate) fn of_foreign(uid: &str) -> Digest {
    Digest::of(format!("foreign {uid}").as_bytes())
}

/// Names of all field managers, each once.
pub(crate) fn managers(live: &Value) -> Vec<String> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let names = entries.into_iter().flatten().filter_map(|entry| entry.get("manager")?.as_str());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn owned_fields(live: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(|entry| {
        let is = |key: &str, wanted: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default() == wanted;
        (is("manager", FIELD_MANAGER) && is("operation", "Apply") && is("subresource", ""))
            .then(|| entry.get("fieldsV1")?.as_object())?
    })
}

/// Writes the owned paths with their values, in the order of the paths.
fn write_owned(value: &Value, fields: &Map<String, Value>, out: &mut String) {
    if fields.is_empty() {
        out.push_str(&canonical_json(value));
        return;
    }
    let mut keys: Vec<&String> = fields.keys().collect();
    keys.sort_unstable();
    out.push('{');
    for key in keys {
        let _ = write!(out, "{key:?}:");
        // `.` says that the map or item itself is ours, not what is in it.
        let inner = fields.get(key).and_then(Value::as_object).filter(|_| key != ".");
        match (inner, select(value, key)) {
            (Some(inner), Some(found)) => write_owned(found, inner, out),
            (Some(_), None) => out.push('-'),
            (None, _) => {}
        }
        out.push(',');
    }
    out.push('}');
}

/// The child that a path element of `fieldsV1` names.
fn select<'a>(value: &'a Value, element: &str) -> Option<&'a Value> {
    let (how, what) = element.split_once(':')?;
    match how {
        "f" => value.get(what),
        "k" => {
            let wanted: Map<String, Value> = serde_json::from_str(what).ok()?;
            value.as_array()?.iter().find(|item| wanted.iter().all(|(key, wanted)| item.get(key) == Some(wanted)))
        }
        "v" => {
            let wanted: Value = serde_json::from_str(what).ok()?;
            value.as_array()?.iter().find(|item| **item == wanted)
        }
        "i" => value.as_array()?.get(what.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(replicas: u32, image: &str, owned: Value) -> Value {
        json!({
            "metadata": {"name": "api", "resourceVersion": image, "managedFields": [
                {"manager": "seaway", "operation": "Apply", "fieldsV1": owned},
                {"manager": "hpa", "operation": "Update", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            ]},
            "spec": {"replicas": replicas, "containers": [
                {"name": "sidecar", "image": "other"},
                {"name": "api", "image": image, "args": ["a", "b"]},
            ]},
        })
    }

    fn owned() -> Value {
        json!({"f:spec": {"f:containers": {"k:{\"name\":\"api\"}": {".": {}, "f:image": {}, "f:args": {}}}}})
    }

    #[test]
    fn moves_with_our_fields_only() {
        let base = of(&deployment(1, "r/api:1", owned()));
        assert_eq!(base, of(&deployment(7, "r/api:1", owned())), "replicas are not ours");
        assert_ne!(base, of(&deployment(1, "r/api:2", owned())), "the image is ours");
        let less = json!({"f:spec": {"f:containers": {"k:{\"name\":\"api\"}": {".": {}, "f:image": {}}}}});
        assert_ne!(base, of(&deployment(1, "r/api:1", less)), "somebody took a field of ours");
    }

    #[test]
    fn an_object_without_our_fields_is_covered_whole() {
        let plain = |value: &str| json!({"metadata": {"name": "a", "resourceVersion": value}, "data": {"k": "v"}});
        assert_eq!(of(&plain("1")), of(&plain("2")));
        assert_ne!(of(&plain("1")), of(&json!({"metadata": {"name": "a"}, "data": {"k": "w"}})));
    }

    #[test]
    fn a_missing_field_differs_from_a_present_one() {
        let fields = json!({"f:data": {".": {}, "f:k": {}}});
        let object = |data: Value| json!({"metadata": {"managedFields": [{"manager": "seaway", "operation": "Apply", "fieldsV1": fields.clone()}]}, "data": data});
        assert_ne!(of(&object(json!({"k": "v"}))), of(&object(json!({}))));
        assert_eq!(of(&object(json!({"k": "v"}))), of(&object(json!({"k": "v", "foreign": "x"}))));
    }
}
