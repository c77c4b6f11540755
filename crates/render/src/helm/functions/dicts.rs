//! Maps. `set`, `unset` and the merges change the map that they are given, for everyone who holds it.

use super::arguments::{map, text, text_of};
use super::{Context, Function, Takes, merge};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{DEPTH_MAX, List, Map, MapKind, Str, Value, too_deep};

use Takes::{Any, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("dict", &[], dict).and_more(Any),
    Function::new("get", &[Takes::Map, Text], get),
    Function::new("set", &[Takes::Map, Text, Any], set),
    Function::new("unset", &[Takes::Map, Text], unset),
    Function::new("hasKey", &[Takes::Map, Text], has_key),
    Function::new("pluck", &[Text], pluck).and_more(Takes::Map),
    Function::new("keys", &[], keys).and_more(Takes::Map),
    Function::new("values", &[Takes::Map], values),
    Function::new("pick", &[Takes::Map], pick).and_more(Text),
    Function::new("omit", &[Takes::Map], omit).and_more(Text),
    Function::new("dig", &[], dig).and_more(Any),
    Function::new("merge", &[Takes::Map], |context, a| merge_all(context, a, merge::Mode::Keep)).and_more(Takes::Map),
    Function::new("mustMerge", &[Takes::Map], |context, a| merge_all(context, a, merge::Mode::Keep))
        .and_more(Takes::Map),
    Function::new("mergeOverwrite", &[Takes::Map], |context, a| merge_all(context, a, merge::Mode::Overwrite))
        .and_more(Takes::Map),
    Function::new("mustMergeOverwrite", &[Takes::Map], |context, a| merge_all(context, a, merge::Mode::Overwrite))
        .and_more(Takes::Map),
    Function::new("deepCopy", &[Any], copy),
    Function::new("mustDeepCopy", &[Any], copy),
];

fn dict(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut entries = Vec::with_capacity(a.len() / 2);
    for pair in a.chunks(2) {
        let key = text_of(context, &pair[0])?;
        entries.push((key, pair.get(1).cloned().unwrap_or_else(|| "".into())));
    }
    Ok(Map::of(MapKind::Any, entries).into())
}

fn get(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let key = text(a, 1)?;
    Ok(map(a, 0)?.and_then(|map| map.get(key)).unwrap_or_else(|| "".into()))
}

/// The map as functions give it back: under the type of their parameter.
fn given_back(map: &Map) -> Value {
    map.seen_as(MapKind::Any).into()
}

fn set(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let Some(map) = map(a, 0)? else {
        return Err(Fault::failed("assignment to entry in nil map"));
    };
    put(context, map, text(a, 1)?.clone(), a[2].clone())?;
    Ok(given_back(map))
}

/// Puts a value into a map that others may hold.
pub(super) fn put(context: &mut Context, map: &Map, key: Str, value: Value) -> Answer<()> {
    context.charge(map.len() / 32)?;
    if value.is_container() {
        context.note_change(map);
    }
    map.insert(key, value);
    Ok(())
}

fn unset(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let Some(map) = map(a, 0)? else {
        return Ok(Value::Nil);
    };
    context.charge(map.len() / 32)?;
    map.remove(text(a, 1)?);
    Ok(given_back(map))
}

fn has_key(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let key = text(a, 1)?;
    Ok(map(a, 0)?.is_some_and(|map| map.contains(key)).into())
}

fn pluck(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let key = text(a, 0)?;
    let mut found = Vec::new();
    for at in 1..a.len() {
        found.extend(map(a, at)?.and_then(|map| map.get(key)));
    }
    Ok(Value::list(found))
}

/// In order of the keys. Go has no order here, so charts that care sort them.
fn keys(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut keys: Vec<Str> = Vec::new();
    for at in 0..a.len() {
        if let Some(map) = map(a, at)? {
            keys.extend(map.entries().iter().map(|(key, _)| key.clone()));
        }
    }
    Ok(List::of_text(keys).into())
}

fn values(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let values = map(a, 0)?.map(|map| map.entries().iter().map(|(_, value)| value.clone()).collect());
    Ok(Value::list(values.unwrap_or_default()))
}

fn pick(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let Some(map) = map(a, 0)? else {
        return Ok(Map::new().into());
    };
    let picked = a[1..].iter().filter_map(Value::as_text).filter_map(|key| Some((key.clone(), map.get(key)?)));
    Ok(picked.collect::<Map>().into())
}

fn omit(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let Some(map) = map(a, 0)? else {
        return Ok(Map::new().into());
    };
    let is_left = |key: &Str| !a[1..].iter().filter_map(Value::as_text).any(|omitted| omitted == key);
    let entries = map.entries();
    context.charge(entries.len().saturating_mul(a.len() + 1) / 4)?;
    Ok(entries.iter().filter(|(key, _)| is_left(key)).cloned().collect::<Map>().into())
}

fn dig(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let [keys @ .., default, start] = a else {
        return Err(Fault::failed("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Fault::failed("dig needs at least three arguments"));
    }
    let keys: Vec<&Str> =
        keys.iter().map(|key| key.as_text().ok_or_else(|| conversion(key, "string"))).collect::<Answer<_>>()?;
    let mut value = start.clone();
    if !matches!(value, Value::Map(_)) {
        return Err(conversion(&value, "map[string]interface {}"));
    }
    for key in keys {
        let map = match &value {
            Value::Map(map) if map.kind() == MapKind::Any => map,
            _ => return Err(conversion(&value, "map[string]interface {}")),
        };
        let Some(inner) = map.get(key) else {
            return Ok(default.clone());
        };
        value = inner;
    }
    Ok(value)
}

fn conversion(value: &Value, wanted: &str) -> Fault {
    let found = if value.is_nil() { "nil" } else { value.type_name() };
    Fault::Failed(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}

fn merge_all(context: &mut Context, a: &[Value], mode: merge::Mode) -> Answer<Value> {
    // A nil map to merge into is a new one.
    let into = map(a, 0)?.cloned().unwrap_or_default();
    for at in 1..a.len() {
        if let Some(from) = map(a, at)? {
            merge::merge(context, &into, from, mode)?;
        }
    }
    Ok(given_back(&into))
}

fn copy(context: &mut Context, a: &[Value]) -> Answer<Value> {
    if a[0].is_nil() {
        return Err(Fault::failed("deepCopy error: nothing to copy"));
    }
    deep_copy(context, &a[0], 0)
}

fn deep_copy(context: &mut Context, value: &Value, depth: usize) -> Answer<Value> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    match value {
        Value::Map(map) => {
            let entries = map.entries();
            context.charge(3 + entries.len())?;
            let copied = entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), deep_copy(context, value, depth + 1)?)))
                .collect::<Answer<Vec<_>>>()?;
            context.check_held()?;
            Ok(Map::of(map.kind(), copied).into())
        }
        Value::List(list) if list.iter().any(Value::is_container) => {
            context.charge(1 + list.len() / 4)?;
            let copied = list.iter().map(|item| deep_copy(context, item, depth + 1)).collect::<Answer<Vec<_>>>()?;
            context.check_held()?;
            Ok(List::of(list.kind(), copied).into())
        }
        // Everything else cannot change, so a copy of it cannot be told from it.
        _ => Ok(value.clone()),
    }
}
