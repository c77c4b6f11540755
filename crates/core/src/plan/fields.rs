//! Which fields differ between two objects, for people.
//!
//! Lists are compared by the key that Kubernetes merges them by, where their items have one, so that an inserted
//! container is one addition and not a change of all that follow it.

use serde_json::{Map, Value};

use super::FieldChange;
use crate::digest::Digest;

/// Keys by which items of lists are matched, tried in this order.
const MERGE_KEYS: &[&[&str]] = &[
    &["name"],
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["mountPath"],
    &["devicePath"],
    &["ip"],
    &["topologyKey", "whenUnsatisfiable"],
    &["key"],
    &["type"],
    &["host"],
];
/// Most fields that are listed for one object; the last one says how many more there are.
const FIELDS_MAX: usize = 200;
/// Longest text value in a difference, in characters; longer ones are cut and named by digest.
const TEXT_CHARS_MAX: usize = 1000;

/// Whose fields are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// All of both.
    Both,
    /// Only what the second one says: what it leaves out is not compared.
    Wanted,
}

/// All fields in which `before` and `after` differ, in order of path. With `sensitive` the values are withheld.
pub fn differences(before: &Value, after: &Value, sensitive: bool) -> Vec<FieldChange> {
    collect(before, after, Scope::Both, sensitive)
}

/// The fields that `wanted` names and that are otherwise in `live`.
pub fn missing(live: &Value, wanted: &Value, sensitive: bool) -> Vec<FieldChange> {
    collect(live, wanted, Scope::Wanted, sensitive)
}

fn collect(before: &Value, after: &Value, scope: Scope, sensitive: bool) -> Vec<FieldChange> {
    let mut walk = Walk { scope, sensitive, found: Vec::new(), more: 0 };
    walk.compare(String::new(), Some(before), Some(after));
    if walk.more > 0 {
        let path = format!("… and {} more fields", walk.more);
        walk.found.push(FieldChange { path, before: None, after: None, sensitive: false });
    }
    walk.found
}

struct Walk {
    scope: Scope,
    sensitive: bool,
    found: Vec<FieldChange>,
    more: usize,
}

impl Walk {
    fn compare(&mut self, path: String, before: Option<&Value>, after: Option<&Value>) {
        // Kubernetes reads null as absent.
        let (before, after) = (before.filter(|v| !v.is_null()), after.filter(|v| !v.is_null()));
        match (before, after) {
            (None, None) => {}
            (Some(_), None) if self.scope == Scope::Wanted => {}
            (Some(Value::Object(a)), Some(Value::Object(b))) => self.maps(&path, a, b),
            (Some(Value::Array(a)), Some(Value::Array(b))) if a != b => self.lists(path, a, b),
            (a, b) if a == b => {}
            (a, b) => self.push(path, a, b),
        }
    }

    fn maps(&mut self, path: &str, before: &Map<String, Value>, after: &Map<String, Value>) {
        let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.compare(child(path, key), before.get(key), after.get(key));
        }
    }

    fn lists(&mut self, path: String, before: &[Value], after: &[Value]) {
        let Some(key) = merge_key(before, after) else {
            let are_maps = before.iter().chain(after).all(Value::is_object);
            if !are_maps || before.len() != after.len() {
                let (before, after) = (Value::Array(before.to_vec()), Value::Array(after.to_vec()));
                return self.push(path, Some(&before), Some(&after));
            }
            for (i, (a, b)) in before.iter().zip(after).enumerate() {
                self.compare(format!("{path}[{i}]"), Some(a), Some(b));
            }
            return;
        };
        let find = |items: &'_ [Value], name: &str| {
            items.iter().position(|item| item_name(item, key).as_deref() == Some(name))
        };
        for item in before {
            let Some(name) = item_name(item, key) else { continue };
            let other = find(after, &name).map(|i| &after[i]);
            self.compare(format!("{path}[{name}]"), Some(item), other);
        }
        for item in after {
            let Some(name) = item_name(item, key) else { continue };
            if find(before, &name).is_none() {
                self.compare(format!("{path}[{name}]"), None, Some(item));
            }
        }
    }

    fn push(&mut self, path: String, before: Option<&Value>, after: Option<&Value>) {
        if self.found.len() >= FIELDS_MAX {
            self.more += 1;
            return;
        }
        // Labels of secret objects are how people and Seaway itself find them; they hold no secrets.
        let is_withheld = self.sensitive && !path.starts_with("metadata.labels");
        let shown = |value: Option<&Value>| if is_withheld { None } else { value.map(bounded) };
        self.found.push(FieldChange { before: shown(before), after: shown(after), path, sensitive: is_withheld });
    }
}

