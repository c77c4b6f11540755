//! The functions of `text/template` itself: printing, length, index and escaping.

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{IntKind, MapKind, Str, Value, Writer, is_printable, print_values, sprintf};

use Takes::{Any, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("print", &[], |context, a| Ok(printed(context, a)?.into())).and_more(Any),
    Function::new("printf", &[Text], printf).and_more(Any),
    Function::new("println", &[], println).and_more(Any),
    Function::new("len", &[Any], len),
    Function::new("index", &[Any], index).and_more(Any),
    Function::new("html", &[], |context, a| escaped(context, a, html)).and_more(Any),
    Function::new("js", &[], |context, a| escaped(context, a, js)).and_more(Any),
    Function::new("urlquery", &[], |context, a| escaped(context, a, url_query)).and_more(Any),
    Function::new("call", &[Any], call).and_more(Any),
];

fn printed(context: &mut Context, a: &[Value]) -> Answer<Str> {
    if let [Value::Str(only)] = a {
        return Ok(only.clone());
    }
    let mut out = Writer::new();
    print_values(&mut out, a)?;
    // Numbers in lists take longer to print than text does to copy.
    context.charge(2 + out.len() / 4)?;
    Ok(out.finish())
}

/// As [`printed`], where nil is not the word of Go but that of its templates.
fn printed_as_in_actions(context: &mut Context, a: &[Value]) -> Answer<Str> {
    let shown = |value: &Value| if value.is_nil() { "<no value>".into() } else { value.clone() };
    printed(context, &a.iter().map(shown).collect::<Vec<_>>())
}

fn printf(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let format = text(a, 0)?;
    context.charge(format.len() / 4)?;
    let out = sprintf(format, &a[1..])?;
    context.charge(out.len() / 4)?;
    Ok(out.into())
}

fn println(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut out = Writer::new();
    for (at, value) in a.iter().enumerate() {
        if at > 0 {
            out.push(" ")?;
        }
        print_values(&mut out, std::slice::from_ref(value))?;
    }
    out.push("\n")?;
    context.charge(out.len() / 4)?;
    Ok(out.finish().into())
}

fn len(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(Value::size(match &a[0] {
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) => match (object.entries(), object.items()) {
            (Some(entries), _) => entries.len(),
            (None, Some(items)) => items.len(),
            (None, None) => return Err(Fault::Failed(format!("len of type {}", object.type_name()))),
        },
        Value::Nil => return Err(Fault::failed("len of nil pointer")),
        Value::Bool(_) | Value::Int(..) | Value::Float(_) => {
            return Err(Fault::Failed(format!("len of type {}", a[0].type_name())));
        }
    }))
}

fn index(_: &mut Context, a: &[Value]) -> Answer<Value> {
    if a[0].is_nil() {
        return Err(Fault::failed("index of untyped nil"));
    }
    let mut item = a[0].clone();
    for key in &a[1..] {
        item = indexed(&item, key)?;
    }
    Ok(item)
}

fn indexed(item: &Value, key: &Value) -> Answer<Value> {
    match item {
        Value::Map(map) => {
            let key = map_key(key)?;
            let missing = if map.kind() == MapKind::Str { "".into() } else { Value::Nil };
            Ok(map.get(key).unwrap_or(missing))
        }
        Value::List(list) => {
            let at = position(key, list.len())?;
            list.get(at).cloned().ok_or_else(|| out_of_range(at))
        }
        Value::Str(text) => byte_at(text, key),
        Value::Bytes(bytes) => byte_at(bytes, key),
        Value::Object(object) => match object.items() {
            Some(items) => {
                let at = position(key, items.len())?;
                items.get(at).cloned().ok_or_else(|| out_of_range(at))
            }
            None if object.kind_name() == "map" => Ok(object.field(&map_key(key)?.text()).unwrap_or_default()),
            None => Err(Fault::Failed(format!("can't index item of type {}", object.type_name()))),
        },
        Value::Nil => Err(Fault::failed("index of nil pointer")),
        Value::Bool(_) | Value::Int(..) | Value::Float(_) => {
            Err(Fault::Failed(format!("can't index item of type {}", item.type_name())))
        }
    }
}

fn map_key(key: &Value) -> Answer<&Str> {
    match key {
        Value::Str(key) => Ok(key),
        Value::Nil => Err(Fault::failed("value is nil; should be of type string")),
        _ => Err(Fault::Failed(format!("value has type {}; should be string", key.type_name()))),
    }
}

fn byte_at(text: &Str, key: &Value) -> Answer<Value> {
    let at = position(key, text.len())?;
    let byte = text.as_bytes().get(at).ok_or_else(|| out_of_range(at))?;
    Ok(Value::Int(i64::from(*byte), IntKind::Uint8))
}

fn position(key: &Value, length: usize) -> Answer<usize> {
    match key {
        Value::Int(number, _) => usize::try_from(*number)
            .ok()
            .filter(|at| *at <= length)
            .ok_or_else(|| Fault::Failed(format!("index out of range: {number}"))),
        Value::Nil => Err(Fault::failed("cannot index slice/array with nil")),
        _ => Err(Fault::Failed(format!("cannot index slice/array with type {}", key.type_name()))),
    }
}

fn out_of_range(at: usize) -> Fault {
    Fault::Failed(format!("index out of range: {at}"))
}

fn escaped(context: &mut Context, a: &[Value], escape: fn(&mut Writer, char) -> Answer<()>) -> Answer<Value> {
    let source = printed_as_in_actions(context, a)?;
    context.charge(source.len() / 2)?;
    let mut out = Writer::with_capacity(source.len());
    for char in source.text().chars() {
        escape(&mut out, char)?;
    }
    Ok(out.finish().into())
}

fn push_char(out: &mut Writer, char: char) -> Answer<()> {
    out.push(char.encode_utf8(&mut [0; 4]))
}

fn html(out: &mut Writer, char: char) -> Answer<()> {
    match char {
        '\0' => out.push("\u{fffd}"),
        '"' => out.push("&#34;"),
        '\'' => out.push("&#39;"),
        '&' => out.push("&amp;"),
        '<' => out.push("&lt;"),
        '>' => out.push("&gt;"),
        _ => push_char(out, char),
    }
}

fn js(out: &mut Writer, char: char) -> Answer<()> {
    match char {
        '\\' => out.push("\\\\"),
        '\'' => out.push("\\'"),
        '"' => out.push("\\\""),
        '<' | '>' | '&' | '=' | '\0'..='\x1f' => out.show(format_args!("\\u{:04X}", u32::from(char))),
        _ if char.is_ascii() => push_char(out, char),
        _ if is_printable(char) => push_char(out, char),
        _ => out.show(format_args!("\\u{:04X}", u32::from(char))),
    }
}

fn url_query(out: &mut Writer, char: char) -> Answer<()> {
    match char {
        ' ' => out.push("+"),
        'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '_' | '.' | '~' => push_char(out, char),
        _ => {
            let mut buffer = [0; 4];
            char.encode_utf8(&mut buffer).bytes().try_for_each(|byte| out.show(format_args!("%{byte:02X}")))
        }
    }
}

/// No value of a chart is a function.
fn call(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Err(match &a[0] {
        Value::Nil => Fault::failed("call of nil"),
        other => Fault::Failed(format!("non-function of type {}", other.type_name())),
    })
}
