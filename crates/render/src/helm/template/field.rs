//! Chains of fields: what `.a.b` leads to, and Go's rules for what is missing.

use crate::helm::fault::{Answer, Fault};
use crate::helm::functions::{Context, document};
use crate::helm::value::{Map, MapKind, Value};

/// Follows a chain of names.
///
/// A nil at the start is fine where Go has no value at all (a variable, a pipeline in parentheses): everything in it
/// is nil too. A nil inside the chain is a missing key or a null, which has no fields.
pub(super) fn follow(
    context: &mut Context,
    start: Value,
    names: &[Box<str>],
    nil_is_fine: bool,
    strict: bool,
) -> Answer<Value> {
    if start.is_nil() && nil_is_fine {
        return Ok(Value::Nil);
    }
    let mut value = start;
    for (at, name) in names.iter().enumerate() {
        value = field(context, &value, name, at == 0, strict)?;
    }
    Ok(value)
}

fn field(context: &mut Context, receiver: &Value, name: &str, is_first: bool, strict: bool) -> Answer<Value> {
    match receiver {
        Value::Map(map) => {
            if let Some(answer) = map_method(context, map, name, &[]) {
                return answer;
            }
            match map.get(name) {
                Some(value) => Ok(value),
                None if strict => Err(Fault::Failed(format!("map has no entry for key {name:?}"))),
                None if map.kind() == MapKind::Str => Ok(Value::text("")),
                None => Ok(Value::Nil),
            }
        }
        Value::Nil => Err(Fault::Failed(format!("nil pointer evaluating interface {{}}.{name}"))),
        Value::Object(object) => {
            if let Some(answer) = object.method(name, &[]) {
                context.charge(object.weight(name))?;
                return answer;
            }
            match object.field(name) {
                Some(value) => Ok(value),
                None if object.kind_name() == "map" => Ok(Value::Nil),
                None => Err(no_field(name, object.type_name())),
            }
        }
        Value::Bool(_) | Value::Int(..) | Value::Float(_) | Value::Str(_) | Value::Bytes(_) | Value::List(_) => {
            Err(no_field(name, if is_first { receiver.type_name() } else { "interface {}" }))
        }
    }
}

fn no_field(name: &str, type_name: &str) -> Fault {
    Fault::Failed(format!("can't evaluate field {name} in type {type_name}"))
}

/// Calls a method with arguments.
pub(super) fn call_method(context: &mut Context, receiver: &Value, name: &str, arguments: &[Value]) -> Answer<Value> {
    if let Value::Object(object) = receiver {
        context.charge(object.weight(name))?;
    }
    let answer = method_of(context, receiver, name, arguments)?;
    context.charge_arguments(std::slice::from_ref(&answer), 1)?;
    Ok(answer)
}

fn method_of(context: &mut Context, receiver: &Value, name: &str, arguments: &[Value]) -> Answer<Value> {
    match receiver {
        Value::Object(object) => match object.method(name, arguments) {
            Some(answer) => answer,
            None if object.field(name).is_some() => {
                Err(Fault::Failed(format!("{name} has arguments but cannot be invoked as function")))
            }
            None => Err(no_field(name, object.type_name())),
        },
        Value::Map(map) => match map_method(context, map, name, arguments) {
            Some(answer) => answer,
            None => Err(Fault::Failed(format!("{name} is not a method but has arguments"))),
        },
        Value::Nil => Err(Fault::Failed(format!("nil pointer evaluating interface {{}}.{name}"))),
        Value::Bool(_) | Value::Int(..) | Value::Float(_) | Value::Str(_) | Value::Bytes(_) | Value::List(_) => {
            Err(no_field(name, receiver.type_name()))
        }
    }
}

/// The methods of `.Values`.
fn map_method(context: &mut Context, map: &Map, name: &str, arguments: &[Value]) -> Option<Answer<Value>> {
    if map.kind() != MapKind::Values {
        return None;
    }
    match (name, arguments) {
        ("AsMap", []) => Some(Ok(map.seen_as(MapKind::Any).into())),
        ("Table", [Value::Str(path)]) => Some(table(map, &path.text()).map(Value::from)),
        ("PathValue", [Value::Str(path)]) => Some(path_value(map, &path.text())),
        ("YAML", []) => Some(document(context, &Value::Map(map.clone()))),
        // Writes into a stream, which no template has.
        ("Encode", _) => Some(Err(Fault::failed("wrong number of args for Encode: want 1 got 0"))),
        _ => None,
    }
}

/// The map at a path of names with dots between.
fn table(map: &Map, path: &str) -> Answer<Map> {
    let mut map = map.clone();
    for name in path.split('.') {
        map = match map.get(name) {
            Some(Value::Map(inner)) => inner,
            _ => return Err(Fault::Failed(format!("{name:?} is not a table"))),
        };
    }
    Ok(map.seen_as(MapKind::Values))
}

/// The value at a path; a map is no value.
fn path_value(map: &Map, path: &str) -> Answer<Value> {
    let missing = || Fault::Failed(format!("{path:?} is not a value"));
    let (parent, name) = match path.rsplit_once('.') {
        Some((parent, name)) => (table(map, parent).map_err(|_| missing())?, name),
        None => (map.clone(), path),
    };
    match parent.get(name) {
        Some(Value::Map(_)) | None => Err(missing()),
        Some(value) => Ok(value),
    }
}