/// `spec.replicas`, `metadata.annotations["a.b/c"]`.
fn child(path: &str, key: &str) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    match (path.is_empty(), is_plain) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key:?}]"),
    }
}

/// The first key that tells all items of both lists apart.
fn merge_key(before: &[Value], after: &[Value]) -> Option<&'static [&'static str]> {
    MERGE_KEYS.iter().copied().find(|key| {
        [before, after].iter().all(|items| {
            let mut names: Vec<String> = Vec::with_capacity(items.len());
            for item in *items {
                match item_name(item, key) {
                    Some(name) => names.push(name),
                    None => return false,
                }
            }
            names.sort_unstable();
            names.windows(2).all(|pair| pair[0] != pair[1])
        })
    })
}

/// `name=api`, `containerPort=80,protocol=TCP`. The first part must be there.
fn item_name(item: &Value, key: &[&str]) -> Option<String> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let mut parts = Vec::with_capacity(key.len());
    for (i, part) in key.iter().enumerate() {
        match item.get(*part).and_then(scalar) {
            Some(text) => parts.push(format!("{part}={text}")),
            None if i == 0 => return None,
            None => {}
        }
    }
    Some(parts.join(","))
}

/// Cuts long text, also inside maps and lists.
fn bounded(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > TEXT_CHARS_MAX => {
            let start: String = text.chars().take(TEXT_CHARS_MAX).collect();
            let digest = Digest::of(text.as_bytes());
            Value::String(format!("{start}… ({} bytes, sha256 {})", text.len(), digest.short()))
        }
        Value::Array(items) => Value::Array(items.iter().map(bounded).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), bounded(value))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(before: Value, after: Value) -> Vec<String> {
        differences(&before, &after, false).into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn paths_name_items_by_their_merge_key() {
        let spec = |image: &str, extra: bool| {
            let mut containers = vec![json!({"name": "api", "image": image, "ports": [{"containerPort": 80}]})];
            if extra {
                containers.insert(0, json!({"name": "proxy", "image": "p"}));
            }
            json!({"spec": {"template": {"spec": {"containers": containers}}}})
        };
        assert_eq!(paths(spec("a:1", false), spec("a:2", false)), ["spec.template.spec.containers[name=api].image"]);
        assert_eq!(paths(spec("a:1", false), spec("a:1", true)), ["spec.template.spec.containers[name=proxy]"]);
    }

    #[test]
    fn plain_lists_are_one_change_and_order_counts() {
        assert_eq!(paths(json!({"args": ["a", "b"]}), json!({"args": ["b", "a"]})), ["args"]);
        let rules = |verb: &str| json!({"rules": [{"verbs": ["get"]}, {"verbs": [verb]}]});
        assert_eq!(paths(rules("list"), rules("watch")), ["rules[1].verbs"]);
    }

    #[test]
    fn null_is_absent_and_odd_keys_are_quoted() {
        assert_eq!(paths(json!({"a": null}), json!({})), Vec::<String>::new());
        assert_eq!(
            paths(json!({"metadata": {"annotations": {}}}), json!({"metadata": {"annotations": {"a.b/c": "1"}}})),
            ["metadata.annotations[\"a.b/c\"]"]
        );
    }

    #[test]
    fn secret_values_are_withheld() {
        let before = json!({"data": {"k": "b2xk"}, "metadata": {"labels": {}}});
        let after = json!({"data": {"k": "bmV3"}, "metadata": {"labels": {"seaway.dev/service": "web"}}});
        let changes = differences(&before, &after, true);
        assert_eq!(changes[0], FieldChange { path: "data.k".to_owned(), before: None, after: None, sensitive: true });
        assert_eq!((changes[1].after.clone(), changes[1].sensitive), (Some(json!("web")), false));
    }

    #[test]
    fn only_what_is_wanted_is_missing() {
        let live = json!({"spec": {"replicas": 3, "paused": true, "clusterIP": "10.0.0.1"}});
        let changes = missing(&live, &json!({"spec": {"replicas": 4}}), false);
        assert_eq!(changes.len(), 1);
        assert_eq!(
            (changes[0].path.as_str(), &changes[0].before, &changes[0].after),
            ("spec.replicas", &Some(json!(3)), &Some(json!(4)))
        );
    }

    #[test]
    fn differences_are_bounded() {
        let long = "x".repeat(100_000);
        let changes = differences(&json!({"data": {"k": long}}), &json!({"data": {"k": "y"}}), false);
        assert!(changes[0].before.as_ref().is_some_and(|value| value.to_string().len() < 1200));
        let many = |value: u32| Value::Object((0..500).map(|i| (format!("k{i}"), json!(value))).collect());
        let changes = differences(&many(1), &many(2), false);
        assert_eq!((changes.len(), changes[200].path.as_str()), (201, "… and 300 more fields"));
    }
}
