//! JSON patches (RFC 6902) with the leniency of the library that Kustomize uses.

use serde_json::{Map, Value};

use super::{
    budget::{Budget, DEPTH_MAX, KEPT_BYTE_WORK, VALUE_WEIGHT, check_weight, too_large},
    fault::{Fault, Outcome, quoted},
};

/// Most operations of one patch.
const OPERATIONS_MAX: usize = 10_000;

/// One step of a patch.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    /// `None` when the field is missing.
    value: Option<Value>,
}

impl Operation {
    /// The value that it brings, when it brings one.
    pub(crate) fn value_mut(&mut self) -> Option<&mut Value> {
        self.value.as_mut()
    }

    /// The same, to look at.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }
}

/// The operations of a patch, which is a list of mappings.
pub(crate) fn decode(value: &Value) -> Outcome<Vec<Operation>> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            return Err(Fault::step("expected a list of operations"));
        }
    };
    if items.len() > OPERATIONS_MAX {
        return Err(too_large(format!("the patch has more than {OPERATIONS_MAX} operations")));
    }
    items.iter().map(operation).collect()
}

fn operation(value: &Value) -> Outcome<Operation> {
    let empty = Map::new();
    let map = match value {
        Value::Object(map) => map,
        Value::Null => &empty,
        _ => return Err(Fault::step("expected a mapping with `op` and `path` as operation of the patch")),
    };
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(Operation {
        op: text("op").unwrap_or_default(),
        path: text("path"),
        from: text("from"),
        value: map.get("value").cloned(),
    })
}

/// Applies a patch.
pub(crate) fn apply(document: &mut Value, operations: &[Operation], budget: &Budget) -> Outcome<()> {
    for (index, operation) in operations.iter().enumerate() {
        budget.spend(64)?;
        run(document, operation, budget)
            .map_err(|fault| fault.within(&format!("operation {} of the patch (`{}`)", index + 1, shown(operation))))?;
    }
    Ok(())
}

fn shown(operation: &Operation) -> String {
    let path = operation.path.as_deref().unwrap_or_default();
    let excerpt = seaway_core::diagnostic::excerpt;
    format!("{} {}", excerpt(&operation.op), excerpt(path))
}

fn run(document: &mut Value, operation: &Operation, budget: &Budget) -> Outcome<()> {
    let path = || pointer(operation.path.as_deref());
    let from = || pointer(operation.from.as_deref());
    match operation.op.as_str() {
        // A missing value counts as null.
        "add" => {
            let value = operation.value.clone().unwrap_or(Value::Null);
            budget.spend(weight(&value) * KEPT_BYTE_WORK)?;
            add(document, &path()?, value)
        }
        "remove" => remove(document, &path()?).map(drop),
        // Replacing what is not there makes it, as long as something is around it.
        "replace" => replace(document, &path()?, operation.value.clone().unwrap_or(Value::Null), budget),
        "move" => {
            let moved = remove(document, &from()?)?;
            add(document, &path()?, moved)
        }
        "copy" => {
            let from = from()?;
            let copied = existing(document, &from)?.cloned().unwrap_or(Value::Null);
            let weight = weight(&copied);
            check_weight(weight)?;
            budget.spend(weight * KEPT_BYTE_WORK)?;
            add(document, &path()?, copied)
        }
        "test" => test(document, &path()?, operation.value.as_ref()),
        other => Err(Fault::step(format!("unknown operation {}", quoted(other)))
            .help("a patch knows `add`, `remove`, `replace`, `move`, `copy` and `test`")),
    }
}

fn pointer(path: Option<&str>) -> Outcome<Vec<String>> {
    let path = path.ok_or_else(|| Fault::step("expected a path"))?;
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<String> = path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    if parts.len() > DEPTH_MAX {
        return Err(too_large(format!("the path has more than {DEPTH_MAX} parts")));
    }
    if parts.is_empty() {
        return Err(Fault::step(format!("expected a path that starts with `/`, found {}", quoted(path))));
    }
    Ok(parts)
}

fn missing(path: &[String]) -> Box<Fault> {
    Fault::step(format!("the object has nothing at {}", quoted(&format!("/{}", path.join("/")))))
}

fn get<'a>(document: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(document, |value, part| match value {
        Value::Object(map) => map.get(part),
        Value::Array(items) => index(part, items.len()).ok().and_then(|index| items.get(index)),
        _ => None,
    })
}

fn parent<'a>(document: &'a mut Value, path: &'a [String]) -> Outcome<(&'a mut Value, &'a str)> {
    let Some((last, before)) = path.split_last() else {
        return Err(Fault::step("expected a path into the object, found its root"));
    };
    let mut value = document;
    for part in before {
        value = match value {
            Value::Object(map) => map.get_mut(part),
            Value::Array(items) => {
                let len = items.len();
                index(part, len).ok().and_then(|index| items.get_mut(index))
            }
            _ => None,
        }
        .ok_or_else(|| missing(before))?;
    }
    Ok((value, last))
}

/// An index of a list; negative ones count from the end.
fn index(part: &str, len: usize) -> Outcome<usize> {
    let number: i64 = part.parse().map_err(|_| Fault::step(format!("expected an index, found {}", quoted(part))))?;
    let len = len as i64;
    let found = if number < 0 { number + len } else { number };
    if found < 0 || found >= len {
        return Err(Fault::step(format!("there is no item {number} in a list of {len}")));
    }
    usize::try_from(found).map_err(|_| Fault::step("the index is too large"))
}

