//! Values of edits: what is meant, apart from how it is written.

use serde_json::{Map, Value};

/// Sets a value in nested mappings, which are made where they are missing.
///
/// # Errors
/// How many keys lead to something that is no mapping.
pub(super) fn set(root: &mut Value, keys: &[String], value: Value) -> Result<(), usize> {
    let mut current = root;
    for (index, key) in keys.iter().enumerate() {
        if current.is_null() {
            *current = Value::Object(Map::new());
        }
        let Value::Object(map) = current else { return Err(index) };
        current = map.entry(key.clone()).or_insert(Value::Null);
    }
    *current = value;
    Ok(())
}

/// The value at a path of keys.
pub(super) fn get<'a>(root: &'a Value, keys: &[String]) -> Option<&'a Value> {
    keys.iter().try_fold(root, |value, key| value.get(key))
}

/// A value as the original wrote it into text: lists as `[1 2]`, mappings as `map[a:1]`.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(as_text).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let entries: Vec<String> = keys.iter().map(|key| format!("{key}:{}", as_text(&map[*key]))).collect();
            format!("map[{}]", entries.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_of_the_original() {
        assert_eq!(as_text(&json!([1, "a", {"b": [true], "a": null}])), "[1 a map[a:<nil> b:[true]]]");
    }

    #[test]
    fn nothing_is_set_through_a_scalar() {
        let keys = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let mut root = json!({"a": {"b": 1}, "n": null});
        assert_eq!(set(&mut root, &keys("a.b.c"), json!(2)), Err(2));
        assert_eq!(set(&mut root, &keys("n.x"), json!(2)), Ok(()));
        assert_eq!(set(&mut root, &keys("a.b"), json!("x")), Ok(()));
        assert_eq!(root, json!({"a": {"b": "x"}, "n": {"x": 2}}));
    }
}
