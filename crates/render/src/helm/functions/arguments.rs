//! Arguments as functions want them. Types were checked before the call, so an error here is a wrong table entry.

use super::Context;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{
    IntKind, LIST_ITEMS_MAX, List, ListKind, Map, Str, Value, Writer, parse_float, parse_int, print_value,
};

fn wrong(at: usize, wanted: &str) -> Fault {
    Fault::Failed(format!("argument {} is no {wanted}", at + 1))
}

/// A text.
pub(super) fn text(arguments: &[Value], at: usize) -> Answer<&Str> {
    arguments.get(at).and_then(Value::as_text).ok_or_else(|| wrong(at, "string"))
}

/// An integer.
pub(super) fn int(arguments: &[Value], at: usize) -> Answer<i64> {
    match arguments.get(at) {
        Some(Value::Int(number, _)) => Ok(*number),
        _ => Err(wrong(at, "int")),
    }
}

/// A map; nothing for nil.
pub(super) fn map(arguments: &[Value], at: usize) -> Answer<Option<&Map>> {
    match arguments.get(at) {
        Some(Value::Map(map)) => Ok(Some(map)),
        Some(Value::Nil) => Ok(None),
        _ => Err(wrong(at, "map")),
    }
}

/// The items of anything that Go takes for a slice, or the error that sprig's function gives.
pub(super) fn items(arguments: &[Value], at: usize, refusal: &str) -> Answer<List> {
    let value = arguments.get(at).unwrap_or(&Value::Nil);
    match list_of(value) {
        Some(list) => Ok(list),
        None if value.is_nil() => {
            Err(Fault::failed("runtime error: invalid memory address or nil pointer dereference"))
        }
        None => Err(Fault::Failed(format!("{refusal} {}", value.kind_name()))),
    }
}

/// The items of anything that Go takes for a slice. Of bytes, which no chart takes apart, the first million.
pub(super) fn list_of(value: &Value) -> Option<List> {
    match value {
        Value::List(list) => Some(list.clone()),
        Value::Bytes(bytes) => {
            let bytes = &bytes.as_bytes()[..bytes.len().min(LIST_ITEMS_MAX)];
            Some(bytes.iter().map(|byte| Value::Int(i64::from(*byte), IntKind::Uint8)).collect::<Vec<_>>().into())
        }
        Value::Object(object) => object.items().map(List::new),
        Value::Nil | Value::Bool(_) | Value::Int(..) | Value::Float(_) | Value::Str(_) | Value::Map(_) => None,
    }
}

/// The text of any value, as sprig turns values into text.
pub(super) fn text_of(context: &mut Context, value: &Value) -> Answer<Str> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Bytes(bytes) => Ok(bytes.as_ref().clone()),
        _ => {
            let mut out = Writer::new();
            print_value(&mut out, value)?;
            // Numbers in lists take longer to print than text does to copy.
            context.charge(2 + out.len() / 4)?;
            Ok(out.finish())
        }
    }
}

/// The texts of a list; nil items are left out. Anything else is one text, nil none.
pub(super) fn texts_of(context: &mut Context, value: &Value) -> Answer<List> {
    match list_of(value) {
        Some(list) if list.kind() == ListKind::Str => Ok(list),
        Some(list) => {
            let items = list.iter().filter(|item| !item.is_nil());
            Ok(List::of_text(items.map(|item| text_of(context, item)).collect::<Answer<Vec<_>>>()?))
        }
        None if value.is_nil() => Ok(List::of_text(Vec::<Str>::new())),
        None => Ok(List::of_text([text_of(context, value)?])),
    }
}

/// An integer from anything; zero where there is none.
pub(super) fn int_of(value: &Value) -> i64 {
    match value {
        Value::Int(number, _) => *number,
        Value::Float(number) => truncated(*number),
        Value::Bool(truth) => i64::from(*truth),
        Value::Str(text) => parse_int(without_zero_decimals(&text.text()), 0).unwrap_or(0),
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) => 0,
        Value::Object(_) => 0,
    }
}

/// The whole part; a number out of range is the lowest one, as on the machines that Helm runs on.
pub(super) fn truncated(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// A float from anything; zero where there is none.
pub(super) fn float_of(value: &Value) -> f64 {
    match value {
        Value::Int(number, _) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Str(text) => parse_float(&text.text()).unwrap_or(0.0),
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Object(_) => 0.0,
    }
}

/// `3.00` as `3`.
fn without_zero_decimals(text: &str) -> &str {
    let rest = text.trim_end_matches('0');
    match rest.strip_suffix('.') {
        Some(whole) if rest.len() < text.len() => whole,
        _ => text,
    }
}
