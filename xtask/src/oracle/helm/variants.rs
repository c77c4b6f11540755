//! Values that differ from a chart's own: what people change first, made from what is there.

use serde_json::{Map, Value, json};

/// Most values of one kind that are changed one at a time; large charts have hundreds.
const SINGLE_MAX: usize = 24;

/// What becomes of a value under a key, if something does.
type Change = fn(&str, &Value) -> Option<Value>;

/// Changes over a chart's values, with names.
pub(super) fn all_at_once(defaults: &Map<String, Value>) -> Vec<(String, Map<String, Value>)> {
    let kinds: [(&str, Change); 2] = [("flipped", flip), ("filled", fill)];
    let changes = kinds.map(|(name, change)| (name.to_owned(), changed(defaults, change)));
    changes.into_iter().filter(|(_, values)| !values.is_empty()).collect()
}

/// Further changes for charts that nobody wrote for tests: each truth alone, more replicas, nothing where there was
/// something, keys that are deleted.
pub(super) fn one_by_one(defaults: &Map<String, Value>) -> Vec<(String, Map<String, Value>)> {
    let mut changes = Vec::new();
    let kinds: [(&str, Change); 2] = [("scaled", scale), ("emptied", empty)];
    for (name, change) in kinds {
        let values = changed(defaults, change);
        if !values.is_empty() {
            changes.push((name.to_owned(), values));
        }
    }
    let mut paths = Vec::new();
    truths(defaults, &mut Vec::new(), &mut paths);
    for (path, truth) in spread(&paths) {
        changes.push((format!("flip-{}", path.join(".")), at(path, json!(!truth))));
    }
    let keys: Vec<&String> = defaults.keys().collect();
    for key in spread(&keys) {
        changes.push((format!("null-{key}"), at(&[(*key).clone()], Value::Null)));
    }
    changes
}

/// So many of a list, evenly.
fn spread<T>(items: &[T]) -> impl Iterator<Item = &T> {
    items.iter().step_by(items.len().div_ceil(SINGLE_MAX).max(1))
}

fn at(path: &[String], value: Value) -> Map<String, Value> {
    let mut entries = Map::new();
    if let Some((first, rest)) = path.split_first() {
        let below = if rest.is_empty() { value } else { Value::Object(at(rest, value)) };
        entries.insert(first.clone(), below);
    }
    entries
}

fn truths(values: &Map<String, Value>, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, bool)>) {
    for (key, value) in values {
        path.push(key.clone());
        match value {
            Value::Bool(truth) => found.push((path.clone(), *truth)),
            Value::Object(inner) => truths(inner, path, found),
            _ => {}
        }
        path.pop();
    }
}

/// Only what the change gives another value.
fn changed(values: &Map<String, Value>, change: Change) -> Map<String, Value> {
    let one = |key: &str, value: &Value| match value {
        Value::Object(inner) if !inner.is_empty() => {
            let inner = changed(inner, change);
            (!inner.is_empty()).then_some(Value::Object(inner))
        }
        other => change(key, other),
    };
    values.iter().filter_map(|(key, value)| Some((key.clone(), one(key, value)?))).collect()
}

fn flip(_: &str, value: &Value) -> Option<Value> {
    value.as_bool().map(|truth| Value::Bool(!truth))
}

/// Something where there was nothing.
fn fill(_: &str, value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.is_empty() => Some(json!("filled")),
        Value::Object(entries) if entries.is_empty() => Some(json!({"filled": "yes"})),
        Value::Array(items) if items.is_empty() => Some(json!([{"name": "filled", "value": "1"}])),
        Value::Null => Some(json!("filled")),
        _ => None,
    }
}

/// Several of what there is one of.
fn scale(key: &str, value: &Value) -> Option<Value> {
    let key = key.to_ascii_lowercase();
    match value {
        Value::Number(_) if key.contains("replica") => Some(json!(3)),
        Value::Bool(false) if matches!(key.as_str(), "ha" | "highavailability" | "autoscaling") => Some(json!(true)),
        _ => None,
    }
}

/// Nothing where there was text.
fn empty(_: &str, value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if !text.is_empty() => Some(json!("")),
        _ => None,
    }
}