fn add(document: &mut Value, path: &[String], value: Value) -> Outcome<()> {
    if path.len() + depth(&value) > DEPTH_MAX {
        return Err(too_large(format!("the object becomes deeper than {DEPTH_MAX} levels")));
    }
    let (parent, key) = parent(document, path)?;
    match parent {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
            Ok(())
        }
        Value::Array(items) => {
            if key == "-" {
                items.push(value);
                return Ok(());
            }
            let len = items.len() as i64;
            let number: i64 =
                key.parse().map_err(|_| Fault::step(format!("expected an index, found {}", quoted(key))))?;
            let place = if number < 0 { number + len + 1 } else { number };
            if place < 0 || place > len {
                return Err(Fault::step(format!("there is no place {number} in a list of {len}")));
            }
            items.insert(usize::try_from(place).unwrap_or(items.len()), value);
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn remove(document: &mut Value, path: &[String]) -> Outcome<Value> {
    let (parent, key) = parent(document, path)?;
    match parent {
        Value::Object(map) => map.remove(key).ok_or_else(|| missing(path)),
        Value::Array(items) => {
            let index = index(key, items.len())?;
            Ok(items.remove(index))
        }
        _ => Err(missing(path)),
    }
}

fn replace(document: &mut Value, path: &[String], value: Value, budget: &Budget) -> Outcome<()> {
    budget.spend(weight(&value) * KEPT_BYTE_WORK)?;
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    if path.len() + depth(&value) > DEPTH_MAX {
        return Err(too_large(format!("the object becomes deeper than {DEPTH_MAX} levels")));
    }
    let (parent, key) = parent(document, path)?;
    match parent {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
            Ok(())
        }
        Value::Array(items) => {
            let index = index(key, items.len())?;
            *items.get_mut(index).ok_or_else(|| missing(path))? = value;
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn test(document: &Value, path: &[String], value: Option<&Value>) -> Outcome<()> {
    let wanted = value.unwrap_or(&Value::Null);
    let found = existing(document, path)?.unwrap_or(&Value::Null);
    if same(found, wanted) { Ok(()) } else { Err(Fault::step("the value is another one")) }
}

/// The value at a path whose mapping or list exists; a missing key of a mapping is nothing.
fn existing<'a>(document: &'a Value, path: &[String]) -> Outcome<Option<&'a Value>> {
    let Some((last, before)) = path.split_last() else { return Ok(Some(document)) };
    match get(document, before) {
        Some(Value::Object(map)) => Ok(map.get(last)),
        Some(Value::Array(items)) => Ok(items.get(index(last, items.len())?)),
        _ => Err(missing(path)),
    }
}

/// Equal values; numbers by what they are worth.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn weight(value: &Value) -> u64 {
    match value {
        Value::String(text) => VALUE_WEIGHT + text.len() as u64,
        Value::Array(items) => VALUE_WEIGHT + items.iter().map(weight).sum::<u64>(),
        Value::Object(map) => {
            VALUE_WEIGHT + map.iter().map(|(key, value)| key.len() as u64 + weight(value)).sum::<u64>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE_WEIGHT,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(mut document: Value, patch: &Value) -> Outcome<Value> {
        let budget = Budget::new(1_000_000);
        apply(&mut document, &decode(patch)?, &budget)?;
        Ok(document)
    }

    #[test]
    fn operations() {
        let cases = [
            (json!({"a": [1, 2]}), json!([{"op": "add", "path": "/a/1", "value": 5}]), json!({"a": [1, 5, 2]})),
            (json!({"a": [1]}), json!([{"op": "add", "path": "/a/-", "value": 5}]), json!({"a": [1, 5]})),
            (json!({"a/b": 1}), json!([{"op": "replace", "path": "/a~1b", "value": 2}]), json!({"a/b": 2})),
            (json!({"a": 1}), json!([{"op": "move", "from": "/a", "path": "/b"}]), json!({"b": 1})),
            (json!({"a": 1}), json!([{"op": "copy", "from": "/a", "path": "/b"}]), json!({"a": 1, "b": 1})),
            (json!({"a": 1}), json!([{"op": "remove", "path": "/a"}]), json!({})),
            (json!({"a": 1}), json!([{"op": "test", "path": "/a", "value": 1.0}]), json!({"a": 1})),
        ];
        for (document, patch, expected) in cases {
            assert_eq!(patched(document, &patch).unwrap(), expected, "{patch}");
        }
        for patch in [
            json!([{"op": "remove", "path": "/b"}]),
            json!([{"op": "replace", "path": "/b/c", "value": 1}]),
            json!([{"op": "add", "path": "/b/c", "value": 1}]),
            json!([{"op": "add", "path": "/l/5", "value": 1}]),
            json!([{"op": "test", "path": "/a", "value": 2}]),
            json!([{"op": "nothing", "path": "/a"}]),
        ] {
            assert!(patched(json!({"a": 1, "l": []}), &patch).is_err(), "{patch}");
        }
    }

    #[test]
    fn copies_into_itself_end() {
        let double = json!({"op": "copy", "from": "/a", "path": "/a/b"});
        let patch = Value::Array(vec![double; 1000]);
        assert!(patched(json!({"a": {}}), &patch).is_err());
    }
}
